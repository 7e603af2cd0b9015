//! The demo's shop with a bot that listens to the fake Discord.

use std::sync::Arc;

use dogwatch::access::Policy;
use dogwatch::bot::Bot;
use dogwatch::chat::discord::Discord;
use dogwatch::chat::settings::{DiscordSettings, Snowflake};
use dogwatch::command::words::{Count, Word};
use dogwatch::setting::Secret;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::fake_discord::{FakeDiscord, GUILD, Shown, TOKEN};
use super::people;
use super::tester::Tester;

/// May look and change, may delete as well (by a role), may only look.
pub(crate) const ANNA: &str = "1001";
pub(crate) const BOB: &str = "1002";
pub(crate) const CARL: &str = "1003";
pub(crate) const OWNERS: &str = "789";
pub(crate) const OPS: &str = "5";

pub(crate) struct DiscordShop {
    pub(crate) discord: FakeDiscord,
    pub(crate) shop: Tester,
    pub(crate) adapter: Arc<Discord>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    _bots: watch::Sender<Arc<Bot>>,
}

pub(crate) fn policy() -> Policy {
    people::policy(&["discord:1001"], &["discord-role:789"], &["discord:1003"])
}

impl DiscordShop {
    pub(crate) async fn open() -> Self {
        Self::with(|bot| bot.policy = policy()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Bot)) -> Self {
        let this = Self::around(FakeDiscord::start().await, Tester::with(change), |_| {});
        this.ready().await;
        this
    }

    async fn ready(&self) {
        self.discord
            .gateway
            .until("a connection", |log| log.open == 1)
            .await;
        self.discord
            .until_world("commands", |world| world.registrations > 0)
            .await;
    }

    pub(crate) fn around(
        discord: FakeDiscord,
        shop: Tester,
        change: impl FnOnce(&mut DiscordSettings),
    ) -> Self {
        let (bots, bot) = watch::channel(Arc::clone(&shop.bot));
        let mut settings = DiscordSettings {
            api_url: discord.api_url().try_into().unwrap(),
            guild_id: Some(Snowflake(9)),
            alerts_channel: Some(Snowflake(5)),
            ..DiscordSettings::default()
        };
        change(&mut settings);
        let stop = CancellationToken::new();
        let adapter = Discord::new(settings, Secret::new(TOKEN), bot, stop.clone()).unwrap();
        let task = tokio::spawn(Arc::clone(&adapter).run());
        Self {
            discord,
            shop,
            adapter,
            stop,
            task,
            _bots: bots,
        }
    }

    /// The program stops, and another one starts with the same store and the same engine.
    pub(crate) async fn restart(self) -> Self {
        self.stop.cancel();
        self.task.await.unwrap();
        let before = self.discord.gateway.log().identified;
        let this = Self::around(self.discord, self.shop, |_| {});
        let gateway = &this.discord.gateway;
        gateway
            .until("a new session", |log| {
                log.identified > before && log.open == 1
            })
            .await;
        this
    }

    /// The plan that waits for somebody.
    pub(crate) async fn offer(&self) -> Shown {
        self.discord
            .until("an offer", |shown| {
                shown.words().contains("; it expires at")
            })
            .await
    }

    /// An interaction, as the gateway delivers it.
    pub(crate) fn send(&self, payload: &Value) {
        self.discord.gateway.dispatch("INTERACTION_CREATE", payload);
    }

    /// A line, as somebody picks it from the menus: its words and flags become options.
    pub(crate) fn payload(&self, user: &str, line: &str) -> Value {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let options = self.options(word, rest);
        self.discord.slash(user, OPS, word, &options)
    }

    fn options(&self, name: &str, rest: &str) -> Value {
        let word = Word::find(name).unwrap_or_else(|| panic!("no word `{name}`"));
        let registered = registered(self.discord.world().commands(GUILD), name);
        let is_flag = |option: &str| word.flags.iter().any(|flag| flag.name == option);
        let names: Vec<&String> = registered.iter().filter(|name| !is_flag(name)).collect();
        let option = |name: &str, value: Value| json!({ "type": 3, "name": name, "value": value });
        let (mut options, mut given): (Vec<Value>, Vec<&str>) = (Vec::new(), Vec::new());
        let mut tokens = rest.split_whitespace();
        while let Some(token) = tokens.next() {
            match token.strip_prefix("--") {
                Some(flag)
                    if word.flags.iter().any(|of| {
                        of.name == flag && of.kind == dogwatch::command::words::FlagKind::Switch
                    }) =>
                {
                    options.push(json!({ "type": 5, "name": flag, "value": true }));
                }
                Some(flag) => options.push(option(flag, tokens.next().unwrap().into())),
                None => given.push(token),
            }
        }
        for (index, arg) in word.args.iter().enumerate() {
            let all = matches!(arg.count, Count::Any | Count::Some);
            let value = match given.get(index..) {
                Some(rest) if all => rest.join(" "),
                Some([first, ..]) => (*first).to_owned(),
                _ => continue,
            };
            if !value.is_empty() {
                options.push(option(names[index], value.into()));
            }
        }
        options.into()
    }

    /// A line from the menus, answered at once.
    pub(crate) async fn ops(&self, user: &str, line: &str) -> Value {
        let payload = self.payload(user, line);
        self.send(&payload);
        self.discord.answer_to(&payload).await;
        payload
    }

    pub(crate) async fn press(&self, user: &str, message: &Shown, label: &str) -> Value {
        let payload = self.discord.press(user, message, label);
        self.send(&payload);
        self.discord.answer_to(&payload).await.answer
    }

    pub(crate) async fn fill(
        &self,
        user: &str,
        message: &Shown,
        view: &Value,
        text: &str,
    ) -> Option<u64> {
        let payload = self.discord.filled(user, message, view, text);
        self.send(&payload);
        self.discord.answer_to(&payload).await.answered
    }
}

/// The options of a sub-command, in the order they were registered.
fn registered(commands: &[Value], word: &str) -> Vec<String> {
    fn find<'v>(options: &'v Value, word: &str) -> Option<&'v Value> {
        options.as_array()?.iter().find_map(|option| {
            if option["type"] == 1 && option["name"] == word && option.get("options").is_some() {
                return Some(&option["options"]);
            }
            find(&option["options"], word)
        })
    }
    let ops = commands
        .iter()
        .find(|command| command["name"] == "ops")
        .unwrap();
    let options =
        find(&ops["options"], word).unwrap_or_else(|| panic!("`{word}` is not registered"));
    let names = options.as_array().unwrap().iter();
    names
        .map(|option| option["name"].as_str().unwrap().to_owned())
        .collect()
}
