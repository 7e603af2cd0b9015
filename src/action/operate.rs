//! What is asked of a stack as a whole: programs of its host, its checkout, its images. Everything
//! is fixed when it is planned: the argument vector that people read is the one that is started.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::catalogue::{self, Spec};

/// What compose, or the program in its place, is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Up,
    /// With the images as they are.
    UpAsBuilt,
    Build,
    Pull,
    Down,
    Config,
    /// A task from the stack's list.
    Run,
    /// A program from the stack's list.
    Program,
}

impl Verb {
    pub fn spec(self) -> Spec {
        match self {
            Self::Up | Self::UpAsBuilt => catalogue::COMPOSE_UP,
            Self::Build => catalogue::COMPOSE_BUILD,
            Self::Pull => catalogue::COMPOSE_PULL,
            Self::Down => catalogue::COMPOSE_DOWN,
            Self::Config => catalogue::COMPOSE_CONFIG,
            Self::Run => catalogue::COMPOSE_RUN,
            Self::Program => catalogue::PROGRAM_RUN,
        }
    }

    /// No longer than this, unless a step says so: a build may compile the world.
    pub fn limit(self) -> Duration {
        match self {
            Self::Build => Duration::from_mins(30),
            Self::Pull => Duration::from_mins(20),
            Self::Up | Self::UpAsBuilt | Self::Run | Self::Program => Duration::from_mins(10),
            Self::Down => Duration::from_mins(5),
            Self::Config => Duration::from_secs(30),
        }
    }
}

/// One program to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Whose settings give it directory and variables.
    pub project: String,
    pub verb: Verb,
    pub argv: Vec<String>,
    pub limit: Duration,
    /// Of the settings it was planned with; with others it is not what was approved.
    pub settings: String,
}

/// A commit to go to, and the one that is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    pub project: String,
    pub directory: PathBuf,
    pub from: String,
    pub to: String,
}

/// An image as a service ran it: its id, and the name that compose finds it by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeptImage {
    pub service: String,
    pub name: String,
    pub id: String,
}
