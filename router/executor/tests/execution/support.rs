//! Plans in a few words, and a subgraph client that answers from a script.
//!
//! Shapes: `{ me: User { id: ID! tags: [String!] kind: Kind(A,B) any: Media <Book { title: String } | Film,Show { len: Int }> } }`;
//! `shown=key: …` takes the value from another internal key, `key=@: String!` is the type name, `key=%: …` introspection.
//! Selections: `id events { title t:name }` (`response_key:internal_key`). Paths: `events @ [Concert,Play] venue`.
//! Representations: `User { id }`, `Book,Film -> Media { id price? size { w } }`, `Book -> _ { id }` (the type in the data).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use bytes::Bytes;
use executor::{
    ExecutionRequest, Limits, PreparedPlan, Response, SubgraphClient, SubgraphError, SubgraphRequest,
    SubgraphResponse,
};
use planner::{
    ContextSource, ContextVariable, EntityContexts, EntityTarget, Fetch, FetchField, FetchSelection,
    FieldSource, OperationKind, OutputType, PathElement, QueryPlan, Representation, RepresentationField,
    ScalarKind, Shape, ShapeField, Target, Variant,
};
use serde_json::{Map, Value};

/// A plan under construction.
pub(crate) struct Plan {
    pub(crate) plan: QueryPlan,
}

pub(crate) fn query(shape: &str) -> Plan {
    let mut words = Words::of(shape);
    let mut shapes = Vec::new();
    let root = words.shape("Query", &mut shapes);
    Plan { plan: QueryPlan { operation: OperationKind::Query, fetches: Vec::new(), shapes, root } }
}

impl Plan {
    /// Adds a fetch; its targets follow.
    pub(crate) fn fetch(mut self, subgraph: &str, after: &[usize]) -> Self {
        let id = self.plan.fetches.len();
        self.plan.fetches.push(Fetch {
            subgraph: id,
            subgraph_name: subgraph.to_owned(),
            after: after.to_vec(),
            kind: OperationKind::Query,
            document: format!("query{id}"),
            variables: Vec::new(),
            targets: Vec::new(),
        });
        self
    }

    pub(crate) fn root(self, selection: &str) -> Self {
        self.root_at("", selection)
    }

    pub(crate) fn root_at(mut self, at: &str, selection: &str) -> Self {
        self.last()
            .targets
            .push(Target::Root { path: path(at), selection: Words::of(selection).selection() });
        self
    }

    pub(crate) fn entities(mut self, at: &str, representations: &[&str], selection: &str) -> Self {
        let number = self.last().targets.len();
        let target = EntityTarget {
            alias: name(&if number == 0 { "_entities".to_owned() } else { format!("e{number}") }),
            variable: name(&if number == 0 { "representations".to_owned() } else { format!("r{number}") }),
            path: path(at),
            representations: representations.iter().map(|text| Words::of(text).representation()).collect(),
            contexts: None,
            selection: Words::of(selection).selection(),
        };
        self.last().targets.push(Target::Entities(target));
        self
    }

    /// Lets the only target's field `f` take its argument from the object to which so many steps of the path lead.
    pub(crate) fn takes(mut self, ty: &str, steps: usize, fields: &str) -> Self {
        let document =
            format!("query($r:[_Any!]!,$c:{ty}){{e:_entities(representations:$r){{...on P{{f(in:$c)}}}}}}");
        let end_of = |text: &str| document.find(text).map(|at| at + text.len()).expect("it is there");
        let contexts = EntityContexts {
            variables: vec![ContextVariable {
                variable: name("c"),
                ty: Type::parse(ty, "type").expect("a type"),
                sources: vec![ContextSource {
                    steps,
                    runtime_types: Vec::new(),
                    fields: Words::of(fields).representation_fields(),
                }],
            }],
            selection: end_of("{")..document.len() - 1,
            names: vec![end_of("{e"), end_of("representations:$r"), end_of("in:$c")],
        };
        let fetch = self.last();
        fetch.document = document;
        if let Some(Target::Entities(target)) = fetch.targets.last_mut() {
            (target.alias, target.variable) = (name("e"), name("r"));
            target.contexts = Some(Box::new(contexts));
        }
        self
    }

    pub(crate) fn variables(mut self, names: &[&str]) -> Self {
        self.last().variables = names.iter().map(|text| name(text)).collect();
        self
    }

    pub(crate) fn kind(mut self, kind: OperationKind) -> Self {
        self.plan.operation = kind;
        for fetch in &mut self.plan.fetches {
            fetch.kind = kind;
        }
        self
    }

    fn last(&mut self) -> &mut Fetch {
        self.plan.fetches.last_mut().expect("a fetch comes first")
    }

