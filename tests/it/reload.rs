//! Reloading with real files: what people and machines do to a configuration while it is in use.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dogwatch::config::watch::{Reload, Watcher};
use dogwatch::config::{Config, LogLevel};
use tempfile::TempDir;
use tokio::time::timeout;

struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the file can be written");
    }

    fn watch(&self, name: &str) -> Watcher {
        let path = self.path(name);
        let loaded = Config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        Watcher::new(&path, loaded).expect("signals can be heard")
    }
}

/// The level of the new configuration, or what is wrong with it. Time is virtual.
async fn next(watcher: &mut Watcher) -> Result<LogLevel, String> {
    let reload = timeout(Duration::from_mins(1), watcher.changed());
    match reload.await.expect("a change is noticed") {
        Reload::New(config) => Ok(config.log.level),
        Reload::Rejected(problems) => Err(problems
            .iter()
            .map(|problem| problem.message.clone())
            .collect()),
    }
}

async fn nothing(watcher: &mut Watcher) -> bool {
    timeout(Duration::from_mins(1), watcher.changed())
        .await
        .is_err()
}

fn swap_link(link: &Path, target: &Path) {
    let fresh = link.with_extension("fresh");
    std::os::unix::fs::symlink(target, &fresh).expect("a link");
    fs::rename(fresh, link).expect("the link is swapped");
}

#[tokio::test(start_paused = true)]
async fn a_file_written_in_place_is_taken_up_and_an_equal_one_is_not() {
    let place = Place::new();
    place.write("d.yaml", "log: {level: info}");
    let mut watcher = place.watch("d.yaml");
    assert!(nothing(&mut watcher).await);
    place.write("d.yaml", "log: {level: debug} # more");
    assert_eq!(next(&mut watcher).await, Ok(LogLevel::Debug));
    place.write("d.yaml", "log: {level: debug} # only another comment");
    assert!(nothing(&mut watcher).await);
}

#[tokio::test(start_paused = true)]
async fn a_file_replaced_by_an_editor_is_taken_up() {
    let place = Place::new();
    place.write("d.yaml", "log: {level: info}");
    let mut watcher = place.watch("d.yaml");
    place.write("d.yaml~", "log: {level: warn}");
    fs::rename(place.path("d.yaml~"), place.path("d.yaml")).unwrap();
    assert_eq!(next(&mut watcher).await, Ok(LogLevel::Warn));
}

#[tokio::test(start_paused = true)]
async fn a_swapped_directory_link_is_taken_up() {
    let place = Place::new();
    for (version, level) in [("v1", "info"), ("v2", "trace")] {
        fs::create_dir(place.path(version)).unwrap();
        place.write(
            &format!("{version}/d.yaml"),
            &format!("log: {{level: {level}}}"),
        );
    }
    swap_link(&place.path("current"), &place.path("v1"));
    swap_link(&place.path("d.yaml"), &place.path("current/d.yaml"));
    let mut watcher = place.watch("d.yaml");
    swap_link(&place.path("current"), &place.path("v2"));
    assert_eq!(next(&mut watcher).await, Ok(LogLevel::Trace));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_file_is_told_and_so_is_that_it_is_right_again() {
    let place = Place::new();
    let right = "log: {level: info}";
    place.write("d.yaml", right);
    let mut watcher = place.watch("d.yaml");
    place.write("d.yaml", "log: {level: deafening}");
    assert!(
        next(&mut watcher)
            .await
            .unwrap_err()
            .starts_with("expected one of `error`")
    );
    assert!(nothing(&mut watcher).await, "it is told once");
    place.write("d.yaml", right);
    assert_eq!(next(&mut watcher).await, Ok(LogLevel::Info));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_gone_for_good_is_told_and_one_that_comes_back_is_taken_up() {
    let place = Place::new();
    place.write("d.yaml", "log: {level: info}");
    let mut watcher = place.watch("d.yaml");
    fs::remove_file(place.path("d.yaml")).unwrap();
    assert!(
        next(&mut watcher)
            .await
            .unwrap_err()
            .contains("No such file")
    );
    place.write("d.yaml", "log: {level: error}");
    assert_eq!(next(&mut watcher).await, Ok(LogLevel::Error));
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_renewed_makes_a_new_configuration() {
    let place = Place::new();
    place.write("token", "old\n");
    place.write("d.yaml", "alerts: {token: \"${file:token}\"}");
    let mut watcher = place.watch("d.yaml");
    place.write("token", "renewed\n");
    let Reload::New(config) = watcher.changed().await else {
        panic!("nothing is wrong with it");
    };
    assert_eq!(config.secrets().collect::<Vec<_>>(), ["renewed"]);

    fs::remove_file(place.path("token")).unwrap();
    assert!(
        next(&mut watcher)
            .await
            .unwrap_err()
            .starts_with("cannot read the file `token`")
    );
    place.write("token", "back\n");
    assert!(
        next(&mut watcher).await.is_ok(),
        "the missing file is looked for too"
    );
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the signal comes from another program"
)]
async fn a_hangup_signal_is_answered_even_if_nothing_is_new() {
    let place = Place::new();
    place.write("d.yaml", "log: {level: info}");
    let mut watcher = place.watch("d.yaml");
    let sent = std::process::Command::new("kill")
        .args(["-HUP", &std::process::id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    assert_eq!(next(&mut watcher).await, Ok(LogLevel::Info));
}
