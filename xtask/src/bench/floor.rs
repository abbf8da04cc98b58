//! The floor under every router: a server that makes the subgraph calls of one operation by hand, in the order in which they need each other,
//! and answers with a text that it has had all along. No GraphQL, no JSON.

use std::cell::RefCell;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

use super::http::{Connection, serve};
use crate::failure::{Context, Result};

/// What the server does for each request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Script {
    /// Where it listens.
    pub(super) listen: SocketAddr,
    /// Where the subgraphs are.
    pub(super) subgraphs: SocketAddr,
    /// The calls that can be made at once, after those before them.
    pub(super) rounds: Vec<Vec<Call>>,
    /// What it answers.
    pub(super) answer: String,
}

/// A request to a subgraph.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) path: String,
    pub(super) body: String,
}

/// Plays the script until the process is stopped.
pub(super) async fn play(script: &Path) -> Result<()> {
    let script: Script = serde_json::from_str(&fs::read_to_string(script).context(script.display())?)
        .context(script.display())?;
    let listener = TcpListener::bind(script.listen).await.context(script.listen)?;
    let (script, pool) = (Rc::new(script), Rc::new(RefCell::new(Vec::new())));
    LocalSet::new()
        .run_until(serve(listener, move |_, _| answered(Rc::clone(&script), Rc::clone(&pool))))
        .await;
    Ok(())
}

/// Connections that nobody uses at the moment.
type Pool = Rc<RefCell<Vec<Connection>>>;

async fn answered(script: Rc<Script>, pool: Pool) -> Bytes {
    for round in &script.rounds {
        let calls = round.iter().map(|call| called(&script, call, &pool));
        if futures_util::future::try_join_all(calls).await.is_err() {
            return Bytes::from_static(b"{\"errors\":[{\"message\":\"a subgraph did not answer\"}]}");
        }
    }
    Bytes::copy_from_slice(script.answer.as_bytes())
}

async fn called(script: &Script, call: &Call, pool: &Pool) -> Result<()> {
    let idle = pool.borrow_mut().pop();
    let mut connection = match idle {
        Some(connection) => connection,
        None => Connection::open(script.subgraphs).await?,
    };
    connection.post(&call.path, Bytes::copy_from_slice(call.body.as_bytes())).await?;
    pool.borrow_mut().push(connection);
    Ok(())
}
