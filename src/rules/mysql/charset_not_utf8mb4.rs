use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "charset-not-utf8mb4",
    level: Level::Note,
    dialects: ONLY,
    page: include_str!("charset_not_utf8mb4.md"),
    covers: &[("spirit", "allow_charset")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward().filter(|site| matches!(site.kind(), "create_table" | "alter_table")) {
        let words = &site.words;
        for at in words.all() {
            let value = if words.starts(at, &["character", "set"]) {
                at + 2
            } else if words.is(at, "charset") {
                at + 1
            } else {
                continue;
            };
            let value = words.skip(value, &["="]);
            let name = words.text(value).trim_matches(['\'', '"', '`']);
            if name.is_empty()
                || ["utf8mb4", "binary", "default"].iter().any(|fine| name.eq_ignore_ascii_case(fine))
            {
                continue;
            }
            findings.push(
                site.finding(&RULE, at..value + 1, format!("{name} cannot hold every character"))
                    .label("and a join with a utf8mb4 column uses no index")
                    .help("write `utf8mb4`"),
            );
        }
    }
    findings
}
