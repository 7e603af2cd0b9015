//! Whether everything is there before a stack is started: its directory, its program, its compose
//! files, and the files with variables: mode, owner, required names. Files are looked at on their
//! host by fixed scripts that print names only: a value never leaves it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{LOOK, Operator, last_words};
use crate::action::operate::Verb;
use crate::say;
use crate::stack::settings::FileCheck;
use crate::text::{Clean, Name};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    pub what: Clean,
    /// What is wrong with it, and how to mend that.
    pub bad: Option<Clean>,
}

impl Point {
    fn good(what: Clean) -> Self {
        Self { what, bad: None }
    }

    fn bad(what: Clean, why: Clean) -> Self {
        Self {
            what,
            bad: Some(why),
        }
    }
}

const DIRECTORY: &str = r#"[ -d "$1" ] && [ -x "$1" ]"#;

/// The program, then each file: is it there and may we read it?
const THERE: &str = r#"command -v "$1" >/dev/null 2>&1 && echo yes || echo no
shift
for f; do [ -r "$f" ] && echo yes || echo no; done"#;

/// Mode and owner, then each name with whether it has a value. Quotes around nothing are nothing.
const VARIABLES: &str = r#"[ -e "$1" ] || { echo missing; exit 0; }
stat -L -c 'mode %a %U' -- "$1" 2>/dev/null || echo 'mode ? ?'
[ -r "$1" ] || { echo unreadable; exit 0; }
awk '/^[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_.]*[ \t]*=/ {
  line = $0; sub(/^[ \t]*(export[ \t]+)?/, "", line)
  at = index(line, "="); name = substr(line, 1, at - 1); value = substr(line, at + 1)
  gsub(/[ \t\r]/, "", name); gsub(/[ \t\r"\047]/, "", value)
  print (value == "" ? "empty " : "set ") name
}' "$1""#;

/// What was seen of a file with variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    missing: bool,
    unreadable: bool,
    mode: String,
    owner: String,
    /// Whether each name has a value.
    names: BTreeMap<String, bool>,
}

impl Operator<'_> {
    /// Everything that was looked at, in order. What follows from what is missing is left out.
    pub async fn preflight(&self) -> Result<Vec<Point>, Clean> {
        let directory = self.directory()?;
        let shown = Name::new(&directory.to_string_lossy());
        let path = directory.to_string_lossy().into_owned();
        let script = ["sh", "-c", DIRECTORY, "sh", &path].map(str::to_owned);
        let ran = self
            .run_in(PathBuf::from("/"), script.to_vec(), LOOK, &|_| {})
            .await?;
        let what = say!("the directory `{}`", shown);
        if !ran.succeeded() {
            return Ok(vec![Point::bad(
                what,
                say!("is not there, or not ours to enter"),
            )]);
        }
        let mut points = vec![Point::good(what)];
        points.extend(self.there().await?);
        for check in self.checks().await? {
            points.extend(self.variables_of(&check).await?);
        }
        if points.iter().all(|point| point.bad.is_none()) {
            points.extend(self.files_hold().await?);
        }
        Ok(points)
    }

    async fn there(&self) -> Result<Vec<Point>, Clean> {
        let site = self.site;
        let program = site.command.first().map_or("", String::as_str);
        let files: Vec<&str> = site
            .files
            .iter()
            .chain(&site.env_files)
            .map(String::as_str)
            .collect();
        let mut argv = vec!["sh", "-c", THERE, "sh", program];
        argv.extend(&files);
        let answer = self.ask(&argv).await?;
        let mut answers = answer.lines().map(|line| line == "yes");
        let mut points = Vec::new();
        let what = say!("the program `{}`", Name::new(program));
        points.push(if answers.next() == Some(true) {
            Point::good(what)
        } else {
            Point::bad(what, say!("is not there, or cannot be started"))
        });
        for (file, there) in files.iter().zip(answers) {
            let what = say!("`{}`", Name::new(file));
            points.push(if there {
                Point::good(what)
            } else {
                Point::bad(what, say!("is not there, or cannot be read"))
            });
        }
        Ok(points)
    }

    /// What the configuration asks for; without it, `.env` against its example where there is one.
    async fn checks(&self) -> Result<Vec<FileCheck>, Clean> {
        if !self.site.preflight.is_empty() {
            return Ok(self.site.preflight.clone());
        }
        let example = self.seen(".env.example").await?;
        let usual = FileCheck {
            path: ".env".to_owned(),
            example: Some(".env.example".to_owned()),
            ..FileCheck::default()
        };
        Ok(if example.missing {
            Vec::new()
        } else {
            vec![usual]
        })
    }

    async fn seen(&self, path: &str) -> Result<Seen, Clean> {
        let answer = self.ask(&["sh", "-c", VARIABLES, "sh", path]).await?;
        Ok(Seen::read(&answer))
    }

    async fn variables_of(&self, check: &FileCheck) -> Result<Vec<Point>, Clean> {
        let seen = self.seen(&check.path).await?;
        let mut wanted: BTreeSet<String> = check.names.iter().cloned().collect();
        let mut points = Vec::new();
        if let Some(example) = &check.example {
            let named = self.seen(example).await?;
            if named.missing || named.unreadable {
                let what = say!("`{}`", Name::new(example));
                points.push(Point::bad(what, say!("is not there, or cannot be read")));
            }
            wanted.extend(named.names.into_keys());
        }
        points.push(judged(check, &seen, &wanted));
        Ok(points)
    }

    /// Whether compose itself takes the files. A program of the team's own is only asked where it
    /// is said to know the verb.
    async fn files_hold(&self) -> Result<Option<Point>, Clean> {
        if self.site.wrapper().is_some() && self.site.verbs.config.is_none() {
            return Ok(None);
        }
        let argv = self.site.argv(Verb::Config, &[]);
        let what = say!("the compose files together");
        let ran = self.run(argv, LOOK, &|_| {}).await?;
        Ok(Some(if ran.succeeded() {
            Point::good(what)
        } else {
            Point::bad(what, say!("do not hold: {}", last_words(&ran)))
        }))
    }
}

