//! The git checkout of a stack: where it stands, what was pushed since, what that would change, and
//! where a name leads. Every argument is checked before git sees it.

use std::collections::BTreeMap;

use super::resolved::{Wanted, services};
use super::{LOOK, Operator};
use crate::say;
use crate::stack::revisions::{Previous, Revisions, short};
use crate::text::{Clean, Name, Redactor};

/// So many commits and lines of a difference are shown; more nobody reads before saying yes.
const COMMITS: usize = 20;
const LINES: usize = 60;

/// Where compose looks when no file is named.
const USUAL_FILES: [&str; 8] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

impl Operator<'_> {
    pub(super) async fn git(&self, rest: &[&str]) -> Result<String, Clean> {
        let argv: Vec<&str> = ["git"].into_iter().chain(rest.iter().copied()).collect();
        Ok(self.ask(&argv).await?.trim_end().to_owned())
    }

    async fn commit(&self, name: &str) -> Result<String, Clean> {
        let name = format!("{name}^{{commit}}");
        self.git(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &name,
        ])
        .await
    }

    /// Fetches, and says what going to `reference` (or to the end of the branch) would change.
    pub async fn fetch(
        &self,
        reference: Option<&str>,
        redactor: &Redactor,
    ) -> Result<Revisions, Clean> {
        let present = self.head().await?;
        self.is_clean().await?;
        let remote = plain(&self.site.deploy.remote)?;
        let branch = match &self.site.deploy.branch {
            Some(branch) => plain(branch)?.to_owned(),
            None => self.branch().await?,
        };
        self.git(&["fetch", "--quiet", remote, &branch]).await?;
        let newest = self.commit("FETCH_HEAD").await?;
        let goal = match reference {
            None => newest.clone(),
            Some(reference) => self.named(plain(reference)?, remote, &newest).await?,
        };
        let own = self.count(&newest, &present).await?;
        if own > 0 && goal == newest {
            return Err(say!(
                "the checkout has {} commits that `{}/{}` does not have; push them, or say which commit is meant",
                own,
                Name::new(remote),
                Name::new(&branch)
            ));
        }
        let mut revisions = self.compare(&present, &goal, redactor).await?;
        revisions.fetched = Some(goal);
        Ok(revisions)
    }

    /// What going back to what ran before would change.
    pub async fn back_to(
        &self,
        present: &str,
        previous: Previous,
        redactor: &Redactor,
    ) -> Result<Revisions, Clean> {
        self.is_clean().await?;
        let goal = self.commit(plain(&previous.commit)?).await?;
        let mut revisions = self.compare(present, &goal, redactor).await?;
        revisions.previous = Some(previous);
        Ok(revisions)
    }

    pub async fn head(&self) -> Result<String, Clean> {
        self.is_checkout().await?;
        let head = self.commit("HEAD").await;
        head.map_err(|_| {
            say!(
                "the checkout `{}` has no commit yet; commit what is to run, and push it",
                self.place()
            )
        })
    }

    fn place(&self) -> Name {
        let directory = self.site.directory.clone().unwrap_or_default();
        Name::new(&directory.to_string_lossy())
    }

    async fn is_checkout(&self) -> Result<(), Clean> {
        let argv = ["git", "rev-parse", "--is-inside-work-tree"].map(str::to_owned);
        let ran = self.run(argv.to_vec(), LOOK, &|_| {}).await?;
        if ran.succeeded() {
            return Ok(());
        }
        // git's words are in the user's language; the name of the setting is not
        if ran.stderr.expose().contains("safe.directory") {
            return Err(say!(
                "git does not trust `{}`, since it belongs to somebody else; `git config --global --add safe.directory {}` on the host allows it",
                self.place(),
                self.place()
            ));
        }
        Err(say!(
            "`{}` is no git checkout, so there is no revision to go to; clone the repository there, or set `directory` under `stacks.{}` to where it is",
            self.place(),
            Name::new(&self.site.stack)
        ))
    }

    /// What somebody changed by hand would be in the way, or lost.
    async fn is_clean(&self) -> Result<(), Clean> {
        let changed = self
            .git(&[
                "--no-optional-locks",
                "status",
                "--porcelain",
                "--untracked-files=no",
            ])
            .await?;
        if changed.is_empty() {
            return Ok(());
        }
        let name = |line: &str| Name::new(line.get(3..).unwrap_or(line));
        let names: Vec<Clean> = changed
            .lines()
            .take(10)
            .map(|line| name(line).into())
            .collect();
        Err(say!(
            "the checkout was changed by hand: {}; commit or undo that first",
            Clean::join(&names, ", ")
        ))
    }

    async fn branch(&self) -> Result<String, Clean> {
        let found = self
            .git(&["symbolic-ref", "--quiet", "--short", "HEAD"])
            .await;
        found.map_err(|_| {
            let stack = Name::new(&self.site.stack);
            say!(
                "the checkout is on no branch; say which under `stacks.{}.deploy.branch`",
                stack
            )
        })
    }

    /// A commit, tag or branch that the remote has too.
    async fn named(&self, name: &str, remote: &str, newest: &str) -> Result<String, Clean> {
        let of_remote = format!("refs/remotes/{remote}/{name}");
        let mut found = self.commit(name).await;
        if found.is_err() {
            found = self.commit(&of_remote).await;
        }
        let found = found.map_err(|_| say!("git knows no `{}`", Name::new(name)))?;
        if self.count(newest, &found).await? > 0 {
            return Err(say!(
                "`{}` is not on the branch that is deployed",
                Name::new(name)
            ));
        }
        Ok(found)
    }

    /// How many commits `to` has that `from` does not.
    async fn count(&self, from: &str, to: &str) -> Result<usize, Clean> {
        let range = format!("{from}..{to}");
        let count = self.git(&["rev-list", "--count", &range]).await?;
        count.parse().map_err(|_| say!("git counted no commits"))
    }

    async fn compare(
        &self,
        present: &str,
        goal: &str,
        redactor: &Redactor,
    ) -> Result<Revisions, Clean> {
        let mut revisions = Revisions {
            present: present.to_owned(),
            ..Revisions::default()
        };
        let (forth, back) = (
            self.count(present, goal).await?,
            self.count(goal, present).await?,
        );
        revisions
            .changes
            .push(direction(present, goal, forth, back));
        let (from, to) = if forth > 0 {
            (present, goal)
        } else {
            (goal, present)
        };
        let range = format!("{from}..{to}");
        let most = format!("-n{COMMITS}");
        let format = "--format=%h %an: %s";
        let log = self
            .git(&["log", "--no-color", &most, format, &range])
            .await?;
        let mark = if forth > 0 { "+" } else { "−" };
        let commits = log
            .lines()
            .map(|line| say!("{} {}", mark, redactor.clean(line)));
        revisions.changes.extend(commits);
        let files = self.files();
        let was = self.services_at(present, &files).await;
        let will = self.services_at(goal, &files).await;
        revisions.changes.extend(images(&was, &will));
        revisions
            .changes
            .extend(self.difference((present, goal), &files, redactor).await?);
        revisions.pulled = (!will.is_empty()).then(|| pulled(&will));
        Ok(revisions)
    }

    fn files(&self) -> Vec<String> {
        let own = self.site.named_files();
        if own.is_empty() {
            return USUAL_FILES.map(str::to_owned).to_vec();
        }
        own
    }

    async fn difference(
        &self,
        (from, to): (&str, &str),
        files: &[String],
        redactor: &Redactor,
    ) -> Result<Vec<Clean>, Clean> {
        let mut argv = vec![
            "diff",
            "--no-color",
            "--no-ext-diff",
            "-U1",
            "--relative",
            from,
            to,
        ];
        argv.push("--");
        argv.extend(files.iter().map(String::as_str));
        let text = self.git(&argv).await?;
        let noise = |line: &&str| !(line.starts_with("diff --git") || line.starts_with("index "));
        // as one text: a secret may be told by the line above it
        let text: Vec<&str> = text.lines().filter(noise).collect();
        let lines: Vec<Clean> = redactor.clean(&text.join("\n")).lines().collect();
        let surplus = lines.len().saturating_sub(LINES);
        let mut lines: Vec<Clean> = lines.into_iter().take(LINES).collect();
        lines.retain(|line| !line.is_empty());
        if surplus > 0 {
            lines.push(say!("… {} more lines of difference", surplus));
        }
        Ok(lines)
    }

    /// The services as the files of a commit have them, unmerged values aside. Files that are not
    /// there, or not read, leave what is known.
    async fn services_at(&self, commit: &str, files: &[String]) -> BTreeMap<String, Wanted> {
        let mut merged: BTreeMap<String, Wanted> = BTreeMap::new();
        for file in files {
            let object = format!("{commit}:./{}", file.trim_start_matches("./"));
            let Ok(text) = self.git(&["show", "--no-color", &object]).await else {
                continue;
            };
            for (name, service) in services(&text).unwrap_or_default() {
                let known = merged.entry(name).or_default();
                known.image = service.image.or(known.image.take());
                known.builds |= service.builds;
            }
        }
        merged
    }
}

