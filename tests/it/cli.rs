//! The binary as people and scripts meet it: exit codes, what goes to which stream, and wrong input
//! of every kind.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;

use dogwatch::sim::{ContainerSpec, World, demo_world};
use insta::assert_snapshot;

use crate::support::program::{DOGWATCH, Place};

/// A container of a stack, as compose labels it.
pub(crate) fn service(stack: &str, name: &str) -> ContainerSpec {
    ContainerSpec::new(&format!("{stack}-{name}-1"), "app:1")
        .label("com.docker.compose.project", stack)
        .label("com.docker.compose.service", name)
        .label("com.docker.compose.container-number", "1")
}

fn two_stacks() -> World {
    let of = |stack| ["api", "db"].map(|name| service(stack, name));
    let specs = of("shop").into_iter().chain(of("blog"));
    specs.fold(World::new(), World::with)
}

#[test]
fn help_and_version_are_answers() {
    let place = Place::without_engine();
    let help = place.run(&["--help"]).done();
    for word in [
        "demo",
        "console",
        "serve",
        "diagnose",
        "check",
        "doctor",
        "report",
        "completions",
        "Exit codes",
    ] {
        assert!(help.contains(word), "`{word}` is not in:\n{help}");
    }
    let version = place.run(&["--version"]).done();
    assert_eq!(
        version,
        concat!("dogwatch ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn what_the_program_does_not_know_is_a_usage_error() {
    let place = Place::without_engine();
    for arguments in [
        &["diagnos", "api"][..],
        &["diagnose"],
        &["diagnose", "api", "db"],
        &["diagnose", "api", "--format", "xml"],
        &["console", "--nothing"],
        &["report", "lst"],
        &["completions", "tcsh"],
        &[],
    ] {
        place.run(arguments).failed(2);
    }
    let near = place.run(&["diagnos", "api"]).failed(2);
    assert!(near.contains("'diagnose'"), "{near}");
}

#[test]
fn a_wrong_line_is_told_with_what_was_perhaps_meant() {
    let place = Place::without_engine();
    let said = |line: &&str| place.feed(&["console"], line).failed(2);
    let lines = [
        "statsu",
        "logs api --tial 3",
        "logs api --tail many",
        "logs api --grep (",
        "logs api --since soon",
        "diagnose",
        "diagnose a;b",
        "diagnose \"a",
    ];
    assert_snapshot!(lines.iter().map(said).collect::<String>(), @r#"
    error: `statsu` is not a command; did you mean `status`?
    error: `logs` has no flag `--tial`; did you mean `--tail`?
    error: `many` is not right for `--tail`: say a whole number, like 100
    error: `(` is not right for `--grep`: unclosed group
    error: `soon` is not right for `--since`: say a time like 90s, 15m, 2h or 1d
    error: `diagnose` needs SERVICE; usage: diagnose SERVICE
    error: `a;b` has `;` in it; names have letters, digits, `.`, `_` and `-`
    error: the quote opened at character 10 is never closed; close it or write it as `\"`
    "#);
}

#[test]
fn an_unknown_service_is_told_with_the_nearest_and_the_others() {
    let place = Place::simulated(two_stacks());
    let said = |arguments: &&[&str]| place.run(arguments).failed(2);
    let calls = [
        &["diagnose", "apii", "--project", "shop"][..],
        &["diagnose", "zebra"],
        &["diagnose", "api", "--project", "shpo"],
        &["diagnose", "api", "--host", "vps"],
        &["diagnose", "@workers"],
    ];
    assert_snapshot!(calls.iter().map(said).collect::<String>(), @"
    error: no service `apii` in stack `shop`; did you mean `api`? there is: db
    error: no service `zebra` on this host; there is: api, db
    error: no stack `shpo` here; did you mean `shop`? there is: blog
    error: there is no host `vps`; hosts: local
    error: no group `@workers` here; groups are named in the configuration under `stacks.<name>.groups`, or by the label `dogwatch.groups`
    ");
}

#[test]
fn an_ambiguous_service_lists_the_candidates_and_a_stack_settles_it() {
    let place = Place::simulated(two_stacks());
    assert_snapshot!(place.run(&["diagnose", "api"]).failed(2), @"error: `api` is in several stacks; say which: blog/api, shop/api");
    place.run(&["diagnose", "api", "--project", "blog"]).done();
    place.run(&["diagnose", "blog/api"]).done();
    place.run(&["diagnose", "local:blog/api"]).done();
}

#[test]
fn an_engine_that_is_not_there_is_told_apart_from_one_that_is_down() {
    let nowhere = Place::without_engine();
    let said = |arguments: &&[&str]| nowhere.run(arguments).failed(3);
    let calls = [
        &["diagnose", "api"][..],
        &["diagnose", "api", "--format", "json"],
        &["console", "--", "restart", "api"],
    ];
    let told: std::collections::BTreeSet<String> = calls.iter().map(said).collect();
    assert_snapshot!(Vec::from_iter(told).join(""), @"error: no engine at `unix:///nowhere/engine.sock`: there is no such socket; is the engine installed and started, and is `DOCKER_HOST` right?");
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("s");
    // nobody accepts any more, but the file stays
    drop(UnixListener::bind(&socket).unwrap());
    let down = Place::with_engine(&format!("unix://{}", socket.display()));
    let said = down.run(&["console", "--", "status"]).failed(3);
    assert!(said.contains("the engine is down"), "{said}");
    let closed = Place::with_engine("tcp://127.0.0.1:1");
    let said = closed.run(&["console", "--", "status"]).failed(3);
    assert!(said.contains("nobody listens on that port"), "{said}");
    let wrong = Place::with_engine("ftp://engine");
    let said = wrong.run(&["console", "--", "status"]).failed(2);
    assert!(said.contains("`ftp://`"), "{said}");
}

/// Root may use every socket, so root becomes nobody for this one.
#[test]
fn a_socket_that_is_not_ours_says_how_to_be_let_in() {
    let place = Place::simulated(demo_world());
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(&place.path("."), 0o755);
    open(&place.path("engine.sock"), 0o600);
    let is_root = std::fs::metadata(place.path("engine.sock")).unwrap().uid() == 0;
    let command = if is_root {
        // the build directory may be somewhere only root may look
        let binary = place.path("dogwatch");
        std::fs::copy(DOGWATCH, &binary).unwrap();
        let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        let binary = binary.display().to_string();
        let call = [&nobody[..], &[&binary, "console", "--", "status"]].concat();
        place.as_program(Path::new("setpriv"), &call)
    } else {
        open(&place.path("engine.sock"), 0o000);
        place.command(&["console", "--", "status"])
    };
    let said = place.finish(command).failed(3);
    assert!(said.contains("not allowed to use the engine"), "{said}");
    assert!(said.contains("usermod"), "{said}");
}

#[test]
fn doctor_begins_with_what_is_not_well_and_says_where_nobody_answers() {
    let place = Place::simulated(demo_world());
    // nobody listens on the port of a socket that was bound and never listened
    let kept = tokio::net::TcpSocket::new_v4().unwrap();
    kept.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = kept.local_addr().unwrap();
    place.write(
        "dogwatch.yaml",
        &format!(
            "chat: {{ slack: {{ api_url: \"http://{address}/api/\", bot_token: xoxb-1, app_token: xapp-1 }} }}\n"
        ),
    );
    let answer = place.run(&["doctor"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    let first = answer.out.lines().next().unwrap_or_default();
    assert!(first.starts_with("Slack: "), "{answer:?}");
    let words = format!("`{address}` cannot be reached: ");
    assert!(
        answer.out.contains(&words) && answer.out.contains("refused"),
        "{answer:?}"
    );
    assert!(!answer.out.contains("client error"), "{answer:?}");
    let own = "engines, store and machine: all ";
    assert!(answer.out.contains(own), "{answer:?}");
}

#[test]
fn a_value_without_end_is_told_by_its_length() {
    let place = Place::simulated(demo_world());
    let long = "a".repeat(100_000);
    for (runbook, value) in [
        ("restart", format!("service={long}")),
        ("up", format!("stack={long}")),
        ("port-holder", format!("port={long}")),
    ] {
        let said = place
            .run(&["run", runbook, "-p", &value, "--plan"])
            .failed(2);
        assert!(said.len() < 1_000, "{} bytes", said.len());
        assert!(said.contains("has 100000 characters"), "{said}");
    }
}

#[test]
fn the_engine_of_docker_host_is_asked() {
    let place = Place::simulated(demo_world());
    let status = place.run(&["console", "--", "status", "shop"]).done();
    assert!(status.starts_with("shop on local: "), "{status}");
    let other = Place::simulated(World::new().with(service("other", "one")));
    let status = other.run(&["console", "--", "status"]).done();
    assert!(status.starts_with("other on local: "), "{status}");
}

#[test]
fn nothing_is_coloured_where_nobody_sees_it() {
    let place = Place::simulated(demo_world());
    for arguments in [
        &["console", "--", "status"][..],
        &["console", "--", "help"],
        &["diagnose", "api"],
        &["doctor"],
        &["check"],
        &["--help"],
    ] {
        let answer = place.run(arguments);
        let written = answer.out + &answer.err;
        assert!(!written.contains('\u{1b}'), "{arguments:?}: {written:?}");
    }
}

/// `| head -1` ends the reader early. That is no reason to panic.
#[test]
fn a_reader_that_leaves_early_is_no_panic() {
    let place = Place::simulated(demo_world());
    for call in [
        "console -- help",
        "console -- status",
        "diagnose gateway",
        "diagnose gateway --format json",
        "--help",
        "check",
    ] {
        let script = format!("'{DOGWATCH}' {call} | head -n 1");
        let answer = place.finish(place.as_program(Path::new("sh"), &["-c", &script]));
        assert_eq!(answer.code, 0, "{call}");
        assert!(!answer.err.contains("panicked"), "{call}: {}", answer.err);
        assert_eq!(answer.out.lines().count(), 1, "{call}: {}", answer.out);
    }
}

#[test]
fn each_shell_gets_its_completions() {
    let place = Place::without_engine();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.run(&["completions", shell]).done();
        for word in ["diagnose", "completions", "--format"] {
            let bare = word.trim_start_matches('-');
            assert!(script.contains(bare), "{shell} does not complete {word}");
        }
    }
    let check = [
        "-c",
        "source <(\"$0\" completions bash) && complete -p dogwatch",
        DOGWATCH,
    ];
    let said = place.finish(place.as_program(Path::new("bash"), &check));
    assert!(said.done().contains("dogwatch"));
}

#[test]
fn doctor_says_what_is_there_and_what_is_missing() {
    let well = Place::simulated(demo_world());
    let said = well.run(&["doctor"]).done();
    assert!(said.contains("✓"), "{said}");
    assert!(!said.contains("✗"), "{said}");
    let answer = Place::without_engine().run(&["doctor"]);
    assert_eq!(answer.code, 3, "{answer:?}");
    assert!(answer.out.contains("no such socket"), "{answer:?}");
    let spoiled = Place::simulated(demo_world());
    spoiled.write("state", "a file where the directory should be");
    let answer = spoiled.run(&["doctor"]);
    assert_eq!(answer.code, 1, "{answer:?}");
}
