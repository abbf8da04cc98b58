//! Scalars that GraphQL does not have: money beyond 32 bits, and points in time.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// A point in time, `DateTime` in the graph: RFC 3339 with its offset.
pub type DateTime = chrono::DateTime<chrono::Utc>;

/// A whole amount in a currency's minor unit, 64 bits wide; a JSON number.
///
/// GraphQL's `Int` ends at 2³¹, which in rupiah is less than a full house.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize,
)]
pub struct Amount(pub i64);

/// A whole amount in a currency's minor unit, 64 bits wide.
#[Scalar(name = "Amount")]
impl ScalarType for Amount {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Number(number) if number.is_i64() => Ok(Self(number.as_i64().unwrap_or_default())),
            Value::Number(_) => Err(InputValueError::custom("not a whole number of 64 bits")),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

impl From<i64> for Amount {
    fn from(amount: i64) -> Self {
        Self(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_whole_number_of_64_bits() {
        for good in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(Amount::parse(Amount(good).to_value()).ok(), Some(Amount(good)));
        }
        for bad in [Value::from(1.5), Value::from(u64::MAX), Value::from("1"), Value::Null] {
            assert!(Amount::parse(bad).is_err());
        }
    }
}
