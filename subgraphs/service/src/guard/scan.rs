//! The shape of a document, read in one pass with an explicit stack: what it defines, how much each definition holds,
//! and which fragments each definition spreads.
//!
//! It accepts everything that is a GraphQL executable document and a little more; the engine's parser has the last word.

use rustc_hash::FxHashMap;

use super::cost::{self, Definition};
use super::lexer::{Lexer, Token};
use super::{Limits, Refusal};

/// Query, mutation or subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Writes.
    Mutation,
    /// Streams.
    Subscription,
}

/// An operation of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationFacts {
    /// Its name, when it has one.
    pub name: Option<String>,
    /// Its kind.
    pub kind: OperationKind,
}

/// What the guard learned about a document on its way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocumentFacts {
    /// Its operations, in order.
    pub operations: Vec<OperationFacts>,
    /// Whether any field is called `_entities` or `_service`: such a document is for services only.
    pub federation: bool,
    /// Whether any field is called `__schema` or `__type`.
    pub introspection: bool,
    /// The size of the largest operation with its fragments written out.
    pub selections: u64,
    /// How many tokens the document has.
    pub tokens: usize,
}

impl DocumentFacts {
    /// The kind of the operation that `name` chooses, or of the only one; `None` when there is no such operation.
    #[must_use]
    pub fn kind_of(&self, name: Option<&str>) -> Option<OperationKind> {
        match (name, self.operations.as_slice()) {
            (None, [only]) => Some(only.kind),
            (None, _) => None,
            (Some(name), all) => all.iter().find(|o| o.name.as_deref() == Some(name)).map(|o| o.kind),
        }
    }
}

/// Measures a document and refuses what would be expensive to handle. Linear in the length of `document`; no recursion.
///
/// # Errors
/// The first limit exceeded, or the first place that cannot be GraphQL.
pub fn check_document(document: &str, limits: &Limits) -> Result<DocumentFacts, Refusal> {
    if document.len() > limits.document_bytes {
        return Err(Refusal::DocumentTooLong { limit: limits.document_bytes });
    }
    let mut scanner = Scanner::new(document, limits);
    scanner.document()?;
    let Scanner { definitions, mut facts, .. } = scanner;
    facts.selections = cost::check(&definitions, facts.introspection, limits)?;
    Ok(facts)
}

struct Scanner<'a, 'l> {
    lexer: Lexer<'a>,
    /// The token looked at but not yet taken.
    ahead: Option<Token<'a>>,
    limits: &'l Limits,
    definitions: Vec<Definition<'a>>,
    fragments: FxHashMap<&'a str, usize>,
    facts: DocumentFacts,
}

impl<'a, 'l> Scanner<'a, 'l> {
    fn new(document: &'a str, limits: &'l Limits) -> Self {
        Self {
            lexer: Lexer::new(document, limits.tokens),
            ahead: None,
            limits,
            definitions: Vec::new(),
            fragments: FxHashMap::default(),
            facts: DocumentFacts::default(),
        }
    }

    fn document(&mut self) -> Result<(), Refusal> {
        self.advance()?;
        while let Some(token) = self.ahead {
            if self.definitions.len() == self.limits.definitions {
                let limit = self.limits.definitions as u64;
                return Err(Refusal::TooComplex { what: "definitions", limit });
            }
            let definition = match token {
                Token::Punctuator(b'{') => self.operation(OperationKind::Query, None)?,
                Token::Name(word) => self.definition(word)?,
                _ => return Err(self.lexer.syntax("expected an operation or a fragment")),
            };
            self.definitions.push(definition);
        }
        if self.definitions.is_empty() {
            return Err(self.lexer.syntax("the document is empty"));
        }
        Ok(())
    }

