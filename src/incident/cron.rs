//! Five fields of cron, and whether a window that begins at such a minute is open. It begins by the
//! clock on the wall: a minute that a change to summer time skips opens its window at the change.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::zone::Zone;

/// No clock is ever changed by more.
const CHANGE: SignedDuration = SignedDuration::from_hours(2);

const EXPECTED: &str = "expected five fields as cron has them: minute, hour, day, month, weekday, \
     such as `30 2 * * sun`";

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A bit for every value that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    bits: u64,
    /// It was left open with `*`.
    any: bool,
}

impl Field {
    fn has(self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| self.bits & (1 << value) != 0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct Cron {
    text: String,
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Cron {
    /// Whether a window that begins then and lasts so long is open now. It is open for exactly so
    /// long, also on a day on which clocks change; in an hour that comes again it begins once,
    /// unless it begins in every hour.
    pub fn is_open(&self, zone: &Zone, now: Timestamp, lasts: Duration) -> bool {
        let Ok(lasts) = SignedDuration::try_from(lasts) else {
            return false;
        };
        let open = |began: Timestamp| began <= now && now.duration_since(began) < lasts;
        self.begins(zone, now, lasts).any(open)
    }

    /// When it begins around this time, by the minutes that the clock on the wall shows.
    fn begins<'c>(
        &'c self,
        zone: &'c Zone,
        now: Timestamp,
        lasts: SignedDuration,
    ) -> impl Iterator<Item = Timestamp> + 'c {
        let local = zone.local(now);
        let latest = local.checked_add(CHANGE).unwrap_or(local);
        let back = lasts.as_mins().saturating_add(2 * CHANGE.as_mins());
        let minutes = (0..=back).map_while(move |minutes| {
            let at = latest
                .checked_sub(SignedDuration::from_mins(minutes))
                .ok()?;
            at.with().second(0).subsec_nanosecond(0).build().ok()
        });
        let begins = minutes.filter(|minute| self.fits(*minute));
        begins.flat_map(move |minute| {
            let (first, again) = zone.moments(minute);
            first.into_iter().chain(again.filter(|_| self.hour.any))
        })
    }

    fn fits(&self, at: DateTime) -> bool {
        let weekday = at.weekday().to_sunday_zero_offset();
        let (day, weekday) = (self.day.has(at.day()), self.weekday.has(weekday));
        // as cron has always had it: of two that are said, one is enough
        let date = match (self.day.any, self.weekday.any) {
            (false, false) => day || weekday,
            _ => day && weekday,
        };
        date && self.month.has(at.month())
            && self.hour.has(at.hour())
            && self.minute.has(at.minute())
    }
}

fn field(text: &str, (least, most): (u32, u32), names: &[&str]) -> Option<Field> {
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let value = |text: &str| -> Option<u32> {
            let named = names
                .iter()
                .position(|name| name.eq_ignore_ascii_case(text));
            let number = match named {
                // months count from one, days of the week from zero
                Some(place) => u32::try_from(place).ok()? + least.min(1),
                None => text.parse().ok()?,
            };
            (least..=most).contains(&number).then_some(number)
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*", _) => (least, most),
            (_, Some((from, to))) => (value(from)?, value(to)?),
            (one, None) if step > 1 => (value(one)?, most),
            (one, None) => (value(one)?, value(one)?),
        };
        if from > to {
            return None;
        }
        let step = usize::try_from(step).ok()?;
        for number in (from..=to).step_by(step) {
            bits |= 1_u64 << number;
        }
    }
    Some(Field {
        bits,
        any: text == "*",
    })
}

impl TryFrom<String> for Cron {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = parts.as_slice() else {
            return Err(EXPECTED);
        };
        let read = || {
            let mut weekday = field(weekday, (0, 7), &DAYS)?;
            // seven is Sunday too
            weekday.bits |= weekday.bits >> 7;
            Some(Self {
                text: text.clone(),
                minute: field(minute, (0, 59), &[])?,
                hour: field(hour, (0, 23), &[])?,
                day: field(day, (1, 31), &[])?,
                month: field(month, (1, 12), &MONTHS)?,
                weekday,
            })
        };
        read().ok_or(EXPECTED)
    }
}

