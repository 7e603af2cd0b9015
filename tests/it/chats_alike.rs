//! The same conversation on the console, in Slack and in Discord: the same is said, the same is
//! decided, the same is reported.

use std::collections::BTreeMap;

use dogwatch::access::{Caller, Policy};
use dogwatch::report::Report;
use dogwatch::store::{ReportFilter, RunFilter, RunState};

use crate::support::discord_shop::{self, DiscordShop};
use crate::support::people::rules;
use crate::support::slack_shop::{self, SlackShop};
use crate::support::tester::Tester;

/// Who says what, and what everybody has to read afterwards. `RUN` is the run that waits.
const SCRIPT: &[(Who, &str, &str)] = &[
    (Who::Anna, "status", "all 8 services are well"),
    (Who::Anna, "diagnose cache", "cache is healthy: it runs"),
    (Who::Carl, "restart cache", "needs the right change on shop"),
    (Who::Anna, "stats nothing", "no service nothing"),
    (Who::Anna, "restart cache", "done: restart cache"),
    (
        Who::Anna,
        "remove migrate",
        "remove migrate in shop on local deletes shop-migrate-1: needs a second person",
    ),
    (
        Who::Carl,
        "approve RUN shop",
        "needs the right destructive on shop",
    ),
    (
        Who::Anna,
        "approve RUN shop",
        "it needs a second person who may do it",
    ),
    (Who::Bob, "approve RUN", "approve"),
    (Who::Bob, "deny RUN not now", "not now"),
    (
        Who::Anna,
        "remove migrate",
        "remove migrate in shop on local deletes shop-migrate-1: needs a second person",
    ),
    (Who::Bob, "approve RUN shop", "done: remove migrate"),
    (Who::Anna, "diagnose migrate", "no service migrate"),
    (Who::Carl, "whoami", "viewer"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Anna,
    Bob,
    Carl,
}

enum Chat {
    Console(Tester, Vec<String>),
    Slack(SlackShop),
    Discord(DiscordShop),
}

pub(crate) fn policy() -> Policy {
    let all = rules(&["*:read", "*:change", "*:destructive"]);
    let member = |who: String, role: &str| (who, vec![role.to_owned()]);
    let people = |kind: &str, [anna, bob, carl]: [&str; 3]| {
        vec![
            member(format!("{kind}:{anna}"), "oncall"),
            member(format!("{kind}:{bob}"), "oncall"),
            member(format!("{kind}:{carl}"), "viewer"),
        ]
    };
    let slack = [slack_shop::ANNA, slack_shop::BOB, slack_shop::CARL];
    let discord = [discord_shop::ANNA, discord_shop::BOB, discord_shop::CARL];
    let members = [
        people("console", ["anna", "bob", "carl"]),
        people("slack", slack),
        people("discord", discord),
    ];
    Policy::new(
        vec![
            ("oncall".into(), all),
            ("viewer".into(), rules(&["*:read"])),
        ],
        members.concat(),
    )
}

/// Words without what a chat does to them.
fn bare(text: &str) -> String {
    let words = text.replace(['*', '`', '\\'], "");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Chat {
    fn shop(&self) -> &Tester {
        match self {
            Self::Console(shop, _) => shop,
            Self::Slack(slack) => &slack.shop,
            Self::Discord(discord) => &discord.shop,
        }
    }

    async fn waiting(&self) -> String {
        let store = self.shop().bot.store.get().await.unwrap();
        let filter = RunFilter {
            state: Some(RunState::AwaitingApproval),
            ..RunFilter::default()
        };
        let runs = store.runs(&filter).await.unwrap();
        runs.first().map(|run| run.id.clone()).unwrap_or_default()
    }

    /// Everything that was said so far, each message as it was at any time.
    fn said(&self) -> Vec<String> {
        match self {
            Self::Console(_, said) => said.clone(),
            Self::Slack(slack) => {
                let world = slack.slack.world();
                world
                    .shown
                    .iter()
                    .map(|shown| bare(&(shown.text.clone() + &shown.blocks.to_string())))
                    .collect()
            }
            Self::Discord(discord) => {
                let world = discord.discord.world();
                world
                    .shown
                    .iter()
                    .map(|shown| bare(&shown.words()))
                    .collect()
            }
        }
    }

    async fn say(&mut self, who: Who, line: &str) {
        match self {
            Self::Console(shop, said) => {
                shop.caller = Caller::console(match who {
                    Who::Anna => "anna",
                    Who::Bob => "bob",
                    Who::Carl => "carl",
                });
                said.push(bare(&shop.say(line).await.text));
            }
            Self::Slack(slack) => {
                let who = match who {
                    Who::Anna => slack_shop::ANNA,
                    Who::Bob => slack_shop::BOB,
                    Who::Carl => slack_shop::CARL,
                };
                slack.ops(who, line).await;
            }
            Self::Discord(discord) => {
                let who = match who {
                    Who::Anna => discord_shop::ANNA,
                    Who::Bob => discord_shop::BOB,
                    Who::Carl => discord_shop::CARL,
                };
                discord.ops(who, line).await;
            }
        }
    }

    /// Waits for a message that has these words and did not have them before.
    async fn until(&self, before: &[String], words: &str) {
        let is_new = |(index, said): (usize, &String)| {
            said.contains(words) && before.get(index) != Some(said)
        };
        for _ in 0..6000 {
            if self.said().iter().enumerate().any(is_new) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("never: {words}; there is {:#?}", self.said());
    }

    /// Nothing goes on any more.
    async fn settled(&self) {
        let store = self.shop().bot.store.get().await.unwrap();
        loop {
            let going = store.unfinished_runs().await.unwrap();
            if going
                .iter()
                .all(|run| run.state == RunState::AwaitingApproval)
            {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn outcome(&self) -> BTreeMap<String, Vec<String>> {
        let store = self.shop().bot.store.get().await.unwrap();
        let runs = store.runs(&RunFilter::default()).await.unwrap();
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for run in runs.iter().rev() {
            let decisions = store.decisions(&run.id).await.unwrap();
            let verdicts: Vec<String> = decisions
                .iter()
                .map(|decision| format!("{:?}", decision.what))
                .collect();
            let line = format!(
                "{} {}: {} [{}]",
                run.title,
                run.risk,
                run.state.word(),
                verdicts.join(" ")
            );
            all.entry("runs".into()).or_default().push(line);
        }
        let reports = store.reports(&ReportFilter::default()).await.unwrap();
        let mut told: Vec<String> = reports
            .iter()
            .map(|kept| {
                let report: Report = serde_json::from_str(&kept.body_json).unwrap();
                let affected: Vec<&str> = report
                    .services_affected
                    .iter()
                    .map(|of| of.service.as_str())
                    .collect();
                let checks: Vec<&str> = report
                    .verification
                    .iter()
                    .map(|check| check.text.as_str())
                    .collect();
                format!(
                    "{} · {} · {affected:?} · {checks:?}",
                    report.issue,
                    report.root_cause.cause.id()
                )
            })
            .collect();
        told.sort();
        all.insert("reports".into(), told);
        all
    }
}

#[tokio::test]
async fn the_same_conversation_comes_to_the_same_everywhere() {
    let shop = || Tester::with(|bot| bot.policy = policy());
    let chats = [
        Chat::Console(shop(), Vec::new()),
        Chat::Slack(SlackShop::with(|bot| bot.policy = policy()).await),
        Chat::Discord(DiscordShop::with(|bot| bot.policy = policy()).await),
    ];
    let mut outcomes = Vec::new();
    for mut chat in chats {
        for (who, line, words) in SCRIPT {
            let line = line.replace("RUN", &chat.waiting().await);
            let before = chat.said();
            chat.say(*who, &line).await;
            chat.until(&before, words).await;
            chat.settled().await;
        }
        match &chat {
            Chat::Console(..) => {}
            Chat::Slack(slack) => slack.slack.assert_obeyed(),
            Chat::Discord(discord) => discord.discord.assert_obeyed(),
        }
        outcomes.push(chat.outcome().await);
    }
    assert_eq!(outcomes[1], outcomes[0], "Slack and the console");
    assert_eq!(outcomes[2], outcomes[0], "Discord and the console");
    insta::assert_debug_snapshot!(outcomes[0]["runs"], @r#"
    [
        "restart cache change: refused [Denied]",
        "restart cache change: succeeded [Approve]",
        "remove migrate destructive: refused [Denied Denied Deny]",
        "remove migrate destructive: succeeded [Approve]",
    ]
    "#);
}
