//! What a file tells of the things that a plan touches. Every query is here.
//!
//! A reader keeps a writer from committing where the journal is no WAL, so that each query is cut off
//! after a moment. Who has the file locked is read off the system's own list of locks: to ask SQLite
//! would be to take one.

use std::path::Path;
use std::time::Duration;

use super::super::session::{Mode, Scope, Session as _};
use super::super::survey::{Bond, Column, Dependant, Held, Relation, Sight, Wanted, mentions};
use super::super::{Answer, Blocker, DbError};
use super::session::{SqliteSession, quoted};
use crate::dialect::{Dialect, Limits, ObjectKind};

const LIMIT: Duration = Duration::from_millis(500);

/// Rows that are counted one by one; what is beyond is told from the keys.
const COUNTED: u64 = 500_000;

const FILE: &str = "SELECT (SELECT page_count FROM pragma_page_count), (SELECT page_size FROM pragma_page_size), \
    (SELECT freelist_count FROM pragma_freelist_count), (SELECT journal_mode FROM pragma_journal_mode), \
    (SELECT auto_vacuum FROM pragma_auto_vacuum), (SELECT encoding FROM pragma_encoding), sqlite_version(), \
    (SELECT foreign_keys FROM pragma_foreign_keys), (SELECT legacy_alter_table FROM pragma_legacy_alter_table)";

const SCHEMA: &str = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name";

const COLUMNS: &str = "SELECT m.name, c.name, c.type, c.\"notnull\" FROM sqlite_schema m, pragma_table_xinfo(m.name) c \
    WHERE m.type IN ('table', 'view') ORDER BY 1, c.cid";

const INDEXED: &str = "SELECT m.name, i.name, c.name, i.origin FROM sqlite_schema m, pragma_index_list(m.name) i, \
    pragma_index_info(i.name) c WHERE m.type = 'table' ORDER BY 1, 2, c.seqno";

const FOREIGN_KEYS: &str = "SELECT m.name, f.\"table\", f.\"from\", f.\"to\", f.on_delete FROM sqlite_schema m, \
    pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY 1, f.id, f.seq";

pub(in crate::backend) async fn survey(path: &Path, wanted: &Wanted) -> Result<Sight, DbError> {
    let session = SqliteSession::open(path, Mode::ReadOnly).await?;
    let mut look = Look { session, path, sight: Sight::default() };
    look.sight.schema = "main".to_owned();
    look.sight.folds_case = true;
    look.file().await?;
    look.schema(wanted).await?;
    look.sizes().await?;
    look.locks();
    Ok(look.sight)
}

struct Look<'a> {
    session: SqliteSession,
    path: &'a Path,
    sight: Sight,
}

