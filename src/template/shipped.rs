//! The files of `templates/`, in the binary.

macro_rules! shipped {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),*]
    };
}

/// Names below `templates/`, and texts. A test compares the list with the folder.
pub(super) const SHIPPED: &[(&str, &str)] = shipped![
    "add-check.md.j2"
    "add-column-with-backfill.md.j2"
    "add-column.md.j2"
    "add-enum-value.md.j2"
    "add-foreign-key.md.j2"
    "add-generated-column.md.j2"
    "add-index-online.md.j2"
    "add-unique.md.j2"
    "add-uuid.md.j2"
    "archive-rows.md.j2"
    "bigint-primary-key.md.j2"
    "change-collation.md.j2"
    "change-column-type.md.j2"
    "change-default.md.j2"
    "copy-and-swap.md.j2"
    "delete-rows.md.j2"
    "drop-column.md.j2"
    "drop-index.md.j2"
    "drop-not-null.md.j2"
    "drop-table.md.j2"
    "enum-to-text.md.j2"
    "extract-table.md.j2"
    "many-to-many.md.j2"
    "merge-columns.md.j2"
    "merge-tables.md.j2"
    "move-column.md.j2"
    "normalise-columns.md.j2"
    "partition-table.md.j2"
    "parts/ask.j2"
    "parts/dual_write.j2"
    "parts/new_table.j2"
    "parts/not_null.j2"
    "parts/replace_columns.j2"
    "parts/runbook.j2"
    "parts/say.j2"
    "parts/two_tables.j2"
    "parts/write.j2"
    "reencrypt-column.md.j2"
    "rehash-column.md.j2"
    "rename-column.md.j2"
    "rename-table.md.j2"
    "retire-enum-value.md.j2"
    "sequence-to-identity.md.j2"
    "set-not-null.md.j2"
    "soft-delete.md.j2"
    "split-column.md.j2"
    "text-to-enum.md.j2"
];
