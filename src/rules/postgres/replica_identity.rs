use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::ClauseKind;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "replica-identity",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("replica_identity.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let identities =
            context.altered(site).filter(|(_, clause)| clause.kind == ClauseKind::ReplicaIdentity);
        for (table, clause) in identities {
            let words = &site.statement.sql[clause.span.start..clause.span.end].to_ascii_lowercase();
            let (message, label) = if words.ends_with("nothing") {
                (
                    format!("UPDATE and DELETE of `{table}` fail while it is published"),
                    "subscribers could not tell which row is meant, so that the server refuses both",
                )
            } else if words.ends_with("full") {
                (
                    format!("each UPDATE and DELETE of `{table}` puts its whole old row into the log"),
                    "and a subscriber without a fitting index reads its whole table for each of them",
                )
            } else {
                continue;
            };
            findings.push(site.finding_at(&RULE, clause.span, message).label(label).help(
                "name the rows by a unique index over NOT NULL columns: `REPLICA IDENTITY USING INDEX`",
            ));
        }
    }
    findings
}
