//! Asks the human at a gate, and about a statement in doubt.

use std::io::Write as _;

use async_trait::async_trait;

use super::host::RealHost;
use super::prompt::can_ask;
use crate::engine::{DoubtView, GateAnswer, GateView, Gatekeeper, Host, Verdict};
use crate::report::{Style, doubt_text, gate_text};

/// The terminal that the command runs in, if it runs in one.
pub struct TerminalGate<'a> {
    pub style: Style,
    pub host: &'a RealHost,
}

impl TerminalGate<'_> {
    /// One answer; None where the terminal is closed or the operator interrupts.
    async fn read(&self, prompt: &str) -> Option<String> {
        eprint!("{prompt}");
        let _ = std::io::stderr().flush();
        let answer = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).ok().filter(|read| *read > 0).map(|_| line)
        });
        self.host.set_asking(true);
        let line = tokio::select! {
            line = answer => line.unwrap_or_default(),
            () = self.host.interrupt().first() => None,
        };
        self.host.set_asking(false);
        line.map(|line| line.trim().to_owned())
    }
}

#[async_trait]
impl Gatekeeper for TerminalGate<'_> {
    async fn ask(&mut self, gate: &GateView) -> GateAnswer {
        eprint!("{}", gate_text(gate, self.style));
        if !can_ask() {
            eprintln!("  no terminal to ask at; the run stops here and can be continued");
            return GateAnswer::NoTerminal;
        }
        let prompt = format!("type {} to go on, or `stop`: ", self.style.bold(&gate.cell));
        loop {
            match self.read(&prompt).await.as_deref() {
                Some(typed) if typed == gate.cell => return GateAnswer::Confirmed,
                None | Some("stop") => return GateAnswer::Declined,
                Some("") => {}
                Some(_) => eprintln!("  that is not {}", gate.cell),
            }
        }
    }

    async fn settle(&mut self, doubt: &DoubtView) -> Option<Verdict> {
        if !can_ask() {
            return None;
        }
        eprint!("{}", doubt_text(doubt, self.style));
        loop {
            match self.read("type `done`, `not-done` or `partial`, or `stop`: ").await.as_deref() {
                Some("done") => return Some(Verdict::Done),
                Some("not-done") => return Some(Verdict::NotDone),
                Some("partial") => return Some(Verdict::Partial),
                None | Some("stop") => return None,
                Some(_) => {}
            }
        }
    }
}
