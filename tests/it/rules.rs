//! The rules: each page is run, and what is shipped breaks none of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rollbook::code::{self, Search};
use rollbook::diagnostics::{Diagnostic, Diagnostics, Level, render};
use rollbook::dialect::Dialect;
use rollbook::document::{self, Block, BlockKind, Document};
use rollbook::plan::{self, Plan};
use rollbook::rules::{self, Finder, Levels, Page, Rule};
use rollbook::source::Source;
use rollbook::template::{Library, Values};

use crate::case_file;
use crate::support::{Engine, Lab};

/// Everything that `check` finds.
pub fn findings(name: &str, text: &str, levels: &Levels) -> Diagnostics {
    let parsed = document::parse(&Source::new(name, text));
    let mut found = parsed.diagnostics;
    if found.iter().any(|finding| finding.level == Level::Error) {
        return found;
    }
    let front = &parsed.document.front;
    let values = Values::bind(&front.params, &BTreeMap::new()).unwrap();
    let mut plans = Vec::new();
    for dialect in &front.dialects {
        let (plan, more) = plan::build(&parsed.document, *dialect, &values);
        found.extend(more);
        plans.extend(plan);
    }
    if plans.len() == front.dialects.len() {
        found.extend(rules::check(&parsed.document, &plans, levels));
        found.extend(in_code(&parsed.document, &plans));
        found.extend(on_scratch(&parsed.document, &plans, levels));
    }
    found
}

/// What `check --code` finds in the other fences of a page's example, which stand for files of code.
fn in_code(document: &Document, plans: &[Plan]) -> Diagnostics {
    let gone = rules::gone(document, plans);
    let is_code = |text: &str| !text.contains('{') && !text.starts_with("```schema");
    let fences =
        document.blocks.iter().filter(|block| block.kind == BlockKind::Fence && is_code(&block.text));
    let code: String = fences.map(|fence| fence.text.as_str()).collect();
    let places = Search::new(&gone).read(code.as_bytes(), false);
    let places: Vec<_> = places.into_iter().map(|place| (PathBuf::from("app.rb"), place)).collect();
    let open = |path: &PathBuf| Some(Source::new(path.display().to_string(), code.clone()));
    code::findings(&document.source, &gone, &places, Level::Warning, open)
}

/// What `check --trace` finds where an example has a fence with what its scratch database holds.
fn on_scratch(document: &Document, plans: &[Plan], levels: &Levels) -> Diagnostics {
    let inside = |block: &Block| {
        block.text.strip_prefix("```sql\n-- scratch\n")?.trim_end().strip_suffix("```").map(str::to_owned)
    };
    let fence = document.blocks.iter().find_map(inside);
    let (Some(sql), [plan]) = (fence, plans) else { return Vec::new() };
    let lab = Lab::scratch(Engine::speaking(plan.dialect.name())[0]);
    lab.sql(&sql);
    crate::trace::measured(&lab, document, plan, levels)
}

/// The cells of an example in a runbook that has nothing else to be said about.
fn whole(example: &str, dialect: Dialect) -> String {
    if example.starts_with("---\n") {
        return example.to_owned();
    }
    format!(
        "---\nrollbook: 1\nid: example\ntitle: An example\ndialect: {dialect}\nphases: [expand, migrate, contract]\n---\n\n## Requirements\n\n## Strategy\n\n## Safety\n\n## Implementation\n\n{example}\n## Validation\n"
    )
}

/// The examples of a section as whole runbooks, for each engine of the rule.
pub fn examples<'a>(rule: &'a Rule, section: &str) -> impl Iterator<Item = String> + use<'a> {
    let page = rule.page();
    page.examples(section)
        .into_iter()
        .flat_map(|example| rule.dialects.iter().map(move |dialect| whole(&example, *dialect)))
}

fn shown(findings: &[Diagnostic]) -> String {
    render::full(findings, false)
}

#[test]
fn every_page_has_the_same_parts() {
    for rule in rules::all() {
        let page = rule.page();
        assert_eq!(page.name, rule.id);
        assert_eq!(page.headings(), Page::SECTIONS, "{}", rule.id);
        assert!(page.summary.ends_with('.') && page.summary.len() <= 120, "{}: {}", rule.id, page.summary);
        assert!(!page.examples("Bad").is_empty() && !page.examples("Good").is_empty(), "{}", rule.id);
        assert!(rule.page.lines().all(|line| line.chars().count() <= 120), "{}", rule.id);
        assert_eq!(rules::find(rule.id).unwrap().id, rule.id);
        let home = format!("src/rules/*/{}.rs", rule.id.replace('-', "_"));
        let there = ["any", "design", "postgres", "mysql", "sqlite", "runbook"].iter().any(|folder| {
            let path = home.replace('*', folder);
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists()
        });
        assert!(there, "{home}");
    }
}

