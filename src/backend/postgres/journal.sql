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
CREATE TABLE IF NOT EXISTS rollbook.lease (
    id        integer     PRIMARY KEY CHECK (id = 1),
    token     bigint      NOT NULL,
    run       text        NOT NULL,
    operator  text        NOT NULL,
    since     text        NOT NULL,
    pid       integer     NOT NULL,
    cell      text        NOT NULL,
    pos       bigint      NOT NULL,
    heartbeat timestamptz NOT NULL
);
COMMENT ON TABLE rollbook.lease IS 'Who last held Rollbook''s run lock, and when they were last heard of';
CREATE TABLE IF NOT EXISTS rollbook.control (
    run       text    PRIMARY KEY,
    number    bigint  NOT NULL,
    seen      bigint  NOT NULL,
    paused    integer NOT NULL,
    paused_by text    NOT NULL,
    paused_at text    NOT NULL,
    size      bigint,
    size_by   text    NOT NULL,
    size_at   text    NOT NULL
);
COMMENT ON TABLE rollbook.control IS 'What is wished of a run: written by `rollbook control`';
