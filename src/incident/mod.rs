//! Incidents: what was seen to be wrong, taken in without loss. Where alerts come from is for
//! `watch`, how a message looks on a chat for `live`.

pub mod alert;

pub use alert::{Accepted, Alert, AlertState, Fingerprint, Severity, Source, accept};
