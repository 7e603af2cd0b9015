//! From a runbook and values to a plan: what is typed is checked, and no value becomes more than
//! one argument.

use dogwatch::action::Action;
use dogwatch::action::container::{Container, State, Status};
use dogwatch::runbook::{Given, Plan, Shelf, Source, World, bind};
use dogwatch::stack::{Graph, Inventory};
use dogwatch::text::{Name, Redactor};
use insta::assert_snapshot;
use jiff::Timestamp;
use proptest::prelude::*;

fn replica(stack: &str, service: &str, number: u8) -> Container {
    let labels = [
        ("project", stack.to_owned()),
        ("service", service.to_owned()),
        ("container-number", number.to_string()),
    ];
    let labels = labels.map(|(key, value)| (format!("com.docker.compose.{key}"), value));
    Container {
        id: format!("id-{stack}-{service}-{number}"),
        name: format!("{stack}-{service}-{number}"),
        labels: labels.into(),
        state: State {
            status: Status::Running,
            ..State::default()
        },
        ..Container::default()
    }
}

fn shelf(text: &str) -> Shelf {
    let shelf = Shelf::new(vec![Source {
        pack: "own".to_owned(),
        origin: "own/t.yml".to_owned(),
        text: Ok(text.to_owned()),
    }]);
    assert!(shelf.problems.is_empty(), "{:?}", shelf.problems);
    shelf
}

fn bound(text: &str, given: &[(&str, &str)]) -> Result<Plan, String> {
    bound_on(&shelf(text), given)
}

fn bound_on(shelf: &Shelf, given: &[(&str, &str)]) -> Result<Plan, String> {
    let runbook = shelf.get("t").expect("it is called t");
    let inventory = Inventory::new(vec![
        replica("shop", "api", 1),
        replica("shop", "api", 2),
        replica("shop", "db", 1),
        replica("blog", "web", 1),
    ]);
    let graph = Graph::new(&inventory);
    let given: Given = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
        .collect();
    let world = World {
        host: &Name::new("local"),
        at: Timestamp::UNIX_EPOCH,
        inventory: &inventory,
        graph: &graph,
        volumes: &[],
        secrets: &["pg".to_owned()],
        redactor: Redactor::shapes_only(),
        grounds: dogwatch::runbook::Grounds::default(),
    };
    bind(runbook, shelf, &given, world).map_err(|error| error.to_string())
}

fn says(plan: &Plan) -> String {
    let lines = plan.stages.iter().map(|stage| {
        let lanes: Vec<String> = stage
            .lanes
            .iter()
            .map(|lane| {
                lane.iter()
                    .map(|step| format!("{} [{}]", step.says, step.id))
                    .collect::<Vec<_>>()
                    .join("\n")
            })
            .collect();
        format!("{} at once\n{}", stage.at_once, lanes.join("\n--\n"))
    });
    lines.collect::<Vec<_>>().join("\n==\n")
}

