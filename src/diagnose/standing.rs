//! How a service stands, seen from those who need it: down, gone, listening on a port, or the one
//! that would serve it.

use super::Case;
use super::view::View;
use crate::action::container::Status;
use crate::stack::Key;

/// Whether the service fails as a whole: no replica of it works.
pub(super) fn is_down(case: &Case<'_>, key: &Key) -> bool {
    let views = View::all_of(key, case);
    !views.is_empty()
        && views
            .iter()
            .all(|view| !view.is_running() || view.is_failing())
}

/// None of its containers has an address at this moment.
pub(super) fn is_gone(case: &Case<'_>, key: &Key) -> bool {
    let views = View::all_of(key, case);
    !views.is_empty()
        && views.iter().all(|view| {
            view.state()
                .is_some_and(|(_, state)| !matches!(state.status, Status::Running | Status::Paused))
        })
}

pub(super) fn is_open(case: &Case<'_>, key: &Key, port: Option<u16>) -> bool {
    let views = View::all_of(key, case);
    let mut sockets = views.iter().filter_map(View::sockets);
    sockets.any(|(_, sockets)| match port {
        Some(port) => sockets.is_open(port),
        None => sockets
            .listening
            .iter()
            .any(|(address, _)| !address.is_loopback()),
    })
}

/// Whether a service is the one that serves a port: it listens there, it says so in its ports or
/// its command, or its program does so by habit.
pub(super) fn serves(case: &Case<'_>, key: &Key, port: u16) -> bool {
    View::all_of(key, case).iter().any(|view| {
        // one that is still starting listens nowhere, and will by habit
        if let Some((_, sockets)) = view
            .sockets()
            .filter(|(_, sockets)| !sockets.listening.is_empty())
        {
            return sockets.ports().contains(&port);
        }
        let exposed = view
            .setup()
            .is_some_and(|setup| setup.ports.iter().any(|exposed| exposed.inside == port));
        exposed || has_word(&view.command(), &port.to_string()) || usual_ports(view).contains(&port)
    })
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|piece| piece == word)
}

/// Ports that programs and images listen on when nobody says otherwise.
fn usual_ports(view: &View<'_>) -> Vec<u16> {
    const USUAL: &[(&str, u16)] = &[
        ("postgres", 5432),
        ("redis", 6379),
        ("valkey", 6379),
        ("mysql", 3306),
        ("mariadb", 3306),
        ("mongo", 27017),
        ("nats", 4222),
        ("rabbitmq", 5672),
        ("kafka", 9092),
        ("nginx", 80),
        ("httpd", 80),
        ("memcached", 11211),
        ("elasticsearch", 9200),
        ("clickhouse", 8123),
        ("qdrant", 6333),
        ("minio", 9000),
        ("temporal", 7233),
    ];
    let command = view.command();
    let image = view.setup().map_or("", |setup| setup.image.as_str());
    USUAL
        .iter()
        .filter(|(name, _)| command.contains(name) || image.contains(name))
        .map(|(_, port)| *port)
        .collect()
}
