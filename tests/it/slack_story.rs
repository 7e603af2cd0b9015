//! A destructive runbook between two people, from the slash command to the verified report, with
//! the real program: once as it should go, and once with the program killed in the middle of a step.

use std::process::Stdio;
use std::time::Duration;

use dogwatch::sim::{Begins, Behaviour, ContainerSpec, OnTerm, World};
use tokio::process::Child;

use crate::support::fake_slack::{APP_TOKEN, BOT_TOKEN, FakeSlack, Shown};
use crate::support::program::Place;

const ANNA: &str = "UANNA";
const BOB: &str = "UBOB";
const CARL: &str = "UCARL";
const OPS: &str = "COPS";

fn service(name: &str, behaviour: Behaviour) -> ContainerSpec {
    ContainerSpec::new(&format!("shop-{name}-1"), "example:1")
        .label("com.docker.compose.project", "shop")
        .label("com.docker.compose.service", name)
        .label("com.docker.compose.container-number", "1")
        .behaviour(behaviour)
        .begins(Begins::Running(Duration::from_hours(1)))
}

/// Its database takes three seconds to stop: time enough to kill somebody.
fn world() -> World {
    let slow = Behaviour::idle().on_term(OnTerm::exits(3000, 0, &[]));
    World::new()
        .with(service("db", slow).volume("shop_data", "/data"))
        .with(service("api", Behaviour::idle()))
}

struct Story {
    place: Place,
    slack: FakeSlack,
    program: Child,
}

impl Story {
    fn begin() -> Self {
        let place = Place::simulated(world());
        let slack = place.block_on(FakeSlack::start());
        let config = format!(
            r#"
http: {{ listen: "127.0.0.1:0" }}
chat:
  slack: {{ api_url: "{}", bot_token: "{BOT_TOKEN}", app_token: "{APP_TOKEN}" }}
access:
  roles:
    admin: {{ allow: ["*:read", "*:change", "*:destructive"] }}
    viewer: {{ allow: ["*:read"] }}
  members:
    "slack:{ANNA}": [admin]
    "slack:{BOB}": [admin]
    "slack:{CARL}": [viewer]
    "console:*": [viewer]
"#,
            slack.api_url()
        );
        place.write("dogwatch.yaml", &config);
        let program = start(&place);
        let story = Self {
            place,
            slack,
            program,
        };
        story.until_connected(2);
        story
    }

    fn until_connected(&self, ever: u64) {
        self.place.block_on(self.slack.sockets.until_open(2, ever));
    }

    fn until(&self, what: &str, wanted: impl Fn(&Shown) -> bool) -> Shown {
        self.place.block_on(self.slack.until(what, wanted))
    }

    fn slash(&self, who: &str, text: &str) {
        let payload = self.slack.slash(who, OPS, text);
        self.place
            .block_on(self.slack.sockets.send("slash_commands", &payload));
    }

    fn press(&self, who: &str, message: &Shown, label: &str) {
        let payload = self.slack.press(who, message, label);
        self.place
            .block_on(self.slack.sockets.send("interactive", &payload));
    }

    /// The form that opened, filled in; what Slack is answered.
    fn fill(&self, who: &str, text: &str) -> serde_json::Value {
        self.place.block_on(async {
            let form = self.slack.until_view().await;
            let filled = self.slack.filled(who, &form, text);
            let mut ack = self.slack.sockets.send("interactive", &filled).await;
            if ack.get("payload").is_some() {
                // Slack leaves the form open
                self.slack.world().views.push(form);
            }
            ack["payload"].take()
        })
    }

