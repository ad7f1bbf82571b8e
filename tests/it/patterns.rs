//! Each shipped template on each engine that it serves: written with what the database answers, checked
//! without a finding, run, verified and undone from every phase and from the end, with rows in the tables.
//!
//! The data is `tests/data/shop` and, beside the examples in the templates' headers, `tests/data/patterns.toml`.
//! `ROLLBOOK_PATTERN=<name>` runs one template alone; templates are read from `templates/`, so that a change
//! there needs no build.

use std::collections::BTreeMap;
use std::path::Path;

use rollbook::dialect::Dialect;
use rollbook::document;
use rollbook::source::Source;
use rollbook::template::{Given, Library, Template};
use serde::Deserialize;

use crate::support::{Engine, Lab};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    template: String,
    #[serde(default)]
    set: BTreeMap<String, serde_json::Value>,
    /// SQL that runs before the template is rendered.
    #[serde(default)]
    before: Option<String>,
    /// None means every engine that the template serves.
    #[serde(default)]
    engines: Option<Vec<String>>,
    /// What a rollback leaves behind, in words: then nothing is compared with what was there before.
    #[serde(default)]
    stays: Option<String>,
    /// A phase from which on nothing is undone.
    #[serde(default)]
    no_return: Option<String>,
    /// It takes the place of the header's example.
    #[serde(default)]
    instead: bool,
}

const HOME: &str = env!("CARGO_MANIFEST_DIR");

/// The engine's word in the cases.
fn word(engine: Engine) -> String {
    format!("{engine:?}").to_lowercase()
}

/// What is run on `engine`, the examples first.
fn cases(library: &Library, engine: Engine) -> Vec<Case> {
    let text = std::fs::read_to_string(Path::new(HOME).join("tests/data/patterns.toml")).unwrap();
    let written: Cases = toml::from_str(&text).unwrap();
    let serves = |template: &Template| template.dialects.iter().any(|d| d.name() == engine.dialect());
    let mut all = Vec::new();
    for template in library.list().iter().filter(|template| serves(template)) {
        let own: Vec<&Case> = written
            .case
            .iter()
            .filter(|case| case.template == template.name)
            .filter(|case| case.engines.as_ref().is_none_or(|engines| engines.contains(&word(engine))))
            .collect();
        if !own.iter().any(|case| case.instead) {
            all.push(Case { template: template.name.clone(), ..Case::default() });
        }
        all.extend(own.into_iter().cloned());
    }
    for case in &written.case {
        assert!(library.get(&case.template).is_some(), "there is no template {}", case.template);
    }
    let only = std::env::var("ROLLBOOK_PATTERN").ok();
    all.retain(|case| only.as_ref().is_none_or(|only| *only == case.template));
    all
}

fn library() -> Library {
    let folder = Path::new(HOME).join("templates");
    let mut files = Vec::new();
    for name in crate::templates::files(&folder) {
        let text = std::fs::read_to_string(folder.join(&name)).unwrap();
        files.push((name.clone(), Source::new(format!("templates/{name}"), text)));
    }
    Library::with(&files)
        .unwrap_or_else(|found| panic!("{}", rollbook::diagnostics::render::full(&found, false)))
}

fn shop(engine: Engine) -> Lab {
    let lab = Lab::new(engine);
    let file = Path::new(HOME).join(format!("tests/data/shop/{}.sql", engine.dialect()));
    lab.sql(&std::fs::read_to_string(file).unwrap());
    lab.write("rollbook.toml", &format!("[templates]\nfolders = [\"{HOME}/templates\"]\n"));
    lab
}