#[test]
fn loops_are_unrolled_and_conditions_kept() {
    let plan = bound(
        "name: t\ntitle: T\nrisk: change\nparams:\n  services: { type: service, many: true, default: [shop/api, shop/db] }\nsteps:\n  - for_each: services\n    as: one\n    parallel: 2\n    steps:\n      - id: stop\n        container.stop: { services: \"{{one}}\" }\n      - container.start: { services: \"{{one}}\" }\n        when: outcomes.stop.state == 'done'\n  - container.inspect: { services: shop/api }\n",
        &[],
    )
    .unwrap();
    assert_snapshot!(says(&plan), @"
    2 at once
    stop shop-api-2 [shop/api stop]
    stop shop-api-1 [shop/api stop #2]
    start shop-api-1 [shop/api start]
    start shop-api-2 [shop/api start #2]
    --
    stop shop-db-1 [shop/db stop]
    start shop-db-1 [shop/db start]
    ==
    1 at once
    look at shop-api-1 [inspect]
    look at shop-api-2 [inspect #2]
    ");
    let started = plan.steps().find(|step| step.name == "start").unwrap();
    assert_eq!(
        started.when.as_deref(),
        Some("outcomes.stop.state == 'done'")
    );
    assert_eq!(plan.witnesses.len(), 3);
    assert_eq!(plan.stack, *"shop");
}

#[test]
fn everything_that_is_wrong_with_the_values_is_told() {
    let text = "name: t\ntitle: T\nparams:\n  service: { type: service, required: true }\n  port: { type: integer, min: 1, max: 9 }\n  wait: { type: duration }\n  mode: { type: enum, values: [fast, slow] }\n  name: { type: string, pattern: \"[a-z]+\" }\n  fixed: { type: string, locked: x }\n  secret: { type: secret }\n  flag: { type: boolean }\nsteps:\n  - container.inspect: { services: \"{{service}}\" }\n";
    let given = [
        ("port", "10"),
        ("wait", "soon"),
        ("mode", "fats"),
        ("name", "A"),
        ("fixed", "y"),
        ("secret", "other"),
        ("flag", "maybe"),
        ("prot", "1"),
    ];
    assert_snapshot!(bound(text, &given).unwrap_err(), @"
    `t` has no parameter `prot`; did you mean `port`?
    `fixed` is locked: this runbook always uses its own value
    `flag`: expected `true` or `false`
    `mode`: expected one of `fast`, `slow`; did you mean `fast`?
    `name`: it does not match `[a-z]+`
    `port`: expected 1 to 9
    `service` (service) has to be given
    `wait`: say a time like 90s, 15m, 2h or 1d
    `secret`: no secret `other` is configured; name it under `runbooks.secrets`
    ");
    assert_snapshot!(bound(text, &[("service", "apii")]).unwrap_err(), @"`service`: no service `apii` on this host; did you mean `api`? there is: db, web");
    assert_snapshot!(bound(text, &[("service", "api\nevil")]).unwrap_err(), @"`service`: it has a line end or another control character in it");
}

#[test]
fn a_change_stays_in_one_stack() {
    let text = "name: t\ntitle: T\nrisk: change\nparams:\n  service: { type: service, many: true, required: true }\nsteps:\n  - container.restart: { services: \"{{service}}\" }\n";
    assert_snapshot!(bound(text, &[("service", "api,web")]).unwrap_err(), @"this would change several stacks (blog, shop); change one stack at a time");
    assert!(bound(text, &[("service", "api,db")]).is_ok());
}

#[test]
fn a_secret_is_a_name_and_nothing_more() {
    let text = "name: t\ntitle: T\nrisk: change\nparams:\n  password: { type: secret, required: true }\nsteps:\n  - container.exec:\n      service: db\n      argv: [psql]\n      env: { PGPASSWORD: \"{{password}}\" }\n";
    let plan = bound(text, &[("password", "pg")]).unwrap();
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(
        stored.contains(r#""PGPASSWORD":{"secret":"pg"}"#),
        "{stored}"
    );
}

/// A shelf with a runbook that is called and `t`, which calls it.
fn calling(caller: &str, called: &str, given: &[(&str, &str)]) -> Plan {
    let source = |name: &str, text: &str| Source {
        pack: "own".to_owned(),
        origin: format!("own/{name}.yml"),
        text: Ok(text.to_owned()),
    };
    let shelf = Shelf::new(vec![source("t", caller), source("inner", called)]);
    assert!(shelf.problems.is_empty(), "{:?}", shelf.problems);
    bound_on(&shelf, given).unwrap()
}

#[test]
fn a_secret_stays_one_in_what_is_called() {
    let called = "name: inner\ntitle: I\nrisk: change\nparams:\n  password: { type: secret, required: true }\nsteps:\n  - container.exec:\n      service: shop/db\n      argv: [psql]\n      env: { PGPASSWORD: \"{{password}}\" }\n";
    let caller = "name: t\ntitle: T\nrisk: change\nparams:\n  token: { type: secret, required: true }\nsteps:\n  - call: inner\n    with: { password: \"{{token}}\" }\n";
    let plan = calling(caller, called, &[("token", "pg")]);
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(
        stored.contains(r#""PGPASSWORD":{"secret":"pg"}"#),
        "{stored}"
    );
    // the caller's parameter of that name is something else
    let caller = "name: t\ntitle: T\nrisk: change\nparams:\n  password: { type: string, default: pg }\nsteps:\n  - call: inner\n    with: { password: \"{{password}}\" }\n";
    let plan = calling(caller, called, &[]);
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(
        stored.contains(r#""PGPASSWORD":{"secret":"pg"}"#),
        "{stored}"
    );
}

#[test]
fn a_condition_at_a_call_stands_in_front_of_all_of_it() {
    let called = "name: inner\ntitle: I\nrisk: change\nsteps:\n  - container.stop: { services: shop/db }\n  - container.start: { services: shop/db }\n    when: outcomes.stop.state == 'done'\n";
    let caller = "name: t\ntitle: T\nrisk: change\nparams:\n  really: { type: boolean, default: false }\nsteps:\n  - call: inner\n    when: params.really\n";
    let plan = calling(caller, called, &[]);
    let guards = plan.steps().map(|step| step.guards.len());
    assert_eq!(guards.collect::<Vec<_>>(), [1, 1]);
}

const EXEC: &str = "name: t\ntitle: T\nrisk: change\nparams:\n  a: { type: string }\n  b: { type: string }\nsteps:\n  - container.exec:\n      service: db\n      argv: [echo, \"{{a}}\", \"--x={{b}}\", \"{{a}}{{b}}\", last]\n";

proptest! {
    #[test]
    fn no_value_changes_the_number_of_arguments(a in "[^\\x00-\\x1f\\x7f-\\x9f]{0,40}", b in "[ '\"$`;&|<>(){}\\\\*?~#!,=-]{0,20}") {
        let plan = bound(EXEC, &[("a", &a), ("b", &b)]).unwrap();
        let step = plan.steps().next().unwrap();
        let Action::Exec { argv, .. } = &step.action else { panic!("an exec") };
        prop_assert_eq!(argv.clone(), vec!["echo".to_owned(), a.clone(), format!("--x={b}"), format!("{a}{b}"), "last".to_owned()]);
    }
}
