//! Recorded incidents: what a real engine answered while each scenario of the lab was on, asked
//! again without an engine. The right cause, nobody accused falsely, and the same bytes in
//! whatever order the evidence comes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use dogwatch::clock::Clock;
use dogwatch::diagnose::{Case, Cause, diagnose};
use dogwatch::engine::Endpoint;
use dogwatch::evidence::{Evidence, sockets};
use dogwatch::host::Host;
use dogwatch::report::build::{Occasion, from_diagnosis};
use dogwatch::report::{Report, Templates, report_json};
use dogwatch::stack::Key;
use dogwatch::survey::Survey;
use dogwatch::survey::gather::{Gathered, gather};
use dogwatch::text::Dialect;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::UnixListener;

#[derive(Deserialize)]
pub(crate) struct Incident {
    pub(crate) name: String,
    /// Milliseconds.
    at: i64,
    project: String,
    ask: String,
    expect: Expect,
    containers: Vec<Recorded>,
    events: Vec<Value>,
}

#[derive(Deserialize)]
struct Expect {
    cause: Vec<Cause>,
    culprit: String,
    evidence: Vec<String>,
}

#[derive(Deserialize)]
struct Recorded {
    inspect: Value,
    /// Stream and text, as the engine frames them.
    logs: Vec<(u8, String)>,
    sockets: String,
    files: BTreeMap<String, String>,
}

impl Recorded {
    fn id(&self) -> &str {
        self.inspect["Id"].as_str().unwrap_or_default()
    }

    fn label(&self, name: &str) -> &str {
        let labels = &self.inspect["Config"]["Labels"];
        labels[format!("com.docker.compose.{name}")]
            .as_str()
            .unwrap_or_default()
    }
}

pub(crate) fn incidents() -> Vec<Incident> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/incidents");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut all: Vec<Incident> = files
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Answers as the engine did. What was not recorded is not found.
async fn answer(
    State(incident): State<Arc<Incident>>,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
) -> (StatusCode, Vec<u8>) {
    let path: Vec<&str> = uri
        .path()
        .trim_start_matches('/')
        .split('/')
        .filter(|part| !part.starts_with("v1."))
        .collect();
    let found = |id: &str| {
        incident
            .containers
            .iter()
            .find(|container| container.id() == id)
    };
    let ok = |value: Value| (StatusCode::OK, value.to_string().into_bytes());
    let missing = || {
        (
            StatusCode::NOT_FOUND,
            json!({"message": "not recorded"}).to_string().into_bytes(),
        )
    };
    match path.as_slice() {
        ["version"] => ok(json!({"Version": "20.10.24", "ApiVersion": "1.41"})),
        ["events"] => {
            let lines: Vec<String> = incident
                .events
                .iter()
                .map(|event| format!("{event}\n"))
                .collect();
            (StatusCode::OK, lines.concat().into_bytes())
        }
        ["containers", "json"] => ok(incident
            .containers
            .iter()
            .map(|container| json!({"Id": container.id()}))
            .collect()),
        ["containers", id, "json"] => {
            found(id).map_or_else(missing, |container| ok(container.inspect.clone()))
        }
        ["containers", id, "logs"] => found(id).map_or_else(missing, |container| {
            (StatusCode::OK, framed(&container.logs))
        }),
        ["containers", id, "archive"] => {
            let file = found(id).and_then(|container| container.files.get(query.get("path")?));
            file.map_or_else(missing, |text| (StatusCode::OK, archived(text)))
        }
        _ => missing(),
    }
}

fn framed(logs: &[(u8, String)]) -> Vec<u8> {
    let frame = |(stream, text): &(u8, String)| {
        let length = u32::try_from(text.len()).unwrap_or_default();
        [
            &[*stream, 0, 0, 0],
            length.to_be_bytes().as_slice(),
            text.as_bytes(),
        ]
        .concat()
    };
    logs.iter().flat_map(frame).collect()
}

fn archived(text: &str) -> Vec<u8> {
    let size = format!("{:011o}", text.len());
    let header = [&[0; 124], size.as_bytes(), &[0; 21], b"0", &[0; 355]].concat();
    [header.as_slice(), text.as_bytes()].concat()
}

