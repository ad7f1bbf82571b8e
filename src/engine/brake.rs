//! Holds the batches back while something is against them: a limit, or a person.

use std::collections::BTreeMap;
use std::time::Duration;

use super::context::{Context, EngineError};
use super::event::{Event, Held};
use super::lookout::{Post, Scene, Seen};
use super::sight::Sight;
use crate::backend::{self, Wishes};
use crate::backfill::{Backfill, Cause, Company, Reading, Reason, Throttler, Unread};
use crate::document::Pause;

/// A stop that takes longer is worth an entry of its own, while it lasts: whoever looks wants to know why.
const LONG: Duration = Duration::from_secs(5);
/// What short stops have cost is told so often.
const SUM: Duration = Duration::from_secs(60);
/// A look that is older says nothing of now.
const STALE: Duration = Duration::from_secs(10);
/// While the batches stand still, their state is told so often.
const TELL: Duration = Duration::from_secs(1);

pub(super) struct Brake {
    cell: String,
    post: Post,
    throttler: Throttler,
    /// Who else is at work; none where the runbook says itself how far apart the batches are.
    company: Option<Company>,
    /// That cannot be known, which was said.
    unmet: bool,
    /// Sessions that may wait for a batch.
    most_waiting: Option<u64>,
    /// Stops the batches while it is there.
    file: Option<String>,
    /// When the look was taken that was judged last.
    judged: Option<tokio::time::Instant>,
    reasons: Vec<Reason>,
    wishes: Wishes,
    /// The last wish, as long as nobody was told that it is seen.
    unheard: Option<i64>,
    stops: Stops,
}

/// What standing still has cost since it was told last.
#[derive(Default)]
struct Stops {
    times: u64,
    cost: Duration,
    causes: BTreeMap<&'static str, Duration>,
    /// Of the stop that lasts.
    since: Option<Duration>,
    /// Up to when its time is counted.
    counted: Duration,
    /// Its causes, once it is in the journal.
    noted: Option<Vec<Cause>>,
    summed: Duration,
}

impl Brake {
    /// Sends somebody to look out for a cell that walks a table.
    pub fn new(context: &Context<'_>, cell: &str, backfill: &Backfill) -> Self {
        let replicas = context.replicas.iter();
        let replicas = replicas.filter_map(|(name, address)| backend::replica(name, address)).collect();
        let limits = &backfill.throttle;
        let company = (backfill.pause == Pause::Auto).then(Company::default);
        let scene = Scene {
            run: context.run_id().to_owned(),
            table: backfill.table.clone(),
            limits: limits.clone(),
            company: company.is_some(),
        };
        Self {
            cell: cell.to_owned(),
            post: Post::send(context.session.lookout(), replicas, scene),
            throttler: Throttler::new(limits.clone()),
            company,
            unmet: false,
            most_waiting: limits.max_waiting.as_ref().map(|limit| limit.most),
            file: limits.file.as_ref().map(|limit| limit.most.clone()),
            judged: None,
            reasons: Vec::new(),
            wishes: Wishes::default(),
            unheard: None,
            stops: Stops { summed: context.host.elapsed(), ..Stops::default() },
        }
    }

    /// Keys that somebody wants in a batch.
    pub fn size(&self) -> Option<u64> {
        self.wishes.size.as_ref().map(|(size, _)| *size)
    }

    /// Who else is at work, where the batches heed it.
    pub fn company(&mut self) -> Option<&mut Company> {
        self.company.as_mut()
    }

    /// Whether the batch in flight is waited for by more sessions than may.
    pub fn is_waited_for(&self) -> bool {
        self.most_waiting.is_some_and(|most| self.post.waited() > most)
    }

