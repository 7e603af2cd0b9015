//! Who may do what. The only maker of `Grant`: holding one proves that this caller may do this
//! much to this stack.

pub mod settings;
pub mod approval;
mod denial;

pub use approval::{ApprovalSettings, Need};
pub use denial::Denial;

use std::collections::BTreeMap;
use std::fmt;

use crate::action::Risk;
use crate::text::{Name, Say};

/// Where somebody types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Surface {
    Console,
    Slack,
    Discord,
    /// The program, where a rule of the configuration lets it act by itself.
    Itself,
}

impl Surface {
    pub fn word(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Itself => "dogwatch",
        }
    }
}

/// Somebody who asks: `console:anna`, `slack:U123`, with the chat's own groups and roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub surface: Surface,
    pub id: Name,
    /// As members are written in the configuration: `slack-group:S1`, `discord-role:789`.
    pub groups: Vec<String>,
}

impl Caller {
    pub fn console(user: &str) -> Self {
        Self {
            surface: Surface::Console,
            id: Name::new(user),
            groups: Vec::new(),
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.surface.word(), self.id)
    }
}

impl Say for Caller {}

/// What one line of a role allows: stacks by pattern, up to a risk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// `*`, `shop`, `shop-*`.
    pub stack: String,
    /// Only stacks of this environment.
    pub environment: Option<String>,
    /// Only this runbook or word.
    pub runbook: Option<String>,
    pub risk: Risk,
}

/// A host, where one is named, and a stack.
pub type Spot<'p> = (Option<&'p Name>, Option<&'p Name>);

/// What is asked for: where, and by which runbook.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place<'p> {
    pub stack: Option<&'p Name>,
    pub environment: Option<&'p str>,
    pub runbook: Option<&'p str>,
}

impl Allow {
    /// `STACK[@ENVIRONMENT][/RUNBOOK]:RISK`, such as `shop:change` or `*@prod/restart:change`;
    /// `None` when it is not of that form.
    pub fn parse(text: &str) -> Option<Self> {
        let (place, risk) = text.rsplit_once(':')?;
        let risk = [Risk::Read, Risk::Change, Risk::Destructive]
            .into_iter()
            .find(|known| known.word() == risk)?;
        let (place, runbook) = halves(place, '/')?;
        let (stack, environment) = halves(place, '@')?;
        (!stack.is_empty()).then(|| Self {
            stack: stack.to_owned(),
            environment: environment.map(str::to_owned),
            runbook: runbook.map(str::to_owned),
            risk,
        })
    }

    fn covers(&self, place: Place<'_>, risk: Risk) -> bool {
        let fits = |wanted: &Option<String>, is: Option<&str>| {
            wanted
                .as_deref()
                .is_none_or(|wanted| is.is_some_and(|is| matches(wanted, is)))
        };
        self.risk == risk
            && matches(&self.stack, place.stack.map_or("", Name::as_str))
            && fits(&self.environment, place.environment)
            && fits(&self.runbook, place.runbook)
    }
}

/// What stands before and after a sign; `None` when nothing stands after it.
fn halves(text: &str, sign: char) -> Option<(&str, Option<&str>)> {
    match text.split_once(sign) {
        Some((_, "")) => None,
        Some((before, after)) => Some((before, Some(after))),
        None => Some((text, None)),
    }
}

/// A pattern with `*` for any run of characters.
pub fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => {
            let Some(mut left) = text.strip_prefix(head) else {
                return false;
            };
            loop {
                if matches(rest, left) {
                    return true;
                }
                let mut chars = left.chars();
                if chars.next().is_none() {
                    return false;
                }
                left = chars.as_str();
            }
        }
    }
}

/// Roles and who has them.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    roles: Vec<(String, Vec<Allow>)>,
    members: Vec<(String, Vec<String>)>,
    /// Of stacks, by `host/stack`; by the stack's name alone, where every host is meant.
    environments: BTreeMap<String, String>,
    approval: ApprovalSettings,
}

/// Proof that a caller may do this much to this stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    caller: Caller,
    risk: Risk,
}

impl Grant {
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    pub fn risk(&self) -> Risk {
        self.risk
    }
}

impl Policy {
    pub fn new(roles: Vec<(String, Vec<Allow>)>, members: Vec<(String, Vec<String>)>) -> Self {
        Self {
            roles,
            members,
            ..Self::default()
        }
    }

    /// With what is needed before a run, and which stack is of which environment.
    #[must_use]
    pub fn asking(
        mut self,
        approval: ApprovalSettings,
        environments: BTreeMap<String, String>,
    ) -> Self {
        self.approval = approval;
        self.environments = environments;
        self
    }

    pub fn approval(&self) -> &ApprovalSettings {
        &self.approval
    }

