use jiff::Timestamp;

use crate::engine::{Event, Sealed};

/// Where a record goes, relative to the project, with `/` between the parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordName {
    pub markdown: String,
    pub jsonl: String,
}

/// The longest part of a file name, so that the whole stays under the 255 bytes of common file systems.
const LONGEST: usize = 80;

/// The record's files, or `None` where the entries do not begin with the start of a run.
pub fn paths(entries: &[Sealed]) -> Option<RecordName> {
    let first = entries.first()?;
    let Event::RunStarted(started) = &first.event else { return None };
    let at: Timestamp = first.at.parse().ok()?;
    let stem = format!(
        "{}/{}-{}-{}",
        safe(&started.runbook),
        at.strftime("%Y%m%dT%H%M%SZ"),
        safe(&started.target_name),
        safe(&first.run)
    );
    Some(RecordName { markdown: format!("{stem}.md"), jsonl: format!("{stem}.jsonl") })
}

/// One part of a path that names no other directory: entries may come from a file that was tampered with.
fn safe(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = text.chars().take(LONGEST).map(plain).collect();
    match name.strip_prefix('.') {
        Some(rest) => format!("-{rest}"),
        None if name.is_empty() => "-".to_owned(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn a_part_never_leaves_its_directory() {
        assert_eq!(safe("prod_eu-1.main"), "prod_eu-1.main");
        assert_eq!(safe("../../etc/passwd"), "-.-..-etc-passwd");
        assert_eq!(safe(".."), "-.");
        assert_eq!(safe("grün | a\n"), "gr-n---a-");
        assert_eq!(safe(""), "-");
        assert_eq!(safe(&"x".repeat(500)).len(), 80);
    }
}
