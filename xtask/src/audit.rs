//! `cargo xtask audit`: the public federation gateway audit, driven against the router.
//!
//! Its server (graphql-hive/federation-gateway-audit, `npm start serve`) runs from a checkout of its own: it has the subgraphs of
//! every suite, their supergraph, and the operations with what they should answer. Nothing of it is part of this repository.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use clap::{Args, ValueEnum};
use composition::{SubgraphInput, compose, report};
use owo_colors::OwoColorize;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::failure::{Context, Failure, Result};
use crate::services::Service;
use crate::stack::probe::Probe;
use crate::workspace::{Profile, Workspace};

/// The longest that one operation may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The counter of requests to subgraphs, one a subgraph.
const REQUESTS: &str = "router_subgraph_request_seconds_count";

/// The options of `cargo xtask audit`.
#[derive(Args, Clone, Debug)]
pub struct AuditOptions {
    /// Where the audit's server runs. It remembers mutations: start it anew for each run.
    #[arg(long, value_name = "URL")]
    pub server: String,
    /// Whose supergraph the router serves
    #[arg(long, value_enum, default_value_t = Composer::Theirs)]
    pub compose: Composer,
    /// Only suites whose name contains this
    #[arg(long, value_name = "NAME", default_value = "")]
    pub suite: String,
    /// Serve with a release build
    #[arg(long)]
    pub release: bool,
}

/// Who makes the supergraphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Composer {
    /// This repository.
    Ours,
    /// The audit.
    Theirs,
}

/// Runs every suite and prints the table.
///
/// # Errors
/// When a case fails, or the audit's server cannot be asked.
pub async fn audit(options: &AuditOptions) -> Result<()> {
    let workspace = Workspace::find()?;
    let profile = Profile::release(options.release);
    workspace.build(profile)?;
    let audit = Audit { http: reqwest::Client::new(), options, workspace, profile };
    let suites: Vec<String> = audit.ask("ids").await?;
    let mut whole = Score::default();
    for suite in suites.iter().filter(|suite| suite.contains(&options.suite)) {
        let score = audit.suite(suite).await?;
        show(suite, &score)?;
        whole.passed += score.passed;
        whole.cases += score.cases;
        whole.requests += score.requests;
        whole.failures.extend(score.failures);
    }
    show("all", &Score { failures: Vec::new(), ..whole })?;
    if whole.passed == whole.cases { Ok(()) } else { Err(Failure::new("cases failed")) }
}

struct Audit<'a> {
    http: reqwest::Client,
    options: &'a AuditOptions,
    workspace: Workspace,
    profile: Profile,
}

#[derive(Default)]
struct Score {
    passed: usize,
    cases: usize,
    requests: u64,
    failures: Vec<String>,
}

#[derive(Deserialize)]
struct Case {
    query: String,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    #[serde(default)]
    data: Value,
    /// Whether there must be errors; `None`: there may be.
    errors: Option<bool>,
}

#[derive(Deserialize)]
struct Subgraph {
    name: String,
    url: String,
    sdl: String,
}

