//! Runbooks as files: every problem at once, built-in ones that hold, a language that cannot be
//! broken into.

use std::path::Path;

use dogwatch::rehearsal::play_all;
use dogwatch::runbook::{Library, Shelf, Source, reference, schema};
use insta::assert_snapshot;
use proptest::prelude::*;

fn source(name: &str, text: &str) -> Source {
    Source {
        pack: "own".to_owned(),
        origin: name.to_owned(),
        text: Ok(text.to_owned()),
    }
}

fn shelf(text: &str) -> Shelf {
    Shelf::new(vec![source("own/a.yml", text)])
}

fn problems(text: &str) -> String {
    let shelf = shelf(text);
    let all = shelf
        .problems
        .iter()
        .flat_map(dogwatch::yaml::Problems::iter);
    all.map(|problem| {
        let help = problem.help.clone().unwrap_or_default();
        let place = format!("{}:{}", problem.line, problem.column);
        [&place, problem.message.as_str(), &help]
            .join(" ")
            .trim_end()
            .to_owned()
            + "\n"
    })
    .collect()
}

#[test]
fn every_problem_of_a_file_is_told_at_its_place() {
    let told = problems(
        r#"name: restart-payments
title: Restart payments
risk: change
params:
  service: { type: servce, required: true, default: api }
  port: { type: integer, pattern: "[0-9]+", min: 5, max: 1, default: many }
  mode: { type: enum }
  list: { type: string, many: true }
steps:
  - container.restrat: { services: "{{service}}" }
  - container.restart: { services: "{{servce}}", grace: "{{list}}" }
  - volume.remove: { services: api }
  - id: look
    container.exec: { service: api, argv: [ls, "{{list}}"] }
    container.start: { services: api }
    retry: { times: 90 }
  - when: outcomes.lok.state == 'done' && prams.port > 1
    container.inspect: { services: api }
    on_failure: roll_back
  - expect: "1 +"
    container.inspect: {}
  - as: each
    container.inspect: { services: api }
verify:
  - container.stop: { services: api }
tests:
  - run: { servce: api }
"#,
    );
    assert_snapshot!(told, @"
    5:20 expected one of `string`, `integer`, `duration`, `enum`, `boolean`, `service`, `group`, `stack`, `host`, `secret` did you mean `service`?
    5:44 what has to be given needs no default take `required` or `default` out
    6:26 `pattern` means nothing for a parameter of type `integer` it belongs to `string`
    6:50 `min` is larger than `max`
    6:70 expected a whole number
    7:3 an `enum` needs its `values` add `values: [one, other]`
    10:5 unknown key `container.restrat` did you mean `container.restart`?
    11:39 `{{servce}}` is not a parameter did you mean `service`?
    11:60 `{{list}}` holds several values, and one is meant here loop over it with `for_each`
    12:5 a destructive step (`volume.remove`) in a runbook of risk `change` say `risk: destructive`
    14:51 `{{list}}` holds several values, and one is meant here loop over it with `for_each`
    15:5 a step does one thing, and `container.start` is a second make it a step of its own
    16:21 expected 1 to 10
    17:20 there is no step `lok` did you mean `look`?
    17:43 a condition cannot see `prams` it sees `params`, `outcomes`, `list`, `mode`, `port`, `service`
    19:17 there is nothing to roll back with add `rollback:` steps, or say `stop`
    20:13 this is no condition: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
    21:5 `container.inspect` needs `services`
    22:5 `as` belongs to a loop add `for_each`
    25:5 a verification only looks, and `container.stop` changes something
    27:5 a test needs a `name`
    27:12 `servce` is not a parameter did you mean `service`?
    ");
}

#[test]
fn one_broken_file_hides_no_other() {
    let good = "name: good\ntitle: Good\nsteps:\n  - container.inspect: { services: api }\n";
    let files = vec![
        source("a.yml", "name: [\n"),
        source("b.yml", good),
        source("c.yml", &good.replace("Good", "Another")),
        source(
            "d.yml",
            "name: caller\ntitle: Calls\nrisk: read\nsteps:\n  - call: goood\n  - call: good\n    with: { a: b }\n",
        ),
        source("e.yml", "name: one\ntitle: One\nsteps:\n  - call: two\n"),
        source("f.yml", "name: two\ntitle: Two\nsteps:\n  - call: one\n"),
        Source {
            text: Err("cannot read it: no".to_owned()),
            ..source("g.yml", "")
        },
    ];
    let shelf = Shelf::new(files);
    let names: Vec<&str> = shelf
        .iter()
        .map(|runbook| runbook.file.name.as_str())
        .collect();
    assert_eq!(names, ["good"]);
    let told: Vec<String> = shelf
        .problems
        .iter()
        .flat_map(|problems| {
            let file = problems.file().to_owned();
            problems
                .iter()
                .map(move |problem| format!("{file}:{}: {}", problem.line, problem.message))
        })
        .collect();
    assert_snapshot!(told.join("\n"), @"
    a.yml:1: not valid YAML: unclosed bracket '['
    c.yml:1: `b.yml` has this name already
    d.yml:5: there is no runbook `goood`
    d.yml:7: `good` has no parameter `a`
    e.yml:4: `two` comes back to `one`, so it would never end
    f.yml:4: `one` comes back to `two`, so it would never end
    g.yml:1: cannot read it: no
    ");
}

#[test]
fn a_changed_directory_is_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let library = Library::new(Some(directory.path().to_owned()));
    let built_in = library.shelf().iter().count();
    let file = directory.path().join("mine.yml");
    let text = "name: mine\ntitle: Mine\nsteps:\n  - container.inspect: { services: api }\n";
    std::fs::write(&file, text).unwrap();
    assert_eq!(library.shelf().iter().count(), built_in + 1);
    std::fs::write(&file, text.replace("inspect", "inspct")).unwrap();
    let shelf = library.shelf();
    assert!(shelf.get("mine").is_none() && shelf.problems.len() == 1);
    std::fs::remove_file(&file).unwrap();
    assert!(library.shelf().problems.is_empty());
}

#[test]
fn an_own_runbook_does_not_take_a_built_in_name() {
    let directory = tempfile::tempdir().unwrap();
    let text = "name: restart\ntitle: Mine\nsteps:\n  - container.inspect: { services: api }\n";
    std::fs::write(directory.path().join("mine.yml"), text).unwrap();
    let shelf = Library::new(Some(directory.path().to_owned())).shelf();
    assert_eq!(shelf.get("restart").unwrap().pack, "general");
    let message = &shelf.problems[0].iter().next().unwrap().message;
    assert_eq!(
        message,
        "`runbooks/general/restart.yml` has this name already"
    );
}

#[test]
fn every_file_of_the_pack_is_built_in_and_has_tests() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let packs = ["compose", "general"].map(|pack| directory.join(pack));
    let mut files: Vec<String> = packs
        .iter()
        .flat_map(|pack| std::fs::read_dir(pack).unwrap())
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    files.retain(|name| name != "signatures");
    let shelf = Library::default().shelf();
    assert!(shelf.problems.is_empty(), "{:?}", shelf.problems);
    let names: Vec<String> = shelf
        .iter()
        .map(|runbook| runbook.file.name.clone())
        .collect();
    assert_eq!(names, files);
    for runbook in shelf.iter() {
        let tests = &runbook.file.tests;
        let goes_well = |expect: &dogwatch::runbook::language::ExpectSpec| {
            expect
                .state
                .is_some_and(|state| state.word() == "succeeded")
        };
        let well = tests.iter().filter(|test| goes_well(&test.expect)).count();
        assert!(
            well > 0 && well < tests.len(),
            "`{}` needs a test for success and one for failure",
            runbook.file.name
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tests_of_the_built_in_runbooks_pass() {
    let played = play_all(&Library::default().shelf()).await;
    let failed: Vec<_> = played
        .iter()
        .filter(|played| !played.problems.is_empty())
        .collect();
    assert!(played.len() > 25 && failed.is_empty(), "{failed:#?}");
}

#[tokio::test]
async fn a_test_that_expects_wrongly_fails_and_says_why() {
    let text = "name: look\ntitle: Look\nparams:\n  service: { type: service }\nsteps:\n  - container.stop: { services: \"{{service}}\" }\ntests:\n  - name: wrong\n    engine: { api: healthy, db: healthy }\n    run: { service: api }\n    expect: { state: failed, plan: [nothing], touched: [db], not_touched: [api], report: other }\n";
    let shelf = shelf(text);
    assert!(shelf.problems.is_empty(), "{:?}", shelf.problems);
    let played = play_all(&shelf).await;
    assert_snapshot!(played[0].problems.join("\n"), @"
    expected the state `failed`, found `succeeded`
    expected the plan `nothing`, found `stop demo-api-1`
    expected `other` in the report, found `look: done`
    expected `db` to be changed, and it was not
    expected `api` not to be changed, and it was
    ");
}

#[test]
fn the_schema_and_the_page_are_fresh() {
    fresh("config/runbook-schema.json", &schema());
    fresh("docs/reference/runbooks.md", &reference());
}

#[expect(clippy::disallowed_methods, reason = "the way to write the files anew")]
fn fresh(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var("UPDATE_GENERATED").is_ok() {
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "{file} is stale; run `UPDATE_GENERATED=1 cargo test --test it runbooks`"
    );
}

/// Pieces that a careless hand puts together.
fn scraps() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "name: a\n",
        "title: b\n",
        "steps:\n",
        "  - ",
        "container.restart: ",
        "{ services: ",
        "\"{{x}}\"",
        "for_each: ",
        "params:\n",
        "  x: ",
        "{ type: service }\n",
        "when: ",
        "1 +",
        "outcomes.a.b",
        "\n",
        "    ",
        "[",
        "]",
        "{",
        "}",
        "}}",
        "&a ",
        "*a",
        "<<: *a",
        "call: a\n",
        "risk: destructive\n",
        "tests:\n",
        "!!x ",
        "\u{0}",
        "ä",
        "- ",
        ": ",
        "rollback:\n",
        "report: { issue: \"{{",
        "retry: { times: -1 }",
    ]);
    prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_file_panics_the_loader(text in prop_oneof![scraps(), ".{0,200}"]) {
        let shelf = shelf(&text);
        let _told: Vec<String> = shelf.problems.iter().map(|problems| problems.render(false)).collect();
    }

    #[test]
    fn no_part_of_a_good_file_panics_the_loader(cut in 0_usize..2000, swap in 0_usize..2000, to in "[\\x00-\\x7f]") {
        let good = include_str!("../../runbooks/general/ordered-restart.yml");
        let mut text: Vec<char> = good.chars().collect();
        let place = swap % text.len();
        text[place] = to.chars().next().unwrap_or(' ');
        text.truncate(text.len() - cut % 40);
        let text: String = text.into_iter().collect();
        let _shelf = shelf(&text);
    }
}
