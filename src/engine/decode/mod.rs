//! From the bytes a container wrote to text that can be read: frames, lines, control characters,
//! bounds. Pure: no IO, and the same bytes give the same lines however they were cut into chunks.

mod frames;
mod head_tail;
mod lines;
mod scrub;

pub(super) use head_tail::HeadTail;
pub(super) use lines::LogDecoder;
pub(super) use scrub::scrub;
