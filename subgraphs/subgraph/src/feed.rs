//! What changed, for those who watch: the latest state of single things, whoever changed them.
//!
//! One task a process reads everything that is watched in one statement: at once when this process has committed something
//! ([`Feed::wake`]), and every so often for what other replicas commit, which share the database and nothing else. While
//! nobody watches it does nothing. A watcher sees the **latest** state after each change it can take in, not every state in
//! between; a state may be seen twice, none is kept back.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::error::Error;

/// Between two readings, however much is committed: a hot sale must not be read once for every ticket.
const BREATH: Duration = Duration::from_millis(25);

/// The things that are watched, each with its latest state.
#[derive(Debug)]
pub struct Feed<K, V> {
    watched: Mutex<HashMap<K, watch::Sender<Option<V>>>>,
    changed: Notify,
}

impl<K, V> Default for Feed<K, V> {
    fn default() -> Self {
        Self { watched: Mutex::default(), changed: Notify::new() }
    }
}

impl<K, V> Feed<K, V> {
    /// Something was committed here, perhaps to what is watched.
    pub fn wake(&self) {
        if !self.watched().is_empty() {
            self.changed.notify_one();
        }
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<K, watch::Sender<Option<V>>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Feed<K, V>
where
    K: Eq + Hash + Clone,
    V: PartialEq + Clone + Default,
{
    /// Watches `key` until the result is dropped. Its first state comes soon.
    pub fn watch(self: &Arc<Self>, key: K) -> Watch<K, V> {
        let mut changes =
            self.watched().entry(key.clone()).or_insert_with(|| watch::Sender::new(None)).subscribe();
        // What is known already is news to this one.
        changes.mark_changed();
        self.changed.notify_one();
        Watch { feed: Arc::clone(self), key, changes }
    }

    /// Reads what is watched with `load`, until `stop`. What `load` does not find has the default state.
    pub async fn run<L, Fut>(self: Arc<Self>, every: Duration, stop: CancellationToken, load: L)
    where
        L: Fn(Vec<K>) -> Fut,
        Fut: Future<Output = Result<HashMap<K, V>, Error>>,
    {
        let turns = async {
            loop {
                self.until_due(every).await;
                let breath = Instant::now() + BREATH;
                let keys: Vec<K> = self.watched().keys().cloned().collect();
                if keys.is_empty() {
                    continue;
                }
                match load(keys).await {
                    Ok(found) => self.publish(found),
                    Err(error) => tracing::warn!(%error, "what is watched could not be read; trying again"),
                }
                sleep_until(breath).await;
            }
        };
        stop.run_until_cancelled(turns).await;
    }

    async fn until_due(&self, every: Duration) {
        if self.watched().is_empty() {
            return self.changed.notified().await;
        }
        tokio::select! {
            () = self.changed.notified() => {}
            () = tokio::time::sleep(every) => {}
        }
    }

    fn publish(&self, mut found: HashMap<K, V>) {
        for (key, latest) in self.watched().iter() {
            let state = found.remove(key).unwrap_or_default();
            latest.send_if_modified(|known| {
                let is_news = known.as_ref() != Some(&state);
                if is_news {
                    *known = Some(state);
                }
                is_news
            });
        }
    }
}

/// Somebody who watches.
#[derive(Debug)]
pub struct Watch<K: Eq + Hash, V> {
    feed: Arc<Feed<K, V>>,
    key: K,
    changes: watch::Receiver<Option<V>>,
}

impl<K: Eq + Hash, V: Clone> Watch<K, V> {
    /// Waits for a state that this watcher has not seen; `None` never comes while the feed lives.
    pub async fn next(&mut self) -> Option<V> {
        loop {
            self.changes.changed().await.ok()?;
            let state = self.changes.borrow_and_update().clone();
            if state.is_some() {
                return state;
            }
        }
    }
}

impl<K: Eq + Hash, V> Drop for Watch<K, V> {
    fn drop(&mut self) {
        let mut watched = self.feed.watched();
        // Ours is still counted.
        if watched.get(&self.key).is_some_and(|latest| latest.receiver_count() <= 1) {
            watched.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A feed over numbers that a test sets, read once an hour or when woken.
    struct Rig {
        feed: Arc<Feed<&'static str, u32>>,
        number: Arc<AtomicU32>,
        readings: Arc<AtomicU32>,
        stop: CancellationToken,
    }

    impl Rig {
        fn new(every: Duration) -> Self {
            let rig = Self {
                feed: Arc::default(),
                number: Arc::new(AtomicU32::new(1)),
                readings: Arc::default(),
                stop: CancellationToken::new(),
            };
            let (number, readings) = (Arc::clone(&rig.number), Arc::clone(&rig.readings));
            let load = move |keys: Vec<&'static str>| {
                readings.fetch_add(1, Ordering::SeqCst);
                let state = number.load(Ordering::SeqCst);
                async move { Ok(keys.into_iter().map(|key| (key, state)).collect()) }
            };
            tokio::spawn(Arc::clone(&rig.feed).run(every, rig.stop.clone(), load));
            rig
        }

        fn set(&self, number: u32) {
            self.number.store(number, Ordering::SeqCst);
        }
    }

    impl Drop for Rig {
        fn drop(&mut self) {
            self.stop.cancel();
        }
    }

    const HOUR: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn a_watcher_sees_the_state_and_then_what_is_committed_here() {
        let rig = Rig::new(HOUR);
        let mut watch = rig.feed.watch("a");
        assert_eq!(watch.next().await, Some(1));
        rig.set(2);
        rig.feed.wake();
        assert_eq!(watch.next().await, Some(2));
    }

    #[tokio::test]
    async fn what_others_commit_is_seen_without_a_word() {
        let rig = Rig::new(Duration::from_millis(10));
        let mut watch = rig.feed.watch("a");
        assert_eq!(watch.next().await, Some(1));
        rig.set(2);
        assert_eq!(watch.next().await, Some(2));
    }

    #[tokio::test]
    async fn who_comes_later_sees_the_state_too() {
        let rig = Rig::new(HOUR);
        let mut first = rig.feed.watch("a");
        assert_eq!(first.next().await, Some(1));
        let mut second = rig.feed.watch("a");
        assert_eq!(second.next().await, Some(1));
    }

    #[tokio::test]
    async fn nobody_watches_and_nothing_is_read() {
        let rig = Rig::new(Duration::from_millis(1));
        let mut watch = rig.feed.watch("a");
        assert_eq!(watch.next().await, Some(1));
        drop(watch);
        assert!(rig.feed.watched().is_empty());
        rig.feed.wake();
        let mut again = rig.feed.watch("b");
        let before = rig.readings.load(Ordering::SeqCst);
        assert_eq!(again.next().await, Some(1));
        assert!(rig.readings.load(Ordering::SeqCst) <= before + 1);
    }
}
