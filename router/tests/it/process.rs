//! The binary itself: it serves what it is given with nothing else configured, and ends when it is told to.

use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::json;

use crate::support::{FakeSubgraph, supergraph, user};

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eventhub-router"));
    command.env_clear();
    command
}

fn health(listen: SocketAddr) -> bool {
    let probe =
        binary().args(["health", "--listen", &listen.to_string()]).stderr(Stdio::null()).output().unwrap();
    probe.status.success() && probe.stdout == b"{\"status\":\"ok\",\"service\":\"api-gateway\"}\n"
}

async fn answers(listen: SocketAddr) {
    let waiting = async {
        while !tokio::task::spawn_blocking(move || health(listen)).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
}

#[tokio::test]
async fn a_supergraph_and_an_address_are_all_it_needs() {
    let subgraph = FakeSubgraph::start(user).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    std::fs::write(&file, supergraph(&subgraph.url, "http://127.0.0.1:9")).unwrap();
    let listen = free_address();
    let mut serving = binary();
    serving.args(["serve", "--supergraph", file.to_str().unwrap(), "--listen", &listen.to_string()]);
    let mut process = Process(serving.stderr(Stdio::null()).spawn().unwrap());
    answers(listen).await;
    let client = reqwest::Client::new();
    let request = client.post(format!("http://{listen}/graphql")).header("content-type", "application/json");
    let answer = request.body(json!({ "query": "{ people __schema { queryType { name } } }" }).to_string());
    let text = answer.send().await.unwrap().text().await.unwrap();
    assert_eq!(text, r#"{"data":{"people":3,"__schema":{"queryType":{"name":"Query"}}}}"#);

    let pid = process.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let ended = tokio::task::spawn_blocking(move || process.0.wait().unwrap().code()).await.unwrap();
    assert_eq!(ended, Some(0));
    assert!(!health(listen));
}

#[tokio::test]
async fn without_a_supergraph_it_says_what_to_give() {
    let output = binary().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("--supergraph FILE"), "{words}");
}
