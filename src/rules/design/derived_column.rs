use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "derived-column",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("derived_column.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, _) in context.schema.made() {
        for reference in &table.references {
            let Some(parent) =
                context.schema.table(&reference.part.table).filter(|parent| !is(&parent.name, &table.name))
            else {
                continue;
            };
            let one = crate::dialect::last_part(&parent.name).trim_end_matches('s').to_lowercase();
            let repeated = table.columns.iter().find(|column| {
                let name = column.part.name.to_lowercase();
                let of = name.strip_prefix(&one).and_then(|rest| rest.strip_prefix('_'));
                of.and_then(|of| parent.column(of)).is_some_and(|source| {
                    source.part.kind == column.part.kind
                        && !reference.part.columns.contains(&column.part.name)
                })
            });
            let Some(repeated) = repeated else { continue };
            findings.push(
                context.sites[repeated.site]
                    .finding(
                        &RULE,
                        repeated.part.at.clone(),
                        format!("`{}` repeats what `{}` says", repeated.part.name, parent.name),
                    )
                    .label("when the one changes, the other does not")
                    .help("join, or give it a name that says whose state it is"),
            );
        }
    }
    findings
}
