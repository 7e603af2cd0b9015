//! Whether a request really is from Discord: an Ed25519 signature over its time and its raw body,
//! and a time that is not too far from ours.

use jiff::Timestamp;
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::chat::settings::PublicKey;
use crate::clock::Clock;

/// The request's headers that it is read from.
pub const SIGNATURE: &str = "x-signature-ed25519";
pub const TIMESTAMP: &str = "x-signature-timestamp";

/// Discord names no window; an interaction is of no use after fifteen minutes, and five are plenty
/// for clocks that differ.
const WINDOW_SECONDS: u64 = 300;

#[derive(Clone)]
pub struct Signature {
    key: UnparsedPublicKey<[u8; 32]>,
    clock: Clock,
}

impl Signature {
    pub fn new(key: PublicKey, clock: Clock) -> Self {
        Self {
            key: UnparsedPublicKey::new(&ED25519, key.0),
            clock,
        }
    }

    pub fn is_good(&self, signature: &str, timestamp: &str, body: &[u8]) -> bool {
        let Some(signature) = bytes(signature) else {
            return false;
        };
        let signed = [timestamp.as_bytes(), body].concat();
        self.is_near(timestamp) && self.key.verify(&signed, &signature).is_ok()
    }

    fn is_near(&self, timestamp: &str) -> bool {
        let Some(theirs) = timestamp
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
        else {
            return false;
        };
        let apart = self.clock.now().duration_since(theirs).as_secs();
        apart.unsigned_abs() <= WINDOW_SECONDS
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = hex.chars().map(|c| c.to_digit(16)).collect();
    digits?
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn only_what_was_signed_a_moment_ago_is_good() {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        let now: Timestamp = "2026-11-20T03:00:00Z".parse().unwrap();
        let key = PublicKey(pair.public_key().as_ref().try_into().unwrap());
        let ours = Signature::new(key, Clock::simulated(now));
        let at = |minutes: i64| (now.as_second() + minutes * 60).to_string();
        let sign = |at: &str, body: &str| hex(pair.sign(format!("{at}{body}").as_bytes()).as_ref());
        let good =
            |signature: &str, at: &str, body: &str| ours.is_good(signature, at, body.as_bytes());
        assert!(good(&sign(&at(0), "{}"), &at(0), "{}"));
        assert!(good(&sign(&at(-4), "{}"), &at(-4), "{}"));
        assert!(
            !good(&sign(&at(-6), "{}"), &at(-6), "{}"),
            "an old one, sent again"
        );
        assert!(!good(&sign(&at(6), "{}"), &at(6), "{}"));
        assert!(!good(&sign(&at(0), "{}"), &at(1), "{}"), "another time");
        assert!(!good(&sign(&at(0), "{}"), &at(0), "{ }"), "another body");
        for nonsense in ["", "zz", "abc", &"0".repeat(128), "é"] {
            assert!(!good(nonsense, &at(0), "{}"), "{nonsense}");
        }
        assert!(!good(&sign("", "{}"), "", "{}") && !good(&sign("x", "{}"), "x", "{}"));
    }
}
