//! One-time codes: made for a bot that logs in, and verified for a server where each works once.
//!
//! A bot's side, with what a website or a broker gave its owner:
//!
//! ```
//! use strongroom::otp::{Fresh, Totp};
//!
//! # fn main() -> strongroom::Result<()> {
//! # let unix_seconds = 1_700_000_000;
//! let totp = Totp::from_uri("otpauth://totp/Broker:AB1234?secret=JBSWY3DPEHPK3PXP&issuer=Broker")?;
//! // A code that lives for five seconds more and is not the one of the login before.
//! let mut last = None;
//! match totp.fresh(unix_seconds, 5, last)? {
//!     Fresh::Code { code, step, .. } => {
//!         last = Some(step);
//!         assert_eq!(code.len(), 6);
//!     }
//!     Fresh::Wait { seconds } => println!("again in {seconds} s"),
//! }
//! # assert!(last.is_some());
//! # Ok(())
//! # }
//! ```
//!
//! A server's side, from the enrolment to a login:
//!
//! ```
//! use strongroom::otp::{Account, Guard, Totp, Verdict, qr};
//! use strongroom::state::MemoryState;
//!
//! # fn main() -> strongroom::Result<()> {
//! # let unix_seconds = 1_700_000_000;
//! let totp = Totp::generate()?;
//! let uri = Account::new(totp.clone(), "alice@example.com")?.with_issuer("Example")?.to_uri()?;
//! let svg = qr::svg(uri.reveal_str()?)?; // show it once, over HTTPS
//!
//! // One store for all accounts and threads; one in a database if there are several processes.
//! let (guard, state) = (Guard::new(), MemoryState::new());
//! # let typed = totp.code(unix_seconds)?;
//! match guard.verify(&state, "user-17", &totp, typed.reveal_str()?, unix_seconds)? {
//!     Verdict::Accepted { .. } => println!("welcome"),
//!     Verdict::Used => println!("wait for the next code"),
//!     Verdict::Throttled { seconds } => println!("try again in {seconds} s"),
//!     _ => println!("wrong code"),
//! }
//! # assert_eq!(guard.verify(&state, "user-17", &totp, typed.reveal_str()?, unix_seconds)?, Verdict::Used);
//! # Ok(())
//! # }
//! ```
//!
//! Accounts move from and to a phone with [`read_migration`] and [`write_migration`], Google Authenticator's export.
//! [`RecoveryCode`] is for users who lose their phone, [`DeliveredCodes`] for codes sent by SMS or e-mail.

mod account;
mod base32;
mod delivered;
mod generator;
mod guard;
mod hotp;
mod migration;
mod protobuf;
pub mod qr;
mod recovery;
mod totp;
mod uri;

pub use account::{Account, Codes};
pub use base32::{decode_base32, encode_base32};
pub use delivered::{Delivered, DeliveredCodes};
pub use generator::Algorithm;
pub use guard::{Change, Guard, Verdict};
pub use hotp::Hotp;
pub use migration::{Migration, read_migration, write_migration};
pub use recovery::RecoveryCode;
pub use totp::{Fresh, Resync, Totp};

use crate::{Error, Result};

/// The last second of the year 9999. A time behind it is one in milliseconds.
const MAX_SECONDS: i64 = 253_402_300_799;

/// # Errors
/// [`Error::InvalidInput`] for a time before 1970 or after the year 9999.
fn seconds(unix_seconds: i64) -> Result<u64> {
    u64::try_from(unix_seconds).ok().filter(|_| unix_seconds <= MAX_SECONDS).ok_or_else(|| {
        Error::invalid("expected a time in Unix seconds, from 1970 to the year 9999; is the clock right?")
    })
}

#[cfg(test)]
mod tests {
    /// The seed as the text that URIs carry it as; as bytes it is looked for by `tests/rust/memory.rs`.
    #[cfg(target_os = "linux")]
    #[test]
    fn no_text_of_a_seed_or_a_code_is_left_behind() {
        use super::*;
        use crate::residue::Trace;

        let trace = {
            let totp = Totp::generate().unwrap();
            let text = encode_base32(&totp.reveal_secret());
            let trace = Trace::of(text.reveal().iter().copied());
            assert!(trace.copies() > 0, "the search finds nothing, not even what is there");
            let uri = Account::new(totp, "alice").unwrap().with_issuer("Example").unwrap().to_uri().unwrap();
            let read = Account::from_uri(uri.reveal_str().unwrap()).unwrap();
            qr::svg(uri.reveal_str().unwrap()).unwrap();
            qr::terminal(uri.reveal_str().unwrap(), qr::Background::Dark).unwrap();
            assert_eq!(Totp::from_uri(uri.reveal_str().unwrap()).map(Codes::from).as_ref(), Ok(read.codes()));
            trace
        };
        assert_eq!(trace.copies(), 0);

        let trace = {
            let code = RecoveryCode::generate(1).unwrap().remove(0);
            let mut typed = zeroize::Zeroizing::new(String::with_capacity(code.code.len()));
            typed.extend(code.code.reveal_str().unwrap().chars().filter(|&character| character != '-'));
            let trace = Trace::of(typed.bytes());
            assert!(trace.copies() > 0, "the search finds nothing, not even what is there");
            assert_eq!(RecoveryCode::verify(&typed, &[code.stored]), Ok(Some(0)));
            trace
        };
        assert_eq!(trace.copies(), 0);
    }
}
