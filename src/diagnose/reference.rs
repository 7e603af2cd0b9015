//! The reference: a page for every cause that a rule recognises, and one that lists them all.

use std::fmt::Write;

use super::rules::RULES;
use super::{Cause, Rule};

/// File name and text of every page, the list first.
pub fn pages() -> Vec<(String, String)> {
    let mut pages = vec![("README.md".to_owned(), list())];
    pages.extend(
        RULES
            .iter()
            .map(|rule| (format!("{}.md", rule.cause.id()), page(rule))),
    );
    pages
}

fn list() -> String {
    let mut text = String::from(
        "<!-- made from the program's own list: UPDATE_GENERATED=1 cargo test --test it diagnose_pages -->\n\n\
         # Causes\n\n\
         What `diagnose` can answer. Ids are stable. Where the evidence does not decide, the answer is\n\
         `inconclusive`; where nothing is wrong, it is `none`.\n\n\
         | id | it means |\n|---|---|\n",
    );
    for cause in Cause::ALL {
        let id = cause.id();
        let shown = if Rule::of(*cause).is_some() {
            format!("[`{id}`]({id}.md)")
        } else {
            format!("`{id}`")
        };
        push(&mut text, format_args!("| {shown} | {} |\n", cause.title()));
    }
    text
}

fn page(rule: &Rule) -> String {
    let mut text = String::new();
    let Rule {
        cause,
        why,
        example,
        verify,
        ..
    } = rule;
    push(
        &mut text,
        format_args!("# `{}`: {}\n\n{why}\n\n", cause.id(), cause.title()),
    );
    push(
        &mut text,
        format_args!("## What it looks like\n\n```text\n{example}\n```\n\n"),
    );
    push(
        &mut text,
        format_args!("## It is mended when\n\n{verify}.\n\n## How to prevent it\n\n"),
    );
    for line in rule.prevention {
        push(&mut text, format_args!("- {line}\n"));
    }
    push(&mut text, format_args!("\n[All causes](README.md)\n"));
    text
}

fn push(text: &mut String, words: std::fmt::Arguments<'_>) {
    // writing to a String cannot fail
    text.write_fmt(words).unwrap_or_default();
}
