//! Where MySQL and MariaDB, which are one dialect here, do not do the same.
//!
//! One row says what the difference is, each server's way, and the section of each manual. A text
//! alone does not tell which server it will meet, so that the classifier answers with what holds on
//! both, or leaves it open. Measured on MySQL 9.7.4 and MariaDB 10.11.19.

use std::ops::RangeInclusive;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Mysql,
    Mariadb,
}

/// The oldest version that is supported, as the servers write it in comments that they execute.
pub const OLDEST_MYSQL: u32 = 80_000;
pub const OLDEST_MARIADB: u32 = 100_600;

/// Versions whose comments MariaDB takes for MySQL's own and skips (MariaDB, "Comment Syntax").
pub const MYSQL_ONLY_VERSIONS: RangeInclusive<u32> = 50_700..=99_999;

pub struct Difference {
    pub name: &'static str,
    pub mysql: &'static str,
    pub mariadb: &'static str,
    pub mysql_section: &'static str,
    pub mariadb_section: &'static str,
}

/// For people to read and for the backend to cite; what the code decides by is above.
pub const DIFFERENCES: [Difference; 16] = [
    Difference {
        name: "comments that are executed",
        mysql: "`/*!NNNNN` up to its own version; `/*M!` is a comment",
        mariadb: "`/*!NNNNN` up to its own version, but not 50700 to 99999; `/*M!NNNNNN` as well",
        mysql_section: "11.7 Comments",
        mariadb_section: "Comment Syntax",
    },
    Difference {
        name: "dollar quotes",
        mysql: "`$$…$$` is a string, the body of a routine in another language",
        mariadb: "two names",
        mysql_section: "15.1.17 CREATE PROCEDURE and CREATE FUNCTION",
        mariadb_section: "Identifier Names",
    },
    Difference {
        name: "compound statements outside of routines",
        mysql: "refused",
        mariadb: "`BEGIN NOT ATOMIC`, `IF`, `CASE`, `LOOP`, `WHILE`, `REPEAT`, `FOR`",
        mysql_section: "15.6 Compound Statement Syntax",
        mariadb_section: "Using Compound Statements Outside of Stored Programs",
    },
    Difference {
        name: "a column added with an expression for its default",
        mysql: "the table is written anew; refused where the expression is not deterministic and row-based logging is off",
        mariadb: "INSTANT, unless the expression is one like `uuid()`, which copies the table",
        mysql_section: "17.12.1 Online DDL Operations",
        mariadb_section: "InnoDB Online DDL Operations with the INSTANT Alter Algorithm",
    },
    Difference {
        name: "a column added first or after another one",
        mysql: "INSTANT since 8.0.29, in place before",
        mariadb: "INSTANT, but a copy where the table has generated columns",
        mysql_section: "17.12.1 Online DDL Operations",
        mariadb_section: "InnoDB Online DDL Operations with the INSTANT Alter Algorithm",
    },
    Difference {
        name: "a column added with a check of its own",
        mysql: "the table is copied",
        mariadb: "INSTANT",
        mysql_section: "15.1.9 ALTER TABLE",
        mariadb_section: "InnoDB Online DDL Operations with the INSTANT Alter Algorithm",
    },
    Difference {
        name: "REFERENCES beside a column",
        mysql: "a foreign key since 9.0, ignored before",
        mariadb: "a foreign key, and the table is copied",
        mysql_section: "15.1.20.5 FOREIGN KEY Constraints",
        mariadb_section: "Foreign Keys",
    },
    Difference {
        name: "dropping a column",
        mysql: "INSTANT since 8.0.29, written anew before",
        mariadb: "INSTANT, or NOCOPY where it is indexed",
        mysql_section: "17.12.1 Online DDL Operations",
        mariadb_section: "InnoDB Online DDL Operations with the INSTANT Alter Algorithm",
    },
    Difference {
        name: "NULL to NOT NULL",
        mysql: "written anew in place",
        mariadb: "written anew in place, but a copy where the table has generated columns",
        mysql_section: "17.12.1 Online DDL Operations",
        mariadb_section: "InnoDB Online DDL Operations with the INPLACE Alter Algorithm",
    },
    Difference {
        name: "writes while a table is copied",
        mysql: "wait",
        mariadb: "wait before 11.2, go on since",
        mysql_section: "15.1.9 ALTER TABLE",
        mariadb_section: "ALTER TABLE, LOCK",
    },
    Difference {
        name: "ALGORITHM=INSTANT on a change of engine or partitions",
        mysql: "refused",
        mariadb: "taken, and the table is copied",
        mysql_section: "15.1.9 ALTER TABLE",
        mariadb_section: "ALTER TABLE, ALGORITHM",
    },
    Difference {
        name: "NULL as `\\N`",
        mysql: "refused since 8.0; a backslash begins a command of the client",
        mariadb: "read as NULL",
        mysql_section: "11.1.7 NULL Values",
        mariadb_section: "NULL Values",
    },
    Difference {
        name: "running a statement to explain it",
        mysql: "`EXPLAIN ANALYZE`",
        mariadb: "`ANALYZE`",
        mysql_section: "15.8.2 EXPLAIN Statement",
        mariadb_section: "ANALYZE Statement",
    },
    Difference {
        name: "CREATE OR REPLACE of what holds data",
        mysql: "refused",
        mariadb: "drops a table, database or sequence and makes it anew",
        mysql_section: "15.1.20 CREATE TABLE Statement",
        mariadb_section: "CREATE TABLE, OR REPLACE",
    },
    Difference {
        name: "ALTER IGNORE TABLE",
        mysql: "refused",
        mariadb: "deletes rows that a new unique key would refuse",
        mysql_section: "15.1.9 ALTER TABLE",
        mariadb_section: "ALTER TABLE, IGNORE",
    },
    Difference {
        name: "characters above U+FFFF in a name",
        mysql: "taken in an alias, refused in a stored name",
        mariadb: "refused",
        mysql_section: "11.2 Schema Object Names",
        mariadb_section: "Identifier Names",
    },
];
