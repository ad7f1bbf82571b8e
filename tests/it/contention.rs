//! Batches against other clients: a deadlock, a serialization failure, a connection that is lost in the
//! middle. The statement of the batches counts, so that a batch that is applied twice, or not at all,
//! shows in every row that it holds.

use std::process::{Child, Stdio};
use std::sync::Arc;

use crate::support::{Durability, Engine, Lab, Outcome, Server, until};

const SERVERS: [Engine; 4] = [Engine::Postgres, Engine::Postgres18, Engine::Mariadb, Engine::Mysql];
const ROWS: u32 = 60;

/// `n` numbers from 1, to be selected from `s`.
fn numbers(n: u32) -> String {
    format!("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {n}) SELECT n")
}

/// Counters that batches of ten raise by one, on a server where nobody else waits for anything.
struct Scene {
    lab: Lab,
    /// Ends with this test.
    _server: Arc<Server>,
}

impl Scene {
    fn new(engine: Engine) -> Self {
        let server = Server::start(engine, Durability::None);
        let lab = Lab::on_server(engine, Arc::clone(&server));
        lab.sql("CREATE TABLE counts (id integer PRIMARY KEY, n integer NOT NULL, m integer NOT NULL)");
        lab.sql("CREATE TABLE ballast (n integer NOT NULL)");
        lab.sql(&format!("INSERT INTO counts {}, 0, 0 FROM s", numbers(ROWS)));
        let scene = Self { lab, _server: server };
        scene.lab.sql(&scene.waiting_routine());
        scene.lab.write(
            "book.md",
            &format!(
                "---\nrollbook: 1\nid: book\ntitle: A counter\ndialect: {}\n---\n\n\
                 ```sql {{id=raise phase=apply role=forward}}\n\
                 --| batch: {{table: counts, key: id, size: 10, pause: 0s}}\n\
                 --| irreversible: a count cannot be taken back\n\
                 UPDATE counts SET n = n + 1 WHERE {{{{ batch }}}};\n```\n",
                engine.dialect()
            ),
        );
        scene
    }

    fn is_postgres(&self) -> bool {
        matches!(self.lab.engine, Engine::Postgres | Engine::Postgres18)
    }

    /// How many sessions wait for a row. InnoDB's own tables of transactions and locks stay as they are while
    /// somebody asks for them more often than ten times a second.
    fn waiters(&self) -> &'static str {
        match self.lab.engine {
            Engine::Mariadb => {
                "SELECT variable_value + 0 FROM information_schema.global_status WHERE variable_name = 'Innodb_row_lock_current_waits'"
            }
            Engine::Mysql => {
                "SELECT variable_value + 0 FROM performance_schema.global_status WHERE variable_name = 'Innodb_row_lock_current_waits'"
            }
            _ => "SELECT count(*) FROM pg_locks WHERE NOT granted",
        }
    }

    /// `wait_for(n)`: inside a transaction, until so many sessions wait; for a minute at most.
    fn waiting_routine(&self) -> String {
        let waiters = self.waiters();
        if self.is_postgres() {
            return format!(
                "CREATE PROCEDURE wait_for(sessions integer) LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..3000 LOOP \
                 EXIT WHEN ({waiters}) >= sessions; PERFORM pg_sleep(0.02); END LOOP; END $$"
            );
        }
        format!(
            "DELIMITER //\nCREATE PROCEDURE wait_for(sessions INT) BEGIN DECLARE i INT DEFAULT 0; \
             WHILE i < 3000 AND ({waiters}) < sessions DO DO SLEEP(0.02); SET i = i + 1; END WHILE; END//"
        )
    }

    /// Another client's transaction that raises `m` of a row, waits until `waiters` sessions wait, and goes on.
    fn client(&self, begin: &str, row: u32, waiters: u32, and_then: &str) -> Child {
        let sql = format!(
            "{begin}; UPDATE counts SET m = m + 1 WHERE id = {row}; CALL wait_for({waiters}); {and_then}; COMMIT"
        );
        self.lab.shell(&sql).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The connections of clients that have changed their row.
    fn holding(&self) -> String {
        self.lab.sql(if self.is_postgres() {
            "SELECT pid FROM pg_stat_activity WHERE query LIKE '%CALL wait_for%' AND wait_event = 'PgSleep'"
        } else {
            "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'"
        })
    }

    fn until_holding(&self, clients: usize) {
        until("the clients' first change", || self.holding().lines().count() == clients);
    }

    /// Ends a connection, as somebody else does.
    fn end(&self, connection: &str) {
        self.lab.sql(&if self.is_postgres() {
            format!("SELECT pg_terminate_backend({connection})")
        } else {
            format!("KILL {connection}")
        });
    }

    #[track_caller]
    fn counted_once(&self) {
        assert_eq!(self.lab.sql("SELECT n, count(*) FROM counts GROUP BY n"), format!("1|{ROWS}"));
        assert_eq!(self.lab.last_batch().1, u64::from(ROWS));
    }

    fn raised_by_others(&self) -> String {
        self.lab.sql("SELECT sum(m) FROM counts")
    }
}

