//! Statements that read and write rows.

use sqlite3_parser::ast::{
    Expr, FromClause, Literal, OneSelect, Operator, ResolveType, Select, SelectTable, With,
};

use super::super::draft::Draft;
use super::statement::{full_name, plain};
use crate::dialect::{Action, ObjectKind};

/// The tables in the `FROM` clauses of `select`; those of subqueries in expressions are left out.
pub(super) fn select(draft: &mut Draft, select: &Select, own: &[String]) {
    let mut names = own.to_vec();
    with(draft, select.with.as_ref(), &mut names);
    let compounds = select.body.compounds.iter().flat_map(|c| c.iter().map(|c| &c.select));
    for one in std::iter::once(&select.body.select).chain(compounds) {
        if let OneSelect::Select { from: Some(clause), .. } = one {
            from(draft, clause, &names);
        }
    }
}

/// The `WITH` names of a statement join `names`, and what they read the draft.
pub(super) fn with(draft: &mut Draft, with: Option<&With>, names: &mut Vec<String>) {
    let Some(with) = with else { return };
    names.extend(with.ctes.iter().map(|cte| plain(&cte.tbl_name)));
    for cte in with.ctes {
        select(draft, cte.select, names);
    }
}

pub(super) fn from(draft: &mut Draft, clause: &FromClause, names: &[String]) {
    let joined = clause.joins.iter().flat_map(|joins| joins.iter().map(|join| &join.table));
    for table in clause.select.iter().copied().chain(joined) {
        match table {
            SelectTable::Table(name, ..) => {
                let name = full_name(name);
                if !names.contains(&name) {
                    draft.object(ObjectKind::Table, name, Action::Read);
                    // An index may lead to the rows.
                    draft.scans(None);
                }
            }
            SelectTable::Select(inner, _) => select(draft, inner, names),
            SelectTable::Sub(inner, _) => from(draft, inner, names),
            SelectTable::TableCall(..) => {}
        }
    }
}

/// `REPLACE` deletes the rows that stand in the way of a unique key (sqlite.org/lang_conflict.html).
pub(super) fn replaces(draft: &mut Draft, conflict: Option<ResolveType>, table: &str) {
    if conflict == Some(ResolveType::Replace) {
        draft.loses(format!("replaces rows of {table} that have the same key"));
    }
}

pub(super) fn is_unrestricted(condition: Option<&Expr>) -> bool {
    condition.is_none_or(is_always_true)
}

fn is_always_true(condition: &Expr) -> bool {
    match condition {
        Expr::Literal(Literal::Numeric(number)) => number.parse::<f64>().is_ok_and(|number| number != 0.0),
        Expr::Literal(Literal::Keyword(word)) => word.eq_ignore_ascii_case("true"),
        Expr::Id(id) => id.0.eq_ignore_ascii_case("true"),
        Expr::Name(name) => name.0.eq_ignore_ascii_case("true"),
        Expr::Parenthesized(inner) => matches!(inner.as_slice(), [inner] if is_always_true(inner)),
        Expr::Binary(left, Operator::Or, right) => is_always_true(left) || is_always_true(right),
        Expr::Binary(left, Operator::And, right) => is_always_true(left) && is_always_true(right),
        Expr::Binary(left, Operator::Equals | Operator::Is, right) => {
            matches!(left, Expr::Literal(_)) && left == right
        }
        _ => false,
    }
}
