//! Whether a request really is from Slack: an HMAC over the raw body, compared in constant time,
//! and a time that is not too far from ours.

use slack_morphism::SlackSigningSecret;
use slack_morphism::signature_verifier::SlackEventSignatureVerifier;

use crate::setting::Secret;

#[derive(Clone)]
pub struct Signature(SlackEventSignatureVerifier);

/// The request's headers that it is read from.
pub const SIGNATURE: &str = SlackEventSignatureVerifier::SLACK_SIGNED_HASH_HEADER;
pub const TIMESTAMP: &str = SlackEventSignatureVerifier::SLACK_SIGNED_TIMESTAMP;

impl Signature {
    pub fn new(secret: &Secret) -> Self {
        let secret = SlackSigningSecret(secret.expose().to_owned());
        Self(SlackEventSignatureVerifier::new(&secret))
    }

    /// The library says five minutes either way and reads the machine's own clock.
    pub fn is_good(&self, signature: &str, timestamp: &str, body: &str) -> bool {
        self.0.verify(signature, body, timestamp).is_ok()
    }
}
