//! Where each subgraph of a supergraph is reached: the supergraph's URL, unless configuration overrides it.

use std::time::Duration;

use federation::Supergraph;
use reqwest::Url;
use service::identity::ServiceName;

use super::Protocol;
use crate::config;

/// One subgraph, as it is reached.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its name in the supergraph.
    pub name: String,
    /// Its GraphQL URL.
    pub url: Url,
    /// Time for one request.
    pub timeout: Duration,
    /// How it is told of subscriptions.
    pub subscriptions: Protocol,
    /// Which process of the house it is, if it is one: it then gets a service token.
    pub service: Option<ServiceName>,
}

impl Endpoint {
    /// Its URL without the last part `/graphql`: where its other paths are.
    pub fn base(&self) -> String {
        let url = self.url.as_str().trim_end_matches('/');
        url.strip_suffix("/graphql").unwrap_or(url).to_owned()
    }
}

/// Why a subgraph cannot be reached at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// There is no URL.
    #[error("subgraph `{subgraph}` has no URL: {help}, without /graphql")]
    Missing {
        /// The subgraph.
        subgraph: String,
        /// How to give it one.
        help: String,
    },
    /// The URL is none.
    #[error("subgraph `{subgraph}`: `{url}` is not an http URL: {why}")]
    Url {
        /// The subgraph.
        subgraph: String,
        /// What stands there.
        url: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The endpoints of `supergraph`, in its order of subgraphs.
///
/// # Errors
/// Every subgraph without a usable URL.
pub fn endpoints(
    supergraph: &Supergraph,
    config: &config::Subgraphs,
) -> Result<Vec<Endpoint>, Vec<EndpointError>> {
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for subgraph in &supergraph.subgraphs {
        match endpoint(&subgraph.name, &subgraph.url, config) {
            Ok(endpoint) => found.push(endpoint),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

fn endpoint(name: &str, in_supergraph: &str, config: &config::Subgraphs) -> Result<Endpoint, EndpointError> {
    let written = match config.urls.get(name) {
        Some(base) => format!("{base}/graphql"),
        None => in_supergraph.to_owned(),
    };
    if written.is_empty() {
        let help = config::how_to_give(&format!("subgraphs.{name}.url"));
        return Err(EndpointError::Missing { subgraph: name.to_owned(), help });
    }
    let url = read_url(name, &written)?;
    Ok(Endpoint {
        name: name.to_owned(),
        url,
        timeout: config.timeout_of(name),
        subscriptions: config.subscriptions.get(name).copied().unwrap_or_default(),
        service: name.parse().ok(),
    })
}

/// Reads what is written as the URL of `subgraph`.
///
/// # Errors
/// [`EndpointError::Url`].
pub fn read_url(subgraph: &str, written: &str) -> Result<Url, EndpointError> {
    let error =
        |why: String| EndpointError::Url { subgraph: subgraph.to_owned(), url: written.to_owned(), why };
    let url = Url::parse(written).map_err(|cause| error(cause.to_string()))?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_http { Ok(url) } else { Err(error("another scheme, or no host".to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(urls: &[(&str, &str)]) -> config::Subgraphs {
        config::Subgraphs {
            timeout: Duration::from_secs(1),
            join: true,
            timeouts: [("slow".to_owned(), Duration::from_secs(9))].into(),
            subscriptions: [("slow".to_owned(), Protocol::Events)].into(),
            urls: urls.iter().map(|(name, url)| ((*name).to_owned(), (*url).to_owned())).collect(),
        }
    }

    #[test]
    fn configuration_overrides_the_supergraph() {
        let overridden =
            endpoint("user", "http://in-the-file/graphql", &config(&[("user", "http://b:1")])).unwrap();
        assert_eq!(overridden.url.as_str(), "http://b:1/graphql");
        assert_eq!(overridden.base(), "http://b:1");
        assert_eq!(overridden.service, Some(ServiceName::User));
        let kept = endpoint("slow", "http://in-the-file/some/path", &config(&[])).unwrap();
        assert_eq!(kept.url.as_str(), "http://in-the-file/some/path");
        assert_eq!(kept.timeout, Duration::from_secs(9));
        assert_eq!(kept.service, None);
        assert_eq!((overridden.subscriptions, kept.subscriptions), (Protocol::Socket, Protocol::Events));
    }

    #[test]
    fn a_subgraph_without_a_usable_url_is_refused() {
        for bad in ["ftp://a/graphql", "/graphql", "a:1/graphql", "http://"] {
            let error = endpoint("a", bad, &config(&[])).unwrap_err();
            assert!(matches!(error, EndpointError::Url { .. }), "{bad}");
        }
    }

    #[test]
    fn a_subgraph_without_a_url_can_be_given_one() {
        let message = |name| endpoint(name, "", &config(&[])).unwrap_err().to_string();
        assert_eq!(
            message("reviews"),
            "subgraph `reviews` has no URL: give --set subgraphs.reviews.url=VALUE, or `subgraphs.reviews.url` in the file, without /graphql"
        );
        assert!(message("user").contains("or EVENTHUB_USER_URL,"));
        assert!(endpoint("reviews", "", &config(&[("reviews", "http://b:1")])).is_ok());
    }
}
