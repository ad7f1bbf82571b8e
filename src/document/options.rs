//! The `--|` lines at the top of a cell's body.

use super::batch::read_batch;
use super::fields::{Field, Fields};
use super::findings::Findings;
use super::slug::list;
use super::yaml::{Excerpt, Value};
use super::{Allow, Options, OutputLimit, ParamSpec, Role, Tx};
use crate::source::Span;

const KEYS: [&str; 9] =
    ["batch", "timeout", "lock_timeout", "retry", "tx", "irreversible", "output", "why", "allow"];
const MARK: &str = "--|";

/// The options, the place of `irreversible`, and where the SQL starts.
#[derive(Debug, Default)]
pub struct Head {
    pub options: Options,
    pub irreversible: Option<Span>,
    pub body: Span,
}

/// Reads the head of `content`, what stands between a fence's lines.
pub fn read_head(
    content: Span,
    role: Option<Role>,
    params: Option<&[ParamSpec]>,
    findings: &mut Findings,
) -> Head {
    let source = std::sync::Arc::clone(&findings.source);
    let text = source.slice(content);
    let mut excerpt = Excerpt::default();
    let mut at = content.start;
    for line in text.split_inclusive('\n').take_while(|line| line.starts_with(MARK)) {
        let rest = &line[MARK.len()..];
        if rest.starts_with([' ', '\n']) || rest.is_empty() {
            let skip = MARK.len() + usize::from(rest.starts_with(' '));
            excerpt.push(&source, Span::new(at + skip, at + line.len()));
        } else {
            let span = Span::new(at, at + MARK.len());
            findings.push(
                findings
                    .error("bad-option-line", span, "there is no space after `--|`")
                    .help("write `--| key: value`"),
            );
        }
        at += line.len();
    }
    let mut head = Head { body: Span::new(at, content.end), ..Head::default() };
    refuse_late_options(head.body, findings);
    if is_blank_sql(source.slice(head.body)) {
        let first = text.lines().next().map_or(0, str::len);
        let shown = Span::new(content.start, content.start + first);
        findings.push(
            findings
                .error("empty-cell", shown, "the cell has no SQL")
                .help("write its SQL, or remove the cell"),
        );
    }
    if at > content.start
        && let Some(root) = excerpt.parse(&source, &mut findings.diagnostics)
        && root.value != Value::Null
        && let Some(fields) = Fields::read(&root, "an option line", &KEYS, findings)
    {
        read_options(&fields, role, params, &mut head, findings);
    }
    head
}

fn refuse_late_options(body: Span, findings: &mut Findings) {
    let source = std::sync::Arc::clone(&findings.source);
    let mut at = body.start;
    for line in source.slice(body).split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if line[indent..].starts_with(MARK) {
            let span = Span::new(at + indent, at + line.trim_end().len());
            findings.push(
                findings
                    .error("late-option", span, "an option line stands after the top of the cell")
                    .note("it would be a comment and do nothing")
                    .help("move it to the first lines of the cell, at column 1"),
            );
        }
        at += line.len();
    }
}

/// Nothing but white space, comments and semicolons.
fn is_blank_sql(sql: &str) -> bool {
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
        rest = if rest.starts_with("--") {
            rest.find('\n').map_or("", |end| &rest[end..])
        } else if rest.starts_with("/*") {
            after_comment(rest)
        } else {
            return rest.is_empty();
        };
    }
}

/// What stands after the block comment; PostgreSQL nests them.
fn after_comment(text: &str) -> &str {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0usize, 0);
    while at + 1 < bytes.len() {
        match (bytes[at], bytes[at + 1]) {
            (b'/', b'*') => depth += 1,
            (b'*', b'/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return &text[at..];
        }
    }
    ""
}

