//! The configuration through its front door: a text goes in, settings or all problems come out.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use dogwatch::access::settings::Member;
use dogwatch::config::{self, Config, LogLevel, Lookup, Problems};
use dogwatch::setting::Identifier;
use insta::assert_snapshot;
use proptest::prelude::*;

fn parse_with(text: &str, environment: &[(&str, &str)]) -> Result<Config, Problems> {
    let environment: BTreeMap<&str, &str> = environment.iter().copied().collect();
    let lookup = Lookup {
        environment: &|name| environment.get(name).map(|value| (*value).to_owned()),
        file: &|path: &Path| match path.to_str() {
            Some("/run/secrets/slack") => Ok("xoxb-from-file\n".to_owned()),
            Some("/run/secrets/empty") => Ok("\n".to_owned()),
            _ => Err(io::ErrorKind::NotFound.into()),
        },
    };
    Config::parse(text, "dogwatch.yaml", &lookup)
}

fn parse(text: &str) -> Result<Config, Problems> {
    parse_with(text, &[("HOME", "/home/ops")])
}

fn problems(text: &str) -> String {
    parse(text).expect_err("it should be refused").to_string()
}

#[test]
fn eight_problems_in_one_file_are_all_told() {
    assert_snapshot!(problems(
        r#"
http:
  listen: localhost
  lisen: 127.0.0.1:80
chat:
  slack:
    bot_tokn: xoxb-1-2-3
    api_url: ftp://slack.com
    command: ops
store: { url: "mysql://u:hunter2@db/ops" }
hosts:
  vps: { ssh: "ssh://-oProxyCommand=x" }
stacks:
  shop: { host: vsp }
"#
    ), @r#"
    9 problems in dogwatch.yaml

    error: expected an IP address and a port, such as `127.0.0.1:8080`
     --> dogwatch.yaml:3:11
      |
    3 |   listen: localhost
      |           ^^^^^^^^^

    error: unknown key `lisen`
     --> dogwatch.yaml:4:3
      |
    4 |   lisen: *********:**
      |   ^^^^^
      |
      = help: did you mean `listen`?

    error: Slack needs an `app_token` or a `signing_secret`
     --> dogwatch.yaml:6:3
      |
    6 |   slack:
      |   ^^^^^
      |
      = help: `app_token` for Socket Mode, `signing_secret` for the HTTP endpoints

    error: unknown key `bot_tokn`
     --> dogwatch.yaml:7:5
      |
    7 |     bot_tokn: **********
      |     ^^^^^^^^
      |
      = help: did you mean `bot_token`?

    error: expected a URL such as `https://ops.example.org`, without user, query or fragment
     --> dogwatch.yaml:8:14
      |
    8 |     api_url: ftp://slack.com
      |              ^^^^^^^^^^^^^^^

    error: expected a slash and up to 31 small letters, such as `/ops`
     --> dogwatch.yaml:9:14
      |
    9 |     command: ops
      |              ^^^

    error: expected `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`
      --> dogwatch.yaml:10:15
       |
    10 | store: { url: "*****:***:**************" }
       |               ^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: expected `ssh://USER@HOST:PORT`; user and port may be left out
      --> dogwatch.yaml:12:15
       |
    12 |   vps: { ssh: "ssh://-oProxyCommand=x" }
       |               ^^^^^^^^^^^^^^^^^^^^^^^^

    error: there is no such host
      --> dogwatch.yaml:14:17
       |
    14 |   shop: { host: vsp }
       |                 ^^^
       |
       = help: did you mean `vps`?
    "#);
}

#[test]
fn an_empty_file_is_the_default() {
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "http:\nchat:\n  slack:\nhosts:\nstacks: ~\n",
    ] {
        let config = parse(text).expect("nothing is wrong with it");
        assert_eq!(config.http.listen.0.to_string(), "127.0.0.1:8080");
        assert_eq!(config.chat.slack, None);
        let hosts: Vec<&str> = config.hosts.keys().map(Identifier::as_str).collect();
        assert_eq!(hosts, ["local"], "{text:?}");
        let url = config.store_url();
        assert_eq!(
            url.expose(),
            "sqlite:///home/ops/.local/state/dogwatch/dogwatch.db"
        );
        assert_eq!(config.secrets().count(), 0);
    }
}

