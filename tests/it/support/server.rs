//! `dogwatch serve` on a port of its own, asked over HTTP.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;

use super::program::Place;

pub(crate) struct Server<'p> {
    pub(crate) place: &'p Place,
    child: Child,
    pub(crate) port: u16,
}

/// Of an HTTP answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) code: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A port for a server that has to come back to the same one. It is none of those that the kernel
/// gives to who asks for any, so nobody gets it in between; each process has a hundred of its own.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 200).unwrap() * 100;
    let mut ports = (0..100).map(|_| first + NEXT.fetch_add(1, Ordering::Relaxed) % 100);
    ports
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("one of a hundred ports is free")
}

impl<'p> Server<'p> {
    /// Returns when it answers. `config` is all but `http`.
    pub(crate) fn start(place: &'p Place, port: u16, config: &str) -> Self {
        Self::start_with(place, port, config, &[])
    }

    pub(crate) fn start_with(
        place: &'p Place,
        port: u16,
        config: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        let http = format!("http: {{ listen: \"127.0.0.1:{port}\" }}\n");
        place.write("dogwatch.yaml", &format!("{http}{config}"));
        let mut command = place.command(&["serve", "--headless"]);
        command
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let child = place.block_on(async {
            let mut child = command.spawn().expect("it starts");
            let log = child.stderr.take().expect("a pipe");
            let mut log = BufReader::new(log).lines();
            let mut told = Vec::new();
            loop {
                match log.next_line().await.expect("its log") {
                    Some(line) if line.contains("listening") => break,
                    Some(line) => told.push(line),
                    None => panic!("it ended: {}", told.join("\n")),
                }
            }
            // somebody has to read on, or it would wait for us
            tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
            child
        });
        let server = Self { place, child, port };
        server.ask("GET", "/healthz", &[], "");
        server
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.place.path("state").join("dogwatch.db")
    }

    /// No time to tidy up.
    pub(crate) fn kill(mut self) {
        let ended = async { self.child.kill().await };
        self.place.block_on(ended).expect("it is ended");
    }

    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answered {
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        );
        self.place.block_on(async {
            let mut stream = loop {
                match TcpStream::connect(("127.0.0.1", self.port)).await {
                    Ok(stream) => break stream,
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            };
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            // a refused body may end the connection under our words; the answer is there
            let _read = stream.read_to_end(&mut answer).await;
            let answer = String::from_utf8_lossy(&answer).into_owned();
            let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
            let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
            Answered {
                code: code.expect("a status"),
                head: head.to_lowercase(),
                body: body.to_owned(),
            }
        })
    }
}
