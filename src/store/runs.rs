//! Runs: what was asked for, where it stands, who works on it.

use sqlx::any::AnyRow;
use sqlx::{query, query_scalar};

use super::rows::{self, Before, Match, column};
use super::{RunState, Store, StoreError};

/// How many runs are named where several are meant.
const CANDIDATES: i64 = 20;

/// A run to be kept, in the state `planned`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewRun {
    pub id: String,
    pub created_ms: i64,
    pub requested_by: String,
    pub title: String,
    /// What it changes, for its lock: host and stack.
    pub stack_key: String,
    pub risk: String,
    pub plan_hash: String,
    pub plan_json: String,
}

/// A run as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    pub id: String,
    pub created_ms: i64,
    pub requested_by: String,
    pub title: String,
    pub stack_key: String,
    pub risk: String,
    pub plan_hash: String,
    pub plan_json: String,
    pub state: RunState,
    pub started_ms: Option<i64>,
    pub finished_ms: Option<i64>,
    /// Empty until there is one.
    pub report_id: String,
    pub detail: String,
    /// Empty when nobody works on it.
    pub lease_owner: String,
    pub lease_until_ms: i64,
    pub fence: i64,
}

/// Which runs. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    pub stack_key: Option<String>,
    pub requested_by: Option<String>,
    pub state: Option<RunState>,
    pub before: Option<Before>,
    pub limit: Option<u32>,
}

/// A step in a run's life.
#[derive(Debug, Clone, Copy)]
pub struct StateChange<'a> {
    pub to: RunState,
    pub at_ms: i64,
    /// Given: only who holds the claim with this fence may do it.
    pub fence: Option<i64>,
    /// Empty: stays as it was; at the end of a run it is empty then.
    pub detail: &'a str,
    /// Empty: stays as it was.
    pub report_id: &'a str,
}

impl StateChange<'_> {
    pub fn to(to: RunState, at_ms: i64) -> Self {
        Self {
            to,
            at_ms,
            fence: None,
            detail: "",
            report_id: "",
        }
    }
}

