//! The report as one JSON document for programs. Its shape is the contract; templates do not
//! touch it.

use super::Report;

/// Pretty, with a line break at the end; equal reports give equal bytes.
pub fn report_json(report: &Report) -> String {
    // Names, texts and numbers only: nothing in a report can fail to be written.
    let mut json = serde_json::to_string_pretty(report).unwrap_or_default();
    json.push('\n');
    json
}