    fn definition(&mut self, word: &'a str) -> Result<Definition<'a>, Refusal> {
        let kind = match word {
            "query" => OperationKind::Query,
            "mutation" => OperationKind::Mutation,
            "subscription" => OperationKind::Subscription,
            "fragment" => return self.fragment(),
            _ => return Err(self.lexer.syntax("expected an operation or a fragment")),
        };
        self.advance()?;
        let name = match self.ahead {
            Some(Token::Name(name)) => {
                self.advance()?;
                Some(name)
            }
            _ => None,
        };
        self.operation(kind, name)
    }

    fn operation(&mut self, kind: OperationKind, name: Option<&'a str>) -> Result<Definition<'a>, Refusal> {
        self.facts.operations.push(OperationFacts { name: name.map(str::to_owned), kind });
        let mut definition = Definition::operation(kind);
        if self.ahead == Some(Token::Punctuator(b'(')) {
            self.group(&mut definition)?;
        }
        self.directives(&mut definition)?;
        self.selections(&mut definition)?;
        Ok(definition)
    }

    fn fragment(&mut self) -> Result<Definition<'a>, Refusal> {
        self.advance()?;
        let name = self.name("expected the name of a fragment")?;
        if name == "on" || self.name("expected `on`")? != "on" {
            return Err(self.lexer.syntax("expected `on`"));
        }
        self.name("expected a type")?;
        if self.fragments.insert(name, self.definitions.len()).is_some() {
            return Err(Refusal::DuplicateFragment(name.to_owned()));
        }
        let mut definition = Definition::fragment(name);
        self.directives(&mut definition)?;
        self.selections(&mut definition)?;
        Ok(definition)
    }

    /// A selection set, from its `{` to the `}` that closes it, with a stack of the sets that are open.
    fn selections(&mut self, definition: &mut Definition<'a>) -> Result<(), Refusal> {
        self.expect(b'{', "expected a selection set")?;
        let mut open = vec![Level::DEFINITION];
        while let Some(level) = open.last().copied() {
            definition.reach(level);
            let inner = match self.ahead {
                Some(Token::Punctuator(b'}')) => {
                    self.advance()?;
                    open.pop();
                    continue;
                }
                Some(Token::Name(_)) => self.field(definition, level)?,
                Some(Token::Spread) => self.spread(definition, level)?,
                Some(_) => return Err(self.lexer.syntax("expected a field, a fragment or `}`")),
                None => return Err(self.lexer.syntax("the document ends inside a selection set")),
            };
            if self.ahead == Some(Token::Punctuator(b'{')) {
                cost::check_level(inner.depth, inner.nesting, self.limits)?;
                self.advance()?;
                open.push(inner);
            }
        }
        Ok(())
    }

    fn field(&mut self, definition: &mut Definition<'a>, level: Level) -> Result<Level, Refusal> {
        let mut name = self.name("expected a field")?;
        if self.ahead == Some(Token::Punctuator(b':')) {
            self.advance()?;
            name = self.name("expected a field after its alias")?;
            definition.alias();
        }
        self.facts.federation |= matches!(name, "_entities" | "_service");
        self.facts.introspection |= matches!(name, "__schema" | "__type");
        let credential = level.depth == 1 && self.limits.credential_mutations.iter().any(|word| word == name);
        definition.field(level, credential);
        if self.ahead == Some(Token::Punctuator(b'(')) {
            self.group(definition)?;
        }
        self.directives(definition)?;
        Ok(level.below_field(name))
    }

    fn spread(&mut self, definition: &mut Definition<'a>, level: Level) -> Result<Level, Refusal> {
        self.advance()?;
        match self.ahead {
            Some(Token::Name("on")) => {
                self.advance()?;
                self.name("expected a type")?;
            }
            Some(Token::Name(name)) => {
                definition.spread(name, level);
                self.advance()?;
                self.directives(definition)?;
                if self.ahead == Some(Token::Punctuator(b'{')) {
                    return Err(self.lexer.syntax("a spread has no selection set"));
                }
                return Ok(level);
            }
            _ => {}
        }
        self.directives(definition)?;
        definition.inline();
        if self.ahead != Some(Token::Punctuator(b'{')) {
            return Err(self.lexer.syntax("expected a selection set"));
        }
        Ok(level.inside_fragment())
    }

    fn directives(&mut self, definition: &mut Definition<'a>) -> Result<(), Refusal> {
        while self.ahead == Some(Token::Punctuator(b'@')) {
            self.advance()?;
            self.name("expected the name of a directive")?;
            definition.directive();
            if self.ahead == Some(Token::Punctuator(b'(')) {
                self.group(definition)?;
            }
        }
        Ok(())
    }

    /// Everything from a `(` to its `)`: arguments or variable definitions, with values and types as deep as allowed.
    fn group(&mut self, definition: &mut Definition<'a>) -> Result<(), Refusal> {
        let mut closers: Vec<u8> = Vec::new();
        loop {
            let closer = match self.ahead {
                Some(Token::Punctuator(b'(')) => b')',
                Some(Token::Punctuator(b'[')) => b']',
                Some(Token::Punctuator(b'{')) => b'}',
                Some(Token::Punctuator(b @ (b')' | b']' | b'}'))) => {
                    if closers.pop() != Some(b) {
                        return Err(self.lexer.syntax("brackets do not match"));
                    }
                    self.advance()?;
                    if closers.is_empty() {
                        return Ok(());
                    }
                    continue;
                }
                Some(token) => {
                    if token == Token::Punctuator(b'@') {
                        definition.directive();
                    }
                    self.advance()?;
                    continue;
                }
                None => return Err(self.lexer.syntax("the document ends inside brackets")),
            };
            if closers.len() > self.limits.depth {
                return Err(Refusal::TooDeep { limit: self.limits.depth });
            }
            closers.push(closer);
            self.advance()?;
        }
    }

    fn advance(&mut self) -> Result<(), Refusal> {
        self.ahead = self.lexer.next()?;
        self.facts.tokens += usize::from(self.ahead.is_some());
        Ok(())
    }

    fn name(&mut self, expected: &'static str) -> Result<&'a str, Refusal> {
        let Some(Token::Name(name)) = self.ahead else { return Err(self.lexer.syntax(expected)) };
        self.advance()?;
        Ok(name)
    }

    fn expect(&mut self, punctuator: u8, expected: &'static str) -> Result<(), Refusal> {
        if self.ahead != Some(Token::Punctuator(punctuator)) {
            return Err(self.lexer.syntax(expected));
        }
        self.advance()
    }
}

/// Where a selection set lies in its definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    /// How many fields deep, counting from 1: the depth of the answer.
    pub(super) depth: usize,
    /// How many selection sets deep, counting from 1: the depth of the recursion of whoever walks the document.
    pub(super) nesting: usize,
    /// How often an introspection would answer this set, in a schema of ordinary size.
    pub(super) repeated: u64,
}

impl Level {
    const DEFINITION: Self = Self { depth: 1, nesting: 1, repeated: 1 };

    fn below_field(self, name: &str) -> Self {
        let repeated = self.repeated.saturating_mul(introspection_list(name));
        Self { depth: self.depth + 1, nesting: self.nesting + 1, repeated }
    }

    const fn inside_fragment(self) -> Self {
        Self { nesting: self.nesting + 1, ..self }
    }
}

/// How long the lists of an introspection are in a schema of ordinary size. They lead into each other in circles, so
/// that a short document can ask for more than there are atoms.
fn introspection_list(field: &str) -> u64 {
    match field {
        "types" => 32,
        "fields" | "args" | "inputFields" | "enumValues" | "directives" | "interfaces" | "possibleTypes" => 8,
        _ => 1,
    }
}
