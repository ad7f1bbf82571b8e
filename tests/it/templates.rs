//! The shipped templates: each writes a runbook that has nothing wrong with it, whatever it is given.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rollbook::backend::{Column, Table};
use rollbook::diagnostics::{Diagnostics, Level};
use rollbook::dialect::Dialect;
use rollbook::document::{Document, ParamType};
use rollbook::plan;
use rollbook::rules::{self, Levels};
use rollbook::source::Source;
use rollbook::template::{Form, Given, Known, Library, Template, TemplateError, Unfit, Values, Written};

use crate::support::{Engine, Lab};

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

/// The example in the template's header. A type that MySQL spells out has no name there.
fn answers(template: &Template, dialect: Dialect) -> BTreeMap<String, Given> {
    let mut example = template.example.clone();
    if template.name == "add-enum-value" && dialect == Dialect::Mysql {
        example.insert("column_type".to_owned(), Given::Text("enum('calm','angry')".to_owned()));
    }
    example
}

/// Files below `templates/`, by the names that the library has for them.
pub fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[test]
fn the_binary_holds_every_file_of_the_folder() {
    let there = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"));
    assert_eq!(
        Library::shipped_files().collect::<Vec<_>>(),
        there,
        "src/template/shipped.rs lists the files"
    );
}

/// A template that is nobody's but this test's.
fn own(text: impl Into<String>) -> Result<Template, Diagnostics> {
    let library = Library::with(&[("t.md.j2".to_owned(), Source::new("t.md.j2", text))])?;
    Ok(library.find("t").unwrap().clone())
}

fn render(
    template: &Template,
    dialect: Dialect,
    given: &BTreeMap<String, Given>,
) -> Result<Written, TemplateError> {
    let values = template.bind(given).unwrap_or_else(|errors| panic!("{errors:?}"));
    template.render(dialect, &values, &judge)
}

/// The values, and the same with each switch of the template turned the other way.
fn switched(template: &Template, given: &BTreeMap<String, Given>) -> Vec<BTreeMap<String, Given>> {
    let mut all = vec![given.clone()];
    for asked in template.asks.iter().filter(|asked| asked.spec.kind == ParamType::Boolean) {
        let now = given.get(&asked.spec.name).or(None);
        let on = match now {
            Some(Given::Typed(value)) => value == &serde_json::Value::Bool(true),
            _ => asked.spec.default == Some(true.into()),
        };
        let mut given = given.clone();
        given.insert(asked.spec.name.clone(), Given::Typed((!on).into()));
        all.push(given);
    }
    all
}

