//! The run's entries: told, waiting for the journal, written.

use std::collections::VecDeque;

use super::context::{EngineError, Sink};
use super::event::{Direction, Entry, Event, Progress};
use super::history::History;
use super::host::Host;
use super::journal::{self, Sealed};
use crate::backend::JournalRow;

/// Where the run's chain of entries stands.
pub(super) struct Ledger<'a> {
    host: &'a dyn Host,
    sink: &'a mut dyn Sink,
    runbook: String,
    run: String,
    seq: u64,
    head: String,
    /// The last position used in the target's journal.
    pos: i64,
    entries: Vec<Sealed>,
    pub history: History,
    /// Told already, not yet in the journal: goes with the next write.
    unwritten: VecDeque<(String, Event)>,
    /// To be told once they are in the journal.
    staged: VecDeque<(String, Event)>,
}

impl<'a> Ledger<'a> {
    pub fn new(host: &'a dyn Host, sink: &'a mut dyn Sink) -> Self {
        Self {
            host,
            sink,
            runbook: String::new(),
            run: String::new(),
            seq: 0,
            head: String::new(),
            pos: 0,
            entries: Vec::new(),
            history: History::default(),
            unwritten: VecDeque::new(),
            staged: VecDeque::new(),
        }
    }

    pub fn run(&self) -> &str {
        &self.run
    }

    /// The last position used in the target's journal.
    pub fn pos(&self) -> i64 {
        self.pos
    }

    /// Takes in what the journal says of a runbook.
    pub fn load(&mut self, runbook: &str, rows: &[JournalRow]) -> Result<(), EngineError> {
        runbook.clone_into(&mut self.runbook);
        self.entries = journal::decode(rows)?;
        self.history = History::fold(&self.entries)?;
        Ok(())
    }

    /// The run that an invocation in this direction goes on with.
    pub fn open_run(&self, direction: Direction) -> Option<String> {
        self.history.open_run(direction).map(|run| run.run.clone())
    }

    /// Goes on with a run of the journal, or starts one, behind position `pos`.
    pub fn enter(&mut self, run: String, pos: i64) {
        self.pos = pos;
        self.entries.retain(|entry| entry.run == run);
        self.run = run;
        if let Some(last) = self.entries.last() {
            self.seq = last.seq;
            last.hash().clone_into(&mut self.head);
        }
    }

    /// Starts a run that no journal will hold.
    pub fn enter_unjournaled(&mut self, run: String) {
        self.run = run;
        self.entries.clear();
    }

    /// Tells of something that is true already, and keeps it for the next write.
    pub fn note(&mut self, event: Event) {
        let at = self.host.now();
        self.sink.event(&at, &self.run, &event);
        self.unwritten.push_back((at, event));
    }

    /// Keeps an event that becomes true with the next write.
    pub fn stage(&mut self, event: Event) {
        self.staged.push_back((self.host.now(), event));
    }

    /// What was staged did not happen.
    pub fn discard(&mut self) {
        self.staged.clear();
    }

    /// Tells how a batched cell is doing.
    pub fn progress(&mut self, progress: &Progress) {
        self.sink.progress(&self.host.now(), &self.run, progress);
    }

    pub fn flush(&mut self) {
        self.sink.flush();
    }

    /// Tells of the invocation's end without keeping it anywhere.
    pub fn tell(&mut self, run: &str, event: &Event) {
        self.sink.event(&self.host.now(), run, event);
    }

    /// The last entry, where the first that is waiting takes its place.
    fn replaced(&self) -> Option<&Sealed> {
        let (_, next) = self.unwritten.iter().chain(&self.staged).next()?;
        self.entries.last().filter(|last| next.takes_place_of(&last.event))
    }

    /// Everything that is waiting, as the next entries and their rows.
    pub fn waiting(&self) -> (Vec<Sealed>, Vec<JournalRow>) {
        let replaced = self.replaced();
        let (mut prev, seq) = match replaced {
            Some(last) => (last.prev.clone(), last.seq - 1),
            None => (self.head.clone(), self.seq),
        };
        let mut replaces = replaced.map(|_| self.pos);
        self.unwritten
            .iter()
            .chain(&self.staged)
            .zip(1..)
            .map(|((at, event), n)| {
                let entry = Sealed::new(Entry {
                    version: journal::VERSION,
                    run: self.run.clone(),
                    seq: seq + n,
                    at: at.clone(),
                    prev: std::mem::take(&mut prev),
                    event: event.clone(),
                });
                entry.hash().clone_into(&mut prev);
                let row = JournalRow {
                    pos: self.pos + n as i64,
                    replaces: replaces.take(),
                    runbook: self.runbook.clone(),
                    run: self.run.clone(),
                    at: at.clone(),
                    entry: entry.text().to_owned(),
                    hash: prev.clone(),
                };
                (entry, row)
            })
            .unzip()
    }

    /// Takes in what has been written, and tells of what became true with it.
    pub fn written(&mut self, entries: Vec<Sealed>) {
        if self.replaced().is_some() {
            self.entries.pop();
        }
        self.unwritten.clear();
        for (at, event) in std::mem::take(&mut self.staged) {
            self.sink.event(&at, &self.run, &event);
        }
        for entry in entries {
            entry.hash().clone_into(&mut self.head);
            self.seq = entry.seq;
            self.pos += 1;
            // What the engine did folds as it will on resume. Were it not so, the next invocation
            // would refuse the journal, and this one must not go on over it.
            self.history.apply(&entry).expect("an engine's own entries follow from each other");
            self.entries.push(entry);
        }
    }

    /// The run's entries so far; none before it has begun.
    pub fn take_entries(&mut self) -> Vec<Sealed> {
        if self.run.is_empty() { Vec::new() } else { std::mem::take(&mut self.entries) }
    }
}
