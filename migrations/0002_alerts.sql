-- What was seen to be wrong, or right again, in the order it was taken in. A row is added once and
-- then only placed: `incident` is 0 until it has its place in the timeline of one incident, and
-- never changes after. Who makes a number and loses it to another asks for the next one.

CREATE TABLE alerts (
    seq          BIGINT NOT NULL PRIMARY KEY,
    accepted_ms  BIGINT NOT NULL,
    incident     BIGINT NOT NULL,
    host         TEXT   NOT NULL,
    stack        TEXT   NOT NULL,
    service      TEXT   NOT NULL,
    what         TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    body_json    TEXT   NOT NULL
);
CREATE INDEX alerts_by_incident ON alerts (incident, seq);
