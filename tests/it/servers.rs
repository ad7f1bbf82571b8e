//! The laboratory itself: each server starts, answers, and keeps what it has committed.

use crate::support::{Direction, Durability, Engine, Lab, Outcome, PgBouncer, Proxy, Server};

#[test]
fn every_engine_answers_in_the_same_form() {
    for engine in Engine::ALL {
        let lab = Lab::new(engine);
        lab.sql("CREATE TABLE t (n integer PRIMARY KEY, word varchar(20))");
        lab.sql("INSERT INTO t VALUES (1, 'a|b <&> \"c\"'), (2, NULL), (3, 'NULL')");
        assert_eq!(lab.sql("SELECT n, word FROM t ORDER BY n"), "1|a|b <&> \"c\"\n2|\n3|NULL", "{engine:?}");
        assert!(lab.has_table("t") && !lab.has_table("u"), "{engine:?}");
        assert_eq!(lab.entries(""), 0, "{engine:?}");
    }
}

mod a_killed_server_comes_back_with_what_it_committed {
    use super::{Engine, comes_back};

    #[test]
    fn postgres() {
        comes_back(Engine::Postgres);
    }

    #[test]
    fn postgres18() {
        comes_back(Engine::Postgres18);
    }

    #[test]
    fn mariadb() {
        comes_back(Engine::Mariadb);
    }

    #[test]
    fn mysql() {
        comes_back(Engine::Mysql);
    }
}

fn comes_back(engine: Engine) {
    let server = Server::start(engine, Durability::Full);
    let lab = Lab::on_server(engine, server.clone());
    lab.sql("CREATE TABLE t (n integer PRIMARY KEY)");
    lab.sql("INSERT INTO t VALUES (1)");
    server.kill_9();
    assert!(!lab.shell("SELECT 1").output().unwrap().status.success(), "{engine:?} is dead");
    server.start_again();
    assert_eq!(lab.sql("SELECT n FROM t"), "1");
}

/// What makes a pooler of transactions unfit for a run: a session's lock does not end with its client.
#[test]
fn a_lock_taken_through_pgbouncer_outlives_its_client() {
    let server = Server::shared(Engine::Postgres);
    let pooler = PgBouncer::before(&server);
    let lab = Lab::on_server(Engine::Postgres, server);
    let held = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                WHERE locktype = 'advisory' AND datname = current_database()";
    let port = pooler.port().to_string();
    Outcome::of(lab.shell("SELECT pg_advisory_lock(1)").args(["-p", &port])).expect(0);
    assert_eq!(lab.sql(held), "1");
}

#[test]
fn a_run_may_pass_through_the_proxy() {
    for engine in [Engine::Postgres, Engine::Postgres18] {
        let server = Server::shared(engine);
        let proxy = Proxy::before(server.port());
        let lab = Lab::on_server(engine, server);
        lab.rollbook(&["status", "--db", &lab.url_at(proxy.port())]).expect(0);
        assert!(proxy.passed(Direction::ToServer) > 0 && proxy.passed(Direction::ToClient) > 0);
    }
}
