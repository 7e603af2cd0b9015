//! Slack's own SDK for Python as a judge: its validators take every kind of message and form, and
//! what it signs is heard. `DOGWATCH_SLACK_SDK` names a python that has it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;

use crate::slack_http::{SECRET, form, front};
use crate::support::real_engine::program;
use crate::support::slack_kinds::kinds;
use crate::support::slack_shop::{ANNA, OPS};

/// Where the messages are left for whoever draws pictures of them.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("slack-messages.json")
}

fn python() -> Option<String> {
    let named = std::env::var_os("DOGWATCH_SLACK_SDK");
    if named.is_none() {
        eprintln!("NOT RUN: Slack's SDK is not here; DOGWATCH_SLACK_SDK names a python with it");
    }
    named.map(|named| named.to_string_lossy().into_owned())
}

/// What the SDK says to an input, and whether it was content.
fn judged(python: &str, arguments: &[&str], input: &str) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slack/sdk.py");
    let mut judge = program(python)
        .arg(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = judge.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = judge.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), said)
}

#[tokio::test]
async fn its_validators_take_every_kind_of_message() {
    let kinds = json!(kinds().await);
    let text = serde_json::to_string_pretty(&kinds).unwrap();
    std::fs::write(kept(), &text).unwrap();
    let Some(python) = python() else {
        return;
    };
    let (content, said) = judged(&python, &["blocks"], &text);
    assert!(content, "{said}");
    // a judge that finds nothing wrong anywhere would be none
    let wrong = json!({ "wrong": { "blocks": [{ "type": "header", "text": { "type": "plain_text", "text": "x".repeat(200) } }] } });
    let (content, _) = judged(&python, &["blocks"], &wrong.to_string());
    assert!(!content);
}

#[tokio::test]
async fn what_it_signs_is_heard() {
    let Some(python) = python() else {
        return;
    };
    let front = front().await;
    let body = form(&front.shop.slack.slash(ANNA, OPS, "status böse — 🔥 & more"));
    let (_, said) = judged(&python, &["sign", SECRET], &body);
    let (at, signature) = said.trim().split_once(' ').unwrap();
    let kind = "application/x-www-form-urlencoded";
    let signed = (signature.to_owned(), at.to_owned());
    let (status, _) = front
        .send("/slack/commands", kind, &body, signed.clone())
        .await;
    assert_eq!(status, 200);
    let (status, _) = front
        .send("/slack/commands", kind, &format!("{body}&x=1"), signed)
        .await;
    assert_eq!(status, 401);
}
