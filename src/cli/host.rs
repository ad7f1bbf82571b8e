//! The world outside, as the engine sees it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use crate::engine::{Host, Interrupt};

/// Longer than a network hiccup or a machine that swaps, shorter than anybody wants to wait.
const LEASE: Duration = Duration::from_secs(30);

/// The real one; tests fix its clock, ids, operator and lease through the environment.
pub struct RealHost {
    started: Instant,
    /// Asked for at once, and answered while the target is connected to.
    git: Mutex<Option<Child>>,
    commit: OnceLock<Option<String>>,
    interrupt: Interrupt,
    /// A question waits for its answer, and nothing else is under way.
    asking: AtomicBool,
    fixed_clock: Option<String>,
    fixed_run: Option<String>,
}

impl RealHost {
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            git: Mutex::default(),
            commit: OnceLock::new(),
            interrupt: Interrupt::default(),
            asking: AtomicBool::new(false),
            fixed_clock: std::env::var("ROLLBOOK_FIXED_CLOCK").ok(),
            fixed_run: std::env::var("ROLLBOOK_FIXED_RUN").ok(),
        }
    }

    /// One that knows the commit of the repository that the runbook is in.
    pub fn beside(runbook: &Path) -> Self {
        let folder = runbook.parent().filter(|path| !path.as_os_str().is_empty());
        let git = Command::new("git")
            .args(["rev-parse", "HEAD"])
            .current_dir(folder.unwrap_or(Path::new(".")))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        Self { git: Mutex::new(git.ok()), ..Self::new() }
    }

    pub fn set_asking(&self, asking: bool) {
        self.asking.store(asking, Ordering::SeqCst);
    }

    pub fn is_asking(&self) -> bool {
        self.asking.load(Ordering::SeqCst)
    }
}

impl Host for RealHost {
    fn now(&self) -> String {
        self.fixed_clock.clone().unwrap_or_else(|| format!("{:.6}", jiff::Timestamp::now()))
    }

    fn elapsed(&self) -> Duration {
        if self.fixed_clock.is_some() { Duration::ZERO } else { self.started.elapsed() }
    }

    fn run_id(&self) -> String {
        if let Some(run) = &self.fixed_run {
            return run.clone();
        }
        let seed =
            format!("{} {} {}", jiff::Timestamp::now().as_nanosecond(), std::process::id(), self.operator());
        // 40 bits: enough that two runs on one target never meet.
        format!("r-{}", &crate::source::hex(&Sha256::digest(seed))[..10])
    }

    fn operator(&self) -> String {
        std::env::var("ROLLBOOK_OPERATOR").unwrap_or_else(|_| {
            let user = whoami::username().unwrap_or_else(|_| "unknown".to_owned());
            let host = whoami::hostname().unwrap_or_else(|_| "unknown".to_owned());
            format!("{user}@{host}")
        })
    }

    fn git_commit(&self) -> Option<String> {
        let answer = || {
            let git = self.git.lock().unwrap_or_else(PoisonError::into_inner).take()?;
            let output = git.wait_with_output().ok()?;
            let commit = String::from_utf8(output.stdout).ok()?.trim().to_owned();
            (output.status.success() && !commit.is_empty()).then_some(commit)
        };
        self.commit.get_or_init(answer).clone()
    }

    fn jitter(&self) -> f64 {
        let nanos = self.started.elapsed().subsec_nanos();
        f64::from(nanos % 1_000) / 1_000.0
    }

    fn lease(&self) -> Duration {
        let millis = std::env::var("ROLLBOOK_LEASE_MILLIS").ok().and_then(|millis| millis.parse().ok());
        millis.map_or(LEASE, Duration::from_millis)
    }

    fn file_exists(&self, path: &str) -> Result<bool, String> {
        Path::new(path).try_exists().map_err(|error| format!("{path}: {error}"))
    }

    fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }
}
