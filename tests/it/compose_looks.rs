//! Looks at a stack and its files, on a real engine with a real docker-compose: variables that came
//! and went, limits against a profile, one service of the files, an override that is only proposed.

use dogwatch::bot::Outcome;

use crate::support::compose_shop::{Shop, Where, compose_file, dockerfile};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_variable_that_left_the_files_is_drift_and_one_of_the_image_is_none() {
    let Some(shop) = Shop::new(Where::Here, |_| {}).await else {
        return;
    };
    let baked = dockerfile("ENV BAKED=into-the-image TUNED=by-the-image");
    shop.write("web/Dockerfile", &baked);
    let before = compose_file("")
        .replace("MODE:", "OLD_FLAG: hush-hush\n      MODE:")
        .replace(
            "depends_on:",
            "environment: { TUNED: by-the-file }\n    depends_on:",
        );
    shop.write("docker-compose.yml", &before);
    shop.tester.say("up shop").await;
    let same = shop.tester.say("drift shop").await;
    assert_eq!(same.outcome, Some(Outcome::Done), "{}", same.text);
    let after = compose_file("").replace("MODE:", "NEW_FLAG: hush\n      MODE:");
    shop.write("docker-compose.yml", &after);
    let answer = shop.tester.say("drift shop").await;
    assert_eq!(answer.outcome, Some(Outcome::Failed), "{}", answer.text);
    for words in [
        "has no variable NEW_FLAG",
        "has a variable that no file names: OLD_FLAG",
        "has a variable that no file names: TUNED",
    ] {
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
    }
    for hidden in ["hush", "BAKED", "by-the"] {
        assert!(!answer.text.contains(hidden), "{hidden}: {}", answer.text);
    }
    shop.tester.say("up shop").await;
    let same = shop.tester.say("drift shop").await;
    assert_eq!(same.outcome, Some(Outcome::Done), "{}", same.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_compared_with_the_profile_of_the_platform() {
    for at in [Where::Here, Where::OverSsh] {
        let profile = |file: &'static str| {
            move |site: &mut dogwatch::stack::Site| {
                site.environment = Some("prod".into());
                site.resources.linux = Some(file.into());
                site.resources.macos = Some("never-read.conf".into());
            }
        };
        let Some(shop) = Shop::new(at, profile("linux.conf")).await else {
            return;
        };
        shop.write(
            "linux.conf",
            "# linux\nAPI_MEMORY=64m\nexport WEB_CPUS=0.5\nNATS_STORE=5g\n",
        );
        shop.tester.say("up shop").await;
        let answer = shop.tester.say("limits shop").await;
        assert_eq!(answer.outcome, Some(Outcome::Failed), "{}", answer.text);
        let first = answer.first_line();
        assert!(
            first.contains("shop (prod) on ")
                && first.ends_with("limits are not those of `linux.conf` (linux): web"),
            "{first}"
        );
        let row = |name: &str| {
            let row = answer
                .text
                .lines()
                .find(|line| line.trim().starts_with(name));
            let row = row.unwrap_or_else(|| panic!("{}", answer.text));
            row.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(row("api "), "api 64 MiB 64 MiB – none");
        assert_eq!(row("web "), "web – none 0.50 none");
        assert!(
            answer
                .text
                .contains("not understood in the profile: NATS_STORE"),
            "{}",
            answer.text
        );
        let limited = compose_file("").replace("depends_on:", "cpus: 0.5\n    depends_on:");
        shop.write(
            "docker-compose.yml",
            &limited.replace("services:", "version: '2.4'\nservices:"),
        );
        shop.tester.say("up shop").await;
        let answer = shop.tester.say("limits shop").await;
        assert_eq!(answer.outcome, Some(Outcome::Done), "{}", answer.text);
        shop.write("linux.conf", "password=hush-hush\n");
        let answer = shop.tester.say("limits shop").await;
        assert!(
            answer
                .text
                .contains("`linux.conf` names no limit of a service here"),
            "{}",
            answer.text
        );
        assert!(!answer.text.contains("hush"), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_profile_limits_are_those_of_the_files() {
    let Some(shop) = Shop::new(Where::Here, |_| {}).await else {
        return;
    };
    let absent = shop.tester.say("limits shop").await;
    assert!(absent.text.contains("not there"), "{}", absent.text);
    shop.tester.say("up shop").await;
    let answer = shop.tester.say("limits shop").await;
    assert_eq!(
        answer.first_line(),
        "shop on local: all limits are those of the compose files"
    );
    let changed = compose_file("").replace("mem_limit: 64m", "mem_limit: 96m");
    shop.write("docker-compose.yml", &changed);
    let answer = shop.tester.say("limits shop").await;
    assert!(answer.first_line().ends_with(": api"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_service_of_the_files_is_shown_alone_secrets_hidden() {
    let Some(shop) = Shop::new(Where::Here, |_| {}).await else {
        return;
    };
    for line in ["config shop api", "config shop/api"] {
        let answer = shop.tester.say(line).await;
        assert_eq!(answer.outcome, Some(Outcome::Done), "{}", answer.text);
        for words in ["api of shop on local", "MODE: dev", "DB_PASSWORD:"] {
            assert!(answer.text.contains(words), "{words}: {}", answer.text);
        }
        for hidden in ["horse", "web", "depends_on", "services:"] {
            assert!(!answer.text.contains(hidden), "{hidden}: {}", answer.text);
        }
    }
    let answer = shop.tester.say("config shop apii").await;
    assert_eq!(answer.outcome, Some(Outcome::Usage), "{}", answer.text);
    assert!(
        answer.text.contains("did you mean `api`?"),
        "{}",
        answer.text
    );
}

/// The lines of an answer that are a compose file.
fn proposed(text: &str) -> String {
    let from = text.lines().skip_while(|line| line.trim() != "services:");
    let lines: Vec<&str> = from.collect();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let own = lines.first().map_or(0, |first| depth(first));
    let inside = lines.iter().skip(1).take_while(|line| depth(line) > own);
    let inside: Vec<&str> = inside.filter_map(|line| line.get(own..)).collect();
    format!("services:\n{}\n", inside.join("\n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_override_is_proposed_and_written_by_whoever_wants_it() {
    let Some(shop) = Shop::new(Where::Here, |_| {}).await else {
        return;
    };
    shop.tester.say("up shop").await;
    let odd = r#"it's "odd": $HOME #x"#;
    let line = format!(
        "override shop/api MODE=debug 'ODD={}'",
        odd.replace('\'', "'\\''")
    );
    let answer = shop.tester.say(&line).await;
    assert_eq!(answer.outcome, Some(Outcome::Done), "{}", answer.text);
    for words in [
        "nothing was written",
        "MODE is `dev` by the files now",
        "ODD is not in the files now",
        "docker-compose.override.yml on local",
    ] {
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
    }
    assert_eq!(shop.read("docker-compose.override.yml"), "");
    assert!(!shop.inspect("api", "{{.Config.Env}}").contains("debug"));
    shop.write("docker-compose.override.yml", &proposed(&answer.text));
    let again = shop.tester.say("override shop api MODE=debug").await;
    assert!(
        again.text.contains("is there already: add"),
        "{}",
        again.text
    );
    shop.tester.say("up shop/api").await;
    let environment = shop.inspect("api", "{{json .Config.Env}}");
    let environment: Vec<String> = serde_json::from_str(&environment).unwrap();
    let has = |pair: &str| environment.iter().any(|one| one == pair);
    assert!(
        has("MODE=debug") && has(&format!("ODD={odd}")),
        "{environment:?}"
    );
    for (line, words) in [
        (
            "override shop/api DB_PASSWORD=hush-hush",
            "put it into an env file",
        ),
        ("override shop/apii A=1", "did you mean `api`?"),
        ("override shop/api A-B=1", "`A-B=1` is no `NAME=VALUE`"),
        ("override shop A=1", "which service is it for?"),
    ] {
        let answer = shop.tester.say(line).await;
        assert_eq!(
            answer.outcome,
            Some(Outcome::Usage),
            "{line}: {}",
            answer.text
        );
        assert!(answer.text.contains(words), "{line}: {}", answer.text);
        assert!(!answer.text.contains("hush"), "{line}: {}", answer.text);
    }
}
