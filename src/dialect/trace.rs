use super::{Action, Facts};

/// What a statement leaves behind by which one can tell, later, whether it took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// The definition of its objects changes: as it was before, the statement did nothing yet.
    Catalog,
    /// Running it twice is as good as running it once.
    Harmless,
    /// Rows, or something that nobody can look up: the catalog says nothing about it.
    Nothing,
}

/// Statements that set or rebuild something, whatever was there before.
const HARMLESS: [&str; 28] = [
    "alter_system",
    "analyze",
    "attach",
    "check_table",
    "checkpoint",
    "checksum_table",
    "cluster",
    "comment",
    "deallocate",
    "detach",
    "discard",
    "flush",
    "grant",
    "listen",
    "optimize",
    "optimize_table",
    "analyze_table",
    "refresh_materialized_view",
    "reindex",
    "repack",
    "repair_table",
    "reset",
    "revoke",
    "security_label",
    "set",
    "unlisten",
    "use",
    "vacuum",
];

impl Facts {
    /// The trace that the statement's effect leaves.
    pub fn trace(&self) -> Trace {
        if self.reads_only || HARMLESS.contains(&self.kind) {
            return Trace::Harmless;
        }
        let defines =
            ["create_", "drop_", "alter_", "rename_"].iter().any(|verb| self.kind.starts_with(verb));
        let touches = |action| self.objects.iter().any(|object| object.action == action);
        let seen = touches(Action::Create) || touches(Action::Alter) || touches(Action::Drop);
        // A truncated partition, a dropped row or a sequence that is set back leaves the definition as it
        // was.
        let data = touches(Action::Write) || self.kind == "alter_sequence";
        if defines && seen && !data { Trace::Catalog } else { Trace::Nothing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Dialect, classify};

    #[test]
    fn rows_leave_no_trace_and_definitions_do() {
        let trace = |sql| classify(Dialect::Postgres, sql).trace();
        assert_eq!(trace("CREATE INDEX CONCURRENTLY i ON t (a)"), Trace::Catalog);
        assert_eq!(trace("ALTER TYPE e ADD VALUE 'x'"), Trace::Catalog);
        assert_eq!(trace("VACUUM t"), Trace::Harmless);
        assert_eq!(trace("SELECT 1"), Trace::Harmless);
        for sql in ["UPDATE t SET a = a + 1 WHERE b", "TRUNCATE t", "DO $$ BEGIN END $$", "COPY t FROM '/x'"]
        {
            assert_eq!(trace(sql), Trace::Nothing, "{sql}");
        }
    }
}
