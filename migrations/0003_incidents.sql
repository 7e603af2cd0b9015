-- Incidents and what happened in them. What an incident is looked up by stands in columns, the whole
-- as JSON beside it. `version` grows with every change: of two that change the same one, one does it.

CREATE TABLE incidents (
    id          BIGINT NOT NULL PRIMARY KEY,
    version     BIGINT NOT NULL,
    opened_ms   BIGINT NOT NULL,
    ended_ms    BIGINT NOT NULL,
    host        TEXT   NOT NULL,
    stack       TEXT   NOT NULL,
    service     TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    severity    TEXT   NOT NULL,
    cause       TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    body_json   TEXT   NOT NULL
);
CREATE INDEX incidents_by_end ON incidents (ended_ms, id);
CREATE INDEX incidents_by_service ON incidents (service, opened_ms);

-- What was done and by whom; `told` is 1 where the chats are told. Rows are added, never changed. With the alerts of an incident, this is
-- its timeline.
CREATE TABLE incident_log (
    incident  BIGINT NOT NULL REFERENCES incidents (id),
    seq       BIGINT NOT NULL,
    at_ms     BIGINT NOT NULL,
    who       TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    text      TEXT   NOT NULL,
    told      BIGINT NOT NULL,
    PRIMARY KEY (incident, seq)
);
