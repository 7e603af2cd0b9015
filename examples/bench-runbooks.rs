//! How long a thousand runbooks take to load: `cargo run --release --example bench-runbooks`.
//! Fails when it is more than a second.

use std::process::ExitCode;
use std::time::Duration;

use dogwatch::runbook::{Shelf, Source};

const FILES: usize = 1000;
const LIMIT: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let text = include_str!("../runbooks/general/ordered-restart.yml");
    let source = |number: usize| Source {
        pack: "bench".to_owned(),
        origin: format!("bench/{number}.yml"),
        text: Ok(text.replace("name: ordered-restart", &format!("name: ordered-{number}"))),
    };
    let sources: Vec<Source> = (0..FILES).map(source).collect();
    let began = tokio::time::Instant::now();
    let shelf = Shelf::new(sources);
    let took = began.elapsed();
    say(&format!(
        "{} runbooks in {} ms",
        shelf.iter().count(),
        took.as_millis()
    ));
    if shelf.iter().count() == FILES && took < LIMIT {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark tells its number")]
fn say(text: &str) {
    println!("{text}");
}
