//! The line editor: history, completion of words and live names, hints. It lives on a thread of
//! its own because reading a terminal blocks.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, Helper};
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

/// A prompt on its own thread.
pub struct Prompt {
    asks: mpsc::Sender<Ask>,
}

impl Prompt {
    pub fn start(live: LiveNames, history: Option<PathBuf>) -> Self {
        let (asks, inbox) = mpsc::channel(1);
        std::thread::spawn(move || serve(inbox, live, history.as_deref()));
        Self { asks }
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

fn serve(mut inbox: mpsc::Receiver<Ask>, live: LiveNames, history: Option<&Path>) {
    let mut editor: Editor<Words, FileHistory> = match Editor::new() {
        Ok(editor) => editor,
        Err(error) => {
            tracing::error!(%error, "the line editor cannot use this terminal");
            return;
        }
    };
    editor.set_helper(Some(Words { live }));
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

fn remember(editor: &mut Editor<Words, FileHistory>, line: &str, history: Option<&Path>) {
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

struct Words {
    live: LiveNames,
}

impl Words {
    fn live(&self) -> Live {
        self.live
            .read()
            .map(|live| live.clone())
            .unwrap_or_default()
    }
}

impl Completer for Words {
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

impl Hinter for Words {
    type Hint = String;

    fn hint(&self, line: &str, position: usize, _: &Context<'_>) -> Option<String> {
        if position < line.len() {
            None
        } else {
            hint(line, &self.live())
        }
    }
}

impl Highlighter for Words {
    fn highlight_hint<'h>(&self, hint: &'h str) -> std::borrow::Cow<'h, str> {
        format!("\x1b[2m{hint}\x1b[0m").into()
    }
}

impl Validator for Words {}
impl Helper for Words {}
