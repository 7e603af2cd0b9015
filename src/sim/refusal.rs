//! Why the simulated engine does not do what it is asked: the real engine's words and status codes.

use thiserror::Error;

/// The wording is the engine's, capital letters and all: clients match on it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("No such container: {0}")]
    NoSuchContainer(String),
    #[error("multiple IDs found with provided prefix: {0}")]
    Ambiguous(String),
    #[error("No such exec instance: {0}")]
    NoSuchExec(String),
    #[error("No such image: {0}")]
    NoSuchImage(String),
    #[error("network {0} not found")]
    NoSuchNetwork(String),
    #[error("get {0}: no such volume")]
    NoSuchVolume(String),
    #[error("page not found")]
    NoSuchPage,
    #[error("Container {0} is not running")]
    NotRunning(String),
    #[error("Container {0} is restarting, wait until the container is running")]
    Restarting(String),
    #[error("Cannot kill container: {name}: Container {id} is not running")]
    CannotKill { name: String, id: String },
    #[error(
        "You cannot remove a {state} container {id}. {first} before attempting removal or force remove"
    )]
    CannotRemove {
        state: &'static str,
        id: String,
        /// What has to be done first.
        first: &'static str,
    },
    #[error("Container {0} is already paused")]
    AlreadyPaused(String),
    #[error("Container {0} is not paused")]
    NotPaused(String),
    #[error("Container {0} is paused, unpause the container before exec")]
    PausedForExec(String),
    #[error("cannot start a paused container, try unpause instead")]
    StartOfPaused,
    #[error("remove {name}: volume is in use - [{}]", users.join(", "))]
    VolumeInUse { name: String, users: Vec<String> },
    #[error(
        "Conflict. The container name \"/{name}\" is already in use by container \"{id}\". You have to remove (or rename) that container to be able to reuse that name."
    )]
    NameTaken { name: String, id: String },
    #[error("{0}")]
    BadParameter(String),
    /// Started what runs, stopped what stands still: nothing to do, and not an error.
    #[error("already so")]
    AlreadySo,
}

impl Refusal {
    pub fn status(&self) -> u16 {
        match self {
            Self::NoSuchContainer(_)
            | Self::NoSuchExec(_)
            | Self::NoSuchImage(_)
            | Self::NoSuchNetwork(_)
            | Self::NoSuchVolume(_)
            | Self::NoSuchPage => 404,
            Self::Ambiguous(_) | Self::BadParameter(_) => 400,
            Self::AlreadySo => 304,
            Self::NotPaused(_) => 500,
            Self::NotRunning(_)
            | Self::Restarting(_)
            | Self::CannotKill { .. }
            | Self::CannotRemove { .. }
            | Self::AlreadyPaused(_)
            | Self::PausedForExec(_)
            | Self::StartOfPaused
            | Self::VolumeInUse { .. }
            | Self::NameTaken { .. } => 409,
        }
    }
}
