//! A request's body, received within bounds of size and time and measured by the guard before anybody parses it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, header};
use poem::Request;
use service::guard::{self, Limits};
use tokio::time::timeout;

/// A client that sends nothing for this long has left. The whole body is bounded by the request's deadline.
const IDLE: Duration = Duration::from_secs(5);

/// Refuses a body that is not announced as plain JSON in UTF-8: everything that a page can make a browser send without asking first.
///
/// # Errors
/// [`guard::Refusal::UnsupportedMediaType`], [`guard::Refusal::UnsupportedContentEncoding`].
pub fn check_headers(headers: &HeaderMap) -> Result<(), guard::Refusal> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(guard::Refusal::UnsupportedContentEncoding);
    }
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    match (types.next().map(|value| value.to_str()), types.next()) {
        (Some(Ok(content_type)), None) if is_json(content_type) => Ok(()),
        _ => Err(guard::Refusal::UnsupportedMediaType),
    }
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    is_json && parts.filter_map(|part| part.split_once('=')).all(|(name, value)| is_utf8(name, value))
}

fn is_utf8(name: &str, value: &str) -> bool {
    !name.trim().eq_ignore_ascii_case("charset")
        || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}

/// Receives the body.
///
/// # Errors
/// When it is too long, nests too deep, stops arriving, or breaks off.
pub async fn receive(request: &mut Request, limits: &Limits) -> Result<Bytes, guard::Refusal> {
    let too_large = guard::Refusal::BodyTooLarge { limit: limits.body_bytes };
    if announced(request.headers()).is_some_and(|length| length > limits.body_bytes) {
        return Err(too_large);
    }
    let mut chunks = Box::pin(request.take_body().into_bytes_stream());
    let mut body = BytesMut::new();
    while let Some(chunk) = timeout(IDLE, chunks.next()).await.map_err(|_| guard::Refusal::BodyTooSlow)? {
        body.extend_from_slice(&chunk.map_err(|_| guard::Refusal::BodyIncomplete)?);
        if body.len() > limits.body_bytes {
            return Err(too_large);
        }
    }
    guard::check_body(&body, limits)?;
    Ok(body.freeze())
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_json() {
        assert!(is_json("application/json"));
        assert!(is_json("Application/JSON; Charset=\"UTF-8\""));
        assert!(!is_json("application/json; charset=utf-16"));
        assert!(!is_json("text/plain"));
    }

    #[test]
    fn encoded_bodies_and_several_types_are_refused() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, http::HeaderValue::from_static(value));
            }
            check_headers(&headers)
        };
        assert!(headers(&[("content-type", "application/json")]).is_ok());
        assert!(headers(&[]).is_err());
        assert!(headers(&[("content-type", "application/json"), ("content-type", "text/plain")]).is_err());
        assert!(headers(&[("content-type", "application/json"), ("content-encoding", "gzip")]).is_err());
    }
}
