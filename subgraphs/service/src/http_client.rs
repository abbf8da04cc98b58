//! The one place where an HTTP client is built.
//!
//! No proxy, no redirects, no cookies: services are reached at the URLs of the configuration and nowhere else. Behind an
//! `https` URL must be somebody whom the machine's own certificate store believes.

use std::time::Duration;

/// How long a connection may take to stand, with the two or three round trips of TLS.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a whole request may take unless its caller says less.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an idle connection is kept: less than [`crate::server`] keeps one, so that no request is ever sent into a
/// connection that the other side is closing.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Builds the client of this process; cloning it shares its connections.
///
/// # Errors
/// When the platform cannot provide what the client needs.
pub fn build() -> Result<reqwest::Client, reqwest::Error> {
    build_with(|builder| builder.timeout(REQUEST_TIMEOUT))
}

/// The same with what `configure` adds and without an overall timeout, for a caller that sets a deadline on each request.
///
/// # Errors
/// When the platform cannot provide what the client needs.
pub fn build_with(
    configure: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, reqwest::Error> {
    // A small container has no certificate store. That must not keep it from speaking plain HTTP within its network.
    configure(builder()).build().or_else(|error| {
        tracing::debug!(%error, "this machine's certificates cannot be read: no `https` URL will answer");
        configure(builder().tls_certs_only([])).build()
    })
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .tcp_nodelay(true)
}
