use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "cascade-on-delete",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("cascade_on_delete.md"),
    covers: &[("schemalint", "reference-actions")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        for reference in site.defines.iter().flat_map(|defines| &defines.references) {
            let Some(at) = reference.cascades.clone() else { continue };
            findings.push(
                site.finding(
                    &RULE,
                    at,
                    format!("one DELETE of `{}` will take rows of this table too", reference.table),
                )
                .label("how many, neither the statement nor its row count says")
                .help("leave it out, or allow it here and say how many rows hang on one"),
            );
        }
    }
    findings
}
