-- What is wished of a run: written by `rollbook control`.
CREATE TABLE IF NOT EXISTS rollbook_control (
    run       TEXT PRIMARY KEY,
    number    INTEGER NOT NULL,
    seen      INTEGER NOT NULL,
    paused    INTEGER NOT NULL,
    paused_by TEXT NOT NULL,
    paused_at TEXT NOT NULL,
    size      INTEGER,
    size_by   TEXT NOT NULL,
    size_at   TEXT NOT NULL
);