impl From<Cron> for String {
    fn from(cron: Cron) -> Self {
        cron.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(cron: &str, minutes: u64, at: &str) -> bool {
        open_in("UTC", cron, minutes, &format!("{at}Z"))
    }

    fn open_in(zone: &str, cron: &str, minutes: u64, at: &str) -> bool {
        let cron = Cron::try_from(cron.to_owned()).unwrap();
        let zone = Zone::try_from(zone.to_owned()).unwrap();
        cron.is_open(&zone, at.parse().unwrap(), Duration::from_mins(minutes))
    }

    #[test]
    fn a_window_lasts_as_long_as_it_says_when_clocks_change() {
        let open = |cron: &str, at: &str| open_in("Europe/Berlin", cron, 60, at);
        // at 01:00 UTC clocks go from 02:00 to 03:00: what begins at 02:30 begins at the change
        assert!(!open("30 2 * * sun", "2026-03-29T00:59:59Z"));
        assert!(open("30 2 * * sun", "2026-03-29T01:00:00Z"));
        assert!(open("30 2 * * sun", "2026-03-29T01:59:59Z"));
        assert!(!open("30 2 * * sun", "2026-03-29T02:00:00Z"));
        // at 01:00 UTC they go back from 03:00 to 02:00: 02:30 is at 00:30 UTC and again at 01:30
        assert!(!open("30 2 * * sun", "2026-10-25T00:29:59Z"));
        assert!(open("30 2 * * sun", "2026-10-25T00:30:00Z"));
        assert!(open("30 2 * * sun", "2026-10-25T01:29:59Z"));
        assert!(!open("30 2 * * sun", "2026-10-25T01:30:00Z"));
        // what begins in every hour begins in both of them
        let hourly = |at: &str| open_in("Europe/Berlin", "30 * * * *", 10, at);
        assert!(hourly("2026-10-25T00:35:00Z") && hourly("2026-10-25T01:35:00Z"));
        assert!(!hourly("2026-10-25T00:45:00Z") && !hourly("2026-10-25T01:45:00Z"));
    }

    #[test]
    fn a_window_opens_at_its_minute_and_closes_when_it_has_lasted() {
        // 2026-03-01 is a Sunday
        assert!(!open("30 2 * * sun", 60, "2026-03-01T02:29:59"));
        assert!(open("30 2 * * sun", 60, "2026-03-01T02:30:00"));
        assert!(open("30 2 * * 7", 60, "2026-03-01T03:29:59"));
        assert!(!open("30 2 * * 0", 60, "2026-03-01T03:30:00"));
        assert!(!open("30 2 * * sun", 60, "2026-03-02T02:45:00"));
        assert!(open("0 22 * * fri", 600, "2026-03-07T07:00:00"));
    }

    #[test]
    fn ranges_lists_steps_and_names_are_understood() {
        assert!(open("*/15 * * * *", 1, "2026-03-01T10:45:20"));
        assert!(!open("*/15 * * * *", 1, "2026-03-01T10:46:00"));
        assert!(open("0 9-17 * jan,mar mon-fri", 5, "2026-03-03T17:04:00"));
        assert!(!open("0 9-17 * jan,feb mon-fri", 5, "2026-03-03T17:04:00"));
        assert!(open("0 0 13 * fri", 5, "2026-03-13T00:00:00"));
        assert!(open("0 0 13 * fri", 5, "2026-03-20T00:00:00"));
        for wrong in [
            "",
            "* * * *",
            "60 * * * *",
            "* * 0 * *",
            "5-1 * * * *",
            "*/0 * * * *",
            "x * * * *",
        ] {
            assert_eq!(Cron::try_from(wrong.to_owned()), Err(EXPECTED), "{wrong}");
        }
    }
}
