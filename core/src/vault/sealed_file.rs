//! A vault's file for a host that has no key: it hands out the sealed bytes, and takes new ones for them.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::VaultFile;
use super::file::Store;
use super::format::Frame;
use crate::{Error, Result};

impl VaultFile {
    /// Reads a vault's file as it is, sealed, for a host that passes it to whoever has a key. Also returns the SHA-256
    /// of these bytes, which names this state of the vault to [`VaultFile::replace_sealed`].
    ///
    /// Only the frame is checked, so that nothing but a vault is ever handed out.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Limit`] for a file over 64 MiB, which is not read; [`Error::Io`], also for what
    /// is not a regular file; [`Error::Format`], [`Error::UnsupportedVersion`] and [`Error::Limit`] for what is not a
    /// vault that this release reads.
    pub fn read_sealed(path: impl AsRef<Path>) -> Result<(Vec<u8>, [u8; 32])> {
        let bytes = Store::at(path.as_ref())?.read()?;
        Frame::parse(&bytes)?;
        let digest = digest(&bytes);
        Ok((bytes, digest))
    }

    /// Replaces a vault's file by new sealed bytes, if it still is in the state that `expected` names: the SHA-256
    /// that [`VaultFile::read_sealed`] or the last such call returned. Returns that of the new bytes. When this
    /// returns, they are safe from a power loss.
    ///
    /// It takes the lock that every save takes, and writes as [`VaultFile::save`] does. Whether the new bytes open, and
    /// with which key, a host cannot tell; that they are a vault by their frame is checked, so that a page of HTML
    /// or half an upload never takes a vault's place. Where these very bytes are stored already, that is a success: the
    /// answer to an earlier call may have been lost.
    ///
    /// # Errors
    /// [`Error::Conflict`] if someone else has saved; [`Error::NotFound`] if the file was moved away;
    /// [`Error::Format`], [`Error::UnsupportedVersion`] and [`Error::Limit`] for new bytes that are no vault; and
    /// [`Error::Io`]. Nothing is written then, but as with [`VaultFile::save`]: if only the folder cannot be flushed,
    /// the new bytes are in place, and calling again tries to flush it.
    pub fn replace_sealed(path: impl AsRef<Path>, expected: &[u8; 32], new: impl Into<Vec<u8>>) -> Result<[u8; 32]> {
        let new = new.into();
        Frame::parse(&new)?;
        let digest_of_new = digest(&new);
        let store = Store::at(path.as_ref())?;
        let stored = store.replace(|stored| {
            let found = digest(stored.ok_or_else(|| store.vanished())?);
            match found == *expected || found == digest_of_new {
                true => Ok(new),
                false => Err(Error::Conflict(format!("someone else has saved {} since", store.name()))),
            }
        })?;
        stored.durable?;
        Ok(digest_of_new)
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