/// What the recorded engine shows, with the sockets that were seen from the machine it ran on.
async fn seen(incident: &Arc<Incident>, folder: &Path) -> (Survey, Gathered, Key) {
    let socket = folder.join(format!("{}.sock", incident.at));
    let listener = UnixListener::bind(&socket).unwrap();
    let router = Router::new()
        .fallback(answer)
        .with_state(Arc::clone(incident));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let host = Host::local(&Endpoint::Unix(socket)).await.unwrap();
    let at = Timestamp::from_millisecond(incident.at).unwrap();
    let survey = Survey::take(&host, Clock::simulated(at), &[])
        .await
        .unwrap();
    let asked = Key::new(Some(&incident.project), &incident.ask);
    let mut gathered = gather(&host.engine, &survey, std::slice::from_ref(&asked)).await;
    server.abort();
    for container in incident
        .containers
        .iter()
        .filter(|container| !container.sockets.is_empty())
    {
        let key = Key::new(Some(&incident.project), container.label("service"));
        let name = container.inspect["Name"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches('/');
        gathered
            .evidence
            .push(sockets::read(&key, name, &container.sockets));
    }
    (survey, gathered, asked)
}

fn report(survey: &Survey, gathered: &Gathered, asked: &Key, evidence: &[Evidence]) -> Report {
    let case = Case {
        asked,
        evidence,
        graph: &gathered.graph,
        now: survey.at,
    };
    let occasion = Occasion {
        id: "1".to_owned(),
        created_at: survey.at,
        environment: dogwatch::text::Name::default(),
        host: survey.host.clone(),
        looked_at: "all".into(),
        not_seen: Vec::new(),
    };
    from_diagnosis(&diagnose(&case), evidence, occasion)
}

/// The report of one incident, as anybody would get it.
pub(crate) async fn told(incident: Incident, folder: &Path) -> Report {
    let incident = Arc::new(incident);
    let (survey, gathered, asked) = seen(&incident, folder).await;
    report(&survey, &gathered, &asked, &gathered.evidence)
}

fn wrong(incident: &Incident, report: &Report) -> Vec<String> {
    let root = &report.root_cause;
    let told = serde_json::to_string(root).unwrap().to_lowercase();
    let mut wrong = Vec::new();
    if !incident.expect.cause.contains(&root.cause)
        || root.service.as_str() != incident.expect.culprit
    {
        wrong.push(format!(
            "{} {}: {}",
            root.cause.id(),
            root.service,
            root.summary
        ));
    }
    let unseen = incident
        .expect
        .evidence
        .iter()
        .filter(|words| !told.contains(&words.to_lowercase()));
    wrong.extend(unseen.map(|words| format!("no `{words}`")));
    if root.cause != Cause::None
        && (report.resolution_steps.is_empty() || report.verification.is_empty())
    {
        wrong.push("nothing to do about it".to_owned());
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_incident_gets_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let mut misses = Vec::new();
    let incidents = incidents();
    assert!(incidents.len() >= 80, "only {} incidents", incidents.len());
    for incident in incidents.into_iter().map(Arc::new) {
        let (survey, gathered, asked) = seen(&incident, folder.path()).await;
        let report = report(&survey, &gathered, &asked, &gathered.evidence);
        let wrong = wrong(&incident, &report);
        if !wrong.is_empty() {
            misses.push(format!("{}: {}", incident.name, wrong.join("; ")));
        }
    }
    assert!(
        misses.is_empty(),
        "{} missed:\n{}",
        misses.len(),
        misses.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_evidence_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let templates = Templates::built_in();
    for incident in incidents().into_iter().step_by(9).map(Arc::new) {
        let (survey, gathered, asked) = seen(&incident, folder.path()).await;
        let bytes = |evidence: &[Evidence]| {
            let report = report(&survey, &gathered, &asked, evidence);
            let text = templates.report(&report, &Dialect::Plain).unwrap();
            (report_json(&report), text)
        };
        let expected = bytes(&gathered.evidence);
        let orders = Just((0..gathered.evidence.len()).collect::<Vec<_>>()).prop_shuffle();
        let settings = ProptestConfig {
            cases: 16,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let held = TestRunner::new(settings).run(&orders, |order| {
            let shuffled: Vec<_> = order
                .iter()
                .map(|at| gathered.evidence[*at].clone())
                .collect();
            prop_assert_eq!(&bytes(&shuffled), &expected);
            Ok(())
        });
        assert!(held.is_ok(), "{}: {held:?}", incident.name);
    }
}
