use super::super::draft::{Draft, Mode};
use super::condition::is_always_true;
use super::cursor::{Cursor, Piece, list};
use super::tables::{Reference, defined, tables};
use crate::dialect::{Action, ObjectKind, TokenKind};

/// A query, or a write that a `WITH` stands before.
pub(super) fn query(pieces: &[Piece<'_>]) -> Option<Draft> {
    let mut cursor = Cursor::new(pieces);
    if cursor.word() == "with" {
        let with = cursor.until(|piece| {
            matches!(
                piece.word.as_str(),
                "select" | "update" | "delete" | "values" | "table" | "insert" | "replace"
            )
        });
        return match cursor.word() {
            "update" => update(cursor, with),
            "delete" => delete(cursor, with),
            "select" | "values" | "table" => Some(select("select", pieces)),
            // `WITH a AS (…) (SELECT …)`
            "" => Some(select("select", pieces)),
            _ => None,
        };
    }
    let kind = if cursor.word() == "values" { "values" } else { "select" };
    Some(select(kind, pieces))
}

fn select(kind: &'static str, pieces: &[Piece<'_>]) -> Draft {
    let mut draft = Draft::new(kind);
    let effects = Effects::of(pieces);
    let mode = if effects.locks_for_update { Mode::SharedWrite } else { Mode::SharedRead };
    for table in tables(pieces, false) {
        reads(&mut draft, &table, mode);
    }
    if effects.file {
        draft.loses("writes a file on the server, whose effect cannot be read from its text");
    }
    draft.reads_only(effects.none());
    calls(&mut draft, pieces);
    draft
}

/// Words of either server that may stand before a bracket and change nothing (MySQL manual §14;
/// MariaDB, "Built-in Functions").
const READING: &str = include_str!("reading_functions.txt");

