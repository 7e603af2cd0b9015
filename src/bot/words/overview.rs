//! The first line about several hosts: how many there are, which need attention, which do not answer.

use super::status::is_well;
use crate::bot::{Outcome, Trouble};
use crate::say;
use crate::stack::resolve::Chosen;
use crate::text::{Clean, Line, Name, Style};

/// Hosts, by what was seen of them.
#[derive(Debug, Default)]
pub(super) struct Overview {
    services: usize,
    ill: Vec<Clean>,
    silent: Vec<Clean>,
    /// They answer, and what they have cannot be shown.
    hidden: Vec<Clean>,
}

impl Overview {
    pub(super) fn seen(&mut self, host: &Name, chosen: &[Chosen<'_>]) {
        self.services += chosen.len();
        if !chosen.iter().all(is_well) {
            self.ill.push(host.into());
        }
    }

    pub(super) fn unseen(&mut self, host: &Name, trouble: &Trouble) {
        let kept = match trouble.outcome {
            Outcome::Unreachable => &mut self.silent,
            _ => &mut self.hidden,
        };
        kept.push(host.into());
    }

    pub(super) fn line(&self, hosts: usize) -> Line {
        let all_well = [&self.ill, &self.silent, &self.hidden];
        let all_well = all_well.iter().all(|hosts| hosts.is_empty());
        let style = if all_well { Style::Good } else { Style::Bad };
        Line::new().styled(style, self.says(hosts))
    }

    /// `3 hosts: 1 needs attention: vps; 1 does not answer: nas`
    fn says(&self, hosts: usize) -> Clean {
        let is_any_seen = hosts > self.silent.len() + self.hidden.len();
        let well = (self.ill.is_empty() && is_any_seen)
            .then(|| say!("all {} services seen are well", self.services));
        let parts: Vec<Clean> = [
            well,
            part(&self.ill, "needs attention", "need attention"),
            part(&self.silent, "does not answer", "do not answer"),
            part(&self.hidden, "cannot be shown", "cannot be shown"),
        ]
        .into_iter()
        .flatten()
        .collect();
        say!("{} hosts: {}", hosts, Clean::join(&parts, "; "))
    }
}

fn part(hosts: &[Clean], one: &'static str, several: &'static str) -> Option<Clean> {
    let verb = if hosts.len() == 1 { one } else { several };
    (!hosts.is_empty()).then(|| say!("{} {}: {}", hosts.len(), verb, Clean::join(hosts, ", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_many_are_in_which_state() {
        let mut overview = Overview::default();
        overview.seen(&Name::new("a"), &[]);
        let shown = |overview: &Overview| overview.says(3).to_string();
        assert_eq!(shown(&overview), "3 hosts: all 0 services seen are well");
        let mute = Trouble::new(Outcome::Unreachable, say!("no answer"));
        overview.unseen(&Name::new("b"), &mute);
        overview.unseen(&Name::new("c"), &mute);
        assert_eq!(
            shown(&overview),
            "3 hosts: all 0 services seen are well; 2 do not answer: b, c"
        );
        overview.ill.push("a".into());
        assert_eq!(
            shown(&overview),
            "3 hosts: 1 needs attention: a; 2 do not answer: b, c"
        );
    }
}
