//! What a lab scenario is, as its YAML says it. The form is explained in `tests/lab/README.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dogwatch::diagnose::Cause;
use dogwatch::yaml::Document;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// What happened, in one line.
    pub(crate) story: String,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, File>,
    /// The services of a compose file.
    pub(crate) compose: BTreeMap<String, Value>,
    /// Beside the services, where the story needs them.
    #[serde(default)]
    pub(crate) networks: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) volumes: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) settle: BTreeMap<String, Vec<Condition>>,
    /// How many seconds a fault needs to show itself, where no condition can tell.
    #[serde(default)]
    pub(crate) takes: u64,
    /// What somebody does once all has settled; a word that is a service stands for its container.
    #[serde(default)]
    pub(crate) then: Vec<String>,
    #[serde(default)]
    pub(crate) until: BTreeMap<String, Vec<Condition>>,
    /// How many seconds what was done needs to show itself.
    #[serde(default)]
    pub(crate) then_takes: u64,
    pub(crate) ask: String,
    pub(crate) expect: Expect,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) mode: Mode,
}

/// Permissions as `chmod` takes them.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Mode(pub(crate) u32);

impl Default for Mode {
    fn default() -> Self {
        Self(0o644)
    }
}

impl TryFrom<String> for Mode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u32::from_str_radix(&text, 8)
            .map(Self)
            .map_err(|_| "expected permissions such as `755`")
    }
}

/// What must be true of a service before the story goes on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Condition {
    /// The engine's own word: `running`, `exited`, `restarting`, `paused`, `created`.
    Status(String),
    /// `healthy` or `unhealthy`.
    Health(String),
    /// Not running, whether it ever did.
    Down,
    /// Ended with this code and stays down.
    Exit(i64),
    /// Brought back at least so often.
    Restarts(u64),
    /// Its log has this text.
    Says(String),
}

impl TryFrom<String> for Condition {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = || format!("`{text}` is no condition");
        match text.split_once(' ') {
            None if text == "down" => Ok(Self::Down),
            None if matches!(text.as_str(), "healthy" | "unhealthy") => Ok(Self::Health(text)),
            None => Ok(Self::Status(text)),
            Some(("exit", code)) => code.parse().map(Self::Exit).map_err(|_| wrong()),
            Some(("restarts", times)) => times.parse().map(Self::Restarts).map_err(|_| wrong()),
            Some(("says", words)) => Ok(Self::Says(words.to_owned())),
            Some(_) => Err(wrong()),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) cause: Cause,
    /// Where two readings are equally right.
    #[serde(default)]
    pub(crate) or: Option<Cause>,
    /// The service at fault; none where nothing is wrong.
    #[serde(default)]
    pub(crate) service: String,
    /// Words that the root cause must show, in whatever case.
    #[serde(default)]
    pub(crate) evidence: Vec<String>,
    /// What must not be anywhere in the report.
    #[serde(default)]
    pub(crate) never: Vec<String>,
}

pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab")
}

/// All scenarios, sorted by name. `DOGWATCH_LAB` keeps those whose name has that text in it.
pub(crate) fn load(only: Option<&str>) -> Vec<Scenario> {
    let files = std::fs::read_dir(directory().join("scenarios")).expect("the scenarios");
    let mut all: Vec<Scenario> = files
        .flat_map(|file| read(&file.expect("a file").path()))
        .filter(|scenario| only.is_none_or(|only| scenario.name.contains(only)))
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn read(path: &Path) -> Vec<Scenario> {
    let text = std::fs::read_to_string(path).expect("a text file");
    let shown = path.display().to_string();
    let parsed = Document::parse(&shown, &text).and_then(|mut document| {
        let scenarios = document.read();
        document.finish().map(|()| scenarios.unwrap_or_default())
    });
    parsed.unwrap_or_else(|problems| panic!("{problems}"))
}
