//! Whether a sender may: a bearer token, or a signature over body and time. Compared in constant
//! time.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::Refusal;
use crate::watch::settings::AlertSettings;

/// How far a signature's time may be from ours, either way.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// What a request shows for itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Credentials<'r> {
    /// The `Authorization` header.
    pub authorization: Option<&'r str>,
    /// Hex digits, perhaps behind `sha256=`.
    pub signature: Option<&'r str>,
    /// Seconds since 1970.
    pub timestamp: Option<&'r str>,
}

pub(super) fn admit(
    settings: &AlertSettings,
    shown: &Credentials<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refusal> {
    let (token, key) = (&settings.token, &settings.hmac_secret);
    if token.is_none() && key.is_none() {
        return Err(Refusal::Closed);
    }
    if let (Some(key), Some(signature)) = (key, shown.signature) {
        return signed(key.expose(), signature, shown.timestamp, body, now);
    }
    let said = shown.authorization.and_then(bearer);
    match (token, said) {
        (Some(token), Some(said)) if is_same(token.expose(), said) => Ok(()),
        (_, Some(_)) => Err(Refusal::Stranger(
            "this token is not the one in `alerts.token`".into(),
        )),
        (_, None) => Err(Refusal::Stranger(
            "send `Authorization: Bearer …`, or a signature and `X-Dogwatch-Timestamp`".into(),
        )),
    }
}

/// The scheme's name may be written in any case.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn is_same(wanted: &str, said: &str) -> bool {
    wanted.as_bytes().ct_eq(said.as_bytes()).into()
}

fn signed(
    key: &str,
    signature: &str,
    timestamp: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refusal> {
    let stranger = |why: &'static str| Refusal::Stranger(why.into());
    let timestamp = timestamp.ok_or_else(|| stranger("`X-Dogwatch-Timestamp` is missing"))?;
    let at = timestamp
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    let at = at.ok_or_else(|| stranger("`X-Dogwatch-Timestamp` must be seconds since 1970"))?;
    if at.duration_since(now).abs() > WINDOW {
        return Err(stranger(
            "`X-Dogwatch-Timestamp` is more than five minutes away",
        ));
    }
    let wrong = || stranger("this signature is not of `alerts.hmac_secret`");
    let digits = signature.strip_prefix("sha256=").unwrap_or(signature);
    let signature = bytes(digits).ok_or_else(wrong)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|_| wrong())?;
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    mac.verify_slice(&signature).map_err(|_| wrong())
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    };
    digits.as_bytes().chunks(2).map(pair).collect()
}
