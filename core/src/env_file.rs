//! `.env` files: reading them as python-dotenv does, and where each variable goes in a vault.
//!
//! # Reading
//! [`parse`] agrees with python-dotenv 1.2.4, `dotenv_values(stream=..., interpolate=True)`: quotes and their escapes,
//! `export`, comments, values over several lines, a byte order mark, `\n`, `\r\n` and `\r`, `${NAME}` and
//! `${NAME:-default}`. A later line wins over an earlier one of the same name, and keeps the earlier one's place.
//! `tests/vectors/env.json` is the corpus that both are run over. The differences, each on purpose:
//! - a line that cannot be read is skipped there with a warning, and told here in [`Parsed::skipped_lines`];
//! - NUL and bytes that are not UTF-8 are refused, with the number of the line;
//! - there are limits ([`MAX_BYTES`], [`MAX_VARIABLES`]), and reading takes time in proportion to the size.
//!
//! A line end inside quotes is kept as it is. (When python-dotenv opens the file itself, Python has turned `\r\n` and
//! `\r` into `\n` before.)
//!
//! # Where variables go
//! [`plan`] gives each variable an entry and a field:
//! - `<EXCHANGE>_<FIELD>` goes to `<exchange>/main`, where the exchange is one of ccxt's ids, underscores or not
//!   (`KRAKEN_FUTURES_API_KEY` is `krakenfutures`'s), and the field one of ccxt's in snake case, by its usual
//!   spellings: `api_key`, `uid`, `account_id`, `login` and `wallet_address`, which name an account and so are info,
//!   and `secret`, `password`, `private_key`, `token` and `totp` (ccxt's `twofa`), which are secret. `..._PRIVATE_KEY`
//!   is `private_key` where ccxt signs with a wallet's key, else it is `secret`, as ccxt has it.
//! - A word or number for the account, before the field or after it, names the entry: `BINANCE_TESTNET_API_KEY` and
//!   `BINANCE_API_KEY_TESTNET` go to `binance/testnet`, `BINANCE_2_SECRET` to `binance/2`. Only numbers and well-known
//!   words count (`testnet`, `demo`, `paper`, `live`, `futures`, `sub1`, ...): `KRAKEN_DB_PASSWORD` is not an account
//!   `db`, and a bot that is granted `kraken` must not get it.
//! - All else goes to `env/main` under its own name, as a secret, since nothing tells whether it is one; so does the
//!   second variable that asks for the same field. What does not fit there goes to `env/main-2`, `env/main-3`, ...
//! - What would be info is a secret field after all if it is over 256 bytes or has control characters: it is no key id.
//! - [`Plan::left_out`] tells what cannot be kept: names without a value, names that are no field name, names that
//!   decide what code a program runs (`PATH`, `LD_PRELOAD`, `PYTHONPATH`, ...), values over 60,000 bytes, and the first
//!   line of a PEM key that is not in quotes.
//!
//! # The way back
//! The mapping is kept in each entry's info, so that the variables come back as they were even after the entry was
//! renamed or copied; [`variables_of`] reads it:
//! - `env.<field>` = the variable's name: that field, secret or info, is this variable;
//! - `env` = `fields`: each secret field is a variable of its own name. `env/main` has only this one.

use core::fmt;
use std::collections::BTreeMap;

use crate::{Error, Result, Secret};

pub(crate) mod exchanges;
mod interpolation;
mod mapping;
mod statements;

pub use mapping::{LeftOut, Mapped, Plan, plan, variables_of};

/// The largest `.env` file, and the most that all its values may come to once interpolated, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// The most variables a `.env` file may have.
pub const MAX_VARIABLES: usize = 10_000;

/// What a `.env` file holds.
#[derive(Debug)]
pub struct Parsed {
    /// The variables, each name once, in the order in which the names first appear.
    pub variables: Vec<Variable>,
    /// The lines, counted from 1, where a statement starts that could not be read and was skipped.
    pub skipped_lines: Vec<usize>,
}

