//! Opening the database: the file and who may read it, settings of each connection, migrations.
//! Nothing here ever deletes or moves what it can't read.

use std::borrow::Cow;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::statvfs::statvfs;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyPool, ConnectOptions, Connection, Executor, SqlSafeStr};

use super::error::{BUSY, DISK_FULL, IO, LOCKED, advice, sqlite_code, why};
use super::{Store, StoreError};

/// Every step from an empty database to this version's, in order. Steps that were released are
/// never changed: the database remembers their digests.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "start", include_str!("../../migrations/0001_start.sql")),
    (
        2,
        "alerts",
        include_str!("../../migrations/0002_alerts.sql"),
    ),
    (
        3,
        "incidents",
        include_str!("../../migrations/0003_incidents.sql"),
    ),
];

/// So many read at once, beside the one that writes; more would only hold memory.
const READERS: u32 = 3;

/// How long one waits for another's write.
const PATIENCE: Duration = Duration::from_secs(10);

/// Two programs that open a new database at once meet here; the second one looks again.
const ATTEMPTS: u32 = 5;

/// In this order: the first one makes the others wait instead of failing. FULL keeps a journal
/// entry through a power cut. What was written moves into the file itself 16 MiB at a time: who
/// writes waits for that.
const SQLITE_SETTINGS: [&str; 5] = [
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA wal_autocheckpoint = 4096",
];

impl Store {
    /// Opens `sqlite://FILE`, and makes the file and its directory where there is none.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let Some(path) = url.strip_prefix("sqlite://") else {
            return Err(StoreError::Unusable {
                place: without_credentials(url),
                why: "this build has no driver for it".to_owned(),
                advice: "set `store.url` to `sqlite://FILE`",
            });
        };
        if path == ":memory:" {
            return Self::in_memory().await;
        }
        let path = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
        let place = path.display().to_string();
        prepare_file(&path).map_err(|error| StoreError::Unusable {
            place: place.clone(),
            why: error.to_string(),
            advice: "give this user the right to write there, or set another `store.url`",
        })?;
        let options = options(&file_url(&path))?;
        // a file needs no sign of life before each question
        let pool = AnyPoolOptions::new().test_before_acquire(false);
        let pool = with_settings(pool.acquire_timeout(PATIENCE * 2));
        let reads = connect(&pool.clone().max_connections(READERS), &options, &place).await?;
        let writes = pool.max_connections(1).connect_lazy_with(options);
        let mut store = Self::over(reads, writes);
        store.file = Some(path.into());
        Ok(store)
    }

    /// A database that is gone with the last clone: for tests and the demo.
    pub async fn in_memory() -> Result<Self, StoreError> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let url = format!("sqlite:file:in-memory-{number}?mode=memory");
        let one = AnyPoolOptions::new()
            .min_connections(1)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None);
        let options = options(&url)?;
        let only = connect(&with_settings(one.clone()), &options, ":memory:").await?;
        let mut store = Self::over(only.clone(), only);
        store.anchor = Some(one.connect(&url).await?);
        Ok(store)
    }

    fn over(reads: AnyPool, writes: AnyPool) -> Self {
        Self {
            reads,
            writes,
            anchor: None,
            stirred: Arc::default(),
            intake: Arc::default(),
            file: None,
        }
    }

    /// Whether the file is sound, page by page. Slow on large files.
    pub async fn check_integrity(&self) -> Result<(), StoreError> {
        let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
            .fetch_one(&self.reads)
            .await?;
        if found == "ok" {
            return Ok(());
        }
        Err(StoreError::Unusable {
            place: "the store".to_owned(),
            why: found,
            advice: "the file is damaged: restore a backup",
        })
    }
}

fn options(url: &str) -> Result<AnyConnectOptions, StoreError> {
    sqlx::any::install_default_drivers();
    Ok(AnyConnectOptions::from_str(url)?.disable_statement_logging())
}

/// Each connection has settings of its own.
fn with_settings(pool: AnyPoolOptions) -> AnyPoolOptions {
    pool.after_connect(|connection, _| {
        Box::pin(async move {
            for setting in SQLITE_SETTINGS {
                connection.execute(setting).await?;
            }
            Ok(())
        })
    })
}

