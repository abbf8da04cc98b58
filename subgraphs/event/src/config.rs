//! What the event service is told beside what every process is.

use std::time::Duration;

use reqwest::Url;
use service::config::peer_url;
use service::env::{FromEnv, Reader};
use service::identity::ServiceName;

use crate::zones::Zones;

/// The configuration of the event service.
#[derive(Clone, Debug)]
pub struct Config {
    /// `EVENTHUB_VENUE_ZONES`: the IANA zones of the venues.
    pub zones: Zones,
    /// `EVENTHUB_SPACEMASTER_URL`.
    pub spacemaster: Url,
    /// `EVENTHUB_TICKET_URL`.
    pub ticket: Url,
    /// `EVENTHUB_BOOKING_URL`.
    pub booking: Url,
    /// `EVENTHUB_WORKER_INTERVAL`: how often workers look for work that nobody rang for.
    pub worker_interval: Duration,
}

impl FromEnv for Zones {
    fn allowed() -> String {
        "venue=zone pairs such as 1=Asia/Jakarta,2=Asia/Makassar".into()
    }

    fn from_env(text: &str) -> Result<Self, String> {
        text.parse()
    }
}

impl Config {
    /// Reads the variables, noting every problem in `env`.
    pub fn read(env: &mut Reader) -> Option<Self> {
        let zones = env.or("EVENTHUB_VENUE_ZONES", Zones::default());
        let spacemaster = peer_url(env, ServiceName::Spacemaster);
        let ticket = peer_url(env, ServiceName::Ticket);
        let booking = peer_url(env, ServiceName::Booking);
        let worker_interval = env.or("EVENTHUB_WORKER_INTERVAL", Duration::from_secs(1));
        Some(Self {
            zones: zones?,
            spacemaster: spacemaster?,
            ticket: ticket?,
            booking: booking?,
            worker_interval: worker_interval?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_variable_is_named() {
        let mut env = Reader::from_pairs([
            ("EVENTHUB_VENUE_ZONES", "1=Mars/Olympus"),
            ("EVENTHUB_SPACEMASTER_URL", "not a url"),
            ("EVENTHUB_WORKER_INTERVAL", "often"),
        ]);
        let config = Config::read(&mut env);
        let problems = env.finish(|| config).unwrap_err().to_string();
        for name in ["EVENTHUB_VENUE_ZONES", "EVENTHUB_SPACEMASTER_URL", "EVENTHUB_WORKER_INTERVAL"] {
            assert!(problems.contains(name), "{problems}");
        }
    }

    #[test]
    fn nothing_has_to_be_configured() {
        let mut env = Reader::from_pairs([("UNRELATED", "1")]);
        let config = Config::read(&mut env).unwrap();
        assert_eq!(config.spacemaster.as_str(), "http://127.0.0.1:8200/");
        assert_eq!(config.zones, Zones::default());
    }
}
