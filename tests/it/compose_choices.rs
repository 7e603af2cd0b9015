//! What somebody may type for a stack and what its files say: services that are not there, files
//! chosen by `COMPOSE_FILE`, a directory without git. A real docker-compose on a real engine.

use dogwatch::bot::Outcome;
use dogwatch::stack::Site;

use crate::support::compose_shop::{Shop, Where};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_the_files_do_not_have_is_refused_with_the_nearest() {
    for at in [Where::Here, Where::OverSsh] {
        let Some(shop) = Shop::new(at, |_| {}).await else {
            return;
        };
        for (line, near) in [
            ("up shop apii --plan", "api"),
            ("rebuild shop webb --plan", "web"),
            ("build shop api webb", "web"),
            ("plan up stack=shop services=webs", "web"),
        ] {
            let answer = shop.tester.say(line).await;
            assert_eq!(
                answer.outcome,
                Some(Outcome::Usage),
                "{line}: {}",
                answer.text
            );
            let hint = format!("did you mean `{near}`?");
            assert!(answer.text.contains(&hint), "{line}: {}", answer.text);
            assert!(
                answer.text.contains("they have api, web"),
                "{line}: {}",
                answer.text
            );
        }
        assert!(!shop.is_running("api"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_compose_file_are_the_stack_s() {
    let chosen = |site: &mut Site| {
        let files = "docker-compose.yml:modes/quiet.yml".to_owned();
        site.variables.insert("COMPOSE_FILE".into(), files);
    };
    for at in [Where::Here, Where::OverSsh] {
        let Some(shop) = Shop::new(at, chosen).await else {
            return;
        };
        shop.write(
            "modes/quiet.yml",
            "services:\n  api: { environment: { MODE: quiet } }\n  extra:\n    image: no-such-image:9\n    command: [\"sleep\", \"600\"]\n    network_mode: none\n",
        );
        let config = shop.tester.say("config shop").await;
        assert!(
            config.text.contains("MODE: quiet") && config.text.contains("extra:"),
            "{}",
            config.text
        );
        let up = shop.tester.say("up shop api").await;
        assert_eq!(up.outcome, Some(Outcome::Done), "{}", up.text);
        let variables = shop.inspect("api", "{{.Config.Env}}");
        assert!(variables.contains("MODE=quiet"), "{variables}");
        // a service that no container was ever made for is found in these files too
        let extra = shop.tester.say("diagnose shop/extra").await;
        assert!(extra.text.contains("image-not-found"), "{}", extra.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_without_git_is_said_to_be_none() {
    for at in [Where::Here, Where::OverSsh] {
        let Some(shop) = Shop::new(at, |_| {}).await else {
            return;
        };
        let directory = shop.root.path().display().to_string();
        for line in ["deploy shop", "rollback shop"] {
            let answer = shop.tester.say(line).await;
            let words = format!("`{directory}` is no git checkout");
            assert!(answer.text.contains(&words), "{line}: {}", answer.text);
            assert!(!answer.text.contains("rev-parse"), "{}", answer.text);
        }
        crate::compose_deploy::git(shop.root.path(), &["init", "--quiet"]);
        let empty = shop.tester.say("deploy shop").await;
        assert!(empty.text.contains("has no commit"), "{}", empty.text);
    }
}