async fn connect(
    pool: &AnyPoolOptions,
    options: &AnyConnectOptions,
    place: &str,
) -> Result<AnyPool, StoreError> {
    let mut attempt = 1;
    loop {
        match start(pool, options).await {
            Ok(pool) => return Ok(pool),
            Err(error) if attempt < ATTEMPTS && is_race(&error) => attempt += 1,
            Err(error) => return Err(explain(error, place)),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// One connection tells quickly what is wrong; a pool would try until its time is up.
async fn start(
    pool: &AnyPoolOptions,
    options: &AnyConnectOptions,
) -> Result<AnyPool, MigrateError> {
    let mut probe = sqlx::AnyConnection::connect_with(options).await?;
    for setting in SQLITE_SETTINGS {
        probe.execute(setting).await?;
    }
    probe.close().await?;
    let pool = pool.clone().connect_with(options.clone()).await?;
    migrator().run(&pool).await?;
    Ok(pool)
}

fn migrator() -> Migrator {
    let step = |(version, name, sql): (i64, &'static str, &'static str)| {
        let kind = MigrationType::Simple;
        Migration::new(
            version,
            Cow::Borrowed(name),
            kind,
            sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(MIGRATIONS.iter().copied().map(step).collect())
}

/// Whether another program was opening the same database just now.
fn is_race(error: &MigrateError) -> bool {
    match error {
        MigrateError::Execute(error) => matches!(sqlite_code(error), Some(BUSY | LOCKED)),
        MigrateError::ExecuteMigration(..) | MigrateError::Dirty(_) => true,
        _ => false,
    }
}

fn explain(error: MigrateError, place: &str) -> StoreError {
    let known = MIGRATIONS.iter().map(|(version, ..)| *version).max();
    let unusable = |why: String, advice| StoreError::Unusable {
        place: place.to_owned(),
        why,
        advice,
    };
    match error {
        MigrateError::VersionMissing(found) => StoreError::Newer {
            place: place.to_owned(),
            found,
            known: known.unwrap_or_default(),
        },
        MigrateError::VersionMismatch(step) => unusable(
            format!("its step {step} is not the one of this version"),
            "install the version that made it, or set another `store.url`",
        ),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            // where its side files find no room, it speaks of the disk's failing
            let is_full = sqlite_code(&error) == Some(IO) && has_no_room(Path::new(place));
            let advice = if is_full { DISK_FULL } else { advice(&error) };
            unusable(why(&error), advice)
        }
        other => unusable(other.to_string(), "look at `store.url`"),
    }
}

/// Whether not even the index beside a database could be made there.
fn has_no_room(path: &Path) -> bool {
    const INDEX: u64 = 32 * 1024;
    statvfs(path).is_ok_and(|found| found.blocks_available() * found.fragment_size() < INDEX)
}

/// Makes the directory and the file, for this user's eyes only: reports tell a lot about a
/// production. The side files get the same rights.
fn prepare_file(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
    }
    if fs::exists(path)? {
        return Ok(());
    }
    let made = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path);
    made.map(drop)
}

/// A path as the driver wants it: everything that means something in a URL is encoded.
fn file_url(path: &Path) -> String {
    let encode = |byte: &u8| match char::from(*byte) {
        c if c.is_ascii_alphanumeric() || "/_.-~".contains(c) => c.to_string(),
        _ => format!("%{byte:02X}"),
    };
    let path = path.as_os_str().as_encoded_bytes();
    format!("sqlite://{}", path.iter().map(encode).collect::<String>())
}

/// `scheme://host/…` without user and password.
fn without_credentials(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            format!("{scheme}://{host}")
        }
        None => "store.url".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::NewAlert;
    use super::*;

    /// Each connection has settings of its own; one without them would lose what it acknowledged.
    #[tokio::test]
    async fn every_connection_keeps_what_it_writes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.db");
        let store = Store::open(&format!("sqlite://{}", path.display()))
            .await
            .unwrap();
        let mut held = vec![store.writes.acquire().await.unwrap()];
        for _ in 0..READERS {
            held.push(store.reads.acquire().await.unwrap());
        }
        for connection in &mut held {
            for (setting, wanted) in [("synchronous", 2), ("foreign_keys", 1)] {
                let sql = sqlx::AssertSqlSafe(format!("PRAGMA {setting}"));
                let found: i64 = sqlx::query_scalar(sql)
                    .fetch_one(&mut **connection)
                    .await
                    .unwrap();
                assert_eq!(found, wanted, "{setting}");
            }
            let sql = "PRAGMA journal_mode";
            let mode: String = sqlx::query_scalar(sql)
                .fetch_one(&mut **connection)
                .await
                .unwrap();
            assert_eq!(mode, "wal");
        }
    }

    /// Who asks may go away in the middle of a question: a connection may be lost by that, what
    /// was written may not.
    #[tokio::test]
    async fn what_is_kept_in_memory_outlives_its_connections() {
        let store = Store::in_memory().await.unwrap();
        let alerts = vec![NewAlert::default()];
        store.add_alerts(alerts, 1).await.unwrap();
        store.reads.acquire().await.unwrap().close().await.unwrap();
        assert_eq!(store.unplaced_alerts().await.unwrap().len(), 1);
    }
}
