//! `dogwatch serve` as a program of its own that tests start, ask and kill, with a store on disk
//! and the fake Slack.

use std::process::Stdio;
use std::time::Duration;

use dogwatch::store::Store;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::time::{sleep, timeout};

use super::fake_slack::{APP_TOKEN, BOT_TOKEN, FakeSlack};
use super::program::Place;

pub(crate) const ALERTS: &str = "CALERTS";

pub(crate) struct Served {
    /// Always there until it is dropped.
    place: Option<Place>,
    child: Child,
    address: String,
}

impl Served {
    /// With more configuration of the test's own.
    pub(crate) async fn start(place: Place, slack: &FakeSlack, more: &str) -> Self {
        let store = place.path("dogwatch.db");
        let config = format!(
            "http: {{ listen: \"127.0.0.1:0\" }}\nstore: {{ url: \"sqlite://{}\" }}\n\
             alerts: {{ token: \"secret-token\" }}\nchat:\n  slack:\n    api_url: \"{}\"\n    \
             bot_token: \"{BOT_TOKEN}\"\n    app_token: \"{APP_TOKEN}\"\n    \
             alerts_channel: \"{ALERTS}\"\n{more}",
            store.display(),
            slack.api_url()
        );
        Self::configured(place, &config).await
    }

    /// With this configuration, as it stands.
    pub(crate) async fn configured(place: Place, config: &str) -> Self {
        place.write("dogwatch.yaml", config);
        let (child, address) = begin(&place).await;
        Self {
            place: Some(place),
            child,
            address,
        }
    }

    /// A second program of the same configuration, on the same store.
    pub(crate) async fn twin(&self) -> (Child, String) {
        begin(self.place()).await
    }

    /// Killed without a warning, for good.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("it is killed");
    }

    /// Another configuration, which the program notices by itself.
    pub(crate) fn reconfigure(&self, config: &str) {
        self.place().write("dogwatch.yaml", config);
    }

    fn place(&self) -> &Place {
        self.place.as_ref().expect("it is there")
    }

    /// Killed without a warning, and begun again.
    pub(crate) async fn kill_and_restart(&mut self) {
        self.child.kill().await.expect("it is killed");
        (self.child, self.address) = begin(self.place()).await;
    }

    pub(crate) async fn store(&self) -> Store {
        let url = format!("sqlite://{}", self.place().path("dogwatch.db").display());
        Store::open(&url).await.expect("the store opens")
    }

    /// The status, and the body; `None` where nobody answers.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Option<u16> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer secret-token\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        self.ask(&request).await.map(|(status, _)| status)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        self.ask(&request).await.expect("it answers")
    }

    async fn ask(&self, request: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).await.ok()?;
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.start_kill().ok();
        // it has a runtime, which can't be dropped inside another one
        let place = self.place.take();
        std::thread::spawn(move || drop(place)).join().ok();
    }
}

async fn begin(place: &Place) -> (Child, String) {
    let mut command = place.command(&["serve", "--headless"]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    let log = child.stderr.take().expect("a pipe");
    let mut log = BufReader::new(log).lines();
    let found = timeout(Duration::from_mins(1), async {
        while let Ok(Some(line)) = log.next_line().await {
            if let Some((_, address)) = line.split_once("address=") {
                return address.split_whitespace().next().map(str::to_owned);
            }
        }
        None
    });
    let address = found.await.ok().flatten().expect("it listens");
    // a full pipe would stop the program
    tokio::spawn(async move {
        while let Ok(Some(line)) = log.next_line().await {
            eprintln!("{line}");
        }
    });
    (child, address)
}

/// Until it holds; what takes longer than a minute never does.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_mins(2), waiting)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
}
