//! `help` and `whoami`: what can be typed here, by this person.

use crate::action::Risk;
use crate::bot::{Context, Outcome, Trouble};
use crate::command::suggest::nearest;
use crate::command::{WORDS, Word};
use crate::say;
use crate::text::{Clean, Line, Message, Name, Redactor, Style, Table};

pub(super) async fn help(context: &Context<'_>, topic: Option<&str>) -> Result<Outcome, Trouble> {
    let message = match topic {
        Some(topic) => one(topic)?,
        None => all(context),
    };
    context.voice.say(message).await;
    Ok(Outcome::Done)
}

/// Only what this person may do on some stack.
fn all(context: &Context<'_>) -> Message {
    let allowed = context.bot.policy.allows(context.caller);
    let may = |word: &&Word| allowed.iter().any(|allow| allow.risk == word.risk);
    let mut table = Table::new(&["word", "what it does", "risk"]);
    for word in WORDS.iter().filter(may) {
        let usage = word
            .args
            .iter()
            .fold(word.name.to_owned(), |usage, arg| usage + " " + arg.name);
        let risk = match word.risk {
            Risk::Read => Line::new(),
            risk => Line::new().styled(Style::Warn, risk.word()),
        };
        table.row([
            Line::new().strong(Redactor::shapes_only().clean(&usage)),
            word.about.into(),
            risk,
        ]);
    }
    let target =
        say!("a target is [HOST:][STACK/]SERVICE; several may be given; `help WORD` tells more");
    Message::new().table(table).line(Line::new().dim(target))
}

fn one(topic: &str) -> Result<Message, Trouble> {
    let Some(word) = Word::find(&topic.to_lowercase()) else {
        let hint = nearest(topic, WORDS.iter().map(|word| word.name))
            .map(|name| format!("; did you mean `{name}`?"));
        let text = format!(
            "`{topic}` is not a command{}",
            hint.unwrap_or_else(|| "; try `help`".to_owned())
        );
        return Err(Trouble::new(
            Outcome::Usage,
            Redactor::shapes_only().clean(&text),
        ));
    };
    let usage = Redactor::shapes_only().clean(&word.usage());
    let mut fields = vec![
        (Clean::from("usage"), Line::new().code(usage)),
        (Clean::from("example"), Line::new().code(word.example)),
        (Clean::from("risk"), word.risk.word().into()),
    ];
    fields.extend(
        word.flags
            .iter()
            .map(|flag| (say!("--{}", flag.name), flag.about.into())),
    );
    Ok(Message::new().heading(word.about).fields(fields))
}

pub(super) async fn whoami(context: &Context<'_>) -> Result<Outcome, Trouble> {
    let roles: Vec<Clean> = context
        .bot
        .policy
        .roles_of(context.caller)
        .iter()
        .map(|role| Name::new(role).into())
        .collect();
    let rights = context.bot.policy.allows(context.caller);
    let rights: Vec<Clean> = rights
        .iter()
        .map(|allow| say!("{} on {}", allow.risk.word(), star(&allow.stack)))
        .collect();
    let nothing = |list: Vec<Clean>, word: &'static str| {
        if list.is_empty() {
            Clean::from(word)
        } else {
            Clean::join(&list, ", ")
        }
    };
    let fields = vec![
        (Clean::from("roles"), nothing(roles, "none").into()),
        (Clean::from("may"), nothing(rights, "nothing").into()),
    ];
    context
        .voice
        .say(
            Message::new()
                .heading(say!("you are {}", context.caller))
                .fields(fields),
        )
        .await;
    Ok(Outcome::Done)
}

fn star(pattern: &str) -> Clean {
    if pattern == "*" {
        say!("every stack")
    } else {
        Redactor::shapes_only().clean(pattern)
    }
}
