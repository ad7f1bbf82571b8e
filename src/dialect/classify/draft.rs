use crate::dialect::{Action, Blocks, Clause, Dialect, Facts, Lock, Object, ObjectKind, Transactional};
use crate::source::Span;

/// Table locks, weakest first: PostgreSQL's (manual §13.3.1), then MySQL's metadata locks (manual
/// §29.12.13.3). No statement takes both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    AccessShare,
    RowShare,
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
    SharedRead,
    SharedWrite,
    /// A change of a table that lets writers in.
    SharedUpgradable,
    SharedNoWrite,
    MetadataExclusive,
    /// Only the catalogue knows, whatever else the statement locks.
    Unknown,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
            Self::SharedRead => "SHARED_READ",
            Self::SharedWrite => "SHARED_WRITE",
            Self::SharedUpgradable => "SHARED_UPGRADABLE",
            Self::SharedNoWrite => "SHARED_NO_WRITE",
            Self::MetadataExclusive => "EXCLUSIVE",
            Self::Unknown => "",
        }
    }

    fn blocks(self) -> Blocks {
        match self {
            Self::AccessShare | Self::RowShare | Self::RowExclusive | Self::ShareUpdateExclusive => {
                Blocks::Nothing
            }
            Self::SharedRead | Self::SharedWrite | Self::SharedUpgradable => Blocks::Nothing,
            Self::Share | Self::ShareRowExclusive | Self::Exclusive | Self::SharedNoWrite => Blocks::Writes,
            Self::AccessExclusive | Self::MetadataExclusive | Self::Unknown => Blocks::Everything,
        }
    }
}

/// An engine's table locks by its own names, weakest first, and whom each keeps waiting. SQLite locks the whole
/// database (file locking and concurrency, "Locking").
pub fn lock_modes(dialect: Dialect) -> Vec<(&'static str, Blocks)> {
    use Mode as M;
    let modes: &[Mode] = match dialect {
        Dialect::Postgres => &[
            M::AccessShare,
            M::RowShare,
            M::RowExclusive,
            M::ShareUpdateExclusive,
            M::Share,
            M::ShareRowExclusive,
            M::Exclusive,
            M::AccessExclusive,
        ],
        Dialect::Mysql => {
            &[M::SharedRead, M::SharedWrite, M::SharedUpgradable, M::SharedNoWrite, M::MetadataExclusive]
        }
        Dialect::Sqlite => return vec![("SHARED", Blocks::Nothing), ("RESERVED", Blocks::Writes)],
    };
    modes.iter().map(|mode| (mode.name(), mode.blocks())).collect()
}

/// What is lost. Of a part of a table's contract, only what this runbook did not make itself: `of` names
/// what must have been made.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Loss {
    pub(super) what: String,
    pub(super) of: Vec<Part>,
    /// The number of the clause that loses it, where the statement has clauses: it is noted after its losses.
    pub(super) clause: usize,
}

impl Loss {
    fn of_clause(&self, clauses: &[Clause]) -> Option<Span> {
        clauses.get(self.clause).map(|clause| clause.span)
    }
}

