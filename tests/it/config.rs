//! The configuration through its front door: a text goes in, settings or all problems come out.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use dogwatch::config::{self, Config, Lookup, Problems};
use insta::assert_snapshot;

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
    4 |   lisen: ************
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
    10 | store: { url: "************************" }
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
