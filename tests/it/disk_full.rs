//! A disk that fills in the middle of a deploy on another host, for real: first that of the
//! checkout, then that of the engine. What is said afterwards is what is so.

use dogwatch::bot::Outcome;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;
use dogwatch::stack::{Site, Sites};
use dogwatch::store::{RunFilter, RunState};

use super::compose_deploy::{Team, git, prod};
use crate::support::compose_shop::{
    Where, compose_file, dockerfile, has_compose, with_environments, write,
};
use crate::support::own_engine::OwnEngine;
use crate::support::real_engine::{IMAGE, Sandbox, real_engine};
use crate::support::small_disk::SmallDisk;
use crate::support::sshd::Sshd;
use crate::support::tester::{Answer, Tester};

fn failure(answer: &Answer) -> &str {
    assert_eq!(answer.outcome, Some(Outcome::Failed), "{}", answer.text);
    let mut lines = answer.text.lines();
    let failed = lines.find(|line| line.starts_with("failed: "));
    failed.unwrap_or_else(|| panic!("{}", answer.text))
}

fn short(commit: &str) -> String {
    commit.chars().take(10).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_that_stops_half_way_is_put_back() {
    let Some(team) = Team::with(Where::OverSsh, prod, with_environments).await else {
        return;
    };
    let Some(disk) = SmallDisk::under(team.shop.root.path(), "4m") else {
        return;
    };
    let before = (team.head(), team.shop.inspect("web", "{{.Id}}"));
    let much = "all work and no play\n".repeat(20_000);
    let files = [
        ("before", "x\n"),
        ("big", much.as_str()),
        ("web/page", "two\n"),
    ];
    let wanted = team.push("Bring much", &files);
    let back = format!("it is back at {} and well", short(&before.0));
    for left in [40 * 1024, 0] {
        let offer = team.say("deploy shop").await;
        disk.fill(left);
        let answer = team.say(&format!("approve {}", offer.run())).await;
        let failed = failure(&answer);
        let as_before = format!("the checkout is at {} as before", short(&before.0));
        for words in ["the disk there is full", &as_before] {
            assert!(failed.contains(words), "{left}: {failed}");
        }
        assert!(failed.ends_with(&back), "{left}: {failed}");
        let now = (team.head(), team.shop.inspect("web", "{{.Id}}"));
        assert_eq!(now, before, "{left}");
        assert!(team.shop.is_running("web"));
        assert_eq!(team.shop.read("web/page"), "one\n", "{left}");
        assert!(!team.shop.path("big").exists() && !team.shop.path("before").exists());
        disk.free();
    }
    let offer = team.say("deploy shop").await;
    let done = team.say(&format!("approve {}", offer.run())).await;
    assert_eq!(done.outcome, Some(Outcome::Done), "{}", done.text);
    assert_eq!((team.head(), team.shop.page()), (wanted, "two".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_started_from_a_checkout_that_is_not_whole() {
    let Some(team) = Team::with(Where::OverSsh, prod, with_environments).await else {
        return;
    };
    let before = (team.head(), team.shop.inspect("web", "{{.Id}}"));
    let limit = compose_file("").replace("mem_limit: 64m", "mem_limit: 96m");
    team.push("Raise a limit", &[("docker-compose.yml", &limit)]);
    let offer = team.say("deploy shop").await;
    let half = compose_file("").replace("mem_limit: 64m", "mem_limit: 80m");
    team.shop.write("docker-compose.yml", &half);
    let answer = team.say(&format!("approve {}", offer.run())).await;
    let failed = failure(&answer);
    for words in [
        "but not as that has it: docker-compose.yml",
        "going back failed too at `checkout_back`",
    ] {
        assert!(failed.contains(words), "{failed}");
    }
    let now = (team.head(), team.shop.inspect("web", "{{.Id}}"));
    assert_eq!(now, before);
    assert_eq!(
        team.shop.inspect("api", "{{.HostConfig.Memory}}"),
        "67108864"
    );
    assert_eq!(
        team.shop.read("docker-compose.yml"),
        half,
        "it may be somebody's"
    );
}

/// A stack on a host whose engine has little room.
struct Cramped {
    tester: Tester,
    root: tempfile::TempDir,
    origin: tempfile::TempDir,
    _sshd: Sshd,
    engine: OwnEngine,
    project: String,
}

impl Cramped {
    async fn new(size: &str) -> Option<Self> {
        real_engine().await?;
        if !has_compose() {
            return None;
        }
        // makes the image
        let project = Sandbox::new().name("cramped");
        let engine = OwnEngine::on_small_disk(size).await?;
        engine.load(IMAGE);
        let sshd = Sshd::before(&engine)?;
        let (root, origin) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut site = Site {
            stack: "shop".into(),
            host: "vps".into(),
            project: project.clone(),
            directory: Some(root.path().to_owned()),
            command: vec!["docker-compose".into()],
            ..Site::default()
        };
        site.deploy.pull = false;
        let reach = Reach::Ssh(sshd.settings());
        let tester = Tester::with(|bot| {
            bot.fleet = Fleet::new([("vps".to_owned(), reach)]);
            bot.conduct.sites = Sites::of([site]);
        });
        let this = Self {
            tester,
            root,
            origin,
            _sshd: sshd,
            engine,
            project,
        };
        git(
            this.origin.path(),
            &["init", "--quiet", "--bare", "-b", "main"],
        );
        let address = this.origin.path().to_string_lossy().into_owned();
        git(this.root.path(), &["init", "--quiet", "-b", "main"]);
        git(this.root.path(), &["remote", "add", "origin", &address]);
        write(
            &this.root.path().join("docker-compose.yml"),
            &compose_file(""),
        );
        write(&this.root.path().join("web/page"), "one\n");
        this.push(&dockerfile(""));
        Some(this)
    }

    /// Another way to build `web`, pushed but not checked out.
    fn push(&self, dockerfile: &str) -> String {
        let there = self.root.path();
        let is_first = !there.join(".git/refs/heads/main").exists();
        let back = (!is_first).then(|| self.head());
        if back.is_some() {
            git(there, &["reset", "--quiet", "--hard", "origin/main"]);
        }
        write(&there.join("web/Dockerfile"), dockerfile);
        git(there, &["add", "."]);
        git(there, &["commit", "--quiet", "-m", "Build otherwise"]);
        git(there, &["push", "--quiet", "origin", "main"]);
        let pushed = self.head();
        if let Some(back) = back {
            git(there, &["reset", "--quiet", "--hard", &back]);
        }
        pushed
    }

    fn head(&self) -> String {
        git(self.root.path(), &["rev-parse", "HEAD"])
    }

    fn inspect(&self, service: &str, format: &str) -> String {
        let filter = format!("label=com.docker.compose.service={service}");
        let id = self.engine.docker(&["ps", "--quiet", "--filter", &filter]);
        self.engine.docker(&["inspect", "--format", format, &id])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_fills_the_disk_of_its_host_leaves_what_runs() {
    let Some(shop) = Cramped::new("64m").await else {
        return;
    };
    let up = shop.tester.say("up shop").await;
    assert_eq!(up.outcome, Some(Outcome::Done), "{}", up.text);
    let before = (shop.head(), shop.inspect("web", "{{.Id}}"));
    shop.push(&dockerfile("RUN dd if=/dev/zero of=/big bs=1M count=100"));
    let answer = shop.tester.say("deploy shop").await;
    let failed = failure(&answer);
    for words in ["step 3/4 RUN dd", "no space left on device", "and well"] {
        assert!(failed.contains(words), "{words}: {failed}");
    }
    assert_eq!((shop.head(), shop.inspect("web", "{{.Id}}")), before);
    let store = shop.tester.bot.store.get().await.unwrap();
    let run = store.runs(&RunFilter::default()).await.unwrap().remove(0);
    assert_eq!(run.state, RunState::Failed, "what came of it is known");
    assert_eq!(
        shop.project,
        shop.inspect(
            "web",
            "{{index .Config.Labels \"com.docker.compose.project\"}}"
        )
    );

    shop.engine.disk().resize("256m");
    let wanted = shop.push(&dockerfile("RUN dd if=/dev/zero of=/big bs=1M count=1"));
    let done = shop.tester.say("deploy shop").await;
    assert_eq!(done.outcome, Some(Outcome::Done), "{}", done.text);
    assert_eq!(shop.head(), wanted);
    assert_ne!(shop.inspect("web", "{{.Id}}"), before.1);
}
