//! Time zones by name and times of day, as settings and as local time.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A time zone such as `Europe/Berlin`; UTC where it is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// What the clock on the wall shows there.
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    /// The moments at which the clock on the wall shows this: two in the hour that comes again, and
    /// for what it skips the moment at which it does.
    pub(super) fn moments(&self, local: DateTime) -> (Option<Timestamp>, Option<Timestamp>) {
        let ambiguous = self.0.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => (ambiguous.compatible().ok(), None),
            AmbiguousOffset::Fold { .. } => (ambiguous.earlier().ok(), ambiguous.later().ok()),
            AmbiguousOffset::Gap { .. } => {
                let after = ambiguous.later().ok();
                let change = after.and_then(|after| self.0.preceding(after).next());
                (change.map(|change| change.timestamp()), None)
            }
        }
    }

    /// When the clock on the wall shows this; what it skips counts as the moment after.
    pub fn moment(&self, local: DateTime) -> Option<Timestamp> {
        Some(self.0.to_zoned(local).ok()?.timestamp())
    }

    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

impl TryFrom<String> for Zone {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        TimeZone::get(&text)
            .map(Self)
            .map_err(|_| "expected a time zone such as `Europe/Berlin` or `UTC`")
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

/// A time of day: `09:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct DayTime(pub Time);

impl TryFrom<String> for DayTime {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Time::strptime("%H:%M", &text)
            .map(Self)
            .map_err(|_| "expected a time of day such as `09:00`")
    }
}

impl From<DayTime> for String {
    fn from(time: DayTime) -> Self {
        time.0.strftime("%H:%M").to_string()
    }
}
