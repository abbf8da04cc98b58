//! A wire between two processes that can be cut.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::failure::{Context, Result};

/// What the wire does now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    /// How often it was cut; a connection lives as long as this does not change.
    cuts: u64,
    /// Whether nobody gets through.
    refusing: bool,
}

/// A listener that passes on what it gets, as long as nobody cuts it.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    state: Arc<watch::Sender<State>>,
    address: SocketAddr,
}

impl Wire {
    /// A wire from `listen` (port 0 for any) to `target`.
    pub(super) async fn lay(listen: &str, target: String) -> Result<Self> {
        let listener = TcpListener::bind(listen).await.context(listen)?;
        let address = listener.local_addr().context(listen)?;
        let state = Arc::new(watch::Sender::new(State::default()));
        tokio::spawn(pass_on(listener, target, state.subscribe()));
        Ok(Self { state, address })
    }

    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection in the middle of what it says.
    pub(super) fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// Ends every connection, and lets none through until [`Wire::mend`].
    pub(super) fn refuse(&self) {
        self.state.send_modify(|state| *state = State { cuts: state.cuts + 1, refusing: true });
    }

    /// Lets connections through.
    pub(super) fn mend(&self) {
        self.state.send_modify(|state| state.refusing = false);
    }
}

async fn pass_on(listener: TcpListener, target: String, state: watch::Receiver<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        if !state.borrow().refusing {
            tokio::spawn(connection(stream, target.clone(), state.clone()));
        }
    }
}

async fn connection(mut near: TcpStream, target: String, mut state: watch::Receiver<State>) {
    let begun = state.borrow().cuts;
    let Ok(mut far) = TcpStream::connect(&target).await else { return };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = state.wait_for(|state| state.cuts != begun) => {}
    }
}
