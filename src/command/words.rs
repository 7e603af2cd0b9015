//! The words people may type, each with its arguments, flags, risk and one line about it. Parsing,
//! help, completion and the reference page read this one list.

use super::flags::{GRACE, LOG_FLAGS, SINCE, flag};
use super::{incident, words_stack};
use crate::action::Risk;

/// What an argument is, so that it can be checked and completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgKind {
    Word,
    Target,
    Run,
    Runbook,
    Report,
    /// Of the configuration.
    Stack,
    Prunable,
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    One,
    Optional,
    /// Any number, also none.
    Any,
    /// At least one.
    Some,
}

#[derive(Debug, Clone, Copy)]
pub struct Arg {
    pub name: &'static str,
    pub kind: ArgKind,
    pub count: Count,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagKind {
    Switch,
    Duration,
    Number,
    Pattern,
    Text,
}

#[derive(Debug, Clone, Copy)]
pub struct Flag {
    pub name: &'static str,
    pub kind: FlagKind,
    pub about: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub struct Word {
    pub name: &'static str,
    pub args: &'static [Arg],
    pub flags: &'static [Flag],
    pub risk: Risk,
    pub about: &'static str,
    pub example: &'static str,
}

pub(super) const fn arg(name: &'static str, kind: ArgKind, count: Count) -> Arg {
    Arg { name, kind, count }
}

const ANY_TARGETS: &[Arg] = &[arg("STACK|SERVICE", ArgKind::Target, Count::Any)];
const SOME_TARGETS: &[Arg] = &[arg("SERVICE", ArgKind::Target, Count::Some)];
const ONE_TARGET: &[Arg] = &[arg("SERVICE", ArgKind::Target, Count::One)];
const ALL: Flag = flag(
    "all",
    FlagKind::Switch,
    "every service in one table, what is well too",
);
const RUNBOOK: &[Arg] = &[
    arg("RUNBOOK", ArgKind::Runbook, Count::One),
    arg("NAME=VALUE", ArgKind::Text, Count::Any),
];
const ONE_RUN: &[Arg] = &[arg("RUN", ArgKind::Run, Count::One)];

pub(super) const fn word(name: &'static str, risk: Risk, about: &'static str) -> Word {
    Word {
        name,
        args: &[],
        flags: &[],
        risk,
        about,
        example: name,
    }
}

/// Every word, in the order help shows them.
pub const WORDS: &[Word] = &[
    Word {
        args: ANY_TARGETS,
        example: "status shop",
        ..word(
            "status",
            Risk::Read,
            "what runs, how healthy it is, how often it restarted",
        )
    },
    Word {
        args: ANY_TARGETS,
        flags: &[ALL],
        example: "health",
        ..word(
            "health",
            Risk::Read,
            "only what needs attention, with the failing check's own output",
        )
    },
    Word {
        args: ONE_TARGET,
        example: "diagnose api",
        ..word(
            "diagnose",
            Risk::Read,
            "find the service at fault, the cause, and the lines that prove it",
        )
    },
    Word {
        args: SOME_TARGETS,
        flags: LOG_FLAGS,
        example: "logs api worker --since 15m --grep timeout",
        ..word(
            "logs",
            Risk::Read,
            "log lines of one or several services, merged by time",
        )
    },
    Word {
        args: ANY_TARGETS,
        example: "stats shop",
        ..word(
            "stats",
            Risk::Read,
            "cpu against its quota, memory against its limit",
        )
    },
    Word {
        args: ONE_TARGET,
        example: "inspect db",
        ..word(
            "inspect",
            Risk::Read,
            "settings of a service: image, limits, mounts, networks, health check",
        )
    },
    Word {
        args: ONE_TARGET,
        example: "top api",
        ..word("top", Risk::Read, "the processes inside a service")
    },
    Word {
        args: ANY_TARGETS,
        flags: &[SINCE],
        example: "events shop --since 1h",
        ..word(
            "events",
            Risk::Read,
            "what the engine recorded: starts, stops, kills, out of memory",
        )
    },
    word(
        "networks",
        Risk::Read,
        "networks with their subnets and members",
    ),
    word(
        "volumes",
        Risk::Read,
        "volumes with who uses them and their size",
    ),
    word("images", Risk::Read, "images with size, age and use"),
    word(
        "disk",
        Risk::Read,
        "what images, containers, volumes and build cache take",
    ),
    word("hosts", Risk::Read, "the hosts and what their engines say"),
    Word {
        args: SOME_TARGETS,
        example: "start worker",
        ..word("start", Risk::Change, "start services")
    },
    Word {
        args: SOME_TARGETS,
        flags: &[GRACE],
        example: "stop worker --grace 30s",
        ..word("stop", Risk::Change, "stop services with a grace period")
    },
    Word {
        args: SOME_TARGETS,
        flags: &[GRACE],
        example: "restart api",
        ..word(
            "restart",
            Risk::Change,
            "restart services one after the other, waiting for health",
        )
    },
    Word {
        args: ONE_TARGET,
        flags: &[flag(
            "signal",
            FlagKind::Text,
            "which signal; KILL when left out",
        )],
        example: "kill worker --signal HUP",
        ..word("kill", Risk::Change, "send a signal to a service")
    },
    Word {
        args: ONE_TARGET,
        example: "remove job",
        ..word(
            "remove",
            Risk::Destructive,
            "remove a stopped service's containers; volumes stay",
        )
    },
    Word {
        args: &[arg(
            "containers|images|networks|cache",
            ArgKind::Prunable,
            Count::One,
        )],
        example: "prune images",
        ..word(
            "prune",
            Risk::Destructive,
            "remove what nothing uses; never volumes",
        )
    },
    words_stack::UP,
    words_stack::DOWN,
    words_stack::BUILD,
    words_stack::REBUILD,
    words_stack::PULL,
    words_stack::DEPLOY,
    words_stack::ROLLBACK,
    words_stack::CONFIG,
    words_stack::DRIFT,
    words_stack::PREFLIGHT,
    words_stack::LIMITS,
    words_stack::OVERRIDE,
    word(
        "runbooks",
        Risk::Read,
        "runbooks there are for you, and what they ask for",
    ),
    Word {
        args: RUNBOOK,
        flags: &[
            flag(
                "yes",
                FlagKind::Switch,
                "confirmed beforehand, where one person is enough",
            ),
            flag(
                "queue",
                FlagKind::Switch,
                "wait while another run changes the stack",
            ),
        ],
        example: "run ordered-restart stack=shop",
        ..word("run", Risk::Read, "carry out a runbook, after its approval")
    },
    Word {
        args: RUNBOOK,
        example: "plan full-reset stack=shop",
        ..word(
            "plan",
            Risk::Read,
            "show what a runbook would do, and do nothing",
        )
    },
    word(
        "runs",
        Risk::Read,
        "changes that ran, run or wait for approval",
    ),
    Word {
        args: &[
            arg("RUN", ArgKind::Run, Count::One),
            arg("TYPED", ArgKind::Text, Count::Optional),
        ],
        example: "approve 01K9",
        ..word(
            "approve",
            Risk::Read,
            "let a planned run go; a destructive one wants the stack's name typed after it",
        )
    },
    Word {
        args: &[
            arg("RUN", ArgKind::Run, Count::One),
            arg("REASON", ArgKind::Text, Count::Any),
        ],
        example: "deny 01K9 not during the sale",
        ..word("deny", Risk::Read, "refuse a planned run, with a reason")
    },
    Word {
        args: ONE_RUN,
        example: "cancel 01K9",
        ..word("cancel", Risk::Read, "stop a run after its present step")
    },
    Word {
        args: &[arg("ID", ArgKind::Report, Count::Optional)],
        example: "report 01K9",
        ..word("report", Risk::Read, "stored reports, or one of them")
    },
    incident::INCIDENTS,
    incident::ACK,
    incident::NOTE,
    incident::ASSIGN,
    incident::ESCALATE,
    incident::MERGE,
    incident::RESOLVE,
    incident::RETRO,
    incident::SILENCE,
    incident::SILENCES,
    incident::UNSILENCE,
    word(
        "doctor",
        Risk::Read,
        "what is missing or misconfigured, and how to mend it",
    ),
    word("whoami", Risk::Read, "who you are here and what you may do"),
    Word {
        args: &[arg("WORD", ArgKind::Word, Count::Optional)],
        example: "help logs",
        ..word(
            "help",
            Risk::Read,
            "what can be typed, or all about one word",
        )
    },
];

impl Word {
    pub fn find(name: &str) -> Option<&'static Self> {
        WORDS.iter().find(|word| word.name == name)
    }

    /// `logs SERVICE… [--since TIME] …`, as help shows it.
    pub fn usage(&self) -> String {
        let args = self.args.iter().map(Arg::usage);
        let flags = self.flags.iter().map(Flag::usage);
        let parts: Vec<String> = [self.name.to_owned()]
            .into_iter()
            .chain(args)
            .chain(flags)
            .collect();
        parts.join(" ")
    }
}

impl Arg {
    fn usage(&self) -> String {
        match self.count {
            Count::One => self.name.to_owned(),
            Count::Optional => format!("[{}]", self.name),
            Count::Any => format!("[{}…]", self.name),
            Count::Some => format!("{}…", self.name),
        }
    }
}

impl Flag {
    fn usage(&self) -> String {
        let value = match self.kind {
            FlagKind::Switch => "",
            FlagKind::Duration => " TIME",
            FlagKind::Number => " N",
            FlagKind::Pattern => " RE",
            FlagKind::Text => " TEXT",
        };
        format!("[--{}{value}]", self.name)
    }
}
