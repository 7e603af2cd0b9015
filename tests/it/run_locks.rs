//! What changes a whole host and what changes one stack of it keep out of each other's way.

use dogwatch::bot::Outcome;
use dogwatch::store::RunState;

use crate::support::two_people::Place;

const DOWN_AND_UP: &str = "name: down-and-up\ntitle: Down and up\nrisk: change\nparams:\n  stack: { type: stack, required: true }\nsteps:\n  - container.stop: { services: api }\n  - gate: is it quiet?\n  - container.start: { services: api }\n";

#[tokio::test]
async fn nothing_is_pruned_while_a_stack_is_taken_apart() {
    let place = Place::with(&[DOWN_AND_UP], |_| {});
    let going = place.later("anna", "run down-and-up stack=shop");
    let gated = place.at_gate().await;
    place.says("anna", "prune containers").await;
    let prune = place.newest().await;
    let (outcome, text) = place.says("ben", &format!("approve {prune} local")).await;
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert!(text.contains(&gated), "it says who is in the way: {text}");
    let (outcome, text) = place.says("ben", &format!("approve {gated}")).await;
    assert_eq!(outcome, Outcome::Done, "{text}");
    let (outcome, text) = going.await.unwrap();
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert_eq!(place.runs().await[1].state, RunState::Succeeded);
}

#[tokio::test]
async fn what_was_cut_short_on_the_host_or_in_a_stack_keeps_the_other_away() {
    let place = Place::new(None);
    place.cut_short("run full-reset stack=shop").await;
    let (outcome, text) = place.says("anna", "prune containers").await;
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert!(text.contains("was cut short"), "{text}");
    let (outcome, text) = place.says("anna", "run restart service=web --yes").await;
    assert_eq!(outcome, Outcome::Done, "another stack is free: {text}");

    let place = Place::new(None);
    place.cut_short("prune containers").await;
    let (outcome, text) = place.says("anna", "restart api").await;
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert!(text.contains("was cut short"), "{text}");
}
