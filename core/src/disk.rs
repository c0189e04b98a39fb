//! What vault files and key files have in common: reading nothing but regular files, making new ones that only their
//! user can read, and making a name survive a power loss.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The path from the root, so that later calls and error messages mean the same file wherever the process is then.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path).map_err(|_| Error::invalid("expected the path of a file, got nothing"))?;
    match path.file_name() {
        Some(_) => Ok(path),
        None => Err(Error::invalid(format!("expected the path of a file, got {}", path.display()))),
    }
}

/// Opens a regular file to read it. Another kind, as a pipe or a device, is refused, and never waited for.
pub(crate) fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    match metadata.is_file() {
        true => Ok((file, metadata)),
        false => Err(io::Error::other("expected a regular file")),
    }
}

/// How a new file is made: never through a link, never over another file, and from the start only for its user.
pub(crate) fn new_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// The folder of a file, to make a new or renamed name in it survive a power loss.
///
/// On Windows this is nothing: a folder can't be flushed there, and NTFS keeps its names in a journal.
pub(crate) struct Folder {
    #[cfg(unix)]
    handle: File,
}

impl Folder {
    pub(crate) fn of(file: &Path) -> io::Result<Self> {
        #[cfg(unix)]
        {
            let folder = file.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
            Ok(Self { handle: File::open(folder)? })
        }
        #[cfg(not(unix))]
        {
            let _ = file;
            Ok(Self {})
        }
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        #[cfg(unix)]
        self.handle.sync_all()?;
        Ok(())
    }
}
