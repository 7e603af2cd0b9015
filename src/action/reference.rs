//! The reference page of actions, made from the list that plans and checks read.

use super::catalogue::SPECS;

/// The page as Markdown.
pub fn page() -> String {
    let rows: Vec<String> = SPECS
        .iter()
        .map(|spec| {
            let twice = if spec.idempotent { "yes" } else { "no" };
            format!(
                "| `{}` | {} | {twice} | {} |\n",
                spec.name,
                spec.risk.word(),
                spec.about
            )
        })
        .collect();
    format!(
        "# Actions\n\nWhat can be asked of a host. Generated from the program; do not edit.\n\n\
         *Repeatable* means that doing it twice equals doing it once, so that it may be done again after a crash that hid its\n\
         outcome.\n\n| action | risk | repeatable | what it does |\n| --- | --- | --- | --- |\n{}",
        rows.concat()
    )
}
