//! Times as people write them: with an offset, or by the clock on the venue's wall.
//!
//! A time without an offset means the venue's IANA zone. A wall time that the zone skips (clocks going forward) is refused, one that it has
//! twice (clocks going back) needs an offset to say which. Whole seconds only: the room scheduler knows nothing finer.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::interval::{EmptyInterval, Interval};

/// How times are written towards legacy clients and the room scheduler.
const WALL_FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// The years a time may fall into: what every database and every client can hold.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9998;

/// Why a text is not a time at the venue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// It is none of the accepted forms.
    #[error("must be a time such as 2026-12-31T19:00:00, with or without an offset, or a date")]
    Malformed,
    /// It has a fraction of a second.
    #[error("must be in whole seconds")]
    Fraction,
    /// The venue's clock never shows it.
    #[error("does not exist in {zone}: the clocks go forward over it")]
    Gap {
        /// The venue's zone.
        zone: Tz,
    },
    /// The venue's clock shows it twice.
    #[error("happens twice in {zone}, where the clocks go back over it: give an offset")]
    Overlap {
        /// The venue's zone.
        zone: Tz,
    },
}

/// One moment, as an instant and on the venue's wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueTime {
    /// The instant.
    pub instant: DateTime<Utc>,
    /// What the clock on the venue's wall shows.
    pub wall: NaiveDateTime,
}

/// What a client wrote, not yet placed in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Absolute(DateTime<FixedOffset>),
    Wall(NaiveDateTime),
}

/// Places `text` in `zone`.
///
/// # Errors
/// One variant of [`TimeError`] for each way in which it is no time there.
pub fn parse(text: &str, zone: Tz) -> Result<VenueTime, TimeError> {
    match read(text)? {
        Written::Absolute(instant) => Ok(at_instant(instant.to_utc(), zone)),
        Written::Wall(wall) => at_wall(wall, zone),
    }
}

/// The venue's clock at `instant`.
#[must_use]
pub fn at_instant(instant: DateTime<Utc>, zone: Tz) -> VenueTime {
    VenueTime { instant, wall: instant.with_timezone(&zone).naive_local() }
}

/// The instant at which the venue's clock shows `wall`.
///
/// # Errors
/// [`TimeError::Gap`] when it never does, [`TimeError::Overlap`] when it does twice.
pub fn at_wall(wall: NaiveDateTime, zone: Tz) -> Result<VenueTime, TimeError> {
    match zone.from_local_datetime(&wall) {
        chrono::LocalResult::Single(instant) => Ok(VenueTime { instant: instant.to_utc(), wall }),
        chrono::LocalResult::Ambiguous(..) => Err(TimeError::Overlap { zone }),
        chrono::LocalResult::None => Err(TimeError::Gap { zone }),
    }
}

fn read(text: &str) -> Result<Written, TimeError> {
    let written = read_any(text).ok_or(TimeError::Malformed)?;
    let (year, nanosecond) = match written {
        Written::Absolute(at) => (at.year(), at.nanosecond()),
        Written::Wall(at) => (at.year(), at.nanosecond()),
    };
    if !YEARS.contains(&year) {
        return Err(TimeError::Malformed);
    }
    // Chrono counts a leap second as a nanosecond beyond a whole second: it is refused by the same line.
    if nanosecond == 0 { Ok(written) } else { Err(TimeError::Fraction) }
}

fn read_any(text: &str) -> Option<Written> {
    if !text.is_ascii() || text.len() > 40 || !starts_with_date(text) {
        return None;
    }
    if text.len() == 10 {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        return Some(Written::Wall(date.and_time(NaiveTime::MIN)));
    }
    let text = text.replacen(' ', "T", 1);
    let (clock, offset) = split_offset(&text);
    let wall = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(clock, format).ok())?;
    match offset {
        None => Some(Written::Wall(wall)),
        Some(offset) => {
            let offset: FixedOffset = if offset == "Z" { "+00:00" } else { offset }.parse().ok()?;
            offset.from_local_datetime(&wall).single().map(Written::Absolute)
        }
    }
}

/// Chrono reads `26-1-1` and `+2026-…` too; a date here is ten characters, digits and hyphens.
fn starts_with_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// The part after the clock: `Z`, `+07:00` or `-03:30`.
fn split_offset(text: &str) -> (&str, Option<&str>) {
    if let Some(clock) = text.strip_suffix('Z') {
        return (clock, Some("Z"));
    }
    match text[10..].find(['+', '-']) {
        Some(at) => (&text[..10 + at], Some(&text[10 + at..])),
        None => (text, None),
    }
}

