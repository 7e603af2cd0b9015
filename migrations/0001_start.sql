-- One text for SQLite and PostgreSQL: times are milliseconds since 1970 in BIGINT, documents are
-- JSON in TEXT, and nothing is NULL where an empty value says the same.

CREATE TABLE reports (
    id          TEXT   NOT NULL PRIMARY KEY,
    created_ms  BIGINT NOT NULL,
    host        TEXT   NOT NULL,
    project     TEXT   NOT NULL,
    service     TEXT   NOT NULL,
    cause       TEXT   NOT NULL,
    confidence  TEXT   NOT NULL,
    issue       TEXT   NOT NULL,
    summary     TEXT   NOT NULL,
    body_json   TEXT   NOT NULL
);
CREATE INDEX reports_by_time ON reports (created_ms, id);

-- `fence` grows with every claim: who holds an old one can't write any more.
CREATE TABLE runs (
    id              TEXT   NOT NULL PRIMARY KEY,
    created_ms      BIGINT NOT NULL,
    requested_by    TEXT   NOT NULL,
    title           TEXT   NOT NULL,
    stack_key       TEXT   NOT NULL,
    risk            TEXT   NOT NULL,
    plan_hash       TEXT   NOT NULL,
    plan_json       TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    started_ms      BIGINT,
    finished_ms     BIGINT,
    report_id       TEXT   NOT NULL,
    detail          TEXT   NOT NULL,
    lease_owner     TEXT   NOT NULL,
    lease_until_ms  BIGINT NOT NULL,
    fence           BIGINT NOT NULL
);
CREATE INDEX runs_by_time ON runs (created_ms, id);
CREATE INDEX runs_by_state ON runs (state, created_ms);

-- What a run is about to do, and what came of it. Rows are added, never changed.
CREATE TABLE journal (
    run_id     TEXT   NOT NULL REFERENCES runs (id),
    seq        BIGINT NOT NULL,
    at_ms      BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    step       TEXT   NOT NULL,
    text       TEXT   NOT NULL,
    body_json  TEXT   NOT NULL,
    PRIMARY KEY (run_id, seq)
);

-- Who said what to a run. Rows are added, never changed.
CREATE TABLE decisions (
    run_id  TEXT   NOT NULL REFERENCES runs (id),
    seq     BIGINT NOT NULL,
    at_ms   BIGINT NOT NULL,
    who     TEXT   NOT NULL,
    what    TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    PRIMARY KEY (run_id, seq)
);

-- Ids of messages and events that were taken on, so that a redelivery does nothing twice.
CREATE TABLE handled (
    source  TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    at_ms   BIGINT NOT NULL,
    PRIMARY KEY (source, id)
);
CREATE INDEX handled_by_time ON handled (at_ms);

-- Small documents under a name, changed only by who saw the latest version.
CREATE TABLE ledger (
    scope       TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    value_json  TEXT   NOT NULL,
    version     BIGINT NOT NULL,
    updated_ms  BIGINT NOT NULL,
    PRIMARY KEY (scope, name)
);

CREATE TABLE locks (
    name      TEXT   NOT NULL PRIMARY KEY,
    owner     TEXT   NOT NULL,
    until_ms  BIGINT NOT NULL,
    fence     BIGINT NOT NULL
);
