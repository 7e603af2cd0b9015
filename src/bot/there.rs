//! What every host has at this moment, for a prompt that looks beside whoever types; and what may be
//! typed for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::Bot;
use crate::stack::{Inventory, Sites};
use crate::survey::Survey;
use crate::text::Name;

/// A host that takes longer is left out of what can be chosen.
const LOOKING: Duration = Duration::from_millis(1500);

/// What a host has.
pub type There = (Name, Arc<Inventory>);

impl Bot {
    /// What every host has at this moment, or the one that is meant.
    pub async fn there(&self, only: Option<&str>) -> Vec<There> {
        let names = self.fleet.names().into_iter();
        let meant = names.filter(|name| only.is_none_or(|only| only == name));
        let looks = meant.map(|name| async move {
            let look = async {
                let host = self.fleet.host(Some(&name)).await.ok()?;
                let survey = Survey::take(&host, self.clock, &self.secrets).await.ok()?;
                Some(survey.inventory)
            };
            let seen = timeout(LOOKING, look).await.ok().flatten()?;
            Some((Name::new(&name), Arc::new(seen)))
        });
        join_all(looks).await.into_iter().flatten().collect()
    }
}

/// What may be typed for what is there, the short names first. The host stands in front only where
/// a name is on several; a configured stack may be called by its own name too.
pub fn typeable(there: &[There], sites: &Sites) -> Vec<String> {
    let mut hosts: BTreeMap<String, BTreeSet<Name>> = BTreeMap::new();
    for (host, inventory) in there {
        for name in inventory.names() {
            hosts.entry(name).or_default().insert(host.clone());
        }
    }
    for site in sites.iter() {
        let of = hosts.entry(site.stack.clone()).or_default();
        of.insert(Name::new(&site.host));
    }
    let typed = |(name, hosts): (String, BTreeSet<Name>)| {
        let alone = hosts.len() == 1;
        let with_host = move |host: Name| {
            if alone {
                name.clone()
            } else {
                format!("{host}:{name}")
            }
        };
        hosts.into_iter().map(with_host).collect::<Vec<_>>()
    };
    let mut names: Vec<String> = hosts.into_iter().flat_map(typed).collect();
    names.sort_by_cached_key(|name| (name.contains('/'), name.clone()));
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::container::Container;
    use crate::stack::Site;

    fn on(host: &str, services: &[(&str, &str)]) -> There {
        let container = |(stack, service): &(&str, &str)| Container {
            id: format!("{host}{stack}{service}"),
            name: format!("{stack}-{service}-1"),
            labels: [
                ("com.docker.compose.project".to_owned(), (*stack).to_owned()),
                (
                    "com.docker.compose.service".to_owned(),
                    (*service).to_owned(),
                ),
            ]
            .into(),
            ..Container::default()
        };
        let containers = services.iter().map(container).collect();
        (Name::new(host), Arc::new(Inventory::new(containers)))
    }

    #[test]
    fn the_host_is_offered_only_where_a_name_is_on_several() {
        let there = [
            on("local", &[("blog", "db"), ("blog", "web")]),
            on("vps", &[("shop-prod", "db")]),
        ];
        let site = Site {
            stack: "shop".into(),
            project: "shop-prod".into(),
            host: "vps".into(),
            ..Site::default()
        };
        assert_eq!(
            typeable(&there, &Sites::of([site])),
            [
                "blog",
                "local:db",
                "shop",
                "shop-prod",
                "vps:db",
                "web",
                "blog/db",
                "blog/web",
                "shop-prod/db",
            ]
        );
    }
}