    pub(crate) fn prepared(self) -> PreparedPlan {
        PreparedPlan::new(Arc::new(self.plan))
    }
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn path(text: &str) -> Vec<PathElement> {
    let mut words = Words::of(text);
    let mut path = Vec::new();
    while let Some(word) = words.next() {
        path.push(match word.as_str() {
            "@" => PathElement::Each,
            "[" => {
                let types = words.names();
                words.expect("]");
                PathElement::OnTypes(types)
            }
            key => PathElement::Key(name(key)),
        });
    }
    path
}

/// Words and signs of a text.
struct Words(VecDeque<String>);

impl Words {
    fn of(text: &str) -> Self {
        let mut words = VecDeque::new();
        let mut chars = text.chars().peekable();
        while let Some(first) = chars.next() {
            if first.is_whitespace() {
                continue;
            }
            let mut word = first.to_string();
            if first.is_alphanumeric() || first == '_' {
                while let Some(next) = chars.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    word.push(next);
                }
            }
            if first == '-' && chars.next_if_eq(&'>').is_some() {
                word.push('>');
            }
            words.push_back(word);
        }
        Self(words)
    }

    fn next(&mut self) -> Option<String> {
        self.0.pop_front()
    }

    fn word(&mut self) -> String {
        self.next().expect("a word")
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = self.0.front().is_some_and(|next| next == sign);
        if found {
            self.0.pop_front();
        }
        found
    }

    fn expect(&mut self, sign: &str) {
        assert!(self.eat(sign), "expected {sign} before {:?}", self.0);
    }

    fn names(&mut self) -> Vec<Name> {
        let mut names = vec![name(&self.word())];
        while self.eat(",") {
            names.push(name(&self.word()));
        }
        names
    }

    /// Fields up to a closing brace or the end.
    fn selection(&mut self) -> FetchSelection {
        let mut fields = Vec::new();
        while !self.0.is_empty() && !self.eat("}") {
            let response_key = name(&self.word());
            let key = if self.eat(":") { name(&self.word()) } else { response_key.clone() };
            let selection = self.eat("{").then(|| self.selection());
            fields.push(FetchField { response_key, key, selection });
        }
        FetchSelection { fields }
    }

    fn representation(&mut self) -> Representation {
        let mut names = self.names();
        let mut runtime_types = Vec::new();
        if self.eat("->") {
            runtime_types = std::mem::replace(&mut names, self.names());
        }
        let typename = Some(names.remove(0)).filter(|it| it != "_");
        self.expect("{");
        Representation { runtime_types, typename, fields: self.representation_fields() }
    }

    fn representation_fields(&mut self) -> Vec<RepresentationField> {
        let mut fields = Vec::new();
        while !self.0.is_empty() && !self.eat("}") {
            let on_types = if self.eat("[") {
                let types = self.names();
                self.expect("]");
                types
            } else {
                Vec::new()
            };
            let field = name(&self.word());
            let key = if self.eat("=") { name(&self.word()) } else { field.clone() };
            let nullable = self.eat("?");
            let selection = if self.eat("{") { self.representation_fields() } else { Vec::new() };
            fields.push(RepresentationField { on_types, name: field, key, nullable, selection });
        }
        fields
    }

    /// `{ fields }` or `<A { fields } | B,C { fields }>`.
    fn shape(&mut self, type_name: &str, shapes: &mut Vec<Shape>) -> usize {
        let id = shapes.len();
        let empty = Shape { type_name: name(type_name), is_abstract: false, variants: Vec::new() };
        shapes.push(empty);
        if self.eat("{") {
            let fields = self.shape_fields(shapes);
            shapes[id].variants = vec![Variant { runtime_types: vec![name(type_name)], fields }];
            return id;
        }
        self.expect("<");
        shapes[id].is_abstract = true;
        while !self.eat(">") {
            let runtime_types = self.names();
            self.expect("{");
            let fields = self.shape_fields(shapes);
            shapes[id].variants.push(Variant { runtime_types, fields });
            let _ = self.eat("|");
        }
        id
    }

    fn shape_fields(&mut self, shapes: &mut Vec<Shape>) -> Vec<ShapeField> {
        let mut fields = Vec::new();
        while !self.eat("}") {
            let response_key = name(&self.word());
            let key = if self.eat("=") { self.word() } else { response_key.to_string() };
            self.expect(":");
            let source = match key.as_str() {
                "@" => FieldSource::Typename,
                "%" => FieldSource::Introspection,
                key => FieldSource::Data(name(key)),
            };
            let field_name = Name::new(&key).unwrap_or_else(|_| response_key.clone());
            fields.push(ShapeField { response_key, field_name, source, ty: self.ty(shapes) });
        }
        fields
    }

