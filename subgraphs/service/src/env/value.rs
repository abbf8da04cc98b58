//! The types a variable may have, and how each is written.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Secret;

/// A type that a variable may have.
pub trait FromEnv: Sized {
    /// Whether the given text must not be shown.
    const SECRET: bool = false;

    /// How a right value looks, for people.
    fn allowed() -> String;

    /// Reads the text of a variable.
    ///
    /// # Errors
    /// What is wrong with it, without repeating the text.
    fn from_env(text: &str) -> Result<Self, String>;
}

impl<T: FromEnv> FromEnv for Secret<T> {
    const SECRET: bool = true;

    fn allowed() -> String {
        T::allowed()
    }

    fn from_env(text: &str) -> Result<Self, String> {
        T::from_env(text).map(Self::new)
    }
}

impl FromEnv for String {
    fn allowed() -> String {
        "text".into()
    }

    fn from_env(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl FromEnv for PathBuf {
    fn allowed() -> String {
        "a path".into()
    }

    fn from_env(text: &str) -> Result<Self, String> {
        Ok(text.into())
    }
}

impl FromEnv for bool {
    fn allowed() -> String {
        "true, false".into()
    }

    fn from_env(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("is neither true nor false".into()),
        }
    }
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl FromEnv for $number {
            fn allowed() -> String {
                format!("a whole number from {} to {}", <$number>::MIN, <$number>::MAX)
            }

            fn from_env(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| "is not such a number".into())
            }
        }
    )*};
}
whole_numbers!(u16, u32, u64, usize, i64);

impl FromEnv for SocketAddr {
    fn allowed() -> String {
        "address:port, as 127.0.0.1:8004 or [::1]:8004".into()
    }

    fn from_env(text: &str) -> Result<Self, String> {
        let text =
            text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |p| format!("127.0.0.1:{p}"));
        text.parse().map_err(|_| "is not an address with a port".into())
    }
}

impl FromEnv for reqwest::Url {
    fn allowed() -> String {
        "an http:// URL without credentials".into()
    }

    fn from_env(text: &str) -> Result<Self, String> {
        let url = Self::parse(text).map_err(|error| format!("is not a URL ({error})"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err("is not an http URL".into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("carries credentials".into());
        }
        Ok(url)
    }
}

impl FromEnv for Duration {
    fn allowed() -> String {
        "a number with its unit: 250ms, 10s, 15m, 2h, 7d".into()
    }

    fn from_env(text: &str) -> Result<Self, String> {
        parse_duration(text).ok_or_else(|| "is not a duration with a unit".into())
    }
}

/// Reads a whole number with a unit (`ms`, `s`, `m`, `h`, `d`); a bare number is refused, because nobody can know
/// whether `15` meant seconds or minutes.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().ok()?;
    let seconds = |each: u64| number.checked_mul(each).map(Duration::from_secs);
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3_600),
        "d" => seconds(86_400),
        _ => None,
    }
}

/// An enum that is written as one of a few words. Implement it with [`choice`] and get [`FromEnv`] through a one-line
/// implementation.
pub trait Choice: Sized + Copy + 'static {
    /// Each word with what it means.
    const WORDS: &'static [(&'static str, Self)];
}

/// Reads a [`Choice`].
///
/// # Errors
/// When the text is none of the words.
pub fn choice<T: Choice>(text: &str) -> Result<T, String> {
    let found = T::WORDS.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| "is none of the words known here".into())
}

impl<T: Choice> FromEnv for T {
    fn allowed() -> String {
        T::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
    }

    fn from_env(text: &str) -> Result<Self, String> {
        choice(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_their_unit() {
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse_duration("15m"), Some(Duration::from_secs(900)));
        assert_eq!(parse_duration("7d"), Some(Duration::from_secs(604_800)));
        for bad in
            ["", "15", "m", "-1s", "1.5s", "15 m", "99999999999999999999s", "18446744073709551615d", "ß"]
        {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn urls_are_http_and_carry_no_credentials() {
        assert!(reqwest::Url::from_env("http://127.0.0.1:8004").is_ok());
        for bad in ["127.0.0.1:8004", "file:///etc/passwd", "http://a:b@host/", "", "http://"] {
            assert!(reqwest::Url::from_env(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn localhost_is_the_loopback_address() {
        assert_eq!(SocketAddr::from_env("localhost:80").unwrap().to_string(), "127.0.0.1:80");
    }
}
