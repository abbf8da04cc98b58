//! What many objects of one answer ask for at the same time is asked of the database once.
//!
//! The engine's data loaders collect keys until a timer of a millisecond fires: longer than most statements take, and too
//! short on a busy machine, where the keys of one list then end up in several statements. Here a loader waits for neither
//! more nor less than needed: until the execution has nothing left to do but to wait.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_graphql::dataloader::DataLoader;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::task::AtomicWaker;

/// The loads of one request.
#[derive(Clone, Default)]
pub struct Batch {
    /// Those that a loader has begun to collect keys for.
    waiting: Arc<Mutex<Vec<BoxFuture<'static, ()>>>>,
}

impl Batch {
    /// A loader for this request. It keeps nothing: no answer is older than its request.
    #[must_use]
    pub fn loader<L: Send + Sync + 'static>(&self, load: L) -> DataLoader<L> {
        let waiting = Arc::clone(&self.waiting);
        let collect = move |load| waiting.lock().unwrap_or_else(PoisonError::into_inner).push(load);
        DataLoader::new(load, collect).delay(Duration::ZERO)
    }

    /// Runs `execution`, and the loads whenever it can do no more without them.
    pub(crate) async fn run<T>(self, execution: impl Future<Output = T>) -> T {
        let mut execution = pin!(execution);
        let mut running = FuturesUnordered::new();
        let signal = Arc::new(Signal::default());
        let waker = Waker::from(Arc::clone(&signal));
        poll_fn(|cx| {
            signal.task.register(cx.waker());
            signal.is_raised.store(false, Ordering::Relaxed);
            if let Poll::Ready(done) = execution.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(done);
            }
            // It only paused, and has asked to be polled again: there may be more keys to come.
            if signal.is_raised.load(Ordering::Relaxed) {
                return Poll::Pending;
            }
            running.extend(self.take());
            while let Poll::Ready(Some(())) = Pin::new(&mut running).poll_next_unpin(cx) {}
            Poll::Pending
        })
        .await
    }

    fn take(&self) -> Vec<BoxFuture<'static, ()>> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}

/// Wakes the task of a request, and tells whether it was the execution that asked for it.
#[derive(Debug, Default)]
struct Signal {
    task: AtomicWaker,
    is_raised: AtomicBool,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_raised.store(true, Ordering::Relaxed);
        self.task.wake();
    }
}
