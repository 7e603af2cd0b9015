//! Incidents: what was seen to be wrong, taken in without loss, grouped, kept quiet where that is
//! wanted, routed, escalated, and ended. Where alerts come from is for `watch`, what is done by
//! itself for `duty`, how a message gets to a chat for `live`.

pub mod alert;
pub mod model;
pub mod settings;
pub mod matcher;
pub mod zone;
pub mod cron;
pub mod rota;
pub mod route;
pub mod silence;
mod index;
pub mod place;
pub mod unite;
pub mod crowd;
pub mod quiet;
pub mod escalate;
pub mod advance;
pub mod mending;
pub mod files;
pub mod shelf;
pub mod past;
mod findings;
pub mod face;
pub mod retro;
pub mod digest;
pub mod counts;

pub use alert::{Accepted, Alert, AlertState, Fingerprint, Severity, Source, accept};
pub use counts::Counts;
pub use files::{FileError, Filed, Files, Placed};
pub use model::{Entry, Finding, Incident, Kind, Member, Phase};
pub use route::Routes;
pub use settings::IncidentSettings;
pub use shelf::Shelf;
