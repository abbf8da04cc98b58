//! The code of a voucher, as those who give it out and those who use it know it.

use std::fmt;
use std::str::FromStr;

use sea_orm::prelude::DeriveValueType;
use sea_orm::sea_query::StringLen;

/// The text is no code of any voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a voucher code is {SHORTEST} to {LONGEST} letters, digits, hyphens and underscores")]
pub struct MalformedVoucherCode;

/// The fewest characters of a code.
const SHORTEST: usize = 3;
/// The most characters of a code.
const LONGEST: usize = 32;

/// The code of a voucher: letters, digits, hyphens and underscores. Letters are kept in upper case, so that two spellings of
/// one code are equal here and in every database.
///
/// In place, as ids are, so that an order stays a plain value; what is not filled is 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "String(StringLen::N(32))")]
pub struct VoucherCode([u8; LONGEST]);

impl FromStr for VoucherCode {
    type Err = MalformedVoucherCode;

    fn from_str(text: &str) -> Result<Self, MalformedVoucherCode> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(SHORTEST..=LONGEST).contains(&text.len()) || !text.bytes().all(allowed) {
            return Err(MalformedVoucherCode);
        }
        let mut bytes = [0; LONGEST];
        for (place, byte) in bytes.iter_mut().zip(text.bytes()) {
            *place = byte.to_ascii_uppercase();
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for VoucherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled = self.0.iter().take_while(|byte| **byte != 0);
        filled.map(|byte| char::from(*byte)).try_for_each(|letter| fmt::Write::write_char(f, letter))
    }
}

impl fmt::Debug for VoucherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VoucherCode({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_one_code_are_one_code() {
        let code: VoucherCode = "Early_bird-10".parse().unwrap();
        assert_eq!(Ok(code), "EARLY_BIRD-10".parse());
        assert_eq!(code.to_string(), "EARLY_BIRD-10");
        assert_eq!(sea_orm::Value::from(code), sea_orm::Value::from("EARLY_BIRD-10"));
        let longest = "X".repeat(LONGEST);
        assert_eq!(longest.parse::<VoucherCode>().unwrap().to_string(), longest);
    }

    #[test]
    fn what_nobody_can_have_given_out_is_refused() {
        for bad in ["", "AB", "A B C", "ABC ", "ÄBC", "ABC\0", &"X".repeat(LONGEST + 1)] {
            assert_eq!(bad.parse::<VoucherCode>(), Err(MalformedVoucherCode), "{bad:?}");
        }
    }
}
