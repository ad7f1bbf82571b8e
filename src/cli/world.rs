//! What databases answer while a runbook is written: each is asked once.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::commands::session::block_on;
use super::error::CliError;
use super::settings::ResolvedTarget;
use crate::backend::{self, Mode, TableName};
use crate::template::Known;

#[derive(Default)]
pub struct World {
    /// By the target's argument.
    tables: RefCell<BTreeMap<String, Vec<TableName>>>,
    /// By the target's argument and the table's name as SQL takes it; none where there is no such table.
    known: RefCell<BTreeMap<(String, String), Option<Known>>>,
}

impl World {
    /// The target's tables.
    pub fn tables(&self, target: &ResolvedTarget) -> Result<Vec<TableName>, CliError> {
        if let Some(tables) = self.tables.borrow().get(&target.argument) {
            return Ok(tables.clone());
        }
        let tables = block_on(async {
            let mut session = backend::open(&target.address, Mode::ReadOnly).await?;
            let tables = session.tables().await?;
            session.close().await;
            Ok::<_, CliError>(tables)
        })?;
        self.tables.borrow_mut().insert(target.argument.clone(), tables.clone());
        Ok(tables)
    }

    /// What the target knows of a table, whose name is written as SQL takes it.
    pub fn table(&self, target: &ResolvedTarget, name: &str) -> Result<Option<Known>, CliError> {
        let key = (target.argument.clone(), name.to_owned());
        if let Some(known) = self.known.borrow().get(&key) {
            return Ok(known.clone());
        }
        let known = block_on(async {
            let mut session = backend::open(&target.address, Mode::ReadOnly).await?;
            let known = match session.describe(name).await? {
                Some(table) => Some(Known { table, around: session.surroundings(name).await? }),
                None => None,
            };
            session.close().await;
            Ok::<_, CliError>(known)
        })?;
        self.known.borrow_mut().insert(key, known.clone());
        Ok(known)
    }
}
