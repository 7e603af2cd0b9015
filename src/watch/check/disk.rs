//! How full a file system of a host is: by a system call here, by `df` over SSH.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Trouble, Verdict};
use crate::host::machine::Disk;
use crate::host::program::{Place, Program};
use crate::host::{Fleet, MachineFacts};
use crate::say;
use crate::text::{Clean, Redactor};

const LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn look(fleet: &Fleet, host: &str, path: &Path, most: u8) -> Verdict {
    let place = fleet.place(Some(host)).await;
    let place = place.map_err(|error| clean(&error.to_string()))?;
    let disk = match &place {
        Place::Here => here(fleet, host, path).await?,
        Place::There(_) => there(&place, path).await?,
    };
    judge(&disk, &clean(&path.display().to_string()), most)
}

async fn here(fleet: &Fleet, host: &str, path: &Path) -> Result<Disk, Trouble> {
    if fleet.facts(host).await.is_none() {
        let why = "the disks of a host that is reached by its engine's port only cannot be seen";
        return Err(why.into());
    }
    let facts = MachineFacts::read(vec![path.to_owned()]).await;
    let disk = facts.disks.into_iter().next();
    disk.ok_or_else(|| {
        say!(
            "`{}` cannot be looked at",
            clean(&path.display().to_string())
        )
        .into()
    })
}

async fn there(place: &Place, path: &Path) -> Result<Disk, Trouble> {
    let words = ["df", "-P", "--"].map(str::to_owned).into_iter();
    let program = Program {
        argv: words.chain([path.display().to_string()]).collect(),
        directory: PathBuf::from("/"),
        variables: vec![("LC_ALL".to_owned(), "C".to_owned())],
        limit: LIMIT,
    };
    let ran = place.run(&program, &|_| {}).await;
    let ran = ran.map_err(|error| clean(&error.to_string()))?;
    let (size, available) = MachineFacts::df(ran.stdout.expose())
        .filter(|_| ran.succeeded())
        .ok_or_else(|| Trouble::from(clean(ran.stderr.expose().trim())))?;
    Ok(Disk {
        path: path.to_owned(),
        size: size.saturating_mul(1024),
        available: available.saturating_mul(1024),
        inodes: 0,
        inodes_available: 0,
    })
}

fn judge(disk: &Disk, path: &Clean, most: u8) -> Verdict {
    let in_use = percent(disk.size, disk.available);
    if in_use > most.into() {
        let left = disk.available / (1 << 20);
        return Err(say!("`{}` is {} % full, {} MiB are left", path, in_use, left).into());
    }
    let inodes = percent(disk.inodes, disk.inodes_available);
    if inodes > most.into() {
        return Err(say!("{} % of the inodes of `{}` are in use", inodes, path).into());
    }
    Ok(())
}

/// Rounded down; nothing of nothing is in use.
fn percent(all: u64, left: u64) -> u64 {
    let used = u128::from(all.saturating_sub(left)) * 100;
    used.checked_div(u128::from(all))
        .and_then(|percent| u64::try_from(percent).ok())
        .unwrap_or(0)
}

fn clean(text: &str) -> Clean {
    Redactor::shapes_only().clean(text)
}
