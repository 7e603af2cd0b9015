//! The line editor: history, completion of words and live names, hints. It lives on a thread of
//! its own because reading a terminal blocks.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, ExternalPrinter, Helper};
use tokio::sync::{mpsc, oneshot};

use crate::command::complete::{Live, complete, hint};

/// Names that exist right now, shared between the prompt and whoever refreshes them.
pub type LiveNames = Arc<RwLock<Live>>;

/// What came from the person.
#[derive(Debug)]
pub enum Typed {
    Line(String),
    /// Ctrl-C at the prompt: the line is dropped, the program goes on.
    Interrupted,
    /// Ctrl-D.
    End,
}

/// Asks for one line and is answered once.
type Ask = oneshot::Sender<Typed>;

type Words = Editor<Helping, FileHistory>;
type Printer = Box<dyn ExternalPrinter + Send>;

/// A prompt on its own thread.
pub struct Prompt {
    asks: mpsc::Sender<Ask>,
    /// Not every terminal can do it.
    printer: Option<Mutex<Printer>>,
}

impl Prompt {
    pub fn start(live: LiveNames, history: Option<PathBuf>) -> Self {
        let (asks, inbox) = mpsc::channel(1);
        let mut printer = None;
        match Words::new() {
            Ok(mut editor) => {
                let made = editor.create_external_printer().ok();
                printer = made.map(|made| Mutex::new(Box::new(made) as Printer));
                std::thread::spawn(move || serve(editor, inbox, live, history.as_deref()));
            }
            Err(error) => {
                tracing::error!(%error, "the line editor cannot use this terminal");
            }
        }
        Self { asks, printer }
    }

    /// Says something above the line that is being typed, and leaves that as it is. Whether it
    /// can.
    pub fn say(&self, text: &str) -> bool {
        let Some(printer) = &self.printer else {
            return false;
        };
        let mut printer = printer.lock().unwrap_or_else(PoisonError::into_inner);
        printer.print(format!("{text}\n")).is_ok()
    }

    /// The next line; `End` when the editor is gone.
    pub async fn next(&self) -> Typed {
        let (ask, answer) = oneshot::channel();
        if self.asks.send(ask).await.is_err() {
            return Typed::End;
        }
        answer.await.unwrap_or(Typed::End)
    }
}

fn serve(
    mut editor: Words,
    mut inbox: mpsc::Receiver<Ask>,
    live: LiveNames,
    history: Option<&Path>,
) {
    editor.set_helper(Some(Helping { live }));
    if let Some(path) = history
        && let Err(error) = editor.load_history(path)
    {
        tracing::debug!(%error, "no history yet");
    }
    while let Some(ask) = inbox.blocking_recv() {
        let typed = match editor.readline("ops> ") {
            Ok(line) => {
                remember(&mut editor, &line, history);
                Typed::Line(line)
            }
            Err(ReadlineError::Interrupted) => Typed::Interrupted,
            Err(_) => Typed::End,
        };
        if ask.send(typed).is_err() {
            return;
        }
    }
}

fn remember(editor: &mut Words, line: &str, history: Option<&Path>) {
    if line.trim().is_empty() {
        return;
    }
    let kept = editor
        .add_history_entry(line)
        .and_then(|_| history.map_or(Ok(()), |path| editor.save_history(path)));
    if let Err(error) = kept {
        tracing::debug!(%error, "the history could not be kept");
    }
}

struct Helping {
    live: LiveNames,
}

impl Helping {
    fn live(&self) -> Live {
        self.live
            .read()
            .map(|live| live.clone())
            .unwrap_or_default()
    }
}

impl Completer for Helping {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, choices) = complete(line.get(..position).unwrap_or(line), &self.live());
        let pair = |choice: String| Pair {
            display: choice.clone(),
            replacement: choice + " ",
        };
        Ok((start, choices.into_iter().map(pair).collect()))
    }
}

impl Hinter for Helping {
    type Hint = String;

    fn hint(&self, line: &str, position: usize, _: &Context<'_>) -> Option<String> {
        if position < line.len() {
            None
        } else {
            hint(line, &self.live())
        }
    }
}

impl Highlighter for Helping {
    fn highlight_hint<'h>(&self, hint: &'h str) -> std::borrow::Cow<'h, str> {
        format!("\x1b[2m{hint}\x1b[0m").into()
    }
}

impl Validator for Helping {}
impl Helper for Helping {}