/// What a page or a finding tells the reader to type exists.
#[test]
fn every_template_that_is_spoken_of_is_shipped() {
    let library = Library::shipped();
    let shipped: Vec<&str> = library.list().iter().map(|template| template.name.as_str()).collect();
    let mut spoken = 0;
    for rule in rules::all() {
        let said = examples(rule, "Bad").flat_map(|text| findings("bad.md", &text, &Levels::default()));
        let help: Vec<String> = said.filter_map(|finding| finding.help).collect();
        let text =
            format!("{} {}", rule.page, help.join(" ")).split_whitespace().collect::<Vec<_>>().join(" ");
        for after in text.split("`rollbook new ").skip(1) {
            let name = after.split([' ', '`']).next().unwrap();
            assert!(shipped.contains(&name), "{}: {name}", rule.id);
            spoken += 1;
        }
    }
    assert!(spoken > 5);
}

#[test]
fn every_bad_example_breaks_its_rule_and_no_other() {
    let mut wrong = String::new();
    let from_the_file = |rule: &&Rule| !matches!(rule.finder, Finder::Survey);
    for rule in rules::all().into_iter().filter(from_the_file) {
        for text in examples(rule, "Bad") {
            let found = findings("bad.md", &text, &Levels::default());
            let (own, others): (Diagnostics, Diagnostics) =
                found.into_iter().partition(|finding| finding.rule == rule.id);
            let others: Diagnostics = others.into_iter().filter(|other| other.level != Level::Note).collect();
            if own.is_empty() || !others.is_empty() {
                wrong += &format!("{}: {} of its own, and\n{}{text}\n", rule.id, own.len(), shown(&others));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What a plan finds in a database, which the fence of `schema` makes.
#[test]
fn every_example_of_a_survey_is_found_in_a_database() {
    let mut seen = 0;
    for rule in rules::all().into_iter().filter(|rule| matches!(rule.finder, Finder::Survey)) {
        for (section, finds) in [("Bad", true), ("Good", false)] {
            let example = rule.page().examples(section).pop().unwrap();
            let (_, schema) = example.split_once("```schema\n").unwrap();
            let lab = Lab::new(Engine::Sqlite);
            lab.sql(schema.split_once("```").unwrap().0);
            lab.write("book.md", &example);
            let plan = lab.rollbook(&["plan", "book.md", "--db", &lab.url]);
            let said = format!("{}{}", plan.out, plan.err).contains(&format!("[{}]", rule.id));
            assert_eq!(said, finds, "{} {section}: {plan:?}", rule.id);
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen} examples");
}

#[test]
fn every_good_example_has_nothing_wrong_with_it() {
    let mut wrong = String::new();
    for rule in rules::all() {
        for text in examples(rule, "Good") {
            let mut found = findings("good.md", &text, &Levels::default());
            found.retain(|finding| finding.level != Level::Note || finding.rule == rule.id);
            if !found.is_empty() {
                wrong += &format!("{}:\n{}{text}\n", rule.id, shown(&found));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_finding_says_what_to_do_and_where() {
    for rule in rules::all() {
        for text in examples(rule, "Bad") {
            for finding in findings("bad.md", &text, &Levels::default()) {
                assert!(finding.help.is_some(), "{} has no help", finding.rule);
                assert!(!finding.span.is_empty(), "{} is nowhere", finding.rule);
            }
        }
    }
}

/// Errors of form are found elsewhere: this finds the ones that have lost their page.
#[test]
fn rules_of_form_are_errors_and_cannot_be_changed() {
    let mut levels = Levels::default();
    for rule in rules::all() {
        let fixed = matches!(rule.finder, Finder::Form | Finder::Survey);
        assert_eq!(levels.set(rule.id, None).is_err(), fixed, "{}", rule.id);
        assert!(!fixed || rule.level == Level::Error, "{}", rule.id);
    }
    let error = levels.set("drop-cascde", None).unwrap_err();
    assert_eq!(error.to_string(), "there is no rule `drop-cascde`");
}

/// Every rule but those of form can be switched off, made an error, and allowed in the cell that it is about.
#[test]
fn every_rule_can_be_lived_with() {
    let mut wrong = String::new();
    for rule in rules::all().into_iter().filter(|rule| matches!(rule.finder, Finder::Rule(_))) {
        for text in examples(rule, "Bad") {
            let own = |text: &str, levels: &Levels| {
                let mut found = findings("bad.md", text, levels);
                found.retain(|finding| finding.rule == rule.id);
                found
            };
            let set = |level| {
                let mut levels = Levels::default();
                levels.set(rule.id, level).unwrap();
                own(&text, &levels)
            };
            if !set(None).is_empty() || set(Some(Level::Error)).iter().any(|f| f.level != Level::Error) {
                wrong += &format!("{} does not heed its level\n", rule.id);
            }
            // What is about the whole runbook has no cell.
            let cells = own(&text, &Levels::default()).into_iter().map(|finding| finding.cell);
            let Some(cells) = cells.collect::<Option<BTreeSet<String>>>() else { continue };
            let allowed = cells.iter().fold(text.clone(), |text, cell| allow(&text, cell, rule.id));
            let left = findings("bad.md", &allowed, &Levels::default());
            let left = left.iter().filter(|f| f.rule == rule.id || f.rule == "unused-allow").count();
            if left > 0 {
                wrong += &format!("{} is not silenced in\n{allowed}\n", rule.id);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The runbook with the rule allowed in a cell.
fn allow(text: &str, cell: &str, rule: &str) -> String {
    let document = document::parse(&Source::new("bad.md", text)).document;
    let cell = document.cell(cell).unwrap();
    let line = cell.fence.start + text[cell.fence.start..].find('\n').unwrap() + 1;
    format!("{}--| allow: {{{rule}: a test}}\n{}", &text[..line], &text[line..])
}

/// Everything that the rule catalogues of other tools and the engines' manuals warn of, of migrations
/// (`catalogue.jsonl`) and of schemas (`design.jsonl`), each with the rules that find it here, or why none does.
#[test]
fn the_catalogues_are_covered_or_left_out_for_a_reason() {
    let catalogues = [
        ("migrations", include_str!("../data/catalogue.jsonl"), 175),
        ("schemas", include_str!("../data/design.jsonl"), 78),
    ];
    for (name, text, all) in catalogues {
        let mut ids = BTreeSet::new();
        let (mut covered, mut left) = (0, 0);
        for line in text.lines() {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(ids.insert(entry["id"].as_str().unwrap().to_owned()), "{line} is there twice");
            match (entry["rules"].as_array(), entry["out"].as_str()) {
                (Some(names), None) => {
                    covered += 1;
                    assert!(!names.is_empty(), "{line}");
                    names
                        .iter()
                        .for_each(|name| assert!(rules::find(name.as_str().unwrap()).is_ok(), "{line}"));
                }
                (None, Some(why)) => {
                    left += 1;
                    assert!(why.len() > 15, "{line}");
                }
                _ => panic!("{line} is neither covered nor left out"),
            }
        }
        println!("{name}: {covered} covered, {left} left out");
        assert_eq!(covered + left, all);
    }
}

#[test]
fn a_level_that_is_set_takes_the_place_of_the_rule_s_own() {
    let rule = rules::find("index-not-concurrent").unwrap();
    let text = examples(rule, "Bad").next().unwrap();
    let level = |said: Option<Level>| {
        let mut levels = Levels::default();
        levels.set(rule.id, said).unwrap();
        let found = findings("a.md", &text, &levels);
        found.iter().find(|finding| finding.rule == rule.id).map(|finding| finding.level)
    };
    assert_eq!(level(Some(Level::Error)), Some(Level::Error));
    assert_eq!(level(None), None);
}

/// `tests/cases/rules`: where each finding stands, and what `allow` and the runbook's own past do.
#[test]
fn every_case_says_exactly_this() {
    let count = case_file::run("rules", |case| {
        let mut lines = String::new();
        for finding in findings("case.md", &case.input, &Levels::default()) {
            let (start, end) =
                (finding.source.position(finding.span.start), finding.source.position(finding.span.end));
            let level = format!("{:?}", finding.level).to_lowercase();
            let at = format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column);
            // Advice is compared where its suite is about it.
            if finding.level != Level::Note || case.suite.contains(&format!("[{}]", finding.rule)) {
                lines += &format!("{level}[{}] {at}: {}\n", finding.rule, finding.message);
            }
        }
        if lines.is_empty() { "nothing\n".to_owned() } else { lines }
    });
    assert!(count >= 30, "{count} cases");
}

#[test]
fn the_rules_are_listed_and_explained() {
    let lab = Lab::new(Engine::Sqlite);
    let list = lab.rollbook(&["rules"]).expect(0).says("index-not-concurrent (warning, postgres)");
    for rule in rules::all() {
        assert!(list.out.contains(rule.page().summary), "{}", rule.id);
    }
    let page = lab.rollbook(&["rules", "explain", "rename"]).expect(0).says("Covers: squawk renaming-column");
    assert!(page.out.starts_with("# rename\n"), "{}", page.out);
    lab.rollbook(&["rules", "explain", "renam"]).expect(2).says("did you mean `rename`?");
}

#[test]
fn settings_give_rules_their_levels() {
    let lab = Lab::new(Engine::Sqlite);
    let rule = rules::find("update-without-batch").unwrap();
    let text = whole(&rule.page().examples("Bad")[0], Dialect::Sqlite);
    lab.sql("CREATE TABLE users (id integer PRIMARY KEY, email text, email_lower text)");
    lab.write("book.md", &text);
    lab.rollbook(&["check", "book.md"]).expect(0).says("0 errors, 1 warning");
    lab.write("rollbook.toml", "[rules]\nupdate-without-batch = \"error\"\n");
    lab.rollbook(&["check", "book.md"]).expect(1).says("error[update-without-batch]");
    lab.rollbook(&["plan", "book.md"]).expect(2).says("error[update-without-batch]");
    lab.on("run", &[]).expect(2).says("error[update-without-batch]");
    lab.write("rollbook.toml", "[rules]\nupdate-without-batch = \"off\"\n");
    lab.rollbook(&["check", "book.md"]).expect(0).says("0 errors, 0 warnings");
    lab.write("rollbook.toml", "[rules]\nupdate-without-batches = \"off\"\n");
    lab.rollbook(&["check", "book.md"]).expect(2).says("did you mean `update-without-batch`?");
    lab.write("rollbook.toml", "[rules]\nmissing-rollback = \"off\"\n");
    lab.rollbook(&["check", "book.md"]).expect(2).says("the level of `missing-rollback` is fixed");
    lab.write("rollbook.toml", "[rules]\nrename = \"warn\"\n");
    lab.rollbook(&["check", "book.md"]).expect(2).says("rollbook.toml");
}

/// A rule that was made stricter does not take the way back from whoever needs it.
#[test]
fn what_is_done_is_undone_and_replayed_whatever_the_rules_say() {
    let lab = Lab::new(Engine::Sqlite);
    lab.sql("CREATE TABLE users (id integer PRIMARY KEY, email text, email_lower text)");
    let rule = rules::find("update-without-batch").unwrap();
    let text = whole(&rule.page().examples("Bad")[0], Dialect::Sqlite);
    let verify =
        "```sql {phase=migrate role=verify}\nSELECT id FROM users WHERE email_lower <> lower(email);\n```\n";
    lab.write("book.md", &format!("{text}{verify}"));
    lab.on("run", &[]).expect(0).says("warning[update-without-batch]");
    lab.write("rollbook.toml", "[rules]\nupdate-without-batch = \"error\"\n");
    lab.on("verify", &[]).expect(0);
    lab.on("rollback", &[]).expect(0);
    lab.on("run", &[]).expect(2);
}

/// The caret is under the same words when a template's blocks and an expression stand around them.
#[test]
fn carets_stay_under_their_words_in_templated_cells() {
    let mut seen = 0;
    for rule in rules::all() {
        for text in examples(rule, "Bad") {
            let document = document::parse(&Source::new("bad.md", text.as_str())).document;
            let mut templated = text.clone();
            for cell in document.cells.iter().rev().filter(|cell| cell.options.batch.is_none()) {
                let body = cell.body.start..cell.body.end;
                let loops = format!(
                    "{{% for n in [1] %}}{{# é #}}{{% if n == 1 %}}{}{{% endif %}}{{% endfor %}}\n",
                    &text[body.clone()]
                );
                templated.replace_range(body, &loops);
            }
            let under = |findings: Diagnostics| {
                let words = |finding: Diagnostic| {
                    (finding.rule, finding.message, finding.source.slice(finding.span).to_owned())
                };
                findings.into_iter().map(words).collect::<Vec<_>>()
            };
            let plain = under(findings("bad.md", &text, &Levels::default()));
            assert_eq!(under(findings("bad.md", &templated, &Levels::default())), plain, "{templated}");
            seen += plain.len();
        }
    }
    assert!(seen > 50, "{seen} findings");
}
