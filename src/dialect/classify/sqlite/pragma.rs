use super::super::draft::Draft;

/// Pragmas that only answer (sqlite.org/pragma.html), with or without an argument.
const READERS: [&str; 21] = [
    "collation_list",
    "compile_options",
    "data_version",
    "database_list",
    "foreign_key_check",
    "foreign_key_list",
    "freelist_count",
    "function_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "module_list",
    "page_count",
    "pragma_list",
    "quick_check",
    "stats",
    "table_info",
    "table_list",
    "table_xinfo",
    "lock_status",
];

/// Pragmas that answer without a value and set something with one.
const SETTINGS: [&str; 42] = [
    "analysis_limit",
    "application_id",
    "auto_vacuum",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "default_cache_size",
    "defer_foreign_keys",
    "encoding",
    "foreign_keys",
    "fullfsync",
    "hard_heap_limit",
    "ignore_check_constraints",
    "journal_mode",
    "journal_size_limit",
    "legacy_alter_table",
    "legacy_file_format",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "page_size",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "schema_version",
    "secure_delete",
    "soft_heap_limit",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "user_version",
    "wal_autocheckpoint",
    "writable_schema",
    "count_changes",
    "full_column_names",
    "short_column_names",
    "empty_result_callbacks",
];

/// `PRAGMA name` or, where `sets`, `PRAGMA name = …`.
pub(super) fn read(name: &str, sets: bool) -> Draft {
    let mut draft = Draft::new("pragma");
    let name = name.to_ascii_lowercase();
    if READERS.contains(&name.as_str()) || (SETTINGS.contains(&name.as_str()) && !sets) {
        draft.reads_only(true);
        draft.scans(if name.ends_with("_check") { Some(true) } else { Some(false) });
        return draft;
    }
    match name.as_str() {
        "foreign_keys" => draft.never("PRAGMA foreign_keys does nothing, silently, inside a transaction"),
        "journal_mode" => draft.never("PRAGMA journal_mode cannot be changed inside a transaction"),
        "synchronous" => draft.never("PRAGMA synchronous cannot be changed inside a transaction"),
        "auto_vacuum" | "page_size" | "encoding" => {
            draft.never("PRAGMA auto_vacuum, page_size and encoding take effect at the next VACUUM");
        }
        "wal_checkpoint" => draft.never("PRAGMA wal_checkpoint cannot run inside a transaction"),
        "incremental_vacuum" => draft.lock_database(),
        "optimize" | "shrink_memory" | "temp_store_directory" | "data_store_directory" => {}
        "user_version" | "application_id" => draft.lock_database(),
        "writable_schema" | "schema_version" => {
            draft.loses("opens the schema to direct writes, which can corrupt the database");
        }
        _ if SETTINGS.contains(&name.as_str()) => {}
        _ => draft.loses("cannot be classified, so it is treated as destructive"),
    }
    draft
}
