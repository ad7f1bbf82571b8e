use squawk_syntax::ast::AstNode as _;
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxNode};

use super::super::draft::Draft;
use super::super::entry;
use super::reader::Reader;
use super::{
    alter, alter_table, create, create_index, create_plain, create_query, create_table, data, drop,
    maintenance, routine, rows, session, tree,
};
use crate::dialect::{Action, Dialect, ObjectKind, TokenKind, Words, lex};

/// None where the text is not one statement that is understood.
///
/// Each kind of statement has one reader. What is common in migrations is read from its words, and the parser
/// is asked only where they hold something that its reader stepped over; everything else is read from the
/// parser's tree.
pub(in super::super) fn read(sql: &str) -> Option<Draft> {
    let words = Words::of(Dialect::Postgres, sql);
    if words.all().all(|at| words.kind(at) != Some(TokenKind::Bad)) {
        if let Some(draft) = plain(&words) {
            return Some(draft);
        }
        let readers = [
            alter_table::read,
            create_table::read,
            create_index::read,
            routine::read,
            routine::block,
            drop::read,
            alter::read,
            maintenance::read,
        ];
        for read in readers {
            let mut reader = Reader::new(&words);
            if let Some(draft) = read(&mut reader) {
                return draft.filter(|_| reader.is_done() && (reader.is_sure() || parsed(sql).is_some()));
            }
        }
    }
    classify(&parsed(sql)?)
}

/// A statement that is plain enough to need no parser, of a kind that the parser's tree is read for otherwise.
fn plain(words: &Words<'_>) -> Option<Draft> {
    let readers = [rows::read, session::read, create_plain::read, create_query::read];
    readers.iter().find_map(|read| read(&mut Reader::new(words)))
}

/// The one statement that the text is, as the parser has it.
fn parsed(sql: &str) -> Option<SyntaxNode> {
    if !is_read_alike(sql) || entry::is_too_deep(Dialect::Postgres, sql) {
        return None;
    }
    let parse = SourceFile::parse(sql);
    let root = parse.tree().syntax().clone();
    let mut statements = root.children();
    let (Some(statement), None) = (statements.next(), statements.next()) else { return None };
    // The parser reads routine bodies in string literals too. They run later, if ever, and a
    // mistake in one says nothing about the statement around it.
    let in_body = |at| {
        root.token_at_offset(at).any(|token| {
            matches!(
                token.kind(),
                SyntaxKind::STRING | SyntaxKind::DOLLAR_QUOTED_STRING | SyntaxKind::ESC_STRING
            )
        })
    };
    let has_body = matches!(
        statement.kind(),
        SyntaxKind::CREATE_FUNCTION | SyntaxKind::CREATE_PROCEDURE | SyntaxKind::DO
    );
    let errors = parse.errors();
    let accepted = errors.iter().all(|error| has_body && in_body(error.range().start()));
    accepted.then_some(statement)
}

/// Whether the parser sees the same strings and comments as the server does. It does not know that
/// a literal which continues an `E''` literal has escapes too, nor that a lone carriage return ends
/// a comment; either could hide a clause from it.
fn is_read_alike(sql: &str) -> bool {
    if !sql.contains(['\\', '\r']) {
        return true;
    }
    let tokens = lex(Dialect::Postgres, sql);
    tokens.iter().all(|token| {
        let text = &sql[token.span.start..token.span.end];
        match token.kind {
            TokenKind::Str if text.starts_with('\'') && text.contains('\\') => {
                lex(Dialect::Postgres, text).len() == 1
            }
            TokenKind::Comment if text.starts_with("--") => {
                let after = &sql[token.span.end..];
                !after.starts_with('\r') || after.starts_with("\r\n")
            }
            _ => true,
        }
    })
}

/// Facts of one statement node, which may stand inside another one.
pub(super) fn classify(node: &SyntaxNode) -> Option<Draft> {
    use SyntaxKind as K;
    let draft = match node.kind() {
        // Inside of CREATE SCHEMA.
        K::CREATE_TABLE | K::CREATE_INDEX => read(&node.text().to_string())?,
        K::SELECT
        | K::SELECT_INTO
        | K::COMPOUND_SELECT
        | K::PAREN_SELECT
        | K::TABLE
        | K::VALUES
        | K::INSERT
        | K::UPDATE
        | K::DELETE
        | K::MERGE
        | K::EXPLAIN
        | K::PREPARE
        | K::DECLARE
        | K::COPY => data::read(node)?,
        K::BEGIN => control("begin"),
        K::COMMIT_TRANSACTION | K::COMMIT_PREPARED => control("commit"),
        K::ROLLBACK_TRANSACTION | K::ROLLBACK_PREPARED | K::ROLLBACK_TO_SAVEPOINT => control("rollback"),
        K::SAVEPOINT_CREATE => control("savepoint"),
        K::RELEASE_SAVEPOINT => control("release_savepoint"),
        K::PREPARE_TRANSACTION => control("prepare_transaction"),
        K::SET_TRANSACTION if !tree::holds(node, K::CHARACTERISTICS_KW) => control("set_transaction"),
        _ => create::read(node).or_else(|| small(node))?,
    };
    Some(draft)
}

