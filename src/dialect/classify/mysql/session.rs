use super::super::draft::Draft;
use super::cursor::{Cursor, Piece, list};
use super::statement::{self, COMMITS, runs};
use super::{account, data};
use crate::dialect::{Action, ObjectKind, TokenKind};

/// Statements that make others from text.
pub(super) fn dynamic(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    let (kind, what) = match cursor.next()?.word.as_str() {
        "call" => {
            let name = cursor.name()?;
            let mut draft = Draft::new("call");
            runs(&mut draft, &format!("calls {name}, whose effect cannot be read from its text"));
            draft.object(ObjectKind::Function, name, Action::Read);
            return Some(draft);
        }
        "prepare" => ("prepare", "prepares a statement whose effect cannot be read from its text"),
        "execute" => ("execute", "runs a prepared statement whose effect cannot be read from its text"),
        "deallocate" | "drop" if cursor.eat("prepare") => {
            cursor.simple_name()?;
            return cursor.is_done().then(|| Draft::new("deallocate"));
        }
        _ => return None,
    };
    let mut draft = Draft::new(kind);
    runs(&mut draft, what);
    Some(draft)
}

pub(super) fn other(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    let word = cursor.next()?.word.as_str();
    Some(match word {
        "do" => {
            let mut draft = Draft::new("do");
            if calls(cursor.rest()) {
                runs(&mut draft, "runs functions whose effect cannot be read from its text");
            }
            draft
        }
        "show" | "help" => {
            cursor.peek()?;
            let mut draft = Draft::new(if word == "show" { "show" } else { "help" });
            draft.reads_only(true);
            draft
        }
        "use" => {
            cursor.simple_name()?;
            return cursor.is_done().then(|| Draft::new("use"));
        }
        "handler" => {
            let table = cursor.name()?;
            let mut draft = Draft::new("handler");
            draft.object(ObjectKind::Table, table, Action::Read);
            draft
        }
        "kill" => {
            let mut draft = Draft::new("kill");
            draft.loses("ends sessions and rolls back what they were doing");
            draft
        }
        "signal" => Draft::new("signal"),
        "resignal" => Draft::new("resignal"),
        "get" => Draft::new("get_diagnostics"),
        _ => return None,
    })
}