    /// Waits until nothing is against another batch. False: the operator asked to stop.
    pub async fn pass(&mut self, context: &mut Context<'_>, sight: &mut Sight) -> Result<bool, EngineError> {
        // SQLite's calls return on this thread, and leave the lookout no turn of its own.
        tokio::task::yield_now().await;
        loop {
            let now = context.host.elapsed();
            self.count(now);
            self.look(context).await?;
            if context.host.interrupt().requested() {
                return Ok(false);
            }
            if self.reasons.is_empty() {
                self.stops.since = None;
                if self.stops.noted.is_some() {
                    self.sum(context);
                    context.write().await?;
                } else if now.saturating_sub(self.stops.summed) >= SUM {
                    self.sum(context);
                }
                self.answer();
                return Ok(true);
            }
            context.still_ours()?;
            // The first look is on its way, and is no stop to tell of.
            if self.judged.is_some() {
                self.stand(context, sight, now).await?;
                self.answer();
            }
            tokio::select! {
                // A lookout that is gone shows as one that says nothing any more.
                Ok(()) = self.post.seen.changed() => {}
                () = tokio::time::sleep(TELL) => {}
                () = context.host.interrupt().first() => {}
            }
        }
    }

    /// Stands still for another moment, and says so where it lasts.
    async fn stand(
        &mut self,
        context: &mut Context<'_>,
        sight: &mut Sight,
        now: Duration,
    ) -> Result<(), EngineError> {
        let causes: Vec<Cause> = self.reasons.iter().map(|reason| reason.cause).collect();
        if self.stops.noted.as_ref().is_some_and(|noted| *noted != causes) {
            // Whoever looks is to see the cause of now: this is another stop.
            self.sum(context);
            context.write().await?;
            self.stops.since = None;
        }
        let since = *self.stops.since.get_or_insert_with(|| {
            self.stops.times += 1;
            now
        });
        let stood = now.saturating_sub(since);
        if self.stops.noted.is_none() && (causes.contains(&Cause::Operator) || stood >= LONG) {
            self.stops.noted = Some(causes);
            let causes = held(&self.reasons);
            context.note(Event::Throttled { cell: self.cell.clone(), causes });
            context.write().await?;
        }
        sight.stands(context, held(&self.reasons), stood);
        Ok(())
    }

    /// Tells whoever wished something that it is seen, once everything that follows from it is in the journal.
    fn answer(&mut self) {
        if let Some(number) = self.unheard.take() {
            // Nobody takes it only where the lookout is gone, which shows by itself.
            let _ = self.post.heed.send(number);
        }
    }

    /// Tells what standing still has cost, before the cell ends.
    pub fn release(&mut self, context: &mut Context<'_>) {
        self.count(context.host.elapsed());
        self.sum(context);
    }

    /// Takes the last look in, if it is a new one.
    async fn look(&mut self, context: &mut Context<'_>) -> Result<(), EngineError> {
        let at = self.post.seen.borrow_and_update().as_ref().map(|seen| seen.at);
        let Some(at) = at else {
            self.reasons = vec![blind("the server was not looked at yet".to_owned())];
            return Ok(());
        };
        let known = self.judged.replace(at) == Some(at);
        let age = at.elapsed();
        if age > STALE {
            let text = format!("nothing was heard of the server for {} s", age.as_secs());
            self.reasons = vec![blind(text)];
            return Ok(());
        }
        if known && !self.reasons.iter().any(is_blind) {
            return Ok(());
        }
        let seen = self.post.seen.borrow().clone();
        match seen {
            Some(seen) => self.judge(context, seen).await,
            None => Ok(()),
        }
    }

    async fn judge(&mut self, context: &mut Context<'_>, mut seen: Seen) -> Result<(), EngineError> {
        // Where the server has no position of its own, the journal's end is the measure.
        let journal = u64::try_from(context.ledger.pos()).ok();
        seen.readings.position = seen.readings.position.or(journal);
        if let Some(file) = &self.file {
            let there = context.host.file_exists(file);
            seen.readings.file = Some(there.map_err(|why| Unread { why, refused: false }));
        }
        let somebody = self.is_waited_for();
        let waited = self.post.take_waited();
        if let Some(Ok(waiting)) = &mut seen.readings.waiting {
            *waiting = waited.max(*waiting);
        }
        let mut judgement = self.throttler.judge(context.host.elapsed(), &seen.readings);
        judgement.unwatched.extend(self.meet(&seen.readings.load, somebody));
        if !judgement.unwatched.is_empty() {
            let limits = held(&judgement.unwatched);
            context.note(Event::Unwatched { cell: self.cell.clone(), limits });
        }
        self.reasons = judgement.reasons;
        match seen.wishes {
            Ok(Some(wishes)) => self.heed(context, wishes).await?,
            Ok(None) => {}
            Err(why) => self.reasons.push(blind(format!("what is wished of the run cannot be read: {why}"))),
        }
        if let Some(wish) = &self.wishes.paused {
            let second = wish.at.split('.').next().unwrap_or_default().trim_end_matches('Z');
            let text = format!("paused by {} at {second}Z", wish.by);
            self.reasons.insert(0, Reason { cause: Cause::Operator, text });
        }
        Ok(())
    }

