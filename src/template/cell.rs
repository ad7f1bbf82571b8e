//! Renders one cell's body.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};

use super::Values;
use super::fragment::{self, CLOSE, Fragment, OPEN, RAW, SECRET};
use crate::dialect::{self, Dialect, TokenKind};
use crate::source::{Origin, Provenance, Source, Span};

/// A cell's SQL with every expression replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    pub sql: String,
    pub provenance: Provenance,
    /// Places in `sql` that hold a secret parameter's value.
    pub secret: Vec<Span>,
    /// Places in the runbook where an expression says `raw`.
    pub raw: Vec<Span>,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RenderError {
    #[error("{message}")]
    Template { message: String, span: Span },
    #[error("an expression stands inside a string, a comment or a name")]
    InsideToken { span: Span },
    #[error("the value of an expression would not stay one value here")]
    NotWhole { span: Span },
    #[error("the text holds U+{code:04X}, a character that no text may hold")]
    Noncharacter { code: u32, span: Span },
}

impl RenderError {
    /// The range of the runbook that it is about.
    pub fn span(&self) -> Span {
        match self {
            Self::Template { span, .. }
            | Self::InsideToken { span }
            | Self::NotWhole { span }
            | Self::Noncharacter { span, .. } => *span,
        }
    }

    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::InsideToken { .. } => Some(
                "a value is written as a literal of its own: join it with SQL instead, as in \
                 `'prefix-' || {{ name }}`",
            ),
            Self::NotWhole { .. } => Some("put a space or parentheses around the expression"),
            Self::Template { message, .. } if message == "`batch` is undefined" => {
                Some("a batched cell begins with `--| batch: {table: …, key: …}`")
            }
            Self::Template { message, .. } if message.ends_with(" is undefined") => {
                Some("declare it under `params:` in the front matter")
            }
            Self::Template { .. } => {
                Some("`{{`, `{%` and `{#` open an expression; write `{{ '{{' | raw }}` for the bare text")
            }
            Self::Noncharacter { .. } => Some("take the character out"),
        }
    }
}

/// Renders `body` of the runbook for `dialect`.
///
/// `batch` is the SQL that `{{ batch }}` stands for, in a cell that has one.
pub fn render_cell(
    source: &Source,
    body: Span,
    dialect: Dialect,
    values: &Values,
    batch: Option<&str>,
) -> Result<Rendered, RenderError> {
    let text = source.slice(body);
    if let Some((at, ch)) = text.char_indices().find(|(_, ch)| is_marker(*ch)) {
        let span = Span::new(body.start + at, body.start + at + ch.len_utf8());
        return Err(RenderError::Noncharacter { code: ch.into(), span });
    }
    if !["{{", "{%", "{#"].iter().any(|open| text.contains(open)) {
        let provenance = Provenance::verbatim(body);
        return Ok(Rendered { sql: text.to_owned(), provenance, secret: Vec::new(), raw: Vec::new() });
    }
    let marked = render_marked(text, dialect, values, batch).map_err(|error| {
        let span = error.range().map_or(body, |range| {
            let (start, end) = (range.start.min(text.len()), range.end.min(text.len()));
            Span::new(body.start + start, body.start + end.max(start))
        });
        RenderError::Template { message: template_message(&error), span }
    })?;
    let rendered = unmark(&marked, text, body);
    check_whole(dialect, &rendered)?;
    Ok(rendered)
}

fn is_marker(ch: char) -> bool {
    ('\u{FDD0}'..='\u{FDEF}').contains(&ch)
}

fn template_message(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    }
}

fn render_marked(
    text: &str,
    dialect: Dialect,
    values: &Values,
    batch: Option<&str>,
) -> Result<String, minijinja::Error> {
    let mut context: BTreeMap<&str, Value> = BTreeMap::new();
    for (name, value) in values.iter() {
        if let Some(text) = value.as_str()
            && let Some(ch) = text.chars().find(|ch| is_marker(*ch))
        {
            let message = format!("parameter `{name}` holds U+{:04X}, which no text may hold", u32::from(ch));
            return Err(fragment::refuse(message));
        }
        context.insert(name, Value::from(Serde(value)));
    }
    if let Some(batch) = batch {
        context.insert("batch", Value::from_object(Fragment { sql: batch.to_owned(), raw: false }));
    }
    let secrets = values.secrets();
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_debug(true);
    env.set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).build()?);
    env.add_filter("ident", move |value: &Value| fragment::ident(dialect, value));
    env.add_filter("raw", |value: &Value| fragment::raw(value));
    env.set_formatter(move |out, _, value| {
        let (sql, raw) = match value.downcast_object_ref::<Fragment>() {
            Some(fragment) => (fragment.sql.clone(), fragment.raw),
            None => (fragment::literal(dialect, value)?, false),
        };
        out.write_char(OPEN)?;
        if raw {
            out.write_char(RAW)?;
        }
        let quoted = |secret: &str| dialect::literal(dialect, secret).unwrap_or_default();
        if secrets.iter().any(|secret| sql.contains(secret.as_str()) || sql.contains(&quoted(secret))) {
            out.write_char(SECRET)?;
        }
        out.write_str(&sql)?;
        out.write_char(CLOSE)?;
        Ok(())
    });
    env.template_from_named_str("cell", text)?.render(context)
}

