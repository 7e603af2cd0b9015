//! Who is on call: members in turn, by day or week, handed over at a time of day in a zone, with
//! exceptions. Counted in days of the calendar, so a change to summer time moves nobody's turn.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, Unit};
use schemars::JsonSchema;
use serde::Deserialize;

use super::zone::{DayTime, Zone};

/// How long a turn lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Turn {
    Day,
    #[default]
    Week,
}

/// People who are on call in turn.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rota {
    /// In their order, such as `slack:U123`.
    pub members: Vec<String>,
    pub turn: Turn,
    /// The day of the first member's first turn, such as `2026-01-05`.
    pub starts: Option<Day>,
    /// When one hands over to the next, such as `09:00`.
    pub at: DayTime,
    /// The time zone of that time, such as `Europe/Berlin`.
    pub zone: Zone,
    /// Exceptions: somebody else from one day's handover until another's.
    pub overrides: Vec<Override>,
}

/// Somebody instead of whoever's turn it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    pub from: Day,
    pub until: Day,
    pub who: String,
}

/// A day: `2026-01-05`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
pub struct Day(pub Date);

impl TryFrom<String> for Day {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let date = text.parse();
        date.map(Self)
            .map_err(|_| "expected a day such as `2026-01-05`")
    }
}

/// A Monday long ago, where no first day is said.
const MONDAY: Date = jiff::civil::date(2024, 1, 1);

impl Rota {
    pub fn on_call(&self, now: Timestamp) -> Option<&str> {
        let local = self.zone.local(now);
        // before the handover it is still yesterday's turn
        let today = if local.time() < self.at.0 {
            local.date().checked_sub(1.day()).ok()?
        } else {
            local.date()
        };
        let exception = self
            .overrides
            .iter()
            .find(|instead| instead.from.0 <= today && today < instead.until.0);
        if let Some(instead) = exception {
            return Some(&instead.who);
        }
        let first = self.starts.map_or(MONDAY, |day| day.0);
        let days = i64::from(first.until((Unit::Day, today)).ok()?.get_days());
        let turns = match self.turn {
            Turn::Day => days,
            Turn::Week => days.div_euclid(7),
        };
        let count = i64::try_from(self.members.len())
            .ok()
            .filter(|count| *count > 0)?;
        let place = usize::try_from(turns.rem_euclid(count)).ok()?;
        self.members.get(place).map(String::as_str)
    }
}
