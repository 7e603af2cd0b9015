//! `prune` on a real engine of its own: what nothing uses goes, everything else stays, volumes above
//! all.

use dogwatch::bot::Outcome;
use dogwatch::engine::Engine;

use crate::support::own_engine::OwnEngine;
use crate::support::real_engine::{IMAGE, real_engine};
use crate::support::real_stack::Real;

#[tokio::test]
async fn what_nothing_uses_goes_and_volumes_stay() {
    let (Some(_), Some(own)) = (real_engine().await, OwnEngine::start().await) else {
        return;
    };
    let real = Real::on(Engine::connect(&own.endpoint()).await.unwrap());
    own.load(IMAGE);
    let made = |name: &str, program: &[&str]| {
        let volume = format!("{name}-data:/data");
        let begin = [
            "run",
            "--detach",
            "--network",
            "none",
            "--name",
            name,
            "--volume",
            &volume,
        ];
        own.docker(&[&begin, &[IMAGE][..], program].concat())
    };
    // what waits in the middle of a reset is in use, though it never ran
    let aside = ["--name", "db.aside", "--label", "dogwatch.aside={}"];
    own.docker(
        &[
            &["create", "--network", "none"],
            &aside[..],
            &[IMAGE, "true"],
        ]
        .concat(),
    );
    made("used", &["sleep", "600"]);
    made("ended", &["true"]);
    own.docker(&["network", "create", "idle"]);
    let lists = || {
        let names = own.docker(&["ps", "--all", "--format", "{{.Names}}"]);
        let networks = own.docker(&["network", "ls", "--format", "{{.Name}}"]);
        let volumes = own.docker(&["volume", "ls", "--quiet"]);
        [names, networks, volumes].map(|text| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
    };
    for what in ["containers", "networks", "images", "cache"] {
        let (_, asked) = real.says(&format!("prune {what}")).await;
        assert!(asked.contains("deletes for good"), "{asked}");
        if what == "containers" {
            assert!(asked.contains("stopped: ended"), "{asked}");
            // nobody said yes to this one
            made("later", &["true"]);
        }
        let (outcome, text) = real.approved("local").await;
        assert_eq!(outcome, Outcome::Done, "{what}: {text}");
    }
    let [mut containers, networks, mut volumes] = lists();
    volumes.sort();
    containers.sort();
    assert_eq!(containers, ["db.aside", "later", "used"]);
    assert!(!networks.contains(&"idle".to_owned()), "{networks:?}");
    assert_eq!(volumes, ["ended-data", "later-data", "used-data"]);
    assert_ne!(
        own.docker(&["images", "--quiet", IMAGE]),
        "",
        "it has a name, so it stays"
    );
    own.docker(&["rm", "--force", "used", "later", "db.aside"]);
}
