//! Who the servers run as. They refuse root, so root's are run by an account that owns nothing.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

/// This process's user.
pub fn uid() -> u32 {
    std::fs::metadata("/proc/self").unwrap().uid()
}

/// A program that an ordinary user runs, with nothing of this machine's environment but the path.
pub fn ordinary(program: &Path) -> Command {
    let mut command = if uid() == 0 {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    // The folder that the tests run in may be closed to that user.
    command.env_clear().env("PATH", path).current_dir("/");
    command
}

/// Gives a folder and all in it to that user.
pub fn hand_over(folder: &Path) {
    if uid() == 0 {
        let owned = Command::new("chown").args(["-R", "nobody:nogroup"]).arg(folder).status();
        assert!(owned.is_ok_and(|status| status.success()), "chown of {}", folder.display());
    }
}
