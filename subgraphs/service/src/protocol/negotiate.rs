//! Which of the two media types an answer has.

use http::header::ACCEPT;
use http::{HeaderMap, StatusCode};

use crate::guard::Refusal;

/// The media type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MediaType {
    /// `application/json`: an older custom in which every well-formed request is answered 200.
    #[default]
    Json,
    /// `application/graphql-response+json`: the status says whether the request could be executed.
    GraphqlResponse,
}

impl MediaType {
    /// The value of `content-type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }

    /// The status for a document that cannot be executed: one that does not parse or validate.
    #[must_use]
    pub const fn request_error_status(self) -> StatusCode {
        match self {
            Self::Json => StatusCode::OK,
            Self::GraphqlResponse => StatusCode::BAD_REQUEST,
        }
    }
}

/// Chooses the media type by `Accept`: the one with the higher weight; between equals the newer one when it is named,
/// and `application/json` for wildcards, because that is what a client that names nothing understands.
///
/// # Errors
/// [`Refusal::NotAcceptable`] when neither is accepted.
pub fn negotiate(headers: &HeaderMap) -> Result<MediaType, Refusal> {
    let mut named = false;
    let mut best: Option<(u16, MediaType)> = None;
    for value in headers.get_all(ACCEPT) {
        for range in value.to_str().map_err(|_| Refusal::NotAcceptable)?.split(',') {
            named |= !range.trim().is_empty();
            let Some((weight, media)) = accepted(range) else { continue };
            let better = best.is_none_or(|(w, m)| weight > w || (weight == w && rank(media) > rank(m)));
            if weight > 0 && better {
                best = Some((weight, media));
            }
        }
    }
    match best {
        Some((_, media)) => Ok(media),
        None if !named => Ok(MediaType::Json),
        None => Err(Refusal::NotAcceptable),
    }
}

const fn rank(media: MediaType) -> u8 {
    match media {
        MediaType::Json => 0,
        MediaType::GraphqlResponse => 1,
    }
}

/// One range of `Accept`, with its weight in thousandths.
fn accepted(range: &str) -> Option<(u16, MediaType)> {
    let mut parts = range.split(';').map(str::trim);
    let media = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => MediaType::GraphqlResponse,
        "application/json" | "application/*" | "*/*" => MediaType::Json,
        _ => return None,
    };
    let mut weight = 1_000;
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => weight = thousandths(value.trim())?,
            "charset" if !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8") => return None,
            _ => {}
        }
    }
    Some((weight, media))
}

fn thousandths(weight: &str) -> Option<u16> {
    let weight: f32 = weight.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    (0.0..=1.0).contains(&weight).then(|| (weight * 1_000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: Option<&str>) -> Result<MediaType, Refusal> {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(ACCEPT, accept.parse().unwrap());
        }
        negotiate(&headers)
    }

    #[test]
    fn the_accept_header_decides() {
        use MediaType::{GraphqlResponse, Json};
        for (accept, expected) in [
            (None, Ok(Json)),
            (Some(""), Ok(Json)),
            (Some("*/*"), Ok(Json)),
            (Some("application/json"), Ok(Json)),
            (Some("application/graphql-response+json"), Ok(GraphqlResponse)),
            (Some("application/json, application/graphql-response+json"), Ok(GraphqlResponse)),
            (Some("application/graphql-response+json;q=0.5, application/json"), Ok(Json)),
            (
                Some("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8"),
                Ok(GraphqlResponse),
            ),
            (Some("text/html, */*;q=0.1"), Ok(Json)),
            (Some("application/json;q=0"), Err(Refusal::NotAcceptable)),
            (Some("text/event-stream"), Err(Refusal::NotAcceptable)),
            (Some("application/json; charset=latin1"), Err(Refusal::NotAcceptable)),
        ] {
            assert_eq!(chosen(accept), expected, "{accept:?}");
        }
    }
}
