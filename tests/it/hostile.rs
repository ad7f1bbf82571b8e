//! Arbitrary and damaged input to the journal reader and the document parser: no panic, no hang, and no
//! more memory than a small multiple of the input. The splitter's is in `cases_split.rs`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rollbook::backend::JournalRow;
use rollbook::document::parse;
use rollbook::engine::{History, decode};
use rollbook::record;
use rollbook::source::{Source, hex};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::case_file;
use crate::faults::whole_journal;
use crate::support::{Random, most_held};

/// Each input is small: a machine that is busy needs milliseconds for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What reading holds whatever it reads.
const FIXED: usize = 64 * 1024;
/// Bytes held for each byte of a journal: entries, their text, and the history of them.
const JOURNAL_MULTIPLE: usize = 15;
/// Bytes held for each byte of a runbook: its lines, blocks and nodes, and a finding for each bad one.
const DOCUMENT_MULTIPLE: usize = 150;

/// Runs a reader on an input of `length` bytes, and returns how many bytes it held for each.
#[track_caller]
fn bounded(length: usize, multiple: usize, what: impl FnOnce() -> String, read: impl FnOnce()) -> f64 {
    let started = Instant::now();
    let ((), held) = most_held(read);
    assert!(started.elapsed() < PATIENCE, "{:?} for\n{}", started.elapsed(), what());
    assert!(held <= FIXED + multiple * length, "{held} bytes for {length}:\n{}", what());
    held.saturating_sub(FIXED) as f64 / length.max(1) as f64
}

/// Reads a journal as a resume does, and makes the records of what can be read.
fn read_journal(rows: &[JournalRow]) -> (bool, bool) {
    let Ok(entries) = decode(rows) else { return (false, false) };
    let folded = History::fold(&entries).is_ok();
    let mut runs: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for entry in &entries {
        runs.entry(&entry.run).or_default().push(entry.clone());
    }
    for entries in runs.values() {
        record::markdown(entries);
    }
    (true, folded)
}

/// Makes each run's chain whole again over whatever its rows hold by now, so that the damage gets past it.
fn chain(rows: &mut [JournalRow]) {
    let mut heads: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for row in rows {
        let Ok(Value::Object(mut entry)) = serde_json::from_str::<Value>(&row.entry) else { continue };
        let (seq, head) = heads.entry(row.run.clone()).or_default();
        *seq += 1;
        entry.insert("seq".to_owned(), (*seq).into());
        entry.insert("prev".to_owned(), head.clone().into());
        row.entry = Value::Object(entry).to_string();
        row.hash = hex(&Sha256::digest(&row.entry));
        head.clone_from(&row.hash);
    }
}

/// Every place in a value that holds no others.
fn leaves<'v>(value: &'v mut Value, found: &mut Vec<&'v mut Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| leaves(item, found)),
        Value::Object(fields) => fields.values_mut().for_each(|field| leaves(field, found)),
        leaf => found.push(leaf),
    }
}

fn damage_value(random: &mut Random, text: &str) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap();
    let mut found = Vec::new();
    leaves(&mut value, &mut found);
    let at = random.below(found.len());
    *found[at] = match random.below(9) {
        0 => Value::Null,
        1 => u64::MAX.into(),
        2 => (-1).into(),
        3 => 0.into(),
        4 => "".into(),
        5 => "make".into(),
        6 => "step_done".into(),
        7 => Value::Array(vec![Value::Null; random.below(40)]),
        _ => Value::from("é".repeat(random.below(200))),
    };
    value.to_string()
}

/// Numbers that are added up, all at their largest.
fn enlarge(random: &mut Random, rows: &mut [JournalRow]) {
    let (key, largest) = random.of(&[
        ("affected", u64::MAX),
        ("micros", u64::MAX),
        ("returned", u64::MAX),
        ("attempts", u64::from(u32::MAX)),
        ("wait_millis", u64::MAX),
        ("size", u64::MAX),
    ]);
    for row in rows {
        let Ok(Value::Object(mut entry)) = serde_json::from_str::<Value>(&row.entry) else { continue };
        if let Some(number) = entry.get_mut(key) {
            *number = largest.into();
            row.entry = Value::Object(entry).to_string();
        }
    }
}

fn damage_text(random: &mut Random, text: &mut String, pieces: &[&str]) {
    let bounds: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
    let (a, b) = (random.of(&bounds), random.of(&bounds));
    let (start, end) = (a.min(b), a.max(b));
    match random.below(4) {
        0 => {
            let few = bounds.iter().find(|at| **at >= start + 8).copied().unwrap_or(end);
            text.replace_range(start..few.max(start), "");
        }
        1 => text.truncate(end),
        2 => {
            let copy = text[start..end].to_owned();
            text.insert_str(a, &copy);
        }
        _ => text.insert_str(a, random.of(pieces)),
    }
}

const JSON: [&str; 14] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "null",
    "1e999",
    "-0",
    "18446744073709551616",
    "\\ud800",
    "\"event\":\"stopped\"",
];

