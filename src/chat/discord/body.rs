//! A message's body as Discord wants it: whom it may call, which file it has, how it is known again.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use super::api::FILE;
use crate::text::{Calls, Card, Name};

/// A card as the body of a message. Nothing in it calls anybody but whom the card names.
pub(super) fn body(card: &Card) -> Value {
    let Calls { people, roles } = card.calls();
    let people_called = people.iter().map(|id| format!("<@{id}>"));
    let calls = people_called.chain(roles.iter().map(|id| format!("<@&{id}>")));
    let files: Vec<Value> = card
        .spilled()
        .map(|_| json!({ "id": "0", "filename": FILE }))
        .into_iter()
        .collect();
    json!({
        "content": calls.collect::<Vec<_>>().join(" "),
        "embeds": card.embeds(),
        "components": card.components(),
        "attachments": files,
        "allowed_mentions": { "parse": [], "users": people, "roles": roles },
    })
}

pub(super) fn with(mut body: Value, key: &str, value: impl Into<Value>) -> Value {
    if let Some(body) = body.as_object_mut() {
        body.insert(key.to_owned(), value.into());
    }
    body
}

/// A message that is sent again because its answer was lost is there once: Discord knows it by its
/// nonce, of 25 characters at most, for some minutes. What nobody asked for is known by what it is
/// about, so that it is there once even when another life of the program sends it again.
pub(super) fn once(body: Value, to: &str, about: Option<&Name>) -> Value {
    let nonce = match about {
        None => format!("{:020x}", Ulid::generate().random()),
        Some(about) => {
            let digest = Sha256::digest(format!("{to}\n{about}"));
            let hex = digest.iter().take(12).map(|byte| format!("{byte:02x}"));
            hex.collect()
        }
    };
    with(with(body, "nonce", nonce), "enforce_nonce", true)
}
