//! What we take for an e-mail address, and when two are the same.
//!
//! The addresses people really have: the dot-atom form of RFC 5321 in ASCII, with a domain of at least two labels. Quoted local parts and
//! address literals are refused on purpose. Two addresses are the same when they differ in case only; strictly the local part might be
//! case-sensitive, but no provider treats it so, and an account per spelling is how people lose theirs.

use super::Invalid;

const FIELD: &str = "email";
/// RFC 5321, 4.5.3.1: the longest path less its two brackets.
const MAX_LENGTH: usize = 254;
/// RFC 5321, 4.5.3.1.1.
const MAX_LOCAL_LENGTH: usize = 64;
/// RFC 1035, 2.3.4.
const MAX_LABEL_LENGTH: usize = 63;

/// A well-formed address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    address: String,
    key: String,
}

impl Email {
    /// The address in `text`, without the blanks around it.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let address = text.trim();
        if address.len() > MAX_LENGTH {
            return Err(Invalid::new(FIELD, "is longer than 254 characters"));
        }
        let (local, domain) = address.rsplit_once('@').ok_or(Invalid::new(FIELD, "has no @"))?;
        if !is_local_part(local) {
            return Err(Invalid::new(FIELD, "has no valid name before the @"));
        }
        if !is_domain(domain) {
            return Err(Invalid::new(FIELD, "has no valid domain after the @"));
        }
        Ok(Self { address: address.to_owned(), key: address.to_ascii_lowercase() })
    }

    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The one spelling under which it is unique.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn is_local_part(local: &str) -> bool {
    local.len() <= MAX_LOCAL_LENGTH
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte))
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.') && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_LENGTH).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_differ_in_case_are_one() {
        let one = Email::parse(" Budi.Santoso@Example.COM ").unwrap();
        let other = Email::parse("budi.santoso@example.com").unwrap();
        assert_eq!(one.key(), other.key());
        assert_eq!(one.as_str(), "Budi.Santoso@Example.COM");
    }

    #[test]
    fn everyday_addresses_are_taken() {
        for address in
            ["a@b.co", "budi+tickets@mail.example.co.id", "o'neil@example.com", "x_y-z@ex-ample.org"]
        {
            assert!(Email::parse(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long = format!("a@{}.com", "b.".repeat(130));
        let refused = [
            "",
            "@",
            "budi",
            "@example.com",
            "budi@",
            "budi@localhost",
            "bu di@example.com",
            "budi@exa mple.com",
            ".budi@example.com",
            "budi..s@example.com",
            "budi@-example.com",
            "budi@example..com",
            "budi@example.com.",
            "budi@[127.0.0.1]",
            "budi@example.com\r\nBcc: x@example.com",
            "büdi@example.com",
            "\"budi\"@example.com",
            "a@b@example.com",
            &long_local,
            &long,
        ];
        for address in refused {
            assert_eq!(Email::parse(address).unwrap_err().field, "email", "{address:?}");
        }
    }
}
