CREATE TABLE IF NOT EXISTS rollbook_journal (
    pos     INTEGER PRIMARY KEY,
    runbook TEXT NOT NULL,
    run     TEXT NOT NULL,
    at      TEXT NOT NULL,
    entry   TEXT NOT NULL,
    hash    TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS rollbook_journal_runbook ON rollbook_journal (runbook, pos);
