use std::process::{Child, Command};

use super::books::{book, counting, long_text, slow, whole};
use crate::support::{Engine, Lab, Outcome, until};

fn lab(engine: Engine, text: &str) -> Lab {
    let lab = Lab::new(engine);
    lab.write("book.md", text);
    lab
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

pub fn a_run_stops_at_its_hold_and_its_destructive_cell_and_completes(engine: Engine) {
    let lab = lab(engine, &whole(engine));
    let hold = lab.on("run", &[]).expect(3).says("before-contract").says("The new release is everywhere.");
    assert_eq!(lab.sql("SELECT count(*) FROM users WHERE email_lower = lower(email)"), "250");
    let consent = hold.consent();
    let gate = lab.on("run", &["--confirm", &consent]).expect(3);
    let gate = gate
        .says("ALTER TABLE users DROP COLUMN email")
        .says("ADD COLUMN email text")
        .says("Nothing reads it.");
    lab.on("status", &[]).expect(0).says("at gate").says(&gate.consent());
    lab.on("run", &["--confirm", &gate.consent()]).expect(0).says("completed");
    assert_eq!(lab.entries("\"event\":\"step_done\""), 4);
    assert_eq!(lab.last_batch(), (3, 250));
    assert_eq!(lab.entries("\"event\":\"batch_done\""), 1, "batches are summed in the journal");
    lab.on("status", &[]).expect(0).says("completed");
}

pub fn a_finished_runbook_has_nothing_left_and_writes_nothing(engine: Engine) {
    let lab = lab(engine, &whole(engine));
    lab.through("run", &[]).expect(0);
    let before = lab.entries("");
    lab.on("run", &[]).expect(0).says("nothing to run");
    assert_eq!(lab.entries(""), before);
}

pub fn one_step_at_a_time(engine: Engine) {
    let lab = lab(engine, &whole(engine));
    for done in 1..=3 {
        lab.on("run", &["--step"]).expect(0);
        assert_eq!(lab.entries("\"event\":\"step_done\""), done);
    }
}

pub fn until_a_step_or_a_phase(engine: Engine) {
    let lab = lab(engine, &whole(engine));
    lab.on("run", &["--until", "make"]).expect(0);
    assert_eq!(lab.entries("\"event\":\"step_done\""), 1);
    lab.on("run", &["--until", "expand"]).expect(0);
    assert_eq!(lab.entries("\"event\":\"step_done\""), 2);
    lab.on("run", &["--until", "migrat"]).expect(2).says("did you mean `migrate`?");
    lab.on("run", &["--until", "make"]).expect(0).says("`make` is done on this target already");
    lab.on("run", &["--until", "expand"]).expect(0).says("`expand` is done on this target already");
    assert_eq!(lab.entries("\"event\":\"step_done\""), 2, "nothing ran that was not asked for");
}

pub fn a_failing_statement_takes_its_whole_cell_back(engine: Engine) {
    let cells = "```sql {id=make phase=expand role=forward}\nCREATE TABLE t (n integer PRIMARY KEY);\n```\n\
        ```sql {of=make phase=expand role=rollback .destructive}\nDROP TABLE t;\n```\n\n\
        ```sql {id=fill phase=expand role=forward}\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (7);\n```\n\
        ```sql {of=fill phase=expand role=rollback .destructive}\nDELETE FROM t;\n```\n";
    let lab = lab(engine, &book(engine, "", cells));
    lab.on("run", &["--step"]).expect(0);
    lab.sql("INSERT INTO t VALUES (7)");
    lab.on("run", &[])
        .expect(1)
        .says("failed on statement 2")
        .says("state: ")
        .says("rolled back")
        .says("help: ");
    assert_eq!(lab.sql("SELECT n FROM t"), "7", "the first statement is rolled back with the second");
    lab.sql("DELETE FROM t");
    lab.on("run", &[]).expect(0);
    assert_eq!(lab.sql("SELECT n FROM t ORDER BY n"), "1\n7");
}

pub fn a_done_cell_keeps_its_tokens(engine: Engine) {
    let text = whole(engine);
    let lab = lab(engine, &text);
    lab.on("run", &["--until", "expand"]).expect(0);
    lab.write(
        "book.md",
        &text.replace("ADD COLUMN email_lower text;", "ADD  COLUMN /* a comment */ email_lower text;"),
    );
    lab.on("run", &["--until", "migrate"]).expect(0);
    lab.write("book.md", &text.replace("ADD COLUMN email_lower text;", "ADD COLUMN email_lower varchar(9);"));
    let refused = lab.on("run", &[]).expect(2).says("its text has changed");
    refused.says("- ALTER TABLE users ADD").says("+ ALTER TABLE users ADD COLUMN email_lower varchar(9)");
    lab.write("book.md", &text.replace("id=add ", "id=added ").replace("of=add ", "of=added "));
    lab.on("run", &[]).expect(2).says("step `add` is done, and the runbook no longer has it");
}

pub fn a_consent_is_for_one_text_on_one_target(engine: Engine) {
    let text = whole(engine);
    let first = lab(engine, &text);
    let hold = first.on("run", &[]).expect(3).consent();
    let gate = first.on("run", &["--confirm", &hold]).expect(3).consent();
    let stale = first.on("run", &["--confirm", "drop-email@000000000000"]).expect(3);
    stale
        .says("for another text or on another target")
        .says("--confirm drop-email@000000000000 was not used");
    first.on("run", &["--confirm", &gate.replace("drop-email", "fill")]).expect(3);
    let second = lab(engine, &text);
    second.on("run", &["--confirm", &hold]).expect(3).says("before-contract");
    first.write("book.md", &text.replace("DROP COLUMN email;", "DROP COLUMN email_lower;"));
    first.on("run", &["--confirm", &gate]).expect(3);
    assert_eq!(first.sql("SELECT count(email) FROM users"), "250");
}

pub fn a_replay_holds_then_finds_a_violation(engine: Engine) {
    let lab = lab(engine, &whole(engine));
    lab.on("verify", &[]).expect(1).says("no runbook of this id has run");
    lab.on("run", &[]).expect(3);
    let entries = lab.entries("");
    lab.on("verify", &[]).expect(0).says("holds").says("the same answer");
    lab.sql("UPDATE users SET email_lower = NULL WHERE id = 17");
    lab.on("verify", &[]).expect(1).says("fill.verify").says("violated").says("17");
    assert_eq!(lab.entries(""), entries, "a replay writes no journal");
    assert_eq!(lab.records().len(), 6, "two files for the run and for each replay of runs");
}

pub fn a_rollback_undoes_in_reverse_and_the_run_goes_forward_again(engine: Engine) {
    let lab = lab(engine, &whole(engine));
    lab.on("rollback", &[]).expect(1);
    lab.through("run", &[]).expect(0);
    lab.on("rollback", &["--plan"]).expect(0).says("drop-email");
    lab.through("rollback", &["--to", "expand"]).expect(0).says("everything after `expand` is undone");
    assert_eq!(lab.sql("SELECT count(email_lower), count(*) FROM users"), "0|250");
    lab.through("rollback", &[]).expect(0);
    assert!(!lab.has_table("users"));
    lab.through("run", &[]).expect(0).says("completed");
    assert_eq!(lab.sql("SELECT count(email_lower) FROM users"), "250");
    lab.on("verify", &[]).expect(0);
}

pub fn nothing_passes_an_irreversible_step_unasked(engine: Engine) {
    let lab = lab(engine, &counting(engine).replace("30ms", "0ms"));
    lab.on("run", &[]).expect(0);
    let gate = lab.on("rollback", &[]).expect(3).says("a count cannot be taken back");
    assert_eq!(lab.sql("SELECT count(*) FROM counts"), "400", "nothing behind it is undone");
    let consent = gate.consent();
    let next = lab.on("rollback", &["--confirm", &consent]).expect(3).consent();
    lab.on("rollback", &["--confirm", &next]).expect(0).says("but for what nothing undoes: raise");
    // Forward again it really runs again, and only when somebody says so.
    let again = lab.on("run", &[]).expect(3).says("runs again although").consent();
    lab.on("run", &["--confirm", &again]).expect(0);
    assert_eq!(lab.sql("SELECT n, count(*) FROM counts GROUP BY n"), "1|400");
}

pub fn a_secret_is_nowhere(engine: Engine) {
    let cells = "```sql {id=make phase=expand role=forward}\nCREATE TABLE secrets (k varchar(100) PRIMARY KEY);\nINSERT INTO secrets VALUES ({{ token }});\n```\n\
        ```sql {of=make phase=expand role=rollback .destructive}\nDROP TABLE secrets;\n```\n\
        ```sql {of=make phase=expand role=verify expect=rows:1}\nSELECT k FROM secrets;\n```\n\n\
        ```sql {id=again phase=expand role=forward}\nINSERT INTO secrets VALUES ({{ token }});\n```\n\
        ```sql {of=again phase=expand role=rollback .destructive}\nDELETE FROM secrets;\n```\n";
    let lab = lab(engine, &book(engine, "params:\n  token: {type: string, secret: true}\n", cells));
    let end = lab.on("run", &["--set", "token=hunter2'x"]).expect(1);
    assert_eq!(lab.sql("SELECT k FROM secrets"), "hunter2'x");
    let mut said = format!("{}{}", end.out, end.err);
    said.push_str(&lab.sql(&format!("SELECT entry FROM {}", lab.journal())));
    for record in lab.records() {
        said.push_str(&lab.read(record));
    }
    assert!(said.contains("(secret)") && !said.contains("hunter2"), "{said}");
}

pub fn hostile_values_stay_values(engine: Engine) {
    let cells = "```sql {id=make phase=expand role=forward}\nCREATE TABLE said (n integer PRIMARY KEY, word text);\nINSERT INTO said VALUES (1, {{ word }});\n```\n\
        ```sql {of=make phase=expand role=rollback .destructive}\nDROP TABLE said;\n```\n";
    let cells = cells.replace("word text", &format!("word {}", long_text(engine)));
    let text = book(engine, "params:\n  word: {type: string}\n", &cells);
    for word in [
        "'; DROP TABLE said; --",
        "a\n```\n\n```sql {id=evil phase=expand role=forward}\nDROP TABLE said;\n```\n",
        "\\'; DROP TABLE said; --",
        "-- */ /* $$ $1 ?1 :x",
        "{{ word }} {% raw %} {#",
        "\"`[]",
    ] {
        let lab = lab(engine, &text);
        lab.on("run", &["--set", &format!("word={word}")]).expect(0);
        assert_eq!(lab.sql("SELECT word FROM said"), word.trim_end_matches('\n'));
        assert_eq!(lab.entries("\"event\":\"statement_done\""), 2);
    }
    let inside = text.replace("{{ word }}", "'a {{ word }}'");
    lab(engine, &inside).on("run", &["--set", "word=b"]).expect(2).says("inside a string");
    // Longer than an argument may be, so it comes in a file.
    let big = lab(engine, &text);
    big.write("values.json", &format!("{{\"word\": \"{}\"}}", "';--".repeat(250_000)));
    big.on("run", &["--params", "values.json"]).expect(0);
    assert_eq!(big.sql("SELECT count(*), max(length(word)) FROM said"), "1|1000000");
    let nul = lab(engine, &text);
    nul.write("values.json", "{\"word\": \"a\\u0000b\"}");
    nul.on("run", &["--params", "values.json"]).expect(2).says("NUL");
}

pub fn killed_between_batches_every_row_changes_once(engine: Engine) {
    let lab = lab(engine, &counting(engine));
    for batches in [2, 5, 9] {
        let mut run = lab.spawn("run", &[]);
        until("a few batches", || lab.last_batch().0 >= batches);
        kill(&mut run);
        until("the end of the lock", || {
            lab.on("run", &["--until", "expand"]).code != 5 || engine == Engine::Sqlite
        });
    }
    lab.on("status", &[]).expect(0);
    lab.on("run", &[]).expect(0);
    assert_eq!(lab.sql("SELECT n, count(*) FROM counts GROUP BY n"), "1|400");
    assert_eq!(lab.last_batch(), (40, 400));
}

pub fn killed_inside_a_cell_nothing_of_it_remains(engine: Engine) {
    let lab = lab(engine, &slow(engine));
    let mut run = lab.spawn("run", &[]);
    until("the first step", || lab.entries("\"event\":\"step_done\"") == 1);
    until("the second cell", || engine == Engine::Sqlite || busy(&lab));
    kill(&mut run);
    assert_eq!(lab.sql("SELECT count(*) FROM marks"), "0");
    lab.on("status", &[]).expect(0).says("killed").says("next for book: rollbook run book.md");
    until("the end of the lock", || lab.on("run", &["--set", "work=1000"]).code == 0);
    assert_eq!(lab.sql("SELECT n FROM marks ORDER BY n"), "1\n2\n3");
    assert_eq!(lab.entries("\"event\":\"step_done\""), 2);
}

/// Whether the server is in the slow statement.
fn busy(lab: &Lab) -> bool {
    let sleeping = match lab.engine {
        Engine::Sqlite => unreachable!("it has no server"),
        Engine::Postgres | Engine::Postgres18 => {
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND pid <> pg_backend_pid() \
             AND datname = current_database()"
        }
        Engine::Mariadb | Engine::Mysql => {
            "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%sleep(%' \
             AND id <> connection_id() AND db = database()"
        }
    };
    lab.sql(sleeping) != "0"
}

pub fn a_second_run_is_told_who_holds_the_target(engine: Engine) {
    let lab = lab(engine, &counting(engine));
    let first = lab.spawn("run", &[]);
    until("a batch", || lab.last_batch().0 >= 1);
    lab.on("run", &[]).expect(5).says("another run holds the target").says("held by ann@lab since 20");
    until("the cell to be told", || lab.on("run", &[]).expect(5).err.contains("on cell raise"));
    lab.on("status", &[]).expect(0).says("running");
    Outcome::end(first).expect(0);
    assert_eq!(lab.sql("SELECT n, count(*) FROM counts GROUP BY n"), "1|400");
}

pub fn an_interrupt_leaves_a_run_that_continues(engine: Engine) {
    let lab = lab(engine, &counting(engine));
    let run = lab.spawn("run", &[]);
    until("a batch", || lab.last_batch().0 >= 1);
    let sent = Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(sent.success());
    Outcome::end(run).expect(130);
    assert!(lab.last_batch().0 < 40);
    lab.on("status", &[]).expect(0).says("interrupted");
    lab.on("run", &[]).expect(0);
    assert_eq!(lab.sql("SELECT n, count(*) FROM counts GROUP BY n"), "1|400");
}

pub fn a_record_is_whole_until_somebody_edits_it(engine: Engine) {
    let lab = lab(engine, &whole(engine));
    lab.through("run", &[]).expect(0);
    let records = lab.records();
    let (events, page) = (&records[0], &records[1]);
    lab.rollbook(&["record", "verify", page.to_str().unwrap()]).expect(0);
    lab.rollbook(&["record", "export", "--db", &lab.url, "-o", "again"]).expect(0);
    let folder = page.parent().unwrap().file_name().unwrap();
    let again = lab.folder.join("again").join(folder).join(page.file_name().unwrap());
    assert_eq!(lab.read(&again), lab.read(page), "made again from the journal, byte for byte");
    let edited = lab.read(events).replacen("ann@lab", "bob@lab", 1);
    std::fs::write(events, edited).unwrap();
    lab.rollbook(&["record", "verify", page.to_str().unwrap()]).expect(1);
}

pub fn a_stream_ends_with_one_stop(engine: Engine) {
    let lab = lab(engine, &whole(engine));
    let end = lab.on("run", &["--format", "json"]).expect(3);
    let events: Vec<serde_json::Value> =
        end.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stops = events.iter().filter(|event| event["event"] == "stopped").count();
    assert_eq!(stops, 1);
    assert_eq!(events.last().unwrap()["event"], "stopped");
    assert_eq!(events.last().unwrap()["outcome"], "at_gate");
    assert!(events.iter().all(|event| event["version"] == 1 && event["at"].is_string()));
}

pub fn a_verify_cell_cannot_write(engine: Engine) {
    // To the classifier its call is a SELECT; only the database knows better.
    let (function, refusal) = match engine {
        // It has no functions that are written in SQL.
        Engine::Sqlite => return,
        Engine::Postgres | Engine::Postgres18 => (
            "CREATE FUNCTION sly() RETURNS integer LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING n'",
            "read-only transaction",
        ),
        Engine::Mariadb | Engine::Mysql => (
            "DELIMITER //\nCREATE FUNCTION sly() RETURNS integer MODIFIES SQL DATA \
             BEGIN INSERT INTO t VALUES (1); RETURN 1; END//",
            "READ ONLY transaction",
        ),
    };
    let cells = "```sql {id=add phase=expand role=forward}\nALTER TABLE t ADD COLUMN m integer;\n```\n\
        ```sql {of=add phase=expand role=rollback .destructive}\nALTER TABLE t DROP COLUMN m;\n```\n\
        ```sql {of=add phase=expand role=verify expect=rows:1}\nSELECT sly();\n```\n";
    let lab = lab(engine, &book(engine, "", cells));
    lab.sql("CREATE TABLE t (n integer)");
    lab.sql(function);
    lab.on("run", &[]).expect(1).says(refusal);
    assert_eq!(lab.sql("SELECT count(*) FROM t"), "0");
}

pub fn a_batch_key_without_a_value_is_said(engine: Engine) {
    let cells = "```sql {id=make phase=expand role=forward}\nCREATE TABLE t (k integer UNIQUE, n integer);\nINSERT INTO t VALUES (1, 0), (NULL, 0);\n```\n\
        ```sql {of=make phase=expand role=rollback .destructive}\nDROP TABLE t;\n```\n\n\
        ```sql {id=fill phase=expand role=forward}\n--| batch: {table: t, key: k}\n--| irreversible: a test\nUPDATE t SET n = 1 WHERE {{ batch }};\n```\n";
    let lab = lab(engine, &book(engine, "", cells));
    lab.on("run", &[]).expect(1).says("rows of t have no k").says("no batch has run");
    assert_eq!(lab.sql("SELECT sum(n) FROM t"), "0");
}

pub fn a_changed_rollback_cell_does_not_go_on_half_way(engine: Engine) {
    let cells = "```sql {id=make phase=expand role=forward}\nCREATE TABLE a (n integer);\nCREATE TABLE b (n integer);\n```\n\
        ```sql {of=make phase=expand role=rollback .destructive}\n--| tx: statement\nDROP TABLE a;\nDROP TABLE nope;\n```\n";
    let text = book(engine, "", cells);
    let lab = lab(engine, &text);
    lab.on("run", &[]).expect(0);
    lab.through("rollback", &[]).expect(1).says("1 of 2 statements is committed");
    lab.write("book.md", &text.replace("DROP TABLE a;\nDROP TABLE nope;", "DROP TABLE b;\nDROP TABLE a;"));
    lab.on("rollback", &[]).expect(2).says("cell `make.rollback` is done or partly done");
    assert!(lab.has_table("b"));
}

pub fn a_printed_command_holds_no_secret(engine: Engine) {
    let text = whole(engine)
        .replace("holds:", "params:\n  token: {type: string, secret: true}\n  word: {type: string}\nholds:");
    let lab = lab(engine, &text);
    let end = lab.on("run", &["--set", "token=hunter2", "--set", "word=it's"]).expect(3);
    assert!(end.out.contains("--set 'word=it'\\''s'") && !end.out.contains("hunter2"), "{}", end.out);
    // Nobody is there to be asked: the shell has it, or says that it has not.
    assert!(end.out.contains("--set \"token=${TOKEN:?}\""), "{}", end.out);
}
