//! What one of several programs on the same database does at a time. A lock on a file beside it, so
//! that the seat of a program that was killed is free at that moment, and that of one that only
//! hangs is not: nobody has to guess by the clock who is still alive.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use tokio::time::sleep;

use super::Store;

/// Whoever waits for a seat looks this often.
const LOOK: Duration = Duration::from_millis(500);

/// Held until it is dropped or the program ends, however that comes about.
#[derive(Debug)]
pub struct Seat {
    /// What is in memory nobody else can see.
    _locked: Option<File>,
}

impl Store {
    /// Waits until nobody else has this seat.
    pub async fn seat(&self, name: &str) -> Seat {
        let mut is_told = false;
        loop {
            match self.try_seat(name) {
                Ok(Some(seat)) => return seat,
                Ok(None) if !is_told => {
                    is_told = true;
                    tracing::info!(name, "another program on this store does this; waiting");
                }
                Ok(None) => {}
                Err(error) => tracing::error!(name, %error, "a lock beside the store failed"),
            }
            sleep(LOOK).await;
        }
    }

    /// `None`: somebody has it.
    fn try_seat(&self, name: &str) -> io::Result<Option<Seat>> {
        let Some(database) = &self.file else {
            return Ok(Some(Seat { _locked: None }));
        };
        let mut path = database.as_os_str().to_owned();
        path.push(format!("-{name}.lock"));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Seat {
                _locked: Some(file),
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
