//! The laboratory's folder, in which `tests/run` unpacks servers: `tests/lab/folder` is the rule.

use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::PathBuf;

use super::account;

pub fn laboratory() -> PathBuf {
    let folder = std::env::var_os("ROLLBOOK_LAB")
        .map_or_else(|| PathBuf::from(format!("/var/tmp/rollbook-lab-{}", account::uid())), PathBuf::from);
    std::fs::DirBuilder::new().recursive(true).mode(0o755).create(&folder).unwrap();
    let found = std::fs::symlink_metadata(&folder).unwrap();
    // Programs in it are run, and anybody may have made it first.
    assert!(
        found.is_dir() && found.uid() == account::uid() && found.mode() & 0o022 == 0,
        "{} is not only yours to write: remove it, or set ROLLBOOK_LAB to another folder",
        folder.display()
    );
    folder
}
