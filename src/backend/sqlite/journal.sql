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
