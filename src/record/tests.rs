use std::collections::BTreeMap;

use serde_json::json;

use super::{RecordError, jsonl, markdown, paths, read_jsonl, verify};
use crate::backend::TargetInfo;
use crate::backfill::Key;
use crate::dialect::Dialect;
use crate::document::Role;
use crate::engine::{
    BatchSum, CheckTime, Direction, Entry, Event, GateKind, How, Outcome, Output, Problem, RunStarted,
    Sealed, Stop, Verdict,
};
use crate::plan::Digest;

fn digest(text: &str) -> Digest {
    Digest::of_parts([text])
}

fn started(direction: Direction) -> Event {
    let target = TargetInfo {
        dialect: Dialect::Postgres,
        server: "PostgreSQL 15.18".into(),
        database: "shop".into(),
        user: "deploy".into(),
        place: "db-1:5432".into(),
        identity: "7301-16402".into(),
    };
    let step = |id: &str, phase: &str| (id.to_owned(), phase.to_owned());
    Event::RunStarted(Box::new(RunStarted {
        direction,
        runbook: "0042-users-email-lower".into(),
        title: "Add and backfill users.email_lower".into(),
        file: "runbooks/0042.md".into(),
        file_hash: "ab".repeat(32),
        git_commit: None,
        plan: digest("plan"),
        target_name: "prod/eu 1".into(),
        target,
        operator: "ada".into(),
        engine: "rollbook 0.1.0".into(),
        arguments: String::new(),
        params: BTreeMap::from([("batch_size".into(), json!(5000)), ("ratio".into(), json!(0.3))]),
        steps: vec![
            step("add-column", "expand"),
            step("backfill", "migrate"),
            step("drop-email", "contract"),
        ],
    }))
}

fn cell_started(step: &str, cell: &str, role: Role, sql: &str) -> Event {
    Event::CellStarted {
        step: step.into(),
        cell: cell.into(),
        role,
        digest: digest(sql),
        sql: vec![sql.into()],
        secrets: None,
        committed: 0,
    }
}

fn done(cell: &str, affected: u64, output: Option<Output>) -> Event {
    Event::StatementDone { cell: cell.into(), statement: 1, affected, micros: 12_000, attempts: 1, output }
}

fn stopped(outcome: Outcome, at: Option<&str>, next: &str) -> Event {
    let at = at.map(str::to_owned);
    Event::Stopped(Stop { outcome, at, state: "as it says".into(), help: None, next: Some(next.into()) })
}

fn continued() -> Event {
    Event::RunContinued {
        plan: digest("plan"),
        operator: "grace".into(),
        engine: "rollbook 0.1.1".into(),
        file: "runbooks/0042.md".into(),
        arguments: String::new(),
    }
}

/// A second apart, and chained.
fn chain(events: Vec<Event>) -> Vec<Sealed> {
    let mut prev = String::new();
    (1..)
        .zip(events)
        .map(|(seq, event)| {
            let at = format!("2026-11-24T00:{:02}:{:02}.250Z", seq / 60, seq % 60);
            let entry =
                Sealed::new(Entry { version: 1, run: "r7k2".into(), seq, at, prev: prev.clone(), event });
            entry.hash().clone_into(&mut prev);
            entry
        })
        .collect()
}

