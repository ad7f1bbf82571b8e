//! Front matter: finding it at the top of the file, and reading its keys.

use super::declaration::read_parameters;
use super::fields::{Field, Fields, wrong_type};
use super::findings::Findings;
use super::slug::{is_phase, is_runbook_id, list, suggest};
use super::yaml::{Excerpt, Value};
use super::{Defaults, FrontMatter, Hold, Strategy};
use crate::dialect::Dialect;
use crate::source::Span;

const KEYS: [&str; 9] =
    ["rollbook", "id", "title", "dialect", "strategy", "phases", "params", "defaults", "holds"];

/// The front matter as read, and whether its phases can be relied on.
#[derive(Debug, Default)]
pub struct Header {
    pub front: FrontMatter,
    /// False where `strategy` or `phases` was unreadable: then no phase is unknown.
    pub knows_phases: bool,
    /// False where a parameter could not be read: then none is unknown.
    pub knows_params: bool,
    /// The first byte after the closing line.
    pub end: usize,
}

/// Reads the front matter of `text[start..]`, and says so where there is none.
pub fn read_header(start: usize, findings: &mut Findings) -> Header {
    let source = std::sync::Arc::clone(&findings.source);
    let text = &source.text()[start..];
    let Some(open) = delimiter(text) else {
        report_missing(text, start, findings);
        return Header { end: start, ..Header::default() };
    };
    let first = Span::new(start, start + 3);
    let yaml_start = start + open;
    let mut at = yaml_start;
    while at < source.text().len() {
        if let Some(close) = delimiter(&source.text()[at..]) {
            let mut header = Header { end: at + close, ..Header::default() };
            header.front.span = Span::new(yaml_start, at);
            read_keys(&mut header, first, findings);
            return header;
        }
        at += source.text()[at..].find('\n').map_or(source.text().len() - at, |end| end + 1);
    }
    findings.push(
        findings
            .error("unclosed-front-matter", first, "the front matter is not closed")
            .label("opened here")
            .help("add a line `---` after the last key"),
    );
    Header { end: yaml_start, ..Header::default() }
}

/// The length of the `---` line that `text` starts with.
fn delimiter(text: &str) -> Option<usize> {
    let line = text.split_inclusive('\n').next()?;
    (line.trim_end() == "---").then_some(line.len())
}

fn report_missing(text: &str, start: usize, findings: &mut Findings) {
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let opens = line.trim_end() == "---";
        if opens
            && lines.peek().is_some_and(|next| KEYS.iter().any(|key| next.starts_with(&format!("{key}:"))))
        {
            findings.push(
                findings
                    .error(
                        "front-matter-not-first",
                        Span::new(start + at, start + at + 3),
                        "the front matter is not at the top of the file",
                    )
                    .help("move it up so that `---` is the first line"),
            );
            return;
        }
        at += line.len();
    }
    let line = text.lines().next().map_or(0, str::len);
    findings.push(
        findings
            .error("missing-front-matter", Span::new(start, start + line), "the runbook has no front matter")
            .help("start the file with `---`, the keys `rollbook: 1`, `id`, `title`, `dialect`, and `---`"),
    );
}

fn read_keys(header: &mut Header, first: Span, findings: &mut Findings) {
    let source = std::sync::Arc::clone(&findings.source);
    let mut excerpt = Excerpt::default();
    excerpt.push(&source, header.front.span);
    let Some(mut root) = excerpt.parse(&source, &mut findings.diagnostics) else { return };
    if root.value == Value::Null {
        root.value = Value::Mapping(Vec::new());
    }
    let Some(fields) = Fields::read(&root, "the front matter", &KEYS, findings) else { return };
    for key in ["rollbook", "id", "title", "dialect"] {
        if fields.get(key).is_none() {
            findings.push(
                findings.error("missing-key", first, format!("the front matter has no `{key}`")).help(
                    match key {
                        "rollbook" => "add `rollbook: 1`, the version of the format".to_owned(),
                        "dialect" => format!("add `dialect:` with {}, or `any`", list(dialects())),
                        _ => format!("add `{key}:`"),
                    },
                ),
            );
        }
    }
    check_version(&fields, findings);
    let front = &mut header.front;
    front.id = read_id(&fields, findings).unwrap_or_default();
    front.title = fields.text("title", findings).unwrap_or_default().to_owned();
    front.dialects = fields.get("dialect").map(|field| read_dialects(field, findings)).unwrap_or_default();
    header.knows_phases = read_phases(front, &fields, findings).is_some();
    let before = findings.count();
    if let Some(params) = fields.get("params") {
        front.params = read_parameters(params.node, findings);
    }
    header.knows_params = findings.count() == before;
    front.defaults = fields.get("defaults").map(|field| read_defaults(field, findings)).unwrap_or_default();
    if let Some(holds) = fields.get("holds") {
        front.holds = read_holds(holds, header.knows_phases.then_some(&front.phases), findings);
    }
}

fn check_version(fields: &Fields<'_>, findings: &mut Findings) {
    let Some(field) = fields.get("rollbook").filter(|field| field.node.value != Value::Integer(1)) else {
        return;
    };
    findings.push(
        findings
            .error("unknown-version", field.node.span, "this version of Rollbook reads format 1 only")
            .help("write `rollbook: 1`"),
    );
}

fn read_id(fields: &Fields<'_>, findings: &mut Findings) -> Option<String> {
    let field = fields.get("id")?;
    let id = field.text(findings)?;
    if is_runbook_id(id) {
        return Some(id.to_owned());
    }
    findings.push(
        findings
            .error("bad-id", field.node.span, format!("`{id}` cannot be the id of a runbook"))
            .help("use lower-case letters, digits, `.`, `_` and `-`, a letter or a digit first"),
    );
    None
}

