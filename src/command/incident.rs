//! Words about incidents: what they are and how they are understood.

use std::time::Duration;

use super::error::CommandError;
use super::flags::flag;
use super::parse::Parts;
use super::words::{Arg, ArgKind, Count, FlagKind, Word};
use crate::action::Risk;

/// What is asked of incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentCommand {
    /// One by its number, those that hold a text, or those that go on.
    List {
        wanted: Option<String>,
        all: bool,
    },
    Ack {
        incident: String,
    },
    Note {
        incident: String,
        text: String,
    },
    Assign {
        incident: String,
        who: String,
    },
    Escalate {
        incident: String,
    },
    Merge {
        from: String,
        into: String,
    },
    Resolve {
        incident: String,
        reason: Option<String>,
        anyway: bool,
    },
    Retro {
        incident: String,
    },
    Silence {
        fits: String,
        lasts: Duration,
        reason: String,
    },
    Silences,
    Unsilence {
        id: String,
    },
}

const INCIDENT: Arg = arg("INCIDENT", ArgKind::Text, Count::One);
const HOUR: Duration = Duration::from_hours(1);

const fn arg(name: &'static str, kind: ArgKind, count: Count) -> Arg {
    Arg { name, kind, count }
}

const fn word(
    name: &'static str,
    args: &'static [Arg],
    risk: Risk,
    about: &'static str,
    example: &'static str,
) -> Word {
    Word {
        name,
        args,
        flags: &[],
        risk,
        about,
        example,
    }
}

pub const INCIDENTS: Word = Word {
    flags: &[flag("all", FlagKind::Switch, "those that are over too")],
    ..word(
        "incidents",
        &[arg("INCIDENT|TEXT", ArgKind::Text, Count::Any)],
        Risk::Read,
        "what is wrong now, one incident with its timeline, or those that hold a text",
        "incidents 7",
    )
};
pub const ACK: Word = word(
    "ack",
    &[INCIDENT],
    Risk::Change,
    "you look after it: nobody else is called, until it is over",
    "ack 7",
);
pub const NOTE: Word = word(
    "note",
    &[INCIDENT, arg("TEXT", ArgKind::Text, Count::Some)],
    Risk::Change,
    "write something into the timeline of an incident",
    "note 7 the provider has an outage",
);
pub const ASSIGN: Word = word(
    "assign",
    &[INCIDENT, arg("WHO", ArgKind::Text, Count::One)],
    Risk::Change,
    "somebody else looks after it: slack:U123, discord:456, rota:NAME",
    "assign 7 slack:U123",
);
pub const ESCALATE: Word = word(
    "escalate",
    &[INCIDENT],
    Risk::Change,
    "call whoever is next, now",
    "escalate 7",
);
pub const MERGE: Word = word(
    "merge",
    &[INCIDENT, arg("INTO", ArgKind::Text, Count::One)],
    Risk::Change,
    "what is in the first incident goes on in the second",
    "merge 8 7",
);
pub const RESOLVE: Word = Word {
    flags: &[flag(
        "anyway",
        FlagKind::Switch,
        "although it does not look well",
    )],
    ..word(
        "resolve",
        &[INCIDENT, arg("REASON", ArgKind::Text, Count::Any)],
        Risk::Change,
        "it is over: looked at, and refused where it is not",
        "resolve 7 disk cleaned up",
    )
};
pub const RETRO: Word = word(
    "retro",
    &[INCIDENT],
    Risk::Read,
    "a document for the retrospective: timeline, cause, what helped, follow-ups",
    "retro 7",
);
pub const SILENCE: Word = Word {
    flags: &[
        flag(
            "for",
            FlagKind::Duration,
            "how long: 30m, 2h, 1d; 1h when left out",
        ),
        flag("reason", FlagKind::Text, "why, for everybody who looks"),
    ],
    ..word(
        "silence",
        &[
            arg("MATCHER", ArgKind::Text, Count::One),
            arg("REASON", ArgKind::Text, Count::Any),
        ],
        Risk::Change,
        "nobody is told of these for a while: shop/api, stack=shop,what=died, or #7",
        "silence shop/api --for 2h --reason migration",
    )
};
pub const SILENCES: Word = word(
    "silences",
    &[],
    Risk::Read,
    "what is silenced, by whom and until when",
    "silences",
);
pub const UNSILENCE: Word = word(
    "unsilence",
    &[arg("ID", ArgKind::Text, Count::One)],
    Risk::Change,
    "end a silence now",
    "unsilence s3",
);

/// The command of a word of this file; `None` for all others.
pub(super) fn build(word: &str, parts: &Parts) -> Result<Option<IncidentCommand>, CommandError> {
    let incident = parts.required(0);
    Ok(Some(match word {
        "incidents" => IncidentCommand::List {
            wanted: parts.rest(0),
            all: parts.switch("all"),
        },
        "ack" => IncidentCommand::Ack { incident },
        "note" => IncidentCommand::Note {
            incident,
            text: parts.rest(1).unwrap_or_default(),
        },
        "assign" => IncidentCommand::Assign {
            incident,
            who: parts.required(1),
        },
        "escalate" => IncidentCommand::Escalate { incident },
        "merge" => IncidentCommand::Merge {
            from: incident,
            into: parts.required(1),
        },
        "resolve" => IncidentCommand::Resolve {
            incident,
            reason: parts.rest(1),
            anyway: parts.switch("anyway"),
        },
        "retro" => IncidentCommand::Retro { incident },
        "silence" => IncidentCommand::Silence {
            fits: incident,
            lasts: parts.duration("for")?.unwrap_or(HOUR),
            reason: reason(parts),
        },
        "silences" => IncidentCommand::Silences,
        "unsilence" => IncidentCommand::Unsilence { id: incident },
        _ => return Ok(None),
    }))
}

/// After `--reason`, or simply after everything else; people write both.
fn reason(parts: &Parts) -> String {
    let flag = parts.flag_text("reason");
    let words = [flag, parts.rest(1)].into_iter().flatten();
    words.collect::<Vec<_>>().join(" ")
}
