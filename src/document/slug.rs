//! The names that people write: runbook ids, cell ids, phases and parameters.

use crate::diagnostics::did_you_mean;

/// `[a-z0-9][a-z0-9._-]*`: also a directory name under `records/`.
pub fn is_runbook_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
}

/// `[a-z][a-z0-9-]*(\.[a-z0-9-]+)*`
pub fn is_cell_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_slug_byte))
}

/// `[a-z][a-z0-9-]*`
pub fn is_phase(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(is_slug_byte)
}

fn is_slug_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')
}

/// `[a-z_][a-z0-9_]*`, and not a word of the template language.
pub fn is_parameter(text: &str) -> bool {
    const RESERVED: [&str; 14] = [
        "batch", "loop", "self", "super", "caller", "true", "false", "none", "not", "and", "or", "in", "is",
        "if",
    ];
    text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        && !RESERVED.contains(&text)
}

/// The help after an unknown name: the near one, or all of them.
pub fn suggest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let lower = typed.to_lowercase();
    match did_you_mean(&lower, names.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known: {}", list(names)),
    }
}

/// `a`, `b`, `c`
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_name_has_its_own_letters() {
        assert!(is_runbook_id("0042-users.email_lower") && !is_runbook_id("-a") && !is_runbook_id("a/b"));
        assert!(
            is_cell_id("add-column.verify-2")
                && !is_cell_id("a..b")
                && !is_cell_id("2a")
                && !is_cell_id("a_b")
        );
        assert!(is_phase("dual-write") && !is_phase("a.b") && !is_phase(""));
        assert!(is_parameter("batch_size") && !is_parameter("batch") && !is_parameter("a-b"));
    }
}
