//! What a setting's text may look like, and the typed value behind it. Durations and sizes carry their unit.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;

/// How the text of a setting is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A file or folder.
    Path,
    /// `http://host[:port][/path]`.
    Url,
    /// `host:port`.
    Address,
    /// `true` or `false`.
    Boolean,
    /// A whole number, zero or more.
    Integer,
    /// A number and a unit: `500ms`, `10s`, `2m`, `1h`.
    Duration,
    /// A number and a unit: `512B`, `64KiB`, `1MiB`.
    Size,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Several texts; in one line they are separated by commas.
    List,
    /// Several IP addresses or networks.
    Networks,
}

impl Kind {
    /// What is allowed, for people.
    pub fn describe(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Url => "a URL, http://host[:port][/path]".to_owned(),
            Self::Address => "host:port".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Integer => "a whole number, zero or more".to_owned(),
            Self::Duration => "a duration with its unit: 500ms, 10s, 2m, 1h".to_owned(),
            Self::Size => "a size with its unit: 512B, 64KiB, 1MiB".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::List => "a list".to_owned(),
            Self::Networks => "a list of IP addresses and networks: 192.0.2.7, 10.0.0.0/8".to_owned(),
        }
    }

    /// Reads `raw`; `None` when it is not of this kind.
    pub fn read(self, raw: &Raw) -> Option<Value> {
        match (self, raw) {
            (Self::List, raw) => Some(Value::List(raw.items())),
            (Self::Networks, raw) => read_networks(&raw.items()).map(Value::Networks),
            (_, Raw::List(_)) => None,
            (kind, Raw::Scalar(text)) => kind.read_text(text),
        }
    }

    fn read_text(self, text: &str) -> Option<Value> {
        match self {
            Self::Text | Self::List | Self::Networks => Some(Value::Text(text.to_owned())),
            Self::Path => (!text.is_empty()).then(|| Value::Path(PathBuf::from(text))),
            Self::Url => is_url(text).then(|| Value::Text(text.trim_end_matches('/').to_owned())),
            Self::Address => is_address(text).then(|| Value::Text(text.to_owned())),
            Self::Boolean => text.parse().ok().map(Value::Boolean),
            Self::Integer => text.parse().ok().map(Value::Integer),
            Self::Duration => read_duration(text).map(Value::Duration),
            Self::Size => read_size(text).map(Value::Size),
            Self::OneOf(words) => words.contains(&text).then(|| Value::Text(text.to_owned())),
        }
    }
}

/// A setting as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// One text.
    Scalar(String),
    /// Several.
    List(Vec<String>),
}

impl Raw {
    fn items(&self) -> Vec<String> {
        match self {
            Self::List(items) => items.clone(),
            Self::Scalar(text) => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
            }
        }
    }
}

impl std::fmt::Display for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Scalar(text) => f.write_str(text),
            Self::List(items) => write!(f, "[{}]", items.join(", ")),
        }
    }
}

/// A setting as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text, a word, an address or a URL (without a trailing `/`).
    Text(String),
    /// A path.
    Path(PathBuf),
    /// A truth value.
    Boolean(bool),
    /// A number.
    Integer(u64),
    /// A time span.
    Duration(Duration),
    /// Bytes.
    Size(usize),
    /// Several texts.
    List(Vec<String>),
    /// Several networks; a single address is one too.
    Networks(Vec<IpNet>),
}

/// Rust types that a [`Value`] becomes.
pub trait FromValue: Sized {
    /// The Rust value; `None` when the setting is of another kind.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($ty:ty: $pattern:pat => $out:expr;)*) => {
        $(impl FromValue for $ty {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    $pattern => Some($out),
                    _ => None,
                }
            }
        })*
    };
}

from_value! {
    String: Value::Text(text) => text.clone();
    PathBuf: Value::Path(path) => path.clone();
    bool: Value::Boolean(flag) => *flag;
    u64: Value::Integer(number) => *number;
    Duration: Value::Duration(span) => *span;
    usize: Value::Size(bytes) => *bytes;
    Vec<String>: Value::List(items) => items.clone();
    Vec<IpNet>: Value::Networks(networks) => networks.clone();
}

fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// Splits `10s` into its number and its unit.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    Some((number.parse().ok()?, unit.trim_start()))
}

fn read_duration(text: &str) -> Option<Duration> {
    let (number, unit) = number_and_unit(text)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(milliseconds)?))
}

fn read_size(text: &str) -> Option<usize> {
    let (number, unit) = number_and_unit(text)?;
    let bytes: u64 = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    usize::try_from(number.checked_mul(bytes)?).ok()
}

fn read_networks(items: &[String]) -> Option<Vec<IpNet>> {
    items.iter().map(|item| item.parse().ok().or_else(|| Some(item.parse::<IpAddr>().ok()?.into()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, text: &str) -> Option<Value> {
        kind.read(&Raw::Scalar(text.to_owned()))
    }

    #[test]
    fn durations_and_sizes_need_a_unit_and_do_not_overflow() {
        assert_eq!(read(Kind::Duration, "2m"), Some(Value::Duration(Duration::from_secs(120))));
        assert_eq!(read(Kind::Duration, "250ms"), Some(Value::Duration(Duration::from_millis(250))));
        assert_eq!(read(Kind::Size, "64KiB"), Some(Value::Size(65_536)));
        for bad in ["10", "10 parsecs", "s", "", "-1s", "99999999999999999999s", "18446744073709551615h"] {
            assert_eq!(read(Kind::Duration, bad), None, "{bad}");
        }
        assert_eq!(read(Kind::Size, "1MB"), None);
    }

    #[test]
    fn urls_addresses_and_words_are_checked() {
        assert_eq!(read(Kind::Url, "http://a:1/"), Some(Value::Text("http://a:1".to_owned())));
        for bad in ["ftp://a", "a:1", "/graphql", "http://"] {
            assert_eq!(read(Kind::Url, bad), None, "{bad}");
        }
        assert!(read(Kind::Address, "[::1]:8090").is_some());
        assert!(read(Kind::Address, "8090").is_none());
        assert!(read(Kind::Address, "host:70000").is_none());
        assert!(read(Kind::OneOf(&["auto", "off"]), "on").is_none());
    }

    #[test]
    fn a_list_is_a_sequence_or_one_line_with_commas() {
        let items = Some(Value::List(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(read(Kind::List, "a, b,"), items);
        assert_eq!(Kind::List.read(&Raw::List(vec!["a".to_owned(), "b".to_owned()])), items);
        assert_eq!(Kind::Text.read(&Raw::List(vec![])), None);
    }

    #[test]
    fn a_network_is_an_address_or_a_range_of_them() {
        let networks = ["192.0.2.7/32", "10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        let written = "192.0.2.7, 10.0.0.0/8, fd00::/8";
        assert_eq!(read(Kind::Networks, written), Some(Value::Networks(networks.to_vec())));
        for bad in ["proxy.example", "10.0.0.0/33", "10.0.0.0/8, x", "10.0.0.*"] {
            assert_eq!(read(Kind::Networks, bad), None, "{bad}");
        }
    }
}
