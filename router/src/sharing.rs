//! One answer for everybody who asks the same at the same time: of the router (a whole operation), or of a subgraph (a fetch).
//!
//! Shared are queries, between callers with the same credentials, while they are under way; nothing is kept once it is answered.
//! What is joined must not be older than what its asker may know already: after every mutation all that is under way is forgotten,
//! so that a query which begins then is asked anew.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

/// How much sooner than its own time a request may be given up because of another's.
const SLACK: Duration = Duration::from_secs(1);

/// The requests under way: `Q` is all that their answers `A` may depend on.
#[derive(Debug)]
pub struct InFlight<Q, A: Clone>(Arc<Mutex<State<Q, A>>>);

#[derive(Debug)]
struct State<Q, A: Clone> {
    /// Questions are users' data, so the hash is seeded.
    requests: HashMap<Q, Entry<A>, foldhash::fast::RandomState>,
    /// Numbers requests, so that one that ends removes itself and not a later one.
    last: u64,
}

#[derive(Debug)]
struct Entry<A: Clone> {
    number: u64,
    sent: WeakShared<BoxFuture<'static, A>>,
    /// When it is given up.
    until: Instant,
}

/// Takes a request off the list when it is answered, or when nobody waits for it any longer.
struct Listed<Q: Eq + Hash, A: Clone> {
    in_flight: InFlight<Q, A>,
    question: Q,
    number: u64,
}

impl<Q, A: Clone> Clone for InFlight<Q, A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Q, A: Clone> Default for InFlight<Q, A> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { requests: HashMap::default(), last: 0 })))
    }
}

impl<Q: Clone + Eq + Hash + Send + 'static, A: Clone + Send + Sync + 'static> InFlight<Q, A> {
    /// The request under way that asks `question` and may take until `until`; when there is none, the one that `send` makes. True beside one that was
    /// joined.
    pub(crate) fn join(
        &self,
        question: Q,
        until: Instant,
        send: impl Future<Output = A> + Send + 'static,
    ) -> (Shared<BoxFuture<'static, A>>, bool) {
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
            let answer = send.await;
            drop(listed);
            answer
        };
        let sent = sent.boxed().shared();
        if let Some(weak) = sent.downgrade() {
            let number = state.last;
            state.requests.insert(question, Entry { number, sent: weak, until });
        }
        (sent, false)
    }
}

impl<Q, A: Clone> InFlight<Q, A> {
    /// Nobody joins what is under way now: something has been changed since it was asked.
    pub fn forget(&self) {
        self.state().requests.clear();
    }

    fn state(&self) -> MutexGuard<'_, State<Q, A>> {
        // Nothing here panics halfway; and if it did, the worst is a request that is sent twice.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q: Eq + Hash, A: Clone> Drop for Listed<Q, A> {
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

    type Question = (&'static str, Option<&'static str>);
    type Outcome = Result<&'static str, &'static str>;

    fn question(body: &'static str, caller: Option<&'static str>) -> Question {
        (body, caller)
    }

    fn in_flight() -> InFlight<Question, Outcome> {
        InFlight::default()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    async fn answered(answer: oneshot::Receiver<&'static str>) -> Outcome {
        answer.await.map_err(|_| "no answer")
    }

    fn never() -> impl Future<Output = Outcome> + Send + 'static {
        std::future::pending()
    }

    #[tokio::test]
    async fn who_asks_the_same_at_the_same_time_gets_the_same_answer() {
        let (in_flight, (answer, answers)) = (in_flight(), oneshot::channel());
        let (first, joined) = in_flight.join(question("q", None), soon(), answered(answers));
        assert!(!joined);
        let (second, joined) = in_flight.join(question("q", None), soon(), never());
        assert!(joined);
        answer.send("one").unwrap();
        let (first, second) = tokio::join!(first, second);
        assert_eq!((first, second), (Ok("one"), Ok("one")));
        assert!(!in_flight.join(question("q", None), soon(), never()).1, "what is answered is not kept");
    }

    #[tokio::test]
    async fn other_questions_other_callers_and_other_times_are_not_shared() {
        let in_flight = in_flight();
        let _held = in_flight.join(question("q", Some("a")), soon(), never());
        assert!(!in_flight.join(question("r", Some("a")), soon(), never()).1);
        assert!(!in_flight.join(question("q", Some("b")), soon(), never()).1);
        assert!(!in_flight.join(question("q", None), soon(), never()).1);
        let later = soon() + Duration::from_secs(60);
        assert!(!in_flight.join(question("q", Some("a")), later, never()).1, "it would be given up too soon");
    }

    #[tokio::test]
    async fn after_a_change_nothing_older_is_joined() {
        let in_flight = in_flight();
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
        let (in_flight, ended) = (in_flight(), Arc::new(AtomicUsize::new(0)));
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
