//! The table that `dev` shows when everything is ready.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use owo_colors::OwoColorize;

use super::home::{Home, Settings};
use crate::failure::{Context, Result};
use crate::services::Service;

/// Shows where everything is, who the admin is, and what to try first.
///
/// # Errors
/// When the credentials cannot be read.
pub fn show(home: &Home, settings: &Settings, took: Duration) -> Result<()> {
    let text = text(home, settings, took)?;
    writeln!(anstream::stdout(), "{text}").context("standard output")
}

fn text(home: &Home, settings: &Settings, took: Duration) -> Result<String> {
    let router = settings.url(Service::Router);
    let admin = home.admin()?;
    let mut text = String::new();
    let title = format!("EventHUB is ready after {:.1} s", took.as_secs_f64());
    let _ = writeln!(text, "\n{} ({} in {})\n", title.bold(), settings.database, home.folder().display());
    let _ = writeln!(text, "  {:<12} {router}/graphql   explorer {router}/", "the graph".bold());
    for service in Service::SUBGRAPHS {
        let direct = format!("{}/graphql", settings.url(service));
        let _ = writeln!(text, "  {:<12} {router}/{service}/graphql   direct {direct}", service.bold());
    }
    let _ = writeln!(text, "  {:<12} {}/graphql", "spacemaster".bold(), settings.url(Service::Spacemaster));
    let _ = writeln!(
        text,
        "  {:<12} {router}/health   {router}/metrics   {router}/api/openapi.json",
        "operation".bold()
    );
    let _ = writeln!(text, "  {:<12} {} / {}\n", "admin".bold(), admin.email, admin.password);
    let _ = writeln!(text, "Try:");
    for query in [
        "{ events { id title startTime venue { name } ticketTypes { name price quota sold } } }".to_owned(),
        r#"mutation { createUser(name: \"Ayu\", email: \"ayu@example.com\", password: \"rahasia-sekali\") { user { id name role } } }"#.to_owned(),
        format!(r#"mutation {{ login(email: \"{}\", password: \"{}\") {{ accessToken user {{ role }} }} }}"#, admin.email, admin.password),
    ] {
        let _ = writeln!(text, "  curl -s {router}/graphql -H 'content-type: application/json' \\\n    -d '{{\"query\":\"{query}\"}}'");
    }
    let _ = write!(text, "\nCtrl-C stops everything.");
    Ok(text)
}
