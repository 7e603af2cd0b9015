//! The life of a run, and which steps there are in it.

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunState {
    /// The plan is fixed; nobody has said anything yet.
    Planned,
    AwaitingApproval,
    Approved,
    Running,
    Succeeded,
    Failed,
    Cancelled,
    /// Not permitted, or denied by who was asked.
    Refused,
    /// It was running when everything stopped, and what its last step did is not known.
    Unknown,
}

impl RunState {
    pub const ALL: [Self; 9] = [
        Self::Planned,
        Self::AwaitingApproval,
        Self::Approved,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Refused,
        Self::Unknown,
    ];

    /// As it is stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Approved => "approved",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Nothing comes after it.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::Refused
        )
    }

    /// Nothing runs that was not approved; nothing final changes; what is unknown is looked at by
    /// somebody and then goes on or ends.
    pub fn may_become(self, next: Self) -> bool {
        use RunState as S;
        match self {
            S::Planned => matches!(
                next,
                S::AwaitingApproval | S::Approved | S::Cancelled | S::Refused
            ),
            S::AwaitingApproval => matches!(next, S::Approved | S::Cancelled | S::Refused),
            S::Approved => matches!(next, S::Running | S::Cancelled | S::Refused),
            S::Running => matches!(next, S::Succeeded | S::Failed | S::Cancelled | S::Unknown),
            S::Unknown => matches!(next, S::Running | S::Succeeded | S::Failed | S::Cancelled),
            S::Succeeded | S::Failed | S::Cancelled | S::Refused => false,
        }
    }
}
