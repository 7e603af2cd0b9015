//! One message of every kind that Slack is shown, and every kind of form, as they were really
//! sent. Other programs look at them: Slack's own SDK, and whoever draws pictures.

use std::collections::BTreeMap;

use dogwatch::clock::Clock;
use dogwatch::incident::place::Casebook;
use dogwatch::incident::{
    Alert, AlertState, Finding, Incident, IncidentSettings, Phase, Severity, Source, face,
};
use dogwatch::text::{Name, block_kit};
use serde_json::{Value, json};

use super::fake_slack::Shown;
use super::slack_shop::{ANNA, BOB, CARL, SlackShop, policy};

/// By name.
pub(crate) type Kinds = BTreeMap<&'static str, Value>;

const GATED: &str = "name: drain\ntitle: Restart the queue once it is empty\nrisk: change\nsteps:\n  - id: gate\n    gate: is the queue empty?\n  - id: restart\n    container.restart: { services: queue }\n";

struct Session {
    shop: SlackShop,
    kinds: Kinds,
}

impl Session {
    /// Keeps the first message that is as wanted.
    async fn keep(&mut self, name: &'static str, wanted: impl Fn(&Shown) -> bool) -> Shown {
        let shown = self.shop.slack.until(name, wanted).await;
        let message = json!({ "text": shown.text, "blocks": shown.blocks });
        self.kinds.insert(name, message);
        shown
    }

    async fn answer(&mut self, name: &'static str, who: &str, line: &str) -> Shown {
        self.shop.slack.world().shown.clear();
        self.shop.ops(who, line).await;
        self.keep(name, |shown| shown.thread.is_none()).await
    }

    async fn keep_form(&mut self, name: &'static str) -> Value {
        let view = self.shop.slack.until_view().await;
        self.kinds.insert(name, view.clone());
        view
    }

    async fn press(&self, who: &str, message: &Shown, label: &str) {
        let pressed = self.shop.slack.press(who, message, label);
        self.shop.slack.sockets.send("interactive", &pressed).await;
    }

    async fn looking(&mut self) {
        for (name, line) in [
            ("help", "help"),
            ("whoami", "whoami"),
            ("status", "status"),
            ("status of a service", "status api"),
            ("health", "health"),
            ("logs", "logs api --tail 20"),
            ("stats", "stats"),
            ("inspect", "inspect db"),
            ("events", "events --since 1h"),
            ("images", "images"),
            ("hosts", "hosts"),
            ("runbooks", "runbooks"),
            ("plan", "plan full-reset stack=shop"),
            ("no runs", "runs"),
            ("mistake", "statsu"),
        ] {
            self.answer(name, ANNA, line).await;
        }
        self.answer("refusal", CARL, "restart cache").await;
        self.shop.slack.world().shown.clear();
        self.shop.ops(ANNA, "doctor").await;
        self.keep("doctor", |shown| {
            shown.blocks.to_string().contains("Slack: ")
        })
        .await;
        let line =
            "logs db api worker web gateway queue cache --since 10d --tail 2000 --timestamps";
        self.answer("too long", ANNA, line).await;
    }

