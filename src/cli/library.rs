//! The template library: what is shipped, and the folders that `rollbook.toml` names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::CliError;
use super::settings;
use crate::diagnostics::render;
use crate::report::Style;
use crate::source::Source;
use crate::template::Library;

/// Folders below a template folder, at most.
const DEEPEST: usize = 8;

/// Reads a team's templates beside the shipped ones. What is wrong with them is printed, and then none can be
/// used: a template that silently is not there would be replaced by the shipped one.
pub fn read(style: Style) -> Result<Library, CliError> {
    let mut files: Vec<(String, Arc<Source>)> = Vec::new();
    for folder in settings::template_folders()? {
        let mut found = Vec::new();
        walk(&folder, "", DEEPEST, &mut found)?;
        for (name, path) in found {
            if let Some((_, other)) = files.iter().find(|(other, _)| *other == name) {
                return Err(CliError::TwoTemplates { one: other.name().into(), other: path });
            }
            let bytes =
                std::fs::read(&path).map_err(|source| CliError::Read { path: path.clone(), source })?;
            let text = String::from_utf8(bytes).map_err(|_| CliError::NotUtf8 { path: path.clone() })?;
            files.push((name, Source::new(path.display().to_string(), text)));
        }
    }
    Library::with(&files).map_err(|diagnostics| {
        eprint!("{}", render::full(&diagnostics, style == Style::Ansi));
        CliError::Template {
            message: "a template cannot be read".to_owned(),
            help: Some("mend it, or take its folder out of `[templates]` in rollbook.toml".to_owned()),
        }
    })
}

/// The files that end in `.j2`, each with its name below the folder.
fn walk(
    folder: &Path,
    below: &str,
    deepest: usize,
    found: &mut Vec<(String, PathBuf)>,
) -> Result<(), CliError> {
    let unreadable = |source| CliError::Read { path: folder.to_path_buf(), source };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let name = format!("{below}{file}");
        if path.is_dir() && deepest > 0 {
            walk(&path, &format!("{name}/"), deepest - 1, found)?;
        } else if file.ends_with(".j2") {
            found.push((name, path));
        }
    }
    found.sort();
    Ok(())
}
