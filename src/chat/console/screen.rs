//! What the console shows and how: replies on standard output, progress on standard error, colour
//! and width only where a terminal takes them.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::bot::{Progress, Reply, Trouble};
use crate::report::{Report, Templates, report_json};
use crate::text::dialect::Dialect;
use crate::text::outgoing::Outgoing;
use crate::text::write::write;
use crate::text::{Block, Line, Message};

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    #[default]
    Text,
    Json,
    Markdown,
    Html,
}

/// Nothing moves before a second has passed: most answers are there by then.
const QUIET: Duration = Duration::from_secs(1);

pub struct Screen {
    templates: Arc<Templates>,
    format: Format,
    dialect: Dialect,
    bar: Option<ProgressBar>,
    animated: bool,
}

impl Screen {
    pub fn new(templates: Arc<Templates>, format: Format, no_color: bool) -> Self {
        let terminal = console::Term::stdout();
        let on_terminal = io::stdout().is_terminal();
        let width = usize::from(terminal.size().1);
        let dialect = match format {
            Format::Markdown => Dialect::Markdown,
            Format::Html => Dialect::Html,
            Format::Text | Format::Json if on_terminal => Dialect::Terminal {
                width,
                colour: !no_color,
            },
            Format::Text | Format::Json => Dialect::Plain,
        };
        Self {
            templates,
            format,
            dialect,
            bar: None,
            animated: io::stderr().is_terminal() && !no_color,
        }
    }

    /// Shows one reply. An error means that nobody reads any more.
    pub fn show(&mut self, reply: &Reply) -> io::Result<()> {
        match reply {
            Reply::Trouble(trouble) => self.trouble(trouble),
            Reply::Report(report) => self.report(report),
            Reply::Both { document, .. } if self.format == Format::Json => self.line(document),
            Reply::Message(message) | Reply::Both { message, .. } => self.message(message),
            // a program reads one document and nothing else
            Reply::Streamed(line) if self.format == Format::Json => self.aside(line),
            Reply::Streamed(line) => self.message(&Message {
                blocks: vec![Block::Line(line.clone())],
                ..Message::default()
            }),
            Reply::Progress(progress) => {
                self.progress(progress);
                Ok(())
            }
        }
    }

    fn aside(&mut self, line: &Line) -> io::Result<()> {
        let message = Message::new().line(line.clone());
        let text = write(&message, &Dialect::Plain);
        self.still();
        writeln!(
            io::stderr().lock(),
            "{}",
            text.as_str().trim_end_matches('\n')
        )
    }

    pub fn message(&mut self, message: &Message) -> io::Result<()> {
        let text = write(message, &self.dialect);
        self.print(&text)
    }

    /// As `message` would show it, for whoever shows it instead.
    pub fn written(&self, message: &Message) -> Outgoing {
        write(message, &self.dialect)
    }

    /// Errors go to standard error, so that standard output holds answers only.
    fn trouble(&mut self, trouble: &Trouble) -> io::Result<()> {
        let dialect = match self.dialect {
            Dialect::Terminal { width, colour } => Dialect::Terminal { width, colour },
            _ => Dialect::Plain,
        };
        let text = write(&trouble.message(), &dialect);
        self.still();
        writeln!(
            io::stderr().lock(),
            "{}",
            text.as_str().trim_end_matches('\n')
        )
    }

    pub fn report(&mut self, report: &Report) -> io::Result<()> {
        if self.format == Format::Json {
            return self.line(&report_json(report));
        }
        match self.templates.report(report, &self.dialect) {
            Ok(text) => self.print(&text),
            Err(error) => {
                tracing::error!(%error, "a report template failed; the report follows as JSON");
                self.line(&report_json(report))
            }
        }
    }

    fn print(&mut self, text: &Outgoing) -> io::Result<()> {
        self.line(text.as_str().trim_end_matches('\n'))
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        self.still();
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// A spinner from the first second on, until something is shown.
    pub fn busy(&mut self) {
        if !self.animated {
            return;
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message("looking");
        self.bar = Some(bar);
    }

    pub fn quiet_time() -> Duration {
        QUIET
    }

    /// Starts or keeps the spinner turning.
    pub fn tick(&mut self) {
        if self.bar.is_none() {
            self.busy();
        }
        if let Some(bar) = &self.bar {
            bar.tick();
        }
    }

    fn progress(&mut self, progress: &Progress) {
        if !self.animated {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        });
        if let Ok(style) = ProgressStyle::with_template("{bar:20} {pos}/{len} {msg} {elapsed}") {
            bar.set_style(style.progress_chars("█▓░"));
        }
        bar.set_length(progress.headway.of() as u64);
        bar.set_position(progress.headway.done() as u64);
        bar.set_message(doing(progress));
        bar.tick();
    }

    /// Takes away whatever moves.
    pub fn still(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn doing(progress: &Progress) -> String {
    match progress.headway.stage() {
        Some(stage) => format!("{stage}: {}", progress.doing),
        None => progress.doing.as_str().to_owned(),
    }
}
