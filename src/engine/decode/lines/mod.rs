//! Puts pieces of a log together to lines: finds the ends, takes the time off the front, keeps
//! the ends of what is too long.

use std::borrow::Cow;

use jiff::Timestamp;

use super::frames::Frames;
use super::{HeadTail, scrub};
use crate::action::logs::{LONGEST_LINE, LogLine, LogStream};
use crate::text::Raw;

/// Of a line still being read we hold twice what will be shown: colour codes and repeated times
/// take room and go later.
type Partial = HeadTail<{ 2 * LONGEST_LINE }, { 2 * LONGEST_LINE }>;

/// Bytes of a log request in, lines out. Holds at most one bounded line for each stream.
#[derive(Debug, Default)]
pub(in crate::engine) struct LogDecoder {
    frames: Frames,
    stdout: Partial,
    stderr: Partial,
}

impl LogDecoder {
    /// The lines that `bytes` completes.
    pub(in crate::engine) fn push(&mut self, bytes: &[u8], mut take: impl FnMut(LogLine)) {
        let Self {
            frames,
            stdout,
            stderr,
        } = self;
        frames.push(bytes, |stream, piece| {
            let partial = match stream {
                LogStream::Stdout => &mut *stdout,
                LogStream::Stderr => &mut *stderr,
            };
            for part in piece.split_inclusive(|byte| *byte == b'\n') {
                match part.strip_suffix(b"\n") {
                    Some(end) => {
                        partial.push(end);
                        take(line(stream, std::mem::take(partial)));
                    }
                    None => partial.push(part),
                }
            }
        });
    }

    /// Lines that never got their newline.
    pub(in crate::engine) fn finish(&mut self, mut take: impl FnMut(LogLine)) {
        let unfinished = [
            (LogStream::Stdout, std::mem::take(&mut self.stdout)),
            (LogStream::Stderr, std::mem::take(&mut self.stderr)),
        ];
        for (stream, partial) in unfinished {
            if !partial.is_empty() {
                take(line(stream, partial));
            }
        }
    }
}

fn line(stream: LogStream, bytes: Partial) -> LogLine {
    let left_out = bytes.left_out();
    let (head, tail) = bytes.into_parts();
    let (at, stamp, head) = dated(&head);
    let head = readable(head, stamp);
    let (text, cut) = match tail {
        Some(tail) => (ends(&head, left_out, &readable(&tail, stamp)), true),
        None if head.len() > LONGEST_LINE => {
            let (before, after) = head.split_at(head.floor_char_boundary(head.len() / 2));
            (ends(before, 0, after), true)
        }
        None => (head, false),
    };
    LogLine {
        at,
        stream,
        text: Raw::new(text),
        cut,
    }
}

/// Longer than any time the engine writes.
const LONGEST_STAMP: usize = 48;

/// Takes the engine's time off the front: the time, its bytes with the space behind, the rest.
fn dated(line: &[u8]) -> (Option<Timestamp>, &[u8], &[u8]) {
    let space = line.iter().take(LONGEST_STAMP).position(|b| *b == b' ');
    let (stamp, rest) = line.split_at(space.map_or(0, |at| at + 1));
    let at = std::str::from_utf8(stamp)
        .ok()
        .and_then(|text| text.trim_end().parse().ok());
    match at {
        Some(at) => (Some(at), stamp, rest),
        None => (None, &[], line),
    }
}

/// What a terminal would still show of the line: of text that was written over, the last.
fn readable(bytes: &[u8], stamp: &[u8]) -> String {
    without(bytes, stamp)
        .rsplit(|byte| *byte == b'\r')
        .map(scrub)
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// The engine stores a long line in pieces and writes the line's time before each of them.
fn without<'a>(bytes: &'a [u8], stamp: &[u8]) -> Cow<'a, [u8]> {
    let starts: Vec<usize> = match stamp.first() {
        Some(_) => bytes
            .windows(stamp.len())
            .enumerate()
            .filter(|(_, window)| *window == stamp)
            .map(|(start, _)| start)
            .collect(),
        None => Vec::new(),
    };
    if starts.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let mut kept = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for start in starts {
        kept.extend(bytes.get(from..start).unwrap_or_default());
        from = start + stamp.len();
    }
    kept.extend(bytes.get(from..).unwrap_or_default());
    Cow::Owned(kept)
}

/// Half of a long line's room, less its share of the mark between the halves.
const HALF: usize = LONGEST_LINE / 2 - 24;

/// The beginning of `before` and the end of `after`, with a mark that says how much is missing.
fn ends(before: &str, left_out: u64, after: &str) -> String {
    let first = before.split_at(before.floor_char_boundary(HALF)).0;
    let last_from = after.ceil_char_boundary(after.len().saturating_sub(HALF));
    let last = after.split_at(last_from).1;
    let hidden = before.len() - first.len() + after.len() - last.len();
    let missing = left_out + hidden as u64;
    format!("{first} …[{missing} bytes cut]… {last}")
}

#[cfg(test)]
mod tests;
