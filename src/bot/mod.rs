//! The bot: takes a typed line from somebody, checks what they may do, and answers. It knows no
//! chat and no terminal; replies go to a `Voice`.

pub mod reply;
pub mod trouble;
pub mod conduct;
pub mod examine;
pub mod states;
pub mod choices;
pub mod seen;
pub mod there;
pub mod words;

use tokio_util::sync::CancellationToken;

use crate::access::{Caller, Policy};
use crate::action::Risk;
use crate::clock::Clock;
use crate::command::{self, Command, Target};
use crate::engine::EngineError;
use crate::host::{Fleet, FleetError, Host};
use crate::run::Plan;
use crate::store::Later;
use crate::survey::Survey;
use crate::text::Name;

pub use conduct::Conduct;
pub use reply::{Outcome, Progress, Reply, Undertaking, Voice};
pub use trouble::Trouble;
pub use words::Answers;

/// Everything a line may need. One for the whole program.
pub struct Bot {
    pub fleet: Fleet,
    pub clock: Clock,
    pub policy: Policy,
    /// Configured secrets, so that no log line can show one.
    pub secrets: Vec<String>,
    /// What is kept: reports, runs, decisions.
    pub store: Later,
    /// Changes wait for a word of confirmation, as in production.
    pub confirm_changes: bool,
    pub conduct: Conduct,
}

/// Somebody's line, with who typed it and where.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub caller: Caller,
    pub what: What,
    /// A person is there to answer questions.
    pub interactive: bool,
}

/// A line as typed, or a command that a sub-command of the program built.
#[derive(Debug, Clone)]
pub enum What {
    Typed(String),
    Asked(Box<Command>),
}

/// What a word works with while it works.
pub struct Context<'b> {
    pub bot: &'b Bot,
    pub caller: &'b Caller,
    pub voice: &'b Voice,
    pub cancel: &'b CancellationToken,
    pub interactive: bool,
}

impl Bot {
    /// One line from beginning to end. Every failure has been said when this returns.
    pub async fn handle(
        &self,
        line: &Incoming,
        voice: &Voice,
        cancel: &CancellationToken,
    ) -> Outcome {
        let context = Context {
            bot: self,
            caller: &line.caller,
            voice,
            cancel,
            interactive: line.interactive,
        };
        let done = match &line.what {
            What::Typed(text) => match command::parse(text) {
                Ok(command) => self.perform(&context, &command).await,
                Err(error) => Err(error.into()),
            },
            What::Asked(command) => self.perform(&context, command).await,
        };
        match done {
            Ok(outcome) => outcome,
            Err(trouble) => {
                let outcome = trouble.outcome;
                let trouble = trouble.without(&self.secrets);
                voice.say(Reply::Trouble(trouble)).await;
                outcome
            }
        }
    }

    /// A plan that the program made, confirmed beforehand: rights, approval, lock, journal and report
    /// are those of a typed line.
    pub async fn offer(
        &self,
        caller: &Caller,
        plan: &Plan,
        voice: &Voice,
        cancel: &CancellationToken,
    ) -> Outcome {
        let context = Context {
            bot: self,
            caller,
            voice,
            cancel,
            interactive: false,
        };
        match words::offer_confirmed(&context, plan).await {
            Ok(outcome) => outcome,
            Err(trouble) => {
                let outcome = trouble.outcome;
                voice.say(Reply::Trouble(trouble)).await;
                outcome
            }
        }
    }

    /// A look at a host with all that the configuration adds to it.
    pub async fn survey(&self, host: &Host) -> Result<Survey, EngineError> {
        let conduct = &self.conduct;
        let mut survey = Survey::take(host, self.clock, &self.secrets).await?;
        survey.inventory = survey.inventory.with_groups(&conduct.groups);
        survey.signatures = conduct.signatures.now().signatures;
        survey.probes = conduct.diagnose.probes;
        Ok(survey)
    }

    /// Looking is dropped at once when it is cancelled. A run is never dropped half-way: it sees the
    /// token itself, stops where it can be stopped, and says what was done.
    async fn perform(&self, context: &Context<'_>, command: &Command) -> Result<Outcome, Trouble> {
        if command.may_change() {
            return words::perform(context, command).await;
        }
        tokio::select! {
            done = words::perform(context, command) => done,
            () = context.cancel.cancelled() => Ok(Outcome::Failed),
        }
    }
}

impl Context<'_> {
    /// The host a target names, or the usual one.
    pub async fn host(&self, target: Option<&Target>) -> Result<Host, Trouble> {
        Ok(self
            .bot
            .fleet
            .host(target.and_then(|target| target.host.as_deref()))
            .await?)
    }

    pub async fn survey(&self, host: &Host) -> Result<Survey, Trouble> {
        let survey = self.bot.survey(host).await;
        Ok(survey.map_err(|error| FleetError::Engine {
            host: host.name.clone(),
            error,
        })?)
    }

    /// Reading needs the right to read, like everything.
    pub fn may_read(&self, stack: Option<&Name>) -> Result<(), Trouble> {
        self.bot.policy.decide(self.caller, stack, Risk::Read)?;
        Ok(())
    }

    pub fn may_read_on(&self, host: &Name, stack: Option<&Name>) -> Result<(), Trouble> {
        let policy = &self.bot.policy;
        policy.decide_on(self.caller, (Some(host), stack), None, Risk::Read)?;
        Ok(())
    }
}