#[test]
fn the_state_directory_comes_from_the_environment() {
    let state = |environment: &[(&str, &str)]| {
        let config = parse_with("", environment).expect("nothing is wrong with it");
        config.state_directory.display().to_string()
    };
    let home = ("HOME", "/home/ops");
    assert_eq!(state(&[home, ("XDG_STATE_HOME", "/s")]), "/s/dogwatch");
    assert_eq!(
        state(&[home, ("XDG_STATE_HOME", "/s"), ("DOGWATCH_STATE", "/d")]),
        "/d"
    );
    assert_eq!(
        state(&[home, ("DOGWATCH_STATE", "")]),
        "/home/ops/.local/state/dogwatch"
    );
    assert_eq!(state(&[]), "/var/lib/dogwatch");
}

#[test]
fn the_example_is_valid_and_complete() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/example.yaml");
    let text = std::fs::read_to_string(path).expect("the example is there");
    let key = "ab".repeat(32);
    let environment = [
        ("SLACK_BOT_TOKEN", "xoxb-1"),
        ("SLACK_APP_TOKEN", "xapp-2"),
        ("SLACK_SIGNING_SECRET", "s3"),
        ("DISCORD_TOKEN", "d4"),
        ("DISCORD_PUBLIC_KEY", key.as_str()),
        ("ALERTS_TOKEN", "a5"),
        ("PG_PASSWORD", "p6"),
        ("PAGER_URL", "https://p7"),
        ("PAGER_TOKEN", "p8"),
    ];
    let config = parse_with(&text, &environment).unwrap_or_else(|error| panic!("{error}"));
    let secrets: Vec<&str> = config.secrets().collect();
    for (name, value) in environment {
        let told = name == "DISCORD_PUBLIC_KEY" || secrets.contains(&value);
        assert!(told, "the redactor does not hear of `{name}`");
    }

    let schema: serde_json::Value = serde_json::from_str(&config::schema()).expect("JSON");
    let definitions = schema["$defs"].as_object().expect("definitions");
    let sections = definitions.values().chain([&schema]);
    let keys = sections.flat_map(|section| section["properties"].as_object().expect("keys").keys());
    for key in keys {
        assert!(
            text.contains(&format!("{key}:")),
            "the example does not show `{key}`"
        );
    }
}

