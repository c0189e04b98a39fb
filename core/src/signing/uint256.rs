//! Whole numbers of up to 256 bits, which Ethereum has everywhere: read and bounded, never calculated with.

/// Below 2^256, its most significant byte first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Uint256([u8; 32]);

impl Uint256 {
    /// None if it is not all decimal digits, or too large.
    pub(super) fn from_decimal(digits: &str) -> Option<Self> {
        Self::from_digits(digits, 10)
    }

    /// As [`Uint256::from_decimal`], of the digits without `0x`.
    pub(super) fn from_hex(digits: &str) -> Option<Self> {
        Self::from_digits(digits, 16)
    }

    pub(super) const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The number of bits, without zeros in front.
    pub(super) fn bits(self) -> usize {
        let zeros = self.0.iter().take_while(|byte| **byte == 0).count();
        self.0.get(zeros).map_or(0, |byte| (32 - zeros) * 8 - byte.leading_zeros() as usize)
    }

    /// 0 stays 0.
    pub(super) fn minus_one(mut self) -> Self {
        if self.bits() > 0 {
            for byte in self.0.iter_mut().rev() {
                let borrow = *byte == 0;
                *byte = byte.wrapping_sub(1);
                if !borrow {
                    break;
                }
            }
        }
        self
    }

    fn from_digits(digits: &str, radix: u16) -> Option<Self> {
        let mut number = Self::default();
        for digit in digits.chars() {
            let mut carry = digit.to_digit(radix.into())? as u16;
            for byte in number.0.iter_mut().rev() {
                let value = u16::from(*byte) * radix + carry;
                (*byte, carry) = (value as u8, value >> 8);
            }
            if carry > 0 {
                return None;
            }
        }
        (!digits.is_empty()).then_some(number)
    }
}

impl From<u64> for Uint256 {
    fn from(number: u64) -> Self {
        let mut bytes = [0; 32];
        for (byte, from) in bytes.iter_mut().rev().zip(number.to_le_bytes()) {
            *byte = from;
        }
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: &str = "115792089237316195423570985008687907853269984665640564039457584007913129639935";

    #[test]
    fn decimal_and_hex_are_the_same_number() {
        assert_eq!(Uint256::from_decimal(MOST), Uint256::from_hex(&"f".repeat(64)));
        assert_eq!(Uint256::from_decimal("18446744073709551615"), Some(u64::MAX.into()));
        assert_eq!(Uint256::from_hex("000FF"), Some(255.into()));
        assert_eq!(Uint256::from_decimal("0"), Some(Uint256::default()));
    }

    #[test]
    fn what_is_no_number_or_too_large_is_refused() {
        let over = MOST.replace("935", "936");
        for digits in [over.as_str(), "", " 1", "+1", "-1", "1.0", "1e3", "1_000", "0x1", "١", &"9".repeat(1000)] {
            assert_eq!(Uint256::from_decimal(digits), None);
        }
        assert_eq!(Uint256::from_hex(&format!("1{}", "0".repeat(64))), None);
        assert_eq!(Uint256::from_hex("g"), None);
    }

    #[test]
    fn bits_are_counted_and_one_is_taken_away() {
        for (hex, bits) in [("0", 0), ("1", 1), ("ff", 8), ("100", 9), ("8000000000000000", 64)] {
            assert_eq!(Uint256::from_hex(hex).unwrap().bits(), bits);
        }
        assert_eq!(Uint256::from_hex("10000").unwrap().minus_one(), Uint256::from(0xffff));
        assert_eq!(Uint256::default().minus_one(), Uint256::default());
    }
}
