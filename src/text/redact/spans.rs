//! Where secrets stand in a text, and writing masks over them without moving a line break.

use std::ops::Range;

use super::MASK;

const DOT: char = '•';

/// Byte ranges on character boundaries, in any order, possibly overlapping.
#[derive(Debug, Default)]
pub(super) struct Spans(Vec<Range<usize>>);

impl Spans {
    pub(super) fn add(&mut self, span: Range<usize>) {
        if !span.is_empty() {
            self.0.push(span);
        }
    }

    /// Every span becomes one mask a line; touching spans and old masks become one.
    pub(super) fn mask(mut self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        self.0.sort_unstable_by_key(|span| (span.start, span.end));
        let mut shown = String::with_capacity(text.len());
        let mut done = 0;
        for span in merged(text, self.0) {
            shown.push_str(text.get(done..span.start).unwrap_or_default());
            mask_lines(text.get(span.clone()).unwrap_or_default(), &mut shown);
            done = span.end;
        }
        shown.push_str(text.get(done..).unwrap_or_default());
        shown
    }
}

/// Sorted spans in, disjoint spans out, each grown over the dots of older masks beside it.
fn merged(text: &str, sorted: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut disjoint: Vec<Range<usize>> = Vec::with_capacity(sorted.len());
    for span in sorted {
        let span = grown(text, span);
        match disjoint.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => disjoint.push(span),
        }
    }
    disjoint
}

fn grown(text: &str, span: Range<usize>) -> Range<usize> {
    let dots = |text: &str| text.chars().take_while(|c| *c == DOT).count() * DOT.len_utf8();
    let before: usize = text.get(..span.start).map_or(0, |text| {
        text.chars().rev().take_while(|c| *c == DOT).count()
    }) * DOT.len_utf8();
    let after = text.get(span.end..).map_or(0, dots);
    span.start - before..span.end + after
}

fn mask_lines(secret: &str, shown: &mut String) {
    for line in secret.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        if !content.is_empty() {
            shown.push_str(MASK);
        }
        shown.extend(line.chars().skip(content.chars().count()));
    }
}

/// The last resort: nothing but line breaks remains.
pub(super) fn mask_every_line(text: &str) -> String {
    let mut shown = String::new();
    mask_lines(text, &mut shown);
    shown
}
