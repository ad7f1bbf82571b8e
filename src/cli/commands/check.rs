use std::io::Write as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::args::{Check, FindingFormat, Params};
use super::super::error::{CliError, Exit};
use super::super::load;
use super::super::mend::{self, Checked};
use super::super::prompt;
use super::super::replace::replace_file;
use super::super::run::width;
use super::super::settings;
use super::trace;
use crate::code::{self, Place, Search};
use crate::diagnostics::{Diagnostic, Diagnostics, Level, explain_command, render};
use crate::document;
use crate::figures::plural;
use crate::plan;
use crate::report::{Measurement, Style, measured_json, measured_table};
use crate::rules::{self, Gone, Levels};
use crate::source::Source;

pub fn run(command: &Check, style: Style) -> Result<Exit, CliError> {
    let mut files = Vec::new();
    for path in &command.paths {
        collect(path, &mut files)?;
    }
    let levels = settings::levels()?;
    let mut checked = check_all(&files, &command.params, &levels)?;
    if command.fix {
        let again = |source: &Arc<Source>| check_source(source, &command.params, &levels);
        mend_all(&files, &mut checked, again, command.write, style)?;
    }
    if let Some(folder) = &command.code {
        look_at_code(folder, &files, &mut checked, &levels)?;
    }
    let ready = match &command.scratch {
        Some(scratch) if checked.iter().all(|checked| checked.is_runbook) => {
            trace::prepare(command, scratch, style)?
        }
        _ => None,
    };
    let (measurement, found) = match &ready {
        Some(ready) => trace::run(ready, &levels).map(|(measurement, found)| (Some(measurement), found))?,
        None => (None, Diagnostics::new()),
    };
    let findings: Diagnostics =
        checked.into_iter().flat_map(|checked| checked.findings).chain(found).collect();
    print_findings(&findings, measurement.as_ref(), command, style);
    summarise(&files, &findings, command);
    match measurement {
        Some(measurement) => eprintln!("{}", measurement.summary()),
        None if command.trace => eprintln!("nothing is measured, because the runbook has errors"),
        None => {}
    }
    let failed = findings.iter().any(|finding| finding.level == Level::Error);
    Ok(if failed { Exit::No } else { Exit::Done })
}

fn print_findings(
    findings: &Diagnostics,
    measurement: Option<&Measurement<'_>>,
    command: &Check,
    style: Style,
) {
    let text = match command.format {
        FindingFormat::Full => {
            let table =
                measurement.map_or_else(String::new, |measurement| measured_table(measurement, width()));
            let text = render::full(findings, style == Style::Ansi);
            let gap = if text.is_empty() || table.is_empty() { "" } else { "\n" };
            format!("{text}{gap}{table}")
        }
        FindingFormat::Concise => render::concise(findings),
        FindingFormat::Json => match measurement {
            Some(measurement) => measured_json(measurement, findings),
            None => render::json(findings, rules::page_of),
        },
        FindingFormat::Github => render::github(findings),
        FindingFormat::Sarif => render::sarif(findings, rules::page_of),
    };
    print!("{text}");
    if !text.is_empty() && !text.ends_with('\n') {
        println!();
    }
}

fn summarise(files: &[PathBuf], findings: &[Diagnostic], command: &Check) {
    let count = |level| findings.iter().filter(|finding| finding.level == level).count() as u64;
    eprintln!(
        "{} checked: {}, {}",
        plural(files.len() as u64, "runbook"),
        plural(count(Level::Error), "error"),
        plural(count(Level::Warning), "warning")
    );
    if command.format != FindingFormat::Full {
        return;
    }
    if let Some(rule) = findings.iter().map(|finding| finding.rule).find(|rule| rules::find(rule).is_ok()) {
        eprintln!(
            "why, and what to write instead: `rollbook rules explain <rule>`, as in `{}`",
            explain_command(rule)
        );
    }
    let fixable = findings.iter().filter(|finding| finding.fix.is_some()).count();
    if fixable > 0 && !command.fix {
        eprintln!(
            "{fixable} of them can be mended mechanically: the same command with `--fix` shows how, and asks"
        );
    }
}

/// Adds what the application's files still name of what the runbooks take away.
fn look_at_code(
    folder: &Path,
    files: &[PathBuf],
    checked: &mut [Checked],
    levels: &Levels,
) -> Result<(), CliError> {
    let Some(level) = levels.of(&rules::STILL_IN_CODE) else { return Ok(()) };
    std::fs::read_dir(folder).map_err(|source| CliError::Read { path: folder.to_path_buf(), source })?;
    let gone: Vec<Gone> = checked.iter().flat_map(|checked| checked.gone.clone()).collect();
    if gone.is_empty() {
        eprintln!("no code is looked at: nothing is dropped or renamed");
        return Ok(());
    }
    let here = std::env::current_dir().unwrap_or_default();
    // Below this folder, the project's patterns hold from it on.
    let home = if folder.is_absolute() { here.as_path() } else { Path::new("") };
    let look = code::read_folder(folder, home, &settings::code()?, files, &Search::new(&gone));
    if look.files == 0 {
        return Err(CliError::NoCode { path: folder.to_path_buf() });
    }
    let skipped = |count: usize, why: &str| match count {
        0 => String::new(),
        _ => format!("; {} {why}", plural(count as u64, "file")),
    };
    eprintln!(
        "{} of code looked at{}{}",
        plural(look.files as u64, "file"),
        skipped(look.large, "of more than 4 MiB left out"),
        skipped(look.unread, "could not be read")
    );
    let open = |path: &PathBuf| {
        let text = String::from_utf8(std::fs::read(path).ok()?).ok()?;
        Some(Source::new(path.display().to_string(), text))
    };
    let mut first = 0;
    for checked in checked {
        let own = first..first + checked.gone.len();
        first = own.end;
        let mut places: Vec<(PathBuf, Place)> =
            look.places.iter().filter(|(_, place)| own.contains(&place.gone)).cloned().collect();
        places.iter_mut().for_each(|(_, place)| place.gone -= own.start);
        checked.findings.extend(code::findings(&checked.source, &checked.gone, &places, level, open));
    }
    Ok(())
}

