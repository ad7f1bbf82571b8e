//! A database that an engine can be driven on in this process, and what is to be seen in it.

use std::path::PathBuf;

use rollbook::backend::{self, Address, Limits, Mode, Scope, Session};
use rollbook::dialect::{Action, Object, ObjectKind};
use rollbook::engine::{Event, History, Sealed, Verdict, decode};

use super::book;
use super::fake::Fake;
use crate::support::Lab;

/// Where the matrix runs.
pub enum World {
    Fake(Fake),
    Real(Address),
}

impl World {
    pub fn on(lab: &Lab) -> Self {
        Self::at(&lab.url, lab.folder.clone())
    }

    /// A lab's database by its URL, which may be relative to the lab's folder.
    pub fn at(url: &str, folder: PathBuf) -> Self {
        let address = match url.parse::<Address>().unwrap() {
            Address::Sqlite { path } => Address::Sqlite { path: folder.join(path) },
            address => address,
        };
        Self::Real(address)
    }

    pub fn fake(&self) -> Option<&Fake> {
        match self {
            Self::Fake(fake) => Some(fake),
            Self::Real(_) => None,
        }
    }

    pub async fn open(&self) -> Box<dyn Session> {
        match self {
            Self::Fake(fake) => Box::new(fake.session()),
            Self::Real(address) => backend::open(address, Mode::ReadWrite).await.unwrap(),
        }
    }

    /// Empties the database.
    pub async fn clear(&self) {
        match self {
            Self::Fake(_) => unreachable!("a fake is copied"),
            Self::Real(Address::Sqlite { path }) => {
                for ending in ["", "-journal", "-rollbook-lock"] {
                    let mut path = path.clone().into_os_string();
                    path.push(ending);
                    let _ = std::fs::remove_file(path);
                }
                let session =
                    backend::open(&Address::Sqlite { path: path.clone() }, Mode::Create).await.unwrap();
                session.close().await;
            }
            Self::Real(Address::Mysql { .. }) => {
                let mut session = self.open().await;
                let sql = "DROP TABLE IF EXISTS counts, marks, rollbook_journal, rollbook_lease";
                session.execute_outside(&SCOPE, sql, 0).await.unwrap();
                session.close().await;
            }
            Self::Real(_) => {
                let mut session = self.open().await;
                let sql = "DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS rollbook CASCADE";
                session.execute_outside(&SCOPE, sql, 0).await.unwrap();
                session.close().await;
            }
        }
    }

    /// Rows as lines, columns between `|`; none where the database refuses the question.
    pub async fn ask(&self, sql: &str) -> Option<Vec<String>> {
        let mut session = self.open().await;
        let answer = session.execute_read_only(&SCOPE, sql, u64::MAX).await;
        session.close().await;
        let line = |row: Vec<Option<String>>| {
            row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join("|")
        };
        answer.ok().map(|answer| answer.rows.into_iter().map(line).collect())
    }

    /// What the journal says, read and folded as a resume does it.
    pub async fn journal(&self) -> Journal {
        let mut session = self.open().await;
        let rows = session.read_journal(Some("faults")).await.unwrap();
        session.close().await;
        let entries = decode(&rows).unwrap();
        let history = History::fold(&entries).unwrap();
        Journal { entries, history }
    }

    /// What became of a statement that the engine cannot know about.
    pub async fn truth(&self, cell: &str, statement: usize) -> Verdict {
        let raised = self.ask("SELECT sum(m) FROM counts").await.unwrap()[0].parse::<usize>().unwrap();
        let words = self.ask("SELECT word FROM marks ORDER BY word").await.unwrap();
        let has = |word: &str| words.iter().any(|known| known == word);
        let done = match (cell, statement) {
            ("raise", 1) => raised == book::KEYS,
            ("raise.rollback", 1) => raised == 0,
            ("sign", 1) => has("five"),
            ("sign", 2) => raised == 2 * book::KEYS,
            ("sign.rollback", 1) => raised == book::KEYS,
            ("sign.rollback", 2) => !has("five"),
            ("sign.rollback", 3) => has("not five"),
            other => panic!("nobody but the catalog should be asked about {other:?}"),
        };
        if done { Verdict::Done } else { Verdict::NotDone }
    }

