//! Values as people type them: times, signals, what a prune takes away.

use std::time::Duration;

use super::error::CommandError;
use crate::action::Prunable;

/// `90s`, `15m`, `1h30m`; a bare number is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(seconds.into()));
    }
    let parsed = humantime::parse_duration(text)
        .map_err(|_| "say a time like 90s, 15m, 2h or 1d".to_owned())?;
    if parsed > Duration::from_hours(8784) {
        return Err("a year is the most".to_owned());
    }
    Ok(parsed)
}

/// The signals a person sends on purpose; anything else is a typo.
const SIGNALS: &[&str] = &[
    "KILL", "TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "ABRT", "STOP", "CONT", "WINCH",
];

/// `HUP`, `sighup` as the engine wants it: `SIGHUP`.
pub fn signal_name(typed: &str) -> Result<String, String> {
    let name = typed.to_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    match SIGNALS.iter().find(|known| **known == name) {
        Some(known) => Ok(format!("SIG{known}")),
        None => Err(format!("say one of {}", SIGNALS.join(", "))),
    }
}

pub fn prunable(typed: &str) -> Result<Prunable, CommandError> {
    match typed {
        "containers" => Ok(Prunable::StoppedContainers),
        "images" => Ok(Prunable::DanglingImages),
        "networks" => Ok(Prunable::UnusedNetworks),
        "cache" => Ok(Prunable::BuildCache),
        _ => Err(CommandError::NotPrunable {
            typed: typed.to_owned(),
        }),
    }
}
