//! Whether the world is still what a plan was made for.

use futures_util::future::join_all;

use crate::engine::{Engine, EngineError};
use crate::runbook::{Plan, Witness};
use crate::say;
use crate::text::{Clean, Name};

/// What is not as it was when the plan was made, in words; nothing when all is.
pub async fn changes(engine: &Engine, plan: &Plan) -> Vec<Clean> {
    let looks = plan.witnesses.iter().map(|witness| change(engine, witness));
    join_all(looks).await.into_iter().flatten().collect()
}

async fn change(engine: &Engine, witness: &Witness) -> Option<Clean> {
    let name = Name::new(&witness.name);
    match engine.container(&witness.id).await {
        Ok(now) if now.name != witness.name => {
            Some(say!("{} is called {} now", name, Name::new(&now.name)))
        }
        Ok(now) if now.image_id != witness.image_id => Some(say!("{} has another image now", name)),
        Err(EngineError::NotFound { .. }) => Some(match engine.container(&witness.name).await {
            Ok(other) => say!(
                "{} is another container now ({} instead of {})",
                name,
                short(&other.id),
                short(&witness.id)
            ),
            Err(_) => say!("{} is gone", name),
        }),
        // an engine that does not answer is found out by the first step
        Ok(_) | Err(_) => None,
    }
}

fn short(id: &str) -> Name {
    let short: String = id.chars().take(12).collect();
    Name::new(&short)
}
