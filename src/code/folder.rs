//! Which files are read: those that are chosen, and that neither git nor a runbook's own records leave out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::{WalkBuilder, WalkState};

use super::{Place, Search};

/// What is read where nobody says otherwise.
const DEFAULT: [&str; 11] = [
    "**/src/**",
    "**/app/**",
    "**/lib/**",
    "**/migrations/**",
    "**/db/**",
    "**/*.sql",
    "**/*.prisma",
    "**/*.graphql",
    "**/*model*.py",
    "**/*schema*.ts",
    "**/*schema*.js",
];

/// A larger file is no code: it is data, or it was generated.
const LARGEST: u64 = 4 << 20;

/// Which files are read.
#[derive(Clone, Debug)]
pub struct Chosen {
    include: GlobSet,
    exclude: GlobSet,
}

#[derive(Debug, thiserror::Error)]
#[error("`{pattern}` is no pattern: {reason}")]
pub struct PatternError {
    pub pattern: String,
    pub reason: String,
}

impl Chosen {
    /// Patterns of paths (`app/**`, `**/*.{rb,erb}`); without `include` the usual places.
    pub fn new(include: Option<&[String]>, exclude: &[String]) -> Result<Self, PatternError> {
        let usual: Vec<String> = DEFAULT.map(str::to_owned).to_vec();
        Ok(Self { include: patterns(include.unwrap_or(&usual))?, exclude: patterns(exclude)? })
    }

    /// Where nobody says otherwise.
    pub fn usual() -> Self {
        Self::new(None, &[]).expect("the usual patterns are patterns")
    }

    /// A pattern holds from each of the `roots` on that the path is below.
    fn has(&self, path: &Path, roots: &[&Path]) -> bool {
        let mut inside = roots.iter().filter_map(|root| path.strip_prefix(root).ok());
        inside.clone().any(|path| self.include.is_match(path))
            && !inside.any(|path| self.exclude.is_match(path))
    }
}

fn patterns(texts: &[String]) -> Result<GlobSet, PatternError> {
    let mut set = GlobSetBuilder::new();
    for text in texts {
        let refused =
            |error: globset::Error| PatternError { pattern: text.clone(), reason: error.kind().to_string() };
        set.add(GlobBuilder::new(text).literal_separator(true).build().map_err(refused)?);
    }
    set.build().map_err(|error| PatternError { pattern: texts.join(", "), reason: error.kind().to_string() })
}

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub struct Look {
    pub files: usize,
    /// Files that were too large to be code.
    pub large: usize,
    /// Files and folders that could not be read.
    pub unread: usize,
    /// By path, and in a file by line.
    pub places: Vec<(PathBuf, Place)>,
}

/// Reads every chosen file below `folder`. A pattern holds from the folder on, and from `home` on, which
/// the project's patterns are written for. `left_out` are the runbooks themselves.
///
/// Files that cannot be read are counted and no error: a link that leads nowhere is none of ours.
pub fn read_folder(
    folder: &Path,
    home: &Path,
    chosen: &Chosen,
    left_out: &[PathBuf],
    search: &Search,
) -> Look {
    let left_out: Vec<PathBuf> = left_out.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let is_left_out = |path: &Path| {
        path.extension().is_some_and(|ending| ending == "md")
            && path.canonicalize().is_ok_and(|path| left_out.contains(&path))
    };
    let [files, large, unread] = [const { AtomicUsize::new(0) }; 3];
    let found = Mutex::new(Vec::new());
    // A project that is no git repository, or a part of one, has its .gitignore all the same.
    let walk = WalkBuilder::new(folder).require_git(false).build_parallel();
    walk.run(|| {
        Box::new(|entry| {
            let Ok(entry) = entry else {
                unread.fetch_add(1, Ordering::Relaxed);
                return WalkState::Continue;
            };
            let path = entry.path();
            if !entry.file_type().is_some_and(|kind| kind.is_file()) || !chosen.has(path, &[folder, home]) {
                return WalkState::Continue;
            }
            if entry.metadata().is_ok_and(|data| data.len() > LARGEST) {
                large.fetch_add(1, Ordering::Relaxed);
                return WalkState::Continue;
            }
            let Ok(text) = fs::read(path) else {
                unread.fetch_add(1, Ordering::Relaxed);
                return WalkState::Continue;
            };
            if is_binary(&text) || is_ours(path, &text) || is_left_out(path) {
                return WalkState::Continue;
            }
            files.fetch_add(1, Ordering::Relaxed);
            let places = search.read(&text, is_migration(path));
            if !places.is_empty() {
                let path = path.strip_prefix(".").unwrap_or(path);
                let places = places.into_iter().map(|place| (path.to_owned(), place));
                found.lock().unwrap_or_else(|lock| lock.into_inner()).extend(places);
            }
            WalkState::Continue
        })
    });
    let mut places = found.into_inner().unwrap_or_else(|lock| lock.into_inner());
    places.sort_by(|(a, one), (b, other)| (a, one.start, one.gone).cmp(&(b, other.start, other.gone)));
    Look { files: files.into_inner(), large: large.into_inner(), unread: unread.into_inner(), places }
}

/// As git tells: a NUL among the first bytes.
fn is_binary(text: &[u8]) -> bool {
    text[..text.len().min(8192)].contains(&0)
}

/// Runbooks, and the records of their runs, name what they drop.
fn is_ours(path: &Path, text: &[u8]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending {
        Some("md") => {
            let runbook =
                text.starts_with(b"---\n") && text.windows(11).take(4096).any(|line| line == b"\nrollbook: ");
            runbook || path.with_extension("jsonl").exists()
        }
        Some("jsonl") => path.with_extension("md").exists(),
        _ => false,
    }
}

/// Folders that the usual tools keep migrations in.
fn is_migration(path: &Path) -> bool {
    let names = ["migrations", "migration", "migrate", "versions"];
    let folders = path.parent().into_iter().flat_map(Path::components);
    folders.filter_map(|folder| folder.as_os_str().to_str()).any(|folder| names.contains(&folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_hold_from_either_folder_on() {
        let chosen = |include: Option<&[&str]>, exclude: &[&str], path: &str| {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            let include = include.map(owned);
            let chosen = Chosen::new(include.as_deref(), &owned(exclude)).unwrap();
            chosen.has(Path::new(path), &[Path::new("back"), Path::new("")])
        };
        assert!(chosen(None, &[], "back/src/a.rb") && chosen(None, &[], "crates/a/src/b.rs"));
        assert!(chosen(None, &[], "back/x/user_model.py") && !chosen(None, &[], "back/x/user.py"));
        assert!(chosen(Some(&["**/*.{rb,erb}"]), &[], "back/a.erb"));
        assert!(
            !chosen(None, &["src/old/**"], "src/old/a.rb") && !chosen(Some(&["src/**"]), &[], "a/src/b.rs")
        );
        assert_eq!(Chosen::new(Some(&["a{".to_owned()]), &[]).unwrap_err().pattern, "a{");
    }

    #[test]
    fn folders_of_migrations_are_known_by_their_names() {
        assert!(
            is_migration(Path::new("db/migrate/1.rb")) && is_migration(Path::new("a/migrations/b/c.sql"))
        );
        assert!(!is_migration(Path::new("src/migrations.rb")));
    }
}