/// Columns, indexes, constraints, triggers and views, and every row: a line each.
fn everything(lab: &Lab) -> String {
    let schema = match lab.engine {
        Engine::Postgres | Engine::Postgres18 => lab.sql(
            "SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || \
             attnotnull || ' ' || coalesce(pg_get_expr(adbin, adrelid), '') || attidentity::text FROM pg_attribute a \
             LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum JOIN pg_class c ON c.oid = attrelid \
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND attnum > 0 AND NOT attisdropped \
             UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' \
             UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM \
             pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' \
             UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal \
             UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
             UNION ALL SELECT 'enum ' || typname || ' ' || enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = enumtypid \
             ORDER BY 1",
        ),
        Engine::Mariadb | Engine::Mysql => lab.sql(
            "SELECT concat_ws(' ', 'column', table_name, column_name, column_type, is_nullable, \
             coalesce(nullif(column_default, 'NULL'), ''), extra) AS line FROM information_schema.columns \
             WHERE table_schema = database() AND table_name NOT LIKE 'rollbook%' \
             UNION ALL SELECT concat_ws(' ', 'index', table_name, index_name, seq_in_index, column_name, non_unique) \
             FROM information_schema.statistics WHERE table_schema = database() AND table_name NOT LIKE 'rollbook%' \
             UNION ALL SELECT concat_ws(' ', 'constraint', table_name, constraint_name, constraint_type) \
             FROM information_schema.table_constraints WHERE table_schema = database() AND table_name NOT LIKE 'rollbook%' \
             UNION ALL SELECT concat_ws(' ', 'trigger', trigger_name) FROM information_schema.triggers \
             WHERE trigger_schema = database() \
             ORDER BY 1",
        ),
        Engine::Sqlite => lab.sql(
            "SELECT 'column ' || m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || coalesce(c.dflt_value, '') \
             FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) c \
             WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'rollbook%' AND m.name NOT LIKE 'sqlite%' \
             UNION ALL SELECT type || ' ' || name FROM sqlite_schema WHERE type IN ('index', 'trigger') AND name NOT LIKE 'rollbook%' \
             AND name NOT LIKE 'sqlite%' ORDER BY 1",
        ),
    };
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let list = match lab.engine {
        Engine::Postgres | Engine::Postgres18 => {
            "SELECT table_name || '|' || column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1"
        }
        Engine::Mariadb | Engine::Mysql => {
            "SELECT concat(table_name, '|', column_name) FROM information_schema.columns \
             WHERE table_schema = database() AND table_name NOT LIKE 'rollbook%' ORDER BY 1"
        }
        Engine::Sqlite => {
            "SELECT m.name || '|' || c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c \
             WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'rollbook%' AND m.name NOT LIKE 'sqlite%' ORDER BY 1"
        }
    };
    for line in lab.sql(list).lines() {
        let (table, column) = line.split_once('|').unwrap();
        columns.entry(table.to_owned()).or_default().push(column.to_owned());
    }
    let mut all = schema;
    for (table, columns) in columns {
        let listed = columns.join(", ");
        let places: Vec<String> = (1..=columns.len()).map(|place| place.to_string()).collect();
        // Not every type of PostgreSQL has an order.
        let cast = if lab.engine.dialect() == "postgres" { "::text" } else { "" };
        let cells: Vec<String> = columns.iter().map(|column| format!("{column}{cast}")).collect();
        let rows =
            lab.sql(&format!("SELECT {} FROM {table} ORDER BY {}", cells.join(", "), places.join(", ")));
        all.push_str(&format!("\n--- {table}: {listed}\n{rows}"));
    }
    all
}

fn phases(book: &str) -> Vec<String> {
    let parsed = document::parse(&Source::new("book.md", book));
    let mut phases: Vec<String> = Vec::new();
    for cell in parsed.document.cells.iter().filter(|cell| cell.of.is_none()) {
        let phase = cell.phase.clone();
        if cell.role == document::Role::Forward && !phases.contains(&phase) {
            phases.push(phase);
        }
    }
    phases
}

