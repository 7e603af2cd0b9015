//! Programs on a host: the same here and over a real sshd.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use dogwatch::host::program::{Place, Program, ProgramError};
use dogwatch::host::ssh::SshHost;
use dogwatch::text::Raw;

use crate::support::real_engine::{eventually, program, real_engine};
use crate::support::sshd::Sshd;

fn asked(argv: &[&str]) -> Program {
    Program {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        directory: PathBuf::from("/tmp"),
        variables: vec![("GREETING".to_owned(), "it's \"$HOME\" `id`".to_owned())],
        limit: Duration::from_secs(20),
    }
}

/// Here, and there where an engine and an sshd can be had.
async fn places() -> Vec<(Place, Option<Sshd>)> {
    let mut places = vec![(Place::Here, None)];
    if let (Some(_), Some(sshd)) = (real_engine().await, Sshd::start()) {
        let place = SshHost::new(sshd.settings()).place().await.unwrap();
        places.push((place, Some(sshd)));
    }
    places
}

fn quiet(_: &Raw) {}

#[tokio::test]
async fn arguments_directory_and_variables_arrive_as_they_are() {
    let odd = [
        "plain",
        "",
        "a b",
        "$(id)",
        "`id`",
        "'q'",
        "\"dq\"",
        "x;y|z&w>out",
        "new\nline",
        "*",
        "~",
        "é✓",
        "\\",
        "-n",
    ];
    for (place, _host) in places().await {
        let mut argv = vec!["printf", "[%s]"];
        argv.extend(odd);
        let ran = place.run(&asked(&argv), &quiet).await.unwrap();
        let expected: String = odd.iter().map(|word| format!("[{word}]")).collect();
        assert_eq!(ran.stdout.expose().trim_end(), expected);
        let ran = place
            .run(
                &asked(&["sh", "-c", "pwd; printf %s \"$GREETING\""]),
                &quiet,
            )
            .await
            .unwrap();
        assert_eq!(ran.stdout.expose(), "/tmp\nit's \"$HOME\" `id`\n");
    }
}

#[tokio::test]
async fn what_both_streams_say_stays_in_its_order() {
    let heard = tempfile::tempdir().unwrap();
    // the next line is only written when the one before has been heard
    let script = format!(
        "cd {} && for word in one two; do echo $word; until test -e $word; do :; done; \
         echo no $word >&2; until test -e no$word; do :; done; done",
        heard.path().display()
    );
    for (place, _host) in places().await {
        let hear = |line: &Raw| {
            let name = line.expose().replace(' ', "");
            std::fs::write(heard.path().join(name), "").unwrap();
        };
        let ran = place.run(&asked(&["sh", "-c", &script]), &hear).await;
        assert_eq!(ran.unwrap().both.expose(), "one\nno one\ntwo\nno two\n");
        for name in ["one", "noone", "two", "notwo"] {
            std::fs::remove_file(heard.path().join(name)).unwrap();
        }
    }
}

#[tokio::test]
async fn ends_are_told_apart() {
    for (place, _host) in places().await {
        let ran = place
            .run(
                &asked(&["sh", "-c", "echo out; echo err >&2; exit 7"]),
                &quiet,
            )
            .await
            .unwrap();
        assert_eq!(
            (ran.code, ran.stdout.expose(), ran.stderr.expose()),
            (Some(7), "out\n", "err\n")
        );
        let missing = place.run(&asked(&["no-such-program"]), &quiet).await;
        let not_there = match &missing {
            Err(ProgramError::NotFound(_)) => true,
            Ok(ran) => ran.code == Some(127),
            Err(_) => false,
        };
        assert!(not_there, "{missing:?}");
    }
}

#[tokio::test]
async fn what_takes_too_long_is_ended_there_too() {
    for (index, (place, _host)) in places().await.into_iter().enumerate() {
        let mark = format!("31{index}.{}", std::process::id());
        let slow = Program {
            limit: Duration::from_millis(700),
            ..asked(&["sleep", &mark])
        };
        let error = place.run(&slow, &quiet).await.unwrap_err();
        assert!(matches!(error, ProgramError::TimedOut { .. }), "{error:?}");
        eventually("the program is gone", || async {
            let found = program("pgrep")
                .args(["-f", &format!("^sleep {mark}")])
                .output()
                .unwrap();
            found.stdout.is_empty()
        })
        .await;
    }
}

#[tokio::test]
async fn output_is_followed_and_bounded() {
    for (place, _host) in places().await {
        let lines = Mutex::new(0_usize);
        let count = |_: &Raw| *lines.lock().unwrap() += 1;
        let much = asked(&[
            "sh",
            "-c",
            "i=0; while [ $i -lt 60000 ]; do echo line $i; i=$((i+1)); done; printf '%20000s' x",
        ]);
        let ran = place.run(&much, &count).await.unwrap();
        assert_eq!(*lines.lock().unwrap(), 60_001);
        let text = ran.stdout.expose();
        assert!(ran.cut && text.len() < 300 * 1024, "{}", text.len());
        assert!(text.starts_with("line 0\n") && text.contains("line 59999\n"));
    }
}

#[tokio::test]
async fn what_a_script_started_ends_with_it() {
    for (index, (place, _host)) in places().await.into_iter().enumerate() {
        let mark = format!("41{index}.{}", std::process::id());
        let script = format!("sleep {mark} & wait");
        let slow = Program {
            limit: Duration::from_millis(700),
            ..asked(&["sh", "-c", &script])
        };
        let error = place.run(&slow, &quiet).await.unwrap_err();
        assert!(matches!(error, ProgramError::TimedOut { .. }), "{error:?}");
        eventually("its child is gone too", || async {
            let found = program("pgrep")
                .args(["-f", &format!("^sleep {mark}")])
                .output()
                .unwrap();
            found.stdout.is_empty()
        })
        .await;
    }
}
