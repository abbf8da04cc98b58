//! A small disk that can be full: a file system in memory, mounted below the data folder, where this machine lets us.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Context, Failure, Result};
use crate::services::Service;

/// How much is free on it when it is not full, in MiB.
const FREE: u64 = 96;
/// What fills it up.
const BALLAST: &str = "ballast";

/// A mounted disk with the databases of a stack. With the value it is unmounted, and what was on it is left in the data folder.
#[derive(Debug)]
pub(super) struct Disk {
    data: PathBuf,
    folder: PathBuf,
}

impl Disk {
    /// Mounts a disk in `data`, and makes the databases files of it. `None` where mounting is not allowed.
    pub(super) fn mount(data: &Path) -> Result<Option<Self>> {
        let folder = data.join("disk");
        fs::create_dir_all(&folder).context(folder.display())?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={FREE}m,mode=700"), "tmpfs"]).arg(&folder);
        if !mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            return Ok(None);
        }
        let disk = Self { data: data.to_owned(), folder };
        for service in Service::STORES {
            let name = format!("{service}.db");
            let link = data.join(&name);
            symlink(disk.folder.join(&name), &link).context(link.display())?;
        }
        Ok(Some(disk))
    }

    /// Makes it larger by what the databases have grown.
    pub(super) fn grow(&self) -> Result<()> {
        let files = fs::read_dir(&self.folder).context(self.folder.display())?.flatten();
        let used: u64 = files.filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum();
        let size = format!("remount,size={}m", FREE + used.div_ceil(1 << 20));
        let grown = Command::new("mount").args(["-o", &size]).arg(&self.folder).status();
        match grown.context("mount")? {
            status if status.success() => Ok(()),
            status => Err(Failure::new(format!("the disk cannot grow: mount ended with {status}"))),
        }
    }

    /// Leaves no byte free.
    pub(super) fn fill(&self) {
        let Ok(mut ballast) = File::create(self.folder.join(BALLAST)) else { return };
        let piece = vec![0; 1 << 16];
        while ballast.write_all(&piece).is_ok() {}
    }

    /// Frees what [`Disk::fill`] took.
    pub(super) fn free(&self) {
        let _ = fs::remove_file(self.folder.join(BALLAST));
    }
}

impl Disk {
    fn move_out(&self) -> std::io::Result<()> {
        self.free();
        for file in fs::read_dir(&self.folder)? {
            let file = file?;
            let outside = self.data.join(file.file_name());
            let _ = fs::remove_file(&outside);
            fs::copy(file.path(), outside)?;
        }
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.move_out();
        let _ = Command::new("umount").arg("--lazy").arg(&self.folder).stderr(Stdio::null()).status();
    }
}
