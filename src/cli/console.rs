//! `dogwatch console [-- COMMAND…]`.

use std::io::{BufReader, IsTerminal, stdin};

use clap::{Args, ValueEnum};

use super::{Failure, FormatArg, recover, start};
use crate::bot::Outcome;

#[derive(Debug, Args)]
pub(super) struct ConsoleArgs {
    /// How reports are written
    #[arg(long, value_enum, default_value_t)]
    format: Look,
    /// One command, as it would be typed in the chat
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// How a conversation is written. For programs there are sub-commands that print one document.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Look {
    #[default]
    Text,
    Markdown,
    Html,
}

impl From<Look> for FormatArg {
    fn from(look: Look) -> Self {
        match look {
            Look::Text => Self::Text,
            Look::Markdown => Self::Markdown,
            Look::Html => Self::Html,
        }
    }
}

pub(super) async fn run(args: ConsoleArgs, settings: &start::Settings) -> Result<Outcome, Failure> {
    let interactive = args.command.is_empty() && stdin().is_terminal();
    let app = start::app(settings)?;
    let mut session = start::session(&app, settings, args.format.into(), interactive);
    let leave = start::heed_signals(&mut session)?;
    let work = async {
        if !args.command.is_empty() {
            return session.line(&requote(&args.command)).await;
        }
        if interactive {
            recover::once(&app.bot).await;
            return session.converse(Some(start::history_file(&app))).await;
        }
        session.script(BufReader::new(stdin())).await
    };
    Ok(start::until_asked_to_leave(&leave, work).await)
}

/// The shell has split the line already; what had spaces must keep them.
fn requote(words: &[String]) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:@=,+".contains(c);
    let quote = |word: &String| {
        if !word.is_empty() && word.chars().all(plain) {
            return word.clone();
        }
        let escaped: String = word
            .chars()
            .flat_map(|c| {
                if matches!(c, '"' | '\\') {
                    vec!['\\', c]
                } else {
                    vec![c]
                }
            })
            .collect();
        format!("\"{escaped}\"")
    };
    // flags must stay bare to be seen as flags
    let quoted = |word: &String| match word.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") && flag.chars().all(plain) => {
            format!("{flag}={}", quote(&value.to_owned()))
        }
        _ => quote(word),
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::lex::lex;

    proptest::proptest! {
        #[test]
        fn words_survive_being_joined(words in proptest::collection::vec("[^“”„‘’—–\\PC]{0,12}", 0..5)) {
            let line = requote(&words);
            let back: Vec<String> = lex(&line).unwrap().into_iter().map(|token| token.text).collect();
            proptest::prop_assert_eq!(back, words);
        }
    }
}