/// The functions that are neither server's own.
fn calls(draft: &mut Draft, pieces: &[Piece<'_>]) {
    let own = defined(pieces);
    for (at, piece) in pieces.iter().enumerate() {
        let called = pieces.get(at + 1).is_some_and(|next| next.text == "(");
        let name = piece.plain();
        let word = name.to_ascii_lowercase();
        let named = matches!(piece.kind, TokenKind::Word | TokenKind::QuotedIdent);
        let known = piece.kind == TokenKind::Word
            && (acts(&word) || READING.split_ascii_whitespace().any(|known| known == word));
        if called && named && !known && !own.contains(&name) {
            draft.calls(name);
        }
    }
}

pub(super) fn reads(draft: &mut Draft, table: &Reference, mode: Mode) {
    draft.lock(mode, &table.name);
    draft.object(ObjectKind::Table, &table.name, Action::Read);
    draft.scans(None);
}

/// The tables that a statement reads beside what it is about.
pub(super) fn also_reads(draft: &mut Draft, pieces: &[Piece<'_>]) -> bool {
    let found = tables(pieces, false);
    for table in &found {
        reads(draft, table, Mode::SharedRead);
    }
    !found.is_empty()
}

/// What a query does beside reading.
#[derive(Default)]
struct Effects {
    file: bool,
    locks: bool,
    locks_for_update: bool,
    /// It sets a variable, or calls a function that does more than answer.
    acts: bool,
}

impl Effects {
    fn of(pieces: &[Piece<'_>]) -> Self {
        let mut effects = Self::default();
        for (at, piece) in pieces.iter().enumerate() {
            let next = |skip: usize| pieces.get(at + skip).map_or("", |piece| piece.word.as_str());
            let called = pieces.get(at + 1).is_some_and(|piece| piece.text == "(");
            match piece.word.as_str() {
                "into" if matches!(next(1), "outfile" | "dumpfile") => effects.file = true,
                "into" => effects.acts = true,
                "for" if next(1) == "update" => effects.locks_for_update = true,
                "for" if next(1) == "share" => effects.locks = true,
                "lock" if next(1) == "in" => effects.locks = true,
                "next" if next(1) == "value" && next(2) == "for" => effects.acts = true,
                "" if piece.text == ":=" => effects.acts = true,
                "" if called && acts(&piece.plain().to_ascii_lowercase()) => effects.acts = true,
                word if called && acts(word) => effects.acts = true,
                _ => {}
            }
        }
        effects
    }

    fn none(&self) -> bool {
        !(self.file || self.locks || self.locks_for_update || self.acts)
    }
}

/// Functions of the servers, and of libraries that are often loaded, that change something.
fn acts(name: &str) -> bool {
    matches!(
        name,
        "get_lock"
            | "release_lock"
            | "release_all_locks"
            | "nextval"
            | "setval"
            | "sys_exec"
            | "sys_eval"
            | "sys_set"
    ) || [
        "group_replication_",
        "asynchronous_connection_failover_",
        "service_",
        "keyring_",
        "audit_log_",
        "version_tokens_",
        "mysql_firewall_",
        "spider_",
        "wsrep_",
        "ps_setup_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// `INSERT` and `REPLACE`.
pub(super) fn insert(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    let replaces = cursor.next()?.word == "replace";
    while cursor.eat_any(&["low_priority", "delayed", "high_priority", "ignore"]).is_some() {}
    cursor.eat("into");
    let table = cursor.name()?;
    if cursor.eat("partition") {
        cursor.group()?;
    }
    let mut draft = write("insert", &table);
    let rest = cursor.rest();
    let query = rest.first().is_some_and(|piece| piece.text == "(")
        && rest.get(1).is_some_and(|piece| {
            piece.text == "(" || matches!(piece.word.as_str(), "select" | "with" | "values" | "table")
        });
    if !query {
        cursor.group();
        const BODIES: [&str; 6] = ["values", "value", "set", "select", "table", "with"];
        if !BODIES.contains(&cursor.word()) && !cursor.is_mark("(") {
            return None;
        }
    }
    also_reads(&mut draft, rest);
    if replaces {
        draft.loses(format!("replaces rows of {table} that have the same key"));
    }
    Some(draft)
}

fn write(kind: &'static str, table: &str) -> Draft {
    let mut draft = Draft::new(kind);
    writes(&mut draft, table);
    draft
}

fn writes(draft: &mut Draft, table: &str) {
    draft.lock(Mode::SharedWrite, table);
    draft.object(ObjectKind::Table, table, Action::Write);
}

/// `UPDATE`, of one table or of several.
pub(super) fn update(mut cursor: Cursor<'_, '_>, with: &[Piece<'_>]) -> Option<Draft> {
    cursor.next();
    while cursor.eat_any(&["low_priority", "ignore"]).is_some() {}
    let named = cursor.until(|piece| piece.word == "set");
    if !cursor.eat("set") {
        return None;
    }
    let set = cursor.until(ends_assignments);
    let sources = tables(named, true);
    let restricted = Restriction::of(named, &mut cursor)?;
    let mut draft = Draft::new("update");
    let targets = assigned(set, &sources);
    for target in &targets {
        writes(&mut draft, target);
        match restricted {
            Restriction::None => draft.loses(format!("overwrites every row of {target}")),
            Restriction::Limit => {
                draft.loses(format!("overwrites rows of {target} that no condition chooses"))
            }
            Restriction::Condition => {}
        }
    }
    if targets.is_empty() {
        return None;
    }
    finish(&mut draft, &sources, &targets, &[with, set, cursor.rest()], restricted);
    Some(draft)
}

/// `DELETE`, of one table or of several.
pub(super) fn delete(mut cursor: Cursor<'_, '_>, with: &[Piece<'_>]) -> Option<Draft> {
    cursor.next();
    while cursor.eat_any(&["low_priority", "quick", "ignore"]).is_some() {}
    let history = cursor.eat("history");
    let targets =
        if cursor.word() == "from" { Vec::new() } else { targets(cursor.until(|p| p.word == "from")) };
    if !cursor.eat("from") {
        return None;
    }
    let named = cursor.until(|piece| piece.word == "using" || ends_tables(piece));
    let (targets, named) = if cursor.eat("using") {
        (self::targets(named), cursor.until(ends_tables))
    } else {
        (targets, named)
    };
    let sources = tables(named, true);
    let mut draft = Draft::new("delete");
    if history {
        let table = &sources.first()?.name;
        writes(&mut draft, table);
        draft.loses(format!("deletes the history of {table}"));
        draft.scans(None);
        return Some(draft);
    }
    let targets: Vec<String> = if targets.is_empty() {
        vec![sources.first()?.name.clone()]
    } else {
        let table = |target: &String| sources.iter().find(|source| source.is(target));
        targets
            .iter()
            .map(|target| table(target).map_or_else(|| target.clone(), |table| table.name.clone()))
            .collect()
    };
    let restricted = Restriction::of(named, &mut cursor)?;
    for target in &targets {
        writes(&mut draft, target);
        let rows = if matches!(restricted, Restriction::None) { "every row" } else { "rows" };
        draft.loses(format!("deletes {rows} of {target}"));
    }
    finish(&mut draft, &sources, &targets, &[with, cursor.rest()], restricted);
    Some(draft)
}

/// What a write reads, and whether it looks at every row. The first of `queries` is its `WITH`.
fn finish(
    draft: &mut Draft,
    sources: &[Reference],
    targets: &[String],
    queries: &[&[Piece<'_>]],
    restricted: Restriction,
) {
    let own = queries.first().map_or_else(Vec::new, |with| defined(with));
    let read = sources.iter().filter(|source| source.inner || !targets.contains(&source.name)).cloned();
    let queried = queries.iter().flat_map(|pieces| tables(pieces, false));
    for table in read.chain(queried).filter(|table| !own.contains(&table.name)) {
        reads(draft, &table, Mode::SharedRead);
    }
    draft.scans(if matches!(restricted, Restriction::None) { Some(true) } else { None });
}

/// Which rows a write is about.
#[derive(Clone, Copy)]
enum Restriction {
    None,
    /// As many as a `LIMIT` says, whichever they are.
    Limit,
    Condition,
}

impl Restriction {
    /// Of the tables in `named`, and of what follows them. A join chooses rows as well.
    fn of(named: &[Piece<'_>], cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let rest = cursor.rest();
        let joined = joins_choose(named);
        let mut after = Cursor::new(rest);
        let condition = after.eat("where").then(|| after.until(ends_condition));
        if condition.is_some_and(<[_]>::is_empty) {
            return None;
        }
        let limited = after.rest().iter().any(|piece| piece.word == "limit");
        Some(match condition {
            Some(condition) if !is_always_true(condition) => Self::Condition,
            _ if joined => Self::Condition,
            _ if limited => Self::Limit,
            _ => Self::None,
        })
    }
}

/// Whether the joins between tables leave rows of each of them out: every one has a condition, and
/// none keeps the rows that match nothing.
fn joins_choose(named: &[Piece<'_>]) -> bool {
    let (mut joins, mut conditions) = (0, 0);
    let mut cursor = Cursor::new(named);
    while let Some(piece) = cursor.next() {
        match piece.word.as_str() {
            "left" | "right" | "cross" => return false,
            "join" | "straight_join" => joins += 1,
            "using" | "natural" => conditions += 1,
            "on" => {
                let condition = cursor.until(|piece| {
                    piece.text == ","
                        || matches!(piece.word.as_str(), "join" | "inner" | "left" | "right" | "cross")
                });
                if is_always_true(condition) {
                    return false;
                }
                conditions += 1;
            }
            "" if piece.text == "," => return false,
            _ => {}
        }
    }
    joins > 0 && conditions >= joins
}

fn ends_assignments(piece: &Piece<'_>) -> bool {
    piece.word == "where" || ends_condition(piece)
}

fn ends_condition(piece: &Piece<'_>) -> bool {
    matches!(piece.word.as_str(), "order" | "limit" | "returning")
}

fn ends_tables(piece: &Piece<'_>) -> bool {
    ends_assignments(piece)
}

/// The names before `FROM` or `USING` of a `DELETE`; `t.*` is `t`.
fn targets(pieces: &[Piece<'_>]) -> Vec<String> {
    list(pieces).into_iter().filter_map(|target| Cursor::new(target).name()).collect()
}

/// The tables whose columns are assigned to. A column without its table may be of any of them.
fn assigned(set: &[Piece<'_>], sources: &[Reference]) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !targets.iter().any(|known| known == name) {
            targets.push(name.to_owned());
        }
    };
    for assignment in list(set) {
        let column = Cursor::new(assignment).name().unwrap_or_default();
        let qualifier = column.rsplit_once('.').map(|(qualifier, _)| qualifier);
        let named = |source: &&Reference| !source.inner && qualifier.is_none_or(|name| source.is(name));
        for source in sources.iter().filter(named) {
            add(&source.name);
        }
    }
    if targets.is_empty() {
        sources.iter().filter(|source| !source.inner).for_each(|source| targets.push(source.name.clone()));
    }
    targets
}

/// `LOAD DATA` and `LOAD XML` of a file on the server. A `LOCAL` one the driver cannot send.
pub(super) fn load(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    cursor.next();
    cursor.eat_any(&["data", "xml"])?;
    while cursor.eat_any(&["low_priority", "concurrent"]).is_some() {}
    if !cursor.eat("infile") {
        return None;
    }
    cursor.next()?;
    let replaces = cursor.eat_any(&["replace", "ignore"]) == Some("replace");
    if !cursor.eat_all(&["into", "table"]) {
        return None;
    }
    let table = cursor.name()?;
    let mut draft = write("load_data", &table);
    if replaces {
        draft.loses(format!("replaces rows of {table} that have the same key"));
    }
    Some(draft)
}
