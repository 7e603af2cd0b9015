//! Argument vectors as teams run compose, and what is refused.

use super::super::sites::Sites;
use super::*;

fn site(command: &[&str]) -> Site {
    Site {
        stack: "shop".into(),
        project: "shop".into(),
        command: strings(command),
        files: strings(&["base.yml", "prod.yml"]),
        profiles: strings(&["jobs"]),
        env_files: strings(&["prod.env"]),
        ..Site::default()
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn compose_gets_project_files_profiles_and_env_files_in_order() {
    let argv = site(&["docker", "compose"]).argv(Verb::Up, &strings(&["api"]));
    assert_eq!(
        argv.join(" "),
        "docker compose -p shop -f base.yml -f prod.yml --profile jobs --env-file prod.env up -d api"
    );
    let argv = site(&["docker-compose"]).argv(Verb::UpAsBuilt, &[]);
    assert!(argv.join(" ").ends_with("up -d --no-build"), "{argv:?}");
}

#[test]
fn a_program_of_the_team_gets_the_verb_only() {
    let mut wrapped = site(&["./scripts/stack.sh"]);
    assert_eq!(wrapped.wrapper().as_deref(), Some("./scripts/stack.sh"));
    let argv = wrapped.argv(Verb::UpAsBuilt, &strings(&["api"]));
    assert_eq!(argv.join(" "), "./scripts/stack.sh up -d api");
    wrapped.verbs.config = Some(strings(&["compose", "config"]));
    let argv = wrapped.argv(Verb::Config, &[]);
    assert_eq!(argv.join(" "), "./scripts/stack.sh compose config");
}

#[test]
fn compose_is_known_however_it_is_called() {
    for command in [
        &["docker", "compose"][..],
        &["sudo", "/usr/bin/docker", "compose"],
        &["docker", "--context", "x", "compose"],
        &["/usr/local/bin/docker-compose"],
        &["podman-compose"],
    ] {
        assert_eq!(site(command).wrapper(), None, "{command:?}");
    }
}

#[test]
fn raw_compose_is_refused_where_a_program_stands_for_it() {
    let mut wrapped = site(&["./scripts/stack.sh"]);
    wrapped.programs = vec![
        strings(&["docker"]),
        strings(&["sh"]),
        strings(&["make", "seed"]),
    ];
    for argv in [
        &["docker", "compose", "up"][..],
        &["docker", "--context", "x", "compose", "up"],
        &["sh", "-c", "cd /srv && docker-compose up -d"],
    ] {
        let why = wrapped.refusal(&strings(argv)).unwrap();
        assert!(why.contains("operated by `./scripts/stack.sh`"), "{why}");
    }
    assert_eq!(wrapped.refusal(&strings(&["make", "seed", "x"])), None);
    let why = wrapped.refusal(&strings(&["make", "clean"])).unwrap();
    assert!(why.contains("stacks.shop.programs"), "{why}");
}

#[test]
fn volumes_are_never_removed() {
    for argv in [
        &["down", "-v"][..],
        &["down", "--volumes"],
        &["rm", "-fsv"],
        &["x", "down", "--rmi", "all", "--volumes=true"],
    ] {
        assert!(removes_volumes(&strings(argv)), "{argv:?}");
    }
    for argv in [
        &["down"][..],
        &["-v", "down"],
        &["up", "-v"],
        &["down", "--remove-orphans"],
    ] {
        assert!(!removes_volumes(&strings(argv)), "{argv:?}");
    }
}

#[test]
fn what_is_shown_hides_secrets_and_can_be_pasted() {
    let mut one = site(&["./stack.sh"]);
    one.variables = BTreeMap::from([
        ("VGE_ENV".into(), "prod".into()),
        ("DB_PASSWORD".into(), "hunter2hunter2".into()),
    ]);
    let shown = one.shown(&strings(&["./stack.sh", "up", "a b"]));
    assert_eq!(
        shown.as_str(),
        "DB_PASSWORD=•••• VGE_ENV=prod ./stack.sh up 'a b'"
    );
}

#[test]
fn a_stack_is_found_by_name_environment_and_host() {
    let at = |environment: &str, host: &str| Site {
        environment: Some(environment.into()),
        host: host.into(),
        ..site(&["docker", "compose"])
    };
    let sites = Sites::of([at("prod", "vps"), at("dev", "local")]);
    let host = |typed: &str| sites.find(typed).map(|site| site.host.as_str());
    assert_eq!(host("shop@prod"), Ok("vps"));
    assert_eq!(host("local:shop"), Ok("local"));
    let error = host("shop").unwrap_err().to_string();
    assert_eq!(
        error,
        "`shop` runs in several places; say which: shop@dev, shop@prod"
    );
    let error = host("shp@prod").unwrap_err().to_string();
    assert!(error.contains("did you mean `shop`?"), "{error}");
}
