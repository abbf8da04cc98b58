//! What the user service is told, whole.

use std::time::Duration;

use reqwest::Url;
use service::config::peer_url;
use service::env::{Reader, Secret};
use service::identity::ServiceName;

use crate::domain::email::Email;
use crate::domain::lockout::Policy;
use crate::domain::password::NewPassword;
use crate::domain::rotation::Schedule;
use crate::passwords::Cost;
use crate::throttle::Policies;

/// A key secret must be at least so long, in bytes: as long as the key that is made from it.
const SHORTEST_SECRET: usize = 32;
/// How much longer than a token lives its key stays published: for clocks that differ and caches that lag.
const KEEP_MARGIN: Duration = Duration::from_secs(600);

/// What the user service is told besides what every process is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// `EVENTHUB_ADMIN_EMAIL` and `EVENTHUB_ADMIN_PASSWORD`: both or none.
    pub administrator: Option<Administrator>,
    /// `EVENTHUB_KEY_SECRET`: seals the signing keys in the database.
    pub key_secret: Secret<String>,
    /// `EVENTHUB_ACCESS_TOKEN_TTL`: how long an access token lives; every service believes it for so long.
    pub access_token_ttl: Duration,
    /// `EVENTHUB_SESSION_TTL`: after this a person must log in again.
    pub session_ttl: Duration,
    /// `EVENTHUB_KEY_ROTATION`, `EVENTHUB_KEY_LEAD`: how long a key signs, and how long before that it is published.
    pub key_schedule: Schedule,
    /// `EVENTHUB_PASSWORD_HASHES_AT_ONCE`: how many passwords are hashed at the same time; each takes 19 MiB.
    pub hashes_at_once: usize,
    /// What a hash costs. Not a variable: less than this is for tests only.
    pub hash_cost: Cost,
    /// `EVENTHUB_LOGIN_ATTEMPTS`, `EVENTHUB_LOGIN_ATTEMPTS_PER_ADDRESS`, `EVENTHUB_LOGIN_LOCK`, `EVENTHUB_LOGIN_LOCK_MAX`.
    pub throttle: Policies,
    /// `EVENTHUB_BOOKING_URL`, `EVENTHUB_TICKET_URL`: who is asked before an account is taken away.
    pub peers: Peers,
}

/// Where the services are that know what is not over yet with a person.
#[derive(Clone, Debug)]
pub struct Peers {
    /// The booking service.
    pub booking: Url,
    /// The ticket service.
    pub ticket: Url,
}

/// The first administrator.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// What they log in with.
    pub email: Email,
    /// Only used when they have no account yet.
    pub password: NewPassword,
}

impl Config {
    /// Reads the variables, noting every problem in `env`.
    pub fn read(env: &mut Reader) -> Option<Self> {
        let administrator = read_administrator(env);
        let key_secret = read_key_secret(env);
        let access_token_ttl = env.or("EVENTHUB_ACCESS_TOKEN_TTL", minutes(15));
        let session_ttl = env.or("EVENTHUB_SESSION_TTL", days(30));
        let period = env.or("EVENTHUB_KEY_ROTATION", days(7));
        let lead = env.or("EVENTHUB_KEY_LEAD", minutes(60));
        let hashes_at_once = env.or("EVENTHUB_PASSWORD_HASHES_AT_ONCE", hashes_at_once());
        let throttle = read_throttle(env);
        let booking = peer_url(env, ServiceName::Booking);
        let ticket = peer_url(env, ServiceName::Ticket);
        let access_token_ttl = access_token_ttl?;
        let key_schedule = Schedule { period: period?, lead: lead?, keep: access_token_ttl + KEEP_MARGIN };
        Some(Self {
            administrator: administrator?,
            key_secret: key_secret?,
            access_token_ttl,
            session_ttl: session_ttl?,
            key_schedule,
            hashes_at_once: hashes_at_once?.max(1),
            hash_cost: Cost::OWASP,
            throttle: throttle?,
            peers: Peers { booking: booking?, ticket: ticket? },
        })
    }
}

/// The outer option says that a problem was noted, the inner one that nothing was given.
fn read_administrator(env: &mut Reader) -> Option<Option<Administrator>> {
    let email: Option<String> = env.optional("EVENTHUB_ADMIN_EMAIL")?;
    let password: Option<Secret<String>> = env.optional("EVENTHUB_ADMIN_PASSWORD")?;
    let (email, password) = match (email, password) {
        (None, None) => return Some(None),
        (Some(email), Some(password)) => (email, password),
        (Some(_), None) => {
            return refuse(env, "EVENTHUB_ADMIN_PASSWORD", "is missing beside EVENTHUB_ADMIN_EMAIL");
        }
        (None, Some(_)) => {
            return refuse(env, "EVENTHUB_ADMIN_EMAIL", "is missing beside EVENTHUB_ADMIN_PASSWORD");
        }
    };
    let address = Email::parse(&email).map_err(|invalid| invalid.problem);
    let secret = NewPassword::parse("password", password.into_inner()).map_err(|invalid| invalid.problem);
    match (address, secret) {
        (Ok(email), Ok(password)) => Some(Some(Administrator { email, password })),
        (Err(problem), _) => refuse(env, "EVENTHUB_ADMIN_EMAIL", problem),
        (_, Err(problem)) => refuse(env, "EVENTHUB_ADMIN_PASSWORD", problem),
    }
}

