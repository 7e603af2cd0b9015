//! Higher limits, from what the container has now.

use super::{Add, Change, Remove, in_service};
use crate::diagnose::rules::oom_killed::advised;
use crate::diagnose::view::View;
use crate::say;

const MIB: u64 = 1 << 20;
/// A program that needs more processes than this has another problem.
const ENOUGH_PIDS: u64 = 200;

pub(super) fn memory(view: &View<'_>) -> Option<Change> {
    let limit = view.state()?.1.limits.memory?;
    let edits = vec![
        Remove(say!("mem_limit: {}m", limit / MIB)),
        Add(say!("mem_limit: {}m", advised(limit) / MIB)),
    ];
    in_service(view, &[], edits)
}

pub(super) fn cpus(view: &View<'_>) -> Option<Change> {
    let quota = view.state()?.1.limits.cpus?;
    let edits = vec![
        Remove(say!("cpus: {}", quota)),
        Add(say!("cpus: {}", quota * 2.0)),
    ];
    in_service(view, &[], edits)
}

pub(super) fn pids(view: &View<'_>) -> Option<Change> {
    let limit = view.state()?.1.limits.pids?;
    let edits = vec![
        Remove(say!("pids_limit: {}", limit)),
        Add(say!("pids_limit: {}", (limit * 2).max(ENOUGH_PIDS))),
    ];
    in_service(view, &[], edits)
}
