//! The laboratory itself: each server starts, answers, and keeps what it has committed.

use crate::support::{Durability, Engine, Lab, Server};

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

#[test]
fn a_killed_server_comes_back_with_what_it_committed() {
    for engine in [Engine::Postgres, Engine::Postgres18, Engine::Mariadb, Engine::Mysql] {
        let server = Server::start(engine, Durability::Full);
        let lab = Lab::on_server(engine, server.clone());
        lab.sql("CREATE TABLE t (n integer PRIMARY KEY)");
        lab.sql("INSERT INTO t VALUES (1)");
        server.kill_9();
        assert!(!lab.shell("SELECT 1").output().unwrap().status.success(), "{engine:?} is dead");
        server.start_again();
        assert_eq!(lab.sql("SELECT n FROM t"), "1", "{engine:?}");
    }
}