/// Nothing that git could take for an option or for a range.
pub(super) fn plain(name: &str) -> Result<&str, Clean> {
    let inside = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    let sound = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(inside)
        && !name.contains("..");
    if sound {
        Ok(name)
    } else {
        let name = Redactor::shapes_only().clean(name);
        Err(say!(
            "`{}` is no name of a commit, tag, branch or remote",
            name
        ))
    }
}

fn direction(present: &str, goal: &str, forth: usize, back: usize) -> Clean {
    let (from, to) = (short(present), short(goal));
    let commits = |count: usize| match count {
        1 => say!("1 commit"),
        count => say!("{} commits", count),
    };
    match (forth, back) {
        (0, 0) => say!("{} → {}: nothing new", from, to),
        (forth, 0) => say!("{} → {}: {}", from, to, commits(forth)),
        (0, back) => say!("{} → {}: back by {}", from, to, commits(back)),
        (forth, back) => say!(
            "{} → {}: {} leave, {} come: the branch was rewritten",
            from,
            to,
            commits(back),
            commits(forth)
        ),
    }
}

fn images(was: &BTreeMap<String, Wanted>, will: &BTreeMap<String, Wanted>) -> Vec<Clean> {
    let shown = |wanted: &Wanted| match &wanted.image {
        Some(image) => Redactor::shapes_only().clean(image),
        None => say!("built here"),
    };
    let mut told = Vec::new();
    for (name, now) in will {
        let service = Name::new(name);
        match was.get(name) {
            None => told.push(say!("{} is new: {}", service, shown(now))),
            Some(before) if before.image != now.image || before.builds != now.builds => {
                told.push(say!("{}: {} → {}", service, shown(before), shown(now)));
            }
            Some(_) => {}
        }
    }
    let gone = was.keys().filter(|name| !will.contains_key(*name));
    told.extend(gone.map(|name| {
        let service = Name::new(name);
        say!(
            "{} is no longer in the files; its containers stay until somebody removes them",
            service
        )
    }));
    told
}

/// What is not built here has to come from elsewhere.
fn pulled(services: &BTreeMap<String, Wanted>) -> Vec<String> {
    let of = services.iter();
    of.filter(|(_, wanted)| wanted.image.is_some() && !wanted.builds && wanted.profiles.is_empty())
        .map(|(name, _)| name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_git_could_take_for_something_else_is_refused() {
        for name in ["main", "v1.2.3", "release/2026-11", "deadbeef"] {
            assert!(plain(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "-x",
            "--upload-pack=x",
            "a..b",
            "a b",
            "a^{x}",
            "$(id)",
            "a\nb",
        ] {
            assert!(plain(name).is_err(), "{name}");
        }
    }
}