/// Shows what would be mended, and writes it where that is wanted.
fn mend_all(
    files: &[PathBuf],
    checked: &mut [Checked],
    again: impl Fn(&Arc<Source>) -> Result<Checked, CliError>,
    unasked: bool,
    style: Style,
) -> Result<(), CliError> {
    let mut changes = Vec::new();
    let mut made = 0;
    for (index, first) in checked.iter().enumerate() {
        if first.findings.iter().all(|finding| finding.fix.is_none()) {
            continue;
        }
        let mended = mend::mend(first.clone(), &again)?;
        if !mended.made.is_empty() {
            eprint!("{}", diff_text(&files[index], first.source.text(), mended.checked.source.text(), style));
            made += mended.made.len() as u64;
            changes.push((index, mended));
        }
    }
    if changes.is_empty() {
        eprintln!("nothing can be mended mechanically");
        return Ok(());
    }
    let what = format!("{} in {}", plural(made, "change"), plural(changes.len() as u64, "runbook"));
    if !unasked && !prompt::can_ask() {
        eprintln!(
            "{what}; nothing is written, because there is no terminal to ask at: `--fix --write` writes it"
        );
        return Ok(());
    }
    if !unasked && !agreed(&what) {
        eprintln!("nothing is written");
        return Ok(());
    }
    for (index, mended) in changes {
        let path = &files[index];
        let new = mended.checked.source.text();
        match replace_file(path, checked[index].source.text(), new) {
            Ok(true) => checked[index] = mended.checked,
            Ok(false) => return Err(CliError::ChangedMeanwhile { path: path.clone() }),
            Err(source) => return Err(CliError::Write { path: path.clone(), source }),
        }
        let titles: Vec<String> =
            mended.made.iter().map(|(rule, title)| format!("{title} [{rule}]")).collect();
        eprintln!("{} is written: {}", path.display(), titles.join("; "));
    }
    Ok(())
}

/// Enter means no.
fn agreed(what: &str) -> bool {
    eprint!("{what}: type `write` to write it, anything else to leave it: ");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.is_ok() && line.trim() == "write"
}

fn diff_text(path: &Path, was: &str, new: &str, style: Style) -> String {
    let name = path.display().to_string();
    let diff = similar::TextDiff::from_lines(was, new);
    let text = diff.unified_diff().header(&name, &name).to_string();
    let mut shown = String::new();
    for line in text.lines() {
        let line = render::printable(line).into_owned();
        shown += &match line.as_bytes().first() {
            Some(b'+') => style.good(&line),
            Some(b'-') => style.bad(&line),
            Some(b'@') => style.dim(&line),
            _ => line,
        };
        shown.push('\n');
    }
    shown
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

/// Checks on every core; the answers come in the order of the files.
fn check_all(files: &[PathBuf], params: &Params, levels: &Levels) -> Result<Vec<Checked>, CliError> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(files.len().max(1));
    let share = files.len().div_ceil(threads).max(1);
    let check = |file: &PathBuf| check_source(&load::read_source(file)?.0, params, levels);
    std::thread::scope(|scope| {
        let workers: Vec<_> = files
            .chunks(share)
            .map(|files| scope.spawn(move || files.iter().map(check).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn check_source(source: &Arc<Source>, params: &Params, levels: &Levels) -> Result<Checked, CliError> {
    let parsed = document::parse(source);
    let mut findings = parsed.diagnostics;
    let mut gone = Vec::new();
    let is_runbook = findings.iter().all(|finding| finding.level != Level::Error);
    if is_runbook {
        let front = &parsed.document.front;
        let values = load::sample_values(&front.params, params)?;
        let mut plans = Vec::new();
        for dialect in &front.dialects {
            let (plan, more) = plan::build(&parsed.document, *dialect, &values);
            plans.extend(plan);
            for finding in more {
                let same = |known: &Diagnostic| {
                    known.rule == finding.rule
                        && known.span == finding.span
                        && known.message == finding.message
                };
                if !findings.iter().any(same) {
                    findings.push(finding);
                }
            }
        }
        if plans.len() == front.dialects.len() {
            findings.extend(rules::check(&parsed.document, &plans, levels));
            gone = rules::gone(&parsed.document, &plans);
        }
        findings.sort_by_key(|finding| finding.span);
    }
    Ok(Checked { source: Arc::clone(source), findings, is_runbook, gone })
}
