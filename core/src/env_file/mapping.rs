//! Where each variable goes in a vault, and the way back. The scheme is described in the parent module.

use std::collections::{BTreeMap, BTreeSet};

use super::Variable;
use super::exchanges::{self, Place};
use crate::Secret;

/// The most secret fields of an entry, as FORMAT.md has it.
const MAX_FIELDS: usize = 64;

/// The most bytes that the names and values of an entry's secret fields come to: FORMAT.md's 64 KiB, less some room
/// for a field that is added by hand.
const MAX_SECRET_BYTES: usize = 60_000;

/// CBOR's heads of a field's name and value take up to so many bytes (RFC 8949, section 3).
const FIELD_OVERHEAD: usize = 8;

/// The longest name of a field, in bytes, as FORMAT.md has it.
const MAX_NAME_BYTES: usize = 64;

/// The longest value that goes to info. The at most five of an entry, and the mapping, then leave over 1 KiB of the
/// 4 KiB that FORMAT.md gives an entry's metadata for a note and the rest.
const MAX_INFO_BYTES: usize = 256;

/// Variables that decide what code a program loads or runs. Whoever may write an entry chooses its variables' names, and
/// must not get to run code as the one who loads them.
const STEERING: [&str; 24] = [
    "BASH_ENV",
    "ENV",
    "GCONV_PATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "HOME",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PATH",
    "PERL5LIB",
    "PERL5OPT",
    "PYTHONBREAKPOINT",
    "PYTHONEXECUTABLE",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONUSERBASE",
    "PYTHONWARNINGS",
    "RUBYLIB",
    "RUBYOPT",
    "SHELL",
    "_JAVA_OPTIONS",
];

/// The same, by how the name starts.
const STEERING_PREFIXES: [&str; 4] = ["LD_", "DYLD_", "BASH_FUNC_", "STRONGROOM_"];

const PREFIX: &str = "env.";
const MARK: &str = "env";
const MARK_TEXT: &str = "fields";

/// Where the variables of a `.env` file go.
#[derive(Debug)]
pub struct Plan {
    /// The variables that go into the vault, in the order of the file.
    pub mapped: Vec<Mapped>,
    /// The variables that cannot, in the order of the file.
    pub left_out: Vec<LeftOut>,
}

/// A variable with its entry and field.
#[derive(Debug)]
pub struct Mapped {
    /// The variable's name.
    pub variable: String,
    /// The entry's name, such as `binance/main`.
    pub entry: String,
    /// The name of the field, or of the info if it is no secret.
    pub field: String,
    /// Whether it is a secret field; else it is kept in the entry's info.
    pub secret: bool,
    /// The variable's value: UTF-8 text.
    pub value: Secret,
}

impl Mapped {
    /// The name and text to put into the entry's info beside the value, for [`variables_of`]. Several variables of an
    /// entry may give the same pair.
    #[must_use]
    pub fn mapping(&self) -> (String, String) {
        if self.field == self.variable {
            (MARK.into(), MARK_TEXT.into())
        } else {
            (format!("{PREFIX}{}", self.field), self.variable.clone())
        }
    }
}

/// A variable that cannot be kept. It is told by its line, since in a file with a missing quote even a name can be a
/// part of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The line of the `.env` file, counted from 1, where its statement starts.
    pub line: usize,
    /// What is wrong, and what to do about it.
    pub why: &'static str,
}

/// Gives each variable its entry and field; the names are expected to be unique, as [`parse`](super::parse) leaves
/// them. Entries keep FORMAT.md's limits.
///
/// ```
/// use strongroom::env_file;
///
/// let parsed = env_file::parse(b"BINANCE_SECRET=...\nBOT_NAME=scalper", &|_| None)?;
/// let plan = env_file::plan(parsed.variables);
/// assert_eq!((plan.mapped[0].entry.as_str(), plan.mapped[0].field.as_str()), ("binance/main", "secret"));
/// assert_eq!((plan.mapped[1].entry.as_str(), plan.mapped[1].field.as_str()), ("env/main", "BOT_NAME"));
/// # Ok::<(), strongroom::Error>(())
/// ```
#[must_use]
pub fn plan(variables: Vec<Variable>) -> Plan {
    let mut plan = Plan { mapped: Vec::new(), left_out: Vec::new() };
    let mut rooms = BTreeMap::<String, Room>::new();
    let mut last_env = 1;
    for Variable { name, value, line } in variables {
        let value = match checked(&name, value) {
            Ok(value) => value,
            Err(why) => {
                plan.left_out.push(LeftOut { line, why });
                continue;
            }
        };
        if let Some(Place { exchange, account, field, secret }) = exchanges::place(&name) {
            let entry = format!("{exchange}/{account}");
            let secret = secret || !is_info(&value);
            if rooms.entry(entry.clone()).or_default().take(field, secret.then_some(&value)) {
                plan.mapped.push(Mapped { variable: name, entry, field: field.into(), secret, value });
                continue;
            }
        }
        let entry = loop {
            let entry = if last_env == 1 { "env/main".into() } else { format!("env/main-{last_env}") };
            // An empty entry takes any value that is not left out above, so this ends.
            if rooms.entry(entry.clone()).or_default().take(&name, Some(&value)) {
                break entry;
            }
            last_env += 1;
        };
        plan.mapped.push(Mapped { field: name.clone(), variable: name, entry, secret: true, value });
    }
    plan
}

