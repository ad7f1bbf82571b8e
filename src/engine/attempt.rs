//! One statement on its way to the database: watched while it waits, cancelled when the operator
//! insists, tried again when another session was in the way.

use std::time::Duration;

use super::context::Context;
use super::event::Event;
use super::silence::{OBSERVER_PATIENCE, Silence};
use crate::backend::{Answer, DbError, Refusal, Scope};
use crate::plan::{Action, Plan};

/// First and longest wait between two attempts.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
/// A statement that takes longer than the first is looked at, then again and again after the second.
const LOOK: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(1));

/// A statement to send.
pub(super) struct Sent<'a> {
    pub scope: &'a Scope<'a>,
    /// From 1, in its cell.
    pub statement: usize,
    pub sql: &'a str,
    /// Rows of the answer that are kept.
    pub keep: u64,
    pub held: Held,
}

/// What undoes a statement that does not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    ByTransaction,
    ByNothing,
    /// It only reads, and the database sees to that.
    ReadOnly,
}

impl Context<'_> {
    /// Sends a statement and waits for its answer.
    pub(super) async fn execute(&mut self, sent: Sent<'_>) -> Result<Answer, DbError> {
        self.blockers.clear();
        let Self { session, observer, host, ledger, blockers, told, lock, .. } = self;
        let Sent { scope, statement, sql, keep, held } = sent;
        let work = async {
            match held {
                Held::ByTransaction => session.execute(scope, sql, keep).await,
                Held::ByNothing => session.execute_outside(scope, sql, keep).await,
                Held::ReadOnly => session.execute_read_only(scope, sql, keep).await,
            }
        };
        tokio::pin!(work);
        let started = host.elapsed();
        // Before the server gives up: afterwards nobody knows any more who was in the way.
        let first = scope.limits.lock_timeout.map_or(LOOK.0, |limit| LOOK.0.min(limit / 2));
        let look = tokio::time::sleep(first);
        tokio::pin!(look);
        let (mut asked, mut cancelled) = (false, false);
        let mut silence = Silence::default();
        loop {
            tokio::select! {
                biased;
                answer = &mut work => return answer,
                () = host.interrupt().insisted(), if !asked => {
                    asked = true;
                    let told = tokio::time::timeout(OBSERVER_PATIENCE, observer.cancel()).await;
                    cancelled = matches!(told, Ok(Ok(())));
                }
                () = &mut look => {
                    look.as_mut().reset(tokio::time::Instant::now() + LOOK.1);
                    // The server could not be told, for want of a connection perhaps.
                    asked = cancelled;
                    silence.look(lock, &mut **observer).await?;
                    let seen = tokio::time::timeout(OBSERVER_PATIENCE, observer.blockers()).await;
                    let Ok(Ok(seen)) = seen else { continue };
                    if seen.is_empty() {
                        continue;
                    }
                    blockers.clone_from(&seen);
                    // Once for the same sessions, however often the statement is tried.
                    let who = seen.iter().map(|blocker| format!("{} {statement} {}", scope.cell, blocker.process));
                    let who: Vec<String> = who.collect();
                    if *told != who {
                        *told = who;
                        ledger.note(Event::Waiting {
                            cell: scope.cell.to_owned(),
                            statement,
                            waited_millis: (host.elapsed() - started).as_millis() as u64,
                            blockers: seen,
                        });
                    }
                }
            }
        }
    }

    /// Whether the operator stopped the statement: cancelled it, or asked to stop while another session
    /// was in its way, so that it is not tried again.
    pub(super) fn was_cancelled(&self, error: &DbError) -> bool {
        let Some(refusal) = error.refusal() else { return false };
        let interrupt = self.host.interrupt();
        (interrupt.is_insisted() && refusal.is_cancelled())
            || (interrupt.requested() && refusal.is_contention())
    }

    /// Waits before the next attempt, if there is to be one.
    pub(super) async fn try_again(
        &mut self,
        plan: &Plan,
        action: &Action,
        statement: usize,
        attempt: &mut u32,
        error: &DbError,
    ) -> bool {
        let contention = error.refusal().is_some_and(Refusal::is_contention);
        if !contention || *attempt > action.retry || self.host.interrupt().requested() {
            return false;
        }
        *attempt += 1;
        self.back_off(plan, action, statement, *attempt - 1, error).await
    }

    /// Waits after the `attempt`th failure, longer each time. False: the operator asked to stop.
    pub(super) async fn back_off(
        &mut self,
        plan: &Plan,
        action: &Action,
        statement: usize,
        attempt: u32,
        error: &DbError,
    ) -> bool {
        let wait = BACK_OFF.0.saturating_mul(1 << (attempt - 1).min(16)).min(BACK_OFF.1);
        let wait = wait.mul_f64(0.5 + self.host.jitter() / 2.0);
        let mut problem = self.problem(plan, error);
        problem.state = super::cell::ROLLED_BACK.to_owned();
        self.note(Event::Retried {
            cell: action.cell.clone(),
            statement,
            attempt,
            wait_millis: wait.as_millis() as u64,
            problem,
        });
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.host.interrupt().first() => false,
        }
    }
}