    /// Takes in who else is at work, and whether somebody waits. Says so where that cannot be known.
    fn meet(&mut self, load: &Reading<u64>, somebody: bool) -> Option<Reason> {
        let company = self.company.as_mut()?;
        company.waits(somebody);
        match load.as_ref()? {
            Ok(sessions) => company.at_work(*sessions),
            Err(unread) if unread.refused && !std::mem::replace(&mut self.unmet, true) => {
                let text =
                    format!("{}; batches are short and lie apart, as if others were at work", unread.why);
                return Some(Reason { cause: Cause::Company, text });
            }
            Err(_) => {}
        }
        None
    }

    /// Takes in what is wished, and says in the journal what is new of it before it counts.
    async fn heed(&mut self, context: &mut Context<'_>, wishes: Wishes) -> Result<(), EngineError> {
        if wishes.number == self.wishes.number {
            return Ok(());
        }
        let run = context.run_id();
        let known = context.ledger.history.runs.iter().find(|past| past.run == run);
        let was = known.map(|run| run.controlled).unwrap_or_default();
        let size = wishes.size.as_ref().map(|(size, _)| *size);
        let mut news = Vec::new();
        if wishes.paused.is_some() != was.paused {
            let wish = if wishes.paused.is_some() { "pause" } else { "resume" };
            news.push((wish.to_owned(), &wishes.pause_changed));
        }
        if size != was.size {
            let size = size.map_or_else(|| "auto".to_owned(), |size| size.to_string());
            news.push((format!("size {size}"), &wishes.size_changed));
        }
        for (wish, who) in news {
            context.note(Event::Controlled {
                cell: self.cell.clone(),
                wish,
                operator: who.by.clone(),
                asked_at: who.at.clone(),
            });
        }
        context.write().await?;
        self.unheard = (wishes.seen < wishes.number).then_some(wishes.number);
        self.wishes = wishes;
        Ok(())
    }

    /// Counts the time since the last call for what held the batches.
    fn count(&mut self, now: Duration) {
        let stops = &mut self.stops;
        let passed = now.saturating_sub(std::mem::replace(&mut stops.counted, now));
        if stops.since.is_none() || passed.is_zero() {
            return;
        }
        stops.cost += passed;
        for reason in &self.reasons {
            *stops.causes.entry(reason.cause.name()).or_default() += passed;
        }
    }

    fn sum(&mut self, context: &mut Context<'_>) {
        let now = context.host.elapsed();
        let stops = std::mem::take(&mut self.stops);
        self.stops = Stops { since: stops.since, counted: now, summed: now, ..Stops::default() };
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        if stops.noted.is_some() || millis(stops.cost) > 0 {
            context.note(Event::Unthrottled {
                cell: self.cell.clone(),
                times: stops.times,
                millis: millis(stops.cost),
                causes: stops
                    .causes
                    .into_iter()
                    .map(|(cause, time)| (cause.to_owned(), millis(time)))
                    .collect(),
            });
        }
    }
}

fn blind(text: String) -> Reason {
    Reason { cause: Cause::Blind, text }
}

fn is_blind(reason: &Reason) -> bool {
    reason.cause == Cause::Blind
}

fn held(reasons: &[Reason]) -> Vec<Held> {
    reasons
        .iter()
        .map(|reason| Held { cause: reason.cause.name().to_owned(), why: reason.text.clone() })
        .collect()
}