    /// The environment of a stack on a host.
    pub fn environment_on(&self, host: &Name, stack: Option<&Name>) -> Option<&str> {
        let stack = stack?.as_str();
        let here = self.environments.get(&format!("{host}/{stack}"));
        here.or_else(|| self.environments.get(stack))
            .map(String::as_str)
    }

    /// The same without a host: where the stack has one environment, wherever it is.
    pub fn environment_of(&self, spot: Spot<'_>) -> Option<&str> {
        let meant = self.environments_of(spot);
        let first = meant.first().copied()?;
        meant.iter().all(|one| *one == first).then_some(first)?
    }

    /// All environments that may be meant: without a host, those of every host.
    fn environments_of(&self, (host, stack): Spot<'_>) -> Vec<Option<&str>> {
        if let Some(host) = host {
            return vec![self.environment_on(host, stack)];
        }
        let stack = stack.map_or("", Name::as_str);
        let is_meant = |key: &str| key.rsplit('/').next() == Some(stack);
        let named = self.environments.iter().filter(|(key, _)| is_meant(key));
        let mut found: Vec<Option<&str>> = named.map(|(_, name)| Some(name.as_str())).collect();
        if found.is_empty() {
            found.push(None);
        }
        found
    }

    /// What has to happen before this caller's run may begin. Whoever is alone at the console,
    /// without anybody configured, can only confirm to themselves.
    pub fn need(&self, caller: &Caller, stack: Option<&Name>, risk: Risk) -> Need {
        self.need_on(caller, (None, stack), risk)
    }

    pub fn need_on(&self, caller: &Caller, spot: Spot<'_>, risk: Risk) -> Need {
        let environments = self.environments_of(spot);
        let needs = environments
            .iter()
            .map(|name| self.approval.need(*name, risk));
        let need = needs.max().unwrap_or(Need::SecondPerson);
        if self.is_unset() && caller.surface == Surface::Console {
            need.min(Need::Confirm)
        } else {
            need
        }
    }

    /// Nobody is named: the console may do everything, a chat user may only read.
    fn is_unset(&self) -> bool {
        self.members.is_empty()
    }

    pub fn decide(
        &self,
        caller: &Caller,
        stack: Option<&Name>,
        risk: Risk,
    ) -> Result<Grant, Denial> {
        self.decide_run(caller, stack, None, risk)
    }

    /// The same for one runbook or word, which a role may name.
    pub fn decide_run(
        &self,
        caller: &Caller,
        stack: Option<&Name>,
        runbook: Option<&str>,
        risk: Risk,
    ) -> Result<Grant, Denial> {
        self.decide_on(caller, (None, stack), runbook, risk)
    }

    /// The same on one host. Without a host it has to be allowed wherever it may be meant.
    pub fn decide_on(
        &self,
        caller: &Caller,
        spot: Spot<'_>,
        runbook: Option<&str>,
        risk: Risk,
    ) -> Result<Grant, Denial> {
        let (_, stack) = spot;
        let environments = self.environments_of(spot);
        let roles = self.roles_of(caller);
        let allowed = if caller.surface == Surface::Itself {
            // a rule of the configuration named the service; what deletes is never done alone
            risk <= Risk::Change
        } else if self.is_unset() {
            caller.surface == Surface::Console || risk == Risk::Read
        } else {
            let rules = self
                .roles
                .iter()
                .filter(|(name, _)| roles.contains(name))
                .flat_map(|(_, rules)| rules);
            let rules: Vec<&Allow> = rules.into_iter().collect();
            environments.iter().all(|environment| {
                let place = Place {
                    stack,
                    environment: *environment,
                    runbook,
                };
                rules.iter().any(|rule| rule.covers(place, risk))
            })
        };
        if allowed {
            Ok(Grant {
                caller: caller.clone(),
                risk,
            })
        } else {
            Err(Denial {
                caller: Box::new(caller.clone()),
                risk,
                stack: stack.cloned(),
                runbook: runbook.map(Name::new),
                roles,
            })
        }
    }

    /// Every id that members are named by under a prefix such as `slack-group`.
    pub fn named(&self, prefix: &str) -> Vec<&str> {
        let keys = self.members.iter().map(|(key, _)| key.as_str());
        let ids = keys.filter_map(|key| key.strip_prefix(prefix)?.strip_prefix(':'));
        ids.collect()
    }

    /// The roles a caller has, by id, by wildcard, by group; sorted.
    pub fn roles_of(&self, caller: &Caller) -> Vec<String> {
        let own = caller.to_string();
        let any = format!("{}:*", caller.surface.word());
        let is_member = |key: &String| *key == own || *key == any || caller.groups.contains(key);
        let mut roles: Vec<String> = self
            .members
            .iter()
            .filter(|(key, _)| is_member(key))
            .flat_map(|(_, roles)| roles.clone())
            .collect();
        roles.sort();
        roles.dedup();
        roles
    }

