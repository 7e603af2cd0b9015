//! Ids as the engine writes them: 64 hex digits, the same ones for the same world every time.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// An id that depends on nothing but what it is made from.
pub(super) fn id_of(kind: &str, name: &str, serial: u64) -> String {
    hex(&Sha256::digest(format!("{kind}/{name}/{serial}")))
}

/// An image id carries its algorithm in front.
pub(super) fn image_id_of(tag: &str) -> String {
    format!("sha256:{}", id_of("image", tag, 0))
}

/// The twelve digits people see.
pub(super) fn short(id: &str) -> String {
    id.chars().take(12).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}