fn each(engines: &[Engine], test: impl Fn(Engine) + Sync) {
    let test = &test;
    std::thread::scope(|scope| {
        for engine in engines {
            scope.spawn(move || test(*engine));
        }
    });
}

/// The batch waits for the first client while the second, which has a later row, waits for the batch: the
/// ring closes when the batch comes to that row, so that it is the batch that finds it.
#[test]
fn a_deadlock_with_a_client_is_lost_and_every_row_is_counted_once() {
    each(&SERVERS, |engine| {
        let scene = Scene::new(engine);
        // It never looks for a deadlock itself, and InnoDB gives up whoever has changed fewer rows.
        let begin = if scene.is_postgres() {
            "BEGIN; SET LOCAL deadlock_timeout = '1h'".to_owned()
        } else {
            format!("START TRANSACTION; INSERT INTO ballast {} FROM s", numbers(500))
        };
        let first =
            scene.client(if scene.is_postgres() { "BEGIN" } else { "START TRANSACTION" }, 5, 2, "SELECT 1");
        let second = scene.client(&begin, 9, 1, "UPDATE counts SET m = m + 1 WHERE id = 1");
        scene.until_holding(2);
        let run = scene.lab.spawn("run", &[]);
        for child in [first, second, run] {
            Outcome::end(child).expect(0);
        }
        scene.counted_once();
        assert_eq!(scene.raised_by_others(), "3");
        let code = if scene.is_postgres() { "40P01" } else { "1213" };
        assert_eq!(scene.lab.entries(&format!("\"event\":\"retried\"%{code}")), 1, "{engine:?}");
    });
}

/// Under a snapshot the batch may not change a row that somebody has changed since.
#[test]
fn a_serialization_failure_is_tried_again_and_every_row_is_counted_once() {
    let levels = [(Engine::Postgres, "repeatable read"), (Engine::Postgres18, "serializable")];
    std::thread::scope(|scope| {
        for (engine, level) in levels {
            scope.spawn(move || {
                let scene = Scene::new(engine);
                let database = scene.lab.database();
                scene
                    .lab
                    .sql(&format!("ALTER DATABASE {database} SET default_transaction_isolation = '{level}'"));
                let client = scene.client("BEGIN", 15, 1, "SELECT 1");
                scene.until_holding(1);
                let run = scene.lab.spawn("run", &[]);
                for child in [client, run] {
                    Outcome::end(child).expect(0);
                }
                scene.counted_once();
                assert_eq!(scene.raised_by_others(), "1");
                assert_eq!(scene.lab.entries("\"event\":\"retried\"%40001"), 1, "{engine:?}");
            });
        }
    });
}

/// InnoDB has no such failure: a serializable batch waits, and then counts what it finds.
#[test]
fn a_serializable_batch_waits_its_turn_and_every_row_is_counted_once() {
    each(&[Engine::Mariadb, Engine::Mysql], |engine| {
        let scene = Scene::new(engine);
        let setting = if engine == Engine::Mysql { "transaction_isolation" } else { "tx_isolation" };
        scene.lab.sql(&format!("SET GLOBAL {setting} = 'SERIALIZABLE'"));
        let client = scene.client("START TRANSACTION", 15, 1, "SELECT 1");
        scene.until_holding(1);
        let run = scene.lab.spawn("run", &[]);
        for child in [client, run] {
            Outcome::end(child).expect(0);
        }
        scene.counted_once();
        assert_eq!(scene.raised_by_others(), "1");
    });
}

/// The batch has changed a part of its rows, and waits for the next, when its connection ends.
#[test]
fn a_connection_that_is_lost_in_a_batch_takes_the_batch_with_it_and_nothing_else() {
    each(&SERVERS, |engine| {
        let scene = Scene::new(engine);
        let begin = if scene.is_postgres() { "BEGIN" } else { "START TRANSACTION" };
        // Two sessions never wait: it holds its row until it is ended.
        let client = scene.client(begin, 35, 2, "SELECT 1");
        scene.until_holding(1);
        let run = scene.lab.spawn("run", &[]);
        until("the batch at the row", || scene.lab.sql(scene.waiters()) == "1");
        let batch = scene.lab.sql(if scene.is_postgres() {
            "SELECT pid FROM pg_locks WHERE NOT granted"
        } else {
            "SELECT id FROM information_schema.processlist WHERE info LIKE 'UPDATE counts SET n%'"
        });
        scene.end(&batch);
        let ended = Outcome::end(run);
        assert_ne!(ended.code, 0, "{ended:?}");
        assert_eq!(scene.lab.last_batch(), (3, 30), "{engine:?}");
        let mut holder = String::new();
        until("the client", || {
            holder = scene.holding();
            !holder.is_empty()
        });
        scene.end(&holder);
        Outcome::end(client);
        scene.lab.through("run", &[]).expect(0);
        scene.counted_once();
        assert_eq!(scene.raised_by_others(), "0");
    });
}
