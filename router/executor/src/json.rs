//! A strict, allocation-free scanner of JSON text, and how strings are written.
//!
//! The answers of subgraphs are read by what the plan expects of them (`read.rs`), so no general parser fits: most values are only
//! delimited, and later copied to the response as they are. For that to be safe everything is checked here: syntax, escapes (also that
//! surrogates come in pairs) and depth. UTF-8 is checked for the whole text at the beginning.
//!
//! Source: RFC 8259.

use std::ops::Range;

/// How deep arrays and objects may be nested. Below it, reading and writing recurse safely on any stack.
pub(crate) const MAX_DEPTH: u32 = 128;

/// Why a text was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScanError {
    #[error("it is not JSON, see byte {at}")]
    Syntax { at: usize },
    #[error("it is not UTF-8, see byte {at}")]
    Utf8 { at: usize },
    #[error("it is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    #[error("it holds too many values")]
    TooLarge,
}

/// A position in a JSON text.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    input: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Scanner<'a> {
    /// Begins to read `input`.
    pub(crate) fn new(input: &'a [u8]) -> Result<Self, ScanError> {
        match std::str::from_utf8(input) {
            Ok(_) => Ok(Self { input, at: 0, depth: 0 }),
            Err(error) => Err(ScanError::Utf8 { at: error.valid_up_to() }),
        }
    }

    /// The bytes read so far are up to here.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// How many arrays and objects are open here.
    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    /// Goes to another place at the same depth: back, or behind a value whose text is known.
    pub(crate) fn rewind(&mut self, at: usize) {
        self.at = at;
    }

    /// A part of the text.
    pub(crate) fn text(&self, range: Range<usize>) -> &'a [u8] {
        &self.input[range]
    }

    pub(crate) fn syntax<T>(&self) -> Result<T, ScanError> {
        Err(ScanError::Syntax { at: self.at })
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    #[inline]
    pub(crate) fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Takes `byte` if it is next.
    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes `bytes` if they are next.
    #[inline]
    pub(crate) fn eat_all(&mut self, bytes: &[u8]) -> bool {
        let found = self.input[self.at..].starts_with(bytes);
        if found {
            self.at += bytes.len();
        }
        found
    }

    /// Takes the opening byte of an array or object, and tells whether it is closed at once by `close`.
    #[inline]
    pub(crate) fn open(&mut self, close: u8) -> Result<bool, ScanError> {
        if self.depth == MAX_DEPTH {
            return Err(ScanError::TooDeep);
        }
        self.at += 1;
        self.skip_space();
        let empty = self.eat(close);
        self.depth += u32::from(!empty);
        Ok(empty)
    }

    /// After an element: `true` when another follows, `false` when the array or object is closed by `close`.
    #[inline]
    pub(crate) fn more(&mut self, close: u8) -> Result<bool, ScanError> {
        self.skip_space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.skip_space();
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            _ => self.syntax(),
        }
    }

    /// The key of a member, without quotes, escapes kept; its colon is taken as well.
    pub(crate) fn key(&mut self) -> Result<&'a [u8], ScanError> {
        if self.peek() != Some(b'"') {
            return self.syntax();
        }
        let range = self.string()?;
        self.skip_space();
        if !self.eat(b':') {
            return self.syntax();
        }
        self.skip_space();
        Ok(&self.input[range.start + 1..range.end - 1])
    }

    /// A string, with its quotes. The opening quote is next.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Range<usize>, ScanError> {
        let start = self.at;
        self.at += 1;
        loop {
            self.skip_plain();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(start..self.at);
                }
                Some(b'\\') => self.escape()?,
                // End of text, or a control character.
                _ => return self.syntax(),
            }
        }
    }

    /// Moves to the next quote, backslash or control character, eight bytes at a time.
    #[inline]
    fn skip_plain(&mut self) {
        while let Some((chunk, _)) = self.input[self.at..].split_first_chunk::<8>() {
            let special = special_bytes(u64::from_le_bytes(*chunk));
            if special != 0 {
                self.at += (special.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
        while let Some(byte) = self.peek() {
            if byte < 0x20 || byte == b'"' || byte == b'\\' {
                return;
            }
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Result<(), ScanError> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => match self.unicode_escape()? {
                0xD800..0xDC00 if self.eat_all(b"\\") && self.peek() == Some(b'u') => {
                    if matches!(self.unicode_escape()?, 0xDC00..0xE000) { Ok(()) } else { self.syntax() }
                }
                0xD800..0xE000 => self.syntax(),
                _ => Ok(()),
            },
            _ => self.syntax(),
        }
    }

    /// The four digits after the `u` that is next.
    fn unicode_escape(&mut self) -> Result<u32, ScanError> {
        self.at += 1;
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.syntax();
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    /// A number; a digit or minus is next.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<Range<usize>, ScanError> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(start..self.at)
    }

    #[inline]
    fn digits(&mut self) -> Result<(), ScanError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { self.syntax() } else { Ok(()) }
    }

    /// Passes over any value.
    pub(crate) fn skip_value(&mut self) -> Result<(), ScanError> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.number().map(drop),
            Some(b'{') => {
                let mut more = !self.open(b'}')?;
                while more {
                    self.key()?;
                    self.skip_value()?;
                    more = self.more(b'}')?;
                }
                Ok(())
            }
            Some(b'[') => {
                let mut more = !self.open(b']')?;
                while more {
                    self.skip_value()?;
                    more = self.more(b']')?;
                }
                Ok(())
            }
            _ if self.eat_all(b"null") || self.eat_all(b"true") || self.eat_all(b"false") => Ok(()),
            _ => self.syntax(),
        }
    }

    /// Nothing but space may follow.
    pub(crate) fn end(&mut self) -> Result<(), ScanError> {
        self.skip_space();
        if self.at == self.input.len() { Ok(()) } else { self.syntax() }
    }
}

