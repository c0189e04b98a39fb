//! `${NAME}` and `${NAME:-default}`.

use zeroize::Zeroizing;

use super::{MAX_BYTES, over};
use crate::{Error, Result, Secret};

/// A stretch of a finished value.
enum Piece<'a> {
    Text(&'a str),
    FromEnvironment(Zeroizing<String>),
}

impl Piece<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::FromEnvironment(text) => text,
        }
    }
}

/// Replaces the references in `raw`: by the file's earlier value, else the environment's, else the default, else
/// nothing. An earlier name without a value hides the environment and the default, and stands for nothing. What a
/// reference gives is not looked at again, so that there are no loops.
///
/// `total` counts the bytes of all the file's values so far.
pub(super) fn resolve<'a>(
    raw: &'a str,
    line: usize,
    earlier: &dyn Fn(&str) -> Option<Option<&'a Secret>>,
    lookup: &dyn Fn(&str) -> Option<String>,
    total: &mut usize,
) -> Result<Secret> {
    // The pieces are measured before they are joined, so that the value is allocated once and never moves.
    let mut pieces = Vec::new();
    let before = *total;
    let mut push = |piece: Piece<'a>| {
        *total = total.saturating_add(piece.as_str().len());
        pieces.push(piece);
        if *total > MAX_BYTES { Err(over("bytes of the values of a .env file", *total, MAX_BYTES)) } else { Ok(()) }
    };
    for (literal, reference) in Parts::new(raw) {
        push(Piece::Text(literal))?;
        let Some((name, default)) = reference else { continue };
        push(match earlier(name) {
            Some(Some(value)) => Piece::Text(value.reveal_str()?),
            Some(None) => Piece::Text(""),
            None => match lookup(name).map(Zeroizing::new) {
                Some(value) => Piece::FromEnvironment(value),
                None => Piece::Text(default),
            },
        })?;
    }
    let mut value = Zeroizing::new(Vec::with_capacity(*total - before));
    for piece in &pieces {
        value.extend_from_slice(piece.as_str().as_bytes());
    }
    if value.contains(&0) {
        return Err(Error::invalid(format!("line {line} refers to an environment variable that holds a NUL byte")));
    }
    Ok(Secret::from(value.as_slice()))
}

/// Splits a value into literals, each with the reference behind it: its name and default. Only the last has none.
struct Parts<'a> {
    text: &'a str,
    /// Where the text starts that was not given yet.
    at: usize,
    /// The first `:` or `}` at or behind the last place that was asked for: remembered, since a value of nothing but
    /// `${` would otherwise be searched to its end at each of them.
    stop: usize,
}

impl<'a> Parts<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, at: 0, stop: 0 }
    }

    /// The literal before the next reference, the reference, and where that ends.
    fn next_reference(&mut self) -> Option<(&'a str, (&'a str, &'a str), usize)> {
        let mut from = self.at;
        loop {
            let start = from + self.text.get(from..)?.find("${")?;
            let literal = self.text.get(self.at..start)?;
            let name_start = start + 2;
            if self.stop < name_start {
                self.stop = find(self.text, name_start, &[':', '}'])?;
            }
            let name = self.text.get(name_start..self.stop)?;
            let behind = self.text.get(self.stop..)?;
            if behind.starts_with('}') {
                return Some((literal, (name, ""), self.stop + 1));
            }
            if behind.starts_with(":-") {
                let default_start = self.stop + 2;
                let end = find(self.text, default_start, &['}'])?;
                return Some((literal, (name, self.text.get(default_start..end)?), end + 1));
            }
            from = name_start;
        }
    }
}

/// Where the first of `wanted` is, at or behind `from`.
fn find(text: &str, from: usize, wanted: &[char]) -> Option<usize> {
    Some(from + text.get(from..)?.find(wanted)?)
}

impl<'a> Iterator for Parts<'a> {
    type Item = (&'a str, Option<(&'a str, &'a str)>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((literal, reference, end)) = self.next_reference() {
            self.at = end;
            return Some((literal, Some(reference)));
        }
        let last = self.text.get(self.at..).filter(|last| !last.is_empty())?;
        self.at = self.text.len();
        Some((last, None))
    }
}