    /// How often each effect is there, after the whole runbook.
    pub async fn effects(&self) -> Effects {
        let mut effects = Effects::default();
        let rows = self.ask("SELECT id, n, m FROM counts ORDER BY id").await.unwrap_or_default();
        effects.expect("rows of counts", book::KEYS, rows.len());
        for row in rows {
            let numbers: Vec<usize> = row.split('|').map(|number| number.parse().unwrap()).collect();
            effects.expect("a batch", 1, numbers[1]);
            effects.expect("the updates that no transaction holds", 2, numbers[2]);
        }
        self.words(&mut effects, &book::WORDS).await;
        effects.expect("the valid index", 1, self.valid_index().await);
        effects.expect("the dropped column", 0, self.old_column().await);
        effects
    }

    /// How often each effect is there, when all after `make` is undone.
    pub async fn undone(&self) -> Effects {
        let mut effects = Effects::default();
        let rows = self.ask("SELECT id, n, m FROM counts ORDER BY id").await.unwrap_or_default();
        effects.expect("rows of counts", book::KEYS, rows.len());
        for row in rows {
            let numbers: Vec<i64> = row.split('|').map(|number| number.parse().unwrap()).collect();
            effects.expect_signed("the batches' undoing", numbers[1]);
            effects.expect_signed("the undoing that no transaction holds", numbers[2]);
        }
        self.words(&mut effects, &book::UNWORDS).await;
        effects.expect("the index", 0, self.valid_index().await);
        effects.expect("the column", 1, self.old_column().await);
        effects
    }

    /// Whether nothing is left of it at all.
    pub async fn is_bare(&self) -> bool {
        let gone = |answer: Option<Vec<String>>| answer.is_none();
        gone(self.ask("SELECT id FROM counts").await) && gone(self.ask("SELECT word FROM marks").await)
    }

    async fn words(&self, effects: &mut Effects, expected: &[&str]) {
        let found = self.ask("SELECT word FROM marks ORDER BY word").await.unwrap_or_default();
        for word in expected {
            effects.expect(word, 1, found.iter().filter(|known| known == word).count());
        }
        effects.expect(
            "other marks",
            0,
            found.iter().filter(|known| !expected.contains(&known.as_str())).count(),
        );
    }

    async fn valid_index(&self) -> usize {
        if matches!(self, Self::Real(Address::Mysql { .. })) {
            let sql = "SELECT DISTINCT index_name FROM information_schema.statistics \
                       WHERE table_schema = DATABASE() AND index_name = 'counts_n'";
            return self.ask(sql).await.unwrap().len();
        }
        let index = Object { kind: ObjectKind::Index, name: "counts_n".to_owned(), action: Action::Create };
        let mut session = self.open().await;
        let lines = session.definition(&[index]).await.unwrap().unwrap();
        session.close().await;
        usize::from(!lines.is_empty() && lines.iter().all(|line| !line.contains("INVALID")))
    }

    async fn old_column(&self) -> usize {
        let mut session = self.open().await;
        let table = session.describe("counts").await.unwrap();
        session.close().await;
        table.map_or(0, |table| table.columns.iter().filter(|column| column.name == "old").count())
    }
}

const SCOPE: Scope<'static> = Scope {
    runbook: "faults",
    run: "the-test",
    cell: "oracle",
    limits: Limits { lock_timeout: None, statement_timeout: None },
};

pub struct Journal {
    pub entries: Vec<Sealed>,
    pub history: History,
}

impl Journal {
    /// A batch may have given its place to a later one.
    pub fn has(&self, event: &Event) -> bool {
        self.entries.iter().any(|entry| match (&entry.event, event) {
            (Event::BatchDone { cell, batch, .. }, Event::BatchDone { cell: of, batch: told, .. }) => {
                cell == of && batch >= told
            }
            (known, told) => known == told,
        })
    }
}

/// Effects that are not there, and that are there more often than they should be.
#[derive(Debug, Default)]
pub struct Effects {
    pub lost: Vec<String>,
    pub twice: Vec<String>,
}

impl Effects {
    fn expect(&mut self, what: &str, wanted: usize, found: usize) {
        if found < wanted {
            self.lost.push(format!("{what}: {found} for {wanted}"));
        } else if found > wanted {
            self.twice.push(format!("{what}: {found} for {wanted}"));
        }
    }

    /// For what was raised and has to be lowered to nothing.
    fn expect_signed(&mut self, what: &str, left: i64) {
        if left > 0 {
            self.lost.push(format!("{what}: {left} left"));
        } else if left < 0 {
            self.twice.push(format!("{what}: {left}"));
        }
    }
}