    /// A type; the body of its composite type stands within: `[User! { id: ID! }]!`.
    fn ty(&mut self, shapes: &mut Vec<Shape>) -> OutputType {
        if self.eat("[") {
            let inner = self.ty(shapes);
            self.expect("]");
            return self.non_null(OutputType::List(Box::new(inner)));
        }
        let type_name = self.word();
        let is_non_null = self.eat("!");
        let ty = match type_name.as_str() {
            "Int" => OutputType::Scalar(ScalarKind::Int),
            "Float" => OutputType::Scalar(ScalarKind::Float),
            "String" => OutputType::Scalar(ScalarKind::String),
            "Boolean" => OutputType::Scalar(ScalarKind::Boolean),
            "ID" => OutputType::Scalar(ScalarKind::Id),
            _ if self.eat("(") => {
                let values = self.names().into();
                self.expect(")");
                OutputType::Enum { name: name(&type_name), values }
            }
            _ if self.0.front().is_some_and(|next| next == "{" || next == "<") => {
                OutputType::Composite(self.shape(&type_name, shapes))
            }
            _ => OutputType::Scalar(ScalarKind::Custom(name(&type_name))),
        };
        if is_non_null { OutputType::NonNull(Box::new(ty)) } else { self.non_null(ty) }
    }

    fn non_null(&mut self, ty: OutputType) -> OutputType {
        if self.eat("!") { OutputType::NonNull(Box::new(ty)) } else { ty }
    }
}

/// Answers by subgraph name, and remembers what it was asked.
#[derive(Default)]
pub(crate) struct Script {
    answers: Vec<(String, Result<SubgraphResponse, SubgraphError>)>,
    pub(crate) asked: Mutex<Vec<(String, String)>>,
}

impl Script {
    pub(crate) fn new(answers: &[(&str, &str)]) -> Self {
        let mut script = Self::default();
        for (subgraph, body) in answers {
            script = script.with(subgraph, Ok(answer(200, body)));
        }
        script
    }

    pub(crate) fn with(mut self, subgraph: &str, answer: Result<SubgraphResponse, SubgraphError>) -> Self {
        self.answers.push((subgraph.to_owned(), answer));
        self
    }

    pub(crate) fn asked(&self) -> Vec<(String, String)> {
        self.asked.lock().expect("no panic").clone()
    }

    /// The variables of the only request to a subgraph, as text.
    pub(crate) fn variables(&self, subgraph: &str) -> String {
        let asked = self.asked();
        let mut bodies = asked.iter().filter(|(name, _)| name == subgraph).map(|(_, body)| body);
        let body: Value = serde_json::from_str(bodies.next().expect("it was asked")).expect("valid JSON");
        assert!(bodies.next().is_none(), "asked twice");
        body.get("variables").map(Value::to_string).unwrap_or_default()
    }
}

pub(crate) fn answer(status: u16, body: &str) -> SubgraphResponse {
    SubgraphResponse { status, body: Bytes::copy_from_slice(body.as_bytes()) }
}

impl SubgraphClient for Script {
    async fn fetch(&self, request: SubgraphRequest<'_>) -> Result<SubgraphResponse, SubgraphError> {
        let body = String::from_utf8(request.body.to_vec()).expect("UTF-8");
        self.asked.lock().expect("no panic").push((request.subgraph_name.to_owned(), body));
        let found = self.answers.iter().find(|(name, _)| name == request.subgraph_name);
        found
            .map_or(Err(SubgraphError::Connect("not in the script".to_owned())), |(_, answer)| answer.clone())
    }
}

pub(crate) async fn run(plan: &PreparedPlan, client: &Script) -> Response {
    run_with(plan, client, &Map::new(), Limits::default()).await
}

pub(crate) async fn run_with(
    plan: &PreparedPlan,
    client: &impl SubgraphClient,
    variables: &Map<String, Value>,
    limits: Limits,
) -> Response {
    let request = ExecutionRequest { variables, introspection: None, limits };
    let response = executor::execute(plan, &request, client).await;
    let parsed: Value = serde_json::from_slice(&response.body).expect("the response is always JSON");
    assert_eq!(parsed["errors"].as_array().map_or(0, Vec::len), response.errors);
    assert_eq!(parsed["data"].is_null(), response.data_is_null);
    response
}

/// The body as text; error ids, which differ each time, are replaced by `…`.
pub(crate) fn text(response: &Response) -> String {
    const MARK: &str = "\"errorId\":\"";
    let body = String::from_utf8(response.body.to_vec()).expect("UTF-8");
    let mut parts = body.split(MARK);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(MARK);
        text.push('…');
        text.push_str(&part[36..]);
    }
    text
}

/// Runs a plan against scripted answers and compares the response, byte for byte.
pub(crate) async fn check(plan: Plan, answers: &[(&str, &str)], expected: &str) -> Script {
    let script = Script::new(answers);
    let response = run(&plan.prepared(), &script).await;
    assert_eq!(text(&response), expected);
    script
}

/// `[path] CODE` of each error, in order.
pub(crate) fn errors(response: &Response) -> Vec<String> {
    let body: Value = serde_json::from_slice(&response.body).expect("JSON");
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let line =
        |error: &Value| format!("{} {}", error["path"], error["extensions"]["code"].as_str().unwrap_or("-"));
    errors.iter().map(line).collect()
}

/// The data of a response as text.
pub(crate) fn data(response: &Response) -> String {
    let body: Value = serde_json::from_slice(&response.body).expect("JSON");
    body["data"].to_string()
}
