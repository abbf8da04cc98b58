//! What a new password must be: long enough, and not so long that hashing it becomes a weapon.
//!
//! Length is the only rule, as NIST SP 800-63B has it: recipes of digits and signs make passwords worse.

use service::env::Secret;

use super::Invalid;

/// In characters.
const MIN_LENGTH: usize = 8;
/// In characters.
const MAX_LENGTH: usize = 128;

/// A password that was accepted for an account. It is never shown, not even by `Debug`.
#[derive(Clone, Debug)]
pub struct NewPassword(Secret<String>);

impl NewPassword {
    /// `text`, exactly as typed, from the argument `field`.
    ///
    /// # Errors
    /// When it is too short or too long.
    pub fn parse(field: &'static str, text: String) -> Result<Self, Invalid> {
        match text.chars().count() {
            count if count < MIN_LENGTH => Err(Invalid::new(field, "must have at least 8 characters")),
            count if count > MAX_LENGTH => Err(Invalid::new(field, "must have at most 128 characters")),
            _ => Ok(Self(Secret::new(text))),
        }
    }

    /// To the hasher, and nowhere else.
    #[must_use]
    pub fn into_secret(self) -> Secret<String> {
        self.0
    }
}

/// Whether `text` could be anybody's password at all; what is longer is refused before it costs anything.
#[must_use]
pub fn is_possible(text: &str) -> bool {
    text.len() <= 4 * MAX_LENGTH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_in_characters() {
        for good in ["12345678", "ååååååååå", "        ", &"x".repeat(128)] {
            assert!(NewPassword::parse("password", good.to_owned()).is_ok(), "{good:?}");
        }
        for bad in ["", "1234567", "ååå", &"x".repeat(129)] {
            assert_eq!(
                NewPassword::parse("password", bad.to_owned()).unwrap_err().field,
                "password",
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_password_does_not_show_itself() {
        let password = NewPassword::parse("password", "correct horse".to_owned()).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }
}
