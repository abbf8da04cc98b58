//! The W3C trace context of a request: taken over from the client when it is well formed, begun otherwise, and passed on with an own span.
//!
//! Source: W3C Trace Context, `traceparent` version 00.

use http::{HeaderMap, HeaderValue};
use uuid::Uuid;

/// Name of the header.
pub const HEADER: &str = "traceparent";

/// A trace id, and whether it is sampled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: String,
    flags: String,
}

impl TraceContext {
    /// The context that `headers` bring, or a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let brought = headers.get(HEADER).and_then(|value| value.to_str().ok()).and_then(Self::parse);
        brought
            .unwrap_or_else(|| Self { trace_id: Uuid::new_v4().simple().to_string(), flags: "01".to_owned() })
    }

    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let [version, trace_id, parent_id, flags] = parts.as_slice() else { return None };
        let sound = is_hex(version, 2) && is_id(trace_id, 32) && is_id(parent_id, 16) && is_hex(flags, 2);
        (sound && *version == "00")
            .then(|| Self { trace_id: (*trace_id).to_owned(), flags: (*flags).to_owned() })
    }

    /// The header for a request made on behalf of this one, with a span id of its own.
    pub fn child(&self) -> Option<HeaderValue> {
        let span = Uuid::new_v4().simple().to_string();
        HeaderValue::try_from(format!("00-{}-{}-{}", self.trace_id, span.get(..16)?, self.flags)).ok()
    }

    /// The id that all spans of the trace share.
    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> TraceContext {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::try_from(value).unwrap());
        TraceContext::of(&headers)
    }

    #[test]
    fn a_sound_context_is_passed_on_with_a_new_span() {
        let context = of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let child = context.child().unwrap();
        let child = child.to_str().unwrap();
        assert!(child.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{child}");
        assert!(!child.contains("00f067aa0ba902b7"));
        assert_eq!(child.len(), 55);
    }

    #[test]
    fn an_unsound_context_is_replaced() {
        for bad in [
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "x",
        ] {
            assert_ne!(of(bad).trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736", "{bad}");
        }
    }
}