/// Takes the brackets out of rendered text and notes where they stood.
///
/// Expressions of the source are matched to brackets in order. With control blocks (`{% … %}`) that
/// order says nothing, so every piece then leads back to the whole cell.
fn unmark(marked: &str, text: &str, body: Span) -> Rendered {
    let sites = if text.contains("{%") { Vec::new() } else { expression_sites(text, body) };
    let mut rendered = Rendered {
        sql: String::with_capacity(marked.len()),
        provenance: Provenance::default(),
        secret: Vec::new(),
        raw: Vec::new(),
    };
    let mut text_from = body.start;
    let mut text_len = 0;
    let mut depth = 0;
    let mut open = (0, body);
    let mut next_site = sites.iter();
    for ch in marked.chars() {
        match ch {
            OPEN => {
                depth += 1;
                if depth == 1 {
                    let site = next_site.next().copied().unwrap_or(body);
                    let until = if sites.is_empty() { body.end } else { site.start };
                    rendered
                        .provenance
                        .push(text_len, Origin::Text(Span::new(text_from, until.max(text_from))));
                    text_from = if sites.is_empty() { body.start } else { site.end };
                    text_len = 0;
                    open = (rendered.sql.len(), site);
                }
            }
            CLOSE => {
                depth -= 1;
                if depth == 0 {
                    rendered.provenance.push(rendered.sql.len() - open.0, Origin::Expression(open.1));
                }
            }
            RAW => rendered.raw.push(open.1),
            SECRET => rendered.secret.push(Span::new(open.0, open.0)),
            ch => {
                rendered.sql.push(ch);
                if depth == 0 {
                    text_len += ch.len_utf8();
                }
            }
        }
    }
    rendered.provenance.push(text_len, Origin::Text(Span::new(text_from, body.end)));
    let written: Vec<Span> = rendered.provenance.expressions().map(|(span, _)| span).collect();
    for secret in &mut rendered.secret {
        if let Some(span) = written.iter().find(|span| span.start == secret.start) {
            *secret = *span;
        }
    }
    rendered
}

/// Where the `{{ … }}` of a cell without control blocks stand in the runbook, in order.
fn expression_sites(text: &str, body: Span) -> Vec<Span> {
    let mut sites = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        let start = at + found;
        let rest = &text[start..];
        let (end, is_expression) = if rest.starts_with("{#") {
            (rest.find("#}").map(|end| start + end + 2), false)
        } else if rest.starts_with("{{") {
            (expression_end(rest).map(|end| start + end), true)
        } else {
            (Some(start + 1), false)
        };
        let Some(end) = end else { break };
        if is_expression {
            sites.push(Span::new(start, end).shifted(body.start));
        }
        at = end;
    }
    sites
}

/// The length of the expression that `text` starts with; braces inside its strings do not count.
fn expression_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quote = None;
    let mut i = 2;
    while i < bytes.len() {
        match (quote, bytes[i]) {
            (Some(_), b'\\') => i += 1,
            (Some(open), b) if b == open => quote = None,
            (Some(_), _) => {}
            (None, b @ (b'"' | b'\'')) => quote = Some(b),
            (None, b'}') if bytes.get(i + 1) == Some(&b'}') => return Some(i + 2),
            (None, _) => {}
        }
        i += 1;
    }
    None
}

/// Every expression's text must be whole tokens that read the same alone: then no value can end a
/// string, open a comment, or grow into its neighbour.
fn check_whole(dialect: Dialect, rendered: &Rendered) -> Result<(), RenderError> {
    let tokens = dialect::lex(dialect, &rendered.sql);
    for (span, site) in rendered.provenance.expressions() {
        if span.is_empty() || rendered.raw.contains(&site) {
            continue;
        }
        let first = tokens.partition_point(|token| token.span.end <= span.start);
        let inside = tokens[first..].iter().take_while(|token| token.span.start < span.end);
        let alone = dialect::lex(dialect, &rendered.sql[span.start..span.end]);
        let mut count = 0;
        for (token, single) in inside.zip(&alone) {
            if token.span.start < span.start || token.span.end > span.end {
                return Err(RenderError::InsideToken { span: site });
            }
            let same = token.kind == single.kind && token.span == single.span.shifted(span.start);
            if !same || matches!(token.kind, TokenKind::Comment | TokenKind::Bad) {
                return Err(RenderError::NotWhole { span: site });
            }
            count += 1;
        }
        if count != alone.len() {
            return Err(RenderError::InsideToken { span: site });
        }
    }
    Ok(())
}
