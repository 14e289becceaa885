//! What is stored, in a file between runs.
//!
//! The file is a [snapshot](CacheHandle::snapshot). What has to do with credentials is not in it: for that the cache would
//! need a secret, and a secret that lies beside what it protects protects nothing.
//!
//! It is written beside itself and then renamed, so whoever reads it has the old one or the new one whole: neither a
//! crash nor another process that keeps its cache in the same file leaves half of one. What another process has kept since
//! it was read is read once more and kept as well. Of two that write at the very same moment the later one wins; what the
//! earlier had got is got again.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};
use tempfile::NamedTempFile;
use tower_client_cache::{CacheHandle, RestoreError, Restored, Snapshot};

use crate::say;

/// The file that a cache is kept in.
pub(crate) struct Store {
    path: PathBuf,
    /// What was read of it; nothing where there is none.
    read: Option<Version>,
}

/// What tells that a file is another than it was.
#[derive(PartialEq, Eq)]
struct Version {
    octets: u64,
    modified: Option<SystemTime>,
}

impl Store {
    /// Puts back what is kept there. What is damaged is left out, and said on standard error.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or where there is something else: that is not written over.
    pub(crate) fn open(path: &Path, handle: &CacheHandle) -> anyhow::Result<(Self, Restored)> {
        // Where it is a link, what it leads to is to be replaced, and not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut store = Self { path, read: None };
        let restored = store.restore(handle)?;
        Ok((store, restored))
    }

    /// Writes what is stored by now.
    ///
    /// # Errors
    ///
    /// Where it cannot be written; what was kept there still is.
    pub(crate) fn keep(mut self, handle: &CacheHandle) -> anyhow::Result<Snapshot> {
        if Version::at(&self.path)? != self.read {
            self.restore(handle)?;
        }
        self.write(handle)
            .with_context(|| self.path.display().to_string())
    }

    fn restore(&mut self, handle: &CacheHandle) -> anyhow::Result<Restored> {
        let name = self.path.display();
        self.read = Version::at(&self.path)?;
        if self.read.as_ref().is_none_or(|read| read.octets == 0) {
            return Ok(Restored::default());
        }
        let file = File::open(&self.path).with_context(|| name.to_string())?;
        let restored = match handle.restore(BufReader::new(file)) {
            Ok(restored) => restored,
            Err(RestoreError::OtherVersion) => {
                say(format_args!(
                    "{name}: it was written by another version, and is begun anew"
                ));
                Restored::default()
            }
            Err(error @ RestoreError::Io(_)) => {
                return Err(error).with_context(|| name.to_string());
            }
            Err(error) => {
                bail!("{name}: {error}; it is left as it is: remove it, or name another file")
            }
        };
        if restored.damaged() > 0 {
            let damaged = restored.damaged();
            say(format_args!(
                "{name}: {damaged} of the responses in it are damaged, and left out"
            ));
        }
        if restored.is_truncated() {
            say(format_args!(
                "{name}: its end is missing, and what was there"
            ));
        }
        Ok(restored)
    }

    fn write(&self, handle: &CacheHandle) -> io::Result<Snapshot> {
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut file = NamedTempFile::new_in(folder)?;
        let mut writer = BufWriter::new(&mut file);
        let written = handle.snapshot(&mut writer)?;
        writer.flush()?;
        drop(writer);
        // Otherwise the name could be there after a crash, and what it names not.
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(written)
    }
}

impl Version {
    /// That of the file there, if there is one.
    ///
    /// # Errors
    ///
    /// Where there is something else, a folder or a device: to rename a file to its name would be its end.
    fn at(path: &Path) -> anyhow::Result<Option<Self>> {
        let metadata = match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            metadata => metadata.with_context(|| path.display().to_string())?,
        };
        if !metadata.is_file() {
            bail!(
                "{}: it is no file that a cache could be kept in",
                path.display()
            );
        }
        Ok(Some(Self {
            octets: metadata.len(),
            modified: metadata.modified().ok(),
        }))
    }
}
