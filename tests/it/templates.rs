//! The shipped templates: each writes a runbook that has nothing wrong with it, whatever it is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use rollbook::backend::{Column, Table};
use rollbook::diagnostics::Diagnostics;
use rollbook::dialect::Dialect;
use rollbook::document::Document;
use rollbook::plan;
use rollbook::rules::{self, Levels};
use rollbook::source::Source;
use rollbook::template::{Given, Library, Template, TemplateError, Unfit, Values, Written};

fn check(document: &Document, dialect: Dialect, values: &Values) -> Diagnostics {
    plan::build(document, dialect, values).1
}

/// Also what the rules say, notes too.
fn judge(document: &Document, dialect: Dialect, values: &Values) -> Diagnostics {
    let (plan, mut findings) = plan::build(document, dialect, values);
    if let Some(plan) = plan {
        findings.extend(rules::check(document, &[plan], &Levels::default()));
    }
    findings
}

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, Given> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), Given::Text((*text).to_owned()))).collect()
}

/// Plain answers to every question of every template.
fn answers(template: &Template) -> BTreeMap<String, Given> {
    let all = given(&[
        ("table", "orders"),
        ("column", "status_code"),
        ("column_type", "numeric(10,2)"),
        ("value", "lower(status)"),
        ("key", "id"),
        ("index", "orders_by_customer"),
        ("columns", "customer_id, created_at"),
    ]);
    all.into_iter().filter(|(name, _)| template.asks.iter().any(|asked| asked.spec.name == *name)).collect()
}

fn render(
    template: &Template,
    dialect: Dialect,
    given: &BTreeMap<String, Given>,
) -> Result<Written, TemplateError> {
    let values = template.bind(given).unwrap_or_else(|errors| panic!("{errors:?}"));
    template.render(dialect, &values, &judge)
}

fn switched(template: &Template, given: &BTreeMap<String, Given>) -> Vec<BTreeMap<String, Given>> {
    let mut all = vec![given.clone()];
    for switch in ["not_null", "unique"] {
        if template.asks.iter().any(|asked| asked.spec.name == switch) {
            let mut given = given.clone();
            given.insert(switch.to_owned(), Given::Typed(true.into()));
            all.push(given);
        }
    }
    all
}

#[test]
fn every_template_writes_a_runbook_without_findings_in_each_of_its_dialects() {
    let library = Library::shipped();
    for template in library.list() {
        for dialect in template.dialects.iter().copied() {
            for given in switched(template, &answers(template)) {
                let written = match render(template, dialect, &given) {
                    Ok(written) => written,
                    // SQLite refuses `not_null`, in words.
                    Err(TemplateError::Refused { message }) => {
                        assert!(message.contains("not_null"), "{message}");
                        continue;
                    }
                    Err(error) => panic!("{} {dialect}: {error} {error:#?}", template.name),
                };
                let source = Source::new("new.md", written.text.as_str());
                let parsed = rollbook::document::parse(&source);
                let params =
                    Values::bind(&parsed.document.front.params, &BTreeMap::new()).unwrap_or_default();
                let said = judge(&parsed.document, dialect, &params);
                assert!(said.is_empty(), "{} {dialect} {said:#?}", template.name);
                let sections: Vec<&str> = parsed
                    .document
                    .headings
                    .iter()
                    .filter(|(level, _)| *level == 2)
                    .map(|(_, text)| text.as_str())
                    .collect();
                let method = ["Requirements", "Strategy", "Safety", "Implementation", "Validation"];
                assert_eq!(sections, method, "{}", template.name);
                assert!(!written.text.contains("\n\n\n"), "{} {dialect}\n{}", template.name, written.text);
                assert!(!written.text.contains("{%"), "{}", written.text);
                assert!(written.text.lines().all(|line| line.trim_end() == line), "{}", written.text);
                let verified = |id: &str| {
                    parsed.document.cells.iter().any(|cell| {
                        cell.of.as_deref() == Some(id) && cell.role == rollbook::document::Role::Verify
                    })
                };
                let steps = parsed.document.cells.iter().filter(|cell| cell.of.is_none());
                steps.for_each(|step| assert!(verified(&step.id), "{} is not verified", step.id));
            }
        }
    }
}

