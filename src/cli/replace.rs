//! Puts a new text in the place of a file, wholly or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes beside the file and renames over it, so that no reader ever sees half of it, and a full disk
/// leaves it as it was. A link stays a link: what it points to is replaced. Permissions are kept.
///
/// `was` is what the file must still hold; false where somebody else has changed it.
pub fn replace_file(path: &Path, was: &str, new: &str) -> io::Result<bool> {
    let path = fs::canonicalize(path)?;
    let beside = beside(&path);
    let written = write(&path, &beside, was, new);
    if !matches!(written, Ok(true)) {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

fn write(path: &Path, beside: &Path, was: &str, new: &str) -> io::Result<bool> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(beside)?;
    file.set_permissions(fs::metadata(path)?.permissions())?;
    file.write_all(new.as_bytes())?;
    file.sync_all()?;
    if fs::read(path)? != was.as_bytes() {
        return Ok(false);
    }
    fs::rename(beside, path)?;
    // The new name is on the disk when its folder is.
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_file_is_replaced_wholly_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("rollbook-replace-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (file, link) = (folder.join("a.md"), folder.join("link.md"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        assert!(!replace_file(&link, "another", "new").unwrap());
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert!(replace_file(&link, "old", "new").unwrap());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing is left beside them");
        fs::remove_dir_all(&folder).unwrap();
    }
}
