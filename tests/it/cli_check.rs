//! `dogwatch check`, and what every sub-command says of a wrong configuration.

use insta::assert_snapshot;

use crate::support::program::{Answer, Place};

fn check(place: &Place, text: &str) -> Answer {
    place.write("dogwatch.yaml", text);
    place.run(&["check"])
}

#[test]
fn a_valid_file_and_no_file_are_well() {
    let place = Place::without_engine();
    let none = place.run(&["check"]).done();
    assert!(none.contains("no configuration file"), "{none}");
    let empty = check(&place, "").done();
    assert!(empty.contains("`dogwatch.yaml` is valid"), "{empty}");
    let some = check(
        &place,
        "hosts: {local: {docker: \"unix:///x\"}}\nstacks: {shop: {}}",
    )
    .done();
    assert!(some.contains("1 hosts, 1 stacks"), "{some}");
}

#[test]
fn a_key_that_is_not_there_is_told() {
    let place = Place::without_engine();
    place.write("agent-has-it.pub", "ssh-ed25519 AAAA");
    let key = |name: &str| place.path(name).display().to_string();
    let (missing, held) = (key("nokey"), key("agent-has-it"));
    let said = check(
        &place,
        &format!(
            "hosts:\n  nas: {{ ssh: \"ssh://nas\", identity_file: \"{held}\" }}\n  vps: {{ ssh: \"ssh://vps\", identity_file: \"{missing}\" }}\n"
        ),
    )
    .done();
    let words = format!("host `vps` cannot be reached from here: the key `{missing}` is not there");
    assert!(said.contains(&words), "{said}");
    assert!(!said.contains("`nas`"), "{said}");
}

#[test]
fn every_problem_is_told_with_its_place() {
    let place = Place::without_engine();
    let said = check(
        &place,
        "http:\n  lisen: \"127.0.0.1:80\"\nstore:\n  url: \"${OPS_STORE}\"\nhosts:\n  local: { docker: 5 }\n",
    );
    assert_snapshot!(said.failed(2), @r#"
    error: 3 problems in dogwatch.yaml

    error: unknown key `lisen`
     --> dogwatch.yaml:2:3
      |
    2 |   lisen: "*********:**"
      |   ^^^^^
      |
      = help: did you mean `listen`?

    error: the environment variable `OPS_STORE` is not set
     --> dogwatch.yaml:4:9
      |
    4 |   url: "${OPS_STORE}"
      |         ^^^^^^^^^^^^
      |
      = help: set it, or write `${OPS_STORE:-}` if it may be missing

    error: expected `unix:///PATH` or `tcp://HOST:PORT`
     --> dogwatch.yaml:6:20
      |
    6 |   local: { docker: 5 }
      |                    ^
    "#);
}

#[test]
fn broken_yaml_is_told_with_its_place() {
    let place = Place::without_engine();
    assert_snapshot!(check(&place, "http:\n  listen: \"127.0.0.1:80\n").failed(2), @"
    error: 1 problem in dogwatch.yaml

    error: not valid YAML: invalid indentation in multiline quoted scalar
     --> dogwatch.yaml:3:1
    ");
}

#[test]
fn a_wrong_configuration_stops_every_sub_command_alike() {
    let place = Place::without_engine();
    let file = place
        .write("wrong.yaml", "htttp: {}\n")
        .display()
        .to_string();
    for arguments in [
        &["check"][..],
        &["doctor"],
        &["serve"],
        &["report", "list"],
        &["diagnose", "api"],
        &["console", "--", "status"],
    ] {
        let call = [&["--config", &file], arguments].concat();
        let said = place.run(&call).failed(2);
        assert!(said.contains("wrong.yaml:1:1"), "{said}");
        assert!(said.contains("`http`"), "{said}");
    }
}

#[test]
fn a_secret_of_the_environment_is_not_repeated_in_a_problem() {
    let place = Place::without_engine();
    place.write("dogwatch.yaml", "store: { url: \"${OPS_STORE}\" }\n");
    let mut command = place.command(&["check"]);
    command.env("OPS_STORE", "mysql://ops:correct-horse@db/ops");
    let said = place.finish(command).failed(2);
    assert!(!said.contains("correct-horse"), "{said}");
}

#[test]
fn a_file_that_is_named_and_not_there_is_an_error() {
    let place = Place::without_engine();
    let said = place.run(&["--config", "/nowhere.yaml", "check"]).failed(2);
    assert!(said.contains("`/nowhere.yaml`"), "{said}");
}

#[test]
fn a_template_that_cannot_be_read_is_told() {
    let place = Place::without_engine();
    std::fs::create_dir_all(place.path("own/report")).unwrap();
    place.write("own/report/text.hbs", "{{#if issue}} never closed");
    let said = check(&place, "templates: { directory: own }\n").failed(2);
    assert!(said.contains("text"), "{said}");
}