impl Look<'_> {
    async fn ask(&mut self, what: &str, sql: &str) -> Result<Option<Answer>, DbError> {
        let limits = Limits { lock_timeout: Some(LIMIT), statement_timeout: Some(LIMIT) };
        let scope = Scope { runbook: "", run: "", cell: "", limits };
        let answer = self.session.execute_read_only(&scope, sql, u64::MAX).await;
        self.sight.take(what, answer)
    }

    fn relations(&mut self, name: &str) -> impl Iterator<Item = &mut Relation> {
        let called = format!("main.{name}");
        self.sight.relations.iter_mut().filter(move |relation| relation.called.eq_ignore_ascii_case(&called))
    }

    async fn file(&mut self) -> Result<(), DbError> {
        self.sight.free_bytes = free(self.path);
        if self.sight.free_bytes.is_none() {
            self.sight.unseen.push("how much of the disk is free: the system does not tell".to_owned());
        }
        let Some(answer) = self.ask("the file", FILE).await? else { return Ok(()) };
        let cell = |i: usize| answer.cell(0, i).unwrap_or_default();
        let number = |i: usize| cell(i).parse::<u64>().unwrap_or_default();
        let names = ["page_count", "page_size", "freelist_count", "journal_mode", "auto_vacuum", "encoding"];
        for (index, name) in names.into_iter().enumerate() {
            self.sight.settings.insert(name.to_owned(), cell(index).to_owned());
        }
        self.sight.settings.insert("foreign_keys".to_owned(), cell(7).to_owned());
        self.sight.settings.insert("legacy_alter_table".to_owned(), cell(8).to_owned());
        self.sight.bytes = Some(number(0) * number(1));
        let wal = std::fs::metadata(with_suffix(self.path, "-wal")).map_or(0, |file| file.len());
        if wal > 64 * 1024 * 1024 {
            let text = format!(
                "the write-ahead log has {wal} bytes: a reader or a missing checkpoint keeps it from shrinking"
            );
            self.sight.note("file", true, text);
        }
        Ok(())
    }

    async fn schema(&mut self, wanted: &Wanted) -> Result<(), DbError> {
        let Some(schema) = self.ask("the schema", SCHEMA).await? else { return Ok(()) };
        self.sight.has_names = true;
        let text = |row: usize, i: usize| schema.cell(row, i).unwrap_or_default();
        for asked in wanted.relations() {
            let name = asked.strip_prefix("main.").unwrap_or(asked);
            let found = (0..schema.rows.len())
                .find(|row| text(*row, 0) != "trigger" && text(*row, 1).eq_ignore_ascii_case(name));
            let Some(row) = found else { continue };
            self.sight.relations.push(Relation {
                name: asked.to_owned(),
                called: format!("main.{}", text(row, 1)),
                kind: match text(row, 0) {
                    "table" if text(row, 3).to_ascii_lowercase().starts_with("create virtual") => {
                        "virtual table".to_owned()
                    }
                    kind => kind.to_owned(),
                },
                table: (text(row, 0) == "index").then(|| format!("main.{}", text(row, 2))),
                ..Relation::default()
            });
        }
        for object in wanted.objects.iter().filter(|object| object.kind == ObjectKind::Trigger) {
            let there = (0..schema.rows.len())
                .any(|row| text(row, 0) == "trigger" && text(row, 1).eq_ignore_ascii_case(&object.name));
            if there {
                self.sight.others.push((object.kind, object.name.clone()));
            }
        }
        if let Some(answer) = self.ask("columns", COLUMNS).await? {
            for row in 0..answer.rows.len() {
                let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
                for relation in self.relations(cell(0)) {
                    relation.columns.push(Column {
                        name: cell(1).to_owned(),
                        kind: cell(2).to_owned(),
                        nullable: cell(3) == "0",
                        width: None,
                    });
                }
            }
        }
        self.indexes().await?;
        self.foreign_keys().await?;
        for row in 0..schema.rows.len() {
            let (kind, name, table, sql) = (text(row, 0), text(row, 1), text(row, 2), text(row, 3));
            if matches!(kind, "view" | "trigger") {
                self.read(kind, name, table, sql);
            }
        }
        Ok(())
    }

    /// A view or trigger: SQLite itself knows no more of it than its text.
    fn read(&mut self, kind: &str, name: &str, table: &str, sql: &str) {
        for relation in &mut self.sight.relations {
            let own = relation.called.trim_start_matches("main.").to_owned();
            let on = kind == "trigger" && table.eq_ignore_ascii_case(&own);
            if own.eq_ignore_ascii_case(name) || !(on || mentions(Dialect::Sqlite, sql, &own)) {
                continue;
            }
            let what = format!("{kind} {name}");
            let columns =
                relation.columns.iter().filter(|column| mentions(Dialect::Sqlite, sql, &column.name));
            let mut found: Vec<Dependant> = columns
                .map(|column| Dependant {
                    what: what.clone(),
                    column: Some(column.name.clone()),
                    bond: Bond::Mentions,
                })
                .collect();
            let bond = if on { Bond::Goes } else { Bond::Breaks };
            found.push(Dependant { what, column: None, bond });
            relation.dependants.extend(found);
        }
    }

    async fn indexes(&mut self) -> Result<(), DbError> {
        let Some(answer) = self.ask("indexes", INDEXED).await? else { return Ok(()) };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
            let what = match cell(3).as_str() {
                "pk" => "the primary key".to_owned(),
                "u" => format!("a UNIQUE constraint ({})", cell(1)),
                _ => format!("index {}", cell(1)),
            };
            for relation in self.relations(&cell(0)) {
                let whole = Dependant { what: what.clone(), column: None, bond: Bond::Goes };
                if !relation.dependants.contains(&whole) {
                    relation.indexes += 1;
                    relation.dependants.push(whole);
                }
                // ALTER TABLE DROP COLUMN refuses a column that is indexed (sqlite.org/lang_altertable.html, 5).
                relation.dependants.push(Dependant {
                    what: what.clone(),
                    column: Some(cell(2)),
                    bond: Bond::Refuses,
                });
            }
        }
        Ok(())
    }

    async fn foreign_keys(&mut self) -> Result<(), DbError> {
        let Some(answer) = self.ask("foreign keys", FOREIGN_KEYS).await? else { return Ok(()) };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
            for relation in self.relations(&cell(0)) {
                relation.dependants.push(Dependant {
                    what: format!("a foreign key to {}", cell(1)),
                    column: Some(cell(2)),
                    bond: Bond::Points,
                });
            }
            let cascade = if cell(4) == "CASCADE" { ", ON DELETE CASCADE" } else { "" };
            for relation in self.relations(&cell(1)) {
                relation.dependants.push(Dependant {
                    what: format!("a foreign key on {}{cascade}", cell(0)),
                    column: answer.cell(row, 3).map(str::to_owned),
                    bond: Bond::Breaks,
                });
            }
        }
        Ok(())
    }

    async fn sizes(&mut self) -> Result<(), DbError> {
        for index in 0..self.sight.relations.len() {
            let Relation { called, kind, .. } = &self.sight.relations[index];
            if kind != "table" {
                continue;
            }
            let name = called.trim_start_matches("main.").to_owned();
            let Ok(table) = crate::dialect::identifier(Dialect::Sqlite, &name) else { continue };
            let sql = format!("SELECT count(*) FROM (SELECT 1 FROM main.{table} LIMIT {COUNTED})");
            let counted = number(self.silently(&sql).await?);
            let (mut rows, mut from) = (counted, "counted".to_owned());
            if counted.is_none_or(|counted| counted >= COUNTED) {
                // The keys are numbers in order, so that their ends bound how many there are.
                let sql = format!("SELECT max(rowid) - min(rowid) + 1 FROM main.{table}");
                let most = number(self.silently(&sql).await?);
                (rows, from) = (most, "at most: the span of its keys".to_owned());
            }
            let of = format!("FROM dbstat('main', 1) WHERE name = {}", quoted(&name));
            let bytes = number(self.silently(&format!("SELECT pgsize {of}")).await?);
            let sql = format!(
                "SELECT coalesce(sum(d.pgsize), 0) FROM pragma_index_list({}) i JOIN dbstat d ON d.name = i.name AND d.schema = 'main' AND d.aggregate = 1",
                quoted(&name)
            );
            let index_bytes = match bytes {
                Some(_) => number(self.silently(&sql).await?),
                None => None,
            };
            let whole = self.sight.bytes;
            let relation = &mut self.sight.relations[index];
            relation.rows = rows;
            relation.rows_from =
                if rows.is_some() { from } else { "too many to count in a moment".to_owned() };
            relation.bytes = bytes.or(whole);
            relation.index_bytes = index_bytes;
            relation.bytes_from =
                if bytes.is_some() { "dbstat".to_owned() } else { "at most: the whole file".to_owned() };
        }
        Ok(())
    }

    /// An answer, or none where it took too long.
    async fn silently(&mut self, sql: &str) -> Result<Option<Answer>, DbError> {
        let known = self.sight.unseen.len();
        let answer = self.ask("", sql).await?;
        self.sight.unseen.truncate(known);
        Ok(answer)
    }

    /// SQLite's locks are the system's, on bytes of the file (sqlite.org/src/file/src/os.h) or, in WAL mode,
    /// of its index (sqlite.org/walformat.html, 2.3.1).
    fn locks(&mut self) {
        let Ok(list) = std::fs::read_to_string("/proc/locks") else {
            self.sight.unseen.push("who has the file locked: the system has no list of locks".to_owned());
            return;
        };
        let wal = with_suffix(self.path, "-shm");
        let mut found: Vec<Held> = Vec::new();
        for (path, in_wal) in [(self.path.to_path_buf(), false), (wal, true)] {
            let Some(file) = inode(&path) else { continue };
            for line in list.lines() {
                let Some((process, what)) = lock(line, &file, in_wal) else { continue };
                if process == std::process::id() {
                    continue;
                }
                let program = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
                let by = Blocker {
                    process: format!("process {process}"),
                    application: program.trim().to_owned(),
                    ..Blocker::default()
                };
                let held = Held { mode: what.to_owned(), granted: true, by };
                if !found.iter().any(|known| known.by == held.by && known.mode == held.mode) {
                    found.push(held);
                }
            }
        }
        self.sight.held = found;
    }
}

