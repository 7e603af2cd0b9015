//! Where things come to their end: a certificate, a container's memory, a consumer's patience, a host
//! over SSH. Each is the real thing, watched by the real program.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use dogwatch::incident::{Incident, files};
use dogwatch::store::{IncidentFilter, Store};
use dogwatch::watch::check::Kind;

use crate::engine_tls::certificates;
use crate::support::fake_slack::FakeSlack;
use crate::support::program::Place;
use crate::support::real_engine::{Sandbox, is_there, program, real_engine};
use crate::support::served::{Served, until};
use crate::support::server::{Server, free_port};
use crate::support::sshd::Sshd;
use crate::support::watched::{Watched, alerts_in, orders, until_in};
use crate::watch_checks::{Nats, check, container};

const QUIET: &str = "hosts: { local: { docker: \"unix:///nowhere/engine.sock\" } }\n\
     watch: { events: false }\n";

fn store(server: &Server<'_>) -> Store {
    let url = format!("sqlite://{}", server.database().display());
    let opened = async { Store::open(&url).await.unwrap() };
    server.place.block_on(opened)
}

/// openssl's own server, with a certificate that ends in two days.
struct TlsServer(Child);

impl TlsServer {
    fn start(certificates: &Path, port: u16) -> Self {
        let address = format!("127.0.0.1:{port}");
        let server = program("openssl")
            .args(["s_server", "-www", "-quiet", "-accept", &address])
            .args(["-cert", "cert.pem", "-key", "key.pem"])
            .current_dir(certificates)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self(server);
        // what is asked before it listens would be told too
        for _ in 0..3000 {
            if std::net::TcpStream::connect(&address).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("openssl does not listen");
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_certificate_is_told_before_it_ends_and_a_stranger_s_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let made = certificates(directory.path(), "ours").zip(certificates(directory.path(), "theirs"));
    let Some((ours, theirs)) = made else {
        eprintln!("NOT RUN: openssl is not there");
        return;
    };
    let (port, strange) = (free_port(), free_port());
    let _servers = [
        TlsServer::start(&ours, port),
        TlsServer::start(&theirs, strange),
    ];
    let site = |name: &str, port: u16, days: u16| {
        format!(
            "  {name}: {{ http: {{ url: \"https://127.0.0.1:{port}/\", tls_days: {days} }}, \
             interval: 1s, retries: 3 }}\n"
        )
    };
    let checks = [
        site("short", port, 7),
        site("enough", port, 1),
        site("strange", strange, 1),
    ];
    let place = Place::without_engine();
    let trusted = ours.join("ca.pem").display().to_string();
    let server = Server::start_with(
        &place,
        free_port(),
        &format!("{QUIET}checks:\n{}", checks.concat()),
        &[("SSL_CERT_FILE", &trusted)],
    );
    let store = store(&server);
    let firing = |service: &'static str| {
        let told = until_in(&store, service, move |alert| alert.service == service);
        place.block_on(told).summary.to_string()
    };
    let short = firing("short");
    let words = "check short: the certificate ends in 1 days, on 20";
    assert!(short.starts_with(words), "{short}");
    let strange = firing("strange");
    assert!(strange.contains("UnknownIssuer"), "{strange}");
    let told = place.block_on(alerts_in(&store));
    assert!(
        told.iter().all(|alert| alert.service != "enough"),
        "{told:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_near_its_limit_is_told_of_a_real_container() {
    let Some(engine) = real_engine().await else {
        return;
    };
    let sandbox = Sandbox::new();
    if !is_there("dogwatch-lab:1") {
        return;
    }
    let run = |what: &str, mebibytes: u32| {
        let name = sandbox.name(what);
        let holds = format!(
            "globalThis.held = Buffer.alloc({mebibytes} << 20, 1); setInterval(() => {{}}, 1000)"
        );
        let options = ["--network=none", "--memory=256m", "--name", &name];
        sandbox.run_image("dogwatch-lab:1", &options, &["node", "-e", &holds]);
        name
    };
    let (full, roomy) = (run("full", 150), run("roomy", 0));
    let memory = |name: &str| Kind::Memory {
        container: container(name),
        percent: 50,
    };
    let mut orders = orders(engine.endpoint().clone());
    orders.checks = vec![check("roomy", memory(&roomy)), check("full", memory(&full))];
    let watched = Watched::over(orders).await;
    let alert = watched.until_firing("full", "check:full").await;
    let said = alert.summary.as_str().replace(&full, "NAME");
    assert!(
        said.starts_with("check full: container `NAME` uses ") && said.ends_with(" of 256 MiB"),
        "{said}"
    );
    let told = watched.alerts().await;
    assert!(
        told.iter().all(|alert| alert.service == "full"),
        "{told:#?}"
    );
}

#[test]
fn the_lag_is_told_where_the_configuration_names_the_monitoring_address() {
    let Some(nats) = Nats::start() else {
        return;
    };
    let place = Place::without_engine();
    place.block_on(nats.fill(6));
    let lag = |name: &str, pending: u32| {
        format!(
            "  {name}: {{ nats: {{ url: \"http://127.0.0.1:{}\", stream: ORDERS, consumer: billing, \
             pending: {pending} }}, interval: 1s, retries: 0 }}\n",
            nats.monitoring
        )
    };
    let checks = [lag("behind", 5), lag("near", 6)].concat();
    let server = Server::start(&place, free_port(), &format!("{QUIET}checks:\n{checks}"));
    let store = store(&server);
    let told = until_in(&store, "behind", |alert| alert.service == "behind");
    assert_eq!(
        place.block_on(told).summary.as_str(),
        "check behind: consumer `billing` of `ORDERS` is 6 messages behind, more than 5"
    );
    let told = place.block_on(alerts_in(&store));
    assert!(
        told.iter().all(|alert| alert.service == "behind"),
        "{told:#?}"
    );
}

/// The incident of a host that is gone, if there is one.
async fn of_host(store: &Store, host: &str) -> Option<Incident> {
    let records = store.incidents(&IncidentFilter::default()).await.unwrap();
    let mut incidents = records
        .iter()
        .map(|record| files::read(record).unwrap().incident);
    incidents.find(|one| {
        one.host == host
            && one
                .members
                .iter()
                .any(dogwatch::incident::Member::is_host_gone)
    })
}

/// Why a service of it is not told by itself.
fn follows(incident: &Incident, service: &str) -> Option<String> {
    let mut members = incident.members.iter();
    let member = members.find(|member| member.print.service == service)?;
    Some(member.follows.as_ref()?.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_gone_over_ssh_is_told_once_and_mutes_its_services() {
    let (Some(_), Some(mut sshd)) = (real_engine().await, Sshd::start()) else {
        return;
    };
    let slack = FakeSlack::start().await;
    let place = tokio::task::spawn_blocking(Place::without_engine)
        .await
        .unwrap();
    let hosts = format!(
        "hosts:\n  vps: {{ ssh: \"ssh://root@127.0.0.1:{}\", identity_file: \"{}\", \
         known_hosts_file: \"{}\" }}\nincidents: {{ calm: 10m }}\n",
        sshd.port,
        sshd.path("user").display(),
        sshd.path("known_hosts").display(),
    );
    let served = Served::start(place, &slack, &hosts).await;
    let up = "dogwatch_host_up{host=\"vps\"} 1";
    until("the host is reached", async || {
        served.get("/metrics").await.1.contains(up)
    })
    .await;
    sshd.stop();
    // nobody else may listen there meanwhile
    let kept = sshd.kept_port();
    let store = served.store().await;
    until("the host is told to be gone", async || {
        of_host(&store, "vps").await.is_some()
    })
    .await;
    let died = r#"{"what": "died", "host": "vps", "stack": "ghost", "service": "ghost-api"}"#;
    assert_eq!(served.post("/alerts/generic", died).await, Some(200));
    until("its service is muted", async || {
        let incident = of_host(&store, "vps").await;
        incident
            .and_then(|one| follows(&one, "ghost-api"))
            .as_deref()
            == Some("host vps cannot be reached")
    })
    .await;
    let shown = slack
        .until("one message for both", |shown| {
            shown.text.contains("host vps cannot be reached")
        })
        .await;
    assert!(shown.text.starts_with("🔴 #"), "{}", shown.text);
    let alone = |text: &str| text.starts_with("🔴 #") && text.contains("ghost/ghost-api: died");
    let told_alone = {
        let world = slack.world();
        let roots = world.shown.iter().filter(|shown| shown.thread.is_none());
        roots.filter(|shown| alone(&shown.text)).count()
    };
    assert_eq!(told_alone, 0);

    drop(kept);
    sshd.restart();
    until("it can be reached again", async || {
        let incident = of_host(&store, "vps").await.unwrap();
        let mut firing = incident.firing();
        !firing.any(dogwatch::incident::Member::is_host_gone)
    })
    .await;
    until("its service speaks for itself", async || {
        let incident = of_host(&store, "vps").await.unwrap();
        follows(&incident, "ghost-api").is_none()
    })
    .await;
}
