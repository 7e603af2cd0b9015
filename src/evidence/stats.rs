//! Facts from one sample of what a container uses.

use jiff::Timestamp;

use super::{Evidence, Fact, Source};
use crate::action::stats::Stats;
use crate::say;
use crate::stack::Key;
use crate::text::{Clean, Name};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UsageFact {
    pub stats: Stats,
}

pub fn read(key: &Key, container: &str, stats: &Stats, at: Timestamp) -> Evidence {
    Evidence {
        source: Source::Stats,
        service: key.clone(),
        container: Name::new(container),
        at: Some(at),
        text: text(stats),
        fact: Fact::Usage(UsageFact { stats: *stats }),
    }
}

fn text(stats: &Stats) -> Clean {
    let memory = match stats.memory_limit {
        Some(limit) => say!("memory {} of {}", bytes(stats.memory_used), bytes(limit)),
        None => say!("memory {}, no limit", bytes(stats.memory_used)),
    };
    let processes = match stats.pids_limit {
        Some(limit) if stats.has_few_processes_left() => {
            say!(", {} of {} processes", stats.pids, limit)
        }
        _ => Clean::default(),
    };
    say!(
        "{}, cpu {} of {} cpus{}",
        memory,
        one_decimal(stats.cpus_used),
        one_decimal(stats.cpus_allowed),
        processes
    )
}

fn one_decimal(number: f64) -> Clean {
    say!("{:.1}", number)
}

/// `31.8 MiB`, as people read sizes.
#[expect(clippy::cast_precision_loss, reason = "a size for people")]
pub fn bytes(count: u64) -> Clean {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut size = count as f64;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = next;
    }
    if unit == "B" || size.fract() < 0.05 {
        say!("{:.0} {}", size, unit)
    } else {
        say!("{:.1} {}", size, unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        let sizes = [0, 1023, 1024, 33_554_432, 33_344_716, 5_000_000_000]
            .map(|count| bytes(count).to_string());
        assert_eq!(
            sizes,
            ["0 B", "1023 B", "1 KiB", "32 MiB", "31.8 MiB", "4.7 GiB"]
        );
    }
}
