//! How a stack is started: where its data lives, which ports, which databases.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::services::Service;

/// The options of `cargo xtask dev`.
#[derive(Args, Clone, Debug)]
pub struct DevOptions {
    #[command(flatten)]
    /// Where the data lives.
    pub data: DataOption,
    /// Added to every port, so that two stacks can run side by side.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=50_000))]
    pub port_offset: u16,
    /// Build and run with optimisation.
    #[arg(long)]
    pub release: bool,
    /// Do not rebuild and restart when a source file changes.
    #[arg(long)]
    pub no_watch: bool,
    /// `sqlite`, or `mysql=URL-prefix`: the name of each service is appended, as in mysql=mysql://root@127.0.0.1:3306/eventhub_
    #[arg(long, default_value = "sqlite", value_name = "KIND")]
    pub database: Database,
    /// Fill an empty stack with demo data: events, ticket types, users.
    #[arg(long)]
    pub seed: bool,
    /// Run what has been built before.
    #[arg(long, hide = true)]
    pub no_build: bool,
    /// Look for one another at ports shifted by this as well: something that cuts connections stands there.
    #[arg(long, hide = true, value_name = "N", default_value_t = 0)]
    pub peer_offset: u16,
    /// Stop when standard input ends: for tests, whose stack must not outlive them however they end.
    #[arg(long, hide = true)]
    pub until_stdin_closes: bool,
}

/// The data folder, for every command that looks into one.
#[derive(Args, Clone, Debug)]
pub struct DataOption {
    /// The folder with the databases, keys and credentials of the stack [default: .eventhub of the checkout].
    #[arg(long = "data", value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Where the services keep their rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Database {
    /// A file a service in the data folder.
    Sqlite,
    /// A database a service on one MySQL or MariaDB server; the text before the service's name.
    Mysql(String),
}

impl Database {
    /// The `DATABASE_URL` of one service. SpaceMaster is not ours: it keeps its own file whatever we use.
    #[must_use]
    pub fn url(&self, data: &std::path::Path, service: Service) -> String {
        match self {
            Self::Mysql(prefix) if service != Service::Spacemaster => format!("{prefix}{service}"),
            Self::Mysql(_) | Self::Sqlite => {
                format!("sqlite://{}/{service}.db?mode=rwc", data.display())
            }
        }
    }
}

impl Database {
    /// The word for it that `--database` takes.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Sqlite => "sqlite".to_owned(),
            Self::Mysql(prefix) => format!("mysql={prefix}"),
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Mysql(_) => "MySQL",
        })
    }
}

impl FromStr for Database {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            None if text == "sqlite" => Ok(Self::Sqlite),
            Some(("mysql", prefix)) if prefix.starts_with("mysql://") => Ok(Self::Mysql(prefix.to_owned())),
            _ => Err("expected `sqlite` or `mysql=mysql://user:password@host:port/prefix_`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn each_service_has_its_own_database() {
        let data = Path::new("/data");
        let mysql: Database = "mysql=mysql://root@127.0.0.1:3306/dev_".parse().unwrap();
        assert_eq!(mysql.word().parse(), Ok(mysql.clone()));
        assert_eq!(mysql.url(data, Service::User), "mysql://root@127.0.0.1:3306/dev_user");
        assert_eq!(mysql.url(data, Service::Spacemaster), "sqlite:///data/spacemaster.db?mode=rwc");
        assert_eq!(Database::Sqlite.url(data, Service::Booking), "sqlite:///data/booking.db?mode=rwc");
    }

    #[test]
    fn an_unknown_kind_of_database_is_refused() {
        for text in ["", "mysql", "postgres=postgres://x", "mysql=root@127.0.0.1", "sqlite=file"] {
            assert!(text.parse::<Database>().is_err(), "{text:?} was taken");
        }
    }
}