/// As legacy clients and the room scheduler write it: `YYYY-MM-DD HH:MM:SS`.
#[must_use]
pub fn wall_text(wall: NaiveDateTime) -> String {
    wall.format(WALL_FORMAT).to_string()
}

/// The other way round of [`wall_text`]; the scheduler's answers may also carry a `T`.
#[must_use]
pub fn read_wall(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(&text.replacen('T', " ", 1), WALL_FORMAT).ok()
}

/// RFC 3339 with the offset that `zone` has at `instant`.
#[must_use]
pub fn rfc3339(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

/// A stretch of time at one venue: the same `[start, end)` on the line of instants and on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// On the line of instants, by which claims are compared.
    pub instants: Interval<DateTime<Utc>>,
    /// On the venue's wall, as the scheduler is told.
    pub wall: Interval<NaiveDateTime>,
    /// The venue's zone.
    pub zone: Tz,
}

impl Slot {
    /// The slot from `start` to `end`.
    ///
    /// # Errors
    /// When it is empty, or when the clocks go back in it so far that its end reads earlier than its beginning: the scheduler, which knows
    /// wall clocks only, could not hold it.
    pub fn new(start: VenueTime, end: VenueTime, zone: Tz) -> Result<Self, EmptyInterval> {
        Ok(Self {
            instants: Interval::new(start.instant, end.instant)?,
            wall: Interval::new(start.wall, end.wall)?,
            zone,
        })
    }

    /// The slot between two texts of a client.
    ///
    /// # Errors
    /// The name of the input that is wrong, and why.
    pub fn parse(start: &str, end: &str, zone: Tz) -> Result<Self, SlotError> {
        let start = parse(start, zone).map_err(|cause| SlotError::Time { field: "startTime", cause })?;
        let end = parse(end, zone).map_err(|cause| SlotError::Time { field: "endTime", cause })?;
        Self::new(start, end, zone).map_err(|EmptyInterval| SlotError::Empty)
    }
}

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} – {} ({})", wall_text(self.wall.start()), wall_text(self.wall.end()), self.zone)
    }
}

/// Why two texts are no slot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// One of the two is no time.
    #[error("{field} {cause}")]
    Time {
        /// Which one.
        field: &'static str,
        /// Why not.
        cause: TimeError,
    },
    /// The end is not after the start.
    #[error("endTime must be after startTime")]
    Empty,
}

#[cfg(test)]
mod tests {
    use super::*;

    const JAKARTA: Tz = Tz::Asia__Jakarta;
    const BERLIN: Tz = Tz::Europe__Berlin;

