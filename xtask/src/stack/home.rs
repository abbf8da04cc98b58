//! The data folder of a stack: databases, keys, credentials, logs. Made once, kept; nothing in it is readable by others.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::keys;
use super::options::{DataOption, Database};
use crate::failure::{Context, Failure, Result};
use crate::services::Service;
use crate::workspace::{self, Profile};

/// Of the venues of the SpaceMaster stand-in that are not on Jakarta's time.
const VENUE_ZONES: &str = "2=Asia/Makassar,4=Asia/Jayapura";

/// The data folder.
#[derive(Clone, Debug)]
pub struct Home {
    folder: PathBuf,
}

/// The log-in of the first administrator, made when the folder is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Admin {
    /// What `login` takes.
    pub email: String,
    /// What `login` takes.
    pub password: String,
}

/// What only this stack knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secrets {
    admin: Admin,
    key_secret: String,
}

/// How the stack in this folder was last started; other commands reach its databases by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Added to every port.
    pub port_offset: u16,
    /// Where the services keep their rows.
    pub database: Database,
    /// Whether the optimised programs run.
    pub release: bool,
    /// Added to the port where a service looks for another, where something stands between the two.
    #[serde(default)]
    pub peer_offset: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self { port_offset: 0, database: Database::Sqlite, release: false, peer_offset: 0 }
    }
}

impl Settings {
    /// Which programs run.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        Profile::release(self.release)
    }

    /// Where a service listens, `host:port`.
    #[must_use]
    pub fn address(&self, service: Service) -> String {
        format!("127.0.0.1:{}", service.port() + self.port_offset)
    }

    /// The address of a service as a URL without a path.
    #[must_use]
    pub fn url(&self, service: Service) -> String {
        format!("http://{}", self.address(service))
    }

    /// Where the other services look for a service.
    #[must_use]
    pub fn peer_url(&self, service: Service) -> String {
        format!("http://127.0.0.1:{}", service.port() + self.port_offset + self.peer_offset)
    }
}