#[test]
fn what_cannot_be_meant_of_a_stack_is_told() {
    let told = problems(
        r"
hosts: { local: {} }
stacks:
  shop:
    compose_command: []
    environment: prod
    environments:
      dev: { host: lcal }
      prod: { project: shop-prod }
      test: { project: shop-prod }
    verbs: { down: [down, -v] }
    programs: [[]]
",
    );
    let lines: Vec<&str> = told
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_snapshot!(lines.join("\n"), @"
    error: no program is named
    error: `shop` has both `environment` and `environments`
    error: there is no such host
    error: another environment is project `shop-prod` on the same host
    error: `down` would remove volumes
    error: this would allow every program
    ");
}

#[test]
fn every_key_of_the_contract_is_read() {
    let config = parse(
        r#"
http:   { listen: "127.0.0.1:8080", public_url: "https://ops.example.org" }
store:  { url: "sqlite://dogwatch.db" }
chat:
  slack: { api_url: "http://127.0.0.1:9/api", bot_token: b, app_token: a, signing_secret: s, command: "/ops", alerts_channel: "C0123" }
  discord: { api_url: "http://127.0.0.1:9", token: t, guild_id: "123", alerts_channel: 456 }
hosts:
  local: { docker: "unix:///var/run/docker.sock" }
  vps:   { ssh: "ssh://root@vps.example.org:22", identity_file: "id", known_hosts_file: "known" }
stacks:
  shop:  { host: vps, directory: "/srv/shop", compose_command: ["docker", "compose"], files: ["docker-compose.yml"] }
  blog:  {}
access:
  roles: { oncall: { allow: ["*:read", "*:change"] } }
  members: { "slack:U123": [oncall], "discord:456": [oncall], "discord-role:789": [oncall], "console:*": [oncall] }
alerts: { token: "t" }
"#,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let host = |stack: &str| {
        config
            .host_of(&config.stacks[stack])
            .map(Identifier::as_str)
    };
    assert_eq!((host("shop"), host("blog")), (Some("vps"), Some("local")));
    assert_eq!(config.store_url().expose(), "sqlite://dogwatch.db");
    let ssh = config.hosts["vps"].ssh.as_ref().expect("it is given");
    assert_eq!(
        (ssh.user.as_deref(), ssh.host.as_str(), ssh.port),
        (Some("root"), "vps.example.org", Some(22))
    );
    let members: Vec<String> = config
        .access
        .members
        .keys()
        .map(Member::to_string)
        .collect();
    assert_eq!(
        members,
        ["slack:U123", "discord:456", "discord-role:789", "console:*"]
    );
    let channel = config
        .chat
        .discord
        .as_ref()
        .and_then(|discord| discord.alerts_channel);
    assert_eq!(channel.map(|id| id.0), Some(456), "a number will do");
}

#[test]
fn a_database_that_is_none_is_refused() {
    for bad in [
        "dogwatch.db",
        "sqlite://",
        "sqlite://x.db?mode=rwc",
        "mysql://h/x",
        "postgres://",
    ] {
        let text = format!("store: {{ url: {bad:?} }}");
        assert_eq!(parse(&text).expect_err(bad).iter().count(), 1, "{bad}");
    }
}

// What goes into values

fn slack_token(written: &str, environment: &[(&str, &str)]) -> Result<String, Problems> {
    let text = format!("chat: {{ slack: {{ app_token: a, bot_token: {written} }} }}");
    let config = parse_with(&text, environment)?;
    let token = config
        .chat
        .slack
        .and_then(|slack| slack.bot_token)
        .expect("it is given");
    Ok(token.expose().to_owned())
}

#[test]
fn values_take_what_the_environment_and_files_hold() {
    let environment = [("A", "from-a"), ("EMPTY", "")];
    let token =
        |written: &str| slack_token(written, &environment).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(token("\"${A}\""), "from-a");
    assert_eq!(token("\"x-${A}-${A}\""), "x-from-a-from-a");
    assert_eq!(token("\"${A:-b}\""), "from-a");
    assert_eq!(token("'${B:-b}'"), "b");
    assert_eq!(token("\"${EMPTY:-b}\""), "b");
    assert_eq!(token("\"${file:/run/secrets/slack}\""), "xoxb-from-file");
    assert_eq!(token("\"$${A}\""), "${A}");
    assert_eq!(token("$A$"), "$A$");
}

#[test]
fn a_value_that_comes_in_can_change_no_structure() {
    for evil in [
        "x\" }, alerts: { token: y",
        "a\n  app_token: b",
        "'",
        "&a *b !c # d",
        "${A}",
    ] {
        assert_eq!(
            slack_token("\"${A}\"", &[("A", evil)]).expect("a secret"),
            evil
        );
    }
}

#[test]
fn an_optional_variable_that_is_not_set_leaves_its_key_out() {
    let text =
        "http: { public_url: \"${URL:-}\", listen: \"${LISTEN:-}\" }\nlog:\n  level: ${L:-debug}";
    let error = parse(text).expect_err("an address is no option");
    assert_eq!(error.iter().count(), 1);
    let config = parse(&text.replace(", listen: \"${LISTEN:-}\"", "")).expect("that is fine");
    assert_eq!(config.http.public_url, None);
    assert_eq!(config.log.level, LogLevel::Debug);
}

#[test]
fn what_cannot_be_filled_is_told_at_its_place() {
    assert_snapshot!(problems(
        r#"
# ${NOT_READ_IN_COMMENTS}
chat:
  slack:
    bot_token: "pre-${SLACK_BOT_TOKEN}"
    app_token: ${file:/run/secrets/app}
    signing_secret: ${file:/run/secrets/empty}
    command: ${two words}
alerts: { token: "${TOKEN" }
"#
    ), @r#"
    5 problems in dogwatch.yaml

    error: the environment variable `SLACK_BOT_TOKEN` is not set
     --> dogwatch.yaml:5:21
      |
    5 |     bot_token: "****${SLACK_BOT_TOKEN}"
      |                     ^^^^^^^^^^^^^^^^^^
      |
      = help: set it, or write `${SLACK_BOT_TOKEN:-}` if it may be missing

    error: cannot read the file `/run/secrets/app`: entity not found
     --> dogwatch.yaml:6:16
      |
    6 |     app_token: ${file:/run/secrets/app}
      |                ^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: a relative path starts at the directory of this file

    error: the file `/run/secrets/empty` is empty
     --> dogwatch.yaml:7:21
      |
    7 |     signing_secret: ${file:/run/secrets/empty}
      |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: a relative path starts at the directory of this file

    error: `${…}` must hold `NAME`, `NAME:-default` or `file:PATH`
     --> dogwatch.yaml:8:14
      |
    8 |     command: ${two words}
      |              ^^^^^^^^^^^^
      |
      = help: write `$${` for a literal `${`

    error: `${` has no `}`
     --> dogwatch.yaml:9:19
      |
    9 | alerts: { token: "${TOKEN" }
      |                   ^^
      |
      = help: close it, or write `$${` for a literal `${`
    "#);
}

// What is wrong

#[test]
fn values_of_the_wrong_kind_say_what_is_expected() {
    assert_snapshot!(problems(
        r#"
http: "127.0.0.1:8080"
hosts:
  local: [docker]
stacks:
  shop: { files: docker-compose.yml, compose_command: { docker: compose } }
log: { level: loud, format: jsno }
templates: { directory: [a] }
access:
  roles: { oncall: { allow: ["*", "*:write", "sh op:read", "shop:read"] } }
"#
    ), @r#"
    10 problems in dogwatch.yaml

    error: expected a section of `key: value` lines
     --> dogwatch.yaml:2:1
      |
    2 | http: "*********:****"
      | ^^^^

    error: expected a section, found a list
     --> dogwatch.yaml:4:10
      |
    4 |   local: [******]
      |          ^

    error: expected a list, such as `[one, two]`
     --> dogwatch.yaml:6:11
      |
    6 |   shop: { files: ******************, compose_command: { docker: ******* } }
      |           ^^^^^

    error: expected a list, found a section
     --> dogwatch.yaml:6:55
      |
    6 |   shop: { files: ******************, compose_command: { docker: ******* } }
      |                                                       ^

    error: expected one of `error`, `warn`, `info`, `debug`, `trace`
     --> dogwatch.yaml:7:15
      |
    7 | log: { level: loud, format: **** }
      |               ^^^^

    error: expected one of `text`, `json`
     --> dogwatch.yaml:7:29
      |
    7 | log: { level: ****, format: jsno }
      |                             ^^^^
      |
      = help: did you mean `json`?

    error: expected a text, found a list
     --> dogwatch.yaml:8:25
      |
    8 | templates: { directory: [*] }
      |                         ^

    error: expected `STACK:RISK`, such as `*:read` or `shop:change`
      --> dogwatch.yaml:10:30
       |
    10 |   roles: { oncall: { allow: ["*", "*:*****", "** **:****", "****:****"] } }
       |                              ^^^

    error: expected `read`, `change` or `destructive` after the `:`
      --> dogwatch.yaml:10:35
       |
    10 |   roles: { oncall: { allow: ["*", "*:write", "** **:****", "****:****"] } }
       |                                   ^^^^^^^^^

    error: expected a stack's name, or a part of it and `*`, before the `:`
      --> dogwatch.yaml:10:46
       |
    10 |   roles: { oncall: { allow: ["*", "*:*****", "sh op:read", "****:****"] } }
       |                                              ^^^^^^^^^^^^
    "#);
}

#[test]
fn hosts_that_are_not_there_are_told_with_the_nearest() {
    assert_snapshot!(problems(
        r#"
hosts:
  vps: { ssh: "ssh://root@vps" }
  nas: { docker: "ssh://root@nas", identity_file: id }
stacks:
  shop: { host: vsp }
  blog: {}
  "a/b": {}
"#
    ), @r#"
    6 problems in dogwatch.yaml

    error: an engine over SSH goes under `ssh`, not `docker`
     --> dogwatch.yaml:4:18
      |
    4 |   nas: { docker: "ssh://root@nas", identity_file: ** }
      |                  ^^^^^^^^^^^^^^^^

    error: `identity_file` means nothing without `ssh`
     --> dogwatch.yaml:4:36
      |
    4 |   nas: { docker: "***:**********", identity_file: ** }
      |                                    ^^^^^^^^^^^^^
      |
      = help: add `ssh`, or take it out

    error: there is no such host
     --> dogwatch.yaml:6:17
      |
    6 |   shop: { host: vsp }
      |                 ^^^
      |
      = help: did you mean `vps`?

    error: which host does `blog` run on?
     --> dogwatch.yaml:7:3
      |
    7 |   blog: {}
      |   ^^^^
      |
      = help: add `host`

    error: expected a name of at most 63 letters, digits, `_`, `.` or `-`
     --> dogwatch.yaml:8:3
      |
    8 |   "a/b": {}
      |   ^^^^^

    error: which host does `a/b` run on?
     --> dogwatch.yaml:8:3
      |
    8 |   "a/b": {}
      |   ^^^^^
      |
      = help: add `host`
    "#);
}

#[test]
fn roles_and_members_that_cannot_be_are_told() {
    assert_snapshot!(problems(
        r#"
access:
  roles: { oncall: {} }
  members:
    "slack:U1": [oncal, admin]
    "slak:U2": [oncall]
    "discord:": [oncall]
    "slack:U*": [oncall]
    "slack-group:*": [oncall]
    "discord-role:*": [oncall]
"#
    ), @r#"
    7 problems in dogwatch.yaml

    error: there is no such role
     --> dogwatch.yaml:5:18
      |
    5 |     "slack:U1": [oncal, *****]
      |                  ^^^^^
      |
      = help: did you mean `oncall`?

    error: there is no such role
     --> dogwatch.yaml:5:25
      |
    5 |     "slack:U1": [*****, admin]
      |                         ^^^^^
      |
      = help: add it under `access.roles`

    error: expected `slack:USER`, `slack-group:GROUP`, `discord:USER`, `discord-role:ROLE` or `console:USER`
     --> dogwatch.yaml:6:5
      |
    6 |     "slak:U2": [******]
      |     ^^^^^^^^^

    error: expected an id after the `:`, or `*` alone for everybody there
     --> dogwatch.yaml:7:5
      |
    7 |     "discord:": [******]
      |     ^^^^^^^^^^

    error: expected an id after the `:`, or `*` alone for everybody there
     --> dogwatch.yaml:8:5
      |
    8 |     "slack:U*": [******]
      |     ^^^^^^^^^^

    error: expected the id of one group or role; everybody there is `slack:*` or `discord:*`
     --> dogwatch.yaml:9:5
      |
    9 |     "slack-group:*": [******]
      |     ^^^^^^^^^^^^^^^

    error: expected the id of one group or role; everybody there is `slack:*` or `discord:*`
      --> dogwatch.yaml:10:5
       |
    10 |     "discord-role:*": [******]
       |     ^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn keys_that_need_each_other_are_told() {
    assert_snapshot!(problems(
        r#"
chat:
  slack: {}
  discord: { guild_id: main, public_key: "abc" }
hosts:
  a: { docker: "unix:///a.sock", ssh: "ssh://a" }
"#
    ), @r#"
    6 problems in dogwatch.yaml

    error: Slack needs a `bot_token`
     --> dogwatch.yaml:3:3
      |
    3 |   slack: {}
      |   ^^^^^
      |
      = help: add `bot_token: "${SLACK_BOT_TOKEN}"`

    error: Slack needs an `app_token` or a `signing_secret`
     --> dogwatch.yaml:3:3
      |
    3 |   slack: {}
      |   ^^^^^
      |
      = help: `app_token` for Socket Mode, `signing_secret` for the HTTP endpoints

    error: Discord needs a `token`
     --> dogwatch.yaml:4:3
      |
    4 |   discord: { guild_id: ****, public_key: "***" }
      |   ^^^^^^^
      |
      = help: add `token: "${DISCORD_TOKEN}"`

    error: expected a Discord id: digits only, from "Copy ID" in Discord
     --> dogwatch.yaml:4:24
      |
    4 |   discord: { guild_id: main, public_key: "***" }
      |                        ^^^^

    error: expected 64 hexadecimal digits, from the application's page
     --> dogwatch.yaml:4:42
      |
    4 |   discord: { guild_id: ****, public_key: "abc" }
      |                                          ^^^^^

    error: `a` has both `docker` and `ssh`
     --> dogwatch.yaml:6:8
      |
    6 |   a: { docker: "****:*********", ssh: "***:***" }
      |        ^^^^^^
      |
      = help: keep one: over SSH the engine is found by itself
    "#);
}

#[test]
fn a_slip_in_a_needed_key_is_told_once() {
    let text = "chat: { slack: { bot_tokn: a, app_token: b } }";
    assert_eq!(parse(text).expect_err("a slip").iter().count(), 1);
}

#[test]
fn keys_given_twice_and_what_yaml_has_beyond_settings_are_told() {
    assert_snapshot!(problems(
        r"
log: { level: info }
log: { level: debug }
http:
  listen: *nothing
"
    ), @r#"
    1 problem in dogwatch.yaml

    error: not valid YAML: while parsing node, found unknown anchor
     --> dogwatch.yaml:5:11
      |
    5 |   listen: ********
      |           ^
    "#);
    assert_snapshot!(problems(
        r#"
hosts:
  a: &a { docker: "unix:///a.sock" }
  b: *a
  b: { docker: !secret x }
  ? [c]
  : {}
  <<: *a
"#
    ), @r#"
    4 problems in dogwatch.yaml

    error: `b` is given twice; it is in line 4 already
     --> dogwatch.yaml:5:3
      |
    5 |   b: { ******: !secret * }
      |   ^

    error: tags (`!name`) mean nothing here
     --> dogwatch.yaml:5:24
      |
    5 |   b: { ******: !secret * }
      |                        ^
      |
      = help: write the value itself

    error: a key must be a plain text
     --> dogwatch.yaml:6:5
      |
    6 |   ? [*]
      |     ^

    error: merge keys (`<<`) are not read here
     --> dogwatch.yaml:8:3
      |
    8 |   <<: *a
      |   ^^
      |
      = help: write the keys out
    "#);
}

#[test]
fn text_that_is_not_yaml_is_one_problem_and_shows_no_values() {
    assert_snapshot!(problems("http:\n  listen: [1, 2\nlog: {}\n"), @r#"
    1 problem in dogwatch.yaml

    error: not valid YAML: illegal placement of ':' indicator
     --> dogwatch.yaml:3:4
      |
    3 | log: {}
      |    ^
    "#);
    assert_snapshot!(problems("chat:\n\tslack: xoxb-1-2-3\n"), @r#"
    1 problem in dogwatch.yaml

    error: not valid YAML: tabs disallowed within this context (block indentation)
     --> dogwatch.yaml:2:2
      |
    2 |     slack: **********
      |     ^
    "#);
    assert_snapshot!(problems("a: 1\n---\nb: 2\n"), @r#"
    1 problem in dogwatch.yaml

    error: a second document; one is expected
     --> dogwatch.yaml:3:1
      |
    3 | b: *
      | ^
    "#);
    assert_snapshot!(problems("just a sentence"), @r#"
    1 problem in dogwatch.yaml

    error: expected a section of `key: value` lines
     --> dogwatch.yaml:1:1
      |
    1 | **** * ********
      | ^
    "#);
    assert_snapshot!(problems("http: { public_url: ${URL} }"), @r#"
    1 problem in dogwatch.yaml

    error: not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'
     --> dogwatch.yaml:1:22
      |
    1 | http: { **********: ${URL} }
      |                      ^
      |
      = help: between `{` and `}` a value with `${…}` must be in quotes
    "#);
}

#[test]
fn ssh_addresses_that_could_be_flags_are_refused() {
    for bad in [
        "ssh://-oProxyCommand=x",
        "ssh://-l@host",
        "ssh://a b",
        "ssh://host:0",
        "ssh://host:x",
        "ssh://root:pw@host",
        "ssh://",
        "host",
        "ssh://host/path",
        "ssh://ho\u{a0}st",
        "ssh://a@-b",
    ] {
        let text = format!("hosts: {{ a: {{ ssh: {bad:?} }} }}");
        assert_eq!(parse(&text).expect_err(bad).iter().count(), 1, "{bad}");
    }
    for good in [
        "ssh://h",
        "ssh://me@h.example.org",
        "ssh://h:2222",
        "ssh://[::1]:22",
        "ssh://h/",
    ] {
        let text = format!("hosts: {{ a: {{ ssh: {good:?} }} }}");
        let config = parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let ssh = config.hosts["a"].ssh.as_ref().expect("it is given");
        assert_eq!(ssh.to_string(), good.trim_end_matches('/'));
    }
}

#[test]
fn aliases_that_multiply_are_stopped() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for n in 1..20 {
        let last = n - 1;
        let copies = vec![format!("*a{last}"); 9].join(", ");
        text.extend([format!("a{n}: &a{n} [{copies}]\n")]);
    }
    let error = parse(&text).expect_err("a bomb");
    assert_eq!(
        error.iter().next().map(|problem| problem.message.as_str()),
        Some("too many values in one file")
    );
}

// Secrets

/// Every place a secret can be written in, right or wrong.
const PLACES: [&str; 18] = [
    "chat: { slack: { bot_token: SECRET, nonsense: 1 } }",
    "chat:\n  slack:\n    bot_tokn: SECRET\n",
    "chat:\n  slack:\n    bot_token: [SECRET]\n",
    "chat:\n  slack: SECRET\n",
    "chat: { discord: { token: SECRET, guild_id: x } }",
    "alerts: { token: { SECRET: 1 } }\nlog: { level: x }",
    "store: { url: \"postgres://ops:SECRET@db/x\", x: 1 }",
    "store: { url: \"mysql://ops:SECRET@db/x\" }",
    "hosts: { a: { ssh: \"ssh://root:SECRET@h\" } }",
    "chat: { slack: { bot_token: \"SECRET${MISSING}\" } }",
    "chat: { slack: { bot_token: \"${MISSING_SECRET} SECRET\" } }",
    "alerts: { token: \"SECRET\n",
    "alerts: { token: {SECRET} }",
    "alerts:\n  token: a\n  token: SECRET\n",
    "alerts: { token: a }\nalerts: { token: SECRET }\n",
    "SECRET",
    "- SECRET",
    "alerts: { ? [SECRET] : x }",
];

proptest! {
    #[test]
    fn no_problem_and_no_debug_output_shows_a_secret(
        secret in "[a-zA-Z0-9]{12,30}",
        place in proptest::sample::select(&PLACES[..]),
    ) {
        let text = place.replace("MISSING_SECRET", "MISSING").replace("SECRET", &secret);
        let shown = match parse(&text) {
            Ok(config) => format!("{config:?}"),
            Err(problems) => format!("{problems} {problems:?} {}", problems.render(true)),
        };
        prop_assert!(!shown.contains(&secret), "{}", shown);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s)[-:{}\\[\\]&*!<$\"'#|>~?@ \n\ta-c\u{e9}]{0,60}") {
        let problems = parse(&text).err();
        prop_assert!(problems.is_none_or(|problems| !problems.to_string().is_empty()));
    }

    #[test]
    fn every_problem_is_at_a_place_in_the_text(text in "(http|log|hosts|x): [-:{}\\[\\], a-c\u{e9}\n]{0,30}") {
        for problem in parse(&text).err().iter().flat_map(Problems::iter) {
            let line = text.split('\n').nth(problem.line - 1);
            prop_assert!(line.is_some_and(|line| problem.column <= line.chars().count() + 1));
        }
    }
}

#[test]
fn debug_output_of_a_configuration_shows_no_secret() {
    let text = "chat: { slack: { bot_token: hunter2, app_token: hunter3 }, discord: { token: hunter4 } }\n\
                alerts: { token: hunter5 }\nstore: { url: \"postgres://ops:hunter6@db/ops\" }";
    let config = parse(text).expect("nothing is wrong with it");
    assert!(!format!("{config:#?}").contains("hunter"));
    let secrets: Vec<&str> = config.secrets().collect();
    assert_eq!(
        secrets,
        ["hunter2", "hunter3", "hunter4", "hunter5", "hunter6"]
    );
}

// Generated files

/// Compares a generated file with what the code says now, or writes it when asked to.
fn is_current(file: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, wanted).expect("the file can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{file} is stale; run `UPDATE_GENERATED=1 cargo test --test it config`"
    );
}

#[test]
fn the_generated_schema_is_current() {
    is_current("config/schema.json", &config::schema());
}

#[test]
fn the_generated_page_is_current() {
    is_current("docs/reference/config.md", &config::reference());
}

#[test]
fn what_a_check_or_a_webhook_lacks_is_told() {
    let told = parse(
        r#"
hosts: { vps: { ssh: "ssh://root@vps" }, lab: { ssh: "ssh://root@lab" } }
checks:
  none: { interval: 30s, host: vps }
  two: { tcp: { port: 1 }, disk: { path: / }, host: vps }
  page: { http: { url: "https://u:p@x/", body: "(", method: PUT }, host: vpn }
  runs: { process: { container: "a/b/c" }, host: vps, interval: 0s }
registries:
  vai: { host: vps }
alerts:
  generic: { odd: { summary: x } }
watch: { ping: { url: "not a url" } }
"#,
    );
    let told = told.expect_err("it should be refused");
    let told: Vec<String> = told
        .iter()
        .map(|problem| format!("{}:{} {}", problem.line, problem.column, problem.message))
        .collect();
    assert_snapshot!(told.join("\n"), @"
    4:3 `none` does not say what to look at
    5:28 `two` is of two kinds
    6:24 expected a URL such as `https://ops.example.org/healthz?full=1`, without user or fragment
    6:48 not a regular expression: unclosed group
    6:61 expected one of `GET`, `HEAD`, `POST`
    6:74 there is no such host
    7:11 `process` needs `name`
    7:33 expected `STACK/SERVICE`, a service or a container's name
    7:65 expected more than no time at all
    9:3 `vai` needs `file`
    11:14 `odd` needs `what`
    12:18 this is no URL
    ");
}