/// Whether a function is called; `(1)` and `a IN (1)` call none.
fn calls(pieces: &[Piece<'_>]) -> bool {
    pieces.windows(2).any(|pair| {
        let name = matches!(pair[0].kind, TokenKind::Word | TokenKind::QuotedIdent);
        name && pair[1].text == "(" && !matches!(pair[0].word.as_str(), "in" | "and" | "or" | "not" | "xor")
    })
}

/// `EXPLAIN`, `DESCRIBE`, and MariaDB's `ANALYZE` of a statement. What it runs counts.
pub(super) fn explain(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    let mut runs = cursor.next()?.word == "analyze";
    let mut draft = Draft::new("explain");
    let mut stores = false;
    loop {
        if cursor.eat("analyze") {
            runs = true;
        } else if cursor.eat("format") {
            cursor.value()?;
        } else if cursor.eat("into") {
            // MySQL keeps the plan in a variable.
            cursor.next()?;
            stores = true;
        } else if cursor.word() == "for" && matches!(cursor.word_after(1), "schema" | "database") {
            cursor.next();
            cursor.next();
            cursor.name()?;
        } else if cursor.eat_any(&["extended", "partitions"]).is_none() {
            break;
        }
    }
    let reads = match cursor.word() {
        "for" => true,
        "select" | "table" | "values" | "with" => data::query(cursor.rest())?.is_read_only(),
        "" if cursor.is_mark("(") => true,
        // Either server refuses to explain a write in a transaction that only reads.
        "insert" | "replace" | "update" | "delete" => false,
        // A table, and perhaps a column.
        _ => {
            let table = cursor.name()?;
            draft.object(ObjectKind::Table, table, Action::Read);
            draft.reads_only(true);
            return Some(draft);
        }
    };
    if runs {
        let inner = statement::classify(cursor.rest())?;
        if !matches!(inner.kind(), "select" | "values" | "insert" | "update" | "delete") {
            return None;
        }
        draft.include(inner);
    } else {
        draft.reads_only(reads && !stores);
    }
    Some(draft)
}

/// `SET` in all its forms (MySQL manual §15.7.6; MariaDB, "SET").
pub(super) fn set(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    cursor.next();
    match (cursor.word(), cursor.word_after(1)) {
        ("password", _) | ("default", "role") => return account::set(cursor),
        ("statement", _) => return statement_variables(cursor),
        _ => {}
    }
    let mut draft = Draft::new("set");
    if cursor.eat("role") || cursor.eat_all(&["resource", "group"]) {
        cursor.next()?;
        return Some(draft);
    }
    let mut global = false;
    for assignment in list(cursor.rest()) {
        let assignment = Assignment::of(assignment, &mut global)?;
        assignment.apply(&mut draft);
    }
    Some(draft)
}

/// MariaDB's `SET STATEMENT a = b FOR …`, which sets for one statement. They do not nest here.
fn statement_variables(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    cursor.next();
    let mut outer = Draft::new("set");
    let mut global = false;
    for assignment in list(cursor.until(|piece| piece.word == "for")) {
        Assignment::of(assignment, &mut global)?.apply(&mut outer);
    }
    if !cursor.eat("for") || cursor.word() == "set" {
        return None;
    }
    let mut draft = statement::classify(cursor.rest())?;
    let reads_only = draft.is_read_only();
    draft.include(outer);
    draft.reads_only(reads_only);
    Some(draft)
}

const SCOPES: [&str; 5] = ["global", "persist", "persist_only", "session", "local"];

fn is_global(scope: &str) -> bool {
    !matches!(scope, "session" | "local")
}

/// One `variable = value` of a `SET`.
struct Assignment<'p, 'a> {
    name: String,
    /// Of the server, not of the session.
    global: bool,
    /// Of the next transaction alone.
    next: bool,
    value: &'p [Piece<'a>],
}

