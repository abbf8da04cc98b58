//! Length and nesting of a JSON body, measured on its bytes before any parser sees it.

use super::{Limits, Refusal};

/// Refuses a body that is too long or nests too deep. One pass, no allocation; whether it is JSON at all is left to the
/// parser, which may recurse from here on.
///
/// # Errors
/// [`Refusal::BodyTooLarge`], [`Refusal::JsonTooDeep`].
pub fn check_body(body: &[u8], limits: &Limits) -> Result<(), Refusal> {
    if body.len() > limits.body_bytes {
        return Err(Refusal::BodyTooLarge { limit: limits.body_bytes });
    }
    let mut depth = 0_usize;
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                if depth > limits.json_depth {
                    return Err(Refusal::JsonTooDeep { limit: limits.json_depth });
                }
            }
            // A closing bracket too many is no JSON; the parser stops at it, so nothing behind it can nest.
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    Ok(())
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}
