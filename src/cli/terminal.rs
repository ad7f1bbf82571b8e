//! Asks the human at a gate.

use std::io::{IsTerminal as _, Write as _};

use async_trait::async_trait;

use crate::engine::{GateAnswer, GateView, Gatekeeper, Host};
use crate::report::{Style, gate_text};

/// The terminal that the command runs in, if it runs in one.
pub struct TerminalGate<'a> {
    pub style: Style,
    pub host: &'a dyn Host,
}

#[async_trait]
impl Gatekeeper for TerminalGate<'_> {
    async fn ask(&mut self, gate: &GateView) -> GateAnswer {
        eprint!("{}", gate_text(gate, self.style));
        if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
            eprintln!("  no terminal to ask at; the run stops here and can be continued");
            return GateAnswer::NoTerminal;
        }
        loop {
            eprint!("type {} to go on, or `stop`: ", self.style.bold(&gate.cell));
            let _ = std::io::stderr().flush();
            let answer = tokio::task::spawn_blocking(|| {
                let mut line = String::new();
                std::io::stdin().read_line(&mut line).ok().filter(|read| *read > 0).map(|_| line)
            });
            let line = tokio::select! {
                line = answer => line.unwrap_or_default(),
                () = self.host.interrupt().first() => None,
            };
            match line.as_deref().map(str::trim) {
                Some(typed) if typed == gate.cell => return GateAnswer::Confirmed,
                None | Some("stop") => return GateAnswer::Declined,
                Some("") => {}
                Some(_) => eprintln!("  that is not {}", gate.cell),
            }
        }
    }
}
