//! Leaf values: checked by their type and copied to the response as they came.
//!
//! Source: GraphQL specification, "Scalars", result coercion.

use apollo_compiler::Name;
use planner::ScalarKind;

use crate::json;
use crate::prepare::Types;
use crate::tree::{Tree, Value};

/// Writes a scalar; `false` when the value is none of that kind.
#[inline]
pub(crate) fn write_scalar(
    out: &mut Vec<u8>,
    tree: &Tree,
    types: &Types,
    kind: &ScalarKind,
    value: Value,
) -> bool {
    match (kind, value) {
        (ScalarKind::String | ScalarKind::Id, Value::String { body, start, len }) => {
            out.extend_from_slice(tree.text(body, start, len));
            true
        }
        (ScalarKind::String | ScalarKind::Id, Value::Type(id)) => {
            out.extend_from_slice(tree.quoted_type(id, types));
            true
        }
        (ScalarKind::Id, Value::Number { body, start, len }) => write_id(out, tree.text(body, start, len)),
        (ScalarKind::Int, Value::Number { body, start, len }) => write_int(out, tree.text(body, start, len)),
        (ScalarKind::Float, Value::Number { body, start, len }) => {
            write_float(out, tree.text(body, start, len))
        }
        (ScalarKind::Boolean, Value::Bool(_)) => {
            tree.write_leaf(out, value, types);
            true
        }
        (ScalarKind::Custom(_), Value::Object(_)) => false,
        (ScalarKind::Custom(_), value) => {
            tree.write_leaf(out, value, types);
            true
        }
        (
            ScalarKind::Int | ScalarKind::Float | ScalarKind::String | ScalarKind::Boolean | ScalarKind::Id,
            _,
        ) => false,
    }
}

/// The scalar's name, for messages.
pub(crate) fn scalar_name(kind: &ScalarKind) -> &str {
    match kind {
        ScalarKind::Int => "Int",
        ScalarKind::Float => "Float",
        ScalarKind::String => "String",
        ScalarKind::Boolean => "Boolean",
        ScalarKind::Id => "ID",
        ScalarKind::Custom(name) => name,
    }
}

/// An integer is a fine id, but ids are shown as strings.
fn write_id(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let is_integer = !text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if is_integer {
        out.push(b'"');
        out.extend_from_slice(text);
        out.push(b'"');
    }
    is_integer
}

#[inline]
fn write_int(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let has_only_digits = text.iter().all(u8::is_ascii_digit);
    if has_only_digits && text.len() < 10 {
        out.extend_from_slice(text);
        return true;
    }
    let Ok(text) = std::str::from_utf8(text) else { return false };
    // `1.0` and `1e3` are integers as well; beyond 2^53 there is no 32-bit integer to lose.
    let integer = text.parse::<i32>().ok().or_else(|| {
        let number = text.parse::<f64>().ok()?;
        (number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number))
            .then_some(number as i32)
    });
    if let Some(integer) = integer {
        out.extend_from_slice(integer.to_string().as_bytes());
    }
    integer.is_some()
}

/// Kept as text: a float read and written again may come out different. Only infinity, which JSON can spell, is refused.
#[inline]
fn write_float(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let may_be_infinite = text.len() > 300 || text.iter().any(|byte| matches!(byte, b'e' | b'E'));
    if may_be_infinite {
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
        if !number.is_some_and(f64::is_finite) {
            return false;
        }
    }
    out.extend_from_slice(text);
    true
}

/// Writes an enum value; `false` when the API does not know it. `values` are sorted.
#[inline]
pub(crate) fn write_enum(out: &mut Vec<u8>, tree: &Tree, values: &[Name], value: Value) -> bool {
    let Value::String { body, start, len } = value else { return false };
    let text = tree.text(body, start, len);
    let inner = &text[1..text.len() - 1];
    let unescaped = json::unescape(inner);
    let inner = unescaped.as_ref().map_or(inner, |inner| inner.as_bytes());
    let is_known = values.binary_search_by(|value| value.as_bytes().cmp(inner)).is_ok();
    if is_known {
        out.extend_from_slice(text);
    }
    is_known
}
