//! Performing actions on a Docker Engine, wherever its socket is. The only home of bollard.

pub mod error;

pub use error::EngineError;
