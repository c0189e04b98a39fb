//! The rules for names of entries, fields, compartments and labels.

use crate::{Error, Result};

const MAX_NAME: usize = 255;
const MAX_SHORT: usize = 64;

fn is_segment(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !text.is_empty() && text != "." && text != ".." && text.bytes().all(allowed)
}

/// Splits the name of an entry into its compartment and the rest.
pub(super) fn split(name: &str) -> Result<(&str, &str)> {
    if name.len() > MAX_NAME {
        return Err(Error::invalid(format!("expected a name of at most {MAX_NAME} bytes, got {}", name.len())));
    }
    if !name.split('/').all(is_segment) {
        return Err(Error::invalid(
            "expected a name like binance/main: parts of A-Z a-z 0-9 . _ -, joined by single slashes",
        ));
    }
    let (compartment, rest) = name
        .split_once('/')
        .ok_or_else(|| Error::invalid(format!("a name has two parts: did you mean {name}/main?")))?;
    check_compartment(compartment)?;
    Ok((compartment, rest))
}

/// Whether `rest` is a name inside a compartment of this name.
pub(super) fn is_rest(compartment: &str, rest: &str) -> bool {
    compartment.len() + 1 + rest.len() <= MAX_NAME && rest.split('/').all(is_segment)
}

pub(super) fn check_compartment(name: &str) -> Result<()> {
    if name.len() > MAX_SHORT || !is_segment(name) {
        return Err(Error::invalid(format!(
            "expected a compartment like binance: at most {MAX_SHORT} of A-Z a-z 0-9 . _ -"
        )));
    }
    Ok(())
}

pub(super) fn is_field(name: &str) -> bool {
    name.len() <= MAX_SHORT && is_segment(name)
}

pub(super) fn check_field(name: &str) -> Result<()> {
    if !is_field(name) {
        return Err(Error::invalid(format!(
            "expected a field name like api_key: at most {MAX_SHORT} of A-Z a-z 0-9 . _ -"
        )));
    }
    Ok(())
}

/// Labels, and compartment names as they are read.
pub(super) fn is_label(text: &str) -> bool {
    (1..=MAX_SHORT).contains(&text.len()) && !text.chars().any(char::is_control)
}

pub(super) fn check_label(text: &str) -> Result<()> {
    if !is_label(text) {
        return Err(Error::invalid(format!("expected a label of 1 to {MAX_SHORT} bytes without control characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(split("binance/main").unwrap(), ("binance", "main"));
        assert_eq!(split("a/b/c").unwrap(), ("a", "b/c"));
        let long = format!("a/{}", "b".repeat(253));
        assert!(split(&long).is_ok());
        for wrong in [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            "a/b/",
            "a/.",
            "../b",
            "a/b\n",
            "a/\0",
            "a b/c",
            "ä/b",
            &format!("{long}b"),
            &format!("{}/b", "a".repeat(65)),
            &"a/".repeat(10_000),
        ] {
            assert_eq!(split(wrong).unwrap_err().code(), "invalid_input", "{wrong:?}");
        }
        assert_eq!(split("telegram").unwrap_err().to_string(), "a name has two parts: did you mean telegram/main?");
    }

    #[test]
    fn fields_and_labels() {
        assert!(is_field("api_key") && is_field(&"a".repeat(64)));
        assert!(!is_field("a/b") && !is_field("") && !is_field("..") && !is_field(&"a".repeat(65)));
        assert!(is_label("scalper 1 ü"));
        assert!(!is_label("") && !is_label("a\u{85}") && !is_label(&"a".repeat(65)));
    }
}
