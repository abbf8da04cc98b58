//! The random code of a ticket: 128 bits in an alphabet that survives being read aloud.

/// Crockford's base 32: no I, L, O or U, so that nobody reads a digit for a letter.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many characters a code has: 26 times 5 bits hold 128.
pub const LENGTH: usize = 26;

/// A new code.
///
/// # Errors
/// When the operating system has no randomness to give; a guessable code must not be sold instead.
pub fn generate() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(encode(u128::from_be_bytes(bytes)))
}

/// Whether `text` has the form of such a code.
#[must_use]
pub fn is_code(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

fn encode(mut bits: u128) -> String {
    let mut text = [0_u8; LENGTH];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    text.iter().map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_code_spells_its_bits() {
        assert_eq!(encode(0), "0".repeat(26));
        assert_eq!(encode(31), format!("{}Z", "0".repeat(25)));
        assert_eq!(encode(u128::MAX), format!("7{}", "Z".repeat(25)));
    }

    #[test]
    fn codes_differ() {
        let codes: HashSet<_> = (0..1_000).map(|_| generate().unwrap()).collect();
        assert_eq!(codes.len(), 1_000);
        assert!(codes.iter().all(|code| is_code(code)));
        assert!(!is_code("") && !is_code(&"O".repeat(LENGTH)));
    }
}