    /// Everything a caller may do, as `whoami` shows it.
    pub fn allows(&self, caller: &Caller) -> Vec<Allow> {
        let all = |risk| Allow {
            stack: "*".to_owned(),
            environment: None,
            runbook: None,
            risk,
        };
        if self.is_unset() {
            let most = if caller.surface == Surface::Console {
                Risk::Destructive
            } else {
                Risk::Read
            };
            return [Risk::Read, Risk::Change, Risk::Destructive]
                .into_iter()
                .filter(|risk| *risk <= most)
                .map(all)
                .collect();
        }
        let roles = self.roles_of(caller);
        self.roles
            .iter()
            .filter(|(name, _)| roles.contains(name))
            .flat_map(|(_, rules)| rules.clone())
            .collect()
    }

    /// Whether there is any stack on which this caller may run a runbook of that risk.
    pub fn may_run_somewhere(&self, caller: &Caller, runbook: &str, risk: Risk) -> bool {
        self.allows(caller).iter().any(|allow| {
            let named = allow.runbook.as_deref();
            allow.risk == risk && named.is_none_or(|named| matches(named, runbook))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        let allow = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| Allow::parse(text).unwrap())
                .collect()
        };
        Policy::new(
            vec![
                ("oncall".into(), allow(&["*:read", "shop-*:change"])),
                ("viewer".into(), allow(&["*:read"])),
            ],
            vec![
                ("slack:U1".into(), vec!["oncall".into()]),
                ("console:*".into(), vec!["viewer".into()]),
                ("discord-role:7".into(), vec!["oncall".into()]),
            ],
        )
    }

    #[test]
    fn roles_give_what_they_say_and_no_more() {
        let anna = Caller {
            surface: Surface::Slack,
            id: Name::new("U1"),
            groups: vec![],
        };
        let (eu, blog) = (Name::new("shop-eu"), Name::new("blog"));
        assert!(policy().decide(&anna, Some(&eu), Risk::Change).is_ok());
        assert!(
            policy()
                .decide(&anna, Some(&eu), Risk::Destructive)
                .is_err()
        );
        assert!(policy().decide(&anna, Some(&blog), Risk::Change).is_err());
        assert!(policy().decide(&anna, None, Risk::Read).is_ok());
        let by_role = Caller {
            surface: Surface::Discord,
            id: Name::new("9"),
            groups: vec!["discord-role:7".into()],
        };
        assert!(policy().decide(&by_role, Some(&eu), Risk::Change).is_ok());
        let denial = policy()
            .decide(&Caller::console("root"), Some(&blog), Risk::Change)
            .unwrap_err();
        insta::assert_snapshot!(denial, @"`console:root` needs the right `change` on `blog`, and has `viewer`; ask whoever keeps `access` in the configuration");
    }

    #[test]
    fn without_configuration_the_console_may_all_and_a_chat_may_read() {
        let policy = Policy::default();
        assert!(
            policy
                .decide(&Caller::console("root"), None, Risk::Destructive)
                .is_ok()
        );
        let chat = Caller {
            surface: Surface::Slack,
            id: Name::new("U1"),
            groups: vec![],
        };
        assert!(policy.decide(&chat, None, Risk::Read).is_ok());
        assert!(policy.decide(&chat, None, Risk::Change).is_err());
    }

    #[test]
    fn a_role_may_name_an_environment_and_a_runbook() {
        let allow = vec![Allow::parse("*@staging/restart:change").unwrap()];
        let members = vec![("console:*".to_owned(), vec!["some".to_owned()])];
        let environments = [("lab", "staging"), ("shop", "prod")];
        let environments = environments.map(|(stack, name)| (stack.to_owned(), name.to_owned()));
        let policy = Policy::new(vec![("some".to_owned(), allow)], members)
            .asking(ApprovalSettings::default(), environments.into());
        let may = |stack: &str, runbook| {
            let (caller, stack) = (Caller::console("anna"), Name::new(stack));
            let decided = policy.decide_run(&caller, Some(&stack), Some(runbook), Risk::Change);
            decided.is_ok()
        };
        assert!(may("lab", "restart"));
        assert!(!may("lab", "stop") && !may("shop", "restart") && !may("other", "restart"));
        assert!(Allow::parse("shop/:change").is_none() && Allow::parse("@prod:read").is_none());
    }

    #[test]
    fn alone_at_the_console_nobody_can_be_a_second_person() {
        let policy = Policy::default();
        let need = |caller: &Caller| policy.need(caller, None, Risk::Destructive);
        assert_eq!(need(&Caller::console("root")), Need::Confirm);
        let chat = Caller {
            surface: Surface::Slack,
            ..Caller::console("U1")
        };
        assert_eq!(need(&chat), Need::SecondPerson);
    }

    #[test]
    fn patterns_match_whole_names() {
        assert!(matches("*", "") && matches("shop", "shop") && matches("a*c*", "abcd"));
        assert!(!matches("shop", "shop-eu") && !matches("shop-*", "shop") && !matches("*x", "xy"));
    }
}
