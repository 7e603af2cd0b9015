//! Who has to say yes before something is done: by risk, and by the environment of the stack.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::Risk;
use crate::setting::{Identifier, Wait};

/// What has to happen before a run may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Need {
    /// Nothing: who may do it does it.
    None,
    /// Somebody who may do it confirms the plan; it may be who asked.
    Confirm,
    /// Somebody else who may do it approves the plan.
    SecondPerson,
}

/// What is needed before a run, by the environment of its stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApprovalSettings {
    /// How long a plan waits for its approval, such as `15m`.
    pub expires: Option<Wait>,
    /// By environment (`stacks.<name>.environment`); `default` is every other stack. Without it: a
    /// change in `prod` or `production` needs `confirm`, and what is destructive `second-person`.
    pub environments: BTreeMap<Identifier, NeedSettings>,
}

/// What one environment needs. What is not said is as it is without configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NeedSettings {
    pub change: Option<Need>,
    pub destructive: Option<Need>,
}

/// A plan that nobody approved for so long is not what anybody meant any more.
const EXPIRES: Duration = Duration::from_mins(15);
const DEFAULT: &str = "default";

impl ApprovalSettings {
    pub fn expires(&self) -> Duration {
        self.expires.map_or(EXPIRES, |wait| wait.0)
    }

    /// What a risk needs in an environment.
    pub fn need(&self, environment: Option<&str>, risk: Risk) -> Need {
        let named = environment.and_then(|name| self.environments.get(name));
        let mut set = [named, self.environments.get(DEFAULT)]
            .into_iter()
            .flatten();
        let is_production = matches!(environment, Some("prod" | "production"));
        match risk {
            Risk::Read => Need::None,
            Risk::Change => set.find_map(|needs| needs.change).unwrap_or({
                if is_production {
                    Need::Confirm
                } else {
                    Need::None
                }
            }),
            Risk::Destructive => set
                .find_map(|needs| needs.destructive)
                .unwrap_or(Need::SecondPerson),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_is_careful_without_being_told() {
        let plain = ApprovalSettings::default();
        let need = |environment, risk| plain.need(environment, risk);
        assert_eq!(need(None, Risk::Change), Need::None);
        assert_eq!(need(Some("prod"), Risk::Change), Need::Confirm);
        assert_eq!(need(Some("staging"), Risk::Destructive), Need::SecondPerson);
        assert_eq!(need(Some("prod"), Risk::Read), Need::None);
    }

    #[test]
    fn an_environment_says_what_it_needs_and_default_the_rest() {
        let needs = |change, destructive| NeedSettings {
            change,
            destructive,
        };
        let name = |name: &str| Identifier::try_from(name.to_owned()).unwrap();
        let settings = ApprovalSettings {
            environments: BTreeMap::from([
                (name("lab"), needs(None, Some(Need::None))),
                (name("default"), needs(Some(Need::Confirm), None)),
            ]),
            ..ApprovalSettings::default()
        };
        assert_eq!(settings.need(Some("lab"), Risk::Destructive), Need::None);
        assert_eq!(settings.need(Some("lab"), Risk::Change), Need::Confirm);
        assert_eq!(settings.need(None, Risk::Destructive), Need::SecondPerson);
    }
}
