//! Requests under a key of their client's choosing: the same request makes one thing however often it comes, and one key never stands for two.
//!
//! A key is its user's, for one operation. Its row is written in the transaction of what the request makes, so that either both are there or
//! neither is: what failed leaves its key free. Twins meet at the primary key: who comes second gets `false` from [`claim`], and finds what the
//! first one made when it begins anew. A request without a key finds nothing and claims nothing.

use std::fmt::Display;
use std::str::FromStr;

use async_graphql::ID;
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use entities::idempotency::{Column, Entity, IdempotencyKey, MalformedIdempotencyKey, Model};
use entities::ids::UserId;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::Value;

use crate::database::inserted;
use crate::error::Error;

/// A request that may be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    user: UserId,
    operation: &'static str,
    key: IdempotencyKey,
    body_hash: String,
}

/// Why it is not known what a request made before.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key was used for something else.
    #[error("This idempotency key was used for another request")]
    Reused,
    /// The database failed.
    #[error("{0}")]
    Database(#[from] DbErr),
}

impl Request {
    /// What `user` asks of `operation` under `key`.
    ///
    /// `body` is everything that the request says, each part at its place. Keys outlive releases: a part that is added later comes last, and only
    /// where it is given, so that a request of before still reads as it did.
    #[must_use]
    pub fn new(user: UserId, operation: &'static str, key: IdempotencyKey, body: &[Value]) -> Self {
        Self { user, operation, key, body_hash: fingerprint(body) }
    }
}

/// SHA-256 of the parts as one list of JSON, in hexadecimal: where one ends and the next begins is part of it.
fn fingerprint(body: &[Value]) -> String {
    let parts: Vec<_> = body.iter().map(Value::to_string).collect();
    let text = format!("[{}]", parts.join(","));
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The id of what `request` made before.
///
/// # Errors
/// [`KeyError::Reused`] when its key stands for another request.
pub async fn find<Id: FromStr>(
    db: &impl ConnectionTrait,
    request: Option<&Request>,
) -> Result<Option<Id>, KeyError> {
    let Some(Request { user, operation, key, body_hash }) = request else { return Ok(None) };
    let id = (*user, (*operation).to_owned(), key.as_str().to_owned());
    let Some(earlier) = Entity::find_by_id(id).one(db).await? else { return Ok(None) };
    if earlier.body_hash != *body_hash {
        return Err(KeyError::Reused);
    }
    let subject = earlier.subject.parse();
    subject.map(Some).map_err(|_| DbErr::Type(format!("{:?} is no id", earlier.subject)).into())
}

/// Writes down that `request` makes `subject`; `db` is the transaction that makes it. `false` when its key is taken: whatever this transaction
/// did must not stay.
///
/// # Errors
/// When the database fails.
pub async fn claim(
    db: &impl ConnectionTrait,
    request: Option<&Request>,
    subject: impl Display,
    created_at: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let Some(Request { user, operation, key, body_hash }) = request else { return Ok(true) };
    let row = Model {
        user_id: *user,
        operation: (*operation).to_owned(),
        idempotency_key: key.as_str().to_owned(),
        body_hash: body_hash.clone(),
        subject: subject.to_string(),
        created_at,
    };
    inserted(Entity::insert(row.into_active_model()).exec_without_returning(db).await)
}

/// Frees the key under which `subject` was begun; `db` is the transaction that takes it back.
///
/// # Errors
/// When the database fails.
pub async fn free(db: &impl ConnectionTrait, subject: impl Display) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::Subject.eq(subject.to_string())).exec(db).await?;
    Ok(())
}

/// The key that a client gave a mutation.
///
/// # Errors
/// BAD_USER_INPUT naming `idempotencyKey` when it can be none.
pub fn given(key: Option<&ID>) -> Result<Option<IdempotencyKey>, Error> {
    let key = key.map(|key| key.parse()).transpose();
    key.map_err(|error: MalformedIdempotencyKey| Error::bad_input("idempotencyKey", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use serde_json::json;

    /// Keys outlive releases: what this text was hashed to is in databases.
    #[test]
    fn a_fingerprint_never_changes() {
        assert_eq!(
            fingerprint(&[json!("a"), json!(1), Value::Null]),
            "0ae764bffd3a17b6454c8d9ebf712311d9b92efce67a4e4ea4f095fc05ed0122"
        );
    }

    #[test]
    fn a_fingerprint_changes_with_every_part_and_with_where_it_ends() {
        let prints = [
            vec![json!("a"), json!("b")],
            vec![json!("b"), json!("a")],
            vec![json!("a,b")],
            vec![json!("a\",\"b")],
            vec![json!("a"), json!("b"), Value::Null],
            vec![json!("1"), json!("b")],
            vec![json!(1), json!("b")],
        ]
        .map(|body| fingerprint(&body));
        for (at, print) in prints.iter().enumerate() {
            assert!(print.len() == 64 && !prints[at + 1..].contains(print), "{at}");
        }
    }

    #[test]
    fn a_malformed_key_is_bad_input() {
        assert_eq!(given(None).unwrap(), None);
        assert_eq!(given(Some(&ID::from("mine"))).unwrap().unwrap().as_str(), "mine");
        let error = given(Some(&ID::from("a b"))).unwrap_err();
        assert_eq!((error.code(), error.field()), (Code::BadUserInput, Some("idempotencyKey")));
    }
}
