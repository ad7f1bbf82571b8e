use super::typed_columns;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Dialect, TokenKind};
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "text-with-length",
    level: Level::Note,
    dialects: &[Dialect::Postgres],
    page: include_str!("text_with_length.md"),
    covers: &[
        ("squawk", "prefer-text-field"),
        ("squawk", "ban-char-field"),
        ("pgls", "preferTextField"),
        ("pgls", "banCharField"),
        ("pgfence", "ban-char-field"),
        ("pgfence", "prefer-text-field"),
        ("schemalint", "prefer-text-to-varchar"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (_, Placed { site, part: column }) in typed_columns(context) {
        // `"char"` is a type of the catalogue, and holds one byte.
        let quoted = context.sites[*site].words.kind(column.kind_at.start) == Some(TokenKind::QuotedIdent);
        let blanks = !quoted && matches!(column.kind.trim_end_matches("[]"), "char" | "character" | "bpchar");
        let limited = matches!(column.kind.trim_end_matches("[]"), "varchar" | "character varying");
        if !(blanks || limited && column.length(&context.sites[*site].words).is_some()) {
            continue;
        }
        findings.push(
            context.sites[*site]
                .finding(
                    &RULE,
                    column.kind_at.clone(),
                    format!("the length of `{}` saves nothing", column.name),
                )
                .label(if blanks {
                    "filled up with blanks"
                } else {
                    "a value that is longer fails, and a shorter limit rewrites the table"
                })
                .help("write `text`, with a CHECK where the limit means something"),
        );
    }
    findings
}
