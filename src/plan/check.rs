//! What a cell's SQL must be for its tags to be true.

use super::model::Statement;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::dialect::{self, Dialect, Transactional, Words, same_name};
use crate::document::{Cell, Document, Limit, Throttle, Tx};
use crate::source::Span;

/// A forward or rollback cell.
pub(super) fn action(document: &Document, cell: &Cell, statements: &[Statement]) -> Diagnostics {
    let mut findings = Vec::new();
    let about = |rule, index: usize, message: &str| {
        Diagnostic::error(rule, &document.source, statements[index].span, message)
            .cell(&cell.id)
            .statement(index + 1)
    };
    for (index, statement) in statements.iter().enumerate() {
        if statement.facts.transactional == Transactional::Control {
            findings
                .push(about("transaction-control", index, "a cell must not begin or end a transaction").help(
                "take the statement out; `--| tx: cell | statement | none` says what is committed at once",
            ));
        }
        if let Some(loses) = &statement.facts.destructive
            && !cell.destructive
        {
            findings.push(
                about(
                    "undeclared-destructive",
                    index,
                    "a destructive statement in a cell that does not say so",
                )
                .label(format!("this {loses}"))
                .help(format!("add `.destructive` to the braces of cell `{}`", cell.id))
                .fix(cell.add_to_braces(".destructive")),
            );
        }
        if let Transactional::Never(why) = statement.facts.transactional
            && statements.len() > 1
        {
            findings.push(
                about(
                    "mixed-transaction",
                    index,
                    "a statement that cannot run in a transaction shares its cell",
                )
                .label(why)
                .help("give it a cell of its own, so that a crash leaves nothing in doubt but itself"),
            );
        }
        let (why, impossible) = match statement.facts.transactional {
            Transactional::Never(why) => (why, matches!(cell.options.tx, Some(Tx::Cell | Tx::Statement))),
            Transactional::Commits(why) => (why, cell.options.tx == Some(Tx::Cell)),
            Transactional::Yes | Transactional::Control => continue,
        };
        if impossible {
            findings.push(
                about(
                    "transaction-impossible",
                    index,
                    "the cell asks for a transaction that the engine refuses",
                )
                .label(why)
                .help("take the `tx` option away")
                .fix(cell.remove_option(&document.source, "tx")),
            );
        }
    }
    findings
}

/// A verify cell: one statement that only reads.
pub(super) fn verify(document: &Document, cell: &Cell, statements: &[Statement]) -> Diagnostics {
    let mut findings = Vec::new();
    if let [_, second, ..] = statements {
        findings.push(
            Diagnostic::error(
                "verify-statements",
                &document.source,
                second.span,
                "a verify cell holds one statement",
            )
            .help("make a verify cell of each statement")
            .cell(&cell.id)
            .statement(2),
        );
    }
    if let Some(statement) = statements.first().filter(|s| !s.facts.reads_only) {
        let what = statement.facts.kind.replace('_', " ");
        findings.push(
            Diagnostic::error(
                "verify-writes",
                &document.source,
                statement.span,
                "a verify cell must only read",
            )
            .label(format!("{what} is not known to be read-only"))
            .help("verify with a SELECT; the database runs it in a read-only transaction")
            .cell(&cell.id)
            .statement(1),
        );
    }
    findings
}

/// A batched cell: one data-changing statement.
pub(super) fn batch(document: &Document, cell: &Cell, statements: &[Statement]) -> Diagnostics {
    let mut findings = Vec::new();
    if let [_, second, ..] = statements {
        findings.push(
            Diagnostic::error(
                "batch-statements",
                &document.source,
                second.span,
                "a batched cell holds one statement",
            )
            .help("make a cell of each statement")
            .cell(&cell.id)
            .statement(2),
        );
    }
    if let Some(statement) = statements.first()
        && !matches!(statement.facts.kind, "update" | "insert" | "delete")
    {
        findings.push(
            Diagnostic::error("batch-kind", &document.source, statement.span, "a batched cell changes rows")
                .label("only UPDATE, DELETE and INSERT … SELECT can be batched")
                .cell(&cell.id)
                .statement(1),
        );
    }
    findings
}

