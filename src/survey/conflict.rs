//! Which locks keep each other waiting.

use crate::dialect::Dialect;

/// From the weakest (PostgreSQL manual, table 13.2).
const POSTGRES: [&str; 8] = [
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
];

/// For each of them, a bit for each mode that it conflicts with.
const CONFLICTS: [u8; 8] =
    [0b1000_0000, 0b1100_0000, 0b1111_0000, 0b1111_1000, 0b1110_1100, 0b1111_1100, 0b1111_1110, 0b1111_1111];

/// Whether a lock that is wanted waits for one that somebody has.
pub(super) fn conflicts(dialect: Dialect, wanted: &str, held: &str, defines: bool) -> bool {
    match dialect {
        Dialect::Postgres => {
            let place = |mode: &str| POSTGRES.iter().position(|known| *known == mode);
            match (place(wanted), place(held)) {
                (Some(wanted), Some(held)) => CONFLICTS[wanted] & (1 << held) != 0,
                _ => false,
            }
        }
        // Every change of a definition has the table for itself for a moment at its end (MySQL 8.4 manual,
        // 17.12.1), so that whoever has used the table in an open transaction is in its way.
        Dialect::Mysql if defines => true,
        Dialect::Mysql => matches!(
            held,
            "EXCLUSIVE"
                | "SHARED_NO_WRITE"
                | "SHARED_NO_READ_WRITE"
                | "SHARED_READ_ONLY"
                | "SHARED_UPGRADABLE_X"
        ),
        // One lock for the whole file.
        Dialect::Sqlite => matches!(held, "RESERVED" | "EXCLUSIVE" | "WRITE" | "SHARED"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_conflicts_is_the_manual_s() {
        for (a, wanted) in POSTGRES.iter().enumerate() {
            for (b, held) in POSTGRES.iter().enumerate() {
                let both = (CONFLICTS[a] & (1 << b) != 0, CONFLICTS[b] & (1 << a) != 0);
                assert_eq!(both.0, both.1, "{wanted} and {held}");
            }
        }
        let pg = |wanted, held| conflicts(Dialect::Postgres, wanted, held, true);
        assert!(
            pg("ACCESS EXCLUSIVE", "ACCESS SHARE") && !pg("SHARE", "SHARE") && pg("SHARE", "ROW EXCLUSIVE")
        );
        assert!(pg("SHARE UPDATE EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"));
        assert!(!pg("SHARE UPDATE EXCLUSIVE", "ROW EXCLUSIVE") && !pg("ROW EXCLUSIVE", "ROW EXCLUSIVE"));
    }
}
