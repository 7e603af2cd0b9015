//! What events mean, told as short stories: each line is one event, or time that passes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::lives::{Lives, Rules};
use super::reconcile::Glance;
use super::sign::Course;
use crate::action::container::{Container, RestartPolicy, State, Status};
use crate::action::events::Event;

struct Story {
    lives: Lives,
    at: Timestamp,
    now: Instant,
}

impl Story {
    fn begin() -> Self {
        Self {
            lives: Lives::new(Rules::default()),
            at: "2026-11-20T03:00:00Z".parse().unwrap(),
            now: Instant::now(),
        }
    }

    fn pass(&mut self, seconds: u64) -> &mut Self {
        let span = Duration::from_secs(seconds);
        self.now += span;
        self.at += SignedDuration::try_from(span).unwrap();
        self.lives.tick(self.now, self.at);
        self
    }

    /// `a die 3`, `a kill 15`, `b start`: a container of the service `api`, and what happened.
    fn see(&mut self, line: &str) -> &mut Self {
        let mut words = line.splitn(3, ' ');
        let (id, action) = (words.next().unwrap(), words.next().unwrap());
        let extra = words.next();
        let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let mut attributes = std::collections::BTreeMap::from([
            label("name", &format!("shop-api-{id}")),
            label("com.docker.compose.project", "shop"),
            label("com.docker.compose.service", "api"),
        ]);
        match (action, extra) {
            ("die", Some(code)) => attributes.extend([label("exitCode", code)]),
            ("kill", Some(signal)) => attributes.extend([label("signal", signal)]),
            _ => {}
        }
        let action = match (action, extra) {
            ("health", Some(status)) => format!("health_status: {status}"),
            _ => action.to_owned(),
        };
        let event = Event {
            at: self.at,
            kind: "container".to_owned(),
            action,
            actor: id.to_owned(),
            attributes,
        };
        self.lives.see(&event, self.now);
        self
    }