    /// What a client writes, in which zone, and the instant and wall clock it means there.
    #[test]
    fn a_time_is_read_as_it_is_written() {
        let cases = [
            ("2026-12-31T19:00:00", JAKARTA, "2026-12-31T12:00:00+00:00", "2026-12-31 19:00:00"),
            ("2026-12-31 19:00:00", JAKARTA, "2026-12-31T12:00:00+00:00", "2026-12-31 19:00:00"),
            ("2026-12-31T19:00", JAKARTA, "2026-12-31T12:00:00+00:00", "2026-12-31 19:00:00"),
            ("2026-12-31T19:00:00.000", JAKARTA, "2026-12-31T12:00:00+00:00", "2026-12-31 19:00:00"),
            ("2026-12-31", JAKARTA, "2026-12-30T17:00:00+00:00", "2026-12-31 00:00:00"),
            ("2026-12-31T12:00:00Z", JAKARTA, "2026-12-31T12:00:00+00:00", "2026-12-31 19:00:00"),
            ("2026-12-31T12:00:00.000Z", JAKARTA, "2026-12-31T12:00:00+00:00", "2026-12-31 19:00:00"),
            ("2026-12-31T13:00:00+01:00", JAKARTA, "2026-12-31T12:00:00+00:00", "2026-12-31 19:00:00"),
            ("2026-12-31T08:30:00-03:30", JAKARTA, "2026-12-31T12:00:00+00:00", "2026-12-31 19:00:00"),
            ("2026-07-01T20:00:00", BERLIN, "2026-07-01T18:00:00+00:00", "2026-07-01 20:00:00"),
            ("2026-12-01T20:00:00", BERLIN, "2026-12-01T19:00:00+00:00", "2026-12-01 20:00:00"),
            ("2028-02-29", JAKARTA, "2028-02-28T17:00:00+00:00", "2028-02-29 00:00:00"),
            // The hour that happens twice, said once each way.
            ("2026-10-25T02:30:00+02:00", BERLIN, "2026-10-25T00:30:00+00:00", "2026-10-25 02:30:00"),
            ("2026-10-25T02:30:00+01:00", BERLIN, "2026-10-25T01:30:00+00:00", "2026-10-25 02:30:00"),
            // The hour that is skipped, said by an instant within it.
            ("2026-03-29T01:30:00Z", BERLIN, "2026-03-29T01:30:00+00:00", "2026-03-29 03:30:00"),
        ];
        for (text, zone, instant, wall) in cases {
            let time = parse(text, zone).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(time.instant.to_rfc3339(), instant, "{text}");
            assert_eq!(wall_text(time.wall), wall, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let malformed = [
            "",
            " ",
            "tomorrow",
            "2026",
            "2026-12",
            "2026-12-32",
            "2026-13-01",
            "2027-02-29",
            "26-12-31",
            "31-12-2026",
            "2026-12-31T",
            "2026-12-31T25:00:00",
            "2026-12-31T19:60:00",
            "2026-12-31T19:00:00+",
            "2026-12-31T19:00:00+99:00",
            "2026-12-31T19:00:00 Asia/Jakarta",
            "2026-12-31T19:00:00ZZ",
            "2026-12-31Z",
            "+2026-12-31T19:00:00",
            " 2026-12-31",
            "2026-12-31T19",
            "1798718400",
            "٢٠٢٦-12-31",
            "9999-12-31T00:00:00",
            "0001-01-01T00:00:00",
            "2026-12-31T19:00:00+07:00Z",
            "2026-12-31T19:00:00é",
            "2026/12/31 19:00:00",
            "2026-12-31T7:00 PM",
        ];
        for text in malformed {
            assert_eq!(parse(text, JAKARTA), Err(TimeError::Malformed), "{text:?}");
        }
        for text in ["2026-12-31T19:00:00.5", "2026-12-31T19:00:00.000000001Z", "2026-12-31T23:59:60"] {
            assert_eq!(parse(text, JAKARTA), Err(TimeError::Fraction), "{text:?}");
        }
    }

    #[test]
    fn a_skipped_hour_is_refused_and_a_doubled_one_needs_an_offset() {
        assert_eq!(parse("2026-03-29T02:30:00", BERLIN), Err(TimeError::Gap { zone: BERLIN }));
        assert_eq!(parse("2026-10-25T02:30:00", BERLIN), Err(TimeError::Overlap { zone: BERLIN }));
    }

    #[test]
    fn answers_carry_the_offset_of_their_day() {
        let summer = parse("2026-07-01T20:00:00", BERLIN).unwrap();
        let winter = parse("2026-12-01T20:00:00", BERLIN).unwrap();
        assert_eq!(rfc3339(summer.instant, BERLIN), "2026-07-01T20:00:00+02:00");
        assert_eq!(rfc3339(winter.instant, BERLIN), "2026-12-01T20:00:00+01:00");
    }

    #[test]
    fn a_slot_ends_after_it_begins_on_both_clocks() {
        let cases = [
            ("2026-12-31T19:00:00", "2026-12-31T23:59:00", true),
            ("2026-12-31T19:00:00", "2026-12-31T19:00:00", false),
            ("2026-12-31T19:00:00", "2026-12-31T18:00:00", false),
            // Two and a half hours by the sun, forty minutes backwards on the wall.
            ("2026-10-25T02:50:00+02:00", "2026-10-25T02:10:00+01:00", false),
        ];
        for (start, end, expected) in cases {
            assert_eq!(Slot::parse(start, end, BERLIN).is_ok(), expected, "{start} to {end}");
        }
    }

    #[test]
    fn a_slot_names_the_field_that_is_wrong() {
        let error = Slot::parse("2026-12-31T19:00:00", "later", JAKARTA).unwrap_err();
        assert_eq!(error, SlotError::Time { field: "endTime", cause: TimeError::Malformed });
    }

    #[test]
    fn the_scheduler_s_times_are_read_back() {
        let wall = parse("2026-12-31T19:00:00", JAKARTA).unwrap().wall;
        assert_eq!(read_wall(&wall_text(wall)), Some(wall));
        assert_eq!(read_wall("2026-12-31T19:00:00"), Some(wall));
        assert_eq!(read_wall("soon"), None);
    }
}
