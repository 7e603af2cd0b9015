//! Takes the engine's framing apart: eight bytes of header, then a piece of stdout or stderr.
//! A container with a terminal has no frames; its bytes come as they are.

use crate::action::logs::LogStream;

const HEADER: usize = 8;
/// The engine's own complaint in the middle of a log, such as a log file it cannot read.
const HIGHEST_KIND: u8 = 3;

#[derive(Debug, Default)]
pub(super) struct Frames {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// Nothing seen yet.
    #[default]
    Unknown,
    Header {
        seen: Vec<u8>,
    },
    Payload {
        stream: LogStream,
        left: usize,
    },
    /// No frames: a terminal.
    Plain,
}

impl Frames {
    /// Hands every piece of `bytes` to `take` with the stream it belongs to.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut take: impl FnMut(LogStream, &[u8])) {
        while let Some(first) = bytes.first() {
            match &mut self.state {
                // Every line starts with a time, so plain bytes start with a digit.
                State::Unknown if *first > HIGHEST_KIND => self.state = State::Plain,
                State::Unknown => self.state = State::Header { seen: Vec::new() },
                State::Plain => {
                    take(LogStream::Stdout, bytes);
                    return;
                }
                State::Header { seen } => {
                    let (now, later) = bytes.split_at(bytes.len().min(HEADER - seen.len()));
                    seen.extend_from_slice(now);
                    bytes = later;
                    if let Ok(header) = <[u8; HEADER]>::try_from(seen.as_slice()) {
                        self.state = opened(header);
                    }
                }
                State::Payload { stream, left } => {
                    let (now, later) = bytes.split_at(bytes.len().min(*left));
                    take(*stream, now);
                    bytes = later;
                    *left -= now.len();
                    if *left == 0 {
                        self.state = State::Header { seen: Vec::new() };
                    }
                }
            }
        }
    }
}

fn opened([kind, _, _, _, a, b, c, d]: [u8; HEADER]) -> State {
    let left = u32::from_be_bytes([a, b, c, d]) as usize;
    if left == 0 {
        return State::Header { seen: Vec::new() };
    }
    let stream = match kind {
        0 | 1 => LogStream::Stdout,
        _ => LogStream::Stderr,
    };
    State::Payload { stream, left }
}
