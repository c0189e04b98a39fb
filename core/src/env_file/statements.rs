//! The statements of a `.env` file, one after the other.

use zeroize::Zeroizing;

use super::line_ends;

/// A name, and its value where there is `=`, with quotes and escapes resolved.
pub(super) type Assignment<'a> = (&'a str, Option<Zeroizing<String>>);

/// The statement cannot be read.
pub(super) struct Malformed;

/// Gives each statement with the line on which it starts; `None` in place of an assignment is a comment.
///
/// A statement that cannot be read ends with the line on which the fault is, and reading goes on behind it. Time stays
/// in proportion to the size: only a quote without a partner makes the reader look at a text twice, and of each kind
/// there can be but one, since the next opening quote would have been its partner.
pub(super) struct Statements<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    counted_to: usize,
}

impl<'a> Statements<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text: text.strip_prefix('\u{feff}').unwrap_or(text), at: 0, line: 1, counted_to: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn starts_with(&self, first: char) -> bool {
        self.rest().starts_with(first)
    }

    /// Takes characters for as long as `wanted` says so.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let (taken, _) = rest.split_at(rest.find(|c| !wanted(c)).unwrap_or(rest.len()));
        self.at += taken.len();
        taken
    }

    fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Takes a text in quotes, which may go over several lines, and gives what is between them.
    ///
    /// A backslash keeps the character after it from closing the text, if `escapes`. Nothing is taken on a fault.
    fn take_quoted(&mut self, quote: u8, escapes: bool) -> Result<&'a str, Malformed> {
        let rest = self.rest();
        let mut bytes = rest.bytes().enumerate().skip(1);
        // All bytes of a longer UTF-8 character are over 0x7f, so none of them is taken for a quote or a backslash.
        while let Some((end, byte)) = bytes.next() {
            if byte == quote {
                self.at += end + 1;
                return rest.get(1..end).ok_or(Malformed);
            }
            if escapes && byte == b'\\' {
                bytes.next();
            }
        }
        Err(Malformed)
    }

    fn statement(&mut self) -> Result<Option<Assignment<'a>>, Malformed> {
        let before_export = self.at;
        if self.take("export") && self.take_while(is_blank).is_empty() {
            self.at = before_export;
        }
        let name = if self.starts_with('#') {
            None
        } else if self.starts_with('\'') {
            Some(self.take_quoted(b'\'', false)?)
        } else {
            Some(self.take_while(|c| !is_space(c) && c != '=' && c != '#'))
        };
        if name.is_some_and(str::is_empty) {
            return Err(Malformed);
        }
        self.take_while(is_blank);
        let value = if self.take("=") {
            let blank = self.take_while(is_blank);
            // `A= # b` is empty with a comment, `A=#b` is the value `#b`.
            let is_comment = !blank.is_empty() && self.starts_with('#');
            Some(if is_comment { Zeroizing::default() } else { self.value()? })
        } else {
            None
        };
        self.take_while(is_blank);
        if self.starts_with('#') {
            self.take_line();
        }
        if !(self.take("\r\n") || self.take("\n") || self.take("\r") || self.rest().is_empty()) {
            return Err(Malformed);
        }
        Ok(name.map(|name| (name, value)))
    }

    fn value(&mut self) -> Result<Zeroizing<String>, Malformed> {
        if self.starts_with('\'') {
            return Ok(unescape(self.take_quoted(b'\'', true)?, |c| matches!(c, '\\' | '\'').then_some(c)));
        }
        if self.starts_with('"') {
            return Ok(unescape(self.take_quoted(b'"', true)?, |c| match c {
                '\\' | '\'' | '"' => Some(c),
                'a' => Some('\x07'),
                'b' => Some('\x08'),
                'f' => Some('\x0c'),
                'n' => Some('\n'),
                'r' => Some('\r'),
                't' => Some('\t'),
                'v' => Some('\x0b'),
                _ => None,
            }));
        }
        let line = self.take_line();
        let mut after_space = false;
        let comment = line.find(|c| core::mem::replace(&mut after_space, is_space(c)) && c == '#');
        let (value, _) = line.split_at(comment.unwrap_or(line.len()));
        Ok(Zeroizing::new(value.trim_end_matches(is_space).into()))
    }

    /// Takes what is left of the line, without its end.
    fn take_line(&mut self) -> &'a str {
        self.take_while(|c| c != '\r' && c != '\n')
    }
}

impl<'a> Iterator for Statements<'a> {
    type Item = (usize, Result<Option<Assignment<'a>>, Malformed>);

    fn next(&mut self) -> Option<Self::Item> {
        self.take_while(is_space);
        if self.rest().is_empty() {
            return None;
        }
        self.line += line_ends(self.text.as_bytes().get(self.counted_to..self.at).unwrap_or_default());
        self.counted_to = self.at;
        let statement = self.statement();
        if statement.is_err() {
            self.take_line();
        }
        Some((self.line, statement))
    }
}

/// Replaces each backslash and the character after it by what `meaning` says; where it says nothing, both stay.
fn unescape(text: &str, meaning: impl Fn(char) -> Option<char>) -> Zeroizing<String> {
    // The result is never longer than the text, so it does not move while it grows and leave a copy behind.
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match characters.as_str().chars().next().filter(|_| c == '\\').and_then(&meaning) {
            Some(meant) => {
                characters.next();
                plain.push(meant);
            }
            None => plain.push(c),
        }
    }
    plain
}

/// Whitespace as Python's `\s` and `str.strip` have it: Unicode's, and the four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1c'..='\x1f')
}

/// Whitespace that does not end a line.
fn is_blank(c: char) -> bool {
    is_space(c) && c != '\r' && c != '\n'
}