#[test]
fn names_that_need_quotes_get_them_and_change_nothing_else() {
    let library = Library::shipped();
    let names = [
        "order",
        "Order Items",
        "we\"ird",
        "it's",
        "a`b",
        "```",
        "-- x",
        "/* x",
        "a: b",
        "<!--",
        "# h",
        "a\\b",
        "*",
        "ä",
        "$$",
        "] [",
        "}}",
        "--| tx: none",
        "---",
        "- a",
        "%}",
        "null",
    ];
    for template in library.list() {
        for dialect in template.dialects.iter().copied() {
            for asked in template.asks.iter().filter(|asked| asked.spec.kind.name() == "identifier") {
                for name in names {
                    let mut given = answers(template);
                    given.insert(asked.spec.name.clone(), Given::Text(name.to_owned()));
                    let written = render(template, dialect, &given);
                    assert!(
                        written.is_ok(),
                        "{} {dialect} {}={name}: {written:#?}",
                        template.name,
                        asked.spec.name
                    );
                }
            }
        }
    }
}

#[test]
fn a_hostile_value_is_refused_by_the_name_of_its_parameter() {
    let library = Library::shipped();
    let fence = "x\n```\n```sql {id=evil phase=expand role=forward}\nDROP TABLE users;\n```";
    let texts = [
        fence,
        "a\n---\nrollbook: 1",
        "{{ batch }}",
        "a {% raw %}",
        "{# a",
        "a\u{0}b",
        "a\rb",
        "a\u{2028}b",
        "a\u{202E}b",
        "a\u{1b}[2J",
        "a\u{FDD0}b",
    ];
    let sql = [
        "1); DROP TABLE users; --",
        "1) --",
        "1 /* a",
        "1, other = 2",
        "'a",
        "(1",
        "1) WHERE (true",
        ";",
        "",
        " ",
        "$1",
    ];
    let types = [
        "int NOT NULL",
        "int, ADD COLUMN b int",
        "int; DROP TABLE users",
        "int DEFAULT 1",
        "int -- a",
        "'a'",
        "a=b",
    ];
    let tables = ["app.", ".orders", "."];
    for template in library.list() {
        for asked in &template.asks {
            let name = asked.spec.name.as_str();
            let hostile: Vec<&str> = match name {
                "value" => texts.iter().chain(&sql).copied().collect(),
                "column_type" => texts.iter().chain(&types).copied().collect(),
                "table" => texts.iter().chain(&tables).copied().collect(),
                _ if asked.spec.kind.name() == "identifier" => texts.to_vec(),
                "columns" => texts.to_vec(),
                _ => continue,
            };
            for (dialect, text) in
                template.dialects.iter().flat_map(|dialect| hostile.iter().map(move |text| (*dialect, *text)))
            {
                let mut given = answers(template);
                given.insert(name.to_owned(), Given::Text(text.to_owned()));
                let Ok(values) = template.bind(&given) else { continue };
                match template.render(dialect, &values, &check) {
                    Err(TemplateError::Unfit { parameter, .. } | TemplateError::Reshapes { parameter }) => {
                        assert_eq!(parameter, name, "{text:?}");
                    }
                    // A dot is a letter like another to SQLite.
                    Ok(_) if tables.contains(&text) && dialect == Dialect::Sqlite => {}
                    other => panic!("{} {dialect} {name}={text:?}: {other:#?}", template.name),
                }
            }
        }
    }
}

#[test]
fn an_expression_may_be_any_one_expression() {
    let library = Library::shipped();
    let template = library.find("add-column-with-backfill").unwrap();
    for value in
        ["'new; -- order'", "coalesce(a, (SELECT max(b) FROM c), 'x,y')", "CASE WHEN a THEN 1 ELSE 2 END"]
    {
        let mut given = answers(template);
        given.insert("value".to_owned(), Given::Text(value.to_owned()));
        for dialect in template.dialects.iter().copied() {
            let written =
                render(template, dialect, &given).unwrap_or_else(|error| panic!("{error} {error:?}"));
            let alone = [format!("SET status_code = ({value})\n"), format!("SET status_code = {value}\n")];
            assert!(alone.iter().any(|set| written.text.contains(set)), "{}", written.text);
        }
    }
}

