//! The lexical part of GraphQL: bytes to tokens, one pass, nothing kept.
//!
//! It follows the specification to the letter where letters decide what is a token and what is text (comments, strings,
//! block strings): a guard that sees a string where the engine sees selections would be no guard.
//! Source: GraphQL specification, section 2.1.

use super::{Position, Refusal};

/// A token; what the guard does not need of it is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// One of `! $ & ( ) : = @ [ ] { | }`.
    Punctuator(u8),
    /// `...`
    Spread,
    /// A name.
    Name(&'a str),
    /// A number, a string or a block string.
    Literal,
}

/// Hands out the tokens of a document and counts them.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    start: usize,
    left: usize,
    limit: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str, limit: usize) -> Self {
        Self { text, at: 0, start: 0, left: limit, limit }
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, Refusal> {
        self.skip_ignored();
        self.start = self.at;
        let Some(byte) = self.peek(0) else { return Ok(None) };
        self.left = self.left.checked_sub(1).ok_or(Refusal::TooManyTokens { limit: self.limit })?;
        let token = match byte {
            b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|' | b'}' => {
                self.at += 1;
                Token::Punctuator(byte)
            }
            b'.' => self.spread()?,
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => self.name(),
            b'-' | b'0'..=b'9' => self.number(),
            b'"' => self.string()?,
            _ => return Err(self.syntax("unexpected character")),
        };
        Ok(Some(token))
    }

    /// A syntax error at the token handed out last.
    pub(super) fn syntax(&self, what: &'static str) -> Refusal {
        Refusal::Syntax { what, at: Position::of(self.text, self.start) }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn skip_while(&mut self, more: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&more) {
            self.at += 1;
        }
    }

    fn skip_ignored(&mut self) {
        loop {
            match self.peek(0) {
                Some(b' ' | b'\t' | b'\n' | b'\r' | b',') => self.at += 1,
                Some(b'#') => self.skip_while(|b| b != b'\n' && b != b'\r'),
                // The byte order mark.
                Some(0xEF) if self.peek(1) == Some(0xBB) && self.peek(2) == Some(0xBF) => self.at += 3,
                _ => return,
            }
        }
    }

    fn spread(&mut self) -> Result<Token<'a>, Refusal> {
        if self.peek(1) == Some(b'.') && self.peek(2) == Some(b'.') {
            self.at += 3;
            return Ok(Token::Spread);
        }
        Err(self.syntax("expected `...`"))
    }

    fn name(&mut self) -> Token<'a> {
        self.skip_while(|b| b == b'_' || b.is_ascii_alphanumeric());
        Token::Name(&self.text[self.start..self.at])
    }

    /// Numbers are taken greedily; whether `1.e5` is one is the parser's business.
    fn number(&mut self) -> Token<'a> {
        self.skip_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_'));
        Token::Literal
    }

    fn string(&mut self) -> Result<Token<'a>, Refusal> {
        if self.peek(1) == Some(b'"') && self.peek(2) == Some(b'"') {
            return self.block_string();
        }
        self.at += 1;
        loop {
            match self.peek(0) {
                Some(b'"') => break,
                Some(b'\\') if self.peek(1).is_some_and(|b| b != b'\n' && b != b'\r') => self.at += 2,
                None | Some(b'\n' | b'\r' | b'\\') => return Err(self.syntax("unterminated string")),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok(Token::Literal)
    }

    fn block_string(&mut self) -> Result<Token<'a>, Refusal> {
        self.at += 3;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            if rest.starts_with(br#"\""""#) {
                self.at += 4;
            } else if rest.starts_with(br#"""""#) {
                self.at += 3;
                return Ok(Token::Literal);
            } else if rest.is_empty() {
                return Err(self.syntax("unterminated block string"));
            } else {
                self.at += 1;
            }
        }
    }
}
