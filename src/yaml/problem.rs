//! What is wrong with a file, all of it: message, place, excerpt with a mark, advice. Messages
//! never quote values, and excerpts mask them, because values may be secrets.

use std::error::Error;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::mask::{self, Shade};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub at: Range<usize>,
    pub message: String,
    pub help: Option<String>,
}

impl Problem {
    pub fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
            help: None,
        }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Everything that is wrong with one file, in the order of its lines.
#[derive(Clone, PartialEq, Eq)]
pub struct Problems {
    file: String,
    items: Vec<Placed>,
}

/// A problem with its place counted and its excerpt masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub line: usize,
    pub column: usize,
    pub message: String,
    pub help: Option<String>,
    excerpt: String,
    mark: Range<usize>,
}

impl Problems {
    pub(super) fn new(file: &str, text: &str, shades: &[Shade], found: Vec<Problem>) -> Self {
        let place = |problem| Placed::new(text, problem, |line| mask::line(text, line, shades));
        Self::sorted(file, found, place)
    }

    /// For text that is no YAML: which part is a value is not known, so all words are masked.
    pub(super) fn unreadable(file: &str, text: &str, problem: Problem) -> Self {
        let place = |problem| Placed::new(text, problem, |line| mask::words(line.of(text)));
        Self::sorted(file, vec![problem], place)
    }

    /// For a file that could not be read at all.
    pub fn unread(file: &str, why: impl Into<String>) -> Self {
        let place = |problem| Placed::new("", problem, |_| String::new());
        Self::sorted(file, vec![Problem::new(0..0, why)], place)
    }

    fn sorted(file: &str, mut found: Vec<Problem>, place: impl Fn(Problem) -> Placed) -> Self {
        found.sort_by(|a, b| (a.at.start, &a.message).cmp(&(b.at.start, &b.message)));
        found.dedup();
        Self {
            file: file.to_owned(),
            items: found.into_iter().map(place).collect(),
        }
    }

    pub fn file(&self) -> &str {
        &self.file
    }

    pub fn iter(&self) -> impl Iterator<Item = &Placed> {
        self.items.iter()
    }

    /// For a terminal, with or without colours.
    pub fn render(&self, colours: bool) -> String {
        let renderer = if colours {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut out = match self.items.len() {
            1 => format!("1 problem in {}", self.file),
            many => format!("{many} problems in {}", self.file),
        };
        for item in &self.items {
            out.push_str("\n\n");
            out.push_str(&item.render(&renderer, &self.file));
        }
        out
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Problems {}

impl Placed {
    fn new(text: &str, problem: Problem, excerpt: impl Fn(&Line) -> String) -> Self {
        let line = Line::around(text, &problem.at);
        Self {
            line: line_of(text, line.pointed.start),
            column: column_of(text, line.pointed.start),
            message: problem.message,
            help: problem.help,
            mark: line.pointed.start - line.whole.start..line.pointed.end - line.whole.start,
            excerpt: excerpt(&line),
        }
    }

    fn render(&self, renderer: &Renderer, file: &str) -> String {
        if self.excerpt.is_empty() {
            let place = format!(
                "error: {}\n --> {file}:{}:{}",
                self.message, self.line, self.column
            );
            return self
                .help
                .iter()
                .fold(place, |out, help| format!("{out}\n  = help: {help}"));
        }
        let snippet = Snippet::source(&self.excerpt)
            .path(file)
            .line_start(self.line)
            .annotation(AnnotationKind::Primary.span(self.mark.clone()));
        let title = Level::ERROR.primary_title(&self.message).element(snippet);
        let help = self.help.as_ref().map(|help| Level::HELP.message(help));
        renderer.render(&[title.elements(help)])
    }
}

/// The line a problem is in, and the part of it that is pointed at, in bytes of the text.
pub(super) struct Line {
    pub whole: Range<usize>,
    pub pointed: Range<usize>,
}

impl Line {
    fn around(text: &str, at: &Range<usize>) -> Self {
        let start = at.start.min(text.len());
        let before = text.get(..start).unwrap_or_default();
        let after = text.get(start..).unwrap_or_default();
        let from = before.rfind('\n').map_or(0, |newline| newline + 1);
        let to = after
            .find(['\n', '\r'])
            .map_or(text.len(), |newline| start + newline);
        Self {
            whole: from..to,
            pointed: start..at.end.clamp(start, to.max(start)),
        }
    }

    pub(super) fn of<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.whole.clone()).unwrap_or_default()
    }
}

/// Which line a byte is in, from 1.
pub(super) fn line_of(text: &str, byte: usize) -> usize {
    1 + text.get(..byte).unwrap_or_default().matches('\n').count()
}

/// Which character of its line a byte is, from 1.
fn column_of(text: &str, byte: usize) -> usize {
    let before = text.get(..byte).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    1 + line.chars().count()
}

/// The known name that was probably meant, if any is near enough: one slip in four letters.
pub fn nearest<'n>(written: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let slips = (written.chars().count() / 4).max(1);
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(written, name), name))
        .filter(|(distance, name)| *distance <= slips && name.len() > 1)
        .min()
        .map(|(_, name)| name)
}
