use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "period-without-guard",
    level: Level::Note,
    dialects: &[Dialect::Postgres],
    page: include_str!("period_without_guard.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, _) in context.schema.made() {
        const PAIRS: [(&str, &str); 5] = [
            ("valid_from", "valid_to"),
            ("valid_from", "valid_until"),
            ("effective_from", "effective_to"),
            ("starts_at", "ends_at"),
            ("start_date", "end_date"),
        ];
        let Some(from) = PAIRS
            .iter()
            .find_map(|(from, to)| table.column(from).zip(table.column(to)))
            .map(|(from, _)| from)
        else {
            continue;
        };
        let guarded = context.forward().any(|site| {
            let guards = ["exclude", "overlaps"]
                .iter()
                .any(|word| site.words.find(site.words.all(), &[word]).is_some());
            guards && site.statement.facts.objects.iter().any(|object| is(&object.name, &table.name))
        });
        if guarded {
            continue;
        }

        findings.push(
            context.sites[from.site]
                .finding(&RULE, from.part.at.clone(), format!("two periods in `{}` may overlap", table.name))
                .label("a join by date then gives a row twice")
                .help("add an exclusion constraint over the range, or a key `WITHOUT OVERLAPS`"),
        );
    }
    findings
}