fn refuse<T>(env: &mut Reader, name: &str, problem: &str) -> Option<T> {
    env.problem(
        name,
        None,
        problem,
        "both an e-mail address and a password of 8 to 128 characters, or neither",
    );
    None
}

fn read_key_secret(env: &mut Reader) -> Option<Secret<String>> {
    let secret: Secret<String> = env.required("EVENTHUB_KEY_SECRET")?;
    if secret.expose().len() < SHORTEST_SECRET {
        env.problem(
            "EVENTHUB_KEY_SECRET",
            None,
            "is too short",
            "at least 32 bytes, as `openssl rand -base64 32` prints",
        );
        return None;
    }
    Some(secret)
}

fn read_throttle(env: &mut Reader) -> Option<Policies> {
    let allowance = env.or("EVENTHUB_LOGIN_ATTEMPTS", 5);
    let address_allowance = env.or("EVENTHUB_LOGIN_ATTEMPTS_PER_ADDRESS", 50);
    let first_lock = env.or("EVENTHUB_LOGIN_LOCK", minutes(1));
    let longest_lock = env.or("EVENTHUB_LOGIN_LOCK_MAX", minutes(15));
    let account = Policy {
        allowance: allowance?,
        first_lock: first_lock?,
        longest_lock: longest_lock?,
        window: minutes(15),
    };
    Some(Policies { account, address: Policy { allowance: address_allowance?, ..account } })
}

/// As many as there are processors: a hash keeps one busy.
fn hashes_at_once() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

#[cfg(test)]
mod tests {
    use service::env::Problems;

    use super::*;

    const SECRET: (&str, &str) = ("EVENTHUB_KEY_SECRET", "0123456789abcdef0123456789abcdef");

    fn problems<const N: usize>(pairs: [(&str, &str); N]) -> Vec<String> {
        let problems = read(pairs).unwrap_err();
        problems.0.into_iter().map(|problem| problem.name).collect()
    }

    fn read<const N: usize>(pairs: [(&str, &str); N]) -> Result<Config, Problems> {
        let mut env = Reader::from_pairs(pairs);
        let config = Config::read(&mut env);
        env.finish(|| config)
    }

    #[test]
    fn the_key_secret_has_no_default_and_must_be_long() {
        assert_eq!(problems([("UNRELATED", "1")]), ["EVENTHUB_KEY_SECRET"]);
        assert_eq!(problems([("EVENTHUB_KEY_SECRET", "short")]), ["EVENTHUB_KEY_SECRET"]);
    }

    #[test]
    fn there_is_no_administrator_unless_one_is_configured_whole() {
        let config = read([SECRET]).unwrap();
        assert!(config.administrator.is_none());
        assert_eq!(problems([SECRET, ("EVENTHUB_ADMIN_EMAIL", "a@b.co")]), ["EVENTHUB_ADMIN_PASSWORD"]);
        assert_eq!(problems([SECRET, ("EVENTHUB_ADMIN_PASSWORD", "12345678")]), ["EVENTHUB_ADMIN_EMAIL"]);
        let weak = [SECRET, ("EVENTHUB_ADMIN_EMAIL", "a@b.co"), ("EVENTHUB_ADMIN_PASSWORD", "1234")];
        assert_eq!(problems(weak), ["EVENTHUB_ADMIN_PASSWORD"]);
    }

    #[test]
    fn no_secret_shows_in_debug() {
        let pairs =
            [SECRET, ("EVENTHUB_ADMIN_EMAIL", "a@b.co"), ("EVENTHUB_ADMIN_PASSWORD", "hunter2hunter2")];
        let shown = format!("{:?}", read(pairs).unwrap());
        assert!(!shown.contains("hunter2") && !shown.contains(SECRET.1), "{shown}");
    }

    #[test]
    fn a_key_outlives_its_tokens() {
        let config = read([SECRET]).unwrap();
        assert!(config.key_schedule.keep > config.access_token_ttl);
        assert_eq!(config.access_token_ttl, Duration::from_secs(900));
        assert_eq!(config.hash_cost, Cost::OWASP);
    }
}
