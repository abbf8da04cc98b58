//! What a title and a description may be.

/// The longest title, in characters.
pub const TITLE_MAX: usize = 200;
/// The longest description, in characters.
pub const DESCRIPTION_MAX: usize = 10_000;

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but blanks.
    #[error("must not be empty")]
    Empty,
    /// Longer than it may be.
    #[error("must not be longer than {max} characters")]
    TooLong {
        /// How long it may be.
        max: usize,
    },
    /// A control character: a name is one line that every page can show.
    #[error("must not contain control characters")]
    Control,
}

/// A title without the blanks around it.
///
/// # Errors
/// When it is empty, too long, or more than one line.
pub fn title(text: &str) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    bounded(text, TITLE_MAX)
}

/// A description; an empty one is none.
///
/// # Errors
/// When it is too long or holds control characters other than tabs and line ends.
pub fn description(text: &str) -> Result<Option<String>, TextError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(TextError::Control);
    }
    bounded(text, DESCRIPTION_MAX).map(Some)
}

fn bounded(text: &str, max: usize) -> Result<String, TextError> {
    if text.chars().count() > max { Err(TextError::TooLong { max }) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_of_something() {
        let long = "x".repeat(TITLE_MAX + 1);
        let cases = [
            ("Konser Akbar", Ok("Konser Akbar")),
            ("  Konser  ", Ok("Konser")),
            ("コンサート 🎵", Ok("コンサート 🎵")),
            ("", Err(TextError::Empty)),
            (" \t ", Err(TextError::Empty)),
            ("a\nb", Err(TextError::Control)),
            ("a\0b", Err(TextError::Control)),
            (long.as_str(), Err(TextError::TooLong { max: TITLE_MAX })),
        ];
        for (text, expected) in cases {
            assert_eq!(title(text), expected.map(str::to_owned), "{text:?}");
        }
    }

    #[test]
    fn a_description_may_have_lines_and_may_be_absent() {
        assert_eq!(description("a\nb"), Ok(Some("a\nb".to_owned())));
        assert_eq!(description("  "), Ok(None));
        assert_eq!(description("a\0"), Err(TextError::Control));
        assert!(description(&"x".repeat(DESCRIPTION_MAX + 1)).is_err());
    }
}
