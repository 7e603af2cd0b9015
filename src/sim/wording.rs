//! Log lines that carry a time, as each program writes its own. No state.

use jiff::Timestamp;

/// The places in a line that are filled when it is printed, and how each program writes the time.
const TIMES: &[(&str, &str)] = &[
    ("{iso}", "%Y-%m-%dT%H:%M:%S.%3fZ"),
    ("{pg}", "%Y-%m-%d %H:%M:%S.%3f UTC"),
    ("{clf}", "%d/%b/%Y:%H:%M:%S +0000"),
    ("{redis}", "%d %b %Y %H:%M:%S.%3f"),
    ("{nginx}", "%Y/%m/%d %H:%M:%S"),
];

/// The line with its time and its running number `{n}` filled in.
pub(super) fn fill(line: &str, at: Timestamp, number: u64) -> String {
    let mut text = line.replace("{n}", &number.to_string());
    for (place, format) in TIMES {
        if text.contains(place) {
            text = text.replace(place, &at.strftime(format).to_string());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_writes_time_its_own_way() {
        let at: Timestamp = "2026-11-20T03:09:41.125Z".parse().unwrap();
        let line = "{iso} | {pg} | {clf} | {redis} | {nginx} | request {n}";
        insta::assert_snapshot!(fill(line, at, 7), @"2026-11-20T03:09:41.125Z | 2026-11-20 03:09:41.125 UTC | 20/Nov/2026:03:09:41 +0000 | 20 Nov 2026 03:09:41.125 | 2026/11/20 03:09:41 | request 7");
    }
}