impl Seen {
    fn read(answer: &str) -> Self {
        let mut seen = Self::default();
        for line in answer.lines() {
            match line.split_once(' ') {
                None => {
                    seen.missing |= line == "missing";
                    seen.unreadable |= line == "unreadable";
                }
                Some(("mode", rest)) => {
                    let (mode, owner) = rest.split_once(' ').unwrap_or((rest, ""));
                    mode.clone_into(&mut seen.mode);
                    owner.clone_into(&mut seen.owner);
                }
                Some((state, name)) => {
                    // the last of a name counts, as it does for compose
                    seen.names.insert(name.to_owned(), state == "set");
                }
            }
        }
        seen
    }
}

fn judged(check: &FileCheck, seen: &Seen, wanted: &BTreeSet<String>) -> Point {
    let path = Name::new(&check.path);
    let what = say!("`{}` ({} names)", path, wanted.len());
    let mut wrong: Vec<Clean> = Vec::new();
    if seen.missing {
        return Point::bad(
            what,
            say!("is not there; make it, with {}", names(wanted.iter())),
        );
    }
    if seen.unreadable {
        return Point::bad(what, say!("cannot be read by the user that we are there"));
    }
    if check.secret && seen.mode != "600" && seen.mode != "400" {
        let mode = Name::new(&seen.mode);
        wrong.push(say!("has mode {}; `chmod 600 {}`", mode, path));
    }
    if let Some(owner) = check.owner.as_ref().filter(|owner| **owner != seen.owner) {
        let owner = Name::new(owner);
        let is = Name::new(&seen.owner);
        wrong.push(say!("belongs to {}; `chown {} {}`", is, owner, path));
    }
    let absent: Vec<&String> = wanted
        .iter()
        .filter(|name| !seen.names.contains_key(*name))
        .collect();
    let empty: Vec<&String> = wanted
        .iter()
        .filter(|name| seen.names.get(*name) == Some(&false))
        .collect();
    if !absent.is_empty() {
        wrong.push(say!("has no {}", names(absent.into_iter())));
    }
    if !empty.is_empty() {
        wrong.push(say!("has nothing in {}", names(empty.into_iter())));
    }
    Point {
        what,
        bad: (!wrong.is_empty()).then(|| Clean::join(&wrong, "; ")),
    }
}

fn names<'n>(names: impl Iterator<Item = &'n String>) -> Clean {
    let names: Vec<Clean> = names.map(|name| Name::new(name).into()).collect();
    if names.is_empty() {
        say!("what it needs")
    } else {
        Clean::join(&names, ", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_with_a_file_is_told_at_once() {
        let check = FileCheck {
            path: "prod.env".into(),
            secret: true,
            owner: Some("deploy".into()),
            ..FileCheck::default()
        };
        let wanted = ["A", "B", "C"].map(str::to_owned).into();
        let seen = Seen::read("mode 644 root\nset A\nempty B\nset OTHER\n");
        let point = judged(&check, &seen, &wanted);
        assert_eq!(
            point.bad.unwrap().as_str(),
            "has mode 644; `chmod 600 prod.env`; belongs to root; `chown deploy prod.env`; has no C; has nothing in B"
        );
        let seen = Seen::read("mode 600 deploy\nset A\nset B\nempty C\nset C\n");
        assert_eq!(judged(&check, &seen, &wanted).bad, None);
        let gone = judged(&check, &Seen::read("missing\n"), &wanted);
        assert!(gone.bad.unwrap().as_str().contains("with A, B, C"));
    }
}
