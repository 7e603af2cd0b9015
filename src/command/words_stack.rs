//! Words about a stack as a whole: the runbook of the same name, with the stack it is about.

use super::flags::flag;
use super::parse::assignment;
use super::words::{Arg, ArgKind, Count, Flag, FlagKind, Word, arg, word};
use super::{Command, RunCommand, StackLook};
use crate::action::Risk;

const STACK: &[Arg] = &[arg("STACK", ArgKind::Stack, Count::One)];
/// Further parameters of the runbook, as `run` takes them.
const STACK_AND_VALUES: &[Arg] = &[
    arg("STACK", ArgKind::Stack, Count::One),
    arg("NAME=VALUE", ArgKind::Text, Count::Any),
];
const STACK_AND_SERVICES: &[Arg] = &[
    arg("STACK", ArgKind::Stack, Count::One),
    arg("SERVICE", ArgKind::Text, Count::Any),
];

const STACK_AND_SERVICE: &[Arg] = &[
    arg("STACK", ArgKind::Stack, Count::One),
    arg("SERVICE", ArgKind::Text, Count::Optional),
];
const SERVICE_AND_VALUES: &[Arg] = &[
    arg("STACK", ArgKind::Stack, Count::One),
    arg("SERVICE", ArgKind::Text, Count::One),
    arg("NAME=VALUE", ArgKind::Text, Count::Any),
];

const PLAN: Flag = flag(
    "plan",
    FlagKind::Switch,
    "show what would be done, and do nothing",
);
const YES: Flag = flag(
    "yes",
    FlagKind::Switch,
    "confirmed beforehand, where one person is enough",
);
const QUEUE: Flag = flag(
    "queue",
    FlagKind::Switch,
    "wait while another run changes the stack",
);
const REF: Flag = flag(
    "ref",
    FlagKind::Text,
    "a commit, tag or branch; the end of the branch when left out",
);
const CHANGING: &[Flag] = &[PLAN, YES, QUEUE];

pub(super) const UP: Word = Word {
    args: STACK_AND_SERVICES,
    flags: CHANGING,
    example: "up shop",
    ..word(
        "up",
        Risk::Change,
        "make what runs of a stack follow its compose files",
    )
};
pub(super) const DOWN: Word = Word {
    args: STACK_AND_VALUES,
    flags: CHANGING,
    example: "down shop@dev",
    ..word(
        "down",
        Risk::Change,
        "stop and remove a stack's containers; volumes stay",
    )
};
pub(super) const BUILD: Word = Word {
    args: STACK_AND_SERVICES,
    flags: CHANGING,
    example: "build shop api",
    ..word("build", Risk::Change, "build a stack's images")
};
pub(super) const REBUILD: Word = Word {
    args: STACK_AND_SERVICES,
    flags: CHANGING,
    example: "rebuild shop api",
    ..word(
        "rebuild",
        Risk::Change,
        "build images and start what runs anew with them",
    )
};
pub(super) const PULL: Word = Word {
    args: STACK_AND_SERVICES,
    flags: CHANGING,
    example: "pull shop",
    ..word("pull", Risk::Change, "pull a stack's images")
};
pub(super) const DEPLOY: Word = Word {
    args: STACK_AND_VALUES,
    flags: &[REF, PLAN, YES, QUEUE],
    example: "deploy shop@prod",
    ..word(
        "deploy",
        Risk::Change,
        "bring what was pushed to a stack, and go back by itself if that is not well",
    )
};
pub(super) const ROLLBACK: Word = Word {
    args: STACK_AND_VALUES,
    flags: CHANGING,
    example: "rollback shop@prod",
    ..word(
        "rollback",
        Risk::Change,
        "go back to the commit and the images before the last deploy",
    )
};
pub(super) const CONFIG: Word = Word {
    args: STACK_AND_SERVICE,
    example: "config shop api",
    ..word(
        "config",
        Risk::Read,
        "the compose files as they are merged and filled in, secrets hidden; or one service of them",
    )
};
pub(super) const LIMITS: Word = Word {
    args: STACK,
    example: "limits shop",
    ..word(
        "limits",
        Risk::Read,
        "memory and cpu that each service is meant to have on its host, and has",
    )
};
pub(super) const OVERRIDE: Word = Word {
    args: SERVICE_AND_VALUES,
    example: "override shop worker WORKER_DEBUG=true",
    ..word(
        "override",
        Risk::Read,
        "propose an override file with variables for a service; it writes nothing",
    )
};
pub(super) const DRIFT: Word = Word {
    args: STACK,
    example: "drift shop",
    ..word(
        "drift",
        Risk::Read,
        "where what runs is not what the compose files say",
    )
};
pub(super) const PREFLIGHT: Word = Word {
    args: STACK,
    example: "preflight shop@prod",
    ..word(
        "preflight",
        Risk::Read,
        "whether all is there to start a stack: files, modes, required names",
    )
};

/// What one of these words means; `None`: it is another word.
pub(super) fn command(
    word: &str,
    args: &[String],
    flags: impl Fn(&str) -> Option<String>,
) -> Option<Command> {
    let stack = args.first().cloned().unwrap_or_default();
    let look = match word {
        "config" => StackLook::Config,
        "drift" => StackLook::Drift,
        "preflight" => StackLook::Preflight,
        "limits" => StackLook::Limits,
        "override" => StackLook::Override,
        "up" | "down" | "build" | "rebuild" | "pull" | "deploy" | "rollback" => {
            return Some(Command::Run(run(word, stack, args, &flags)));
        }
        _ => return None,
    };
    let (stack, service) = halves(stack);
    let rest = service.into_iter().chain(args.iter().skip(1).cloned());
    let rest = rest.collect();
    Some(Command::Stack { look, stack, rest })
}

/// `shop/api` is the service api of shop.
fn halves(typed: String) -> (String, Option<String>) {
    match typed.split_once('/') {
        Some((stack, service)) => (stack.to_owned(), Some(service.to_owned())),
        None => (typed, None),
    }
}

fn run(
    word: &str,
    typed: String,
    args: &[String],
    flags: &impl Fn(&str) -> Option<String>,
) -> RunCommand {
    let (stack, service) = halves(typed);
    let name = |name: &str| Some(name.to_owned());
    let mut given = vec![(name("stack"), stack)];
    let services = service.into_iter().chain(args.iter().skip(1).cloned());
    // `name=value` is a parameter of the runbook, as it is for `run`
    given.extend(services.map(|text| match assignment(&text) {
        (Some(param), value) => (Some(param), value),
        (None, service) => (name("services"), service),
    }));
    given.extend(flags("ref").map(|value| (name("ref"), value)));
    RunCommand {
        runbook: word.to_owned(),
        given,
        plan_only: flags("plan").is_some(),
        yes: flags("yes").is_some(),
        queue: flags("queue").is_some(),
    }
}
