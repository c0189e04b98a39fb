//! The one error of this crate, and its stable codes.

use core::fmt;

/// What went wrong. [`Error::code`] is the part to program against; the text is for people and may change.
///
/// No variant holds a secret, bytes of the input, or a type of a dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u32)] // a tag of one byte would leave a payload that is copied in pieces at every `?`
pub enum Error {
    /// A wrong passphrase or key, or altered data. These are not told apart, on purpose.
    Decrypt,
    /// Something of this name is there already.
    Exists(String),
    /// The bytes are not what FORMAT.md says; the text names the part.
    Format(&'static str),
    /// The vault's version byte is not one that this release reads.
    UnsupportedVersion {
        /// The version byte found.
        found: u8,
    },
    /// A count, a size or a cost is over its ceiling.
    Limit {
        /// What was counted, with its unit.
        what: &'static str,
        /// What was asked for.
        asked: u64,
        /// The most that is allowed.
        allowed: u64,
    },
    /// A key derivation cost is under its floor.
    WeakKdf {
        /// What was counted, with its unit.
        what: &'static str,
        /// What was asked for.
        asked: u64,
        /// The least that is allowed.
        least: u64,
    },
    /// The key that opened this vault gives no access to that part of it.
    NoAccess(String),
    /// There is no entry, field, slot, compartment or file of this name.
    NotFound(String),
    /// Someone else saved a change to the same thing first. Nothing was written.
    Conflict(String),
    /// The vault was locked, or belongs to another process; the text says what to do.
    Locked(&'static str),
    /// This part of the vault, or what a store kept, fails its checks and cannot be used; the rest can.
    Damaged(String),
    /// An argument is not of the form that is expected; the text says which form is.
    InvalidInput(String),
    /// The vault is older than, or forked from, what this reader has already seen.
    Rollback(String),
    /// The operating system refused; the text says what was tried and what it answered.
    Io(String),
    /// The operating system gave no random bytes.
    Random,
}

impl Error {
    /// The stable, machine-readable name of this kind of error. It never changes once released, and Python exceptions
    /// and JavaScript error codes are made from it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Decrypt => "decrypt",
            Self::Exists(_) => "exists",
            Self::Format(_) => "format",
            Self::UnsupportedVersion { .. } => "unsupported_version",
            Self::Limit { .. } => "limit",
            Self::WeakKdf { .. } => "weak_kdf",
            Self::NoAccess(_) => "no_access",
            Self::NotFound(_) => "not_found",
            Self::Conflict(_) => "conflict",
            Self::Locked(_) => "locked",
            Self::Damaged(_) => "damaged",
            Self::InvalidInput(_) => "invalid_input",
            Self::Rollback(_) => "rollback",
            Self::Io(_) => "io",
            Self::Random => "random",
        }
    }

    /// Every code, in the order of the variants. Bindings use it to prove that their own mapping is total.
    pub const CODES: [&'static str; 15] = [
        "decrypt",
        "exists",
        "format",
        "unsupported_version",
        "limit",
        "weak_kdf",
        "no_access",
        "not_found",
        "conflict",
        "locked",
        "damaged",
        "invalid_input",
        "rollback",
        "io",
        "random",
    ];

    pub(crate) fn invalid(expected: impl Into<String>) -> Self {
        Self::InvalidInput(expected.into())
    }

    /// `doing` says what was tried, on what: `"read /srv/bots.vault"`.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn io(doing: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::Io(format!("cannot {doing}: {error}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decrypt => f.write_str("wrong passphrase or key, or the data was altered"),
            Self::Exists(what) => write!(f, "{what} exists already"),
            Self::Format(what) => write!(f, "not a valid vault: {what}"),
            Self::UnsupportedVersion { found } => {
                write!(
                    f,
                    "vault version {found} is not supported by this release, which reads version 1; upgrade strongroom"
                )
            }
            Self::Limit { what, asked, allowed } => write!(f, "{what}: {asked} is over the limit of {allowed}"),
            Self::WeakKdf { what, asked, least } => write!(f, "{what}: {asked} is under the floor of {least}"),
            Self::NoAccess(what) => write!(f, "this key gives no access to {what}"),
            Self::NotFound(what) => write!(f, "{what} not found"),
            Self::Conflict(what) => write!(f, "{what}; nothing was written, reload and try again"),
            Self::Locked(why) => f.write_str(why),
            Self::Damaged(what) => write!(f, "{what} is damaged"),
            Self::InvalidInput(expected) => f.write_str(expected),
            Self::Rollback(what) => write!(f, "{what}"),
            Self::Io(what) => f.write_str(what),
            Self::Random => f.write_str("the operating system gave no random bytes"),
        }
    }
}

impl std::error::Error for Error {}

/// This crate's result.
pub type Result<T> = core::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_total_and_unique() {
        let all = [
            Error::Decrypt,
            Error::Exists(String::new()),
            Error::Format(""),
            Error::UnsupportedVersion { found: 2 },
            Error::Limit { what: "", asked: 2, allowed: 1 },
            Error::WeakKdf { what: "", asked: 1, least: 2 },
            Error::NoAccess(String::new()),
            Error::NotFound(String::new()),
            Error::Conflict(String::new()),
            Error::Locked(""),
            Error::Damaged(String::new()),
            Error::invalid(""),
            Error::Rollback(String::new()),
            Error::Io(String::new()),
            Error::Random,
        ];
        let codes: Vec<_> = all.iter().map(Error::code).collect();
        assert_eq!(codes, Error::CODES);
        let mut unique = codes.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), codes.len());
    }
}
