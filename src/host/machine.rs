//! The machine we run on: load, memory, disk. Linux tells by files; elsewhere nothing is known.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::statvfs::statvfs;

/// A network file system that hangs must not hold us.
const LIMIT: Duration = Duration::from_secs(2);

/// What was found. What could not be read is `None` or left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MachineFacts {
    /// Averages over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    pub memory: Option<Memory>,
    /// In the order asked for.
    pub disks: Vec<Disk>,
}

/// In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    pub total: u64,
    /// What programs can still have, cache given back included.
    pub available: u64,
    pub swap_total: u64,
    pub swap_free: u64,
}

/// The file system that holds `path`, as someone without privileges may fill it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    pub path: PathBuf,
    pub size: u64,
    pub available: u64,
    /// 0 on file systems that do not count them.
    pub inodes: u64,
    pub inodes_available: u64,
}

impl MachineFacts {
    /// Looks at this machine, and at the file systems that hold `paths`.
    pub async fn read(paths: Vec<PathBuf>) -> Self {
        let reading = tokio::task::spawn_blocking(move || Self {
            load: read_file("/proc/loadavg").as_deref().and_then(load),
            memory: read_file("/proc/meminfo").as_deref().and_then(memory),
            disks: paths.iter().filter_map(|path| disk(path)).collect(),
        });
        match tokio::time::timeout(LIMIT, reading).await {
            Ok(Ok(facts)) => facts,
            Ok(Err(_)) | Err(_) => Self::default(),
        }
    }
}

/// The TCP tables of the network that a container's main process is in, as this machine's kernel
/// shows them. None where the process is not one of ours: the engine may be elsewhere.
pub async fn tcp_tables(pid: i64, container: &str) -> Option<String> {
    let container = container.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let groups = read_file(&format!("/proc/{pid}/cgroup"))?;
        if container.is_empty() || !groups.contains(&container) {
            return None;
        }
        let tables = ["tcp", "tcp6"]
            .map(|table| read_file(&format!("/proc/{pid}/net/{table}")).unwrap_or_default());
        Some(tables.concat())
    });
    tokio::time::timeout(LIMIT, reading).await.ok()?.ok()?
}

impl MachineFacts {
    /// From what a remote host printed: `/proc/loadavg`, `/proc/meminfo`, then `df` of `/` for
    /// space and for inodes, each behind a line that names it.
    pub fn from_remote(text: &str) -> Self {
        let (machine, disks) = text.split_once("\ndisks\n").unwrap_or((text, ""));
        let (space, inodes) = disks.split_once("\ninodes\n").unwrap_or((disks, ""));
        let (space, inodes) = (Self::df(space), Self::df(inodes));
        let disk = space.map(|(size, available)| {
            let (inodes, inodes_available) = inodes.unwrap_or_default();
            let bytes = |kibibytes: u64| kibibytes.saturating_mul(1024);
            Disk {
                path: PathBuf::from("/"),
                size: bytes(size),
                available: bytes(available),
                inodes,
                inodes_available,
            }
        });
        Self {
            load: machine.lines().next().and_then(load),
            memory: memory(machine),
            disks: disk.into_iter().collect(),
        }
    }

    /// Size and what is free, in blocks, from the last line of `df -P`.
    pub fn df(text: &str) -> Option<(u64, u64)> {
        let mut columns = text.lines().last()?.split_whitespace().skip(1);
        let size = columns.next()?.parse().ok()?;
        let available = columns.nth(1)?.parse().ok()?;
        Some((size, available))
    }
}

fn read_file(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// `0.52 0.58 0.59 1/467 12345`
fn load(text: &str) -> Option<[f64; 3]> {
    let mut numbers = text.split_whitespace().map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some([next()?, next()?, next()?])
}

/// `MemTotal:       24684092 kB`, one to a line.
fn memory(text: &str) -> Option<Memory> {
    let field = |name: &str| {
        let value = text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key == name).then_some(value)
        })?;
        let kibibytes: u64 = value.split_whitespace().next()?.parse().ok()?;
        kibibytes.checked_mul(1024)
    };
    Some(Memory {
        total: field("MemTotal")?,
        available: field("MemAvailable")?,
        swap_total: field("SwapTotal").unwrap_or_default(),
        swap_free: field("SwapFree").unwrap_or_default(),
    })
}

fn disk(path: &Path) -> Option<Disk> {
    let found = statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.fragment_size());
    Some(Disk {
        path: path.to_owned(),
        size: bytes(found.blocks()),
        available: bytes(found.blocks_available()),
        inodes: found.files(),
        inodes_available: found.files_available(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_three_numbers() {
        assert_eq!(
            load("0.52 0.58 10.59 1/467 12345\n"),
            Some([0.52, 0.58, 10.59])
        );
        assert_eq!(load("0.52 0.58"), None);
        assert_eq!(load("busy"), None);
    }

    #[test]
    fn memory_is_read_by_name() {
        let text = "MemTotal: 2048 kB\nMemFree: 1 kB\nMemAvailable: 1024 kB\nSwapTotal: 4 kB\nSwapFree: 3 kB\n";
        let expected = Memory {
            total: 2048 * 1024,
            available: 1024 * 1024,
            swap_total: 4096,
            swap_free: 3072,
        };
        assert_eq!(memory(text), Some(expected));
        assert_eq!(memory("MemTotal: 2048 kB\n"), None);
    }

    #[test]
    fn a_remote_machine_is_read_from_what_it_printed() {
        let text = "0.10 0.20 0.30 1/5 9\nMemTotal: 8 kB\nMemAvailable: 4 kB\ndisks\nFilesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 60 40 60% /\ninodes\nFilesystem Inodes IUsed IFree IUse% Mounted on\n/dev/vda 10 7 3 70% /\n";
        let facts = MachineFacts::from_remote(text);
        assert_eq!(facts.load, Some([0.1, 0.2, 0.3]));
        assert_eq!(facts.memory.map(|memory| memory.available), Some(4096));
        let disk = facts.disks.first().unwrap();
        assert_eq!(
            (
                disk.size,
                disk.available,
                disk.inodes,
                disk.inodes_available
            ),
            (102_400, 40_960, 10, 3)
        );
        assert_eq!(
            MachineFacts::from_remote("garbage\ndisks\n\ninodes\n"),
            MachineFacts::default()
        );
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn this_machine_has_a_root_and_nothing_nowhere() {
        let paths = ["/", "/no/such/place"].map(PathBuf::from);
        let facts = MachineFacts::read(paths.to_vec()).await;
        let [root] = &facts.disks[..] else {
            panic!("one of two places is there: {facts:?}");
        };
        assert!(root.size > root.available && root.path == Path::new("/"));
        assert!(
            facts
                .memory
                .is_some_and(|memory| memory.total > memory.available)
        );
        assert!(facts.load.is_some());
    }
}