impl Store {
    pub async fn create_run(&self, run: &NewRun) -> Result<(), StoreError> {
        let done = query(
            "INSERT INTO runs (id, created_ms, requested_by, title, stack_key, risk, plan_hash, \
             plan_json, state, report_id, detail, lease_owner, lease_until_ms, fence) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '', '', 0, 0) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(&run.id)
        .bind(run.created_ms)
        .bind(&run.requested_by)
        .bind(&run.title)
        .bind(&run.stack_key)
        .bind(&run.risk)
        .bind(&run.plan_hash)
        .bind(&run.plan_json)
        .bind(RunState::Planned.word())
        .execute(&self.writes)
        .await?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        Err(StoreError::Taken {
            what: "run",
            id: run.id.clone(),
        })
    }

    pub async fn run(&self, id: &str) -> Result<RunRecord, StoreError> {
        let rows = query("SELECT * FROM runs WHERE id = $1")
            .bind(id)
            .fetch_all(&self.reads)
            .await?;
        rows.first().map_or_else(|| Err(no_run(id)), read)
    }

    /// Takes a run one step further and says where it was. Of two that try the same step at the
    /// same moment, one succeeds.
    pub async fn set_state(
        &self,
        id: &str,
        change: &StateChange<'_>,
    ) -> Result<RunState, StoreError> {
        loop {
            let run = self.run(id).await?;
            if change.fence.is_some_and(|fence| fence != run.fence) {
                return Err(StoreError::TakenOver { id: id.to_owned() });
            }
            if !run.state.may_become(change.to) {
                return Err(StoreError::Transition {
                    id: id.to_owned(),
                    from: run.state,
                    to: change.to,
                });
            }
            if self.step(&run, change).await? {
                return Ok(run.state);
            }
        }
    }

    /// Whether the run still was as it was read.
    async fn step(&self, run: &RunRecord, change: &StateChange<'_>) -> Result<bool, StoreError> {
        let started = match change.to {
            RunState::Running => run.started_ms.or(Some(change.at_ms)),
            _ => run.started_ms,
        };
        let finished = change.to.is_final().then_some(change.at_ms);
        let keep = |new: &str, old: &str| if new.is_empty() { old } else { new }.to_owned();
        let detail = if change.to.is_final() {
            change.detail.to_owned()
        } else {
            keep(change.detail, &run.detail)
        };
        let done = query(
            "UPDATE runs SET state = $1, started_ms = $2, finished_ms = $3, detail = $4, \
             report_id = $5 WHERE id = $6 AND state = $7 AND fence = $8",
        )
        .bind(change.to.word())
        .bind(started)
        .bind(finished)
        .bind(detail)
        .bind(keep(change.report_id, &run.report_id))
        .bind(&run.id)
        .bind(run.state.word())
        .bind(run.fence)
        .execute(&self.writes)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Runs that have not ended, oldest first: what recovery looks at after a start.
    pub async fn unfinished_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        query(
            "SELECT * FROM runs WHERE state IN ('planned', 'awaiting_approval', 'approved', \
             'running', 'unknown') ORDER BY created_ms, id",
        )
        .fetch_all(&self.reads)
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// Newest first.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>, StoreError> {
        let before = filter.before.clone().unwrap_or_else(Before::end_of_time);
        query(
            "SELECT * FROM runs WHERE (created_ms < $1 OR (created_ms = $1 AND id < $2)) \
             AND ($3 = '' OR stack_key = $3) AND ($4 = '' OR requested_by = $4) \
             AND ($5 = '' OR state = $5) ORDER BY created_ms DESC, id DESC LIMIT $6",
        )
        .bind(before.created_ms)
        .bind(before.id)
        .bind(filter.stack_key.clone().unwrap_or_default())
        .bind(filter.requested_by.clone().unwrap_or_default())
        .bind(filter.state.map_or("", RunState::word))
        .bind(rows::limit(filter.limit))
        .fetch_all(&self.reads)
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// The run with this id, or the only one whose long or short id begins so: of those that have
    /// not ended, or of all.
    pub async fn find_run(&self, typed: &str, over: bool) -> Result<Match<RunRecord>, StoreError> {
        if typed.is_empty() {
            return Ok(Match::None);
        }
        let rows = query(
            "SELECT * FROM runs WHERE (id = $1 OR id LIKE $2 ESCAPE '!' \
             OR SUBSTR(id, LENGTH(id) - 5) LIKE $2 ESCAPE '!') \
             AND ($3 = 1 OR state NOT IN ('succeeded', 'failed', 'cancelled', 'refused')) \
             ORDER BY created_ms DESC, id DESC LIMIT $4",
        )
        .bind(typed)
        .bind(rows::beginning(typed))
        .bind(i64::from(over))
        .bind(CANDIDATES)
        .fetch_all(&self.reads)
        .await?;
        let mut found = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if let Some(exact) = found.iter().position(|run| run.id == typed) {
            return Ok(Match::One(found.swap_remove(exact)));
        }
        Ok(match found.len() {
            0 => Match::None,
            1 => Match::One(found.swap_remove(0)),
            _ => Match::Many(found.into_iter().map(|run| run.id).collect()),
        })
    }

    /// How many plans of somebody were refused since then.
    pub async fn refused_since(&self, who: &str, since_ms: i64) -> Result<usize, StoreError> {
        let counts: Vec<i64> = query_scalar(
            "SELECT COUNT(*) FROM runs WHERE requested_by = $1 AND state = 'refused' \
             AND created_ms >= $2",
        )
        .bind(who)
        .bind(since_ms)
        .fetch_all(&self.reads)
        .await?;
        let count = counts.first().copied().unwrap_or_default();
        Ok(usize::try_from(count).unwrap_or_default())
    }

    pub(super) async fn fence_of(&self, id: &str) -> Result<i64, StoreError> {
        let fences: Vec<i64> = query_scalar("SELECT fence FROM runs WHERE id = $1")
            .bind(id)
            .fetch_all(&self.reads)
            .await?;
        fences.first().copied().ok_or_else(|| no_run(id))
    }
}

fn no_run(id: &str) -> StoreError {
    StoreError::NotFound {
        what: "run",
        id: id.to_owned(),
    }
}

fn read(row: &AnyRow) -> Result<RunRecord, StoreError> {
    let state: String = column(row, "state")?;
    Ok(RunRecord {
        id: column(row, "id")?,
        created_ms: column(row, "created_ms")?,
        requested_by: column(row, "requested_by")?,
        title: column(row, "title")?,
        stack_key: column(row, "stack_key")?,
        risk: column(row, "risk")?,
        plan_hash: column(row, "plan_hash")?,
        plan_json: column(row, "plan_json")?,
        state: RunState::from_word(&state).ok_or(StoreError::Foreign {
            what: "the state of a run",
            found: state,
        })?,
        started_ms: column(row, "started_ms")?,
        finished_ms: column(row, "finished_ms")?,
        report_id: column(row, "report_id")?,
        detail: column(row, "detail")?,
        lease_owner: column(row, "lease_owner")?,
        lease_until_ms: column(row, "lease_until_ms")?,
        fence: column(row, "fence")?,
    })
}