/// Two invocations: a column, a backfill whose verify cell fails once, and a hold.
fn run() -> Vec<Sealed> {
    let check = |passed: bool| Event::Checked {
        cell: "backfill.verify".into(),
        step: Some("backfill".into()),
        time: CheckTime::After,
        digest: digest("check"),
        sql: "SELECT id FROM users WHERE email_lower IS NULL".into(),
        expected: "no rows".into(),
        passed,
        found: if passed { "0 rows" } else { "1 row" }.into(),
        output: Output {
            columns: vec!["id".into()],
            rows: if passed { vec![] } else { vec![vec![None]] },
            returned: u64::from(!passed),
            hash: "h".into(),
        },
        micros: 1_250_000,
        as_recorded: None,
    };
    let problem = Problem {
        message: "canceling statement due to lock timeout".into(),
        code: "55P03".into(),
        state: "nothing of batch 3 is committed".into(),
        help: "run it again".into(),
        ..Problem::default()
    };
    let mut events = vec![
        started(Direction::Forward),
        cell_started(
            "add-column",
            "add-column",
            Role::Forward,
            "ALTER TABLE users ADD COLUMN email_lower text",
        ),
        done("add-column", 0, None),
        Event::StepDone { step: "add-column".into() },
        cell_started("backfill", "backfill", Role::Forward, "UPDATE users SET email_lower = lower(email)"),
        Event::BatchesStarted {
            cell: "backfill".into(),
            ends: Some([1, 15000].map(|key: u64| Key(vec![key.to_string()]))),
            size: Some(5000),
            target_millis: None,
            planned: Some(14_000),
        },
    ];
    for batch in 1..=3 {
        let (keys, micros) = (5000 * batch, 400_000 * batch);
        events.push(Event::BatchDone {
            cell: "backfill".into(),
            batch,
            to: Key(vec![keys.to_string()]),
            keys: 5000,
            affected: 4000,
            sum: BatchSum { keys, rows: 4000 * batch, micros, slowest_micros: 400_000, attempts: 1 },
            micros: 400_000,
            attempts: 1,
        });
    }
    let (cell, statement, gate) = ("backfill".to_owned(), 1, "before-contract".to_owned());
    events.extend([
        Event::Retried { cell, statement, attempt: 1, wait_millis: 250, problem: problem.clone() },
        check(false),
        Event::Failed { cell: "backfill.verify".into(), statement: None, problem, attempts: 1 },
        stopped(Outcome::Failed, Some("backfill.verify"), "rollbook run runbooks/0042.md --db prod"),
        continued(),
        check(true),
        Event::StepDone { step: "backfill".into() },
        Event::GateReached {
            gate: GateKind::Hold,
            step: None,
            cell: gate.clone(),
            digest: digest("hold"),
            reasons: vec!["The release is on every host.".into()],
        },
        Event::GateOpened { cell: gate, digest: digest("hold"), operator: "grace".into(), how: How::Flag },
        stopped(Outcome::AtGate, Some("drop-email"), "rollbook run … --confirm drop-email@abc"),
    ]);
    chain(events)
}

#[test]
fn the_name_has_time_target_and_run() {
    let name = paths(&run()).unwrap();
    assert_eq!(name.markdown, "0042-users-email-lower/20261124T000001Z-prod-eu-1-r7k2.md");
    assert_eq!(name.jsonl, "0042-users-email-lower/20261124T000001Z-prod-eu-1-r7k2.jsonl");
    assert_eq!(paths(&run()[1..]), None);
    assert_eq!(paths(&[]), None);
}

#[test]
fn lines_and_page_are_read_back_and_made_again() {
    let entries = run();
    let (page, lines) = (markdown(&entries), jsonl(&entries));
    assert_eq!(read_jsonl(&lines).unwrap(), entries);
    assert_eq!(verify(&page, &lines).unwrap(), entries);
    assert_eq!(jsonl(&read_jsonl(&lines).unwrap()), lines);
    assert_eq!(markdown(&read_jsonl(&lines).unwrap()), page);
}

#[test]
fn the_page_tells_the_run() {
    let page = markdown(&run());
    for part in [
        "# Add and backfill users.email_lower: run on prod/eu 1\n",
        "| Outcome | **stopped at a gate** at `drop-email` |",
        "| Operators | `ada`, `grace` |",
        "| Invocations | 2 |",
        "| Parameters | `batch_size = 5000`, `ratio = 0.3` |",
        "| `add-column` | `expand` | done | 0 | 12 ms | 1 |",
        "| `backfill` | `migrate` | done | 12,000 | 1.2 s | 1 |",
        "| `drop-email` | `contract` | not in this run |  |  |  |",
        "```sql\nALTER TABLE users ADD COLUMN email_lower text;\n```",
        "- Batches: 3 of 5,000 keys\n- Rows: 12,000 changed, of 15,000 keys\n- Keys: from `1` to `15000`; the walk ends at `15000`,",
        "**Retried** 1 time, 250 ms of waiting.\n\n- `canceling statement due to lock timeout` (sqlstate `55P03`): 1 time\n",
        "### `backfill.verify`, verify of `backfill`\n",
        "sqlstate: 55P03\nstate: nothing of batch 3 is committed\nhelp: run it again\n",
        "### `before-contract`, hold\n",
        "- The release is on every host.\n",
        "**Confirmed** by `grace` 2026-11-24 00:00:18 UTC, given on the command line",
        "next: rollbook run runbooks/0042.md --db prod\n",
    ] {
        assert!(page.contains(part), "{part}\n--- is not in ---\n{page}");
    }
    assert_eq!(page.matches("### `backfill`\n").count(), 1, "one heading for a cell");
}

