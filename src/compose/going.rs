//! Moving a checkout to a commit, whole or not at all: what git leaves half-way, as when the disk is
//! full, is put back; where that fails too, it is said.

use super::checkout::plain;
use super::{Operator, last_words};
use crate::action::operate::Checkout;
use crate::evidence::stats::bytes;
use crate::say;
use crate::stack::revisions::short;
use crate::text::{Clean, Name, Redactor};

/// So many files are named.
const NAMED: usize = 10;
/// With less than this left, git fails for want of room, and does not say so.
const SCANT_KIB: u64 = 1024;

/// Of the files that differ between two commits, those that are not as the checkout's own has them.
const TOUCHED: &str = r#"cd "$(git rev-parse --show-toplevel)" || exit 1
export GIT_LITERAL_PATHSPECS=1
git diff --no-renames --name-only -z "$1" "$2" |
  xargs -0 -r git --no-optional-locks status --porcelain --untracked-files=all --"#;

/// The same files as the first commit has them. What it does not have goes first, to make room.
const PUT_BACK: &str = r#"cd "$(git rev-parse --show-toplevel)" || exit 1
export GIT_LITERAL_PATHSPECS=1
git diff --no-renames --name-only --diff-filter=A -z "$1" "$2" | xargs -0 -r rm -f --
git diff --no-renames --name-only --diff-filter=a -z "$1" "$2" | xargs -0 -r git checkout --quiet "$1" --"#;

/// How a checkout ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    Now,
    /// It was there.
    Already,
}

impl Operator<'_> {
    /// Moves the checkout, with the branch it is on, to exactly that commit.
    pub async fn go(&self, checkout: &Checkout) -> Result<Moved, Clean> {
        let (from, to) = (plain(&checkout.from)?, plain(&checkout.to)?);
        let head = self.head().await?;
        if head != to && head != from {
            return Err(say!(
                "the checkout is at {}, and was at {} when this was planned; ask for it again",
                short(&head),
                short(from)
            ));
        }
        let touched = self.touched(from, to).await?;
        if !touched.is_empty() {
            return Err(not_whole(&head, &touched));
        }
        if head == to {
            return Ok(Moved::Already);
        }
        let moved = self.reset(to).await;
        let now = self.head().await?;
        match moved {
            Ok(()) if now == to => Ok(Moved::Now),
            Ok(()) => Err(say!("git left the checkout at {}", short(&now))),
            Err(why) => {
                let why = match self.room().await {
                    Some(scant) => say!("{}; {}", why, scant),
                    None => why,
                };
                let back = self.put_back((from, to)).await;
                Err(say!("{}; {}", why, back))
            }
        }
    }

    async fn reset(&self, to: &str) -> Result<(), Clean> {
        // what was written anew since, with the same in it, would be taken for a change; that some
        // file is another than the index says is no error here
        let _refreshed = self.git(&["update-index", "-q", "--refresh"]).await;
        // --keep: what somebody changes by hand meanwhile is never overwritten
        let argv = ["git", "reset", "--quiet", "--keep", to].map(str::to_owned);
        let ran = self.run(argv.to_vec(), super::LOOK, &|_| {}).await?;
        if ran.succeeded() {
            return Ok(());
        }
        // which file it was stands above the last line
        let said: Vec<&str> = ran.stderr.expose().lines().rev().take(2).collect();
        let said: Vec<Clean> = said
            .iter()
            .rev()
            .map(|line| Redactor::shapes_only().clean(line.trim()))
            .collect();
        Err(say!("git could not: {}", Clean::join(&said, ", ")))
    }

    async fn touched(&self, from: &str, to: &str) -> Result<Vec<Clean>, Clean> {
        let answer = self.ask(&["sh", "-c", TOUCHED, "sh", from, to]).await?;
        let name = |line: &str| Clean::from(Name::new(line.get(3..).unwrap_or(line).trim()));
        Ok(answer.lines().map(name).collect())
    }

    /// All of it was as `from` has it before git began, so whatever is not now is git's doing.
    async fn put_back(&self, (from, to): (&str, &str)) -> Clean {
        let argv = ["sh", "-c", PUT_BACK, "sh", from, to].map(str::to_owned);
        let ran = self.run(argv.to_vec(), super::LOOK, &|_| {}).await;
        match (ran, self.touched(from, to).await) {
            (_, Ok(touched)) if touched.is_empty() => {
                say!("the checkout is at {} as before", short(from))
            }
            (_, Ok(touched)) => not_whole(from, &touched),
            (Ok(ran), Err(_)) if !ran.succeeded() => last_words(&ran),
            (Ok(_) | Err(_), Err(unseen)) => unseen,
        }
    }

    /// What there is to say of the room that is left.
    async fn room(&self) -> Option<Clean> {
        let answer = self.ask(&["df", "-Pk", "."]).await.ok()?;
        let free = answer.lines().nth(1)?.split_whitespace().nth(3)?;
        let free: u64 = free.parse().ok()?;
        (free < SCANT_KIB).then(|| say!("the disk there is full, {} are left", bytes(free << 10)))
    }
}

/// A move may have been cut short, or somebody may be at work: which of the two only people know.
fn not_whole(head: &str, touched: &[Clean]) -> Clean {
    let named = touched.iter().take(NAMED);
    let more = if touched.len() > NAMED { ", …" } else { "" };
    say!(
        "the checkout is at {}, but not as that has it: {}{}; commit what is yours, or `git reset --hard {}` there",
        short(head),
        Clean::join(named, ", "),
        more,
        short(head)
    )
}