fn read_options(
    fields: &Fields<'_>,
    role: Option<Role>,
    params: Option<&[ParamSpec]>,
    head: &mut Head,
    findings: &mut Findings,
) {
    for field in fields.iter() {
        if let Some(role) = role.filter(|role| !fits(field.name, *role)) {
            findings.push(
                findings
                    .error(
                        "option-not-for-role",
                        field.key,
                        format!("`{}` does nothing in a {} cell", field.name, role.name()),
                    )
                    .help("remove it, or move it to the forward cell"),
            );
            continue;
        }
        let options = &mut head.options;
        match field.name {
            "batch" => options.batch = read_batch(field, params, findings),
            "timeout" => options.timeout = field.timeout(findings),
            "lock_timeout" => options.lock_timeout = field.timeout(findings),
            "retry" => options.retry = field.retries(findings),
            "tx" => options.tx = read_tx(field, findings),
            "irreversible" => {
                options.irreversible = read_irreversible(field, findings);
                head.irreversible = Some(field.key);
            }
            "output" => options.output = read_output(field, findings),
            "allow" => options.allow = read_allow(field, findings),
            _ => options.why = field.text(findings).map(str::to_owned),
        }
    }
    if let (Some(_), Some(tx)) = (fields.get("batch"), fields.get("tx")) {
        findings.push(
            findings
                .error("conflicting-options", tx.key, "`tx` and `batch` stand in the same cell")
                .note("each batch is a transaction of its own")
                .help("remove `tx`"),
        );
    }
}

fn fits(option: &str, role: Role) -> bool {
    match option {
        "irreversible" => role == Role::Forward,
        "batch" | "tx" => role != Role::Verify,
        _ => true,
    }
}

fn read_irreversible(field: Field<'_>, findings: &mut Findings) -> Option<String> {
    read_reason(field, "write `--| irreversible: <why there is no way back>`", findings)
}

/// A text that says why; `true` and nothing at all are not one.
fn read_reason(field: Field<'_>, help: &str, findings: &mut Findings) -> Option<String> {
    if let Value::Boolean(_) | Value::Null = field.node.value {
        let message = format!("`{}` does not say why", field.name);
        findings.push(findings.error("empty-value", field.node.span, message).help(help));
        return None;
    }
    field.text(findings).map(str::to_owned)
}

fn read_allow(field: Field<'_>, findings: &mut Findings) -> Vec<Allow> {
    const HELP: &str = "write `--| allow: {<rule>: <why it does no harm here>}`";
    if !matches!(field.node.value, Value::Mapping(_)) {
        findings.push(
            findings
                .error("wrong-type", field.node.span, "`allow` must be a mapping")
                .label(format!("this is {}", field.node.value.describe()))
                .help(HELP),
        );
        return Vec::new();
    }
    let Some(rules) = Fields::open(field.node, "`allow`", findings) else { return Vec::new() };
    let mut allowed = Vec::new();
    for rule in rules.iter() {
        if let Some(why) = read_reason(rule, HELP, findings) {
            allowed.push(Allow { rule: rule.name.to_owned(), why, span: rule.key });
        }
    }
    allowed
}

fn read_tx(field: Field<'_>, findings: &mut Findings) -> Option<Tx> {
    match &field.node.value {
        Value::Text(text) if text == "cell" => Some(Tx::Cell),
        Value::Text(text) if text == "statement" => Some(Tx::Statement),
        Value::Text(text) if text == "none" => Some(Tx::None),
        _ => field.wrong(findings, &list(["cell", "statement", "none"])),
    }
}

fn read_output(field: Field<'_>, findings: &mut Findings) -> Option<OutputLimit> {
    match &field.node.value {
        Value::Text(text) if text == "none" => Some(OutputLimit::None),
        Value::Integer(_) => field.count(1, findings).map(OutputLimit::Rows),
        _ => field.wrong(findings, "`none` or a number of rows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_no_sql() {
        for blank in ["", " \n;\n", "-- a\n-- b", "/* a /* b */ c */\n", "/* open"] {
            assert!(is_blank_sql(blank), "{blank}");
        }
        for sql in ["x", "-- a\nx", "/* a */ x", "{{ sql }}"] {
            assert!(!is_blank_sql(sql), "{sql}");
        }
    }
}
