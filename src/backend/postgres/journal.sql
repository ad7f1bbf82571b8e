CREATE SCHEMA IF NOT EXISTS rollbook;
CREATE TABLE IF NOT EXISTS rollbook.journal (
    pos     bigint PRIMARY KEY,
    runbook text   NOT NULL,
    run     text   NOT NULL,
    at      text   NOT NULL,
    entry   text   NOT NULL,
    hash    text   NOT NULL
);
CREATE INDEX IF NOT EXISTS journal_runbook ON rollbook.journal (runbook, pos);
COMMENT ON TABLE rollbook.journal IS 'What Rollbook did here, one event a row; append only';
