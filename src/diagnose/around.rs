//! Who else is concerned: who suffers from the fault, and who should be watched.

use std::collections::BTreeMap;

use super::rank::{Case, find};
use super::view::View;
use super::{Affected, Cause, Finding};
use crate::say;
use crate::stack::Key;
use crate::text::Clean;

/// The service at fault, then whoever needs it and fails too.
pub(super) fn affected(case: &Case<'_>, root: &Finding) -> Vec<Affected> {
    let mut affected = Vec::new();
    if root.cause != Cause::None {
        affected.extend(describe(case, &root.service, Clean::default()));
    }
    let mut needing = case.graph.all_needed_by(&root.service);
    needing.sort();
    for key in needing {
        let fails = find(case, &key, false).is_some_and(|finding| finding.cause != Cause::None);
        if fails && root.cause != Cause::None {
            let reasons = case.graph.needs(&key);
            let through = reasons
                .iter()
                .find(|(need, _)| ***need == root.service)
                .or_else(|| reasons.iter().next());
            let because = through
                .map(|(need, why)| say!("needs {} ({})", need.service, why.say()))
                .unwrap_or_default();
            affected.extend(describe(case, &key, because));
        }
    }
    if root.service != *case.asked && !affected.iter().any(|other| other.service == *case.asked) {
        affected.extend(describe(case, case.asked, Clean::default()));
    }
    affected
}

fn describe(case: &Case<'_>, key: &Key, because: Clean) -> Option<Affected> {
    let views = View::all_of(key, case);
    let view = views
        .iter()
        .find(|view| view.is_failing())
        .or_else(|| views.first())?;
    let status = match (view.is_unhealthy(), view.state()) {
        (true, _) => say!("unhealthy"),
        (false, Some(_)) if view.is_absent() => say!("never created"),
        (false, Some((_, state))) if view.has_ended() => state.exit_code.map_or_else(
            || say!("{}", state.status.word()),
            |code| say!("{} {}", state.status.word(), code),
        ),
        (false, Some((_, state))) => say!("{}", state.status.word()),
        (false, None) if view.removed().is_some() => say!("removed"),
        (false, None) => say!("not seen"),
    };
    let lines = [
        view.state().map(|(line, _)| line),
        view.health().map(|(line, _)| line),
        view.removed(),
    ];
    let symptoms = lines
        .into_iter()
        .flatten()
        .map(|line| line.text.clone())
        .collect();
    Some(Affected {
        service: key.clone(),
        status,
        symptoms,
        because,
    })
}

/// Whoever is tied to the service at fault and not told of yet, and what else fails in its stack.
pub(super) fn related(case: &Case<'_>, root: &Finding, affected: &[Affected]) -> Vec<(Key, Clean)> {
    let service = &root.service;
    let mut related: BTreeMap<Key, Clean> = BTreeMap::new();
    for (key, why) in case.graph.needed_by(service) {
        related.insert(
            key.clone(),
            say!("needs {} ({})", service.service, why.say()),
        );
    }
    for (key, why) in case.graph.needs(service) {
        related.insert(
            key.clone(),
            say!("{} needs it ({})", service.service, why.say()),
        );
    }
    for key in case.graph.neighbours(service) {
        let ill = find(case, key, false).filter(|finding| finding.cause != Cause::None);
        if let Some(ill) = ill {
            let tie = related
                .get(key)
                .map(|tie| say!("{}; ", tie))
                .unwrap_or_default();
            related.insert(
                key.clone(),
                say!("{}does not run well itself: {}", tie, ill.summary),
            );
        }
    }
    related.retain(|key, _| !affected.iter().any(|other| other.service == *key) && key != service);
    related.into_iter().collect()
}