    /// What is to be told since the last time.
    fn told(&mut self) -> Vec<String> {
        let signs = self.lives.take();
        let course = |course: Course| match course {
            Course::Began { .. } => "began".to_owned(),
            Course::Over(over) => format!("{over:?}").to_lowercase(),
        };
        signs
            .iter()
            .map(|sign| format!("{} {} {}", sign.id, sign.ail.word(), course(sign.course)))
            .collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_none_however_it_was_asked_for() {
    let mut story = Story::begin();
    story
        .see("a start")
        .see("a kill 15")
        .pass(10)
        .see("a kill 9")
        .see("a die 137")
        .see("a stop");
    assert!(story.told().is_empty());
    // a signal that usually ends nothing may be a stop signal: `stop` follows at once
    story
        .see("a start")
        .see("a kill 10")
        .see("a die 1")
        .see("a stop")
        .pass(60);
    assert!(story.told().is_empty());
    story.see("a start").see("a kill SIGHUP").see("a die 1");
    assert!(story.told().is_empty());
    assert_eq!(story.pass(3).told(), ["a died began"]);
}

#[tokio::test(start_paused = true)]
async fn a_signal_of_long_ago_explains_no_death() {
    let mut story = Story::begin();
    story
        .see("a start")
        .see("a kill 15")
        .pass(600)
        .see("a die 143");
    assert_eq!(story.told(), ["a died began"]);
}

#[tokio::test(start_paused = true)]
async fn recovery_takes_its_time_and_a_health_check_has_the_last_word() {
    let mut story = Story::begin();
    story.see("a die 1").see("a start").pass(9);
    assert_eq!(story.told(), ["a died began"]);
    assert_eq!(story.pass(1).told(), ["a died up"]);
    story
        .see("a health healthy")
        .see("a die 1")
        .see("a start")
        .pass(600);
    assert_eq!(story.told(), ["a died began"]);
    assert_eq!(story.see("a health healthy").told(), ["a died healthy"]);
}

#[tokio::test(start_paused = true)]
async fn one_replica_does_not_speak_for_another() {
    let mut story = Story::begin();
    story.see("a die 1").see("b die 1").see("a start").pass(30);
    assert_eq!(story.told(), ["a died began", "b died began"]);
    assert_eq!(story.see("b start").pass(30).told(), ["b died up"]);
}

#[tokio::test(start_paused = true)]
async fn a_loop_is_told_once_and_rests_longer() {
    let mut story = Story::begin();
    for _ in 0..6 {
        story.see("a start").pass(2).see("a die 1");
    }
    let began = ["a died began", "a died began", "a restarting began"];
    assert_eq!(story.told(), began);
    story.see("a start").pass(59);
    assert!(story.told().is_empty());
    assert_eq!(story.pass(1).told(), ["a died up", "a restarting up"]);
}

#[tokio::test(start_paused = true)]
async fn memory_that_ran_out_and_the_death_of_it_are_one() {
    let mut story = Story::begin();
    story.see("a oom").see("a die 137").see("a start").pass(10);
    assert_eq!(story.told(), ["a oom began", "a oom began", "a oom up"]);
    // a child of its main program died, and the container lives on
    story.see("a oom").pass(59);
    assert_eq!(story.told(), ["a oom began"]);
    assert_eq!(story.pass(1).told(), ["a oom up"]);
}

#[tokio::test(start_paused = true)]
async fn removing_it_ends_it_unless_the_engine_did_so_by_itself() {
    let mut story = Story::begin();
    story.see("a die 1").pass(60).see("a destroy");
    assert_eq!(story.told(), ["a died began", "a died removed"]);
    story.see("b die 1").pass(1).see("b destroy").pass(600);
    assert_eq!(story.told(), ["b died began"]);
    // another container of the service stands in for it
    assert_eq!(story.see("c start").pass(10).told(), ["c died up"]);
}

fn ended(policy: &str, code: i64, at: Timestamp) -> Container {
    Container {
        id: "a".to_owned(),
        name: "shop-api-a".to_owned(),
        restart_policy: RestartPolicy {
            name: policy.to_owned(),
            maximum: 0,
        },
        state: State {
            status: Status::Exited,
            exit_code: Some(code),
            finished_at: Some(at),
            ..State::default()
        },
        ..Container::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_tells_of_deaths_that_no_event_told_of() {
    let began = "2026-11-20T03:00:00Z".parse::<Timestamp>().unwrap();
    let minutes = |count| began + SignedDuration::from_mins(count);
    let found = |container: Container, since: Option<Timestamp>| {
        let mut lives = Lives::new(Rules::default());
        let glance = Glance {
            at: minutes(10),
            now: Instant::now(),
            since,
            until: minutes(9),
        };
        lives.compare(&[container], &glance);
        lives.take().len()
    };
    assert_eq!(found(ended("no", 1, minutes(5)), Some(began)), 1);
    assert_eq!(found(ended("no", 0, minutes(5)), Some(began)), 0);
    // somebody stopped it: else the engine would have started it again
    assert_eq!(found(ended("always", 1, minutes(5)), Some(began)), 0);
    // long ago, or so short ago that its event is on the way
    assert_eq!(found(ended("no", 1, minutes(5)), Some(minutes(6))), 0);
    assert_eq!(found(ended("no", 1, minutes(10)), Some(began)), 0);
    // the first look of all is at somebody else's past
    assert_eq!(found(ended("no", 1, minutes(5)), None), 0);
}

#[tokio::test(start_paused = true)]
async fn what_an_engine_left_behind_is_no_stop() {
    let mut story = Story::begin();
    story
        .see("a start")
        .pass(60)
        .see("a kill 15")
        .see("a die 0");
    let end = story.at;
    story.lives.engine_left(story.at);
    story.pass(60);
    let glance = Glance {
        at: story.at,
        now: story.now,
        since: Some(end - SignedDuration::from_secs(5)),
        until: story.at,
    };
    story.lives.compare(&[ended("no", 0, end)], &glance);
    assert_eq!(story.told(), ["a died began"]);
}