/// What the statement is to call the table that is walked: it must.
pub(super) fn alias(
    document: &Document,
    cell: &Cell,
    dialect: Dialect,
    statement: &Statement,
) -> Option<Diagnostic> {
    let alias = cell.options.batch.as_ref()?.alias.as_ref()?;
    let hole = statement.hole?;
    let words = Words::of(dialect, &statement.sql);
    let named = |name: &str, at: usize| words.name(at).is_some_and(|(word, _)| same_name(&word, name));
    let (name, _) = Words::of(dialect, alias).name(0)?;
    let outside = |at: &usize| !(hole.start..hole.end).contains(&words.span(*at..*at + 1).start);
    let is_there = (0..words.len()).filter(outside).any(|at| named(&name, at));
    (!is_there).then(|| {
        Diagnostic::error(
            "batch-alias",
            &document.source,
            statement.span,
            format!("nothing here is called `{alias}`"),
        )
        .help("`as` in `batch` is what the statement calls the table that is walked")
        .cell(&cell.id)
        .statement(1)
    })
}

/// What a backfill is to be throttled by: there must be such a thing, and asking for it must change nothing.
pub(super) fn throttle(document: &Document, cell: &Cell, dialect: Dialect) -> Diagnostics {
    let Some(batch) = &cell.options.batch else { return Vec::new() };
    let Throttle { max_lag, max_load, max_waiting, max_dead, max_wal, query, file: _ } = &batch.throttle;
    let source = &document.source;
    let servers = [Dialect::Postgres, Dialect::Mysql];
    let said = [
        ("max_lag", said(max_lag), &servers[..]),
        ("max_load", said(max_load), &servers),
        ("max_waiting", said(max_waiting), &servers),
        ("max_dead", said(max_dead), &servers[..1]),
        ("max_wal", said(max_wal), &servers[..1]),
    ];
    let mut findings = Vec::new();
    for (key, span, known) in said {
        // A runbook for several engines may say what only one of them has.
        if let Some(span) = span.filter(|_| !document.front.dialects.iter().any(|one| known.contains(one))) {
            let names: Vec<&str> = known.iter().map(|dialect| dialect.name()).collect();
            let finding = Diagnostic::error(
                "throttle-unknown",
                source,
                span,
                format!("`{key}` means nothing on {}", dialect.name()),
            );
            findings
                .push(finding.help(format!("remove it: only {} has it", names.join(" and "))).cell(&cell.id));
        }
    }
    if let Some((query, span)) = query.as_ref().and_then(|limit| Some((&limit.most, limit.said?))) {
        let split = dialect::split(dialect, query);
        let reads =
            |statement: &Span| dialect::classify(dialect, &query[statement.start..statement.end]).reads_only;
        if !split.faults.is_empty() || !matches!(&split.statements[..], [one] if reads(one)) {
            findings.push(
                Diagnostic::error("throttle-query", source, span, "`throttle_query` is not one statement that only reads")
                    .help("write a SELECT: the backfill pauses while its first value is neither NULL nor false nor 0")
                    .cell(&cell.id),
            );
        }
    }
    findings
}

fn said<T>(limit: &Option<Limit<T>>) -> Option<Span> {
    limit.as_ref().and_then(|limit| limit.said)
}

pub(super) fn batch_not_used(document: &Document, cell: &Cell) -> Diagnostic {
    Diagnostic::error(
        "batch-not-used",
        &document.source,
        cell.body,
        "a batched cell must use `{{ batch }}` exactly once",
    )
    .help("write `WHERE {{ batch }} AND …`: it becomes the key range of the batch")
    .cell(&cell.id)
}
