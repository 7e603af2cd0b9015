//! An override file for one service, proposed as text: nothing here writes it anywhere. Pure, but
//! for the look at which files are there.

use super::{Operator, Resolved};
use crate::say;
use crate::text::{Clean, Name, Raw, Redactor};

/// Files of compose that are read by themselves, each with the override that belongs to it.
const USUAL: [(&str, &str); 4] = [
    ("compose.yaml", "compose.override.yaml"),
    ("compose.yml", "compose.override.yml"),
    ("docker-compose.yml", "docker-compose.override.yml"),
    ("docker-compose.yaml", "docker-compose.override.yaml"),
];

const THERE: &str = r#"for f; do [ -e "$f" ] && echo "$f"; done; true"#;

/// What would go into which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub file: Name,
    /// It has other lines already.
    pub is_there: bool,
    pub lines: Vec<Clean>,
    /// Each variable with what it is by the files now.
    pub changes: Vec<Clean>,
}

/// A variable of a service with the value it would get.
pub type Assignment = (String, Raw);

impl Operator<'_> {
    /// The override that gives a service these variables.
    pub async fn proposal(
        &self,
        resolved: &Resolved,
        service: &str,
        variables: &[Assignment],
        redactor: &Redactor,
    ) -> Result<Proposal, Clean> {
        let names = USUAL.iter().flat_map(|(base, own)| [*base, *own]);
        let argv: Vec<&str> = ["sh", "-c", THERE, "sh"].into_iter().chain(names).collect();
        let there = self.ask(&argv).await?;
        let is_there = |file: &str| there.lines().any(|line| line == file);
        let base = USUAL.iter().find(|(base, _)| is_there(base));
        let (_, file) = base.copied().unwrap_or(USUAL[2]);
        let wanted = resolved.services.get(service);
        let now = |name: &str| wanted.and_then(|wanted| wanted.environment.get(name));
        let mut lines = vec![
            say!("services:"),
            say!("  {}:", Name::new(service)),
            say!("    environment:"),
        ];
        let mut changes = Vec::new();
        for (name, value) in variables {
            let shown = written(name, value, redactor)?;
            lines.push(say!("      {}: {}", Name::new(name), shown));
            changes.push(match now(name) {
                Some(now) => say!(
                    "{} is `{}` by the files now",
                    Name::new(name),
                    redactor.value(name, now)
                ),
                None => say!("{} is not in the files now", Name::new(name)),
            });
        }
        Ok(Proposal {
            file: Name::new(file),
            is_there: is_there(file),
            lines,
            changes,
        })
    }
}

/// A value as YAML takes it for text, whatever is in it, and compose for no variable.
fn written(name: &str, value: &Raw, redactor: &Redactor) -> Result<Clean, Clean> {
    let plain = value.expose();
    let hidden = Redactor::is_secret_name(name) || redactor.value(name, value).as_str() != plain;
    if hidden {
        return Err(say!(
            "{} looks like a secret; put it into an env file on the host, where no chat and no repository sees it",
            Name::new(name)
        ));
    }
    let quoted = serde_json::to_string(&plain.replace('$', "$$"));
    let quoted = quoted.map_err(|_| say!("{} cannot be written", Name::new(name)))?;
    Ok(redactor.clean(&quoted))
}

/// Whether a program could have a variable of that name.
pub fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
