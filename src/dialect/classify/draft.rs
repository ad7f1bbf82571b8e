use crate::dialect::{Action, Blocks, Facts, Lock, Object, ObjectKind, Transactional};

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

/// Facts in the making. It begins as a statement that touches no table, and clause by clause gets
/// worse, never better.
pub(super) struct Draft {
    facts: Facts,
    mode: Option<Mode>,
    losses: Vec<String>,
}

impl Draft {
    pub(super) fn new(kind: &'static str) -> Self {
        let facts = Facts {
            kind,
            objects: Vec::new(),
            destructive: None,
            lock: None,
            blocks: Some(Blocks::Nothing),
            rewrites: Some(false),
            scans: Some(false),
            transactional: Transactional::Yes,
            reads_only: false,
        };
        Self { facts, mode: None, losses: Vec::new() }
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
            self.facts.destructive = Some(self.losses.join(", and "));
            self.facts.reads_only = false;
        }
        self.facts
    }

    pub(super) fn object(&mut self, kind: ObjectKind, name: impl Into<String>, action: Action) {
        let object = Object { kind, name: name.into(), action };
        if !self.facts.objects.contains(&object) {
            self.facts.objects.push(object);
        }
    }

    pub(super) fn lock(&mut self, mode: Mode, table: &str) {
        if self.mode.is_none_or(|held| held < mode) {
            self.mode = Some(mode);
            self.facts.lock = Some(Lock { mode: mode.name(), object: table.to_owned() });
            self.facts.blocks = self.facts.blocks.map(|blocks| worse(blocks, mode.blocks()));
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
            self.loses(loss);
        }
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
        let what = what.into();
        if !self.losses.contains(&what) {
            self.losses.push(what);
        }
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
