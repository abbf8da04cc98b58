//! Times as SpaceMaster writes them: `YYYY-MM-DD HH:MM:SS`, without a zone.

use chrono::{NaiveDate, NaiveDateTime};

const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// Reads a time; a `T` between date and time is understood too.
pub(crate) fn read(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(&text.replacen('T', " ", 1), FORMAT).ok()
}

/// Reads a date, or a time of which only the date counts.
pub(crate) fn read_date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().or_else(|| read(text).map(|time| time.date()))
}

/// Writes a time.
pub(crate) fn text(time: NaiveDateTime) -> String {
    time.format(FORMAT).to_string()
}

/// What of `[from, to)` none of the taken stretches covers, in order of time.
pub(crate) fn free(
    (from, to): (NaiveDateTime, NaiveDateTime),
    mut taken: Vec<(NaiveDateTime, NaiveDateTime)>,
) -> Vec<(NaiveDateTime, NaiveDateTime)> {
    taken.sort();
    let mut free = Vec::new();
    let mut begin = from;
    for (start, end) in taken.into_iter().filter(|(start, end)| *start < to && from < *end) {
        if start > begin {
            free.push((begin, start));
        }
        begin = begin.max(end);
    }
    if begin < to {
        free.push((begin, to));
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_the_round_trip() {
        assert_eq!(text(read("2026-12-31 19:00:00").unwrap()), "2026-12-31 19:00:00");
        assert_eq!(read("2026-12-31T19:00:00"), read("2026-12-31 19:00:00"));
        assert_eq!(read("2026-12-31"), None);
        assert_eq!(read_date("2026-12-31"), read_date("2026-12-31 19:00:00"));
        assert_eq!(read_date("soon"), None);
    }

    #[test]
    fn what_is_not_taken_is_free() {
        let at = |hour: u32| read(&format!("2026-12-31 {hour:02}:00:00")).unwrap();
        let taken = vec![(at(18), at(20)), (at(9), at(12)), (at(11), at(13))];
        assert_eq!(free((at(8), at(22)), taken), [(at(8), at(9)), (at(13), at(18)), (at(20), at(22))]);
        assert_eq!(free((at(9), at(10)), vec![(at(8), at(22))]), []);
    }
}
