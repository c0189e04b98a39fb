//! As much of Protocol Buffers' wire format as Google Authenticator's export needs.
//!
//! <https://protobuf.dev/programming-guides/encoding/>

use crate::{Error, Result};

const BROKEN: &str = "the data of the otpauth-migration URI is damaged or cut short; scan the code again";

/// What a field holds.
pub(super) enum Value<'b> {
    /// An integer of any type.
    Integer(u64),
    /// Bytes, a text or a message.
    Bytes(&'b [u8]),
    /// A type that the export has no use for.
    Other,
}

/// Reads the fields of a message, one after the other: number and value.
pub(super) struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    pub(super) const fn of(message: &'b [u8]) -> Self {
        Self(message)
    }

    fn bytes(&mut self, len: u64) -> Option<&'b [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(len).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Seven bits a byte, the lowest first, ten bytes at most.
    fn integer(&mut self) -> Option<u64> {
        let mut value = 0;
        for at in 0..10 {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            value |= bits << (7 * at);
            if byte < 0x80 {
                // The tenth byte has room for one bit.
                return (at < 9 || bits <= 1).then_some(value);
            }
        }
        None
    }

    fn field(&mut self) -> Option<(u64, Value<'b>)> {
        let tag = self.integer()?;
        let value = match tag & 7 {
            0 => Value::Integer(self.integer()?),
            1 => self.bytes(8).map(|_| Value::Other)?,
            2 => {
                let len = self.integer()?;
                Value::Bytes(self.bytes(len)?)
            }
            5 => self.bytes(4).map(|_| Value::Other)?,
            _ => return None, // groups, which nobody writes any more, and what there is not
        };
        let number = tag >> 3;
        (1..1 << 29).contains(&number).then_some((number, value))
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = Result<(u64, Value<'b>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field().ok_or_else(broken);
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

pub(super) fn broken() -> Error {
    Error::invalid(BROKEN)
}

/// Writes a field with an integer.
pub(super) fn write_integer(number: u8, value: u64, to: &mut Vec<u8>) {
    to.push(number << 3);
    write_varint(value, to);
}

/// Writes a field with bytes, a text or a message.
pub(super) fn write_bytes(number: u8, bytes: &[u8], to: &mut Vec<u8>) {
    to.push(number << 3 | 2);
    write_varint(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}

fn write_varint(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Option<Vec<(u64, Option<u64>)>> {
        let integer = |value| if let Value::Integer(value) = value { Some(value) } else { None };
        Fields::of(bytes).map(|field| field.ok().map(|(number, value)| (number, integer(value)))).collect()
    }

    /// The examples of the encoding's description.
    #[test]
    fn integers_are_read_and_written() {
        assert_eq!(read(&[0x08, 0x96, 0x01]), Some(vec![(1, Some(150))]));
        for value in [0, 1, 127, 128, 150, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            write_integer(7, value, &mut bytes);
            assert_eq!(read(&bytes), Some(vec![(7, Some(value))]));
        }
    }

    #[test]
    fn hostile_lengths_and_integers_are_refused() {
        let nines = [0xff; 9];
        for bytes in [
            &[0x08][..],                                    // no value
            &[0x08, 0x80],                                  // cut short
            &[&[0x08], &nines[..], &[0x02]].concat(),       // 2^64
            &[&[0x08], &nines[..], &[0x80, 0x00]].concat(), // eleven bytes
            &[0x0a, 0x05, 1, 2, 3, 4],                      // longer than there is
            &[&[0x0a], &nines[..], &[0x01]].concat(),       // 2^64-1 bytes
            &[0x09, 1, 2, 3, 4, 5, 6, 7],                   // seven of eight bytes
            &[0x0d, 1, 2, 3],                               // three of four
            &[0x00, 0x00],                                  // field 0
            &[0x0b],                                        // a group
            &[0x0e],                                        // no such type
            &[0x80, 0x80, 0x80, 0x80, 0x10, 0x00],          // field 2^29
        ] {
            assert_eq!(read(bytes), None, "{bytes:02x?}");
        }
        assert_eq!(read(&[0xf8, 0xff, 0xff, 0xff, 0x0f, 0x00]), Some(vec![((1 << 29) - 1, Some(0))]));
        assert_eq!(read(&[0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x0d, 1, 2, 3, 4]), Some(vec![(1, None), (1, None)]));
    }
}
