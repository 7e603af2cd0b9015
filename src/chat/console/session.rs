//! One person at the console: lines in, replies out, Ctrl-C cancels what runs and not the program.

use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::leave::Leave;
use super::prompt::{LiveNames, Prompt, Typed};
use super::screen::Screen;
use crate::access::Caller;
use crate::bot::there::typeable;
use crate::bot::{Bot, Incoming, Outcome, Reply, Voice, What};
use crate::command::Command;
use crate::live::headlines;
use crate::text::{Message, Name};

/// First lines of incidents that wait for the prompt; more wait where they are told.
const NEWS: usize = 16;

pub struct Session {
    /// Replaced when the configuration changes; each line sees one bot from beginning to end.
    pub bot: watch::Receiver<Arc<Bot>>,
    pub caller: Caller,
    pub screen: Screen,
    /// A person can answer a question now.
    pub interactive: bool,
    /// The run that was last asked about here.
    pub asked: Option<Name>,
    pub leave: Leave,
}

impl Session {
    pub fn bot(&self) -> Arc<Bot> {
        Arc::clone(&self.bot.borrow())
    }

    /// From now on a signal to end cancels what runs here first.
    pub fn heed_signals(&mut self) -> io::Result<Leave> {
        self.leave = Leave::on_signals()?;
        Ok(self.leave.clone())
    }

    /// One line, until it is answered or cancelled by Ctrl-C.
    pub async fn line(&mut self, text: &str) -> Outcome {
        self.handle(What::Typed(text.to_owned())).await
    }

    /// A command that was built rather than typed.
    pub async fn command(&mut self, command: Command) -> Outcome {
        self.handle(What::Asked(Box::new(command))).await
    }

    async fn handle(&mut self, what: What) -> Outcome {
        let _busy = self.leave.begin();
        let (voice, mut replies) = Voice::new();
        let cancel = CancellationToken::new();
        let incoming = Incoming {
            caller: self.caller.clone(),
            what,
            interactive: self.interactive,
        };
        let (bot, token) = (self.bot(), cancel.clone());
        let mut work = tokio::spawn(async move { bot.handle(&incoming, &voice, &token).await });
        let shown = self.show_until_done(&mut replies, &cancel).await;
        self.screen.still();
        if shown.is_err() {
            // nobody reads our output any more: stop the work too
            cancel.cancel();
        }
        match (&mut work).await {
            // a reader that left has seen what it wanted; a full disk has not
            Ok(outcome) => match shown {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    tracing::error!(%error, "the answer could not be written");
                    outcome.max(Outcome::Failed)
                }
                _ => outcome,
            },
            Err(error) => {
                tracing::error!(%error, "a command panicked");
                Outcome::Failed
            }
        }
    }

    async fn show_until_done(
        &mut self,
        replies: &mut mpsc::Receiver<Reply>,
        cancel: &CancellationToken,
    ) -> io::Result<()> {
        // one stream for the whole line: a press between two replies must not get lost
        let mut pressed = signal(SignalKind::interrupt())?;
        let leave = self.leave.clone();
        let first = Instant::now() + Screen::quiet_time();
        let mut ticks = interval_at(first, std::time::Duration::from_millis(120));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                reply = replies.recv() => match reply {
                    Some(reply) => {
                        // what streams is not busy: the spinner waits for a second of silence again
                        ticks.reset_after(Screen::quiet_time());
                        self.asked = about(&reply).or(self.asked.take());
                        self.screen.show(&reply)?;
                    }
                    None => return Ok(()),
                },
                _ = pressed.recv() => cancel.cancel(),
                () = leave.asked(), if !cancel.is_cancelled() => cancel.cancel(),
                _ = ticks.tick() => self.screen.tick(),
            }
        }
    }

    /// The prompt, until Ctrl-D or `exit`.
    pub async fn converse(&mut self, history: Option<PathBuf>) -> Outcome {
        let live = LiveNames::default();
        let prompt = Prompt::start(Arc::clone(&live), history);
        let (told, mut news) = mpsc::channel(NEWS);
        tokio::spawn(headlines::tell(self.bot.clone(), told));
        loop {
            self.refresh(&live);
            match self.typed(&prompt, &mut news).await {
                Typed::Line(line) if matches!(line.trim(), "exit" | "quit") => {
                    return Outcome::Done;
                }
                Typed::Line(line) if line.trim().is_empty() => {}
                Typed::Line(line) => {
                    self.line(&line).await;
                }
                Typed::Interrupted => {}
                Typed::End => return Outcome::Done,
            }
        }
    }

    /// The next line. What becomes of incidents meanwhile is said above it; while a command runs
    /// it waits.
    async fn typed(&mut self, prompt: &Prompt, news: &mut mpsc::Receiver<Message>) -> Typed {
        let mut typed = std::pin::pin!(prompt.next());
        loop {
            tokio::select! {
                typed = &mut typed => return typed,
                Some(message) = news.recv() => {
                    let text = self.screen.written(&message);
                    if !prompt.say(text.as_str().trim_end_matches('\n')) {
                        // nobody reads our output any more, or the next answer fails too
                        let _unseen = self.screen.message(&message).is_err();
                    }
                }
            }
        }
    }

    /// Looks up the live names while the person thinks.
    fn refresh(&self, live: &LiveNames) {
        let (bot, live) = (self.bot(), Arc::clone(live));
        let caller = self.caller.clone();
        tokio::spawn(async move {
            let targets = typeable(&bot.there(None).await, &bot.conduct.sites);
            if let Ok(mut live) = live.write() {
                live.targets = targets;
                live.runbooks = runbooks(&bot, &caller);
                live.stacks = bot.conduct.sites.names();
            }
        });
    }

    /// Lines from a pipe, one after the other; the worst outcome counts.
    pub async fn script(&mut self, input: impl BufRead + Send + 'static) -> Outcome {
        let mut worst = Outcome::Done;
        let mut lines = lines_of(input);
        while let Some(line) = lines.recv().await {
            let Ok(line) = line else {
                worst = worst.max(Outcome::Usage);
                break;
            };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if matches!(line, "exit" | "quit") {
                break;
            }
            worst = worst.max(self.line(line).await);
        }
        worst
    }
}

/// Read on a thread of their own: who waits for a line must hear signals.
fn lines_of(input: impl BufRead + Send + 'static) -> mpsc::Receiver<io::Result<String>> {
    let (read, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in input.lines() {
            if read.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn about(reply: &Reply) -> Option<Name> {
    match reply {
        Reply::Message(message) | Reply::Both { message, .. } => message.about.clone(),
        _ => None,
    }
}

/// Those that this person may run on some stack.
fn runbooks(bot: &Bot, caller: &Caller) -> Vec<String> {
    let shelf = bot.conduct.library.shelf();
    let may = shelf.iter().filter(|runbook| {
        let name = &runbook.file.name;
        bot.policy.may_run_somewhere(caller, name, runbook.risk)
    });
    may.map(|runbook| runbook.file.name.clone()).collect()
}
