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
-- Every index is a file that the server forces to the disk, also one that a long text brings along: the lease
-- has none, which its own row's short texts and the run lock allow.
CREATE TABLE IF NOT EXISTS rollbook.lease (
    token     bigint       NOT NULL,
    run       varchar(64)  NOT NULL,
    operator  varchar(160) NOT NULL,
    since     varchar(40)  NOT NULL,
    pid       integer      NOT NULL,
    cell      varchar(160) NOT NULL,
    pos       bigint       NOT NULL,
    heartbeat timestamptz  NOT NULL
);
-- Where every table is published, one without a key takes no UPDATE (PostgreSQL manual, 31.1).
ALTER TABLE rollbook.lease REPLICA IDENTITY FULL;
COMMENT ON TABLE rollbook.lease IS 'Who last held Rollbook''s run lock, and when they were last heard of';