impl Audit<'_> {
    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let text = self.text(path).await?;
        serde_json::from_str(&text).context(path)
    }

    async fn text(&self, path: &str) -> Result<String> {
        self.text_at(&format!("{}/{path}", self.options.server.trim_end_matches('/'))).await
    }

    async fn text_at(&self, url: &str) -> Result<String> {
        let answer = self.http.get(url).send().await.and_then(reqwest::Response::error_for_status);
        answer.context(url)?.text().await.context(url)
    }

    async fn supergraph(&self, suite: &str) -> Result<String> {
        if self.options.compose == Composer::Theirs {
            return self.text(&format!("{suite}/supergraph")).await;
        }
        let subgraphs: Vec<Subgraph> = self.ask(&format!("{suite}/subgraphs")).await?;
        let inputs = subgraphs.into_iter().map(|Subgraph { name, url, sdl }| SubgraphInput {
            name,
            url,
            sdl,
            source: None,
        });
        let inputs: Vec<_> = inputs.collect();
        let composed = compose(&inputs).map(|composition| composition.supergraph_sdl);
        composed.map_err(|errors| Failure::new(format!("{suite}:\n{}", report::human(&errors, &inputs))))
    }

    async fn suite(&self, suite: &str) -> Result<Score> {
        let folder = self.workspace.target().join("audit");
        fs::create_dir_all(&folder).context(folder.display())?;
        let file = folder.join(format!("{suite}.graphql"));
        fs::write(&file, self.supergraph(suite).await?).context(file.display())?;
        let cases: Vec<Case> = self.ask(&format!("{suite}/tests")).await?;
        let (router, url) = self.router(&file, &folder).await?;
        let mut score = Score { cases: cases.len(), ..Score::default() };
        for (number, case) in cases.iter().enumerate() {
            let answer = self.run(&url, &case.query).await?;
            if passes(&case.expected, &answer) {
                score.passed += 1;
            } else {
                let query = case.query.split_whitespace().collect::<Vec<_>>().join(" ");
                score.failures.push(format!("{number}: {query}\n     {answer}"));
            }
        }
        score.requests = requests(&self.text_at(&format!("{url}/metrics")).await?);
        stop(router).await?;
        Ok(score)
    }

    async fn router(&self, supergraph: &Path, folder: &Path) -> Result<(Child, String)> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = port.context("a free port")?.to_string();
        let log = fs::File::create(folder.join("router.log")).context(folder.display())?;
        let mut command = Command::new(self.workspace.binary(Service::Router, self.profile));
        command.args(["serve", "--listen", &address]).arg("--supergraph").arg(supergraph);
        command.env("EVENTHUB_INSTANCE", &address).stdout(log).stderr(Stdio::null()).kill_on_drop(true);
        let mut router = command.spawn().context("the router")?;
        let url = format!("http://{address}");
        let probe = Probe::default();
        tokio::select! {
            () = probe.until_alive(&url, &address) => Ok((router, url)),
            _ = router.wait() => Err(Failure::new(format!("the router ended: see {}/router.log", folder.display()))),
        }
    }

    async fn run(&self, url: &str, query: &str) -> Result<Value> {
        let request = self.http.post(format!("{url}/graphql")).header("accept", "application/json");
        let answer = request.json(&json!({ "query": query })).timeout(PATIENCE).send().await;
        answer.context(url)?.json().await.context(url)
    }
}

/// The audit's own judgement: the data are the same, and there are errors where it says so.
fn passes(expected: &Expected, answer: &Value) -> bool {
    let has_errors = answer["errors"].as_array().is_some_and(|errors| !errors.is_empty());
    expected.data == answer["data"] && expected.errors.is_none_or(|expected| expected == has_errors)
}

/// How many requests the router has sent to subgraphs.
fn requests(metrics: &str) -> u64 {
    let counts = metrics.lines().filter(|line| line.starts_with(REQUESTS));
    counts.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}

async fn stop(mut router: Child) -> Result<()> {
    router.kill().await.context("the router")
}

fn show(suite: &str, score: &Score) -> Result<()> {
    let Score { passed, cases, requests, failures } = score;
    let counts = format!("{passed:>3} of {cases:>3}");
    let counts = if passed == cases { counts.green().to_string() } else { counts.red().to_string() };
    writeln!(anstream::stdout(), "{suite:<45} {counts}   {requests:>4} requests")
        .context("standard output")?;
    for failure in failures {
        writeln!(anstream::stdout(), "  {failure}").context("standard output")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_judged_by_its_data_and_by_whether_there_are_errors() {
        let expected = |errors| Expected { data: json!({ "a": 1 }), errors };
        let fine = json!({ "data": { "a": 1 } });
        let faulty = json!({ "data": { "a": 1 }, "errors": [{ "message": "x" }] });
        for (errors, of_fine, of_faulty) in
            [(None, true, true), (Some(false), true, false), (Some(true), false, true)]
        {
            assert_eq!(passes(&expected(errors), &fine), of_fine);
            assert_eq!(passes(&expected(errors), &faulty), of_faulty);
        }
        assert!(!passes(&expected(None), &json!({ "data": null })));
        let nothing = Expected { data: Value::Null, errors: Some(true) };
        assert!(passes(&nothing, &json!({ "errors": [{ "message": "x" }] })));
    }

    #[test]
    fn requests_are_added_up() {
        let metrics =
            format!("# TYPE x\n{REQUESTS}{{subgraph=\"a\"}} 3\n{REQUESTS}{{subgraph=\"b\"}} 4\nother 9\n");
        assert_eq!(requests(&metrics), 7);
    }
}
