//! ECDSA over P-256 with SHA-256 (FIPS 186-5), as ES256 of RFC 7518 has it.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};

/// A private key, wiped on drop.
pub(super) struct Key(SigningKey);

impl Key {
    /// None if the number is 0 or not below the order of the curve.
    pub(super) fn from_scalar(scalar: &[u8; 32]) -> Option<Self> {
        SigningKey::from_slice(scalar).ok().map(Self)
    }

    /// `public` is a point as in SEC1, section 2.3.3.
    pub(super) fn is_of(&self, public: &[u8]) -> bool {
        // Not by reading the point, which would be a third of the curve's code in WebAssembly.
        let own = self.0.verifying_key();
        [true, false].iter().any(|&compress| own.to_sec1_point(compress).as_bytes() == public)
    }

    /// r and s, 32 bytes each (RFC 7518, section 3.4). The nonce is that of RFC 6979, so that nothing hangs on the random
    /// numbers of a moment, and s is what comes out: only secp256k1 has users who refuse the higher half.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(message);
        signature.to_bytes().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER_PERMISSIVE as HEX;

    use super::*;

    /// RFC 6979, appendix A.2.5, with SHA-256.
    #[test]
    fn known_answers() {
        let scalar = HEX.decode(b"C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721").unwrap();
        let key = Key::from_scalar(&scalar.try_into().unwrap()).unwrap();
        let (x, y) = (
            "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
            "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
        );
        assert!(key.is_of(&HEX.decode(format!("04{x}{y}").as_bytes()).unwrap()));
        assert!(key.is_of(&HEX.decode(format!("03{x}").as_bytes()).unwrap()));
        assert!(!key.is_of(&HEX.decode(format!("02{x}").as_bytes()).unwrap()));
        for (message, r, s) in [
            (
                "sample",
                "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
                "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
            ),
            (
                "test",
                "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
                "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
            ),
        ] {
            assert_eq!(HEX.encode(&key.sign(message.as_bytes())), format!("{r}{s}").to_lowercase());
        }
    }

    #[test]
    fn scalars_outside_the_curves_order_are_refused() {
        let order = HEX.decode(b"FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551").unwrap();
        assert!(Key::from_scalar(&[0; 32]).is_none());
        assert!(Key::from_scalar(&order.try_into().unwrap()).is_none());
    }
}