    /// From the slash command until the run goes on; its message.
    fn until_it_goes_on(&self) -> Shown {
        insta::allow_duplicates! {
        self.slash(ANNA, "run selective-reset service=db grace=20s");
        let offer = self.until("an offer", |shown| shown.text.contains("; it expires at"));
        insta::with_settings!({ filters => FILTERS.to_vec() }, {
            insta::assert_snapshot!(offer.words(), @"
            selective-reset db in shop on local deletes the volume shop_data (41 MiB): needs a second person
            1  keep the settings of shop-db-1
            2  stop shop-db-1
            3  remove shop-db-1  *deletes for good*
            4  remove the volume shop_data (41 MiB)  *deletes for good*
            5  make shop-db-1 anew
            6  start shop-db-1
            7  wait until shop-db-1 is well
            to roll back: make shop-db-1 anew, start shop-db-1
            to verify: look at the health of 1 container
            type `approve RUNRUN shop` or `deny RUNRUN`; it expires at TIME
            asked by <@UANNA>
            plan HASH
            [Approve: type shop]
            [Deny]
            ");
        });
        self.press(CARL, &offer, "Approve");
        let refused = self.until("a refusal", |shown| shown.only.as_deref() == Some(CARL));
        insta::assert_snapshot!(refused.text, @"refused: `slack:UCARL` needs the right `destructive` on `shop` for `selective-reset`, and has `viewer`; ask whoever keeps `access` in the configuration");
        self.press(ANNA, &offer, "Approve");
        let refused = self.until("another", |shown| shown.only.as_deref() == Some(ANNA));
        insta::assert_snapshot!(refused.text, @"refused: you asked for `selective-reset db` yourself, and it needs a second person who may do it");
        self.press(BOB, &offer, "Approve");
        insta::assert_json_snapshot!(self.fill(BOB, "shopp"), @r#"
        {
          "errors": {
            "answer": "type exactly shop, or close this to leave everything as it is"
          },
          "response_action": "errors"
        }
        "#);
        self.fill(BOB, "shop");
        let going = self.until("a run that stops its database", |shown| {
            shown.ts == offer.ts && shown.words().contains("▸ *stop shop-db-1*")
        });
        insta::with_settings!({ filters => FILTERS.to_vec() }, {
            insta::assert_snapshot!(going.words(), @"
            🔵 selective-reset db
            ▓░░░░░░░░░ step 2 of 7 · stop shop-db-1 · N s
            ✓ keep the settings of shop-db-1
            ▸ *stop shop-db-1*
            · remove shop-db-1
            · remove the volume shop_data (41 MiB)
            · make shop-db-1 anew
            · start shop-db-1
            · wait until shop-db-1 is well
            asked by <@UANNA>, let go by <@UBOB>
            [Cancel]
            [Logs]
            ");
        });
        going
        }
    }

    fn until_it_ended(&self, ts: &str) -> Shown {
        self.until("its end", |shown| {
            shown.ts == ts && shown.text.starts_with("🟢")
        })
    }

    /// The engine as it is afterwards: the container is another one, its volume was made anew.
    fn is_reset(&self) {
        let status = self.place.run(&["console", "--", "status", "db"]).done();
        assert!(
            status.contains("is well") || status.contains("running"),
            "{status}"
        );
        let runs = self.place.run(&["console", "--", "runs"]).done();
        assert_eq!(runs.matches("selective-reset db").count(), 1, "{runs}");
        self.slack.assert_obeyed();
    }
}

/// What is another one each time.
const FILTERS: [(&str, &str); 5] = [
    (r"<!date\^[0-9]+\^[^|]*\|[^>]*>", "TIME"),
    (r"\b(approve|deny) [0-9A-Z]{6}\b", "$1 RUNRUN"),
    (r"plan [0-9a-f]{12}", "plan HASH"),
    (r"\d+(\.\d+)? (s|ms)\b", "N s"),
    (
        r"report [0-9A-Z]{26} · run [0-9A-Z]{6}",
        "report ID · run RUNRUN",
    ),
];

fn start(place: &Place) -> Child {
    let mut command = place.command(&["serve", "--headless"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    place.block_on(async { command.spawn().expect("it starts") })
}

#[test]
fn two_people_reset_a_database() {
    let story = Story::begin();
    let going = story.until_it_goes_on();
    let ended = story.until_it_ended(&going.ts);
    insta::with_settings!({ filters => FILTERS.to_vec() }, {
        insta::assert_snapshot!(ended.words(), @"
        🟢 selective-reset db: done after N s
        done: selective-reset db (7 steps, N s)
        asked by <@UANNA>, let go by <@UBOB>
        [Report]
        ");
    });
    story.press(ANNA, &ended, "Report");
    let report = story.until("the report", |shown| shown.text.contains("Verify"));
    insta::with_settings!({ filters => FILTERS.to_vec() }, {
        insta::assert_snapshot!(report.words(), @"
        reset of shop/db: done
        *Done*
        • keep the settings of shop-db-1: done in N s (change)
        • stop shop-db-1: done in N s (change)
        • remove shop-db-1: done in N s (destructive)
        • remove the volume shop_data (41 MiB): done in N s (destructive)
        • make shop-db-1 anew: done in N s (change)
        • start shop-db-1: done in N s (change)
        • wait until shop-db-1 is well: done in N s (read)
        *Verify*
        • ✓ look at the health of 1 container: all 1 containers are well
        report ID · run RUNRUN in N s
        ");
    });
    let thread = |shown: &Shown| shown.thread.as_deref() == Some(&ended.ts);
    story.until("its end in the thread", |shown| {
        thread(shown) && shown.text.starts_with("🟢")
    });
    story.is_reset();
}

#[test]
fn the_same_with_the_program_killed_in_the_middle_of_a_step() {
    let mut story = Story::begin();
    let going = story.until_it_goes_on();
    story.place.block_on(async {
        story.program.kill().await.expect("it is killed");
    });
    let ever = story.slack.sockets.counts().1;
    story.program = start(&story.place);
    story.until_connected(ever + 2);
    let taken_up = story.until("a word that it goes on", |shown| {
        shown.ts == going.ts && shown.words().contains("it goes on")
    });
    insta::assert_snapshot!(taken_up.words(), @"
    🔵 selective-reset db
    it goes on: begun elsewhere, or taken up again after a restart; its end is told here
    asked by <@UANNA>
    [Cancel]
    ");
    let ended = story.until_it_ended(&going.ts);
    insta::with_settings!({ filters => FILTERS.to_vec() }, {
        insta::assert_snapshot!(ended.words(), @"
        🟢 selective-reset db: done
        *reset of shop/db: done*
        *Done*
        • keep the settings of shop-db-1: done in N s (change)
        • stop shop-db-1: done in N s (change)
        • remove shop-db-1: done in N s (destructive)
        • remove the volume shop_data (41 MiB): done in N s (destructive)
        • make shop-db-1 anew: done in N s (change)
        • start shop-db-1: done in N s (change)
        • wait until shop-db-1 is well: done in N s (read)
        *Verify*
        • ✓ look at the health of 1 container: all 1 containers are well
        report ID · run RUNRUN in N s
        asked by <@UANNA>, decided by <@UBOB>
        ");
    });
    assert!(!ended.words().contains("[Cancel]"), "{}", ended.words());
    story.is_reset();
}
