//! Who holds a port: a container, a program, nobody; on this machine and over SSH.

use std::net::TcpListener;

use dogwatch::bot::Outcome;
use dogwatch::host::Fleet;
use dogwatch::host::fleet::Reach;

use crate::support::real_engine::docker;
use crate::support::real_stack::{POLITE, Real};
use crate::support::sshd::Sshd;
use crate::support::tester::Tester;

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn containers_programs_and_nobody_are_told_apart() {
    let Some(real) = Real::new().await else {
        return;
    };
    let real = &real;
    let says = |line: String| async move { real.says(&line).await.1 };
    let port = free_port();
    let text = says(format!("run port-holder {port}")).await;
    assert!(text.contains(&format!("port {port} is free")), "{text}");
    assert!(
        text.contains("open to everybody who reaches the host"),
        "{text}"
    );

    let ours = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let text = says(format!("run port-holder {port}")).await;
    let me = format!(
        "(pid {}, tcp), for this host only (127.0.0.1)",
        std::process::id()
    );
    assert!(text.contains(&me), "{text}");
    assert!(text.contains("is not possible while it is held"), "{text}");
    let text = says(format!("run port-holder port={port} address=127.0.0.2")).await;
    assert!(
        text.contains(&format!("a new mapping to 127.0.0.2:{port} is possible")),
        "{text}"
    );
    drop(ours);

    let bridge = format!("{port}:80");
    let name = real.name("web");
    real.service_of(
        crate::support::real_engine::IMAGE,
        "web",
        &["--network", "bridge", "--publish", &bridge],
        POLITE,
    );
    let (outcome, text) = real.says(&format!("run port-holder {port}")).await;
    let held = format!("held by container {name} for its port 80/tcp, on every interface");
    assert!(outcome == Outcome::Done && text.contains(&held), "{text}");
    assert!(!text.contains("docker-proxy"), "{text}");
    docker(&["stop", "--time", "1", &name]);
    let text = says(format!("run port-holder {port}")).await;
    assert!(
        text.contains(&format!("{name} is stopped and asks for port {port}")),
        "{text}"
    );
}

#[tokio::test]
async fn a_host_over_ssh_tells_its_programs_too() {
    let (Some(_), Some(sshd)) = (Real::new().await, Sshd::start()) else {
        return;
    };
    let settings = sshd.settings();
    let shop = Tester::with(|bot| {
        bot.fleet = Fleet::new([("vps".to_owned(), Reach::Ssh(settings))]);
    });
    let line = format!("run port-holder port={} host=vps", sshd.port);
    let text = shop.say(&line).await.text;
    assert!(text.contains("held by sshd (pid "), "{text}");
}

#[tokio::test]
async fn whose_programs_cannot_be_seen_is_said() {
    let shop = Tester::new();
    let text = shop.say("run port-holder 4711").await.text;
    assert!(text.contains("no container publishes port 4711"), "{text}");
    assert!(text.contains("cannot be seen from here"), "{text}");
}