#[test]
fn every_template_writes_a_runbook_without_findings_in_each_of_its_dialects() {
    let library = Library::shipped();
    for template in library.list() {
        for dialect in template.dialects.iter().copied() {
            for given in switched(template, &answers(template, dialect)) {
                let written = match render(template, dialect, &given) {
                    Ok(written) => written,
                    // In words; the example itself is never refused.
                    Err(TemplateError::Refused { message }) => {
                        assert!(
                            given != answers(template, dialect),
                            "{} {dialect}: {message}",
                            template.name
                        );
                        continue;
                    }
                    Err(error) => panic!("{} {dialect}: {error} {error:#?}", template.name),
                };
                let source = Source::new("new.md", written.text.as_str());
                let parsed = rollbook::document::parse(&source);
                let params =
                    Values::bind(&parsed.document.front.params, &BTreeMap::new()).unwrap_or_default();
                let mut said = judge(&parsed.document, dialect, &params);
                // A note may be about a value, as of a type that the user chose.
                said.retain(|finding| finding.level != Level::Note);
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
        let identifiers = template.asks.iter().filter(|asked| asked.spec.kind == ParamType::Identifier);
        let identifiers: Vec<&str> = identifiers.map(|asked| asked.spec.name.as_str()).collect();
        let dialects = template.dialects.len();
        for (nth, dialect) in template.dialects.iter().copied().enumerate() {
            // Each parameter gets each name in one of the dialects, and no two have the same at once.
            for turn in (nth..names.len()).step_by(dialects) {
                let mut given = answers(template, dialect);
                for (place, parameter) in identifiers.iter().enumerate() {
                    let name = names[(turn + place) % names.len()];
                    given.insert((*parameter).to_owned(), Given::Text(name.to_owned()));
                }
                let written = render(template, dialect, &given);
                assert!(written.is_ok(), "{} {dialect} {given:?}: {written:#?}", template.name);
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
            let hostile: Vec<&str> = match (asked.form, &asked.spec.kind) {
                (Form::Expression, ParamType::String) => texts.iter().chain(&sql).copied().collect(),
                (Form::Type, ParamType::String) => texts.iter().chain(&types).copied().collect(),
                (Form::Relation, _) => texts.iter().chain(&tables).copied().collect(),
                (_, ParamType::Identifier | ParamType::String | ParamType::List(_)) => texts.to_vec(),
                _ => continue,
            };
            for (dialect, text) in
                template.dialects.iter().flat_map(|dialect| hostile.iter().map(move |text| (*dialect, *text)))
            {
                let mut given = answers(template, dialect);
                given.insert(name.to_owned(), Given::Text(text.to_owned()));
                let Ok(values) = template.bind(&given) else { continue };
                match template.render(dialect, &values, &check) {
                    Err(TemplateError::Unfit { parameter, .. } | TemplateError::Reshapes { parameter }) => {
                        assert_eq!(parameter, name, "{text:?}");
                    }
                    // A name like another to MySQL.
                    Ok(_) if text == "$1" && dialect == Dialect::Mysql => {}
                    // What may be left out is left out.
                    Ok(_) if text.is_empty() => {}
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
        let mut given = template.example.clone();
        given.insert("value".to_owned(), Given::Text(value.to_owned()));
        for dialect in template.dialects.iter().copied() {
            let written =
                render(template, dialect, &given).unwrap_or_else(|error| panic!("{error} {error:?}"));
            let text = written.text.replace('`', "");
            let alone = [format!("SET email_lower = ({value})\n"), format!("SET email_lower = {value}\n")];
            assert!(alone.iter().any(|set| text.contains(set)), "{text}");
        }
    }
}

#[test]
fn a_table_answers_for_what_a_person_did_not() {
    let library = Library::shipped();
    let column = |name: &str, kind: &str, nullable| Column {
        name: name.into(),
        kind: kind.into(),
        nullable,
        ..Column::default()
    };
    let mut table = Table {
        columns: vec![column("id", "bigint", false), column("old", "character varying(20)", false)],
        primary_key: vec!["id".into()],
        ..Table::default()
    };
    let only = |table: &Table| {
        BTreeMap::from([("table".to_owned(), Known { table: table.clone(), ..Known::default() })])
    };
    let drop = library.find("drop-column").unwrap();
    let open = given(&[("table", "app.orders"), ("column", "old")]);
    let missing =
        |given: &_| drop.missing(given).iter().map(|asked| asked.spec.name.clone()).collect::<Vec<_>>();
    assert_eq!(missing(&open), ["column_type"]);
    let named = [("table".to_owned(), "app.orders".to_owned())];
    assert_eq!(drop.tables_to_describe(Dialect::Postgres, &open), named);
    let filled = drop.fill(&open, &only(&table)).unwrap();
    assert!(missing(&filled).is_empty());
    let text = render(drop, Dialect::Postgres, &filled).unwrap().text;
    assert!(text.contains("ALTER TABLE app.orders ADD COLUMN old character varying(20);"), "{text}");
    assert!(text.contains("ALTER COLUMN old DROP NOT NULL"), "{text}");

    let typo = drop.fill(&given(&[("table", "orders"), ("column", "olt")]), &only(&table)).unwrap_err();
    assert_eq!(typo.to_string(), "table `orders` has no column `olt`");
    assert_eq!(typo.hint().as_deref(), Some("did you mean `old`?"));

    let add = library.find("add-column-with-backfill").unwrap();
    let open = given(&[("table", "orders"), ("column", "new")]);
    assert_eq!(add.fill(&open, &only(&table)).unwrap().get("key"), Some(&Given::Text("id".into())));
    table.primary_key.push("old".into());
    assert_eq!(add.fill(&open, &only(&table)).unwrap(), open, "a key of two columns is nobody's batch key");
}

#[test]
fn unknown_templates_and_malformed_ones_say_what_is_wrong_and_where() {
    let library = Library::shipped();
    let error = library.find("drop-colum").unwrap_err();
    assert_eq!(error.to_string(), "there is no template `drop-colum`");
    assert_eq!(error.hint().as_deref(), Some("did you mean `drop-column`?"));
    assert_eq!(library.by_intent().len(), 8);

    let head = "---\ntemplate: 1\nname: t\ntitle: T\nintent: i\ndialects: [sqlite]\nparams:\n  a: {type: string}\n---\n";
    let read = |text: String| own(text);
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
    let template = own(text).unwrap();
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

/// A lab whose `rollbook.toml` names a folder with these files.
fn team(files: &[(&str, &str)]) -> Lab {
    let lab = Lab::new(Engine::Sqlite);
    lab.write("rollbook.toml", "[templates]\nfolders = [\"ops\"]\n");
    for (name, text) in files {
        let path = lab.folder.join("ops").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    lab
}

#[test]
fn a_teams_template_takes_the_place_of_a_shipped_one_and_inherits_from_it() {
    let own = "---\ntemplate: 1\nname: add-index-online\n---\n{% extends \"shipped/add-index-online.md.j2\" %}\n\
               {% block requirements %}\n{{ super() }}\n- The ticket has two approvals.\n{% endblock %}\n";
    let frame =
        "{% extends \"shipped/parts/runbook.j2\" %}\n{% block validation %}\n- Ours.\n{% endblock %}\n";
    let lab = team(&[("add-index-online.md.j2", own), ("parts/runbook.j2", frame)]);
    lab.rollbook(&["templates"]).expect(0).says("in place of the shipped one]");
    let shown = lab.rollbook(&["templates", "show", "add-index-online"]).expect(0);
    shown.says("Build an index while the table is in use").says("--set index=orders_by_customer");
    let written = lab.rollbook(&[
        "new",
        "add-index-online",
        "--dialect",
        "sqlite",
        "--set",
        "table=t",
        "--set",
        "index=i",
        "--set",
        "columns=a",
        "-o",
        "book.md",
    ]);
    written.expect(0).says("add-index-online.md.j2 takes the place of the shipped template");
    let text = lab.read("book.md");
    assert!(text.contains("The disk has room") && text.contains("The ticket has two approvals."), "{text}");
    // The shipped template fills the block of the frame, and a frame's block is only what nobody fills.
    let drop = ["new", "drop-index", "--dialect", "sqlite", "--set", "table=t", "--set", "index=i"];
    let end = lab.rollbook(&[&drop[..], &["--set", "columns=a"]].concat()).expect(0);
    assert!(end.out.contains("- Ours."), "{}", end.out);
    let again =
        ["new", "drop-index", "--dialect", "sqlite", "--set", "table=t", "--set", "index=i", "-o", "book.md"];
    lab.rollbook(&[&again[..], &["--set", "columns=a"]].concat()).expect(2).says("exists already");
}

#[test]
fn an_error_of_a_teams_template_names_its_line_and_the_parameter() {
    let head = "---\ntemplate: 1\nname: ours\ntitle: T\nintent: try it\ndialects: [sqlite]\nparams:\n  \
                table: {type: identifier, form: relation}\n---\n";
    let body = "---\nrollbook: 1\nid: ours\ntitle: T\ndialect: sqlite\n---\n\n{% if true %}\n\
                ```sql {id=go phase=apply role=forward}\n--| irreversible: it is tried only\n\
                DROP TABLE {{ table | relation }};\n```\n{% endif %}\n";
    let new = ["new", "ours", "--dialect", "sqlite", "--set", "table=t"];
    let lab = team(&[("ours.md.j2", &format!("{head}{body}"))]);
    // The statement stands in line 20 of the template, and in line 10 of what it writes.
    let end = lab.rollbook(&new).expect(2).says("undeclared-destructive").says("ours.md:10:1");
    end.says("written by line 20 of").says("from `table`");

    let part = "{% macro broken(x) %}\n{{ y }}\n{% endmacro %}\n";
    let uses = format!("{head}{{% import \"parts/b.j2\" as b %}}\n{{{{ b.broken(table) }}}}\n");
    let lab = team(&[("ours.md.j2", &uses), ("parts/b.j2", part)]);
    lab.rollbook(&new).expect(2).says("ops/parts/b.j2:2:4");

    let lab = team(&[("ours.md.j2", "---\ntemplate: 1\nname: other\n---\n{% extends \"nowhere.j2\" %}\n")]);
    lab.rollbook(&["templates"])
        .expect(2)
        .says("there is no template file `nowhere.j2`")
        .says("ours.md.j2:5:");
    let lab = team(&[("ours.md.j2", &format!("{}{body}", head.replace("name: ours", "name: other")))]);
    lab.rollbook(&["templates"]).expect(2).says("the template is named `other`");
}

#[test]
fn what_an_engine_cannot_do_names_what_to_do_instead() {
    let library = Library::shipped();
    for template in library.list() {
        for dialect in Dialect::ALL {
            let serves = template.dialects.contains(&dialect);
            let cannot = template.cannot.iter().find(|(other, _)| *other == dialect);
            assert!(serves != cannot.is_some(), "{} says nothing of {dialect}", template.name);
            let Some((_, instead)) = cannot else { continue };
            let mut named = instead.split("`rollbook new ").skip(1);
            let named = named.all(|rest| library.get(rest.split('`').next().unwrap()).is_some());
            assert!(named && instead.contains("`rollbook new "), "{}: {instead}", template.name);
            let error = render(template, dialect, &answers(template, dialect)).unwrap_err();
            assert_eq!(error.hint().as_ref(), Some(instead));
        }
    }
}
