//! Reading query strings the way the engine does: lenient about flags, strict about times.

use std::collections::BTreeMap;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use jiff::Timestamp;

use super::filters::Filters;
use crate::sim::refusal::Refusal;

/// The query string, by key.
#[derive(Debug, Default)]
pub(super) struct Params(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(values)| Self(values))
            .map_err(|why| Refusal::BadParameter(why.to_string()))
    }
}

impl Params {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        self.flag_or(key, false)
    }

    /// Anything but a clear no is a yes.
    pub(super) fn flag_or(&self, key: &str, default: bool) -> bool {
        match self.text(key).map(str::to_ascii_lowercase).as_deref() {
            None => default,
            Some("0" | "no" | "false" | "none") => false,
            Some(_) => true,
        }
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<i64>, Refusal> {
        self.text(key)
            .map(|text| {
                let bad = |_| Refusal::BadParameter(format!("invalid number for {key}: {text}"));
                text.parse().map_err(bad)
            })
            .transpose()
    }

    /// Seconds since the epoch with an optional fraction; zero means not given.
    pub(super) fn time(&self, key: &str) -> Result<Option<Timestamp>, Refusal> {
        match self.text(key) {
            None | Some("0") => Ok(None),
            Some(text) => moment(text)
                .map(Some)
                .ok_or_else(|| Refusal::BadParameter(format!("invalid time for {key}: {text}"))),
        }
    }

    pub(super) fn filters(&self) -> Result<Filters, Refusal> {
        self.text("filters")
            .map_or_else(|| Ok(Filters::default()), Filters::parse)
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let nanos: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    Timestamp::new(seconds.parse().ok()?, nanos.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_with_a_fraction() {
        let read = |text: &str| moment(text).map(|at| at.to_string());
        assert_eq!(read("1795162690").as_deref(), Some("2026-11-20T08:18:10Z"));
        let fine = Some("2026-11-20T08:18:10.5Z");
        assert_eq!(read("1795162690.500000000").as_deref(), fine);
        assert_eq!(read("1795162690.5").as_deref(), fine);
        assert_eq!(read("yesterday"), None);
        assert_eq!(read("1.x"), None);
    }
}
