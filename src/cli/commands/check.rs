use std::num::NonZero;
use std::path::{Path, PathBuf};

use super::super::args::{Check, FindingFormat, Params};
use super::super::error::{CliError, Exit};
use super::super::load;
use super::super::settings;
use crate::diagnostics::{Diagnostic, Diagnostics, Level, render};
use crate::document;
use crate::plan;
use crate::report::{Style, plural};
use crate::rules::{self, Levels};

pub fn run(command: &Check, style: Style) -> Result<Exit, CliError> {
    let mut files = Vec::new();
    for path in &command.paths {
        collect(path, &mut files)?;
    }
    let findings = check_all(&files, &command.params, &settings::levels()?)?;
    let text = match command.format {
        FindingFormat::Full => render::full(&findings, style == Style::Ansi),
        FindingFormat::Concise => render::concise(&findings),
        FindingFormat::Json => render::json(&findings),
        FindingFormat::Github => render::github(&findings),
        FindingFormat::Sarif => render::sarif(&findings),
    };
    print!("{text}");
    if !text.is_empty() && !text.ends_with('\n') {
        println!();
    }
    let count = |level| findings.iter().filter(|finding| finding.level == level).count() as u64;
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    eprintln!(
        "{} checked: {}, {}",
        plural(files.len() as u64, "runbook"),
        plural(errors, "error"),
        plural(warnings, "warning")
    );
    Ok(if errors > 0 { Exit::No } else { Exit::Done })
}

/// A file as it is; of a folder every Markdown file below it but READMEs and records.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let read = |source| CliError::Read { path: path.to_path_buf(), source };
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let before = files.len();
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(read)? {
            let entry = entry.map_err(read)?.path();
            let name =
                entry.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
            if entry.is_dir() && !name.starts_with('.') {
                folders.push(entry);
            } else if name.ends_with(".md") && name != "readme.md" && !is_record(&entry) {
                files.push(entry);
            }
        }
    }
    files[before..].sort();
    if files.len() == before {
        return Err(CliError::NoRunbooks { path: path.to_path_buf() });
    }
    Ok(())
}

/// A record has its events beside it.
fn is_record(path: &Path) -> bool {
    path.with_extension("jsonl").exists()
}

/// Checks on every core; the findings come in the order of the files.
fn check_all(files: &[PathBuf], params: &Params, levels: &Levels) -> Result<Diagnostics, CliError> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(files.len().max(1));
    let share = files.len().div_ceil(threads).max(1);
    let parts: Vec<Result<Diagnostics, CliError>> = std::thread::scope(|scope| {
        let workers: Vec<_> = files
            .chunks(share)
            .map(|files| {
                scope.spawn(move || {
                    files.iter().map(|file| check_one(file, params, levels)).collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut findings = Vec::new();
    for part in parts {
        findings.extend(part?);
    }
    Ok(findings)
}

fn check_one(path: &Path, params: &Params, levels: &Levels) -> Result<Diagnostics, CliError> {
    let (source, _) = load::read_source(path)?;
    let parsed = document::parse(&source);
    let mut findings = parsed.diagnostics;
    if findings.iter().any(|finding| finding.level == Level::Error) {
        return Ok(findings);
    }
    let front = &parsed.document.front;
    let values = load::sample_values(&front.params, params)?;
    let mut plans = Vec::new();
    for dialect in &front.dialects {
        let (plan, more) = plan::build(&parsed.document, *dialect, &values);
        plans.extend(plan);
        for finding in more {
            let same = |known: &Diagnostic| {
                known.rule == finding.rule && known.span == finding.span && known.message == finding.message
            };
            if !findings.iter().any(same) {
                findings.push(finding);
            }
        }
    }
    if plans.len() == front.dialects.len() {
        findings.extend(rules::check(&parsed.document, &plans, levels));
    }
    findings.sort_by_key(|finding| finding.span);
    Ok(findings)
}
