//! One request to a subgraph for everybody who asks the same of it at the same time.
//!
//! Shared are queries, between callers with the same credentials, while the request is under way; nothing is kept once it is answered.
//! What is joined must not be older than what its asker may know already: after every mutation all requests under way are forgotten,
//! so that a query which begins then is sent anew.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use executor::{SubgraphError, SubgraphResponse};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use http::HeaderValue;
use reqwest::Url;
use rustc_hash::FxHashMap;

/// What a subgraph answered, or why it did not.
pub(super) type Outcome = Result<SubgraphResponse, SubgraphError>;
/// A request under way.
pub(super) type Sent = Shared<BoxFuture<'static, Outcome>>;

/// How much sooner than its own time a request may be given up because of another's.
const SLACK: Duration = Duration::from_secs(1);

/// What makes two requests the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) url: Url,
    pub(super) body: Bytes,
    /// The caller, as far as a subgraph knows: requests differ in nothing else that an answer may depend on.
    pub(super) authorization: Option<HeaderValue>,
}

/// The requests under way.
#[derive(Debug, Default, Clone)]
pub struct InFlight(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    requests: FxHashMap<Question, Entry>,
    /// Numbers requests, so that one that ends removes itself and not a later one.
    last: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    sent: WeakShared<BoxFuture<'static, Outcome>>,
    /// When it is given up.
    until: Instant,
}

/// Takes a request off the list when it is answered, or when nobody waits for it any longer.
struct Listed {
    in_flight: InFlight,
    question: Question,
    number: u64,
}

impl InFlight {
    /// The request under way that asks `question` and may take until `until`; when there is none, the one that `send` makes. True beside one that was
    /// joined.
    pub(super) fn join(
        &self,
        question: Question,
        until: Instant,
        send: impl Future<Output = Outcome> + Send + 'static,
    ) -> (Sent, bool) {
        let mut state = self.state();
        let known = state.requests.get(&question).filter(|entry| entry.until + SLACK >= until);
        if let Some(sent) = known.and_then(|entry| entry.sent.upgrade())
            && sent.peek().is_none()
        {
            return (sent, true);
        }
        state.last += 1;
        let listed = Listed { in_flight: self.clone(), question: question.clone(), number: state.last };
        let sent = async move {
            let outcome = send.await;
            drop(listed);
            outcome
        };
        let sent = sent.boxed().shared();
        if let Some(weak) = sent.downgrade() {
            let number = state.last;
            state.requests.insert(question, Entry { number, sent: weak, until });
        }
        (sent, false)
    }

    /// Nobody joins what is under way now: something has been changed since it was asked.
    pub fn forget(&self) {
        self.state().requests.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing here panics halfway; and if it did, the worst is a request that is sent twice.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut state = self.in_flight.state();
        if state.requests.get(&self.question).is_some_and(|entry| entry.number == self.number) {
            state.requests.remove(&self.question);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::oneshot;

    fn question(body: &'static str, authorization: Option<&'static str>) -> Question {
        Question {
            url: Url::parse("http://a/graphql").unwrap(),
            body: Bytes::from_static(body.as_bytes()),
            authorization: authorization.map(HeaderValue::from_static),
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    async fn answered(answer: oneshot::Receiver<&'static str>) -> Outcome {
        let body = answer.await.map_err(|_| SubgraphError::Timeout)?;
        Ok(SubgraphResponse { status: 200, body: Bytes::from_static(body.as_bytes()) })
    }

    fn never() -> impl Future<Output = Outcome> + Send + 'static {
        std::future::pending()
    }

    #[tokio::test]
    async fn who_asks_the_same_at_the_same_time_gets_the_same_answer() {
        let (in_flight, (answer, answers)) = (InFlight::default(), oneshot::channel());
        let (first, joined) = in_flight.join(question("q", None), soon(), answered(answers));
        assert!(!joined);
        let (second, joined) = in_flight.join(question("q", None), soon(), never());
        assert!(joined);
        answer.send("one").unwrap();
        let (first, second) = tokio::join!(first, second);
        assert_eq!((first.unwrap().body, second.unwrap().body), ("one".into(), "one".into()));
        assert!(!in_flight.join(question("q", None), soon(), never()).1, "what is answered is not kept");
    }

    #[tokio::test]
    async fn other_questions_other_callers_and_other_times_are_not_shared() {
        let in_flight = InFlight::default();
        let _held = in_flight.join(question("q", Some("a")), soon(), never());
        assert!(!in_flight.join(question("r", Some("a")), soon(), never()).1);
        assert!(!in_flight.join(question("q", Some("b")), soon(), never()).1);
        assert!(!in_flight.join(question("q", None), soon(), never()).1);
        let later = soon() + Duration::from_secs(60);
        assert!(!in_flight.join(question("q", Some("a")), later, never()).1, "it would be given up too soon");
    }

    #[tokio::test]
    async fn after_a_change_nothing_older_is_joined() {
        let in_flight = InFlight::default();
        let (old, _) = in_flight.join(question("q", None), soon(), never());
        in_flight.forget();
        let (new, joined) = in_flight.join(question("q", None), soon(), never());
        assert!(!joined);
        drop(old);
        assert!(
            in_flight.join(question("q", None), soon(), never()).1,
            "the end of the old is not that of the new"
        );
        drop(new);
    }

    #[tokio::test]
    async fn a_request_goes_on_while_anybody_waits_and_ends_with_the_last() {
        struct Ends(Arc<AtomicUsize>);
        impl Drop for Ends {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let (in_flight, ended) = (InFlight::default(), Arc::new(AtomicUsize::new(0)));
        let ends = Ends(Arc::clone(&ended));
        let (first, _) = in_flight.join(question("q", None), soon(), async move {
            let _ends = ends;
            never().await
        });
        let (second, _) = in_flight.join(question("q", None), soon(), never());
        drop(first);
        assert_eq!(ended.load(Ordering::Relaxed), 0);
        drop(second);
        assert_eq!(ended.load(Ordering::Relaxed), 1);
        assert!(in_flight.state().requests.is_empty());
    }
}
