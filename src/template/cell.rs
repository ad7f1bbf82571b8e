//! Renders one cell's body.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};

use super::Values;
use super::fragment::{self, CLOSE, Fragment, OPEN, RAW, SECRET};
use super::trail::{self, Trail, Written};
use crate::dialect::{self, Dialect, TokenKind};
use crate::source::{Provenance, Source, Span};

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
    let render = |text: &str| render_marked(text, dialect, values, batch);
    let marked = render(text).map_err(|error| {
        let span = error.range().map_or(body, |range| {
            // Its ranges count bytes and may end inside of a character.
            let (start, end) = (text.floor_char_boundary(range.start), text.ceil_char_boundary(range.end));
            Span::new(body.start + start, body.start + end.max(start))
        });
        RenderError::Template { message: template_message(&error), span }
    })?;
    let tracked = render(&trail::with_offsets(text)).ok();
    let Trail { sql, provenance, written } = trail::read(&marked, tracked.as_deref(), text, body);
    check_whole(dialect, &sql, &written)?;
    let mut raw: Vec<Span> = written.iter().filter(|one| one.raw).map(|one| one.site).collect();
    raw.dedup();
    let secret = written.iter().filter(|one| one.secret).map(|one| one.span).collect();
    Ok(Rendered { sql, provenance, secret, raw })
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

/// Every expression's text must be whole tokens that read the same alone: then no value can end a
/// string, open a comment, or grow into its neighbour.
fn check_whole(dialect: Dialect, sql: &str, written: &[Written]) -> Result<(), RenderError> {
    let tokens = dialect::lex(dialect, sql);
    for Written { span, site, raw, .. } in written.iter().copied() {
        if span.is_empty() || raw {
            continue;
        }
        let first = tokens.partition_point(|token| token.span.end <= span.start);
        let inside = tokens[first..].iter().take_while(|token| token.span.start < span.end);
        let alone = dialect::lex(dialect, &sql[span.start..span.end]);
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
