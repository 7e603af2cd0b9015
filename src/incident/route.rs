//! Where an incident is told, and who is called there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::model::{Incident, Member};
use super::settings::{Address, IncidentSettings, Route};
use crate::setting::Identifier;
use crate::text::Name;

/// The channels of an incident, each with who is called in its first message.
pub type Channels = BTreeMap<Address, BTreeSet<Name>>;

/// Routes as they are set, and where everything goes that no route takes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Routes {
    pub settings: IncidentSettings,
    pub usual: Vec<Address>,
}

impl Routes {
    pub fn channels(&self, incident: &Incident, now: Timestamp) -> Channels {
        let mut channels = Channels::new();
        for route in &self.settings.routes {
            if incident.members.iter().any(|member| takes(route, member)) {
                let called = self.people(&route.mention, now);
                for address in &route.to {
                    let here = called
                        .iter()
                        .filter(|who| is_of(who, &address.chat))
                        .cloned();
                    channels.entry(address.clone()).or_default().extend(here);
                }
            }
        }
        for direct in incident.members.iter().filter_map(|member| {
            // a name that no route has may be a channel itself
            Address::try_from(member.route.clone()?).ok()
        }) {
            channels.entry(direct).or_default();
        }
        if channels.is_empty() {
            let usual = self.usual.iter().cloned();
            channels.extend(usual.map(|address| (address, BTreeSet::new())));
        }
        channels
    }

    /// Who is meant by what a route or a step names; a rota is whoever's turn it is.
    pub fn people(&self, named: &[String], now: Timestamp) -> Vec<Name> {
        let person = |named: &String| -> Option<Name> {
            let Some(rota) = named.strip_prefix("rota:") else {
                return Some(Name::new(named));
            };
            let rota = self.settings.rotas.get(rota)?;
            rota.on_call(now).map(Name::new)
        };
        named.iter().filter_map(person).collect()
    }
}

fn takes(route: &Route, member: &Member) -> bool {
    let named = route.name.as_ref().map(Identifier::as_str);
    let severe = route.severity.is_none_or(|least| member.severity >= least);
    let fits = match (&route.fits, named) {
        (Some(fits), _) => fits.fits(member),
        (None, Some(name)) => return severe && member.route.as_deref() == Some(name),
        (None, None) => true,
    };
    severe && (fits || (named.is_some() && member.route.as_deref() == named))
}

/// `slack:U1` and `slack-group:S1` are of Slack.
pub fn is_of(who: &Name, chat: &str) -> bool {
    who.as_str()
        .strip_prefix(chat)
        .is_some_and(|rest| rest.starts_with([':', '-']))
}
