//! What a server's settings and state mean for a plan.

use super::estimate::Class;
use super::judge::Judged;
use super::world::World;
use crate::backend::survey::{Note, Sight};
use crate::dialect::{Blocks, Dialect, Facts};
use crate::figures;
use crate::plan::Plan;

/// A transaction that is open for longer is in the way of more than locks: nothing that was deleted since
/// is cleaned up.
const LONG: u64 = 300;

pub(super) fn notes(plan: &Plan, sight: &Sight, statements: &[Judged]) -> Vec<Note> {
    let mut notes = sight.notes.clone();
    let mut say = |topic, alarming, text: String| notes.push(Note { topic, text, alarming });
    let setting = |name: &str| sight.settings.get(name).map_or("not known", String::as_str);
    match plan.dialect {
        Dialect::Postgres => {
            say(
                "settings",
                false,
                format!(
                    "wal_level {}, max_wal_size {}, maintenance_work_mem {}, {} workers for a build",
                    setting("wal_level"),
                    setting("max_wal_size"),
                    setting("maintenance_work_mem"),
                    setting("max_parallel_maintenance_workers")
                ),
            );
            say("settings", setting("autovacuum") == "off", format!("autovacuum {}", setting("autovacuum")));
            // PostgreSQL manual, 20.12, max_locks_per_transaction.
            let number = |name: &str| setting(name).parse::<u64>().unwrap_or_default();
            let room = number("max_locks_per_transaction")
                * (number("max_connections") + number("max_prepared_transactions"));
            let most = statements
                .iter()
                .flat_map(|judged| &judged.tables)
                .map(|table| (table.partitions + 1) * (table.indexes + 1))
                .max()
                .unwrap_or_default();
            if most > 100 || room == 0 {
                say(
                    "settings",
                    most * 2 > room,
                    format!(
                        "a statement locks up to {most} tables and indexes at once; the server has room for {room} locks in all (max_locks_per_transaction)"
                    ),
                );
            }
        }
        Dialect::Mysql => {
            say(
                "settings",
                false,
                format!(
                    "lock_wait_timeout {} s, innodb_lock_wait_timeout {} s (Rollbook sets its own)",
                    setting("lock_wait_timeout"),
                    setting("innodb_lock_wait_timeout")
                ),
            );
            let strict = setting("sql_mode").contains("STRICT");
            let mode = setting("sql_mode").replace(',', ", ");
            let mode = if mode.is_empty() { "(empty)" } else { &mode };
            say(
                "settings",
                !strict,
                format!(
                    "sql_mode {mode}{}",
                    if strict { "" } else { ": not strict, so that values are cut without an error" }
                ),
            );
            if setting("old_alter_table") == "ON" || setting("alter_algorithm") == "COPY" {
                say(
                    "settings",
                    true,
                    "old_alter_table or alter_algorithm makes every ALTER copy its table".to_owned(),
                );
            }
        }
        Dialect::Sqlite => {
            let number = |name: &str| setting(name).parse::<u64>().unwrap_or_default();
            let (pages, size, free) = (number("page_count"), number("page_size"), number("freelist_count"));
            say(
                "file",
                false,
                format!(
                    "{} in {pages} pages of {size} bytes, {} of them free; journal_mode {}",
                    figures::bytes(pages * size),
                    free,
                    setting("journal_mode")
                ),
            );
            say(
                "settings",
                false,
                "foreign_keys is off in Rollbook's sessions unless a cell switches it on".to_owned(),
            );
        }
    }
    for transaction in sight.transactions.iter().filter(|open| open.seconds.is_some_and(|open| open >= LONG))
    {
        say("transactions", true, format!("open for long: {transaction}"));
    }
    if let Some(free) = sight.free_bytes {
        let most = statements
            .iter()
            .filter_map(|judged| judged.space)
            .map(|space| space.needs)
            .max()
            .unwrap_or_default();
        say("disk", most > free, format!("{} free", figures::bytes(free)));
    }
    notes
}

/// What matters to one statement.
pub(super) fn remarks(dialect: Dialect, facts: &Facts, world: &World<'_>, judged: &mut Judged) {
    let works = judged.time.class >= Class::Seconds && judged.time.class != Class::Unknown;
    if dialect == Dialect::Mysql && works && facts.blocks == Some(Blocks::Nothing) {
        let limit = world.sight.settings.get("innodb_online_alter_log_max_size");
        if let Some(limit) = limit.and_then(|text| text.parse().ok()) {
            judged.remarks.push(format!(
                "writes meanwhile are kept in a log of at most {} (innodb_online_alter_log_max_size); with more the statement fails and its work is lost",
                figures::bytes(limit)
            ));
        }
    }
    if dialect == Dialect::Postgres && judged.space.is_some_and(|space| space.needs > 100_000_000) {
        judged.remarks.push("about as much again goes to the WAL, and to every replica and slot".to_owned());
    }
    let replicated =
        world.sight.notes.iter().any(|note| note.topic == "replication" && note.text.starts_with("replica "));
    if dialect == Dialect::Mysql && works && replicated {
        judged
            .remarks
            .push("each replica runs it after this server has, and falls behind for as long".to_owned());
    }
    for table in &judged.tables {
        if table.rows.is_none() && !table.made_here && table.kind == "table" {
            judged
                .remarks
                .push(format!("how many rows {} has is not known: {}", table.name, table.rows_from));
        }
    }
}