/// Sets the high bit of bytes that are a quote, a backslash or below space. Exact for the first such byte (bytes after it may be wrong,
/// because a subtraction borrows), which is the only one that is looked at.
#[inline]
const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const fn below(word: u64, limit: u64) -> u64 {
        word.wrapping_sub(ONES * limit) & !word
    }
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    (below(word, 0x20) | below(quote, 1) | below(backslash, 1)) & (ONES * 0x80)
}

/// The text of a scanned string, given without its quotes; `None` when it has no escapes and may be used as it is.
pub(crate) fn unescape(inner: &[u8]) -> Option<String> {
    if !inner.contains(&b'\\') {
        return None;
    }
    let quoted = [b"\"", inner, b"\""].concat();
    serde_json::from_slice(&quoted).ok()
}

/// Writes `text` as a JSON string.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Writes a number as JSON.
pub(crate) fn write_number(out: &mut Vec<u8>, number: usize) {
    if let Some(digit) = u8::try_from(number).ok().filter(|number| *number < 10) {
        out.push(b'0' + digit);
    } else {
        out.extend_from_slice(number.to_string().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accepts(text: &[u8]) -> bool {
        let scan = || {
            let mut scan = Scanner::new(text)?;
            scan.skip_space();
            scan.skip_value()?;
            scan.end()
        };
        scan().is_ok()
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(accepts(nested(128).as_bytes()));
        assert!(!accepts(nested(130).as_bytes()));
        assert!(!accepts(nested(1_000_000).as_bytes()));
    }

    #[test]
    fn the_first_special_byte_of_a_word_is_found() {
        for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for at in 0..8 {
                for filler in [b'a', b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xff] {
                    let mut word = [filler; 8];
                    word[at] = special;
                    assert_eq!(special_bytes(u64::from_le_bytes(word)).trailing_zeros() / 8, at as u32);
                }
            }
        }
        assert_eq!(special_bytes(u64::from_le_bytes(*b" !#[]~\x7f\xff")), 0);
    }

    #[test]
    fn strings_are_written_as_json() {
        let text: String = (0..0x300).filter_map(char::from_u32).collect();
        let mut out = Vec::new();
        write_string(&mut out, &text);
        assert_eq!(serde_json::from_slice::<String>(&out).expect("JSON"), text);
        assert_eq!(unescape(&out[1..out.len() - 1]).as_deref(), Some(text.as_str()));
        assert_eq!(unescape(b"plain"), None);
    }

    /// Pieces that make valid and invalid texts about equally likely.
    fn nearly_json() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just(","),
            Just(":"),
            Just("\"a\""),
            Just("\"\\u00e9\""),
            Just("\"\\ud83d\\ude00\""),
            Just("\"\\ud83d\""),
            Just("\"\\q\""),
            Just("null"),
            Just("true"),
            Just("-"),
            Just("0"),
            Just("12"),
            Just(".5"),
            Just("e+3"),
            Just(" "),
            Just("\n"),
            Just("\u{1}"),
            Just("\"long enough text\""),
        ];
        prop_oneof![
            proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
            any::<f64>().prop_map(|number| number.to_string()),
            any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        ]
    }

    proptest! {
        /// Lone surrogates and numbers out of range included: what is copied to clients must be readable by them.
        #[test]
        fn what_is_accepted_is_what_a_known_parser_accepts(text in nearly_json()) {
            let known = serde_json::from_str::<serde_json::Value>(&text);
            let out_of_range = known.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
            prop_assert_eq!(accepts(text.as_bytes()), known.is_ok() || out_of_range, "{}", text);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = accepts(&bytes);
        }
    }
}
