//! The world outside, as the engine sees it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use crate::engine::{Host, Interrupt};

/// Longer than a network hiccup or a machine that swaps, shorter than anybody wants to wait.
const LEASE: Duration = Duration::from_secs(30);

/// The real one; tests fix its clock, ids, operator and lease through the environment.
pub struct RealHost {
    started: Instant,
    folder: PathBuf,
    interrupt: Interrupt,
    /// A question waits for its answer, and nothing else is under way.
    asking: AtomicBool,
    fixed_clock: Option<String>,
    fixed_run: Option<String>,
}

impl RealHost {
    /// `runbook` tells which repository's commit is meant.
    pub fn new(runbook: &Path) -> Self {
        let folder = runbook.parent().filter(|path| !path.as_os_str().is_empty());
        Self {
            started: Instant::now(),
            folder: folder.unwrap_or(Path::new(".")).to_path_buf(),
            interrupt: Interrupt::default(),
            asking: AtomicBool::new(false),
            fixed_clock: std::env::var("ROLLBOOK_FIXED_CLOCK").ok(),
            fixed_run: std::env::var("ROLLBOOK_FIXED_RUN").ok(),
        }
    }
}

impl RealHost {
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
        let output = std::process::Command::new("git")
            .args(["rev-parse", "HEAD"])
            .current_dir(&self.folder)
            .stderr(std::process::Stdio::null())
            .output()
            .ok()?;
        let commit = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !commit.is_empty()).then_some(commit)
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
