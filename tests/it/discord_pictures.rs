//! Every main kind of message keeps Discord's rules as it is really sent, and is left for whoever
//! draws pictures of them.

use std::path::Path;

use serde_json::json;

use crate::support::discord_kinds::kinds;
use crate::support::fake_discord_rules::message as broken;

#[tokio::test]
async fn every_main_kind_is_there_to_be_drawn() {
    let kinds = kinds().await;
    for (name, message) in &kinds {
        if message.get("embeds").is_none() {
            continue;
        }
        let mut body = message.clone();
        body["allowed_mentions"] = json!({ "parse": [] });
        assert_eq!(broken(&body), Vec::<String>::new(), "{name}");
    }
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("discord-messages.json");
    std::fs::write(to, serde_json::to_string_pretty(&kinds).unwrap()).unwrap();
}
