//! A backfill stands still for what it would harm and for whoever says so, and goes on afterwards.

use std::process::{Child, Command};
use std::sync::Arc;

use crate::json_schema::{Strict, conforms};
use crate::schemas::schema;
use crate::support::{Durability, Engine, Lab, Outcome, Server, until};

/// A counter that each batch raises by one, in a hundred batches that take a few seconds.
fn counting(engine: Engine, limits: &str) -> String {
    format!(
        "---\nrollbook: 1\nid: book\ntitle: A counter\ndialect: {}\n---\n\n\
         ```sql {{id=make phase=apply role=forward}}\n\
         CREATE TABLE counts (id integer PRIMARY KEY, n integer NOT NULL);\n\
         INSERT INTO counts WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 800) SELECT n, 0 FROM s;\n\
         ```\n```sql {{of=make phase=apply role=rollback .destructive}}\nDROP TABLE counts;\n```\n\n\
         ```sql {{id=raise phase=apply role=forward}}\n\
         --| batch: {{table: counts, key: id, size: 10, pause: 50ms, {limits}}}\n\
         --| irreversible: a count cannot be taken back\n\
         UPDATE counts SET n = n + 1 WHERE {{{{ batch }}}};\n```\n",
        engine.dialect()
    )
}

fn lab(engine: Engine, limits: &str) -> Lab {
    let lab = Lab::new(engine);
    lab.write("book.md", &counting(engine, limits));
    lab
}

fn batches(lab: &Lab) -> u64 {
    lab.last_batch().0
}

/// Whether no batch comes for longer than one takes with its pause and a look at the server.
fn stands_still(lab: &Lab) -> bool {
    let before = batches(lab);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    batches(lab) == before
}

#[track_caller]
fn ends_well(lab: &Lab, run: Child) -> Outcome {
    let end = Outcome::end(run).expect(0);
    assert_eq!(lab.sql("SELECT n, count(*) FROM counts GROUP BY n"), "1|800");
    end
}

/// Starts a run, waits for a batch, does the harm, waits until the batches stand still and why is told;
/// then takes the harm away and waits for the end.
#[track_caller]
fn holds(lab: &Lab, more: &[&str], harm: impl FnOnce(), why: &str, ease: impl FnOnce()) {
    let run = lab.spawn("run", more);
    until("a batch", || batches(lab) >= 1);
    harm();
    until("a word on why the batches stand still", || {
        lab.rollbook(&["status", "--db", &lab.url]).expect(0).out.contains("standing still")
    });
    assert!(stands_still(lab));
    let told = lab.rollbook(&["control", &run_id(lab), "status", "--db", &lab.url]).expect(0);
    assert!(told.out.contains(why), "{}", told.out);
    ease();
    ends_well(lab, run).says("stood still");
    let record = lab.records().into_iter().find(|path| path.extension().is_some_and(|e| e == "md")).unwrap();
    let record = lab.read(record);
    assert!(record.contains("- Stood still: "), "{record}");
}

/// For each engine at once: most of it is waiting.
fn each(engines: &[Engine], test: impl Fn(Engine) + Sync) {
    let test = &test;
    std::thread::scope(|scope| {
        for engine in engines {
            scope.spawn(move || test(*engine));
        }
    });
}

const SERVERS: [Engine; 3] = [Engine::Postgres, Engine::Mariadb, Engine::Mysql];

fn run_id(lab: &Lab) -> String {
    lab.sql(&format!("SELECT DISTINCT run FROM {}", lab.journal()))
}

fn control(lab: &Lab, order: &str) -> Outcome {
    lab.rollbook(&["control", &run_id(lab), order, "--db", &lab.url])
}

#[test]
fn a_file_and_a_query_hold_the_batches() {
    each(&Engine::ALL, |engine| {
        let lab = lab(engine, "throttle_file: stop, throttle_query: SELECT why FROM flags");
        lab.sql("CREATE TABLE flags (why integer)");
        holds(
            &lab,
            &[],
            || lab.write("stop", ""),
            "(throttle_file)",
            || {
                std::fs::remove_file(lab.folder.join("stop")).unwrap();
            },
        );
        let lab = self::lab(engine, "throttle_query: SELECT why FROM flags");
        lab.sql("CREATE TABLE flags (why integer)");
        holds(
            &lab,
            &[],
            || drop(lab.sql("INSERT INTO flags VALUES (42)")),
            "the query answers 42",
            || {
                lab.sql("DELETE FROM flags");
            },
        );
    });
}

