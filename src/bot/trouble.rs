//! Why a line did not do what was asked: one sentence that says what is wrong and what to do, and
//! the outcome it means.

use super::Outcome;
use crate::access::Denial;
use crate::command::CommandError;
use crate::engine::EngineError;
use crate::host::FleetError;
use crate::host::fleet::LOCAL;
use crate::incident::FileError;
use crate::run::BookError;
use crate::stack::{ResolveError, SiteError};
use crate::store::StoreError;
use crate::text::{Clean, Line, Message, Redactor};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub outcome: Outcome,
    pub text: Clean,
    /// Further lines: usage, candidates.
    pub more: Vec<Clean>,
}

impl Trouble {
    pub fn new(outcome: Outcome, text: Clean) -> Self {
        Self {
            outcome,
            text,
            more: Vec::new(),
        }
    }

    /// What the person typed comes back in the message, so it passes the redactor like anything foreign.
    fn told(outcome: Outcome, error: &impl ToString) -> Self {
        Self::new(outcome, Redactor::shapes_only().clean(&error.to_string()))
    }

    /// Whoever types a configured secret in the wrong place does not read it in the answer.
    #[must_use]
    pub fn without(self, secrets: &[String]) -> Self {
        let builder = secrets.iter().fold(Redactor::builder(), |builder, secret| {
            builder.secret(secret)
        });
        let redactor = builder.build();
        Self {
            text: redactor.clean(self.text.as_str()),
            more: self
                .more
                .iter()
                .map(|line| redactor.clean(line.as_str()))
                .collect(),
            outcome: self.outcome,
        }
    }

    pub fn message(&self) -> Message {
        let word = if self.outcome == Outcome::Denied {
            "refused: "
        } else {
            "error: "
        };
        let first = Line::new()
            .styled(crate::text::Style::Bad, word)
            .plain(self.text.clone());
        self.more
            .iter()
            .fold(Message::new().line(first), |message, line| {
                message.line(line.clone())
            })
    }
}

impl From<CommandError> for Trouble {
    fn from(error: CommandError) -> Self {
        Self::told(Outcome::Usage, &error)
    }
}

impl From<FileError> for Trouble {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Store(error) => error.into(),
            error => Self::told(Outcome::Usage, &error),
        }
    }
}

impl From<ResolveError> for Trouble {
    fn from(error: ResolveError) -> Self {
        Self::told(Outcome::Usage, &error)
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        let outcome = if error.is_outage() {
            Outcome::Unreachable
        } else {
            Outcome::Failed
        };
        Self::new(outcome, error.say())
    }
}

impl From<FleetError> for Trouble {
    fn from(error: FleetError) -> Self {
        match error {
            FleetError::Unknown { .. } => Self::told(Outcome::Usage, &error),
            FleetError::Engine { host, error } if host == LOCAL => Self::from(error),
            FleetError::Engine { host, error } => {
                let trouble = Self::from(error);
                let text = crate::say!("host `{}`: {}", host, trouble.text);
                Self { text, ..trouble }
            }
        }
    }
}

impl From<Denial> for Trouble {
    fn from(denial: Denial) -> Self {
        Self::told(Outcome::Denied, &denial)
    }
}

impl From<SiteError> for Trouble {
    fn from(error: SiteError) -> Self {
        Self::told(Outcome::Usage, &error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::told(Outcome::Failed, &error)
    }
}

impl From<BookError> for Trouble {
    fn from(error: BookError) -> Self {
        let outcome = if matches!(error, BookError::Store(_)) {
            Outcome::Failed
        } else {
            Outcome::Usage
        };
        Self::told(outcome, &error)
    }
}