fn write_book(lab: &Lab, case: &Case, template: &Template) {
    let mut values: BTreeMap<String, String> = template
        .example
        .iter()
        .filter(|(name, _)| {
            template.asks.iter().any(|asked| asked.spec.name == **name && asked.fill.is_none())
        })
        .map(|(name, given)| {
            let text = match given {
                Given::Text(text) => text.clone(),
                Given::Typed(value) => value.to_string(),
            };
            (name.clone(), text)
        })
        .collect();
    for (name, value) in &case.set {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        values.insert(name.clone(), text);
    }
    let _ = std::fs::remove_file(lab.folder.join("book.md"));
    let mut arguments: Vec<String> =
        ["new", &case.template, "--db", &lab.url, "-o", "book.md"].map(str::to_owned).to_vec();
    for (name, value) in values {
        arguments.extend(["--set".to_owned(), format!("{name}={value}")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    lab.rollbook(&arguments).expect(0);
}

/// Every case, and then all that failed: one broken pattern does not hide another.
fn proven(engine: Engine, every_phase: bool) {
    let library = library();
    let mut failed = Vec::new();
    for case in cases(&library, engine) {
        let template = library.get(&case.template).unwrap();
        let run = std::panic::AssertUnwindSafe(|| prove(engine, &case, template, every_phase));
        if std::panic::catch_unwind(run).is_err() {
            failed.push(format!("{} {:?}", case.template, case.set));
        }
    }
    assert!(failed.is_empty(), "{engine:?}, see above: {failed:#?}");
}

fn prove(engine: Engine, case: &Case, template: &Template, every_phase: bool) {
    eprintln!("{}: {} {:?}", word(engine), case.template, case.set);
    let lab = shop(engine);
    if let Some(sql) = &case.before {
        lab.sql(sql);
    }
    write_book(&lab, case, template);
    lab.rollbook(&["check", "book.md"]).expect(0).says("0 errors, 0 warnings");
    let before = everything(&lab);
    let phases = phases(&lab.read("book.md"));
    let last = phases.last().expect("a runbook with steps");
    let mut gone = false;
    for phase in &phases {
        gone |= case.no_return.as_ref() == Some(phase);
        if phase == last {
            lab.through("run", &[]).expect(0).says("completed");
        } else if every_phase {
            lab.through("run", &["--until", phase]).expect(0);
        } else {
            continue;
        }
        lab.on("verify", &[]).expect(0);
        if gone {
            continue;
        }
        lab.through("rollback", &[]).expect(0);
        if case.stays.is_none() {
            let after = everything(&lab);
            assert!(
                before == after,
                "{} {engine:?} from {phase}:\n{}",
                case.template,
                differ(&before, &after)
            );
        }
    }
    if case.stays.is_none() && !gone {
        lab.through("run", &[]).expect(0).says("completed");
        lab.on("verify", &[]).expect(0);
    }
}

/// Runbooks of each family, as their templates write the examples. `ROLLBOOK_GALLERY=write` writes them anew.
const GALLERY: [(&str, Dialect); 18] = [
    ("add-column-with-backfill", Dialect::Postgres),
    ("add-foreign-key", Dialect::Postgres),
    ("add-index-online", Dialect::Postgres),
    ("archive-rows", Dialect::Sqlite),
    ("bigint-primary-key", Dialect::Postgres),
    ("change-collation", Dialect::Sqlite),
    ("change-column-type", Dialect::Postgres),
    ("copy-and-swap", Dialect::Mysql),
    ("drop-column", Dialect::Mysql),
    ("extract-table", Dialect::Postgres),
    ("move-column", Dialect::Mysql),
    ("normalise-columns", Dialect::Mysql),
    ("partition-table", Dialect::Postgres),
    ("rename-column", Dialect::Postgres),
    ("rename-column", Dialect::Mysql),
    ("rename-table", Dialect::Mysql),
    ("set-not-null", Dialect::Postgres),
    ("text-to-enum", Dialect::Postgres),
];

#[test]
fn the_gallery_is_what_the_templates_write_and_runs() {
    let library = library();
    let folder = Path::new(HOME).join("runbooks/gallery");
    let mut names = Vec::new();
    for (name, dialect) in GALLERY {
        let template = library.get(name).unwrap();
        let values = template.bind(&template.example).unwrap();
        let written = template.render(dialect, &values, &|_, _, _| Vec::new()).unwrap().text;
        let file = format!("{name}.{}.md", dialect.name());
        if std::env::var_os("ROLLBOOK_GALLERY").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(&file), &written).unwrap();
        }
        let text = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
        assert!(text == written, "{file} is not what the template writes: run with ROLLBOOK_GALLERY=write");
        let engine = Engine::speaking(dialect.name())[0];
        let lab = shop(engine);
        lab.write("book.md", &text);
        lab.rollbook(&["check", "book.md"]).expect(0).says("0 errors, 0 warnings");
        lab.through("run", &[]).expect(0).says("completed");
        lab.on("verify", &[]).expect(0);
        names.push(file);
    }
    let page = front_page(&library);
    if std::env::var_os("ROLLBOOK_GALLERY").is_some() {
        std::fs::write(folder.join("README.md"), &page).unwrap();
    }
    let text = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    assert!(text == page, "README.md is not what the templates say: run with ROLLBOOK_GALLERY=write");
    let there = crate::templates::files(&folder);
    names.push("README.md".to_owned());
    names.sort();
    assert_eq!(there, names);
}

/// The gallery's front page: each family with its runbooks.
fn front_page(library: &Library) -> String {
    let mut page = "# Gallery\n\nRunbooks as `rollbook new` writes them for the example of each template, one family after the \
                    other. The tests run every one of them; a change of a template changes the runbook here.\n"
        .to_owned();
    for (intent, templates) in library.by_intent() {
        let mut lines = String::new();
        for (name, dialect) in GALLERY {
            if let Some(template) = templates.iter().find(|template| template.name == name) {
                let dialect = dialect.name();
                lines.push_str(&format!(
                    "| [{}]({name}.{dialect}.md) | `{name}` | {dialect} |\n",
                    template.title
                ));
            }
        }
        assert!(!lines.is_empty(), "no runbook of the family \"{intent}\" is in the gallery");
        page.push_str(&format!(
            "\n## I want to {intent}\n\n| runbook | template | engine |\n| --- | --- | --- |\n{lines}"
        ));
    }
    page
}

/// The lines of either that the other has not.
fn differ(before: &str, after: &str) -> String {
    let only = |mark: char, one: &str, other: &str| -> String {
        let alone = one.lines().filter(|line| !other.lines().any(|o| o == *line));
        alone.take(12).map(|line| format!("{mark} {line}\n")).collect()
    };
    format!("{}{}", only('-', before, after), only('+', after, before))
}

#[test]
fn every_pattern_runs_both_ways_from_each_phase_on_sqlite() {
    proven(Engine::Sqlite, true);
}

#[test]
fn every_pattern_runs_both_ways_from_each_phase_on_postgres() {
    proven(Engine::Postgres, true);
}

#[test]
fn every_pattern_runs_both_ways_on_postgres18() {
    proven(Engine::Postgres18, false);
}

#[test]
fn every_pattern_runs_both_ways_from_each_phase_on_mariadb() {
    proven(Engine::Mariadb, true);
}

#[test]
fn every_pattern_runs_both_ways_on_mysql() {
    proven(Engine::Mysql, false);
}
