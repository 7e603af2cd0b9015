//! Two programs on one store: one looks after incidents and speaks, and when it is killed the other
//! one goes on, without a word twice.

use dogwatch::clock::Clock;
use dogwatch::incident::accept;

use crate::incident_crash::shown_once;
use crate::incident_intake::alert;
use crate::support::fake_slack::FakeSlack;
use crate::support::program::Place;
use crate::support::served::Served;

const CONFIG: &str = "watch: { events: false }\nincidents: { calm: 10m, group: { storm: 50 } }\n";

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_programs_speaks_and_the_other_takes_over() {
    let slack = FakeSlack::start().await;
    let place = tokio::task::spawn_blocking(Place::without_engine)
        .await
        .unwrap();
    let mut served = Served::start(place, &slack, CONFIG).await;
    let twin = served.twin().await;
    let store = served.store().await;
    let died = |number: usize| [alert(&format!("stack{number}"), "api", "died")];
    for number in 0..6 {
        accept(&store, Clock::System, &died(number)).await.unwrap();
    }
    shown_once(&slack, 6).await;
    served.kill().await;
    for number in 6..9 {
        accept(&store, Clock::System, &died(number)).await.unwrap();
    }
    shown_once(&slack, 9).await;
    drop(twin);
}
