//! The console on a terminal: prompt, colour, completion, hints, and what Ctrl-C and Ctrl-D do.
//! `script` of util-linux lends the terminal.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use dogwatch::clock::Clock;
use dogwatch::incident::{AlertState, accept};
use dogwatch::sim::demo_world;
use dogwatch::store::Store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::incident_intake::alert;
use crate::lab::missing;
use crate::support::program::{DOGWATCH, Place};

const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const PROMPT: &str = "ops> ";
const PATIENCE: Duration = Duration::from_secs(90);
const BREATH: Duration = Duration::from_millis(500);

struct Terminal<'p> {
    place: &'p Place,
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    /// What came since the last thing that was waited for.
    unread: String,
}

/// Whether a terminal can be had here; another kind of `script` takes other flags.
fn has_terminals(place: &Place) -> bool {
    let mut ask = place.as_program(Path::new("script"), &["--version"]);
    let answers = place.block_on(async { ask.output().await });
    let has = answers.is_ok_and(|output| output.status.success());
    if !has {
        missing("`script` of util-linux is not installed");
    }
    has
}

impl<'p> Terminal<'p> {
    fn open(place: &'p Place, arguments: &str, no_color: bool) -> Self {
        let call = format!("stty cols 100 rows 40; exec '{DOGWATCH}' {arguments}");
        let mut command = place.as_program(Path::new("script"), &["-qefc", &call, "/dev/null"]);
        command.stdin(Stdio::piped());
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let mut child = place
            .block_on(async { command.spawn() })
            .expect("script runs");
        Self {
            place,
            keys: child.stdin.take().expect("a pipe"),
            screen: child.stdout.take().expect("a pipe"),
            child,
            unread: String::new(),
        }
    }

    /// Waits until `wanted` is on the screen; gives what came before it, and it.
    fn until(&mut self, wanted: &str) -> String {
        let found = self.shows(wanted, PATIENCE);
        assert!(found, "no `{wanted}` in {:?}", self.newest());
        let (before, after) = self.unread.split_once(wanted).expect("it is there");
        let (seen, rest) = (format!("{before}{wanted}"), after.to_owned());
        self.unread = rest;
        seen
    }

    /// Presses keys again and again until `wanted` is on the screen.
    fn press_until(&mut self, keys: &str, wanted: &str) {
        let pressed = (0..60).any(|_| {
            self.press(keys);
            self.shows(wanted, BREATH)
        });
        assert!(pressed, "no `{wanted}` in {:?}", self.newest());
    }

    /// The end of what nobody waited for; a follower's output can be long.
    fn newest(&self) -> String {
        let skipped = self.unread.chars().count().saturating_sub(2000);
        self.unread.chars().skip(skipped).collect()
    }

    fn shows(&mut self, wanted: &str, patience: Duration) -> bool {
        let (screen, unread) = (&mut self.screen, &mut self.unread);
        let read = async {
            let mut chunk = [0; 4096];
            while !unread.contains(wanted) {
                match screen.read(&mut chunk).await {
                    Ok(0) | Err(_) => return false,
                    Ok(count) => unread.push_str(&String::from_utf8_lossy(&chunk[..count])),
                }
            }
            true
        };
        let limited = async { tokio::time::timeout(patience, read).await };
        self.place.block_on(limited).unwrap_or(false)
    }

    fn press(&mut self, keys: &str) {
        self.send(keys).expect("the terminal is there");
    }

    fn send(&mut self, keys: &str) -> io::Result<()> {
        let pipe = &mut self.keys;
        let write = async {
            pipe.write_all(keys.as_bytes()).await?;
            pipe.flush().await
        };
        self.place.block_on(write)
    }

    /// Ctrl-D, again where it came between two lines, when nobody reads keys.
    fn leave(mut self) -> Option<i32> {
        for _ in 0..60 {
            // it may have left since the last look
            self.send(CTRL_D).ok();
            let (place, child) = (self.place, &mut self.child);
            let waiting = async { tokio::time::timeout(BREATH, child.wait()).await };
            if let Ok(ended) = place.block_on(waiting) {
                return ended.expect("it ends").code();
            }
        }
        panic!("it goes on: {:?}", self.newest());
    }

    fn end(mut self) -> Option<i32> {
        drop(self.keys);
        let child = &mut self.child;
        let ended = self.place.block_on(async { child.wait().await });
        ended.expect("it ends").code()
    }
}

