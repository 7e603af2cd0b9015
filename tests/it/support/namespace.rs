//! A network namespace as another machine: one cable to it, which can be pulled and put back.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU8, Ordering};

use super::real_engine::program;

pub(crate) struct Namespace {
    pub(crate) name: String,
    /// Its own address, at the far end of the cable.
    pub(crate) address: Ipv4Addr,
    cable: String,
}

impl Namespace {
    /// `None` where none may be made; the test then says so.
    pub(crate) fn new() -> Option<Self> {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        let required = std::env::var_os("DOGWATCH_REQUIRE_ENGINE").is_some();
        let there = program("ip").arg("-V").output().is_ok();
        if !there || !nix::unistd::getuid().is_root() {
            assert!(!required, "no namespaces: install iproute2 and run as root");
            eprintln!("NOT RUN: needs ip and root");
            return None;
        }
        let number = NEXT.fetch_add(4, Ordering::SeqCst);
        let process = std::process::id();
        // one net of four addresses for each cable, by process, so that test runs do not meet
        let net = |last: u8| {
            let [.., high, low] = process.to_be_bytes();
            Ipv4Addr::new(10, 128 | (high & 63), low, number + last)
        };
        let made = Self {
            name: format!("dw{process}-{number}"),
            address: net(2),
            cable: format!("dw{process}n{number}"),
        };
        let inside = format!("{}i", made.cable);
        ip(&["netns", "add", &made.name]);
        let peer = ["peer", "name", &inside, "netns", &made.name];
        ip(&[&["link", "add", &made.cable, "type", "veth"], &peer[..]].concat());
        ip(&[
            "address",
            "add",
            &format!("{}/30", net(1)),
            "dev",
            &made.cable,
        ]);
        ip(&["link", "set", &made.cable, "up"]);
        let own = format!("{}/30", made.address);
        ip(&["-n", &made.name, "address", "add", &own, "dev", &inside]);
        ip(&["-n", &made.name, "link", "set", &inside, "up"]);
        ip(&["-n", &made.name, "link", "set", "lo", "up"]);
        Some(made)
    }

    /// Nothing passes any more, and nobody is told.
    pub(crate) fn pull(&self) {
        ip(&["link", "set", &self.cable, "down"]);
    }

    pub(crate) fn put_back(&self) {
        ip(&["link", "set", &self.cable, "up"]);
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        ip(&["netns", "delete", &self.name]);
    }
}

fn ip(arguments: &[&str]) {
    let output = program("ip").args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments:?}: {complaint}");
}
