//! What a table will cost later: advice, said when it is made, while it still costs nothing to heed.

mod all_columns_nullable;
mod derived_column;
mod digits_as_number;
mod entity_attribute_value;
mod inexact_money;
mod json_not_jsonb;
mod keyless_reference;
mod list_in_a_column;
mod no_primary_key;
mod null_as_text;
mod nullable_boolean;
mod numbered_columns;
mod period_without_guard;
mod polymorphic_reference;
mod random_primary_key;
mod readable_secret;
mod reference_cycle;
mod serial;
mod small_key;
mod table_for_a_period;
mod text_with_length;
mod timestamp_without_time_zone;
mod unique_with_nulls;
mod uuid_as_text;
mod values_in_definition;
mod wide_table;

use super::schema::{Placed, Table};
use super::{Context, Rule};
use crate::dialect::ColumnDefinition;

pub(super) const RULES: &[&Rule] = &[
    &all_columns_nullable::RULE,
    &derived_column::RULE,
    &digits_as_number::RULE,
    &entity_attribute_value::RULE,
    &inexact_money::RULE,
    &json_not_jsonb::RULE,
    &keyless_reference::RULE,
    &list_in_a_column::RULE,
    &no_primary_key::RULE,
    &null_as_text::RULE,
    &nullable_boolean::RULE,
    &numbered_columns::RULE,
    &period_without_guard::RULE,
    &polymorphic_reference::RULE,
    &random_primary_key::RULE,
    &readable_secret::RULE,
    &reference_cycle::RULE,
    &serial::RULE,
    &small_key::RULE,
    &table_for_a_period::RULE,
    &text_with_length::RULE,
    &timestamp_without_time_zone::RULE,
    &unique_with_nulls::RULE,
    &uuid_as_text::RULE,
    &values_in_definition::RULE,
    &wide_table::RULE,
];

/// The dialects of a rule that is about MySQL and MariaDB alone.
const ONLY: &[crate::dialect::Dialect] = &[crate::dialect::Dialect::Mysql];

/// Columns to which forward cells give a type, in tables that last.
fn typed_columns<'c>(
    context: &'c Context<'_>,
) -> impl Iterator<Item = (&'c Table, &'c Placed<ColumnDefinition>)> {
    let lasting = context.schema.tables().filter(|table| !table.temporary);
    lasting.flat_map(|table| table.columns.iter().map(move |column| (table, column)))
}

/// Those of them that they add.
fn columns<'c>(context: &'c Context<'_>) -> impl Iterator<Item = (&'c Table, &'c Placed<ColumnDefinition>)> {
    typed_columns(context).filter(|(_, column)| !column.part.redefines)
}

/// The parts of a name in lower case: `created_at` and `createdAt` are `created` and `at`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before = '_';
    for c in name.chars() {
        let begins = c == '_' || (c.is_uppercase() && before.is_lowercase());
        if begins && parts.last().is_some_and(|part| !part.is_empty()) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| c != '_') {
            part.extend(c.to_lowercase());
        }
        before = c;
    }
    parts
}

fn is_text(kind: &str) -> bool {
    const TEXTS: [&str; 8] =
        ["text", "varchar", "character varying", "string", "citext", "longtext", "mediumtext", "nvarchar"];
    TEXTS.contains(&kind)
}