#[test]
fn a_person_types_and_leaves() {
    let place = Place::simulated(demo_world());
    if !has_terminals(&place) {
        return;
    }
    let mut terminal = Terminal::open(&place, "console", false);
    terminal.until(PROMPT);
    terminal.press("status shop\r");
    let status = terminal.until("worker");
    assert!(
        status.contains("\u{1b}["),
        "a terminal gets colour: {status:?}"
    );
    terminal.until(PROMPT);
    terminal.press("statsu\r");
    terminal.until("did you mean");
    terminal.until(PROMPT);
    terminal.press("exit\r");
    assert_eq!(
        terminal.end(),
        Some(0),
        "a wrong line is no reason to end badly"
    );
}

#[test]
fn ctrl_d_leaves_and_ctrl_c_only_drops_the_line() {
    let place = Place::simulated(demo_world());
    if !has_terminals(&place) {
        return;
    }
    let mut terminal = Terminal::open(&place, "console", false);
    terminal.until(PROMPT);
    terminal.press("restart d");
    terminal.press(CTRL_C);
    terminal.until(PROMPT);
    // what is typed ahead of the next prompt goes with the line that was dropped
    terminal.press_until("whoami\r", "you are console:");
    assert_eq!(terminal.leave(), Some(0));
}

#[test]
fn ctrl_c_ends_what_runs_and_not_the_program() {
    let place = Place::simulated(demo_world());
    if !has_terminals(&place) {
        return;
    }
    let mut terminal = Terminal::open(&place, "console", false);
    terminal.until(PROMPT);
    terminal.press("logs api --follow --tail 1\r");
    terminal.until("shop-api-1");
    terminal.press_until(CTRL_C, PROMPT);
    terminal.press_until("whoami\r", "you are console:");
    assert_eq!(terminal.leave(), Some(0));
}

#[test]
fn words_and_live_names_are_completed() {
    let place = Place::simulated(demo_world());
    if !has_terminals(&place) {
        return;
    }
    let mut terminal = Terminal::open(&place, "console", false);
    terminal.until(PROMPT);
    terminal.press("diag\t");
    terminal.until("diagnose ");
    terminal.press("gat");
    // the names are looked up while the person thinks
    terminal.press_until("\t", "gateway");
    terminal.press("\r");
    terminal.until("gateway is healthy");
    assert_eq!(terminal.leave(), Some(0));
}

#[test]
fn no_color_means_none_on_a_terminal_too() {
    let place = Place::simulated(demo_world());
    if !has_terminals(&place) {
        return;
    }
    let mut terminal = Terminal::open(&place, "console -- status", true);
    let status = terminal.until("worker");
    assert!(!status.contains("\u{1b}["), "{status:?}");
    assert_eq!(terminal.end(), Some(0));
}

/// The demo waits for a person where there is one.
#[test]
fn the_demo_is_driven_by_a_person_on_a_terminal() {
    let place = Place::without_engine();
    if !has_terminals(&place) {
        return;
    }
    let mut terminal = Terminal::open(&place, "demo", false);
    terminal.until("your turn");
    terminal.until(PROMPT);
    terminal.press("diagnose gateway\r");
    terminal.until("oom-killed");
    terminal.until(PROMPT);
    assert_eq!(terminal.leave(), Some(0));
}

/// As chats show it, above the line that is being typed, which stays as it is.
#[test]
fn incidents_are_told_above_the_line_that_is_typed() {
    let place = Place::without_engine();
    if !has_terminals(&place) {
        return;
    }
    let database = format!("sqlite://{}", place.path("x.db").display());
    place.write(
        "dogwatch.yaml",
        &format!(
            "http: {{ listen: \"127.0.0.1:0\" }}\nstore: {{ url: \"{database}\" }}\n\
             watch: {{ events: false }}\nincidents: {{ calm: 1s }}\n"
        ),
    );
    let store = place.block_on(async { Store::open(&database).await.unwrap() });
    let tell = |state| {
        let mut alert = alert("shop", "db", "died");
        // nobody can look whether it is well there
        "elsewhere".clone_into(&mut alert.host);
        alert.state = state;
        place.block_on(async { accept(&store, Clock::System, &[alert]).await.unwrap() });
    };
    let mut terminal = Terminal::open(&place, "serve", true);
    let mut seen = terminal.until(PROMPT);
    terminal.press("who");
    seen += &terminal.until("who");
    tell(AlertState::Firing);
    seen += &terminal.until("🔴 #1 shop/db: it went wrong");
    seen += &terminal.until(&format!("{PROMPT}who"));
    tell(AlertState::Resolved);
    seen += &terminal.until("🟢 #1 shop/db: it went wrong");
    seen += &terminal.until(&format!("{PROMPT}who"));
    assert!(!seen.contains("something is wrong"), "told twice: {seen}");
    terminal.press("ami\r");
    terminal.until("you are console:");
    assert_eq!(terminal.leave(), Some(0));
}