/// The variables that an entry holds, as (variable, field), from its info and the names of its secret fields. The field
/// is a secret one, or a name in `info`.
///
/// Whoever may write the entry chooses the names, so they are checked: what no `.env` import writes is passed over, such
/// as `LD_PRELOAD`, and of two fields that say to be the same variable the first one is.
#[must_use]
pub fn variables_of(info: &BTreeMap<String, String>, field_names: &[String]) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    let mut named = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for (name, variable) in info {
        let Some(field) = name.strip_prefix(PREFIX) else { continue };
        let is_there = info.contains_key(field) || field_names.iter().any(|name| name == field);
        if is_there && is_name(variable) && !is_steering(variable) {
            named.insert(field);
            if taken.insert(variable.as_str()) {
                variables.push((variable.clone(), field.into()));
            }
        }
    }
    if info.get(MARK).is_some_and(|text| text == MARK_TEXT) {
        for field in field_names {
            let is_variable = is_name(field) && !is_steering(field) && !named.contains(field.as_str());
            if is_variable && taken.insert(field) {
                variables.push((field.clone(), field.clone()));
            }
        }
    }
    variables
}

/// The value, if the vault can keep it under this name; else why not.
fn checked(name: &str, value: Option<Secret>) -> Result<Secret, &'static str> {
    let value = value.ok_or("the name has no value; write NAME=value, and put a value of several lines in quotes")?;
    let bytes = value.reveal();
    if !is_name(name) {
        return Err("the name is not 1 to 64 of A-Z a-z 0-9 . _ -; rename the variable");
    }
    if name == MARK || name.starts_with(PREFIX) {
        return Err("the names env and env.* are kept for the mapping; rename the variable");
    }
    if is_steering(name) {
        return Err("the name steers what code programs run; set it where the bot is started, not in a vault");
    }
    if FIELD_OVERHEAD + name.len() + bytes.len() > MAX_SECRET_BYTES {
        return Err("the value is over 60,000 bytes, more than an entry holds; keep it in a file of its own");
    }
    // Its other lines were read as names or skipped: what is left is of no use, and looks as if it were a key.
    if bytes.starts_with(b"-----BEGIN ") && !bytes.windows(9).any(|window| window == b"-----END ") {
        return Err("the value is only the first line of a PEM key; put the whole key in double quotes");
    }
    Ok(value)
}

/// FORMAT.md's rule for names of fields.
fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && !matches!(text, "." | "..")
}

/// Whether a variable decides what code a program runs. Upper and lower case are one on Windows.
fn is_steering(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    STEERING.contains(&name.as_str()) || STEERING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// A key id or an account's name is short, and one line; anything else under such a name is better kept as a secret.
fn is_info(value: &Secret) -> bool {
    value.len() <= MAX_INFO_BYTES && value.reveal_str().is_ok_and(|text| !text.contains(char::is_control))
}

/// What an entry holds so far.
#[derive(Default)]
struct Room {
    fields: BTreeSet<String>,
    secret_fields: usize,
    secret_bytes: usize,
}

impl Room {
    /// Takes a field in, unless it is there already or does not fit. Info is given without its value.
    fn take(&mut self, field: &str, secret: Option<&Secret>) -> bool {
        if self.fields.contains(field) {
            return false;
        }
        if let Some(value) = secret {
            let bytes = self.secret_bytes + FIELD_OVERHEAD + field.len() + value.len();
            if self.secret_fields == MAX_FIELDS || bytes > MAX_SECRET_BYTES {
                return false;
            }
            (self.secret_fields, self.secret_bytes) = (self.secret_fields + 1, bytes);
        }
        self.fields.insert(field.into());
        true
    }
}