fn number(answer: Option<Answer>) -> Option<u64> {
    answer?.single()?.parse().ok()
}

fn with_suffix(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The file as `/proc/locks` names it: `08:01:131`, devices in hexadecimal.
#[cfg(unix)]
fn inode(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let file = std::fs::metadata(path).ok()?;
    let device = file.dev();
    // The C library's own way to keep major and minor numbers in one.
    let major = ((device >> 8) & 0xfff) | ((device >> 32) & !0xfff);
    let minor = (device & 0xff) | ((device >> 12) & !0xff);
    Some(format!("{major:02x}:{minor:02x}:{}", file.ino()))
}

#[cfg(not(unix))]
fn inode(_: &Path) -> Option<String> {
    None
}

/// The process and what its lock means, of a line such as
/// `1: POSIX  ADVISORY  WRITE 4242 08:01:131 1073741825 1073741825`.
fn lock(line: &str, file: &str, in_wal: bool) -> Option<(u32, &'static str)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "POSIX", _, kind, process, inode, from, to] = words[..] else { return None };
    let (process, from) = (process.parse().ok()?, from.parse::<u64>().ok()?);
    let to = to.parse().unwrap_or(u64::MAX);
    if inode != file {
        return None;
    }
    let covers = |byte: u64| from <= byte && byte <= to;
    const PENDING: u64 = 0x4000_0000;
    const WRITER: u64 = 120;
    let what = match (in_wal, kind) {
        (true, "WRITE") if covers(WRITER) => "WRITE",
        (true, "READ") if (WRITER + 3..WRITER + 8).contains(&from) => "READ",
        (false, "WRITE") if covers(PENDING) || to > PENDING + 1 => "EXCLUSIVE",
        (false, "WRITE") if covers(PENDING + 1) => "RESERVED",
        (false, "READ") if from > PENDING + 1 => "SHARED",
        _ => return None,
    };
    Some((process, what))
}

/// Bytes that an ordinary user may still write where the file is.
#[cfg(unix)]
fn free(path: &Path) -> Option<u64> {
    let there = rustix::fs::statvfs(path).ok()?;
    Some(there.f_bavail.saturating_mul(there.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::lock;

    #[test]
    fn a_lock_is_known_by_its_bytes() {
        let line =
            |kind: &str, from: u64, to: u64| format!("7: POSIX  ADVISORY  {kind} 4242 08:01:131 {from} {to}");
        let at = 0x4000_0000;
        let of = |text: &str, wal| {
            lock(text, "08:01:131", wal).map(|(process, what)| {
                assert_eq!(process, 4242);
                what
            })
        };
        assert_eq!(of(&line("READ", at + 2, at + 511), false), Some("SHARED"));
        assert_eq!(of(&line("WRITE", at + 1, at + 1), false), Some("RESERVED"));
        assert_eq!(of(&line("WRITE", at, at + 511), false), Some("EXCLUSIVE"));
        assert_eq!(of(&line("READ", 124, 124), true), Some("READ"));
        assert_eq!(of(&line("WRITE", 120, 120), true), Some("WRITE"));
        assert_eq!(of(&line("READ", 128, 128), true), None, "that WAL is in use");
        assert_eq!(lock(&line("WRITE", at, at), "08:01:132", false), None);
        assert_eq!(lock("1: FLOCK  ADVISORY  WRITE 4242 08:01:131 0 EOF", "08:01:131", false), None);
    }
}
