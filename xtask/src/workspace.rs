//! Where the checkout is, where cargo puts what it builds, and how to run its programs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::{Context, Failure, Result};
use crate::services::Service;

/// Debug or release; what is built, and what is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build.
    Debug,
    /// Quick to run.
    Release,
}

impl Profile {
    /// Release when asked for.
    #[must_use]
    pub const fn release(release: bool) -> Self {
        if release { Self::Release } else { Self::Debug }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// This checkout.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The checkout that this program was built from, and its target folder.
    ///
    /// # Errors
    /// When cargo cannot be run there.
    pub fn find() -> Result<Self> {
        let root = root().to_path_buf();
        let metadata = cargo_metadata(&root, &["--no-deps"])?;
        let target = metadata["target_directory"]
            .as_str()
            .ok_or_else(|| Failure::new("cargo metadata names no target_directory"))?;
        Ok(Self { target: PathBuf::from(target), root })
    }

    /// The top folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo puts what it builds.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// A file of the checkout.
    #[must_use]
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// The program of a service, as built with `profile`.
    #[must_use]
    pub fn binary(&self, service: Service, profile: Profile) -> PathBuf {
        self.target.join(profile.folder()).join(service.binary())
    }

    /// A cargo command at the top folder.
    #[must_use]
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// The cargo command that builds every program of the stack, with the features of the whole workspace as
    /// `cargo test --workspace` does, so that neither builds what the other has built.
    #[must_use]
    pub fn build_command(&self, profile: Profile) -> Command {
        let mut command = self.cargo(&["build", "--workspace"]);
        for service in Service::ALL {
            command.args(["--bin", &service.binary()]);
        }
        if profile == Profile::Release {
            command.arg("--release");
        }
        command
    }

    /// Builds every program of the stack.
    ///
    /// # Errors
    /// When the build fails; cargo has then said why.
    pub fn build(&self, profile: Profile) -> Result<()> {
        succeed(&mut self.build_command(profile))
    }

    /// What a service's program prints for `command`, run without anything of a running stack but `environment`.
    ///
    /// # Errors
    /// When it cannot be started or ends with another code than 0; its standard error is part of the text.
    pub fn ask(
        &self,
        service: Service,
        profile: Profile,
        command: &str,
        environment: &BTreeMap<String, String>,
    ) -> Result<String> {
        let binary = self.binary(service, profile);
        let output = Command::new(&binary)
            .arg(command)
            .envs(environment)
            .stdin(Stdio::null())
            .output()
            .context(format_args!("{} cannot be run", binary.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::new(format!(
                "`{} {command}` failed ({})\n{}",
                service.binary(),
                output.status,
                said.trim_end()
            )));
        }
        String::from_utf8(output.stdout).context(format_args!("`{} {command}`", service.binary()))
    }
}

/// The top folder of the checkout that this program was built from.
#[must_use]
pub fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// Where this program is. After a rebuild the system calls the running file deleted; its place has the new one.
///
/// # Errors
/// When the system cannot say.
pub fn own_program() -> Result<PathBuf> {
    let path = std::env::current_exe().context("this program")?;
    let name = path.to_string_lossy();
    Ok(name.strip_suffix(" (deleted)").map_or_else(|| path.clone(), PathBuf::from))
}

/// `cargo metadata` of the workspace at `root`.
///
/// # Errors
/// When cargo fails or prints something else than JSON.
pub fn cargo_metadata(root: &Path, arguments: &[&str]) -> Result<Value> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1"])
        .args(arguments)
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("cargo metadata")?;
    if !output.status.success() {
        return Err(Failure::new("cargo metadata failed"));
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata")
}

/// Runs a command whose words go to the terminal.
///
/// # Errors
/// When it cannot be started, or ends with another code than 0.
pub fn succeed(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().context(format_args!("`{shown}` cannot be run"))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` failed ({status})"))) }
}

/// The command as one would type it.
#[must_use]
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
