//! What rules have in common: steps that mend, and findings made of a decisive line.

use crate::action::Risk;
use crate::action::container::Mount;
use crate::diagnose::reach::Trouble;
use crate::diagnose::view::View;
use crate::diagnose::words::Said;
use crate::diagnose::{Cause, Confidence, Finding, Fix};
use crate::evidence::{Citation, Evidence, Fact, Hit, Level, Source};
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name};

/// A step a person does by hand: editing a file, looking something up.
pub(super) fn by_hand(text: Clean, risk: Risk) -> Fix {
    Fix {
        text,
        command: None,
        risk,
    }
}

/// A step that only looks.
pub(super) fn look(text: Clean, command: Clean) -> Fix {
    Fix {
        text,
        command: Some(command),
        risk: Risk::Read,
    }
}

pub(super) fn start_again(view: &View<'_>) -> Fix {
    let command = say!("docker start {}", view.container);
    Fix {
        text: say!("start {} again", view.name()),
        command: Some(command),
        risk: Risk::Change,
    }
}

pub(super) fn restart(view: &View<'_>) -> Fix {
    let command = say!("docker restart {}", view.container);
    Fix {
        text: say!("restart {}", view.name()),
        command: Some(command),
        risk: Risk::Change,
    }
}

pub(super) fn read_logs(view: &View<'_>) -> Fix {
    let command = say!("docker logs --tail 100 {}", view.container);
    look(say!("read the last lines of {}", view.name()), command)
}

pub(super) fn recreate(view: &View<'_>) -> Fix {
    let command = say!("docker compose up -d {}", view.name());
    let text = say!("recreate {} with the corrected settings", view.name());
    Fix {
        text,
        command: view.service.stack.is_some().then_some(command),
        risk: Risk::Change,
    }
}

pub(super) fn rebuild(view: &View<'_>) -> Fix {
    let command = say!("docker compose up -d --build {}", view.name());
    let text = say!("build {} again and start it", view.name());
    Fix {
        text,
        command: view.service.stack.is_some().then_some(command),
        risk: Risk::Change,
    }
}

/// `: it was restarted 5 times`, where it was.
pub(super) fn again_and_again(view: &View<'_>) -> Clean {
    match view.state() {
        Some((_, state)) if state.restart_count > 0 && view.loops() => {
            say!(", again and again ({} restarts)", state.restart_count)
        }
        _ => Clean::default(),
    }
}

/// Something that its configuration shows, as proof.
pub(super) fn noted(view: &View<'_>, text: Clean) -> Citation {
    Citation {
        source: Source::Inspect,
        service: view.name().clone(),
        at: None,
        text,
    }
}

