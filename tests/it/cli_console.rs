//! The console without a terminal: commands as arguments and as lines of a script.

use dogwatch::sim::{Behaviour, World, demo_world};

use crate::cli::service;
use crate::support::program::{Place, me};

#[test]
fn one_command_may_follow_two_dashes() {
    let place = Place::simulated(demo_world());
    let said = place.run(&["console", "--", "status", "shop"]).done();
    for name in ["api 1", "api 2", "db", "gateway", "worker"] {
        assert!(said.contains(name), "`{name}` is not in:\n{said}");
    }
    let of_one = place.run(&["console", "--", "status", "db"]).done();
    assert!(!of_one.contains("gateway"), "{of_one}");
}

#[test]
fn a_script_runs_line_by_line_and_its_worst_line_is_its_code() {
    let place = Place::simulated(demo_world());
    let well = place.feed(&["console"], "# a remark\n\nstatus shop\n  whoami  \n");
    let said = well.done();
    let status = said.find("shop on local").expect("the status");
    let who = said.find(&format!("you are {}", me())).expect("who asks");
    assert!(status < who, "{said}");

    let mixed = place.feed(&["console"], "statsu\nwhoami\n");
    assert_eq!(mixed.code, 2, "{mixed:?}");
    assert!(mixed.err.contains("`statsu`"), "{mixed:?}");
    assert!(mixed.out.contains(&me()), "{mixed:?}");

    let nothing = place.feed(&["console"], "");
    assert_eq!((nothing.code, nothing.out.as_str()), (0, ""));
}

#[test]
fn exit_ends_a_script_and_what_follows_is_not_run() {
    let place = Place::simulated(demo_world());
    let said = place.feed(&["console"], "whoami\nexit\nstatus\n").done();
    assert!(!said.contains("shop"), "{said}");
}

#[test]
fn a_script_in_another_encoding_is_refused_and_does_not_panic() {
    let place = Place::simulated(demo_world());
    let mut command = place.as_program(
        std::path::Path::new("sh"),
        &[
            "-c",
            r#"printf 'whoami\n\377\376\nwhoami\n' | "$0" console"#,
        ],
    );
    command.arg(crate::support::program::DOGWATCH);
    let answer = place.finish(command);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(!answer.err.contains("panicked"), "{answer:?}");
}

#[test]
fn an_over_long_line_is_refused() {
    let place = Place::simulated(demo_world());
    let line = format!("status {}\nwhoami\n", "x".repeat(100_000));
    let answer = place.feed(&["console"], &line);
    assert_eq!(answer.code, 2);
    assert!(answer.out.contains(&me()), "{answer:?}");
    assert!(answer.err.len() < 1000, "{}", answer.err.len());
}

#[test]
fn a_plan_names_those_who_go_without_meanwhile() {
    let place = Place::simulated(demo_world());
    let one = ["run", "restart", "-p", "service=shop/db", "--plan"];
    let said = place.run(&one).done();
    let warning = "db is missing meanwhile to those that need it: ";
    let named = said
        .split_once(warning)
        .map(|(_, after)| after.lines().next().unwrap());
    assert!(named.is_some_and(|named| named.contains("api")), "{said}");
    let whole = ["run", "soft-restart", "-p", "stack=shop", "--plan"];
    let said = place.run(&whole).done();
    assert!(!said.contains("meanwhile"), "{said}");
}

#[test]
fn what_the_shell_kept_together_stays_together() {
    let world = World::new().with(
        service("shop", "api").behaviour(
            Behaviour::idle()
                .says(10, "slow query took 3 s")
                .says(10, "query done"),
        ),
    );
    let place = Place::simulated(world);
    let grep = ["console", "--", "logs", "api", "--grep", "slow query"];
    let said = place.run(&grep).done();
    assert!(said.contains("slow query took 3 s"), "{said}");
    assert!(!said.contains("query done"), "{said}");
}

#[test]
fn the_words_for_reading_all_answer() {
    let place = Place::simulated(demo_world());
    for line in [
        "help",
        "help logs",
        "whoami",
        "status",
        "health",
        "logs db",
        "logs api worker --tail 3",
        "stats",
        "inspect db",
        "top db",
        "events",
        "events shop --since 1h",
        "networks",
        "volumes",
        "images",
        "disk",
        "hosts",
        "runs",
        "report",
        "doctor",
        "diagnose api",
    ] {
        let answer = place.feed(&["console"], line);
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{line}");
        assert!(!answer.out.is_empty(), "{line} says nothing");
    }
}

#[test]
fn a_change_is_carried_out_and_remembered() {
    let place = Place::simulated(demo_world());
    let state = || place.run(&["console", "--", "status", "worker"]).done();
    assert!(state().contains("running"), "{}", state());
    place.run(&["console", "--", "stop", "worker"]).done();
    assert!(state().contains("exited"), "{}", state());
    place.run(&["console", "--", "start", "worker"]).done();
    assert!(state().contains("running"), "{}", state());
    let runs = place.run(&["console", "--", "runs"]).done();
    let succeeded = runs.matches("succeeded").count();
    assert_eq!(succeeded, 2, "{runs}");
    assert!(runs.contains(&me()), "{runs}");
}

#[test]
fn what_deletes_wants_a_person_and_says_so() {
    let place = Place::simulated(demo_world());
    let said = place.run(&["console", "--", "prune", "images"]).failed(4);
    assert!(said.starts_with("refused: "), "{said}");
    assert!(said.contains("destructive"), "{said}");
}

#[test]
fn who_may_only_read_is_refused_a_change() {
    let place = Place::simulated(demo_world());
    let config = place.write(
        "reader.yaml",
        &format!(
            "access:\n  roles: {{ reader: {{ allow: [\"*:read\"] }} }}\n  members: {{ \"{}\": [reader] }}\n",
            me()
        ),
    );
    let config = config.display().to_string();
    let restart = ["--config", &config, "console", "--", "restart", "db"];
    let said = place.run(&restart).failed(4);
    assert!(said.starts_with("refused: "), "{said}");
    let status = ["--config", &config, "console", "--", "status"];
    place.run(&status).done();
}