impl<'p, 'a> Assignment<'p, 'a> {
    /// `global` is what a scope word says for the assignments after it as well.
    fn of(pieces: &'p [Piece<'a>], global: &mut bool) -> Option<Self> {
        let mut cursor = Cursor::new(pieces);
        if matches!(cursor.word(), "names" | "character" | "charset") {
            let name = if cursor.word() == "names" { "names" } else { "character_set_client" };
            cursor.next();
            cursor.eat("set");
            return Some(Self { name: name.to_owned(), global: false, next: false, value: cursor.rest() });
        }
        let first = cursor.peek()?;
        if first.kind == TokenKind::Param && !first.text.starts_with("@@") {
            cursor.next();
            return (cursor.mark("=") || cursor.mark(":=")).then(|| Self {
                name: String::new(),
                global: false,
                next: false,
                value: cursor.rest(),
            });
        }
        if first.kind == TokenKind::Param {
            return Self::at(cursor);
        }
        let mut scoped = false;
        if let Some(scope) = cursor.eat_any(&SCOPES) {
            scoped = true;
            *global = is_global(scope);
        }
        if cursor.eat("transaction") {
            let name = "transaction".to_owned();
            return Some(Self { name, global: *global, next: !scoped, value: cursor.rest() });
        }
        Self::named(cursor, String::new(), *global, false)
    }

    /// `@@x`, `@@global.x`: the scope is that of this variable alone, and without one it is the next
    /// transaction where there is such a thing.
    fn at(mut cursor: Cursor<'p, 'a>) -> Option<Self> {
        let name = cursor.next()?.text[2..].trim_matches('`').to_ascii_lowercase();
        if SCOPES.contains(&name.as_str()) && cursor.mark(".") {
            return Self::named(cursor, String::new(), is_global(&name), false);
        }
        Self::named(cursor, name, false, true)
    }

    /// What is left of a name that may have begun, and its value.
    fn named(mut cursor: Cursor<'p, 'a>, begun: String, global: bool, next: bool) -> Option<Self> {
        let mut name = begun;
        if name.is_empty() {
            name = cursor.simple_name()?.to_ascii_lowercase();
        }
        while cursor.mark(".") {
            name = format!("{name}.{}", cursor.simple_name()?.to_ascii_lowercase());
        }
        (cursor.mark("=") || cursor.mark(":=")).then(|| Self { name, global, next, value: cursor.rest() })
    }

    fn apply(&self, draft: &mut Draft) {
        data::also_reads(draft, self.value);
        match self.name.as_str() {
            "sql_mode" if !self.keeps_quotes() => {
                draft.loses("may change how the server reads quotes and backslashes, which makes other statements of it");
            }
            "names" | "character_set_client" if !self.keeps_bytes() => {
                draft.loses("may change how the server reads bytes, which makes other statements of it");
            }
            _ => {}
        }
        if self.global {
            return draft.never("a setting of the server is not undone by a rollback");
        }
        match self.name.as_str() {
            "autocommit" => match self.value {
                [on] if on.text == "1" || matches!(on.word.as_str(), "on" | "true") => draft.commits(COMMITS),
                // From then on, nothing that the engine takes for done would be committed.
                _ => draft.control(),
            },
            "completion_type" => draft.control(),
            "transaction"
            | "transaction_isolation"
            | "tx_isolation"
            | "transaction_read_only"
            | "tx_read_only"
                if self.next =>
            {
                draft.never("the characteristics of a transaction cannot be changed inside it");
            }
            "sql_log_bin"
            | "binlog_format"
            | "gtid_next"
            | "gtid_domain_id"
            | "gtid_seq_no"
            | "skip_replication"
            | "binlog_direct_non_transactional_updates" => {
                draft.never("the server refuses to change this variable inside a transaction");
            }
            _ => {}
        }
    }

    /// Whether strings and names are read as before: `ANSI_QUOTES`, `NO_BACKSLASH_ESCAPES` and what
    /// includes them are not set (MySQL manual §7.1.11).
    fn keeps_quotes(&self) -> bool {
        let [value] = self.value else { return false };
        let literal = value.kind == TokenKind::Str && !value.text.contains('\\');
        let modes = value.text.trim_matches(['\'', '"']).to_ascii_uppercase();
        const HARMLESS: [&str; 26] = [
            "",
            "ALLOW_INVALID_DATES",
            "ERROR_FOR_DIVISION_BY_ZERO",
            "HIGH_NOT_PRECEDENCE",
            "IGNORE_SPACE",
            "NO_AUTO_VALUE_ON_ZERO",
            "NO_DIR_IN_CREATE",
            "NO_ENGINE_SUBSTITUTION",
            "NO_UNSIGNED_SUBTRACTION",
            "NO_ZERO_DATE",
            "NO_ZERO_IN_DATE",
            "ONLY_FULL_GROUP_BY",
            "PAD_CHAR_TO_FULL_LENGTH",
            "PIPES_AS_CONCAT",
            "REAL_AS_FLOAT",
            "STRICT_ALL_TABLES",
            "STRICT_TRANS_TABLES",
            "TIME_TRUNCATE_FRACTIONAL",
            "TRADITIONAL",
            "NO_AUTO_CREATE_USER",
            "EMPTY_STRING_IS_NULL",
            "SIMULTANEOUS_ASSIGNMENT",
            "TIME_ROUND_FRACTIONAL",
            "NO_FIELD_OPTIONS",
            "NO_KEY_OPTIONS",
            "NO_TABLE_OPTIONS",
        ];
        (literal && modes.split(',').all(|mode| HARMLESS.contains(&mode))) || value.word == "default"
    }

    /// Whether the client's character set is one in which no byte of a character is a quote or a
    /// backslash.
    fn keeps_bytes(&self) -> bool {
        let Some(value) = self.value.first() else { return false };
        let name = value.text.trim_matches(['\'', '"']).to_ascii_lowercase();
        matches!(name.as_str(), "utf8mb4" | "utf8mb3" | "utf8" | "latin1" | "ascii" | "binary" | "default")
    }
}