/// Statements that change privileges or the session and lock no table.
fn small(node: &SyntaxNode) -> Option<Draft> {
    use SyntaxKind as K;
    let kind = match node.kind() {
        K::COMMENT_ON => "comment",
        K::GRANT => return Some(on_tables("grant", node)),
        K::REVOKE => return Some(on_tables("revoke", node)),
        K::SECURITY_LABEL => return Some(on_tables("security_label", node)),
        K::DISCARD => {
            let mut draft = Draft::new("discard");
            if tree::holds(node, K::ALL_KW) {
                draft.never("DISCARD ALL cannot run inside a transaction block");
            }
            return Some(draft);
        }
        K::SHOW => {
            let mut draft = Draft::new("show");
            draft.reads_only(true);
            return Some(draft);
        }
        K::SET | K::SET_ROLE | K::SET_SESSION_AUTH | K::SET_CONSTRAINTS | K::SET_TRANSACTION => "set",
        K::RESET | K::RESET_ROLE | K::RESET_SESSION_AUTH => "reset",
        K::IMPORT_FOREIGN_SCHEMA => "import_foreign_schema",
        K::FETCH => "fetch",
        K::MOVE => "move",
        K::CLOSE => "close",
        K::DEALLOCATE => "deallocate",
        K::LISTEN => "listen",
        K::UNLISTEN => "unlisten",
        K::NOTIFY => "notify",
        K::CHECKPOINT => "checkpoint",
        _ => return None,
    };
    Some(Draft::new(kind))
}

fn on_tables(kind: &'static str, node: &SyntaxNode) -> Draft {
    let mut draft = Draft::new(kind);
    for table in tree::descendants(node, SyntaxKind::RELATION_NAME_REF)
        .chain(tree::descendants(node, SyntaxKind::TABLE_NAME_REF))
        .filter_map(|table| tree::name(&table))
    {
        draft.object(ObjectKind::Table, table, Action::Alter);
    }
    draft
}

fn control(kind: &'static str) -> Draft {
    let mut draft = Draft::new(kind);
    draft.control();
    draft
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::split;

    const SUITES: [&str; 2] = [
        include_str!("../../../../tests/cases/classify/postgres.md"),
        include_str!("../../../../tests/cases/classify/verdicts_postgres.md"),
    ];
    const MIGRATIONS: &str = include_str!("../../../../benches/migrations.sql");
    /// What damages a statement so that it is another one, or none.
    const PIECES: [&str; 16] = [
        "select", "where", "(", ")", ",", "true", "=", "delete", "from", "as", "with", "1", "union", "u",
        "for", "*",
    ];

    fn statements() -> Vec<String> {
        let rows = SUITES.iter().flat_map(|suite| suite.lines());
        let rows =
            rows.filter_map(|line| Some(line.strip_prefix("| `")?.split_once("` | ")?.0.replace("\\|", "|")));
        let migrations = split(Dialect::Postgres, MIGRATIONS).statements;
        rows.chain(migrations.iter().map(|span| MIGRATIONS[span.start..span.end].to_owned())).collect()
    }

    /// The statement, and what becomes of it when each of its words in turn is left out, said twice or another.
    fn damaged(sql: &str) -> Vec<String> {
        let tokens: Vec<&str> =
            lex(Dialect::Postgres, sql).iter().map(|token| &sql[token.span.start..token.span.end]).collect();
        let mut all = vec![sql.to_owned()];
        for (at, token) in tokens.iter().enumerate() {
            for piece in ["", &format!("{token} {token}")]
                .into_iter()
                .chain([PIECES[(at * 7 + sql.len()) % PIECES.len()]])
            {
                let mut other = tokens.clone();
                other[at] = piece;
                all.push(other.concat());
            }
        }
        all
    }

    #[test]
    fn words_say_what_the_tree_says() {
        let (mut both, mut refused) = (0, Vec::new());
        for sql in statements().iter().flat_map(|sql| damaged(sql)) {
            let words = Words::of(Dialect::Postgres, &sql);
            if words.all().any(|at| words.kind(at) == Some(TokenKind::Bad) || words.is(at, ";")) {
                continue;
            }
            let queries = [rows::read, create_query::read];
            let Some(read) = queries.iter().find_map(|read| read(&mut Reader::new(&words))) else { continue };
            match parsed(&sql).and_then(|node| classify(&node)) {
                Some(tree) => {
                    both += 1;
                    assert_eq!(read.finish(), tree.finish(), "{sql}");
                }
                // Of a statement that no server takes nothing has to be true.
                None => refused.push(sql),
            }
        }
        println!("{both} statements, {} that the parser refuses", refused.len());
        assert!(both > 1_000 && refused.len() * 20 < both, "{both}, {refused:#?}");
    }
}
