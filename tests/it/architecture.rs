//! The layers of `ARCHITECTURE.md`, read off the `use` lines.

use std::path::{Path, PathBuf};

/// From the bottom: a module may use those before it.
const LAYERS: [&str; 17] = [
    "figures",
    "source",
    "diagnostics",
    "dialect",
    "document",
    "template",
    "backfill",
    "plan",
    "rules",
    "code",
    "backend",
    "survey",
    "measure",
    "engine",
    "record",
    "report",
    "cli",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Each file below `src/` with its module and its code without comments and tests.
fn sources() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&root, &mut found);
    found
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            let module = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
            (name, module, code.join("\n"))
        })
        .collect()
}

#[test]
fn a_module_uses_only_the_layers_below_it() {
    let mut seen = 0;
    for (name, module, code) in sources() {
        let Some(own) = LAYERS.iter().position(|layer| *layer == module) else { continue };
        for part in code.split("crate::").skip(1) {
            let used: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let Some(layer) = LAYERS.iter().position(|layer| *layer == used) else { continue };
            assert!(layer <= own, "{name} uses {used}, which is above {module}");
            let below = ["source", "diagnostics", "dialect", "backend"].contains(&used.as_str());
            assert!(module != "backend" || below, "{name} uses {used}");
            seen += 1;
        }
    }
    assert!(seen > 100, "the `use` lines were not found");
}

#[test]
fn drivers_front_ends_and_printing_stay_where_they_belong() {
    for (name, module, code) in sources() {
        if module == "main" {
            continue;
        }
        let only = |word: &str, home: &str| {
            assert!(module == home || !code.contains(word), "{name} names {word}, which only {home} may");
        };
        only("sqlx", "backend");
        only("rusqlite", "backend");
        only("clap", "cli");
        only("inquire::", "cli");
        only("squawk_syntax", "dialect");
        only("ignore::", "code");
        only("globset", "code");
        only("aho_corasick", "code");
        only("sqlite3_parser", "dialect");
        only("println!", "cli");
        only("eprint", "cli");
        only("std::env", "cli");
        only("SystemTime", "cli");
        only("Timestamp::now", "cli");
        let pure = LAYERS.iter().position(|layer| *layer == module).is_some_and(|own| own < 8);
        if pure {
            assert!(!code.contains("std::fs") && !code.contains("Instant::now"), "{name} must be pure");
        }
    }
}

#[test]
fn sql_becomes_safe_in_one_place() {
    let uses: usize = sources().iter().map(|(_, _, code)| code.matches("AssertSqlSafe(").count()).sum();
    assert_eq!(uses, 1);
}
