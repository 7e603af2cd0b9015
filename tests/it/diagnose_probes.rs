//! Trying from inside a container what its log complains of: only where the owner allows it.

use dogwatch::bot::Outcome;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;

use crate::support::real_engine::{Sandbox, docker, is_there, real_engine};
use crate::support::tester::Tester;

const IMAGE: &str = "dogwatch-lab:1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_tried_from_inside_where_that_is_allowed_and_nowhere_else() {
    let Some(engine) = real_engine().await else {
        return;
    };
    if !is_there(IMAGE) {
        return;
    }
    let sandbox = Sandbox::new();
    let name = sandbox.name("asker");
    let script = "while :; do echo 'Error: connect ECONNREFUSED peer.test:5999'; sleep 0.2; done";
    let alone = ["--name", &name, "--network", "none"];
    let knows_it = ["--add-host", "peer.test:127.0.0.1"];
    sandbox.run_image(
        IMAGE,
        &[alone.as_slice(), &knows_it].concat(),
        &["sh", "-c", script],
    );
    while docker(&["logs", "--tail", "4", &name]).lines().count() < 4 {
        std::thread::yield_now();
    }
    for probes in [false, true] {
        let tester = Tester::with(|bot| {
            let reach = Reach::Socket(engine.endpoint().clone());
            bot.fleet = Fleet::new([("local".to_owned(), reach)]);
            bot.conduct.diagnose.probes = probes;
        });
        let answer = tester.say(&format!("diagnose {name}")).await;
        assert_eq!(answer.outcome, Some(Outcome::Done), "{}", answer.text);
        // the line goes on behind this, and is broken where the screen ends
        let tried = "tried from inside: `peer.test` resolves";
        assert_eq!(answer.text.contains(tried), probes, "{}", answer.text);
        assert!(
            answer.text.contains("connection-refused"),
            "{}",
            answer.text
        );
    }
}
