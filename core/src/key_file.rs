//! Keys in files of their own: one line that only its user can read.

use std::fs::{self, Metadata};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::disk::{Folder, absolute, new_file, open_regular};
use crate::{Error, Key, Result};

/// A key takes 89 bytes and a line end. What is larger than this is some other file.
const MAX_KEY_FILE: usize = 4 << 10;

impl Key {
    /// Writes the key to a new file, as one line. Only the file's user may read it (mode 0600); on Windows it gets the
    /// permissions of its folder. It is on disk, safe from a power loss, when this returns.
    ///
    /// # Errors
    /// [`Error::Exists`] if something of this name is there, since a key is never overwritten; [`Error::Io`], and then
    /// no file is left.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = absolute(path.as_ref())?;
        let text = self.to_text();
        let mut line = Zeroizing::new(String::with_capacity(text.len() + 1));
        line.push_str(&text);
        line.push('\n');
        let folder = Folder::of(&path)
            .map_err(|error| Error::io(format_args!("open the folder of the key file {}", path.display()), &error))?;
        let mut file = new_file().open(&path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Error::Exists(path.display().to_string()),
            _ => Error::io(format_args!("create the key file {}", path.display()), &error),
        })?;
        let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| folder.sync());
        written.map_err(|error| {
            // Half a key is of no use, and would be in the way of the next try.
            let _ = fs::remove_file(&path);
            Error::io(format_args!("write the key file {}", path.display()), &error)
        })
    }

    /// Reads a key from its file.
    ///
    /// As `ssh` does, this refuses a file of this user's that its group or others can access. A file of somebody
    /// else's is refused only if everyone can access it: systemd and container runtimes hand a credential to a service
    /// through its group. On Windows permissions are not looked at.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::InvalidInput`] if others can access the file, with the command that changes that,
    /// or if it does not hold a key ([`Key::parse`]); [`Error::Limit`] over 4 KiB; [`Error::Io`], also for what is not
    /// a regular file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = absolute(path.as_ref())?;
        let refused = |error| Error::io(format_args!("read the key file {}", path.display()), &error);
        let (mut file, metadata) = open_regular(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::NotFound(format!("the key file {}", path.display())),
            _ => refused(error),
        })?;
        check_private(&path, &metadata)?;
        // A buffer that never grows, so that no copy of the key is left behind un-wiped.
        let mut buffer = Zeroizing::new([0; MAX_KEY_FILE + 1]);
        let mut len = 0;
        while let Some(rest) = buffer.get_mut(len..).filter(|rest| !rest.is_empty()) {
            match file.read(rest) {
                Ok(0) => break,
                Ok(count) => len += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(refused(error)),
            }
        }
        if len > MAX_KEY_FILE {
            let asked = metadata.len().max(len as u64);
            return Err(Error::Limit { what: "key file size in bytes", asked, allowed: MAX_KEY_FILE as u64 });
        }
        let text = buffer.get(..len).and_then(|text| str::from_utf8(text).ok());
        let unreadable = |why| Error::invalid(format!("the key file {}: {why}", path.display()));
        match Self::parse(text.ok_or_else(|| unreadable("expected one line of text".to_owned()))?) {
            Err(Error::InvalidInput(why)) => Err(unreadable(why)),
            parsed => parsed,
        }
    }
}

#[cfg(unix)]
fn check_private(path: &Path, metadata: &Metadata) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    let (others, who) = if is_ours { (0o077, "its group or others") } else { (0o007, "everyone") };
    match metadata.mode() & others {
        0 => Ok(()),
        _ => Err(Error::invalid(format!(
            "the key file {} is open to {who}; take that away with: chmod {} {0:?}",
            path.display(),
            if is_ours { "600" } else { "o-rwx" },
        ))),
    }
}

#[cfg(not(unix))]
fn check_private(_: &Path, _: &Metadata) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bot.key");
        let key = Key::generate().unwrap();
        key.write(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", *key.to_text()));
        assert_eq!(Key::read(&path).unwrap(), key);
        let other = Key::generate().unwrap();
        assert_eq!(other.write(&path).unwrap_err().code(), "exists");
        assert_eq!(Key::read(&path).unwrap(), key);
    }

    #[test]
    fn what_is_no_key_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let code = |name: &str| Key::read(folder.path().join(name)).unwrap_err().code();
        let write = |name: &str, content: &[u8]| new_file().open(folder.path().join(name)).unwrap().write_all(content);
        assert_eq!(code("absent"), "not_found");
        assert_eq!(Key::read("").unwrap_err().code(), "invalid_input");
        assert_eq!(Key::read(folder.path()).unwrap_err().code(), "io");
        write("empty", b"").unwrap();
        assert_eq!(code("empty"), "invalid_input");
        write("bytes", b"\xff\xfe").unwrap();
        assert_eq!(code("bytes"), "invalid_input");
        write("largest", &[b' '; MAX_KEY_FILE]).unwrap();
        assert_eq!(code("largest"), "invalid_input");
        write("larger", &[b' '; MAX_KEY_FILE + 1]).unwrap();
        assert_eq!(code("larger"), "limit");
        assert_eq!(Key::generate().unwrap().write(folder.path().join("no/such/folder")).unwrap_err().code(), "io");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_is_its_users_alone() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bot.key");
        Key::generate().unwrap().write(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        for (mode, fits) in [(0o400, true), (0o640, false), (0o604, false), (0o620, false), (0o610, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            match Key::read(&path) {
                Ok(_) => assert!(fits, "mode {mode:o}"),
                Err(error) => {
                    assert!(!fits, "mode {mode:o}");
                    assert_eq!(error.code(), "invalid_input");
                    assert!(error.to_string().ends_with(&format!("chmod 600 {path:?}")), "{error}");
                }
            }
        }
        // Kubernetes links a secret's name to its file; but a new key never goes through a link.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let link = folder.path().join("link.key");
        symlink(&path, &link).unwrap();
        Key::read(&link).unwrap();
        let dangling = folder.path().join("dangling.key");
        symlink(folder.path().join("elsewhere"), &dangling).unwrap();
        assert_eq!(Key::generate().unwrap().write(&dangling).unwrap_err().code(), "exists");
    }
}
