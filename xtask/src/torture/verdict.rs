//! Whether what people were told is what is there.

use std::collections::{BTreeMap, BTreeSet};

use super::told::Facts;

/// The bookings of each user at rest, with their status.
pub(super) type Rows = BTreeMap<String, BTreeMap<String, String>>;

/// Everything that is wrong, in words.
pub(super) fn wrong(told: &Facts, rows: &Rows) -> Vec<String> {
    let all = by_id(rows);
    let mut wrong = Vec::new();
    wrong.extend(lost_payments(told, &all));
    wrong.extend(lost_cancellations(told, &all));
    wrong.extend(keys_with_two_bookings(told));
    wrong.extend(bookings_that_nobody_made(told, &all));
    wrong.extend(admitted_twice(told));
    if told.called_off {
        let open = all.iter().filter(|(_, status)| **status != "CANCELLED");
        wrong.extend(
            open.map(|(id, status)| format!("booking {id} is {status}, and its event was called off")),
        );
    }
    wrong
}

fn by_id(rows: &Rows) -> BTreeMap<&str, &str> {
    rows.values().flatten().map(|(id, status)| (id.as_str(), status.as_str())).collect()
}

fn lost_payments(told: &Facts, all: &BTreeMap<&str, &str>) -> Vec<String> {
    let lost = told.paid.iter().filter(|id| match all.get(id.as_str()) {
        Some(&"PAID") => false,
        Some(&"CANCELLED") => !told.called_off && !told.taken_back.contains(*id),
        _ => true,
    });
    lost.map(|id| format!("booking {id} was told PAID, and is {:?}", all.get(id.as_str()))).collect()
}

fn lost_cancellations(told: &Facts, all: &BTreeMap<&str, &str>) -> Vec<String> {
    let lost = told.cancelled.iter().filter(|id| all.get(id.as_str()) != Some(&"CANCELLED"));
    lost.map(|id| format!("booking {id} was told CANCELLED, and is {:?}", all.get(id.as_str()))).collect()
}

fn keys_with_two_bookings(told: &Facts) -> Vec<String> {
    let twice = told.by_key.iter().filter(|(_, ids)| ids.len() > 1);
    twice.map(|(key, ids)| format!("key {key} was answered with several bookings: {ids:?}")).collect()
}

/// A request that nobody was told the end of may have made a booking; any other booking was asked for.
fn bookings_that_nobody_made(told: &Facts, all: &BTreeMap<&str, &str>) -> Option<String> {
    let known: BTreeSet<&str> = told.by_key.values().flatten().map(String::as_str).collect();
    let unknown: Vec<&&str> = all.keys().filter(|id| !known.contains(**id)).collect();
    // A refusal too is an answer that may come after the booking has lapsed: such a booking is over and never was paid.
    let live = unknown.iter().filter(|id| all.get(**id) == Some(&"PAID")).count();
    (live > told.unanswered.len()).then(|| {
        format!(
            "{live} PAID bookings that nobody was told of, and {} requests without an answer",
            told.unanswered.len()
        )
    })
}

fn admitted_twice(told: &Facts) -> Vec<String> {
    let twice = told.admitted.iter().filter(|(_, times)| **times > 1);
    twice.map(|(code, times)| format!("the ticket {code} let somebody in {times} times")).collect()
}

/// What webhooks told, each a kind and a booking, and is not so. A booking that was PAID may have been cancelled since.
pub(super) fn false_news(told: &Facts, rows: &Rows, news: &[(String, String)]) -> Vec<String> {
    let all = by_id(rows);
    let is_so = |kind: &str, id: &String| match (kind, all.get(id.as_str())) {
        ("booking.paid", Some(&"PAID")) | ("booking.cancelled", Some(&"CANCELLED")) => true,
        ("booking.paid", Some(&"CANCELLED")) => told.called_off || told.taken_back.contains(id),
        _ => false,
    };
    let wrong = news.iter().filter(|(kind, id)| !is_so(kind, id));
    wrong
        .map(|(kind, id)| format!("{kind} was told of booking {id}, which is {:?}", all.get(id.as_str())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(status: &str) -> Rows {
        [("u".to_owned(), [("b".to_owned(), status.to_owned())].into())].into()
    }

    fn told() -> Facts {
        let by_key = [("k".to_owned(), ["b".to_owned()].into())].into();
        Facts { by_key, ..Facts::default() }
    }

    #[test]
    fn what_was_told_is_what_is_there() {
        let paid = Facts { paid: ["b".to_owned()].into(), ..told() };
        assert!(wrong(&paid, &rows("PAID")).is_empty());
        assert_eq!(wrong(&paid, &rows("CANCELLED")).len(), 1);
        assert_eq!(wrong(&paid, &Rows::new()).len(), 1);
        let taken_back = Facts { taken_back: ["b".to_owned()].into(), ..paid };
        assert!(wrong(&taken_back, &rows("CANCELLED")).is_empty());
    }

    #[test]
    fn news_that_are_not_so_are_found() {
        let news = |kind: &str| vec![(format!("booking.{kind}"), "b".to_owned())];
        for (kind, status, is_so) in [
            ("paid", "PAID", true),
            ("cancelled", "CANCELLED", true),
            ("paid", "CANCELLED", false),
            ("cancelled", "PAID", false),
        ] {
            assert_eq!(false_news(&told(), &rows(status), &news(kind)).is_empty(), is_so, "{kind} {status}");
        }
        let taken_back = Facts { taken_back: ["b".to_owned()].into(), ..told() };
        assert!(false_news(&taken_back, &rows("CANCELLED"), &news("paid")).is_empty());
        assert_eq!(
            false_news(&told(), &Rows::new(), &news("paid")).len(),
            1,
            "of a booking that there is not"
        );
    }

    #[test]
    fn every_kind_of_lie_is_found() {
        let cancelled = Facts { cancelled: ["b".to_owned()].into(), ..told() };
        assert_eq!(wrong(&cancelled, &rows("PAID")).len(), 1);
        let called_off = Facts { called_off: true, ..told() };
        assert_eq!(wrong(&called_off, &rows("PAID")).len(), 1);
        let two = [("k".to_owned(), ["b".to_owned(), "c".to_owned()].into())].into();
        assert_eq!(wrong(&Facts { by_key: two, ..Facts::default() }, &rows("PAID")).len(), 1);
        assert_eq!(wrong(&Facts::default(), &rows("PAID")).len(), 1);
        let twice = Facts { admitted: [("code".to_owned(), 2)].into(), ..told() };
        assert_eq!(wrong(&twice, &rows("PAID")).len(), 1);
    }
}
