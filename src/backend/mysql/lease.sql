CREATE TABLE IF NOT EXISTS rollbook_lease (
    id        INT          NOT NULL PRIMARY KEY,
    token     BIGINT       NOT NULL,
    run       VARCHAR(64)  NOT NULL,
    operator  VARCHAR(255) NOT NULL,
    since     VARCHAR(40)  NOT NULL,
    pid       BIGINT       NOT NULL,
    session   BIGINT       NOT NULL,
    cell      VARCHAR(255) NOT NULL,
    pos       BIGINT       NOT NULL,
    heartbeat DATETIME(6)  NOT NULL
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT = 'Who last held the run lock of Rollbook, and when they were last heard of'