fn dialects() -> impl Iterator<Item = &'static str> + Clone {
    Dialect::ALL.iter().map(|dialect| dialect.name())
}

fn read_dialects(field: Field<'_>, findings: &mut Findings) -> Vec<Dialect> {
    let items = match &field.node.value {
        Value::Text(text) if text == "any" => return Dialect::ALL.to_vec(),
        Value::Text(_) => std::slice::from_ref(field.node),
        Value::List(items) if !items.is_empty() => items,
        _ => return field.wrong(findings, "the name of a dialect or a list of them").unwrap_or_default(),
    };
    let mut read = Vec::new();
    for item in items {
        let Value::Text(name) = &item.value else {
            wrong_type(findings, item, "a dialect", "text");
            continue;
        };
        match Dialect::from_name(name) {
            Some(dialect) if read.contains(&dialect) => findings.push(
                findings
                    .error("duplicate-value", item.span, format!("dialect `{name}` is given twice"))
                    .help("remove one of the two"),
            ),
            Some(dialect) => read.push(dialect),
            None => report_dialect(name, item.span, findings),
        }
    }
    read
}

fn report_dialect(name: &str, span: Span, findings: &mut Findings) {
    let diagnostic = findings.error("unknown-dialect", span, format!("there is no dialect `{name}`"));
    let help = if name == "any" {
        "write `dialect: any`, not in a list".to_owned()
    } else if name == "mssql" {
        format!("this version of Rollbook runs {}", Dialect::ALL.map(Dialect::name).join(", "))
    } else if name == "mariadb" {
        "write `mysql`, the dialect of both servers".to_owned()
    } else if matches!(name, "postgresql" | "pg" | "psql") {
        "did you mean `postgres`?".to_owned()
    } else {
        suggest(name, dialects().chain(["any"]))
    };
    findings.push(diagnostic.help(help));
}

fn read_phases(front: &mut FrontMatter, fields: &Fields<'_>, findings: &mut Findings) -> Option<()> {
    let strategy = match fields.get("strategy") {
        None => Some(Strategy::default()),
        Some(field) => field.text(findings).and_then(|name| {
            let strategy = Strategy::from_name(name);
            if strategy.is_none() {
                findings.push(
                    findings
                        .error("unknown-strategy", field.node.span, format!("there is no strategy `{name}`"))
                        .help(suggest(name, Strategy::ALL.map(Strategy::name))),
                );
            }
            strategy
        }),
    };
    front.strategy = strategy.unwrap_or_default();
    let Some(field) = fields.get("phases") else {
        front.phases = strategy?.phases().iter().map(|phase| (*phase).to_owned()).collect();
        return Some(());
    };
    let items = match &field.node.value {
        Value::List(items) if !items.is_empty() => items,
        _ => return field.wrong(findings, "a list of phase names"),
    };
    for item in items {
        match &item.value {
            Value::Text(name) if front.phases.contains(name) => {
                findings.push(
                    findings
                        .error("duplicate-phase", item.span, format!("phase `{name}` is given twice"))
                        .help("remove one of the two"),
                );
                return None;
            }
            Value::Text(name) if is_phase(name) => front.phases.push(name.clone()),
            Value::Text(name) => {
                findings.push(
                    findings
                        .error("bad-phase", item.span, format!("`{name}` cannot name a phase"))
                        .help("use lower-case letters, digits and `-`, a letter first"),
                );
                return None;
            }
            _ => {
                wrong_type(findings, item, "a phase", "text");
                return None;
            }
        }
    }
    Some(())
}

fn read_defaults(field: Field<'_>, findings: &mut Findings) -> Defaults {
    let known = ["lock_timeout", "statement_timeout", "retry"];
    let Some(fields) = Fields::read(field.node, "`defaults`", &known, findings) else {
        return Defaults::default();
    };
    Defaults {
        lock_timeout: fields.get("lock_timeout").and_then(|field| field.timeout(findings)),
        statement_timeout: fields.get("statement_timeout").and_then(|field| field.timeout(findings)),
        retry: fields.get("retry").and_then(|field| field.retries(findings)),
    }
}

fn read_holds(field: Field<'_>, phases: Option<&Vec<String>>, findings: &mut Findings) -> Vec<Hold> {
    let Some(fields) = Fields::open(field.node, "`holds`", findings) else { return Vec::new() };
    let mut holds = Vec::new();
    for hold in fields.iter() {
        let Some(before) = hold.name.strip_prefix("before-") else {
            findings.push(
                findings
                    .error("unknown-key", hold.key, format!("`holds` has no key `{}`", hold.name))
                    .help("a hold is `before-<phase>: <what must be true first>`"),
            );
            continue;
        };
        if let Some(phases) = phases.filter(|phases| !phases.iter().any(|phase| phase == before)) {
            // A key in quotes is shown whole: its bytes are not the name's.
            let span = match findings.source.slice(hold.key) == hold.name {
                true => Span::new(hold.key.end - before.len(), hold.key.end),
                false => hold.key,
            };
            findings.push(
                findings
                    .error("unknown-phase", span, format!("there is no phase `{before}`"))
                    .help(suggest(before, phases.iter().map(String::as_str))),
            );
            continue;
        }
        if let Some(condition) = hold.text(findings) {
            holds.push(Hold { before: before.to_owned(), condition: condition.to_owned(), span: hold.key });
        }
    }
    holds
}