#[test]
fn what_cannot_be_asked_holds_the_batches() {
    each(&Engine::ALL, |engine| {
        let lab = lab(engine, "throttle_query: SELECT why FROM flags");
        let run = lab.spawn("run", &[]);
        until("a word on it", || lab.entries("cannot be read") >= 1);
        assert_eq!(batches(&lab), 0);
        lab.sql("CREATE TABLE flags (why integer)");
        ends_well(&lab, run);
    });
}

#[test]
fn active_sessions_hold_the_batches() {
    each(&SERVERS, |engine| {
        // A server of its own: on the shared one other tests are a load too.
        let lab = Lab::on_server(engine, Server::start(engine, Durability::None));
        lab.write("book.md", &counting(engine, "max_load: 2, max_waiting: off"));
        let sleep = match engine {
            Engine::Postgres => "SELECT pg_sleep(600)",
            _ => "SELECT sleep(600)",
        };
        let mut sleepers = Vec::new();
        holds(
            &lab,
            &[],
            || {
                sleepers.extend(
                    (0..4).map(|_| lab.shell(sleep).stdout(std::process::Stdio::null()).spawn().unwrap()),
                )
            },
            "sessions are active, and 2 may be (max_load)",
            || {
                let kill = match engine {
                    Engine::Postgres => {
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()".to_owned()
                    }
                    _ => {
                        let ids = lab.sql("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT sleep(%'");
                        ids.lines().map(|id| format!("KILL {id};")).collect()
                    }
                };
                lab.sql(&kill);
            },
        );
        for sleeper in sleepers {
            Outcome::end(sleeper);
        }
    });
}

#[test]
fn a_person_pauses_resizes_and_resumes_from_elsewhere() {
    each(&Engine::ALL, |engine| {
        let lab = lab(engine, "");
        let run = lab.spawn("run", &[]);
        until("a batch", || batches(&lab) >= 1);
        control(&lab, "pause")
            .expect(0)
            .says("standing still at raise")
            .says("paused by ann@lab")
            .says("the run has seen every change");
        assert!(stands_still(&lab));
        let json = ["control", &run_id(&lab), "status", "--db", &lab.url, "--format", "json"];
        let told: serde_json::Value = serde_json::from_str(&lab.rollbook(&json).expect(0).out).unwrap();
        conforms(&told, &schema("control"), Strict::OurOwn);
        assert_eq!(told["paused"]["by"], "ann@lab");
        control(&lab, "size=40").expect(0).says("batches of 40, asked for by ann@lab");
        let before = batches(&lab);
        control(&lab, "resume").expect(0);
        ends_well(&lab, run);
        let left = (800 - before * 10).div_ceil(40);
        assert!(batches(&lab) - before <= left + 1, "{} batches and {left}", batches(&lab) - before);
        for wish in ["pause", "size 40", "resume"] {
            assert_eq!(lab.entries(&format!("\"wish\":\"{wish}\"")), 1, "{wish}");
        }
        control(&lab, "pause").expect(1).says("is not running: it is completed");
        lab.rollbook(&["control", "r-nobody", "pause", "--db", &lab.url])
            .expect(2)
            .says("no run r-nobody is recorded");
    });
}

