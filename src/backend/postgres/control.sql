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
