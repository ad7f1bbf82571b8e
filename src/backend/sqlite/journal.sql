-- No index on runbook: each would cost every commit two more page writes, and a scan of ten thousand
-- entries takes a few milliseconds.
CREATE TABLE IF NOT EXISTS rollbook_journal (
    pos     INTEGER PRIMARY KEY,
    runbook TEXT NOT NULL,
    run     TEXT NOT NULL,
    at      TEXT NOT NULL,
    entry   TEXT NOT NULL,
    hash    TEXT NOT NULL
);
-- Who ran last, and how long the journal was then: a journal that is gone or has lost its end is noticed.
CREATE TABLE IF NOT EXISTS rollbook_lease (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    run      TEXT NOT NULL,
    operator TEXT NOT NULL,
    pos      INTEGER NOT NULL
);