/// A finding that one line of the log decides, with the container's state beside it. Words that a
/// program says as it dies, or says in every life, make it certain.
pub(super) fn said_finding(
    view: &View<'_>,
    cause: Cause,
    said: Said<'_>,
    summary: Clean,
) -> Finding {
    let lives = view.logs().filter(|item| known_as(item, said.1)).count();
    let sure = said.1.level == Level::Dying || lives > 1;
    let confidence = if sure {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    let proof = proof(view, said.0);
    view.finding(cause, confidence, summary, &proof)
}

fn known_as(item: &Evidence, hit: &Hit) -> bool {
    match &item.fact {
        Fact::Log(line) => line
            .hit
            .as_ref()
            .is_some_and(|other| other.signature == hit.signature),
        _ => false,
    }
}

fn proof<'e>(view: &View<'e>, line: &'e Evidence) -> Vec<&'e Evidence> {
    let state = view.state().map(|(line, _)| line);
    let health = view
        .health()
        .filter(|_| view.is_unhealthy())
        .map(|(line, _)| line);
    [Some(line), state, health].into_iter().flatten().collect()
}

/// A finding about something that cannot be reached.
pub(super) fn reach_finding(
    view: &View<'_>,
    cause: Cause,
    trouble: &Trouble<'_>,
    summary: Clean,
) -> Finding {
    let state = view.state().map(|(line, _)| line);
    let mut proof: Vec<&Evidence> = [trouble.line, state].into_iter().flatten().collect();
    proof.extend(&trouble.proof);
    proof.extend(trouble.host.as_ref().and_then(|host| view.tried(host)));
    let mut finding = view.finding(cause, Confidence::Certain, summary, &proof);
    finding.evidence.dedup();
    finding
}

/// What is said of an address that has changed hands.
pub(super) fn stale(view: &View<'_>, trouble: &Trouble<'_>, other: &Key) -> Clean {
    let host = trouble.host.clone().unwrap_or_default();
    say!(
        "{} still asks {} at {}, an address that it no longer has",
        view.name(),
        other.service,
        host
    )
}

pub(super) fn look_up_again(view: &View<'_>, other: &Key) -> Clean {
    say!(
        "restart {} so that it looks {} up again; let it resolve names anew by itself (nginx: `resolver 127.0.0.11` and the name in a variable)",
        view.name(),
        other.service
    )
}

/// Where the configuration names what the line does not.
pub(super) fn named_where(view: &View<'_>, trouble: &Trouble<'_>) -> Vec<Citation> {
    let Some(host) = &trouble.host else {
        return Vec::new();
    };
    let addresses = view.case.graph.addresses(view.service).iter();
    let fits = addresses.filter(|(address, _)| address.host == host.as_str());
    let cite = |(address, why): &(crate::stack::Address, crate::stack::Why)| {
        let port = address
            .port
            .map(|port| say!(":{}", port))
            .unwrap_or_default();
        noted(view, say!("it asks {}{}, {}", host, port, why.say()))
    };
    fits.map(cite).take(1).collect()
}

/// Every address it is configured to ask, where a line names none.
pub(super) fn addressed(view: &View<'_>) -> Vec<Citation> {
    let addresses = view.case.graph.addresses(view.service).iter();
    let known = addresses.filter_map(|(address, why)| {
        let target = view.case.graph.resolve(view.service, &address.host)?;
        let port = address
            .port
            .map(|port| say!(":{}", port))
            .unwrap_or_default();
        Some(noted(
            view,
            say!("it asks {}{}, {}", target.service, port, why.say()),
        ))
    });
    known.take(2).collect()
}

/// `` `X` `` as the line names it, or words in its place.
pub(super) fn named(hit: &Hit, what: &str, otherwise: &'static str) -> Clean {
    hit.name(what)
        .map_or_else(|| Clean::from_static(otherwise), |name| say!("`{}`", name))
}

/// A mount as it may be shown.
pub(in crate::diagnose) struct Mounted {
    pub(in crate::diagnose) source: Name,
    pub(in crate::diagnose) destination: Name,
}

fn mounted(mount: &Mount) -> Mounted {
    let source = mount.name.as_deref().unwrap_or(&mount.source);
    Mounted {
        source: Name::new(source),
        destination: Name::new(&mount.destination),
    }
}

/// The mount that holds a file: the one with the longest path above it.
pub(in crate::diagnose) fn mount_over(view: &View<'_>, file: &str) -> Option<Mounted> {
    let over = |mount: &&Mount| {
        file.strip_prefix(mount.destination.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mounts = view.setup()?.mounts.iter();
    mounts
        .filter(over)
        .max_by_key(|mount| mount.destination.len())
        .map(mounted)
}

/// The one mount it has that may be written to.
pub(super) fn only_mount(view: &View<'_>) -> Option<Mounted> {
    let setup = view.setup()?;
    let tmpfs = setup.tmpfs.keys().map(|path| Mounted {
        source: Name::new("tmpfs"),
        destination: Name::new(path),
    });
    let mounts = setup
        .mounts
        .iter()
        .filter(|mount| !mount.read_only)
        .map(mounted);
    let mut all: Vec<Mounted> = mounts.chain(tmpfs).collect();
    if all.len() == 1 { all.pop() } else { None }
}

/// The engine refused to start it with words like these.
pub(super) fn engine_says<'e>(view: &View<'e>, words: &[&str]) -> Option<&'e Evidence> {
    let (line, state) = view.state()?;
    words
        .iter()
        .any(|word| state.error.as_str().contains(word))
        .then_some(line)
}

/// The service whose server a client's line is about: the one it names, or the only one that runs
/// such a server among those it needs.
pub(super) fn server_of(view: &View<'_>, hit: &Hit) -> Option<Key> {
    let named = hit.name("host").or_else(|| hit.name("address"));
    if let Some(key) = named.and_then(|host| view.case.graph.resolve(view.service, host.as_str())) {
        return Some(key);
    }
    let family = hit.signature.as_str().split('-').next().unwrap_or_default();
    let needs = view.case.graph.needs(view.service);
    let runs_it = |key: &&&Key| {
        View::all_of(key, view.case).iter().any(|other| {
            let image = other.setup().map_or("", |setup| setup.image.as_str());
            other.command().contains(family) || image.contains(family)
        })
    };
    needs
        .keys()
        .find(runs_it)
        .or_else(|| needs.keys().next().filter(|_| needs.len() == 1))
        .map(|key| (**key).clone())
}

/// The server that a client's line is about, where the words are the server's: it is the server
/// that has no space then.
pub(super) fn server_beyond(view: &View<'_>, said: Said<'_>) -> Option<Key> {
    let of_a_server = ["postgres-", "mysql-", "redis-"]
        .iter()
        .any(|family| said.1.signature.as_str().starts_with(family));
    let is_client = of_a_server
        && !said.0.text.as_str().contains("] ")
        && !said.0.text.as_str().contains(" # ");
    server_of(view, said.1).filter(|_| is_client)
}

/// The known or unknown lines right before and after one: a setting's name often stands there.
pub(super) fn lines_around<'e>(view: &View<'e>, line: &Evidence) -> Vec<&'e Evidence> {
    let Fact::Log(of) = &line.fact else {
        return Vec::new();
    };
    let near = |item: &&Evidence| match &item.fact {
        Fact::Log(other) => other.place.abs_diff(of.place) <= 2,
        _ => false,
    };
    view.logs().filter(near).collect()
}