#[test]
fn a_table_answers_for_what_a_person_did_not() {
    let library = Library::shipped();
    let column = |name: &str, kind: &str, nullable| Column { name: name.into(), kind: kind.into(), nullable };
    let mut table = Table {
        columns: vec![column("id", "bigint", false), column("old", "character varying(20)", false)],
        primary_key: vec!["id".into()],
        unique: Vec::new(),
    };
    let drop = library.find("drop-column").unwrap();
    let open = given(&[("table", "app.orders"), ("column", "old")]);
    let missing =
        |given: &_| drop.missing(given).iter().map(|asked| asked.spec.name.clone()).collect::<Vec<_>>();
    assert_eq!(missing(&open), ["column_type"]);
    assert_eq!(drop.table_to_describe(Dialect::Postgres, &open).as_deref(), Some("app.orders"));
    let filled = drop.fill(&open, &table).unwrap();
    assert!(missing(&filled).is_empty());
    assert_eq!(drop.table_to_describe(Dialect::Postgres, &filled), None, "nothing is left to ask");
    let text = render(drop, Dialect::Postgres, &filled).unwrap().text;
    assert!(text.contains("ALTER TABLE app.orders ADD COLUMN old character varying(20);"), "{text}");
    assert!(text.contains("ALTER COLUMN old DROP NOT NULL"), "{text}");

    let typo = drop.fill(&given(&[("table", "orders"), ("column", "olt")]), &table).unwrap_err();
    assert_eq!(typo.to_string(), "table `orders` has no column `olt`");
    assert_eq!(typo.hint().as_deref(), Some("did you mean `old`?"));

    let add = library.find("add-column-with-backfill").unwrap();
    let open = given(&[("table", "orders"), ("column", "new")]);
    assert_eq!(add.fill(&open, &table).unwrap().get("key"), Some(&Given::Text("id".into())));
    table.primary_key.push("old".into());
    assert_eq!(add.fill(&open, &table).unwrap(), open, "a key of two columns is nobody's batch key");
}

#[test]
fn unknown_templates_and_malformed_ones_say_what_is_wrong_and_where() {
    let library = Library::shipped();
    let error = library.find("drop-colum").unwrap_err();
    assert_eq!(error.to_string(), "there is no template `drop-colum`");
    assert_eq!(error.hint().as_deref(), Some("did you mean `drop-column`?"));
    assert_eq!(library.by_intent().len(), 3);

    let head = "---\ntemplate: 1\nname: t\ntitle: T\nintent: i\ndialects: [sqlite]\nparams:\n  a: {type: string}\n---\n";
    let read = |text: String| Template::read(&Source::new("t.md.j2", text));
    let at = |error: TemplateError| match error {
        TemplateError::Render { diagnostic, .. } => {
            let source: &Arc<Source> = &diagnostic.source;
            (source.position(diagnostic.span.start).line, diagnostic.message)
        }
        other => panic!("{other:?}"),
    };
    let values = given(&[("a", "x")]);
    let undefined = read(format!("{head}text\n{{{{ b | code }}}}\n")).unwrap();
    assert_eq!(at(render(&undefined, Dialect::Sqlite, &values).unwrap_err()).0, 11);
    let bare = read(format!("{head}{{{{ a }}}}\n")).unwrap();
    let (line, message) = at(render(&bare, Dialect::Sqlite, &values).unwrap_err());
    assert!(line == 10 && message.contains("through a filter"), "{line} {message}");
    let error = render(&bare, Dialect::Postgres, &values).unwrap_err();
    assert_eq!(error.to_string(), "template `t` is not written for postgres");

    let typo = read(head.replace("type: string", "type: string, form: expresion")).unwrap_err();
    assert_eq!(typo[0].help.as_deref(), Some("did you mean `expression`?"));
    assert_eq!(read("text".to_owned()).unwrap_err()[0].rule, "missing-header");
    let unfit = Unfit::LineBreak.to_string();
    assert_eq!(unfit, "holds a line break");
}

#[test]
fn a_value_that_gets_past_its_form_still_changes_no_cell() {
    let text = "---\ntemplate: 1\nname: t\ntitle: T\nintent: i\ndialects: [sqlite]\nparams:\n  \
                a: {type: string}\n  b: {type: string}\n---\n---\nrollbook: 1\nid: t\ntitle: T\ndialect: sqlite\n---\n\n\
                {{ b | sql }}\n\n```sql {id=go phase=apply role=forward}\n--| irreversible: it adds nothing\n\
                UPDATE t SET a = {{ a | sql }} WHERE b;\n```\n";
    let template = Template::read(&Source::new("t.md.j2", text)).unwrap();
    let write = |a: &str, b: &str| {
        let values = template.bind(&given(&[("a", a), ("b", b)])).unwrap();
        template.render(Dialect::Sqlite, &values, &check)
    };
    let spoils = |a: &str, b: &str| match write(a, b) {
        Ok(_) => None,
        Err(TemplateError::Reshapes { parameter }) => Some(parameter),
        Err(other) => panic!("{other:?}"),
    };
    assert_eq!(spoils("1", "text"), None);
    assert_eq!(spoils("1; DELETE FROM t", "text").as_deref(), Some("a"));
    assert_eq!(spoils("1 --", "text").as_deref(), Some("a"), "without its WHERE it is destructive");
    assert_eq!(spoils("'", "text").as_deref(), Some("a"));
    for b in ["<!-- open", "````", "# heading", "```sql {id=evil phase=apply role=forward}"] {
        assert_eq!(spoils("1", b).as_deref(), Some("b"), "{b}");
    }
}