    async fn changing(&mut self) {
        self.answer("form offered", ANNA, "plan restart extra=1")
            .await;
        self.shop.ops(ANNA, "run restart").await;
        self.keep_form("form with values").await;
        self.shop.shop.outage().await;
        let report = self.answer("report", ANNA, "diagnose gateway").await;
        self.shop.slack.world().shown.clear();
        self.press(ANNA, &report, "start db").await;
        self.keep("running", |shown| shown.text.starts_with("🔵"))
            .await;
        self.keep("repaired", |shown| {
            shown.text.starts_with("🟢") && shown.thread.is_none()
        })
        .await;
        let line = "run full-reset stack=shop";
        self.answer("approval of many steps", ANNA, line).await;
        let offer = self
            .answer("approval", ANNA, "run selective-reset service=cache")
            .await;
        self.press(BOB, &offer, "Approve").await;
        self.keep_form("form with a word").await;
        self.press(BOB, &offer, "Deny").await;
        let form = self.keep_form("form with a reason").await;
        let filled = self.shop.slack.filled(BOB, &form, "not during the sale");
        self.shop.slack.sockets.send("interactive", &filled).await;
        self.keep("denied", |shown| {
            shown.ts == offer.ts && shown.text.starts_with("⚪")
        })
        .await;
        self.shop.slack.world().shown.clear();
        self.shop.ops(ANNA, "run drain").await;
        let gate = self
            .keep("gate", |shown| shown.words().contains("[Continue]"))
            .await;
        self.press(BOB, &gate, "Stop").await;
        let form = self.shop.slack.until_view().await;
        let filled = self.shop.slack.filled(BOB, &form, "");
        self.shop.slack.sockets.send("interactive", &filled).await;
        self.keep("ended badly", |shown| {
            shown.ts == gate.ts && shown.text.starts_with("🔴")
        })
        .await;
        self.answer("runs", ANNA, "runs").await;
        self.answer("reports", ANNA, "report").await;
    }
}

/// A service that died and one that needs it, with what was found.
pub(crate) fn incident() -> Incident {
    let (settings, now) = (IncidentSettings::default(), Clock::System.now());
    let mut book = Casebook::new(&settings, Vec::new(), 42);
    let troubles = [
        (
            "db",
            "died",
            "exited 137, killed by the kernel (limit 64 MiB)",
        ),
        ("gateway", "unhealthy", "its health check fails: HTTP 502"),
    ];
    for (service, what, summary) in troubles {
        let alert = Alert {
            source: Source::Events,
            host: "local".to_owned(),
            stack: "shop".to_owned(),
            service: service.to_owned(),
            what: what.to_owned(),
            state: AlertState::Firing,
            severity: Severity::Critical,
            summary: summary.into(),
            details: Vec::new(),
            route: None,
            at: now,
        };
        book.place(&alert, now);
    }
    let mut incident = book.into_incidents(now).remove(0);
    incident.finding = Some(Finding {
        report: "01M7WEAK71VMYZKMHBW537QTQ4".to_owned(),
        at: now,
        cause: "oom-killed".to_owned(),
        confidence: "certain".into(),
        service: Name::new("shop/db"),
        summary: "killed for lack of memory (limit 64 MiB)".into(),
        proof: vec![
            "inspect db: exited, exit 137, OOMKilled true, restart policy no".into(),
            "events db: oom: the kernel killed a process at the memory limit".into(),
        ],
        steps: vec![
            "raise the memory limit of db from 64 MiB to at least 600 MiB".into(),
            "start db again".into(),
        ],
        dependents: vec![Name::new("shop/api"), Name::new("shop/gateway")],
    });
    incident
}

/// An incident as a channel is told of it, and what can be done there.
fn incidents() -> Kinds {
    let mut incident = incident();
    let told = |incident: &Incident| {
        let posting = block_kit(&face::message(incident, &[Name::new("slack:UANNA")]));
        json!({ "text": posting.text(), "blocks": posting.blocks() })
    };
    let open = told(&incident);
    incident.phase = Phase::Acknowledged {
        by: "slack:UANNA".to_owned(),
        at: incident.opened,
    };
    Kinds::from([("alert", open), ("alert acknowledged", told(&incident))])
}

pub(crate) async fn kinds() -> Kinds {
    let own = tempfile::tempdir().unwrap();
    std::fs::write(own.path().join("drain.yml"), GATED).unwrap();
    let directory = own.path().to_owned();
    let shop = SlackShop::with(move |bot| {
        bot.policy = policy();
        bot.conduct.library = dogwatch::runbook::Library::new(Some(directory));
    })
    .await;
    let mut session = Session {
        shop,
        kinds: incidents(),
    };
    session.looking().await;
    session.changing().await;
    session.shop.slack.assert_obeyed();
    session.kinds
}
