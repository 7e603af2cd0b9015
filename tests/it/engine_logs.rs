//! Logs of real containers, pleasant and unpleasant.

use dogwatch::action::container::Status;
use dogwatch::action::logs::{LONGEST_LINE, LogLine, LogQuery, LogStream};
use dogwatch::engine::Engine;
use futures_util::StreamExt;

use crate::support::real_engine::{Sandbox, eventually, real_engine};

async fn until_exited(engine: &Engine, id: &str) {
    eventually("the container has exited", || async {
        engine.container(id).await.unwrap().state.status == Status::Exited
    })
    .await;
}

async fn logs_of(engine: &Engine, options: &[&str], script: &str) -> Vec<LogLine> {
    let sandbox = Sandbox::new();
    let id = sandbox.run(options, &["sh", "-c", script]);
    until_exited(engine, &id).await;
    engine.logs(&id, &LogQuery::default()).await.unwrap()
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.expose()).collect()
}

#[tokio::test]
async fn both_streams_with_times() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let lines = logs_of(
        &engine,
        &[],
        "echo out; sleep 0.1; echo err >&2; sleep 0.1; printf end",
    )
    .await;
    assert_eq!(texts(&lines), ["out", "err", "end"]);
    assert!(lines.is_sorted_by_key(|line| line.at) && lines.iter().all(|line| line.at.is_some()));
    let streams: Vec<LogStream> = lines.iter().map(|line| line.stream).collect();
    assert_eq!(
        streams,
        [LogStream::Stdout, LogStream::Stderr, LogStream::Stdout]
    );
}

#[tokio::test]
async fn a_line_of_ten_megabytes_keeps_its_ends() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let script =
        "echo before; printf BEGIN; head -c 10485760 /dev/zero | tr '\\0' x; echo END; echo after";
    let lines = logs_of(&engine, &[], script).await;
    let [before, long, after] = &lines[..] else {
        panic!("{} lines", lines.len());
    };
    assert_eq!(
        (before.text.expose(), after.text.expose()),
        ("before", "after")
    );
    let text = long.text.expose();
    assert!(long.cut && text.len() <= LONGEST_LINE);
    assert!(
        text.starts_with("BEGINxxx") && text.ends_with("xxxEND"),
        "{text}"
    );
    let middle: String = text.chars().filter(|c| *c != 'x').collect();
    assert!(
        middle.contains("bytes cut") && !middle.contains("202"),
        "{middle}"
    );
}

#[tokio::test]
async fn a_line_stored_in_pieces_is_one_line() {
    let Some(engine) = real_engine().await else {
        return;
    };
    // The engine stores 16 KiB at a time; colour codes make room for a line of more than that.
    let script =
        "i=0; while [ $i -lt 3000 ]; do printf '\\033[31ma\\033[0m'; i=$((i+1)); done; echo";
    for options in [&[][..], &["--tty"][..]] {
        let lines = logs_of(&engine, options, script).await;
        assert_eq!(texts(&lines), ["a".repeat(3000)], "{options:?}");
    }
}

#[tokio::test]
async fn binary_garbage_is_text_in_the_end() {
    let Some(engine) = real_engine().await else {
        return;
    };
    for options in [&[][..], &["--tty"][..]] {
        let lines = logs_of(
            &engine,
            options,
            "head -c 300000 /dev/urandom; echo; echo the end",
        )
        .await;
        assert_eq!(lines.last().unwrap().text.expose(), "the end");
        let clean = |line: &LogLine| {
            line.text
                .expose()
                .chars()
                .all(|c| !c.is_control() || c == '\t')
        };
        assert!(lines.iter().all(clean));
        assert!(
            lines
                .iter()
                .all(|line| line.text.expose().len() <= LONGEST_LINE)
        );
    }
}

#[tokio::test]
async fn the_newest_lines_only_and_a_span_of_time() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.run(
        &[],
        &[
            "sh",
            "-c",
            "for i in $(seq 50); do echo $i; sleep 0.002; done",
        ],
    );
    until_exited(&engine, &id).await;
    let tail = LogQuery {
        tail: Some(3),
        ..LogQuery::default()
    };
    assert_eq!(
        texts(&engine.logs(&id, &tail).await.unwrap()),
        ["48", "49", "50"]
    );
    let all = engine.logs(&id, &LogQuery::default()).await.unwrap();
    // Finer than a second: from the 40th line to the 45th.
    let span = LogQuery {
        since: all[39].at,
        until: all[44].at,
        ..LogQuery::default()
    };
    let lines = engine.logs(&id, &span).await.unwrap();
    assert_eq!(texts(&lines).first(), Some(&"40"));
    assert!(lines.len() <= 6, "{:?}", texts(&lines));
}

#[tokio::test]
async fn following_ends_with_the_container() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.run(
        &[],
        &["sh", "-c", "echo one; sleep 0.5; echo two; sleep 0.5"],
    );
    let lines: Vec<LogLine> = engine
        .follow(&id, &LogQuery::default())
        .map(Result::unwrap)
        .collect()
        .await;
    assert_eq!(texts(&lines), ["one", "two"]);
}

#[tokio::test]
async fn a_log_that_cannot_be_read_says_so() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    let id = sandbox.run(&["--log-driver", "none"], &["sleep", "60"]);
    let error = engine.logs(&id, &LogQuery::default()).await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    let error = engine
        .logs("eng-never-was", &LogQuery::default())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "container `eng-never-was` is not there");
}
