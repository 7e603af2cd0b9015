//! Facts from the engine's own record: who stopped what, what died and how, what ran out.

use std::collections::BTreeMap;

use super::{Evidence, Fact, Source};
use crate::action::events::Event;
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventFact {
    Started,
    /// The main process ended.
    Died {
        exit_code: Option<i64>,
    },
    /// A signal was sent through the engine.
    Signalled {
        signal: Option<u32>,
    },
    /// Somebody asked the engine to stop it.
    Stopped,
    /// Somebody asked the engine to restart it.
    Restarted,
    Paused,
    OutOfMemory,
    Healthy,
    Unhealthy,
}

/// What of the engine's record says something about this container; the rest is passed over.
pub fn read(key: &Key, container: &str, events: &[Event]) -> Vec<Evidence> {
    let evidence = |event: &Event| {
        let (fact, text) = fact(event)?;
        Some(Evidence {
            source: Source::Events,
            service: key.clone(),
            container: Name::new(container),
            at: Some(event.at),
            text,
            fact: Fact::Event(fact),
        })
    };
    events.iter().filter_map(evidence).collect()
}

/// Services that somebody removed and that have no container any more, one line each.
pub fn removed(events: &[Event], is_there: impl Fn(&Key) -> bool) -> Vec<Evidence> {
    let mut newest: BTreeMap<Key, &Event> = BTreeMap::new();
    let gone = events
        .iter()
        .filter(|event| event.kind == "container" && event.action == "destroy");
    for event in gone {
        let name = event.attributes.get("name").map_or("", String::as_str);
        let key = Key::of(name, &event.attributes);
        if key.stack.is_some() && !is_there(&key) {
            newest.insert(key, event);
        }
    }
    let evidence = |(service, event): (Key, &Event)| Evidence {
        source: Source::Events,
        container: service.service.clone(),
        service,
        at: Some(event.at),
        text: say!("destroy: somebody removed its container"),
        fact: Fact::Removed,
    };
    newest.into_iter().map(evidence).collect()
}

fn fact(event: &Event) -> Option<(EventFact, Clean)> {
    let attribute = |name: &str| event.attributes.get(name);
    Some(match event.action.as_str() {
        "start" => (EventFact::Started, say!("start")),
        "die" => {
            let exit_code = attribute("exitCode").and_then(|code| code.parse::<i64>().ok());
            (
                EventFact::Died { exit_code },
                exit_code.map_or_else(|| say!("die"), |code| say!("die, exit {}", code)),
            )
        }
        "kill" => {
            let signal = attribute("signal").and_then(|signal| signal.parse::<u32>().ok());
            let text =
                signal.map_or_else(|| say!("kill"), |signal| say!("kill, signal {}", signal));
            (EventFact::Signalled { signal }, text)
        }
        "stop" => (
            EventFact::Stopped,
            say!("stop: somebody asked the engine to stop it"),
        ),
        "restart" => (
            EventFact::Restarted,
            say!("restart: somebody asked the engine to restart it"),
        ),
        "pause" => (EventFact::Paused, say!("pause: somebody paused it")),
        "oom" => (
            EventFact::OutOfMemory,
            say!("oom: the kernel killed a process at the memory limit"),
        ),
        action => match action.strip_prefix("health_status:").map(str::trim) {
            Some("healthy") => (EventFact::Healthy, say!("health check passes")),
            Some("unhealthy") => (EventFact::Unhealthy, say!("turned unhealthy")),
            _ => return None,
        },
    })
}
