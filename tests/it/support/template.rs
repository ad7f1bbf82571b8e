//! A fresh data folder of each server, made once and then copied, which is several times faster.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::account;
use super::engine::Engine;
use super::folder::laboratory;
use super::programs::Programs;

/// Makes `data`, a data folder that the server's user owns.
pub fn copy(engine: Engine, programs: &dyn Programs, data: &Path) {
    let template = template(engine, programs);
    let copied = Command::new("cp").args(["-a", "--reflink=auto"]).arg(&template).arg(data).status();
    assert!(copied.is_ok_and(|status| status.success()), "a copy of {}", template.display());
    account::hand_over(data);
}

fn template(engine: Engine, programs: &dyn Programs) -> PathBuf {
    let said = Command::new(programs.server()).arg("--version").output();
    let said = said.unwrap_or_else(|error| panic!("{}: {error}", programs.server().display()));
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let version = said.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let name = format!("{engine:?}-{}", version.unwrap_or_else(|| panic!("{said}"))).to_lowercase();
    let folder = laboratory().join("templates");
    let template = folder.join(name);
    if !template.exists() {
        make(programs, &folder, &template);
    }
    template
}

/// Another process may be making the same one: the first to finish gives it its name.
fn make(programs: &dyn Programs, folder: &Path, template: &Path) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let unfinished =
        folder.join(format!("unfinished-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst)));
    std::fs::create_dir_all(&unfinished).unwrap();
    account::hand_over(&unfinished);
    let data = unfinished.join("data");
    let made = programs.initialise(&data).output().unwrap();
    let renamed = if made.status.success() { std::fs::rename(&data, template) } else { Ok(()) };
    std::fs::remove_dir_all(&unfinished).unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(renamed.is_ok() || template.exists(), "{}: {renamed:?}", template.display());
}
