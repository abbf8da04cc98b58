//! Half-open stretches of time, `[start, end)`: two that only touch do not overlap, so events may follow each other back to back.

use std::fmt;

/// `[start, end)`, never empty and never backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval<T> {
    start: T,
    end: T,
}

/// The end is not after the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the end must be after the start")]
pub struct EmptyInterval;

impl<T: Copy + Ord> Interval<T> {
    /// The stretch from `start` up to, and without, `end`.
    ///
    /// # Errors
    /// [`EmptyInterval`] unless `end` is after `start`.
    pub fn new(start: T, end: T) -> Result<Self, EmptyInterval> {
        if end > start { Ok(Self { start, end }) } else { Err(EmptyInterval) }
    }

    /// Its first moment.
    pub const fn start(&self) -> T {
        self.start
    }

    /// The first moment after it.
    pub const fn end(&self) -> T {
        self.end
    }

    /// Whether the two share a moment.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// What of `self` none of `others` covers, in order of time. `others` may overlap, touch and come in any order.
    #[must_use]
    pub fn without(&self, others: &[Self]) -> Vec<Self> {
        let mut covers: Vec<_> = others.iter().filter(|other| self.overlaps(other)).collect();
        covers.sort();
        let mut gaps = Vec::new();
        let mut from = self.start;
        for cover in covers {
            gaps.extend(Self::new(from, cover.start).ok());
            from = from.max(cover.end);
        }
        gaps.extend(Self::new(from, self.end).ok());
        gaps
    }
}

impl<T: fmt::Display> fmt::Display for Interval<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} – {}", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: i32, end: i32) -> Interval<i32> {
        Interval::new(start, end).unwrap()
    }

    #[test]
    fn an_interval_has_a_length() {
        assert_eq!(Interval::new(3, 3), Err(EmptyInterval));
        assert_eq!(Interval::new(3, 2), Err(EmptyInterval));
        assert!(Interval::new(2, 3).is_ok());
    }

    #[test]
    fn touching_is_not_overlapping() {
        let cases = [
            ((1, 3), (3, 5), false),
            ((3, 5), (1, 3), false),
            ((1, 4), (3, 5), true),
            ((1, 9), (3, 5), true),
            ((3, 5), (1, 9), true),
            ((3, 5), (3, 5), true),
            ((1, 2), (8, 9), false),
        ];
        for ((a, b), (c, d), expected) in cases {
            assert_eq!(span(a, b).overlaps(&span(c, d)), expected, "[{a},{b}) and [{c},{d})");
        }
    }

    #[test]
    fn what_others_do_not_cover_is_left_in_order() {
        let whole = span(10, 20);
        type Spans = &'static [(i32, i32)];
        let cases: [(Spans, Spans); 8] = [
            (&[], &[(10, 20)]),
            (&[(10, 20)], &[]),
            (&[(0, 30)], &[]),
            (&[(0, 10), (20, 30)], &[(10, 20)]),
            (&[(5, 12)], &[(12, 20)]),
            (&[(18, 25)], &[(10, 18)]),
            (&[(15, 16), (12, 13)], &[(10, 12), (13, 15), (16, 20)]),
            (&[(11, 15), (12, 13), (14, 18)], &[(10, 11), (18, 20)]),
        ];
        for (others, expected) in cases {
            let others: Vec<_> = others.iter().map(|&(a, b)| span(a, b)).collect();
            let expected: Vec<_> = expected.iter().map(|&(a, b)| span(a, b)).collect();
            assert_eq!(whole.without(&others), expected, "without {others:?}");
        }
    }
}
