//! Asking for log lines, and what a line is once it is decoded.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::Raw;

/// The longest line that is kept; of longer ones head and tail remain.
pub const LONGEST_LINE: usize = 16 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogQuery {
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// The newest lines only; `None`: all within the time span.
    pub tail: Option<usize>,
    /// Goes on until it is dropped.
    pub follow: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogStream {
    Stdout,
    Stderr,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub at: Option<Timestamp>,
    pub stream: LogStream,
    /// Valid UTF-8 without control characters other than tab; colour codes are gone.
    pub text: Raw,
    /// The line was longer than `LONGEST_LINE`.
    pub cut: bool,
}
