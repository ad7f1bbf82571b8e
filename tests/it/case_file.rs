//! Case suites in Markdown: a heading, a fence with the input, a `text` fence with what must come of it.
//!
//! The input stands in a fence of six backticks. Its info string is `markdown` for a whole file, or
//! `markdown body` for what follows [`FRONT`]. Characters that an editor would lose are written as
//! signs: `␍` carriage return, `␉` tab, `␀` NUL, `␂BOM` byte order mark.
//!
//! With `ROLLBOOK_BLESS=1` in the environment the expected blocks are rewritten; read the diff.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Six lines: the first line of a body is line 7 of its file.
pub const FRONT: &str = "---\nrollbook: 1\nid: case\ntitle: Case\ndialect: any\n---\n";

pub struct Case {
    pub title: String,
    pub input: String,
    pub expected: String,
    /// Line of the heading, from 1.
    pub line: usize,
    /// The whole file that it stands in.
    pub suite: Rc<str>,
}

pub fn files(directory: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(directory);
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    files
}

pub fn read(file: &Path) -> Vec<Case> {
    let text: Rc<str> = fs::read_to_string(file).unwrap().into();
    let mut cases: Vec<Case> = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if let Some(title) = line.strip_prefix("# ") {
            cases.push(Case {
                title: title.to_owned(),
                input: String::new(),
                expected: String::new(),
                line: number,
                suite: Rc::clone(&text),
            });
        } else if let Some(info) = line.strip_prefix("``````markdown") {
            let front = if info == " body" { FRONT } else { "" };
            let raw = block(&mut lines, "``````");
            cases.last_mut().unwrap().input = format!("{front}{}", decode(&raw));
        } else if line == "```text" {
            cases.last_mut().unwrap().expected = block(&mut lines, "```");
        }
    }
    // The first heading is the file's own.
    cases.retain(|case| !case.expected.is_empty() || !case.input.is_empty());
    cases
}

fn block<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>, end: &str) -> String {
    lines.take_while(|(_, line)| *line != end).map(|(_, line)| format!("{line}\n")).collect()
}

fn decode(text: &str) -> String {
    text.replace('␍', "\r").replace('␉', "\t").replace('␀', "\0").replace("␂BOM", "\u{feff}")
}

/// Runs every case of every file, and reports all that differ.
pub fn run(directory: &str, actual: impl Fn(&Case) -> String) -> usize {
    let mut failures = String::new();
    let mut count = 0;
    for file in files(directory) {
        let mut blessed = fs::read_to_string(&file).unwrap();
        for case in read(&file) {
            count += 1;
            let actual = actual(&case);
            if actual == case.expected {
                continue;
            }
            let name = file.file_name().unwrap().to_string_lossy();
            failures += &format!(
                "{name}:{} {}\n--- expected\n{}--- actual\n{actual}\n",
                case.line, case.title, case.expected
            );
            blessed = bless(&blessed, &case.title, &actual);
        }
        if std::env::var_os("ROLLBOOK_BLESS").is_some() {
            fs::write(&file, blessed).unwrap();
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    count
}

fn bless(text: &str, title: &str, actual: &str) -> String {
    let heading = text.find(&format!("# {title}\n")).unwrap();
    let open = heading + text[heading..].find("\n``````\n").unwrap();
    let start = open + text[open..].find("```text\n").unwrap() + "```text\n".len();
    let end = if text[start..].starts_with("```") {
        start
    } else {
        start + text[start..].find("\n```").unwrap() + 1
    };
    format!("{}{actual}{}", &text[..start], &text[end..])
}
