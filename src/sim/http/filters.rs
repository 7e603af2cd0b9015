//! The `filters` parameter: for each key some values, of which one has to fit.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use crate::sim::refusal::Refusal;

#[derive(Debug, Default)]
pub(super) struct Filters(BTreeMap<String, Vec<String>>);

impl Filters {
    /// Both ways of writing it: `{"label":["a=b"]}` and the older `{"label":{"a=b":true}}`.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let bad = || Refusal::BadParameter("invalid filter".to_owned());
        let value: BTreeMap<String, Value> = serde_json::from_str(text).map_err(|_| bad())?;
        value
            .into_iter()
            .map(|(key, values)| Some((key, words(&values)?)))
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(bad)
    }

    /// Refuses keys that mean nothing here, as the engine does.
    pub(super) fn only(self, known: &[&str]) -> Result<Self, Refusal> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(Refusal::BadParameter(format!("Invalid filter '{key}'"))),
            None => Ok(self),
        }
    }

    pub(super) fn values(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether nothing is asked of `key`, or one of its values fits.
    pub(super) fn any(&self, key: &str, fits: impl Fn(&str) -> bool) -> bool {
        let values = self.values(key);
        values.is_empty() || values.iter().any(|value| fits(value))
    }

    /// Labels are different: every one of them has to fit, and none of those under `label!`.
    pub(super) fn labels(&self, labels: &BTreeMap<String, String>) -> bool {
        let fits = |wanted: &String| {
            let (key, value) = wanted
                .split_once('=')
                .map_or((wanted.as_str(), None), |(key, value)| (key, Some(value)));
            labels
                .get(key)
                .is_some_and(|found| value.is_none_or(|value| found == value))
        };
        self.values("label").iter().all(fits) && !self.values("label!").iter().any(fits)
    }

    /// Names are matched as patterns, or as plain text where they are no pattern.
    pub(super) fn name(&self, name: &str) -> bool {
        self.any("name", |wanted| {
            Regex::new(wanted).map_or_else(
                |_| name.contains(wanted),
                |pattern| pattern.is_match(name) || pattern.is_match(&format!("/{name}")),
            )
        })
    }
}

fn words(values: &Value) -> Option<Vec<String>> {
    match values {
        Value::Array(values) => values
            .iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect(),
        Value::Object(values) => Some(values.keys().cloned().collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_mean_the_same() {
        for text in [r#"{"label":["a=b"]}"#, r#"{"label":{"a=b":true}}"#] {
            let filters = Filters::parse(text).unwrap();
            assert_eq!(filters.values("label"), ["a=b"]);
        }
        assert!(Filters::parse("[]").is_err());
        assert!(Filters::parse(r#"{"label":3}"#).is_err());
    }

    #[test]
    fn every_label_has_to_fit_but_only_one_name() {
        let filters = Filters::parse(r#"{"label":["a=b","c"],"name":["^/?web$","db"]}"#).unwrap();
        let labels = |pairs: &[(&str, &str)]| {
            let own = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
            pairs.iter().map(own).collect::<BTreeMap<_, _>>()
        };
        assert!(filters.labels(&labels(&[("a", "b"), ("c", "")])));
        assert!(!filters.labels(&labels(&[("a", "b")])));
        assert!(filters.name("web") && filters.name("shop-db-1"));
        assert!(!filters.name("webs"));
    }
}
