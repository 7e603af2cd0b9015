//! What a view of one container holds, by kind of fact. What follows from it stands in `view`.

use super::view::View;
use crate::action::container::Container;
use crate::action::stats::Stats;
use crate::evidence::events::EventFact;
use crate::evidence::probe::{AnswerFact, MachineFact, SpaceFact};
use crate::evidence::sockets::SocketFact;
use crate::evidence::state::{HealthFact, StateFact};
use crate::evidence::{Evidence, Fact};
use crate::text::Clean;

impl<'e> View<'e> {
    fn facts<T>(
        &self,
        wanted: impl Fn(&'e Fact) -> Option<T>,
    ) -> impl DoubleEndedIterator<Item = (&'e Evidence, T)> {
        self.evidence
            .iter()
            .filter_map(move |item| Some((*item, wanted(&item.fact)?)))
    }

    pub fn setup(&self) -> Option<&'e Container> {
        self.facts(|fact| match fact {
            Fact::Setup(setup) => Some(setup.as_ref()),
            _ => None,
        })
        .next()
        .map(|(_, setup)| setup)
    }

    pub fn sockets(&self) -> Option<(&'e Evidence, &'e SocketFact)> {
        self.facts(|fact| match fact {
            Fact::Sockets(fact) => Some(fact),
            _ => None,
        })
        .next()
    }

    pub fn answer(&self) -> Option<(&'e Evidence, &'e AnswerFact)> {
        self.facts(|fact| match fact {
            Fact::Answer(fact) => Some(fact),
            _ => None,
        })
        .next()
    }

    pub fn spaces(&self) -> impl Iterator<Item = (&'e Evidence, &'e SpaceFact)> {
        self.facts(|fact| match fact {
            Fact::Space(fact) => Some(fact),
            _ => None,
        })
    }

    /// What was tried from inside about this host.
    pub fn tried(&self, host: &Clean) -> Option<&'e Evidence> {
        self.facts(|fact| match fact {
            Fact::Tried(tried) => (tried.host == *host).then_some(()),
            _ => None,
        })
        .next()
        .map(|(item, ())| item)
    }

    /// The engine recorded that it was removed, and nothing has taken its place.
    pub fn removed(&self) -> Option<&'e Evidence> {
        self.facts(|fact| matches!(fact, Fact::Removed).then_some(()))
            .next_back()
            .map(|(item, ())| item)
    }

    pub fn processes(&self) -> Option<&'e Evidence> {
        self.facts(|fact| matches!(fact, Fact::Processes(_)).then_some(()))
            .next()
            .map(|(item, ())| item)
    }

    /// Its image, where that is not for this engine's machine.
    pub fn foreign_image(&self) -> Option<&'e Evidence> {
        self.facts(|fact| match fact {
            Fact::Platform(platform) => (!platform.fits).then_some(()),
            _ => None,
        })
        .next()
        .map(|(item, ())| item)
    }

    pub fn stats(&self) -> Option<(&'e Evidence, Stats)> {
        self.facts(|fact| match fact {
            Fact::Usage(fact) => Some(fact.stats),
            _ => None,
        })
        .next()
    }

    pub fn machine(&self) -> Option<(&'e Evidence, MachineFact)> {
        self.case.evidence.iter().find_map(|item| match item.fact {
            Fact::Machine(fact) => Some((item, fact)),
            _ => None,
        })
    }

    /// Who holds a port of the host, where the engine refused to give it out twice.
    pub fn holder(&self) -> Option<&'e Evidence> {
        self.facts(|fact| matches!(fact, Fact::PortHolder).then_some(()))
            .next()
            .map(|(item, ())| item)
    }

    pub fn state(&self) -> Option<(&'e Evidence, &'e StateFact)> {
        self.evidence.iter().find_map(|item| match &item.fact {
            Fact::State(fact) => Some((*item, fact)),
            _ => None,
        })
    }

    pub fn health(&self) -> Option<(&'e Evidence, &'e HealthFact)> {
        self.evidence.iter().find_map(|item| match &item.fact {
            Fact::Health(fact) => Some((*item, fact)),
            _ => None,
        })
    }

    /// Oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = (&'e Evidence, EventFact)> + '_ {
        self.evidence.iter().filter_map(|item| match item.fact {
            Fact::Event(fact) => Some((*item, fact)),
            _ => None,
        })
    }

    /// Oldest first.
    pub fn logs(&self) -> impl DoubleEndedIterator<Item = &'e Evidence> + '_ {
        self.evidence
            .iter()
            .copied()
            .filter(|item| matches!(item.fact, Fact::Log(_)))
    }

    pub fn usage(&self) -> Option<&'e Evidence> {
        self.evidence
            .iter()
            .copied()
            .find(|item| matches!(item.fact, Fact::Usage(_)))
    }
}
