//! All configured stacks, and which of them somebody means by `[HOST:]STACK[@ENVIRONMENT]`.

use std::collections::BTreeMap;

use thiserror::Error;

use super::settings::StackSettings;
use super::site::Site;
use crate::command::Target;
use crate::command::suggest::nearest;
use crate::command::target::What;
use crate::setting::Identifier;

/// Sorted by stack and environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sites(Vec<Site>);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SiteError {
    #[error(
        "there is no stack `{typed}` under `stacks` in the configuration{}; compose needs its directory there",
        hint(.near.as_deref())
    )]
    Unknown { typed: String, near: Option<String> },
    #[error("`{typed}` runs in several places; say which: {}", several.join(", "))]
    Ambiguous { typed: String, several: Vec<String> },
}

fn hint(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// What somebody typed, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Typed<'t> {
    host: Option<&'t str>,
    stack: &'t str,
    environment: Option<&'t str>,
}

impl<'t> Typed<'t> {
    fn read(text: &'t str) -> Self {
        let (host, rest) = match text.split_once(':') {
            Some((host, rest)) => (Some(host), rest),
            None => (None, text),
        };
        let (stack, environment) = match rest.split_once('@') {
            Some((stack, environment)) => (stack, Some(environment)),
            None => (rest, None),
        };
        Self {
            host,
            stack,
            environment,
        }
    }

    fn means(&self, site: &Site) -> bool {
        let named = self.stack == site.stack || self.stack == site.project;
        named
            && self.host.is_none_or(|host| host == site.host)
            && self
                .environment
                .is_none_or(|environment| site.environment.as_deref() == Some(environment))
    }
}

impl Sites {
    /// `usual_host` is where a stack runs that names no host.
    pub fn new(stacks: &BTreeMap<Identifier, StackSettings>, usual_host: &str) -> Self {
        let stacks = stacks.iter();
        Self::of(stacks.flat_map(|(name, stack)| Site::all(name.as_str(), stack, usual_host)))
    }

    pub fn of(sites: impl IntoIterator<Item = Site>) -> Self {
        let mut sites: Vec<Site> = sites.into_iter().collect();
        sites.sort_by(|a, b| (&a.stack, &a.environment).cmp(&(&b.stack, &b.environment)));
        Self(sites)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Site> {
        self.0.iter()
    }

    /// What people may type for each.
    pub fn names(&self) -> Vec<String> {
        self.iter().map(Site::full_name).collect()
    }

    /// The site of a project on a host.
    pub fn at(&self, host: &str, project: &str) -> Option<&Site> {
        self.iter()
            .find(|site| site.host == host && site.project == project)
    }

    /// The sites that a stack's name may mean, on one host where that is named: there the name of a
    /// project is clear, whatever else is called so.
    pub fn meant(&self, host: Option<&str>, name: &str) -> Vec<&Site> {
        let here = |site: &&Site| host.is_none_or(|host| host == site.host);
        let named = |site: &&Site| name == site.stack || name == site.project;
        let meant: Vec<&Site> = self.iter().filter(here).filter(named).collect();
        match meant
            .iter()
            .find(|site| host.is_some() && site.project == name)
        {
            Some(site) => vec![site],
            None => meant,
        }
    }

    /// A target by the names that containers on its host have: a configured stack is there under
    /// its project.
    #[must_use]
    pub fn as_called(&self, host: &str, target: &Target, stacks_too: bool) -> Target {
        let mut called = target.clone();
        let name = match (&mut called.stack, &mut called.what) {
            (Some(stack), _) => Some(stack),
            (None, What::Named(name)) if stacks_too => Some(name),
            _ => None,
        };
        if let Some(name) = name
            && let [site] = self.meant(Some(host), name).as_slice()
        {
            name.clone_from(&site.project);
        }
        called
    }

    /// The one that somebody means.
    pub fn find(&self, typed: &str) -> Result<&Site, SiteError> {
        let wanted = Typed::read(typed);
        let found: Vec<&Site> = self.iter().filter(|site| wanted.means(site)).collect();
        match found.as_slice() {
            [site] => Ok(site),
            [] => Err(SiteError::Unknown {
                typed: typed.to_owned(),
                near: nearest(wanted.stack, self.iter().map(|site| site.stack.as_str()))
                    .map(str::to_owned),
            }),
            several => Err(SiteError::Ambiguous {
                typed: typed.to_owned(),
                several: several.iter().map(|site| site.full_name()).collect(),
            }),
        }
    }
}
