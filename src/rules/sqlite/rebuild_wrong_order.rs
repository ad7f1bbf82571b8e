use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "rebuild-wrong-order",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("rebuild_wrong_order.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let Some(alter) = site.alter_table() else { continue };
        let Some(at) = site.words.find_flat(site.words.all(), &["rename", "to"]) else { continue };
        let later = context.forward().filter(|later| later.moment > site.moment);
        let mut made = later.filter_map(|later| later.defines.as_ref()).filter(|defines| defines.makes);
        let legacy = context.forward().any(|earlier| {
            earlier.moment < site.moment
                && earlier.words.find(earlier.words.all(), &["legacy_alter_table"]).is_some()
        });
        if legacy || !made.any(|defines| is(&defines.table, &alter.table)) {
            continue;
        }
        findings.push(
            site.finding(&RULE, at, format!("whatever refers to `{}` goes with the old table", alter.table))
                .label("foreign keys, views and triggers are rewritten to the new name")
                .help("make the new table under another name, copy, drop the old one, and rename last"),
        );
    }
    findings
}
