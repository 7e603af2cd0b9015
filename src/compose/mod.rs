//! Operating a stack on its host: compose or the team's own program, git, and a look at files.
//! Here is what is asked and how answers are read; whether it may be done is for `run`.

pub mod checkout;
pub mod drift;
pub mod failure;
pub mod going;
pub mod lacking;
pub mod overriding;
pub mod preflight;
pub mod profile;
pub mod resolved;
pub mod running;
pub mod subnets;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::action::operate::Verb;
use crate::host::program::{OnLine, Place, Program, ProgramError, Ran};
use crate::say;
use crate::stack::Site;
use crate::text::{Clean, Name, Redactor};

pub use drift::{Difference, drift};
pub use going::Moved;
pub use resolved::{Resolved, hiding};
pub use running::Running;

/// What looks at something has so long.
const LOOK: Duration = Duration::from_secs(30);

/// Starts a site's programs.
#[derive(Debug, Clone)]
pub struct Operator<'o> {
    pub site: &'o Site,
    place: Place,
    /// The address of the engine that we look at, for programs that talk to one.
    engine: Option<String>,
}

impl<'o> Operator<'o> {
    pub fn new(site: &'o Site, place: Place, engine: Option<String>) -> Self {
        Self {
            site,
            place,
            engine,
        }
    }

    pub fn directory(&self) -> Result<&'o Path, Clean> {
        self.site.directory.as_deref().ok_or_else(|| {
            let name = Name::new(&self.site.stack);
            say!(
                "where are the files of `{}`? name its `directory` under `stacks.{}`",
                name,
                name
            )
        })
    }

    /// Starts a program in the site's directory with the site's variables.
    pub async fn start(
        &self,
        argv: Vec<String>,
        limit: Duration,
        on_line: OnLine<'_>,
    ) -> Result<Ran, ProgramError> {
        let directory = self.site.directory.clone().unwrap_or_default();
        self.started(directory, argv, limit, on_line).await
    }

    async fn run(
        &self,
        argv: Vec<String>,
        limit: Duration,
        on_line: OnLine<'_>,
    ) -> Result<Ran, Clean> {
        let directory = self.directory()?.to_owned();
        self.run_in(directory, argv, limit, on_line).await
    }

    async fn run_in(
        &self,
        directory: PathBuf,
        argv: Vec<String>,
        limit: Duration,
        on_line: OnLine<'_>,
    ) -> Result<Ran, Clean> {
        let ran = self.started(directory, argv, limit, on_line).await;
        ran.map_err(|error| Redactor::shapes_only().clean(&error.to_string()))
    }

    async fn started(
        &self,
        directory: PathBuf,
        argv: Vec<String>,
        limit: Duration,
        on_line: OnLine<'_>,
    ) -> Result<Ran, ProgramError> {
        let program = Program {
            argv,
            directory,
            variables: self.variables(),
            limit,
        };
        self.place.run(&program, on_line).await
    }

    /// Output is read by programs and shown in chats: no colours, no moving bars, no questions.
    fn variables(&self) -> Vec<(String, String)> {
        let ours = [
            ("BUILDKIT_PROGRESS", "plain"),
            ("COMPOSE_ANSI", "never"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("NO_COLOR", "1"),
        ];
        let ours = ours.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let engine = self.engine.clone();
        let engine = engine.map(|address| ("DOCKER_HOST".to_owned(), address));
        let own = self.site.variables.clone();
        ours.into_iter().chain(engine).chain(own).collect()
    }

    /// What a quick program wrote; an error where it failed, with its last words.
    async fn ask(&self, argv: &[&str]) -> Result<String, Clean> {
        let argv: Vec<String> = argv.iter().map(|arg| (*arg).to_owned()).collect();
        let ran = self.run(argv.clone(), LOOK, &|_| {}).await?;
        if ran.succeeded() {
            return Ok(ran.stdout.expose().to_owned());
        }
        let called = Redactor::shapes_only().clean(&argv.join(" "));
        Err(say!("`{}` failed: {}", called, last_words(&ran)))
    }

    /// The compose files, merged and filled in. What comes back holds secrets.
    pub async fn resolved(&self) -> Result<Resolved, Clean> {
        let argv = self.site.argv(Verb::Config, &[]);
        let ran = self.run(argv.clone(), LOOK, &|_| {}).await?;
        if !ran.succeeded() {
            let called = self.site.shown(&argv);
            return Err(say!("`{}` failed: {}", called, last_words(&ran)));
        }
        Resolved::read(ran.stdout)
    }

    /// Whether the files name a service, as they lie there: also where compose cannot read them.
    pub async fn names(&self, service: &str) -> bool {
        self.services_named().await.contains(service)
    }

    /// All services that the files name, as they lie there.
    pub async fn services_named(&self) -> BTreeSet<String> {
        let own = self.site.named_files();
        let files: Vec<&str> = if own.is_empty() {
            USUAL_FILES.to_vec()
        } else {
            own.iter().map(String::as_str).collect()
        };
        let mut named = BTreeSet::new();
        for file in files {
            let text = self.ask(&["cat", "--", file]).await.unwrap_or_default();
            named.extend(resolved::services(&text).unwrap_or_default().into_keys());
        }
        named
    }
}

/// What compose looks for where it is given no file.
const USUAL_FILES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// The last line that a failed program wrote, of its errors first.
pub fn last_words(ran: &Ran) -> Clean {
    let last = |text: &str| {
        let mut lines = text.lines().rev();
        lines
            .find(|line| !line.trim().is_empty())
            .map(str::to_owned)
    };
    let said = last(ran.stderr.expose()).or_else(|| last(ran.stdout.expose()));
    match (said, ran.code) {
        (Some(said), _) => Redactor::shapes_only().clean(said.trim()),
        (None, Some(code)) => say!("exit code {}", code),
        (None, None) => say!("it was ended by a signal"),
    }
}