/// A thing that a runbook makes, so that nobody relies on it yet: a table, a column, a constraint, a
/// domain, or the default of a column.
pub(super) type Part = (&'static str, String);

/// Facts in the making. It begins as a statement that touches no table, and clause by clause gets
/// worse, never better.
pub(super) struct Draft {
    facts: Facts,
    mode: Option<Mode>,
    locks: Vec<(Mode, Lock)>,
    losses: Vec<Loss>,
    makes: Vec<Part>,
    undo: Undo,
    /// New files come with new indexes, if there are any, unless the text says otherwise.
    keeps_indexes: bool,
}

/// How a statement is taken back: what stands before the clauses, and the clauses.
#[derive(Clone, Default, PartialEq, Eq)]
struct Undo {
    head: String,
    clauses: Vec<String>,
    impossible: bool,
}

impl Draft {
    pub(super) fn new(kind: &'static str) -> Self {
        let facts = Facts {
            kind,
            objects: Vec::new(),
            clauses: Vec::new(),
            destructive: None,
            destructive_at: None,
            lock: None,
            locks: Vec::new(),
            blocks: Some(Blocks::Nothing),
            rewrites: Some(false),
            scans: Some(false),
            builds_index: Some(false),
            transactional: Transactional::Yes,
            reversible: None,
            calls: Vec::new(),
            reads_only: false,
        };
        Self {
            facts,
            mode: None,
            locks: Vec::new(),
            losses: Vec::new(),
            makes: Vec::new(),
            undo: Undo::default(),
            keeps_indexes: false,
        }
    }

    /// A statement of which nothing can be said, so that everything has to be feared.
    pub(super) fn unknown() -> Self {
        let mut draft = Self::new("unknown");
        draft.loses("cannot be classified, so it is treated as destructive");
        draft.cost_unknown();
        draft.blocks(None);
        draft
    }

    pub(super) fn finish(mut self) -> Facts {
        if !self.losses.is_empty() {
            self.facts.destructive_at = self.losses[0].of_clause(&self.facts.clauses);
            let losses: Vec<String> = self.losses.into_iter().map(|loss| loss.what).collect();
            self.facts.destructive = Some(losses.join(", and "));
            self.facts.reads_only = false;
        }
        if self.facts.rewrites != Some(false) && !self.keeps_indexes {
            self.facts.builds_index = worst(self.facts.builds_index, None);
        }
        self.locks.sort_by_key(|(mode, _)| std::cmp::Reverse(*mode));
        self.facts.locks = self.locks.into_iter().map(|(_, lock)| lock).collect();
        if let Some(strongest) = &self.facts.lock {
            self.facts.locks.retain(|lock| lock != strongest);
            self.facts.locks.insert(0, strongest.clone());
        }
        if !self.undo.impossible && !self.undo.clauses.is_empty() {
            self.undo.clauses.reverse();
            self.facts.reversible = Some(self.undo.head + &self.undo.clauses.join(", "));
        }
        self.facts
    }

    pub(super) fn object(&mut self, kind: ObjectKind, name: impl Into<String>, action: Action) {
        let object = Object { kind, name: name.into(), action };
        if !self.facts.objects.contains(&object) {
            self.facts.objects.push(object);
        }
    }

    /// A clause, whose cost is the statement's too.
    pub(super) fn clause(&mut self, clause: Clause) {
        self.rewrites(clause.rewrites);
        self.scans(clause.scans);
        self.builds_index(clause.builds_index);
        self.facts.clauses.push(clause);
    }

    pub(super) fn lock(&mut self, mode: Mode, table: &str) {
        self.also_locks(mode, table);
        if self.mode.is_none_or(|held| held < mode) {
            self.mode = Some(mode);
            self.facts.lock = Some(Lock { mode: mode.name(), object: table.to_owned() });
            self.facts.blocks = self.facts.blocks.map(|blocks| worse(blocks, mode.blocks()));
        }
    }

    /// A lock on something that is not what the statement is about.
    fn also_locks(&mut self, mode: Mode, table: &str) {
        if table.is_empty() || mode == Mode::Unknown {
            return;
        }
        let lock = Lock { mode: mode.name(), object: table.to_owned() };
        match self.locks.iter_mut().find(|(_, held)| held.object == table) {
            Some(held) if held.0 < mode => *held = (mode, lock),
            Some(_) => {}
            None => self.locks.push((mode, lock)),
        }
    }

    /// A lock that is no table lock of PostgreSQL's list.
    pub(super) fn lock_named(&mut self, mode: &'static str, object: &str, blocks: Blocks) {
        self.facts.lock = Some(Lock { mode, object: object.to_owned() });
        self.facts.blocks = Some(blocks);
    }

    /// A write in SQLite, where one writer at a time has the whole database.
    pub(super) fn lock_database(&mut self) {
        self.lock_named("RESERVED", "main", Blocks::Writes);
    }

    /// Takes over what a statement inside this one does.
    pub(super) fn include(&mut self, inner: Self) {
        let facts = inner.facts;
        for object in facts.objects {
            self.object(object.kind, object.name, object.action);
        }
        for loss in inner.losses {
            self.lose(loss);
        }
        for (mode, lock) in inner.locks {
            self.also_locks(mode, &lock.object);
        }
        facts.calls.into_iter().for_each(|name| self.calls(name));
        self.makes.extend(inner.makes);
        if !inner.undo.clauses.is_empty() && inner.undo != self.undo {
            self.undo.impossible = true;
        }
        self.builds_index(facts.builds_index);
        if let (Some(mode), Some(lock)) = (inner.mode, facts.lock) {
            self.lock(mode, &lock.object);
        } else if facts.blocks.is_none() {
            self.lock_unknown();
        }
        self.rewrites(facts.rewrites);
        self.scans(facts.scans);
        self.transactional(facts.transactional);
        self.facts.reads_only = facts.reads_only;
    }

    pub(super) fn kind(&self) -> &'static str {
        self.facts.kind
    }

    pub(super) fn objects(&self) -> &[Object] {
        &self.facts.objects
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.facts.reads_only
    }

    /// Overrides what the lock says, where the text does not name what is locked.
    pub(super) fn blocks(&mut self, blocks: Option<Blocks>) {
        self.facts.blocks = blocks;
    }

    /// Forgets the lock: which table has it, or whether there is one, only the catalogue knows.
    pub(super) fn lock_unknown(&mut self) {
        self.mode = Some(Mode::Unknown);
        self.facts.lock = None;
        self.facts.blocks = None;
    }

    /// "this `what`"; what is said twice counts once.
    pub(super) fn loses(&mut self, what: impl Into<String>) {
        let clause = self.facts.clauses.len();
        self.lose(Loss { what: what.into(), of: Vec::new(), clause });
    }

    fn lose(&mut self, loss: Loss) {
        if !self.losses.iter().any(|known| known.what == loss.what && known.of == loss.of) {
            self.losses.push(loss);
        }
    }

    /// Loses a part of a contract, unless the runbook made it, or what it is a part of, itself.
    pub(super) fn loses_part(&mut self, of: &[(&'static str, &str)], what: impl Into<String>) {
        let of = of.iter().map(|(kind, name)| (*kind, (*name).to_owned())).collect();
        let clause = self.facts.clauses.len();
        self.losses.push(Loss { what: what.into(), of, clause });
    }

    pub(super) fn makes(&mut self, kind: &'static str, name: &str) {
        self.makes.push((kind, name.to_owned()));
    }

    /// What a runbook that ran it has made.
    pub(super) fn made(&self) -> impl Iterator<Item = Part> {
        let created = self.facts.objects.iter().filter(|object| object.action == Action::Create);
        let created = created.filter_map(|object| match object.kind {
            ObjectKind::Table => Some(("table", object.name.clone())),
            ObjectKind::Column => Some(("column", object.name.clone())),
            ObjectKind::Constraint => Some(("constraint", object.name.clone())),
            ObjectKind::Type => Some(("type", object.name.clone())),
            _ => None,
        });
        self.makes.iter().cloned().chain(created)
    }

    /// Forgets losses of what is not there to rely on.
    pub(super) fn forgive(&mut self, made: impl Fn(&Part) -> bool) {
        self.losses.retain(|loss| !loss.of.iter().any(&made));
    }

    /// What stands before the clauses that take the statement's clauses back.
    pub(super) fn undo_begins(&mut self, head: impl Into<String>) {
        self.undo.head = head.into();
    }

    /// What takes a clause back; None where nothing that the text tells does.
    pub(super) fn undo(&mut self, clause: Option<String>) {
        match clause {
            Some(clause) => self.undo.clauses.push(clause),
            None => self.undo.impossible = true,
        }
    }

    /// How many clauses something is known to take back.
    pub(super) fn undone(&self) -> usize {
        self.undo.clauses.len()
    }

    pub(super) fn calls(&mut self, name: String) {
        if !self.facts.calls.contains(&name) {
            self.facts.calls.push(name);
        }
    }

    pub(super) fn called(&self) -> &[String] {
        &self.facts.calls
    }

    pub(super) fn builds_index(&mut self, builds: Option<bool>) {
        self.facts.builds_index = worst(self.facts.builds_index, builds);
    }

    pub(super) fn keeps_indexes(&mut self) {
        self.keeps_indexes = true;
    }

    pub(super) fn rewrites(&mut self, rewrites: Option<bool>) {
        self.facts.rewrites = worst(self.facts.rewrites, rewrites);
    }

    pub(super) fn scans(&mut self, scans: Option<bool>) {
        self.facts.scans = worst(self.facts.scans, scans);
    }

    /// Takes back what a query costs that is only stored.
    pub(super) fn scans_later(&mut self) {
        self.facts.scans = Some(false);
    }

    pub(super) fn cost_unknown(&mut self) {
        self.rewrites(None);
        self.scans(None);
    }

    pub(super) fn never(&mut self, reason: &'static str) {
        self.transactional(Transactional::Never(reason));
    }

    pub(super) fn commits(&mut self, reason: &'static str) {
        self.transactional(Transactional::Commits(reason));
    }

    pub(super) fn control(&mut self) {
        self.transactional(Transactional::Control);
    }

    /// What a part of the statement says; the strictest of them counts.
    fn transactional(&mut self, part: Transactional) {
        let strictness = |part| match part {
            Transactional::Yes => 0,
            Transactional::Commits(_) => 1,
            Transactional::Never(_) => 2,
            Transactional::Control => 3,
        };
        if strictness(part) >= strictness(self.facts.transactional) {
            self.facts.transactional = part;
        }
    }

    pub(super) fn reads_only(&mut self, reads_only: bool) {
        self.facts.reads_only = reads_only;
    }
}

fn worse(a: Blocks, b: Blocks) -> Blocks {
    match (a, b) {
        (Blocks::Everything, _) | (_, Blocks::Everything) => Blocks::Everything,
        (Blocks::Writes, _) | (_, Blocks::Writes) => Blocks::Writes,
        (Blocks::Nothing, Blocks::Nothing) => Blocks::Nothing,
    }
}

/// Certainly yes, else perhaps, else certainly no.
fn worst(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (None, _) | (_, None) => None,
        (Some(false), Some(false)) => Some(false),
    }
}
