//! The nearest known name for one that is not known.

/// Below this likeness a suggestion would be noise.
const LIKENESS: f64 = 0.75;

/// The name most like `typed`, if any is like it at all. Ties go to the first in order.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let mut best: Option<(f64, &'a str)> = None;
    for name in known {
        let likeness = strsim::jaro_winkler(&typed, &name.to_lowercase());
        if likeness >= LIKENESS && best.is_none_or(|(most, _)| likeness > most) {
            best = Some((likeness, name));
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_the_near_and_only_the_near() {
        assert_eq!(
            nearest("statsu", ["status", "stats", "stop"]),
            Some("status")
        );
        assert_eq!(nearest("apii", ["db", "api", "gateway"]), Some("api"));
        assert_eq!(nearest("zzz", ["db", "api"]), None);
    }
}
