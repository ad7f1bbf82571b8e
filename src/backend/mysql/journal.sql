CREATE TABLE IF NOT EXISTS rollbook_journal (
    pos     BIGINT       NOT NULL PRIMARY KEY,
    runbook VARCHAR(255) NOT NULL,
    run     VARCHAR(64)  NOT NULL,
    at      VARCHAR(40)  NOT NULL,
    entry   LONGTEXT     NOT NULL,
    hash    CHAR(64)     NOT NULL,
    KEY journal_runbook (runbook, pos)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT = 'What Rollbook did here, one event a row; append only'
