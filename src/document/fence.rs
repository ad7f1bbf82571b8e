//! Fence lines: what opens, what closes, and which ones mean to be a cell.

use crate::source::Span;

/// A line that starts with a run of backticks or tildes, after white space and the marks of list
/// items and block quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FenceLine {
    /// What stands before the run.
    pub prefix: Span,
    pub run: Span,
    pub mark: u8,
    /// The rest of the line without white space around it.
    pub info: Span,
}

/// What a fence's info string means to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Never runs, and says nothing that looks as if it should.
    Documentation,
    /// `sql` with braces.
    Cell,
    /// `text` with `expect=`.
    Table,
    /// The attributes of a cell on another language, or without braces.
    Mistaken,
}

/// Reads `text[line]` as a fence line with a run of at least `least`.
pub fn fence_line(text: &str, line: Span, least: usize) -> Option<FenceLine> {
    let raw = &text[line.start..line.end];
    let marked = strip_containers(raw);
    let mark = *marked.as_bytes().first().filter(|byte| matches!(byte, b'`' | b'~'))?;
    let run = marked.bytes().take_while(|byte| *byte == mark).count();
    if run < least {
        return None;
    }
    let start = line.end - marked.len();
    let rest = &marked[run..];
    let info_start = line.end - rest.trim_start().len();
    let info_end = (line.end - (rest.len() - rest.trim_end().len())).max(info_start);
    Some(FenceLine {
        prefix: Span::new(line.start, start),
        run: Span::new(start, start + run),
        mark,
        info: Span::new(info_start, info_end),
    })
}

/// Whether a line of a top-level fence's content, by CommonMark's rule, is its closing line.
pub fn closes(line: &str, mark: u8, run: usize) -> bool {
    match after_run(line, mark, run) {
        Some(rest) => rest.trim_matches([' ', '\t', '\r', '\n']).is_empty(),
        None => false,
    }
}

/// What stands after a run on a line that would close the fence if nothing did.
pub fn after_run(line: &str, mark: u8, run: usize) -> Option<&str> {
    let unindented = line.trim_start_matches(' ');
    let found = unindented.bytes().take_while(|byte| *byte == mark).count();
    (line.len() - unindented.len() <= 3 && found >= run).then(|| &unindented[found..])
}

/// White space, `>`, `-`, `*`, `+`, `1.`, `1)`, and an opening HTML comment.
fn strip_containers(line: &str) -> &str {
    let mut rest = line.trim_start();
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = match rest.as_bytes().get(digits) {
            Some(b'>') if digits == 0 => &rest[1..],
            Some(b'-' | b'*' | b'+') if digits == 0 && rest[1..].starts_with([' ', '\t']) => &rest[1..],
            Some(b'.' | b')') if digits > 0 && rest[digits + 1..].starts_with([' ', '\t']) => {
                &rest[digits + 1..]
            }
            Some(b'<') if rest.starts_with("<!--") => &rest[4..],
            _ => return rest,
        };
        rest = after.trim_start();
    }
}

/// Languages whose fence with braces is SQL that somebody wanted to run.
const SQL_LANGUAGES: [&str; 13] = [
    "postgresql",
    "postgres",
    "pgsql",
    "psql",
    "plpgsql",
    "mysql",
    "mariadb",
    "sqlite",
    "sqlite3",
    "mssql",
    "tsql",
    "plsql",
    "sql",
];

/// The keys whose `key=` makes a fence look like a cell.
const TELLING: [&str; 5] = ["role", "phase", "of", "id", "expect"];

pub fn purpose(info: &str) -> Purpose {
    if info.is_empty() {
        return Purpose::Documentation;
    }
    let word = language(info);
    let lower = word.to_ascii_lowercase();
    let has_brace = info.contains(['{', '}']);
    let telling = tells(info);
    match lower.as_str() {
        "sql" if word == "sql" && has_brace => Purpose::Cell,
        "text" if word == "text" && has_brace && info.contains("expect=") => Purpose::Table,
        name if SQL_LANGUAGES.contains(&name) && (has_brace || telling) => Purpose::Mistaken,
        _ if has_brace && telling => Purpose::Mistaken,
        _ => Purpose::Documentation,
    }
}

/// The language: the info string up to white space, a brace, or another mark that starts attributes.
pub fn language(info: &str) -> &str {
    let end = info.find(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | '(' | '[' | ','));
    &info[..end.unwrap_or(info.len())]
}

fn tells(info: &str) -> bool {
    info.match_indices('=').any(|(at, _)| {
        let before = info[..at].trim_end();
        let word = before.len()
            - before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-').len();
        TELLING.contains(&before[before.len() - word..].to_ascii_lowercase().as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_cell_is_never_documentation() {
        for info in ["sql {", "sql{id=a}", "sql {1,3-5}", "sql }"] {
            assert_eq!(purpose(info), Purpose::Cell, "{info}");
        }
        for info in [
            "SQL {id=a}",
            "postgresql {highlight}",
            "{.sql id=a role=forward}",
            "sql id=a role=forward",
            "sql(phase=expand)",
            "python {role=forward}",
            "text {id=a}",
        ] {
            assert_eq!(purpose(info), Purpose::Mistaken, "{info}");
        }
        for info in [
            "",
            "sql",
            "sql title=a",
            "bash {cmd}",
            "python {.numberLines}",
            "text",
            "json {\"a\": 1}",
            "width={a}",
        ] {
            assert_eq!(purpose(info), Purpose::Documentation, "{info}");
        }
        assert_eq!(purpose("text {expect=a.verify}"), Purpose::Table);
    }

    #[test]
    fn a_fence_line_is_found_behind_marks() {
        let text = "> 1. ```sql {id=a}  ";
        let line = fence_line(text, Span::new(0, text.len()), 3).unwrap();
        assert_eq!(&text[line.prefix.start..line.prefix.end], "> 1. ");
        assert_eq!(&text[line.info.start..line.info.end], "sql {id=a}");
        assert_eq!(fence_line("a ```", Span::new(0, 5), 3), None);
    }

    #[test]
    fn closing_lines_are_those_of_commonmark() {
        assert!(closes("```", b'`', 3) && closes("   ````  ", b'`', 3));
        assert!(!closes("    ```", b'`', 3) && !closes("``", b'`', 3) && !closes("``` x", b'`', 3));
        assert!(!closes("~~~", b'`', 3));
    }
}
