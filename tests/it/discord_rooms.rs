//! What is posted without anybody having asked: in a channel with a thread below it, in a forum with a
//! tag for its state.

use dogwatch::live::{Patience, Place, Stage, StageError, Standing};
use dogwatch::text::{Line, Message, Style};

use crate::support::discord_shop::{DiscordShop, OPS};
use crate::support::fake_discord::{Failure, Shown};

const FORUM: &str = "15";

fn incident(words: &'static str) -> Message {
    Message::new()
        .heading("🔴 #42 shop/db was killed")
        .line(Line::new().styled(Style::Call, "discord-role:789"))
        .line(words)
}

fn at(channel: &str) -> Place {
    Place {
        channel: channel.to_owned(),
        ..Place::default()
    }
}

#[tokio::test]
async fn in_a_channel_an_incident_is_a_message_with_a_thread() {
    let shop = DiscordShop::open().await;
    let stage = shop.adapter.as_stage();
    let posted = stage
        .post(&at(OPS), &incident("open"), Patience::Brief)
        .await;
    let posted = posted.unwrap().unwrap();
    let shown = shop.discord.world().shown[0].clone();
    assert_eq!(shown.body["content"], "<@&789>");
    assert_eq!(
        shown.body["allowed_mentions"]["roles"],
        serde_json::json!(["789"])
    );

    stage.mark(&posted, Standing::Resolved).await.unwrap();
    assert!(
        !shop.discord.world().channels.contains_key(&posted.id),
        "no thread for nothing"
    );
    for words in ["api joined", "db recovered"] {
        stage
            .reply(&posted, &Message::new().line(words))
            .await
            .unwrap();
    }
    stage.mark(&posted, Standing::Resolved).await.unwrap();
    {
        let world = shop.discord.world();
        let thread = &world.channels[&posted.id];
        assert_eq!(
            (thread.name.as_str(), thread.archived),
            ("🔴 #42 shop/db was killed", true)
        );
        let told: Vec<String> = world
            .shown
            .iter()
            .filter(|shown| shown.channel == posted.id)
            .map(Shown::words)
            .collect();
        assert_eq!(told, ["api joined", "db recovered"]);
    }
    stage
        .edit(&posted, &incident("over"), Patience::Brief)
        .await
        .unwrap();
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn in_a_forum_an_incident_is_a_post_with_a_tag_for_its_state() {
    let shop = DiscordShop::open().await;
    shop.discord.channel(FORUM, 15);
    let stage = shop.adapter.as_stage();
    let posted = stage
        .post(&at(FORUM), &incident("open"), Patience::Brief)
        .await;
    let posted = posted.unwrap().unwrap();
    let thread = posted.thread.clone().unwrap();
    let state = |shop: &DiscordShop| {
        let world = shop.discord.world();
        let post = &world.channels[&thread];
        (post.applied.clone(), post.archived)
    };
    assert_eq!(state(&shop), (vec!["81".to_owned()], false));

    // somebody gives it a tag of their own
    shop.discord
        .world()
        .channels
        .get_mut(&thread)
        .unwrap()
        .applied
        .push("84".to_owned());
    stage.mark(&posted, Standing::Acknowledged).await.unwrap();
    assert_eq!(
        state(&shop),
        (vec!["82".to_owned(), "84".to_owned()], false)
    );
    stage
        .reply(&posted, &Message::new().line("anna looks after it"))
        .await
        .unwrap();
    stage
        .edit(&posted, &incident("over"), Patience::Brief)
        .await
        .unwrap();
    stage.mark(&posted, Standing::Resolved).await.unwrap();
    assert_eq!(state(&shop), (vec!["83".to_owned(), "84".to_owned()], true));

    stage
        .edit(&posted, &incident("told later"), Patience::Brief)
        .await
        .unwrap();
    assert!(state(&shop).1, "put away again");
    stage.mark(&posted, Standing::Open).await.unwrap();
    assert_eq!(
        state(&shop),
        (vec!["81".to_owned(), "84".to_owned()], false)
    );
    let world = shop.discord.world();
    let words: Vec<String> = world.shown.iter().map(Shown::words).collect();
    assert!(
        words[0].contains("told later") && words[1] == "anna looks after it",
        "{words:?}"
    );
    drop(world);
    shop.discord.assert_obeyed();
}

#[tokio::test]
async fn what_discord_never_takes_is_told_apart_from_what_it_takes_later() {
    let shop = DiscordShop::open().await;
    let stage = shop.adapter.as_stage();
    let nowhere = stage
        .post(&at("404"), &incident("open"), Patience::Brief)
        .await;
    assert!(
        matches!(nowhere, Err(StageError::Refused(_))),
        "{nowhere:?}"
    );
    let long = vec![Failure::TooMany(3600.0)];
    shop.discord
        .world()
        .failures
        .insert("POST /messages".into(), long.into());
    let later = stage
        .post(&at(OPS), &incident("open"), Patience::Brief)
        .await;
    assert!(
        matches!(later, Err(StageError::Unreachable(_))),
        "{later:?}"
    );
    shop.discord.assert_obeyed();
}