/// One variable of a `.env` file.
///
/// `Debug` shows the line alone: in a file with a missing quote, even a name can be a part of a secret.
pub struct Variable {
    /// The name, as written: any characters, not only those that a shell allows.
    pub name: String,
    /// The value as UTF-8 text; `None` for a line that is a name without `=`.
    pub value: Option<Secret>,
    /// The line, counted from 1, where the statement starts that gave the value.
    pub line: usize,
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variable").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Reads a `.env` file.
///
/// `lookup` gives the value of an environment variable, for `${NAME}`; the file's own earlier values win over it.
///
/// ```
/// use strongroom::env_file;
///
/// let parsed = env_file::parse(b"export HOST='api.example' # live\nURL=https://${HOST}/${VERSION:-v1}", &|_| None)?;
/// assert_eq!(parsed.variables[1].name, "URL");
/// assert_eq!(parsed.variables[1].value, Some("https://api.example/v1".into()));
/// # Ok::<(), strongroom::Error>(())
/// ```
///
/// # Errors
/// [`Error::Limit`] over [`MAX_BYTES`] or [`MAX_VARIABLES`]; [`Error::InvalidInput`] for NUL or what is not UTF-8, with
/// the number of the line and nothing of its content.
pub fn parse(text: &[u8], lookup: &dyn Fn(&str) -> Option<String>) -> Result<Parsed> {
    if text.len() > MAX_BYTES {
        return Err(over("bytes of a .env file", text.len(), MAX_BYTES));
    }
    let utf8 = core::str::from_utf8(text).map_err(|fault| {
        let line = line_at(text, fault.valid_up_to());
        Error::invalid(format!("line {line} is not UTF-8 text; save the file as UTF-8"))
    })?;
    if let Some(at) = text.iter().position(|byte| *byte == 0) {
        let line = line_at(text, at);
        return Err(Error::invalid(format!("line {line} holds a NUL byte, which no variable can; remove it")));
    }
    let mut parsed = Parsed { variables: Vec::new(), skipped_lines: Vec::new() };
    let mut places = BTreeMap::<&str, usize>::new();
    let mut total = 0;
    for (line, statement) in statements::Statements::new(utf8) {
        let Ok(assignment) = statement else {
            parsed.skipped_lines.push(line);
            continue;
        };
        let Some((name, raw)) = assignment else { continue };
        let value = match raw {
            None => None,
            Some(raw) => {
                let earlier = |name: &str| Some(parsed.variables.get(*places.get(name)?)?.value.as_ref());
                Some(interpolation::resolve(&raw, line, &earlier, lookup, &mut total)?)
            }
        };
        if let Some(variable) = places.get(name).and_then(|place| parsed.variables.get_mut(*place)) {
            (variable.value, variable.line) = (value, line);
        } else {
            if parsed.variables.len() == MAX_VARIABLES {
                return Err(over("variables in a .env file", MAX_VARIABLES + 1, MAX_VARIABLES));
            }
            places.insert(name, parsed.variables.len());
            parsed.variables.push(Variable { name: name.into(), value, line });
        }
    }
    Ok(parsed)
}

fn over(what: &'static str, asked: usize, allowed: usize) -> Error {
    Error::Limit { what, asked: asked as u64, allowed: allowed as u64 }
}

/// The line, counted from 1, of the byte at `at`, which is no line end itself.
fn line_at(text: &[u8], at: usize) -> usize {
    1 + line_ends(text.get(..at).unwrap_or(text))
}

/// How many of `\n`, `\r\n` and `\r` there are; `text` must not stop inside a `\r\n`.
fn line_ends(text: &[u8]) -> usize {
    let line_feeds = text.iter().filter(|byte| **byte == b'\n').count();
    let lone_returns = text.split(|byte| *byte == b'\r').skip(1).filter(|after| !after.starts_with(b"\n")).count();
    line_feeds + lone_returns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed> {
        parse(text.as_bytes(), &|_| None)
    }

    #[test]
    fn a_name_keeps_its_first_place_and_its_last_value() {
        let parsed = read("A=1\nB=2\nA=3").unwrap();
        let found: Vec<_> = parsed.variables.iter().map(|v| (v.name.as_str(), v.line)).collect();
        assert_eq!(found, [("A", 3), ("B", 2)]);
        assert_eq!(parsed.variables[0].value, Some("3".into()));
    }

    #[test]
    fn lines_are_counted_by_every_line_end() {
        assert_eq!(line_ends(b"a\nb\r\nc\rd"), 3);
        assert_eq!(line_ends(b"\r\r\n\n\r"), 4);
        let parsed = read("A=1\r\n\r\nbad line\rB=2\n\n\"worse").unwrap();
        assert_eq!(parsed.skipped_lines, [3]);
        assert_eq!(parsed.variables[1].line, 4);
    }

    #[test]
    fn debug_shows_neither_names_nor_values() {
        let shown = format!("{:?}", read("MIIEvQIBADANBg=hunter2\nhunter3").unwrap());
        assert!(!shown.contains("MII") && !shown.contains("hunter"), "{shown}");
    }

    #[test]
    fn size_and_count_have_limits() {
        let largest = "#".repeat(MAX_BYTES);
        assert!(read(&largest).unwrap().variables.is_empty());
        assert_eq!(read(&format!("{largest}#")).unwrap_err().code(), "limit");

        let most: String = (0..MAX_VARIABLES).map(|n| format!("V{n}=\n")).collect();
        assert_eq!(read(&format!("{most}V0=again")).unwrap().variables.len(), MAX_VARIABLES);
        assert_eq!(read(&format!("{most}ONE_MORE=")).unwrap_err().code(), "limit");
    }

    #[test]
    fn doubling_values_hit_the_limit() {
        let doubling: String = (1..64).map(|n| format!("V{n}=${{V{}}}${{V{0}}}\n", n - 1)).collect();
        assert_eq!(read(&format!("V0=x\n{doubling}")).unwrap_err().code(), "limit");

        // A long value of the environment, named often: refused before it is gathered.
        let often = format!("A={}", "${L}".repeat(MAX_BYTES / 8));
        let asked = std::cell::Cell::new(0);
        let lookup = |_: &str| {
            asked.set(asked.get() + 1);
            Some("x".repeat(MAX_BYTES / 2))
        };
        assert_eq!(parse(often.as_bytes(), &lookup).unwrap_err().code(), "limit");
        assert_eq!(asked.get(), 3);
    }

    #[test]
    fn nul_from_the_environment_is_refused() {
        let error = parse(b"\nA=${B}", &|_| Some("x\0hunter2".into())).unwrap_err();
        assert_eq!(error.code(), "invalid_input");
        assert!(error.to_string().starts_with("line 2 "), "{error}");
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn hostile_texts_of_the_largest_size_are_read() {
        // Reading in quadratic time would not come to an end here.
        for unit in [
            "${",
            "${a",
            "${:",
            "$",
            "A='",
            "A=\"\\\"\n",
            "'",
            "'\n",
            "\\",
            " ",
            "\r",
            " #",
            "A=\"",
            "\u{85}",
            "export ",
        ] {
            for (before, after) in [("", ""), ("A=", ""), ("A=", ":x"), ("A=\"", "\""), ("A='", "")] {
                let text = format!("{before}{}{after}", unit.repeat((MAX_BYTES - 8) / unit.len()));
                let _ = read(&text);
            }
        }
    }
}
