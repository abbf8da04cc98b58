//! Which service a path belongs to, and what the path is there.

use std::time::Duration;

use http::Uri;
use reqwest::Url;
use service::identity::ServiceName;

use crate::app::App;

/// The paths of the original. They follow the subgraphs of the same names.
const ORIGINAL: [&str; 4] = ["user", "event", "ticket", "booking"];

/// What a service tells its operators: its figures, and which of its checks fail.
const FOR_OPERATORS: [&str; 2] = ["metrics", "ready"];

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The first part of the path: the service's name.
    pub(super) service: String,
    /// The URL there, query string included.
    pub(super) url: Url,
    /// Which process of the house it is, if it is one.
    pub(super) callee: Option<ServiceName>,
    /// Whether only operators may ask there.
    pub(super) is_for_operators: bool,
    /// Time until the service has begun its answer.
    pub(super) timeout: Duration,
}

/// The target of `uri`; `None` when its path belongs to no service.
pub(super) fn find(app: &App, uri: &Uri) -> Option<Target> {
    let (service, rest) = split(uri.path())?;
    let (base, callee) = base(app, service)?;
    let url = join(&base, rest, uri.query())?;
    Some(Target {
        service: service.to_owned(),
        url,
        callee,
        is_for_operators: FOR_OPERATORS.contains(&rest.trim_matches('/')),
        timeout: app.config.subgraphs.timeout_of(service),
    })
}

fn base(app: &App, service: &str) -> Option<(String, Option<ServiceName>)> {
    let config = &app.config.pass_through;
    if let Some(base) = config.routes.get(service) {
        return Some((base.clone(), None));
    }
    if !config.auto || !ORIGINAL.contains(&service) {
        return None;
    }
    let snapshot = app.snapshot();
    let endpoint = snapshot.endpoints.iter().find(|endpoint| endpoint.name == service)?;
    Some((endpoint.base(), endpoint.service))
}

/// `/user/graphql` is `user` and `/graphql`.
fn split(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/')?;
    let end = path.find('/')?;
    Some(path.split_at(end))
}

/// Dots, slashes and letters in disguise: one server sees a name there, the next a way up, or a path that is guarded.
fn is_disguised(path: &str) -> bool {
    let encoded = path.split('%').skip(1).filter_map(|after| u8::from_str_radix(after.get(..2)?, 16).ok());
    encoded.into_iter().any(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/' | b'\\'))
}

/// The URL of `rest` under `base`. A path that a URL parser would rewrite (`..`, a backslash) might name something above the base, and names
/// nothing.
fn join(base: &str, rest: &str, query: Option<&str>) -> Option<Url> {
    let mut url = Url::parse(&format!("{base}{rest}")).ok()?;
    let expected = format!("{}{rest}", Url::parse(base).ok()?.path().trim_end_matches('/'));
    if url.path() != expected || is_disguised(rest) {
        return None;
    }
    url.set_query(query);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_names_the_service_and_the_rest_is_its_path() {
        assert_eq!(split("/user/graphql"), Some(("user", "/graphql")));
        assert_eq!(split("/user/"), Some(("user", "/")));
        assert_eq!(split("/user"), None);
        assert_eq!(split("/"), None);
    }

    #[test]
    fn the_query_string_is_kept() {
        let url = join("http://a:1", "/graphql", Some("query=%7Ba%7D&x=1")).unwrap();
        assert_eq!(url.as_str(), "http://a:1/graphql?query=%7Ba%7D&x=1");
        assert_eq!(join("http://a:1/base", "/x", None).unwrap().as_str(), "http://a:1/base/x");
    }

    #[test]
    fn a_path_cannot_climb_out_of_its_base() {
        for rest in [
            "/../admin",
            "/a/../../admin",
            "/%2e%2e/admin",
            "/.",
            "/a/./b",
            "/\\..\\admin",
            "/..%2fadmin",
            "/..%5Cadmin",
            "/%6Detrics",
        ] {
            assert_eq!(join("http://a:1/base", rest, None), None, "{rest}");
        }
        assert!(join("http://a:1/base", "/caf%C3%A9%20%25", None).is_some());
    }
}
