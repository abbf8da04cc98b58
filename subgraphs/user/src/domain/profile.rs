//! The rest of what a person says about themselves: a name, a phone number, a postal address.

use super::Invalid;

const MAX_NAME: usize = 100;
const MAX_ADDRESS: usize = 500;
const MAX_PHONE: usize = 32;
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 4..=15;

/// The name in `text`, without the blanks around it.
///
/// # Errors
/// When nothing is left, or more than 100 characters, or control characters are in it.
pub fn name(text: &str) -> Result<String, Invalid> {
    let name = text.trim();
    if name.is_empty() {
        return Err(Invalid::new("name", "must not be empty"));
    }
    if name.chars().count() > MAX_NAME {
        return Err(Invalid::new("name", "must have at most 100 characters"));
    }
    if name.chars().any(char::is_control) {
        return Err(Invalid::new("name", "must not contain control characters"));
    }
    Ok(name.to_owned())
}

/// The phone number in `text`, as it was written; `None` when it is blank.
///
/// # Errors
/// When there are other signs in it than people write numbers with, or not 4 to 15 digits (E.164 ends at 15).
pub fn phone_number(text: &str) -> Result<Option<String>, Invalid> {
    let phone = text.trim();
    if phone.is_empty() {
        return Ok(None);
    }
    let digits = phone.bytes().filter(u8::is_ascii_digit).count();
    let well_formed = phone.chars().all(|c| c.is_ascii_digit() || "+-(). /".contains(c));
    if !well_formed || phone.len() > MAX_PHONE || !PHONE_DIGITS.contains(&digits) {
        return Err(Invalid::new("phoneNumber", "is not a phone number"));
    }
    Ok(Some(phone.to_owned()))
}

/// The postal address in `text`, possibly of several lines; `None` when it is blank.
///
/// # Errors
/// When it has more than 500 characters, or control characters other than line ends.
pub fn address(text: &str) -> Result<Option<String>, Invalid> {
    let address = text.trim();
    if address.is_empty() {
        return Ok(None);
    }
    if address.chars().count() > MAX_ADDRESS {
        return Err(Invalid::new("address", "must have at most 500 characters"));
    }
    if address.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Invalid::new("address", "must not contain control characters"));
    }
    Ok(Some(address.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(name("  Sitti Nurhaliza ").as_deref(), Ok("Sitti Nurhaliza"));
        assert!(name(&"å".repeat(100)).is_ok());
        for bad in ["", "  ", "a\0b", "a\nb", &"x".repeat(101)] {
            assert_eq!(name(bad).unwrap_err().field, "name", "{bad:?}");
        }
    }

    #[test]
    fn a_phone_number_is_kept_as_written() {
        assert_eq!(phone_number("+62 812-3456-7890"), Ok(Some("+62 812-3456-7890".to_owned())));
        assert_eq!(phone_number(" "), Ok(None));
        for bad in ["call me", "12", "+62 812 3456 7890 1234", "0812;DROP", "٠٨١٢٣٤"] {
            assert_eq!(phone_number(bad).unwrap_err().field, "phoneNumber", "{bad:?}");
        }
    }

    #[test]
    fn an_address_may_have_lines() {
        assert_eq!(address("Jl. Merdeka 1\nBandung"), Ok(Some("Jl. Merdeka 1\nBandung".to_owned())));
        assert_eq!(address(""), Ok(None));
        for bad in ["a\u{7}b", &"x".repeat(501)] {
            assert_eq!(address(bad).unwrap_err().field, "address", "{bad:?}");
        }
    }
}
