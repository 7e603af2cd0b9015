//! Deploys on a real git repository, a real engine and a real docker-compose: what was approved is
//! what is deployed, and what fails comes back.

use std::path::Path;
use std::time::Duration;

use dogwatch::bot::{Bot, Incoming, Outcome, Voice, What};
use dogwatch::run::Recovery;
use dogwatch::stack::Site;
use dogwatch::store::{Match, RunFilter, RunState};
use tokio_util::sync::CancellationToken;

use crate::support::compose_shop::{Shop, Where, compose_file, dockerfile, with_environments};
use crate::support::real_engine::{docker, eventually, program};

/// A stack whose directory is a checkout of a repository that somebody pushes to.
pub(crate) struct Team {
    pub(crate) shop: Shop,
    /// The clone of whoever works on it.
    desk: tempfile::TempDir,
    _origin: tempfile::TempDir,
}

pub(crate) fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = program("git")
        .args(["-c", "user.name=anna", "-c", "user.email=anna@example.org"])
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {complaint}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl Team {
    async fn new(at: Where, change: impl FnOnce(&mut Site)) -> Option<Self> {
        Self::with(at, change, |_| {}).await
    }

    /// The first revision is deployed by hand.
    pub(crate) async fn with(
        at: Where,
        change: impl FnOnce(&mut Site),
        bot_too: impl FnOnce(&mut Bot),
    ) -> Option<Self> {
        let settings = |site: &mut Site| {
            // the image is made here and can be had nowhere else
            site.deploy.pull = false;
            change(site);
        };
        let shop = Shop::with(at, settings, bot_too).await?;
        let (origin, desk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        git(origin.path(), &["init", "--quiet", "--bare", "-b", "main"]);
        let there = shop.root.path();
        shop.wrap();
        shop.write(".gitignore", "calls\nhold\n");
        git(there, &["init", "--quiet", "-b", "main"]);
        let address = origin.path().to_string_lossy().into_owned();
        git(there, &["remote", "add", "origin", &address]);
        git(there, &["add", "."]);
        git(there, &["commit", "--quiet", "-m", "The first revision"]);
        git(there, &["push", "--quiet", "origin", "main"]);
        git(desk.path(), &["clone", "--quiet", &address, "."]);
        let up = shop.tester.say("up shop --yes").await;
        assert!(shop.is_running("web"), "{}", up.text);
        std::fs::remove_file(shop.path("calls")).ok();
        Some(Self {
            shop,
            desk,
            _origin: origin,
        })
    }

    /// Somebody pushes a change; gives its commit.
    pub(crate) fn push(&self, message: &str, files: &[(&str, &str)]) -> String {
        for (name, text) in files {
            crate::support::compose_shop::write(&self.desk.path().join(name), text);
        }
        git(self.desk.path(), &["add", "."]);
        git(self.desk.path(), &["commit", "--quiet", "-m", message]);
        git(self.desk.path(), &["push", "--quiet", "origin", "main"]);
        git(self.desk.path(), &["rev-parse", "HEAD"])
    }

    pub(crate) fn head(&self) -> String {
        git(self.shop.root.path(), &["rev-parse", "HEAD"])
    }

    /// Of the newest run, as it is kept.
    async fn report(&self) -> serde_json::Value {
        let store = self.shop.tester.bot.store.get().await.unwrap();
        let run = store.runs(&RunFilter::default()).await.unwrap().remove(0);
        match store.report(&run.report_id).await.unwrap() {
            Match::One(record) => serde_json::from_str(&record.body_json).unwrap(),
            other => panic!("{}: {other:?}", run.title),
        }
    }

    pub(crate) async fn say(&self, line: &str) -> crate::support::tester::Answer {
        self.shop.tester.say(line).await
    }
}

pub(crate) fn prod(site: &mut Site) {
    site.environment = Some("prod".into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_approved_is_what_is_deployed_and_rollback_brings_the_old_back() {
    for at in [Where::Here, Where::OverSsh] {
        let Some(team) = Team::with(at, prod, with_environments).await else {
            return;
        };
        let before = team.head();
        let limit = compose_file("").replace("mem_limit: 64m", "mem_limit: 96m");
        let wanted = team.push(
            "Raise the limit of api",
            &[("docker-compose.yml", &limit), ("web/page", "two\n")],
        );
        let offer = team.say("deploy shop@prod").await;
        for words in [
            "(prod)",
            "1 commit",
            "anna: Raise the limit of api",
            "-    mem_limit: 64m",
            "+    mem_limit: 96m",
            "needs approval",
        ] {
            assert!(offer.text.contains(words), "{words}: {}", offer.text);
        }
        assert_eq!(team.head(), before, "nobody has said yes");
        let later = team.push("Not looked at by anybody", &[("web/page", "three\n")]);
        let done = team.say(&format!("approve {}", offer.run())).await;
        assert_eq!(done.outcome, Some(Outcome::Done), "{}", done.text);
        assert_eq!(team.head(), wanted, "not {later}");
        assert_eq!(team.shop.page(), "two");
        assert_eq!(
            team.shop.inspect("api", "{{.HostConfig.Memory}}"),
            "100663296"
        );
        let branch = git(team.shop.root.path(), &["symbolic-ref", "--short", "HEAD"]);
        assert_eq!(branch, "main", "the branch stays checked out");
        let image = team.shop.inspect("web", "{{.Image}}");

        let offer = team.say("rollback shop").await;
        assert!(offer.text.contains("back by 1 commit"), "{}", offer.text);
        let done = team.say(&format!("approve {}", offer.run())).await;
        assert_eq!(done.outcome, Some(Outcome::Done), "{}", done.text);
        assert_eq!((team.head(), team.shop.page()), (before, "one".to_owned()));
        assert_ne!(team.shop.inspect("web", "{{.Image}}"), image);
        let again = team.say("rollback shop").await;
        assert!(
            again.text.contains("what ran before is not known"),
            "{}",
            again.text
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_whose_build_fails_goes_back_by_itself() {
    for way in ["compose", "wrapper"] {
        let change = |site: &mut Site| {
            if way == "wrapper" {
                site.command = vec!["./scripts/stack.sh".into()];
            }
        };
        let Some(team) = Team::new(Where::Here, change).await else {
            return;
        };
        let before = (team.head(), team.shop.inspect("web", "{{.Id}}"));
        let broken = dockerfile("RUN echo no such package >&2; exit 4");
        team.push("Break the build", &[("web/Dockerfile", &broken)]);
        let answer = team.say("deploy shop").await;
        assert_eq!(
            answer.outcome,
            Some(Outcome::Failed),
            "{way}: {}",
            answer.text
        );
        let failed = answer
            .text
            .lines()
            .find(|line| line.starts_with("failed: "));
        let failed = failed.unwrap_or_else(|| panic!("{way}: {}", answer.text));
        assert!(
            failed.contains("step 3/4 RUN echo no such package"),
            "{way}: {failed}"
        );
        let short: String = before.0.chars().take(10).collect();
        let back = format!("it is back at {short} and well");
        assert!(failed.ends_with(&back), "{way}: {failed}");
        let report = team.report().await;
        let root = &report["root_cause"];
        assert_eq!(
            (&root["cause"], &root["service"], &root["confidence"]),
            (&"build-failed".into(), &"web".into(), &"certain".into()),
            "{way}: {report:#}"
        );
        let summary = root["summary"].as_str().unwrap();
        assert!(summary.contains("of 7 steps done"), "{way}: {summary}");
        let check = &report["verification"][0];
        let command = check["command"].as_str().unwrap();
        let label = format!("label=com.docker.compose.project={}", team.shop.project);
        assert!(command.ends_with(&label), "{way}: {check}");
        let now = (team.head(), team.shop.inspect("web", "{{.Id}}"));
        assert_eq!(now, before, "{way}: what ran still runs");
        if way == "wrapper" {
            let calls = team.shop.read("calls");
            assert_eq!(
                calls, ": build\n: up -d\n",
                "compose itself was never called"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_is_told_on_the_first_line_also_where_something_was_ill_before() {
    let Some(team) = Team::new(Where::Here, |_| {}).await else {
        return;
    };
    let short: String = team.head().chars().take(10).collect();
    docker(&["stop", "--time", "1", &team.shop.inspect("api", "{{.Id}}")]);
    let broken = dockerfile("RUN echo no such package >&2; exit 4");
    team.push("Break the build", &[("web/Dockerfile", &broken)]);
    let answer = team.say("deploy shop").await;
    assert_eq!(answer.outcome, Some(Outcome::Failed), "{}", answer.text);
    let report = team.report().await;
    let issue = report["issue"].as_str().unwrap();
    assert!(
        issue.ends_with(&format!("; it is back at {short} and well")),
        "{issue}"
    );
    let back = report["resolution_steps"].as_array().unwrap().iter();
    let back = back.filter(|step| step["text"].as_str().unwrap().starts_with("roll back: "));
    assert_eq!(back.count(), 4, "{report:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_that_does_not_get_well_goes_back_to_commit_and_image() {
    let Some(team) = Team::new(Where::Here, |_| {}).await else {
        return;
    };
    let before = (team.head(), team.shop.inspect("web", "{{.Image}}"));
    let ill = "FROM dogwatch-test-bb:1\nCOPY page /page\nCMD [\"sh\", \"-c\", \"exit 9\"]\n";
    team.push("Crash at once", &[("web/Dockerfile", ill)]);
    let answer = team.say("deploy shop patience=4s").await;
    assert_eq!(answer.outcome, Some(Outcome::Failed), "{}", answer.text);
    assert!(answer.text.contains("exited with 9"), "{}", answer.text);
    assert!(answer.text.contains("it is back at"), "{}", answer.text);
    assert_eq!(
        (team.head(), team.shop.inspect("web", "{{.Image}}")),
        before
    );
    assert!(team.shop.is_running("web"));
    let drift = team.say("drift shop").await;
    assert_eq!(drift.outcome, Some(Outcome::Done), "{}", drift.text);
    let kept = format!("dogwatch-kept/{}/web:before", team.shop.project);
    assert!(
        !docker(&["images", "--quiet", &kept]).is_empty(),
        "nothing can take the image away"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_the_way_of_a_deploy_is_told_before_anything_is_done() {
    let Some(team) = Team::new(Where::Here, |_| {}).await else {
        return;
    };
    let nothing = team.say("deploy shop").await;
    assert_eq!(nothing.outcome, Some(Outcome::Done));
    assert!(
        nothing.text.contains("nothing to deploy"),
        "{}",
        nothing.text
    );
    team.push("Another page", &[("web/page", "two\n")]);
    team.shop.write("web/page", "by hand\n");
    let dirty = team.say("deploy shop").await;
    assert!(
        dirty
            .text
            .contains("the checkout was changed by hand: web/page"),
        "{}",
        dirty.text
    );
    git(team.shop.root.path(), &["checkout", "--quiet", "web/page"]);
    for (reference, words) in [
        ("no-such", "git knows no `no-such`"),
        ("--upload-pack=x", "is no name of a commit"),
        ("main~1", "is no name of a commit"),
    ] {
        let answer = team.say(&format!("deploy shop --ref={reference}")).await;
        assert!(answer.text.contains(words), "{reference}: {}", answer.text);
    }
    git(
        team.shop.root.path(),
        &["commit", "--quiet", "--allow-empty", "-m", "Never pushed"],
    );
    let own = team.say("deploy shop").await;
    assert!(
        own.text
            .contains("1 commits that `origin/main` does not have"),
        "{}",
        own.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_deploys_of_a_stack_do_not_meet() {
    let wrapped = Team::new(Where::Here, |site| {
        site.command = vec!["./scripts/stack.sh".into()];
    });
    let Some(team) = wrapped.await else { return };
    let held = team
        .shop
        .read("scripts/stack.sh")
        .replace("exec ", "while test -f hold; do sleep 0.1; done\nexec ");
    team.push(
        "Hold on",
        &[("scripts/stack.sh", &held), ("web/page", "two\n")],
    );
    team.shop.write("hold", "");
    let first = team.say("deploy shop");
    let second = async {
        eventually("the first is at work", || async {
            team.shop.read("calls").contains("build")
        })
        .await;
        let second = team.say("up shop").await;
        std::fs::remove_file(team.shop.path("hold")).unwrap();
        second
    };
    let (first, second) = tokio::join!(first, second);
    assert!(
        second.text.contains("is being changed by run"),
        "{}",
        second.text
    );
    assert_eq!(first.outcome, Some(Outcome::Done), "{}", first.text);
    assert_eq!(team.shop.page(), "two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_only_read_fetches_nothing() {
    let Some(mut team) = Team::new(Where::Here, |_| {}).await else {
        return;
    };
    let wanted = team.push("A commit", &[("web/page", "two\n")]);
    team.shop.tester.caller.surface = dogwatch::access::Surface::Slack;
    let answer = team.say("deploy shop").await;
    assert_eq!(answer.outcome, Some(Outcome::Denied), "{}", answer.text);
    let known = program("git")
        .args(["cat-file", "-e", &wanted])
        .current_dir(team.shop.root.path())
        .output()
        .unwrap();
    assert!(!known.status.success(), "nothing was fetched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_that_was_cut_short_is_taken_up_and_comes_to_its_end() {
    let wrapped = Team::new(Where::Here, |site| {
        site.command = vec!["./scripts/stack.sh".into()];
    });
    let Some(team) = wrapped.await else { return };
    let script = team.shop.read("scripts/stack.sh");
    let held = script.replace("exec ", "while test -f hold; do sleep 0.1; done\nexec ");
    let wanted = team.push(
        "Hold on",
        &[("scripts/stack.sh", &held), ("web/page", "two\n")],
    );
    team.shop.write("hold", "");
    let bot = std::sync::Arc::clone(&team.shop.tester.bot);
    let (voice, mut replies) = Voice::new();
    let line = Incoming {
        caller: team.shop.tester.caller.clone(),
        what: What::Typed("deploy shop".into()),
        interactive: true,
    };
    let at_work = tokio::spawn({
        let bot = std::sync::Arc::clone(&bot);
        async move { bot.handle(&line, &voice, &CancellationToken::new()).await }
    });
    tokio::spawn(async move { while replies.recv().await.is_some() {} });
    eventually("it builds", || async {
        team.shop.read("calls").contains("build")
    })
    .await;
    at_work.abort();
    assert!(at_work.await.is_err(), "nobody works on it any more");
    std::fs::remove_file(team.shop.path("hold")).unwrap();
    let store = bot.store.get().await.unwrap();
    let newest = || async {
        let runs = store.runs(&RunFilter::default()).await.unwrap();
        runs.into_iter().next().unwrap()
    };
    // its lease has to end first, and then it builds and waits like any deploy
    let taken_up = async {
        while newest().await.state != RunState::Succeeded {
            let recovery = Recovery {
                waits: false,
                store,
                fleet: &bot.fleet,
                clock: bot.clock,
                hidden: &bot.secrets,
                sites: &bot.conduct.sites,
                secrets: &bot.conduct.secrets,
                directory: bot.conduct.directory.clone(),
                expires: Duration::from_hours(1),
            };
            Box::pin(recovery.run()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(3), taken_up)
        .await
        .expect("it is taken up");
    assert_eq!((team.head(), team.shop.page()), (wanted, "two".to_owned()));
}
