CREATE TABLE IF NOT EXISTS rollbook_control (
    run       VARCHAR(64)  NOT NULL PRIMARY KEY,
    number    BIGINT       NOT NULL,
    seen      BIGINT       NOT NULL,
    paused    INT          NOT NULL,
    paused_by VARCHAR(255) NOT NULL,
    paused_at VARCHAR(40)  NOT NULL,
    size      BIGINT,
    size_by   VARCHAR(255) NOT NULL,
    size_at   VARCHAR(40)  NOT NULL
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT = 'What is wished of a run: written by `rollbook control`'
