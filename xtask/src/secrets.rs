//! `cargo xtask secrets`: everything secret that `compose.yaml` asks for, fresh, as an env file.

use std::io::Write;

use clap::Args;
use serde_json::json;

use crate::failure::{Context, Result};
use crate::services::Service;
use crate::stack::keys::{KeyPair, random_text};

/// The options of `cargo xtask secrets`.
#[derive(Args, Clone, Debug)]
pub struct SecretsOptions {
    /// The log-in of the first administrator.
    #[arg(long, value_name = "EMAIL", default_value = "admin@eventhub.example")]
    pub admin_email: String,
}

/// Prints the file.
///
/// # Errors
/// When no random bytes can be had.
pub fn secrets(options: &SecretsOptions) -> Result<()> {
    write!(anstream::stdout(), "{}", text(&options.admin_email)?).context("standard output")
}

fn text(admin_email: &str) -> Result<String> {
    let mut lines = vec![
        "# Written by `cargo xtask secrets`. Keep it out of version control.".to_owned(),
        format!("EVENTHUB_ADMIN_EMAIL={admin_email}"),
    ];
    for (name, bytes) in [
        ("EVENTHUB_ADMIN_PASSWORD", 18),
        ("EVENTHUB_KEY_SECRET", 48),
        ("EVENTHUB_ADMIN_TOKEN", 32),
        ("EVENTHUB_USER_DB_PASSWORD", 24),
        ("EVENTHUB_EVENT_DB_PASSWORD", 24),
        ("EVENTHUB_TICKET_DB_PASSWORD", 24),
    ] {
        lines.push(format!("{name}={}", random_text(bytes)?));
    }
    let mut trusted = Vec::new();
    for service in Service::KEYED {
        let pair = KeyPair::generate()?;
        let pem = pair.pem()?.replace('\n', "\\n");
        lines.push(format!("EVENTHUB_{}_KEY=\"{pem}\"", service.name().to_uppercase()));
        trusted.push(pair.public_jwk(service));
    }
    lines.push(format!("EVENTHUB_SERVICE_TRUST='{}'", json!({ "keys": trusted })));
    Ok(format!("{}\n", lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_the_example_names_is_there() {
        let text = text("admin@example.org").unwrap();
        let example = include_str!("../../.env.example");
        for name in
            example.lines().filter_map(|line| line.strip_suffix('=')).filter(|line| !line.starts_with('#'))
        {
            let line = text.lines().find(|line| line.starts_with(&format!("{name}=")));
            assert!(line.is_some_and(|line| line.len() > name.len() + 10), "{name}");
        }
    }
}