/// Held as long as a stack runs in the folder.
#[derive(Debug)]
pub struct HomeLock(#[expect(dead_code, reason = "the lock lives as long as the file is open")] File);

impl Home {
    /// The folder that was asked for, or `.eventhub` of the checkout; not touched yet.
    ///
    /// # Errors
    /// When the path cannot be made absolute.
    pub fn at(option: &DataOption) -> Result<Self> {
        let folder = option.folder.clone().unwrap_or_else(|| workspace::root().join(".eventhub"));
        let folder = std::path::absolute(&folder).context(folder.display())?;
        Ok(Self { folder })
    }

    /// A file in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder and everything that a first start needs; what is there stays as it is.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn prepare(&self) -> Result<()> {
        for folder in [self.folder.clone(), self.path("keys"), self.path("logs")] {
            DirBuilder::new().recursive(true).mode(0o700).create(&folder).context(folder.display())?;
        }
        if !self.secrets_path().exists() {
            self.write_json("secrets.json", &Secrets::generate()?)?;
        }
        keys::prepare(self)
    }

    /// Takes the folder for this process.
    ///
    /// # Errors
    /// When another stack runs in it.
    pub fn lock(&self) -> Result<HomeLock> {
        let path = self.path("dev.lock");
        let file =
            OpenOptions::new().create(true).append(true).mode(0o600).open(&path).context(path.display())?;
        match file.try_lock() {
            Ok(()) => Ok(HomeLock(file)),
            Err(TryLockError::WouldBlock) => Err(Failure::new(format!(
                "a stack already runs in {}: stop it, or choose another folder with --data DIR and other ports with --port-offset N",
                self.folder.display()
            ))),
            Err(TryLockError::Error(error)) => Err(error).context(path.display()),
        }
    }

    /// Whether a stack runs in the folder now.
    #[must_use]
    pub fn is_running(&self) -> bool {
        OpenOptions::new()
            .append(true)
            .open(self.path("dev.lock"))
            .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// How the stack was last started; the defaults when it never was.
    ///
    /// # Errors
    /// When the file is there and cannot be understood.
    pub fn settings(&self) -> Result<Settings> {
        if self.path("stack.json").exists() { self.read_json("stack.json") } else { Ok(Settings::default()) }
    }

    /// Remembers how the stack is started.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remember(&self, settings: &Settings) -> Result<()> {
        self.write_json("stack.json", settings)
    }

    /// The log-in of the first administrator.
    ///
    /// # Errors
    /// When the stack has never been prepared.
    pub fn admin(&self) -> Result<Admin> {
        Ok(self.secrets()?.admin)
    }

    /// Everything that a service of this stack finds in its environment.
    ///
    /// # Errors
    /// When the stack has never been prepared.
    pub fn environment(&self, service: Service, settings: &Settings) -> Result<BTreeMap<String, String>> {
        let mut variables = BTreeMap::new();
        let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
        set("EVENTHUB_LISTEN", settings.address(service));
        for peer in Service::ALL {
            set(&format!("EVENTHUB_{}_URL", peer.name().to_uppercase()), settings.peer_url(peer));
        }
        if service != Service::Router {
            set("DATABASE_URL", settings.database.url(&self.folder, service));
        }
        if Service::KEYED.contains(&service) {
            set("EVENTHUB_SERVICE_KEY_FILE", keys::private_path(self, service).display().to_string());
            set("EVENTHUB_SERVICE_TRUST_FILE", keys::trust_path(self).display().to_string());
        }
        if service == Service::User {
            let secrets = self.secrets()?;
            set("EVENTHUB_ADMIN_EMAIL", secrets.admin.email);
            set("EVENTHUB_ADMIN_PASSWORD", secrets.admin.password);
            set("EVENTHUB_KEY_SECRET", secrets.key_secret);
        }
        if service == Service::Event {
            set("EVENTHUB_VENUE_ZONES", VENUE_ZONES.to_owned());
        }
        if service == Service::Booking {
            set("EVENTHUB_PAYMENT_PROVIDER", "test".to_owned());
            set("EVENTHUB_WEBHOOK_KEY_SECRET", self.secrets()?.key_secret);
            set("EVENTHUB_WEBHOOK_REACH", "anywhere".to_owned());
        }
        Ok(variables)
    }

    /// Writes a file that only its owner can read, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        let draft = self.path(&format!("{name}.draft"));
        OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&draft, &path))
            .context(path.display())
    }

    /// Writes a value as JSON; see [`Home::write`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value).context(name)?;
        self.write(name, &format!("{text}\n"))
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let path = self.path(name);
        let text = fs::read_to_string(&path).context(path.display())?;
        serde_json::from_str(&text).context(path.display())
    }

    fn secrets_path(&self) -> PathBuf {
        self.path("secrets.json")
    }

    fn secrets(&self) -> Result<Secrets> {
        self.read_json("secrets.json")
    }
}

impl Secrets {
    fn generate() -> Result<Self> {
        Ok(Self {
            admin: Admin { email: "admin@eventhub.example".to_owned(), password: keys::random_text(18)? },
            key_secret: keys::random_text(48)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn home(folder: &Path) -> Home {
        Home { folder: folder.join("stack") }
    }

    #[test]
    fn secrets_are_made_once_and_hidden_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        home.prepare().unwrap();
        let first = home.secrets().unwrap();
        home.prepare().unwrap();
        let second = home.secrets().unwrap();
        assert_eq!(first.admin.password, second.admin.password);
        assert_eq!(first.key_secret, second.key_secret);
        assert!(first.key_secret.len() >= 32);
        for name in ["secrets.json", "keys/user.pem", "keys/trust.json"] {
            let mode = fs::metadata(home.path(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_folder_holds_one_stack_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        home.prepare().unwrap();
        assert!(!home.is_running());
        let lock = home.lock().unwrap();
        assert!(home.is_running());
        assert!(home.lock().unwrap_err().to_string().contains("already runs"));
        drop(lock);
        assert!(!home.is_running());
    }

    #[test]
    fn only_the_user_service_learns_the_admins_password() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        home.prepare().unwrap();
        for service in Service::ALL {
            let environment = home.environment(service, &Settings::default()).unwrap();
            assert_eq!(environment.contains_key("EVENTHUB_ADMIN_PASSWORD"), service == Service::User);
            assert_eq!(environment.contains_key("EVENTHUB_KEY_SECRET"), service == Service::User);
            assert_eq!(environment.contains_key("DATABASE_URL"), service != Service::Router);
        }
    }
}
