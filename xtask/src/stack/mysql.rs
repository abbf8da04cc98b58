//! The databases of a stack on a MySQL or MariaDB server: made by the server's own client program, where they are missing.
//!
//! The services never create a database: in production their accounts must not be able to.

use std::process::Command;

use reqwest::Url;

use super::options::Database;
use crate::failure::{Context, Failure, Result};
use crate::services::Service;

/// The client, by either name.
const CLIENTS: [&str; 2] = ["mariadb", "mysql"];

/// Makes the databases that `database` names; nothing to do for SQLite.
///
/// # Errors
/// When no client is installed, or the server refuses.
pub fn prepare(database: &Database) -> Result<()> {
    let Database::Mysql(prefix) = database else { return Ok(()) };
    let url = Url::parse(prefix).context(format_args!("{prefix} is no URL"))?;
    let names: Vec<String> = Service::SUBGRAPHS
        .into_iter()
        .map(|service| format!("{}{service}", url.path().trim_start_matches('/')))
        .collect();
    let sql = create(&names)?;
    for client in CLIENTS {
        match command(client, &url, &sql).output() {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                return Err(Failure::new(format!("the MySQL server refused: {}", said.trim())));
            }
            Err(_) => {}
        }
    }
    Err(Failure::new(format!(
        "neither `mariadb` nor `mysql` is installed; create the databases by hand:\n{sql}"
    )))
}

fn create(names: &[String]) -> Result<String> {
    let plain =
        |name: &String| name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    if let Some(name) = names.iter().find(|name| !plain(name)) {
        return Err(Failure::new(format!(
            "`{name}` cannot be the name of a database: letters, digits and _ only"
        )));
    }
    Ok(names
        .iter()
        .map(|name| {
            format!("CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n")
        })
        .collect())
}

fn command(client: &str, url: &Url, sql: &str) -> Command {
    let mut command = Command::new(client);
    command.arg("--no-defaults").arg("--protocol=tcp");
    command.arg(format!("--host={}", url.host_str().unwrap_or("127.0.0.1")));
    command.arg(format!("--port={}", url.port().unwrap_or(3306)));
    command.arg(format!("--user={}", url.username()));
    // Not as an argument: every process on the machine can read those.
    command.env("MYSQL_PWD", url.password().unwrap_or_default());
    command.arg("--execute").arg(sql);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_reach_the_server() {
        assert!(create(&["dev_user".to_owned()]).unwrap().contains("EXISTS dev_user "));
        assert!(create(&["dev;DROP".to_owned()]).is_err());
    }
}