#[test]
fn doubt_and_its_end_are_told() {
    let intended = || {
        vec![
            started(Direction::Forward),
            cell_started("add-column", "add-column", Role::Forward, "CREATE INDEX CONCURRENTLY i ON t (a)"),
            Event::StatementIntended {
                cell: "add-column".into(),
                statement: 1,
                before: None,
                provable: false,
            },
        ]
    };
    let page = markdown(&chain(intended()));
    assert!(page.contains("| `add-column` | `expand` | in doubt |"), "{page}");
    assert!(page.contains("**In doubt:** statement 1 was sent"), "{page}");
    assert!(page.contains("no end in the journal"), "{page}");

    let mut events = intended();
    let (verdict, evidence) = (Verdict::NotDone, "i is there and INVALID".into());
    events.extend([
        continued(),
        Event::Resolved { cell: "add-column".into(), statement: 1, verdict, evidence },
    ]);
    let page = markdown(&chain(events));
    assert!(page.contains("statement 1 was not done. i is there and INVALID."), "{page}");
    assert!(!page.contains("**In doubt"), "{page}");
    assert!(page.contains("plan `0cf9cc4f42e2`: no end in the journal, it was killed.\n"), "{page}");
}

#[test]
fn a_replay_has_a_table_of_verify_cells() {
    let check = Event::Checked {
        cell: "expand.verify".into(),
        step: None,
        time: CheckTime::Replay,
        digest: digest("check"),
        sql: "SELECT 1".into(),
        expected: "no rows".into(),
        passed: false,
        found: "1 row".into(),
        output: Output::default(),
        micros: 900,
        as_recorded: Some(false),
    };
    let page = markdown(&chain(vec![started(Direction::Verify), check]));
    assert!(page.contains("| `expand.verify` |  | **violated** | no | 900 µs |"), "{page}");
    assert!(!page.contains("## Steps"), "{page}");
}

/// What a row, a name and a message may hold at worst.
const HOSTILE: &str = "`````\n</details><script>alert(1)</script> | a | b |\n# heading\r\n\u{1b}[31m\u{202e}";

fn hostile() -> Vec<Sealed> {
    let row = |n: u64| vec![Some(n.to_string()), Some(HOSTILE.to_owned()), None];
    let output = Output {
        columns: vec!["id".into(), HOSTILE.into(), "none".into()],
        rows: (0..100).map(row).collect(),
        returned: 10_000,
        hash: "h".into(),
    };
    let Event::RunStarted(mut start) = started(Direction::Forward) else { unreachable!() };
    for field in [&mut start.title, &mut start.operator, &mut start.target_name, &mut start.target.place] {
        field.push_str(HOSTILE);
    }
    start.params.insert(HOSTILE.into(), json!(HOSTILE));
    let problem = Problem {
        message: HOSTILE.into(),
        state: HOSTILE.into(),
        help: HOSTILE.into(),
        ..Problem::default()
    };
    chain(vec![
        Event::RunStarted(start),
        Event::GateReached {
            gate: GateKind::Destructive,
            step: Some("add-column".into()),
            cell: "add-column".into(),
            digest: digest("gate"),
            reasons: vec![HOSTILE.into()],
        },
        cell_started("add-column", "add-column", Role::Forward, &format!("SELECT '{HOSTILE}'")),
        done("add-column", 100, Some(output)),
        Event::Failed { cell: HOSTILE.into(), statement: Some(2), problem, attempts: 1 },
        stopped(Outcome::Failed, Some(HOSTILE), HOSTILE),
    ])
}

