//! What somebody may have meant by a name that is not known.

use crate::Error;

/// The longest name that is repeated in an error, in bytes.
const MAX_NAME: usize = 64;
/// How much alike two names must be to be taken for each other, from 0 to 1.
const ALIKE: f64 = 0.7;

/// The error for a name that is none of `known`, with the nearest of them.
pub(super) fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let is_shown = !name.is_empty() && name.len() <= MAX_NAME && !name.contains(char::is_control);
    if !is_shown {
        return Error::invalid(format!("unknown {what}"));
    }
    let lower = name.to_ascii_lowercase();
    let mut alike: Vec<_> = known
        .map(|known| (strsim::jaro_winkler(&lower, known), known))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .collect();
    alike.sort_unstable_by(|one, other| one.1.cmp(other.1));
    alike.dedup_by(|one, other| one.1 == other.1);
    alike.sort_by(|one, other| other.0.total_cmp(&one.0));
    let near: Vec<_> = alike.iter().take(3).map(|(_, known)| *known).collect();
    match near.as_slice() {
        [] => Error::invalid(format!("unknown {what}: {name}")),
        near => Error::invalid(format!("unknown {what}: {name}; did you mean {}?", near.join(" or "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_are_told() {
        let known = ["message", "method", "nonce", "messages", "message_id", "manage"];
        for (name, told) in [
            ("mesage", "unknown it: mesage; did you mean message or messages or message_id?"),
            ("NONCE", "unknown it: NONCE; did you mean nonce?"),
            ("xyz", "unknown it: xyz"),
        ] {
            assert_eq!(unknown("it", name, known.into_iter()).to_string(), told);
        }
    }

    #[test]
    fn a_name_that_may_not_be_one_is_not_repeated() {
        let long = "x".repeat(MAX_NAME + 1);
        assert_eq!(unknown("it", &long[1..], [].into_iter()).to_string(), format!("unknown it: {}", &long[1..]));
        for name in ["", &long, "a\nb", "\u{7f}"] {
            assert_eq!(unknown("it", name, ["a"].into_iter()).to_string(), "unknown it", "{name:?}");
        }
    }
}