#[test]
fn a_damaged_journal_is_refused_or_read() {
    let whole = whole_journal();
    assert_eq!(read_journal(&whole), (true, true));
    let mut random = Random::new(0x2545_f491_4f6c_dd1d);
    let (mut decoded, mut folded, mut most) = (0, 0, 0.0_f64);
    const CASES: usize = 1200;
    for case in 0..CASES {
        let mut rows = whole[..1 + random.below(whole.len())].to_vec();
        if case % 16 == 0 {
            rows = whole.clone();
            enlarge(&mut random, &mut rows);
            chain(&mut rows);
        }
        for _ in 0..random.below(5) {
            let (a, b) = (random.below(rows.len()), random.below(rows.len()));
            match random.below(7) {
                0 if rows.len() > 1 => drop(rows.remove(a)),
                1 => rows.insert(a, rows[b].clone()),
                2 => rows.swap(a, b),
                3 => rows[a].run.clone_from(&whole[b].run),
                4 if serde_json::from_str::<Value>(&rows[a].entry).is_ok() => {
                    rows[a].entry = damage_value(&mut random, &rows[a].entry);
                }
                5 => rows[a].pos = [i64::MIN, i64::MAX, 0][random.below(3)],
                _ => damage_text(&mut random, &mut rows[a].entry, &JSON),
            }
        }
        if case % 4 > 0 {
            chain(&mut rows);
        }
        let length = rows.iter().map(|row| row.entry.len() + row.hash.len()).sum();
        let what = || rows.iter().map(|row| row.entry.as_str()).collect::<Vec<_>>().join("\n");
        most = most.max(bounded(length, JOURNAL_MULTIPLE, what, || {
            let (reads, folds) = read_journal(&rows);
            decoded += usize::from(reads);
            folded += usize::from(folds);
        }));
    }
    // Damage that stops at the first check would prove nothing of those behind it.
    assert!(decoded > CASES / 5 && folded > CASES / 20 && folded < decoded, "{decoded} and {folded}");
    assert!(most < JOURNAL_MULTIPLE as f64);
}

#[test]
fn arbitrary_bytes_are_no_journal() {
    let mut random = Random::new(0x9e6c_63d0_876a_3f6b);
    for _ in 0..2000 {
        let pieces = random.below(60);
        let entry: String = (0..pieces).map(|_| random.of(&JSON)).collect();
        let row = JournalRow {
            pos: 1,
            replaces: None,
            runbook: String::new(),
            run: String::new(),
            at: String::new(),
            hash: hex(&Sha256::digest(&entry)),
            entry,
        };
        bounded(
            row.entry.len(),
            JOURNAL_MULTIPLE,
            || row.entry.clone(),
            || {
                read_journal(std::slice::from_ref(&row));
            },
        );
    }
    for nested in ["[", "{\"a\":", "{\"version\":1,\"event\":["] {
        let entry = nested.repeat(20_000);
        let hash = hex(&Sha256::digest(&entry));
        let row = JournalRow { entry, hash, ..whole_journal().remove(0) };
        bounded(
            row.entry.len(),
            JOURNAL_MULTIPLE,
            || nested.to_owned(),
            || {
                read_journal(std::slice::from_ref(&row));
            },
        );
    }
}

const MARKDOWN: [&str; 34] = [
    "`",
    "```",
    "````",
    "~~~",
    "{",
    "}",
    "\n",
    "\n\n",
    "---\n",
    "--| ",
    "é",
    "\u{202e}",
    "\r\n",
    "\t",
    "> ",
    "- ",
    "    ",
    "<!--",
    "-->",
    "=",
    "\"",
    "\\",
    "&amp;",
    ",",
    "{{",
    "*a",
    "&a ",
    "|",
    "😀",
    ": ",
    "\0",
    "```sql {id=a phase=expand role=forward}\n",
    "--| batch: {",
    "expect=rows:",
];

#[test]
fn a_damaged_or_arbitrary_runbook_is_read_within_bounds() {
    let mut random = Random::new(0xda94_2042_e4dd_58b5);
    let read = |text: &str| {
        bounded(
            text.len(),
            DOCUMENT_MULTIPLE,
            || text.to_owned(),
            || {
                let parsed = parse(&Source::new("hostile.md", text));
                assert_eq!(parsed.document.print(), text);
            },
        )
    };
    let mut most = 0.0_f64;
    for file in case_file::files("parse") {
        for case in case_file::read(&file) {
            for _ in 0..20 {
                let mut text = case.input.clone();
                for _ in 0..=random.below(5) {
                    damage_text(&mut random, &mut text, &MARKDOWN);
                }
                most = most.max(read(&text));
            }
        }
    }
    for _ in 0..1500 {
        let pieces = random.below(300);
        let head = random.of(&["", "---\n", "---\nrollbook: 1\n---\n"]);
        let text: String = (0..pieces).map(|_| random.of(&MARKDOWN)).collect();
        most = most.max(read(&format!("{head}{text}")));
    }
    for piece in MARKDOWN {
        most = most.max(read(&piece.repeat(16 * 1024 / piece.len())));
        most = most.max(read(&format!("---\na: {}", piece.repeat(16 * 1024 / piece.len()))));
    }
    assert!(most < DOCUMENT_MULTIPLE as f64);
}