#[test]
fn a_pause_outlives_a_kill_and_can_be_taken_back_before_the_run_goes_on() {
    each(&[Engine::Sqlite, Engine::Postgres, Engine::Mysql], |engine| {
        let lab = lab(engine, "");
        let mut run = lab.spawn("run", &[]);
        until("a batch", || batches(&lab) >= 1);
        control(&lab, "pause").expect(0);
        run.kill().unwrap();
        run.wait().unwrap();
        until("the end of the lock", || {
            lab.rollbook(&["status", "--db", &lab.url]).expect(0).out.contains("killed")
        });
        control(&lab, "pause").expect(1).says("is not running: it is killed").says("goes on with it");
        control(&lab, "size=40").expect(0).says("batches of 40, asked for by ann@lab");
        let before = batches(&lab);
        let run = lab.spawn("run", &[]);
        until("a word on the pause", || lab.entries("\"event\":\"throttled\"") >= 2);
        assert!(stands_still(&lab));
        assert_eq!(batches(&lab), before);
        signal(&run, "-INT");
        Outcome::end(run).expect(130);
        control(&lab, "resume").expect(0);
        ends_well(&lab, lab.spawn("run", &[]));
        // Asked for while nobody ran, and heeded by whoever ran next.
        for wish in ["size 40", "resume"] {
            assert_eq!(lab.entries(&format!("\"wish\":\"{wish}\"")), 1, "{wish}");
        }
        assert!(batches(&lab) - before <= (800 - before * 10).div_ceil(40) + 1);
    });
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn only_a_cell_in_batches_can_be_controlled() {
    let lab = Lab::new(Engine::Postgres);
    lab.write(
        "book.md",
        "---\nrollbook: 1\nid: book\ntitle: A sleep\ndialect: postgres\n---\n\n```sql {id=one phase=apply role=forward}\n\
         --| irreversible: a test\nCREATE TABLE one (n integer);\n```\n```sql {id=two phase=apply role=forward}\n\
         --| irreversible: a test\nSELECT pg_sleep(600) FROM one;\nINSERT INTO one VALUES (1);\nSELECT pg_sleep(600) FROM one;\n```\n",
    );
    let run = lab.spawn("run", &[]);
    until("the sleep", || {
        lab.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == "1"
    });
    control(&lab, "pause").expect(1).says("is not in batches");
    signal(&run, "-INT");
    // Two at the same moment are one to the process.
    std::thread::sleep(std::time::Duration::from_millis(500));
    signal(&run, "-INT");
    Outcome::end(run).expect(130);
}

#[test]
fn sessions_that_wait_for_the_backfill_hold_it() {
    each(&SERVERS, |engine| {
        let lab = lab(engine, "");
        // The batch's own statement takes long with its row locked, so that others are seen to wait for it.
        let sleep = if engine == Engine::Postgres { "pg_sleep(0.1) IS NOT NULL" } else { "sleep(0.1) = 0" };
        let slow = counting(engine, "")
            .replace("WHERE {{ batch }}", &format!("WHERE {{{{ batch }}}} AND {sleep}"))
            .replace("size: 10", "size: 40");
        lab.write("book.md", &slow);
        let run = lab.spawn("run", &[]);
        until("a batch", || batches(&lab) >= 1);
        // Batch after batch: the first statements may slip in before a row is locked.
        until("a few batches", || {
            lab.sql("UPDATE counts SET n = n WHERE id % 40 = 1");
            batches(&lab) >= 4
        });
        signal(&run, "-INT");
        Outcome::end(run).expect(130);
        assert!(lab.entries("\"max_waiting\":") >= 1, "{engine:?}");
    });
}

#[test]
fn a_paused_standby_holds_the_batches() {
    each(&[Engine::Postgres, Engine::Postgres18], |engine| {
        let primary = Server::start(engine, Durability::Replicated);
        let standby = primary.replica(engine);
        let lab = Lab::on_server(engine, Arc::clone(&primary));
        lab.write("book.md", &counting(engine, "max_lag: 1s"));
        let on_standby = |sql: &str| standby.sql("postgres", sql);
        let streams = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        until("the standby", || primary.sql("postgres", streams).trim() == "1");
        holds(
            &lab,
            &[],
            || drop(on_standby("SELECT pg_wal_replay_pause()")),
            "behind (max_lag)",
            || drop(on_standby("SELECT pg_wal_replay_resume()")),
        );
    });
}

#[test]
fn a_replica_that_stops_applying_holds_the_batches() {
    each(&[Engine::Mariadb, Engine::Mysql], |engine| {
        let primary = Server::start(engine, Durability::Replicated);
        let replica = primary.replica(engine);
        let lab = Lab::on_server(engine, Arc::clone(&primary));
        lab.write("book.md", &counting(engine, "max_lag: 1s"));
        let url = replica.url_at(replica.port(), lab.database());
        until("the database on the replica", || {
            replica.sql("mysql", "SHOW DATABASES").lines().any(|name| name == lab.database())
        });
        let word = if engine == Engine::Mysql { "REPLICA" } else { "SLAVE" };
        // Nobody knows how far an unnamed replica is.
        let run = lab.spawn("run", &[]);
        until("a word on the replica", || lab.entries("1 replica reads this server") >= 1);
        assert_eq!(batches(&lab), 0);
        signal(&run, "-INT");
        Outcome::end(run).expect(130);
        holds(
            &lab,
            &["--replica", &url],
            || drop(replica.sql("mysql", &format!("STOP {word} SQL_THREAD"))),
            "behind (max_lag)",
            || drop(replica.sql("mysql", &format!("START {word} SQL_THREAD"))),
        );
    });
}

#[test]
fn a_slot_that_keeps_the_log_and_dead_rows_hold_the_batches() {
    let lab = Lab::on_server(Engine::Postgres, Server::start(Engine::Postgres, Durability::None));
    lab.write("book.md", &counting(Engine::Postgres, "max_wal: 1MB"));
    holds(
        &lab,
        &[],
        || {
            lab.sql("SELECT pg_create_physical_replication_slot('forgotten', true)");
            lab.sql("CREATE TABLE junk AS SELECT n, repeat('x', 500) FROM generate_series(1, 6000) n");
        },
        "replication slot forgotten keeps",
        || drop(lab.sql("SELECT pg_drop_replication_slot('forgotten')")),
    );
    let lab = Lab::on_server(Engine::Postgres, Server::start(Engine::Postgres, Durability::None));
    lab.write("book.md", &counting(Engine::Postgres, "max_dead: 2x"));
    holds(
        &lab,
        &[],
        || {
            // More than the batches themselves can leave behind: nobody would remove those.
            lab.sql("ALTER TABLE counts SET (autovacuum_enabled = off, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0)");
            lab.sql("INSERT INTO counts SELECT n, 0 FROM generate_series(10001, 14000) n");
            lab.sql("DELETE FROM counts WHERE id > 10000");
        },
        "dead rows, and may have",
        || drop(lab.sql("VACUUM counts")),
    );
}

#[test]
fn a_role_that_may_not_look_is_told_what_it_lacks() {
    let lab = lab(Engine::Postgres, "max_load: 5");
    lab.sql(&format!(
        "CREATE ROLE {0} LOGIN; GRANT CREATE ON DATABASE {0} TO {0}; GRANT ALL ON SCHEMA public TO {0}",
        lab.database()
    ));
    let url = lab.url.replace("postgres@", &format!("{}@", lab.database()));
    let run = lab
        .command(&["run", "book.md", "--db", &url])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    until("a word on it", || lab.entries("GRANT pg_read_all_stats TO") >= 1);
    assert_eq!(batches(&lab), 0);
    lab.sql(&format!("GRANT pg_read_all_stats TO {}", lab.database()));
    ends_well(&lab, run);
}

#[test]
fn limits_that_an_engine_has_not_are_errors_and_a_query_must_read() {
    let lab = lab(Engine::Sqlite, "max_wal: 1GB, throttle_query: DELETE FROM counts");
    lab.rollbook(&["check", "book.md"])
        .expect(1)
        .says("`max_wal` means nothing on sqlite")
        .says("`throttle_query` is not one statement that only reads");
    lab.write(
        "book.md",
        &counting(Engine::Sqlite, "max_wal: 1GB").replace("dialect: sqlite", "dialect: [sqlite, postgres]"),
    );
    lab.rollbook(&["check", "book.md"]).expect(0);
}

/// A run on a server of its own, told as events, beside a session that is at work.
fn beside_another(engine: Engine) -> String {
    let lab = Lab::on_server(engine, Server::start(engine, Durability::None));
    // Progress is told once a second: each row takes its time.
    let slow = if engine == Engine::Postgres { "pg_sleep(0.008) IS NOT NULL" } else { "sleep(0.008) = 0" };
    let book = counting(engine, "")
        .replace("n < 800", "n < 200")
        .replace("size: 10, pause: 50ms, ", "target: 100ms");
    lab.write("book.md", &book.replace("WHERE {{ batch }}", &format!("WHERE {{{{ batch }}}} AND {slow}")));
    let (sleep, asleep) = match engine {
        Engine::Postgres => {
            ("SELECT pg_sleep(600)", "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        }
        _ => (
            "SELECT sleep(600)",
            "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT sleep(%'",
        ),
    };
    let mut sleeper = lab.shell(sleep).stdout(std::process::Stdio::null()).spawn().unwrap();
    until("a session at work", || lab.sql(asleep) == "1");
    let run = lab.rollbook(&["run", "book.md", "--db", &lab.url, "--format", "json"]).expect(0);
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    run.says("\"event\":\"progress\"").out
}

#[test]
fn batches_give_way_to_whoever_is_at_work() {
    each(&SERVERS, |engine| {
        let busy = beside_another(engine);
        assert!(busy.contains("\"gives_way\":true"), "{engine:?}: {busy}");
    });
}