#[test]
fn hostile_text_stays_where_it_is_put() {
    use pulldown_cmark::{CodeBlockKind, Event as Markup, Options, Parser, Tag};
    let entries = hostile();
    let page = markdown(&entries);
    assert!(page.contains("Output: showing 100 of 10,000 rows.\n"), "{page}");
    assert!(page.contains("| NULL\n"), "{page}");
    assert!(!page.contains(['\u{1b}', '\u{202e}', '\r']), "{page}");
    let (mut headings, mut tables, mut columns) = (0, 0, Vec::new());
    for event in Parser::new_ext(&page, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Markup::Html(html) => panic!("{html}"),
            Markup::InlineHtml(html) => assert!(matches!(&*html, "<code>" | "</code>"), "{html}"),
            Markup::Start(Tag::Heading { .. }) => headings += 1,
            Markup::Start(Tag::Table(alignment)) => {
                tables += 1;
                columns.push(alignment.len());
            }
            Markup::Start(Tag::CodeBlock(kind)) => {
                let CodeBlockKind::Fenced(info) = kind else { panic!("an indented block in\n{page}") };
                assert!(matches!(&*info, "sql" | "text"), "{info}");
            }
            _ => {}
        }
    }
    // Title, steps, invocations, cells, and one for each of two cells.
    assert_eq!((headings, tables, columns), (6, 2, vec![2, 6]), "{page}");
    for line in page.lines().filter(|line| line.starts_with("| Place") || line.starts_with("| Parameters")) {
        assert_eq!(line.matches('|').count(), 3, "{line}");
    }
    verify(&page, &jsonl(&entries)).unwrap();
}

#[test]
fn one_changed_byte_of_either_file_is_found() {
    let entries = run();
    let (page, lines) = (markdown(&entries), jsonl(&entries));
    let edited = |text: &str, at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        String::from_utf8(bytes).ok()
    };
    for at in 0..lines.len() {
        let Some(lines) = edited(&lines, at) else { continue };
        assert!(read_jsonl(&lines).is_err(), "byte {at}");
    }
    for at in (0..page.len()).step_by(11) {
        let Some(page) = edited(&page, at) else { continue };
        assert!(matches!(verify(&page, &lines), Err(RecordError::Differs { .. })), "byte {at}");
    }
    let second = page.replacen("# Add", "# add", 1);
    assert!(matches!(verify(&second, &lines), Err(RecordError::Differs { line: 1, .. })));
    assert!(matches!(verify(page.trim_end(), &lines), Err(RecordError::Differs { found: None, .. })));
}

#[test]
fn lines_that_are_missing_moved_or_strange_are_named() {
    let entries = run();
    let (page, text) = (markdown(&entries), jsonl(&entries));
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let read = |lines: &[&str]| read_jsonl(&lines.concat()).unwrap_err();

    let without_last = lines[..lines.len() - 1].concat();
    assert!(read_jsonl(&without_last).is_ok(), "the chain alone cannot tell");
    assert!(matches!(verify(&page, &without_last), Err(RecordError::Differs { .. })));

    assert!(matches!(read(&[lines[0], lines[2]]), RecordError::Broken { line: 2 }));
    assert!(matches!(read(&[lines[0], lines[1], lines[1]]), RecordError::Broken { line: 3 }));
    assert!(matches!(read(&lines[1..]), RecordError::NoStart));
    assert!(matches!(read(&[lines[0], "\n"]), RecordError::Malformed { line: 2 }));
    assert!(matches!(read(&[lines[0], lines[1].trim_end()]), RecordError::CutOff { line: 2 }));
    assert!(matches!(read(&[]), RecordError::Empty));

    let mut other = entries.clone();
    other[1] = Sealed::new(Entry { run: "another".into(), ..(*entries[1]).clone() });
    assert!(matches!(read_jsonl(&jsonl(&other)), Err(RecordError::OtherRun { line: 2, .. })));
    let mut newer = entries.clone();
    newer[0] = Sealed::new(Entry { version: 2, ..(*entries[0]).clone() });
    assert!(matches!(read_jsonl(&jsonl(&newer)), Err(RecordError::Version { line: 1, version: 2, .. })));
}
