//! Who works on a run, and who holds a lock: leases that end by themselves, each with a fence
//! that grows, so that who held an old one can be told from who holds it now.

use sqlx::{query, query_scalar};

use super::rows::{beginning, column};
use super::{Store, StoreError};

/// Whether two places have anything in common: `HOST/*` is every `HOST/STACK` at once.
pub fn places_meet(one: &str, other: &str) -> bool {
    let is_whole = |place: &str| place.ends_with("/*");
    one == other
        || (host_of(one).is_some()
            && host_of(one) == host_of(other)
            && (is_whole(one) || is_whole(other)))
}

/// `HOST/` of `HOST/STACK`.
fn host_of(place: &str) -> Option<&str> {
    let slash = place.find('/')?;
    place.get(..=slash)
}

/// Who wants a lease, and from when until when.
#[derive(Debug, Clone, Copy)]
pub struct LeaseTerms<'a> {
    pub owner: &'a str,
    pub now_ms: i64,
    pub until_ms: i64,
}

/// The right to work on a run, as long as nobody has a newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub run: String,
    pub fence: i64,
}

impl Store {
    /// Takes a run that nobody holds, or whose holder has let the time run out. An owner is one
    /// life of one process: the same name in two lives would share a claim.
    pub async fn claim_run(
        &self,
        run: &str,
        terms: &LeaseTerms<'_>,
    ) -> Result<Option<Claim>, StoreError> {
        let fences: Vec<i64> = query_scalar(
            "UPDATE runs SET lease_owner = $2, lease_until_ms = $3, fence = fence + 1 \
             WHERE id = $1 AND (lease_owner = '' OR lease_until_ms <= $4) \
             AND state IN ('planned', 'awaiting_approval', 'approved', 'running', 'unknown') \
             RETURNING fence",
        )
        .bind(run)
        .bind(terms.owner)
        .bind(terms.until_ms)
        .bind(terms.now_ms)
        .fetch_all(&self.writes)
        .await?;
        Ok(fences.first().map(|fence| Claim {
            run: run.to_owned(),
            fence: *fence,
        }))
    }

    /// Whether the claim still stood; it then stands until the new time.
    pub async fn renew_claim(&self, claim: &Claim, until_ms: i64) -> Result<bool, StoreError> {
        let done = query(
            "UPDATE runs SET lease_until_ms = $3 \
             WHERE id = $1 AND fence = $2 AND lease_owner <> ''",
        )
        .bind(&claim.run)
        .bind(claim.fence)
        .bind(until_ms)
        .execute(&self.writes)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives a run back at once. Giving back what was taken over does nothing.
    pub async fn release_claim(&self, claim: &Claim) -> Result<(), StoreError> {
        query("UPDATE runs SET lease_owner = '', lease_until_ms = 0 WHERE id = $1 AND fence = $2")
            .bind(&claim.run)
            .bind(claim.fence)
            .execute(&self.writes)
            .await?;
        Ok(())
    }

    /// Takes a lock that is free, has run out, or is the owner's own; gives its fence. Taken
    /// again by its owner it gets a new fence, which ends what an earlier life still does.
    ///
    /// `HOST/*` and `HOST/STACK` are not held at once. Each is taken first and looked at then: of
    /// two that come at the same moment both may go without, and never both have it.
    pub async fn acquire_lock(
        &self,
        name: &str,
        terms: &LeaseTerms<'_>,
    ) -> Result<Option<i64>, StoreError> {
        let Some(fence) = self.take_lock(name, terms).await? else {
            return Ok(None);
        };
        if self.in_the_way(name, terms).await? {
            self.release_lock(name, fence).await?;
            return Ok(None);
        }
        Ok(Some(fence))
    }

    async fn take_lock(
        &self,
        name: &str,
        terms: &LeaseTerms<'_>,
    ) -> Result<Option<i64>, StoreError> {
        let fences: Vec<i64> = query_scalar(
            "INSERT INTO locks (name, owner, until_ms, fence) VALUES ($1, $2, $3, 1) \
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, \
             until_ms = excluded.until_ms, fence = locks.fence + 1 \
             WHERE locks.owner = excluded.owner OR locks.until_ms <= $4 RETURNING fence",
        )
        .bind(name)
        .bind(terms.owner)
        .bind(terms.until_ms)
        .bind(terms.now_ms)
        .fetch_all(&self.writes)
        .await?;
        Ok(fences.first().copied())
    }

    /// Whether somebody else holds a lock that this one must not be held beside.
    async fn in_the_way(&self, name: &str, terms: &LeaseTerms<'_>) -> Result<bool, StoreError> {
        let Some(host) = host_of(name) else {
            return Ok(false);
        };
        let held: Vec<String> = query_scalar(
            "SELECT name FROM locks WHERE name LIKE $1 ESCAPE '!' AND owner <> '' \
             AND owner <> $2 AND until_ms > $3",
        )
        .bind(beginning(host))
        .bind(terms.owner)
        .bind(terms.now_ms)
        .fetch_all(&self.reads)
        .await?;
        Ok(held.iter().any(|held| places_meet(held, name)))
    }

    /// Whether the lock was still held under this fence; it then is until the new time.
    pub async fn renew_lock(
        &self,
        name: &str,
        fence: i64,
        until_ms: i64,
    ) -> Result<bool, StoreError> {
        let done =
            query("UPDATE locks SET until_ms = $3 WHERE name = $1 AND fence = $2 AND owner <> ''")
                .bind(name)
                .bind(fence)
                .bind(until_ms)
                .execute(&self.writes)
                .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Who has a lock or one that is in its way, or had it last.
    pub async fn lock_holder(&self, name: &str) -> Result<Option<String>, StoreError> {
        let rows = query(
            "SELECT name, owner FROM locks WHERE (name = $1 OR name LIKE $2 ESCAPE '!') \
             AND owner <> '' ORDER BY until_ms DESC, name",
        )
        .bind(name)
        .bind(beginning(host_of(name).unwrap_or(name)))
        .fetch_all(&self.reads)
        .await?;
        for row in &rows {
            let held: String = column(row, "name")?;
            if places_meet(&held, name) {
                return Ok(Some(column(row, "owner")?));
            }
        }
        Ok(None)
    }

    /// The row stays, so that fences go on growing.
    pub async fn release_lock(&self, name: &str, fence: i64) -> Result<(), StoreError> {
        query("UPDATE locks SET owner = '', until_ms = 0 WHERE name = $1 AND fence = $2")
            .bind(name)
            .bind(fence)
            .execute(&self.writes)
            .await?;
        Ok(())
    }
}
