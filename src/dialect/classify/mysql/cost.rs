use super::super::draft::{Draft, Mode};
use super::cursor::Cursor;

/// What a change of a table costs, clause by clause: what MySQL 8.0 and MariaDB 10.6 agree on, of
/// tables of InnoDB (MySQL manual §17.12.1; MariaDB, "InnoDB Online DDL Operations"; both measured).
///
/// Every change also takes the EXCLUSIVE metadata lock for a moment at its start and at its end. A
/// table that is compressed, has a FULLTEXT index or has had 64 columns added at once may be written
/// anew where the others are not.
pub(super) struct Costs {
    rewrites: Option<bool>,
    scans: Option<bool>,
    /// None where the servers differ, or only the catalogue knows.
    mode: Option<Mode>,
    /// A clause that is a copy of the table unless the statement says otherwise.
    copies: bool,
    /// A clause of which the word `INSTANT` proves nothing.
    moves: bool,
    drops_key: bool,
    adds_key: bool,
    /// Columns that are added or dropped, and clauses of any other kind.
    columns: bool,
    others: bool,
    algorithm: Option<Algorithm>,
    lock: Option<Mode>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Instant,
    NoCopy,
    InPlace,
    Copy,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            rewrites: Some(false),
            scans: Some(false),
            mode: Some(Mode::SharedUpgradable),
            copies: false,
            moves: false,
            drops_key: false,
            adds_key: false,
            columns: false,
            others: false,
            algorithm: None,
            lock: None,
        }
    }
}

impl Costs {
    fn at_least(&mut self, mode: Mode) {
        self.mode = self.mode.map(|held| held.max(mode));
    }

    /// An index is built beside the table.
    pub(super) fn builds(&mut self) {
        self.scans = Some(true);
    }

    /// A FULLTEXT or SPATIAL index, which only readers may watch being built.
    pub(super) fn builds_closed(&mut self) {
        self.builds();
        self.at_least(Mode::SharedNoWrite);
    }

    /// Of the table's first FULLTEXT index, MySQL writes the table anew.
    pub(super) fn may_rewrite(&mut self) {
        if self.rewrites == Some(false) {
            self.rewrites = None;
        }
    }

    /// Written anew in place.
    pub(super) fn rebuilds(&mut self) {
        self.rewrites = Some(true);
        self.scans = Some(true);
    }

    /// Copied; writers wait.
    pub(super) fn copies(&mut self) {
        self.rebuilds();
        self.at_least(Mode::SharedNoWrite);
        self.copies = true;
    }

    /// Written anew, and what waits meanwhile depends on the table.
    pub(super) fn moves(&mut self) {
        self.rebuilds();
        self.mode = None;
        self.moves = true;
    }

    pub(super) fn blocks_writes(&mut self) {
        self.at_least(Mode::SharedNoWrite);
    }

    pub(super) fn exclusive(&mut self) {
        self.at_least(Mode::MetadataExclusive);
    }

    /// A clause has been read; of `columns` only those that add or drop one are.
    pub(super) fn clause(&mut self, columns: bool) {
        self.columns |= columns;
        self.others |= !columns;
    }

    pub(super) fn drops_key(&mut self) {
        self.drops_key = true;
    }

    pub(super) fn adds_key(&mut self) {
        self.adds_key = true;
    }

    /// Written anew in place, or not.
    pub(super) fn may_rebuild(&mut self) {
        self.may_rewrite();
        if self.scans == Some(false) {
            self.scans = None;
        }
    }

    /// The servers differ, or only the catalogue knows.
    pub(super) fn unknown(&mut self) {
        self.may_rebuild();
        self.mode = None;
    }

    /// MariaDB's `ALTER ONLINE TABLE`.
    pub(super) fn online(&mut self) {
        self.lock = Some(Mode::SharedUpgradable);
    }

    /// `ALGORITHM` or `LOCK`, if one of them comes next; None where its value is not known.
    pub(super) fn option(&mut self, cursor: &mut Cursor<'_, '_>) -> Option<bool> {
        if cursor.eat("algorithm") {
            self.algorithm = match cursor.value()?.word.as_str() {
                "instant" => Some(Algorithm::Instant),
                "nocopy" => Some(Algorithm::NoCopy),
                "inplace" => Some(Algorithm::InPlace),
                "copy" => Some(Algorithm::Copy),
                "default" => None,
                _ => return None,
            };
        } else if cursor.eat("lock") {
            self.lock = match cursor.value()?.word.as_str() {
                "none" => Some(Mode::SharedUpgradable),
                "shared" => Some(Mode::SharedNoWrite),
                "exclusive" => Some(Mode::MetadataExclusive),
                "default" => None,
                _ => return None,
            };
        } else {
            return Some(false);
        }
        Some(true)
    }

    /// All `ALGORITHM` and `LOCK` that follow.
    pub(super) fn options(&mut self, cursor: &mut Cursor<'_, '_>) -> Option<()> {
        while self.option(cursor)? {}
        Some(())
    }

    pub(super) fn apply(mut self, draft: &mut Draft, table: &str) {
        if self.columns && self.others {
            // What is INSTANT alone is done in place beside a clause that is not.
            self.may_rebuild();
        }
        match (self.drops_key, self.adds_key) {
            (true, false) => self.copies(),
            (_, true) => self.rebuilds(),
            (false, false) => {}
        }
        match self.algorithm {
            // The server refuses what it cannot do in the way that the statement demands.
            Some(Algorithm::Instant) if !self.moves => {
                (self.rewrites, self.scans) = (Some(false), Some(false));
                if self.mode != Some(Mode::MetadataExclusive) {
                    self.mode = Some(Mode::SharedUpgradable);
                }
            }
            Some(Algorithm::NoCopy) if !self.moves => {
                self.rewrites = Some(false);
                self.no_copy();
            }
            Some(Algorithm::InPlace) if !self.moves => self.no_copy(),
            Some(Algorithm::Copy) => self.copies(),
            _ => {}
        }
        match self.lock {
            Some(lock) => draft.lock(lock.max(self.exclusive_or(lock)), table),
            None => match self.mode {
                Some(mode) => draft.lock(mode, table),
                None => draft.lock_unknown(),
            },
        }
        draft.rewrites(self.rewrites);
        draft.scans(self.scans);
    }

    /// A rename has its lock whatever the statement says.
    fn exclusive_or(&self, lock: Mode) -> Mode {
        if self.mode == Some(Mode::MetadataExclusive) { Mode::MetadataExclusive } else { lock }
    }

    fn no_copy(&mut self) {
        if self.copies {
            if self.algorithm == Some(Algorithm::InPlace) {
                self.rewrites = None;
            }
            self.scans = None;
            self.mode = None;
        }
    }
}
