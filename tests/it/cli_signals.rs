//! A signal while a run is going on at a terminal: the run is cancelled and told, as by Ctrl-C; a
//! prompt where nothing runs just ends.

use std::process::Stdio;

use dogwatch::sim::{Behaviour, ContainerSpec, HealthSpec, World};
use dogwatch::store::{RunFilter, RunRecord, RunState, Store};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt;

use crate::support::program::Place;
use crate::support::real_engine::eventually;

/// A stack of one service that never gets well: who restarts it waits for two minutes.
fn place() -> Place {
    let db = ContainerSpec::new("shop-db-1", "postgres:16")
        .label("com.docker.compose.project", "shop")
        .label("com.docker.compose.service", "db")
        .health(HealthSpec::shell("pg_isready"))
        .behaviour(Behaviour::idle().never_ready());
    Place::simulated(World::new().with(db))
}

async fn only_run(place: &Place) -> Option<RunRecord> {
    let file = place.path("state/dogwatch.db");
    if !file.exists() {
        return None;
    }
    let store = Store::open(&format!("sqlite://{}", file.display()))
        .await
        .ok()?;
    store.runs(&RunFilter::default()).await.ok()?.pop()
}

#[test]
fn a_run_is_cancelled_by_who_ends_the_program_or_its_terminal() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        for arguments in [
            &["run", "soft-restart", "-p", "stack=shop", "--yes"][..],
            &["console", "--", "run", "soft-restart", "shop", "--yes"],
        ] {
            let place = place();
            place.block_on(async {
                let child = place.command(arguments).spawn().unwrap();
                let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap());
                eventually("the run is under way", || async {
                    let run = only_run(&place).await;
                    run.is_some_and(|run| run.state == RunState::Running)
                })
                .await;
                kill(pid, signal).unwrap();
                let output = child.wait_with_output().await.unwrap();
                let said = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.code().is_some(), "{signal}: {said}");
                assert!(said.contains("cancelled"), "{signal}: {said}");
                let run = only_run(&place).await.unwrap();
                assert_eq!(run.state, RunState::Cancelled, "{signal}: {said}");
            });
        }
    }
}

#[test]
fn a_pipe_that_says_nothing_holds_nobody() {
    let place = place();
    place.block_on(async {
        let mut command = place.command(&["console"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stdin, b"whoami\n")
            .await
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut seen = String::new();
        while !seen.contains("you are") {
            let mut some = [0; 256];
            let count = out.read(&mut some).await.unwrap();
            assert!(count > 0, "{seen}");
            seen.push_str(&String::from_utf8_lossy(&some[..count]));
        }
        let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        assert!(!child.wait().await.unwrap().success());
    });
}
