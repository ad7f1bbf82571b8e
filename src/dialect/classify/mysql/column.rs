use super::cost::Costs;
use super::cursor::{Cursor, Piece};
use crate::dialect::TokenKind;

/// What a column is defined to be, as far as it matters.
#[derive(Default)]
pub(super) struct Definition {
    /// The type as written, without spaces that mean nothing.
    pub(super) kind: String,
    character_set: Option<String>,
    default: Default,
    generated: Generated,
    auto_increment: bool,
    unique: bool,
    pub(super) primary: bool,
    check: bool,
    pub(super) references: Option<String>,
    /// `FIRST` or `AFTER`.
    placed: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Default {
    #[default]
    /// None, a literal, or the time: one value for every row.
    Constant,
    Expression,
}

#[derive(Default, PartialEq, Eq)]
enum Generated {
    #[default]
    No,
    Virtual,
    Stored,
}

impl Definition {
    /// A type and its attributes; None where the type is missing. What is no attribute of a column is
    /// left to the caller.
    pub(super) fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let mut column = Self { kind: data_type(cursor)?, ..Self::default() };
        if column.kind == "serial" {
            (column.auto_increment, column.unique) = (true, true);
        }
        while column.attribute(cursor)? {}
        Some(column)
    }

    fn attribute(&mut self, cursor: &mut Cursor<'_, '_>) -> Option<bool> {
        const FLAGS: [&[&str]; 18] = [
            &["not", "null"],
            &["null"],
            &["visible"],
            &["invisible"],
            &["enforced"],
            &["not", "enforced"],
            &["virtual"],
            &["with", "system", "versioning"],
            &["without", "system", "versioning"],
            &["generated", "always", "as", "row", "start"],
            &["generated", "always", "as", "row", "end"],
            &["as", "row", "start"],
            &["as", "row", "end"],
            &["compressed"],
            &["binary"],
            &["ascii"],
            &["unicode"],
            &["byte"],
        ];
        const VALUES: [&[&str]; 8] = [
            &["comment"],
            &["collate"],
            &["column_format"],
            &["storage"],
            &["srid"],
            &["ref_system_id"],
            &["engine_attribute"],
            &["secondary_engine_attribute"],
        ];
        if FLAGS.iter().any(|flag| cursor.eat_all(flag)) {
            if cursor.mark("=") {
                cursor.next()?;
            }
        } else if VALUES.iter().any(|name| cursor.eat_all(name)) {
            cursor.value()?;
        } else if cursor.eat_all(&["generated", "always", "as"]) || cursor.eat("as") {
            cursor.group()?;
            self.generated = Generated::Virtual;
        } else if cursor.eat_any(&["stored", "persistent"]).is_some() {
            self.generated = Generated::Stored;
        } else if cursor.eat("default") {
            self.default = default(cursor)?;
        } else if cursor.eat_all(&["on", "update"]) {
            cursor.next()?;
            cursor.group();
        } else if cursor.eat("auto_increment") {
            self.auto_increment = true;
        } else if cursor.eat("unique") {
            cursor.eat("key");
            self.unique = true;
        } else if cursor.eat_all(&["primary", "key"]) || cursor.eat("key") {
            self.primary = true;
        } else if cursor.eat_all(&["character", "set"]) || cursor.eat("charset") {
            self.character_set = Some(cursor.next()?.text.trim_matches(['\'', '"']).to_ascii_lowercase());
        } else if cursor.eat("references") {
            self.references = Some(references(cursor)?);
        } else if cursor.eat("check") {
            cursor.group()?;
            self.check = true;
        } else if cursor.eat("constraint") {
            if cursor.word() != "check" {
                cursor.simple_name()?;
            }
        } else if cursor.eat("first") {
            self.placed = true;
        } else if cursor.eat("after") {
            cursor.simple_name()?;
            self.placed = true;
        } else {
            return Some(false);
        }
        Some(true)
    }

    /// Whether every value of the types that usually become this one survives, whatever the table's
    /// own character set is.
    pub(super) fn is_wide(&self) -> bool {
        match self.kind.as_str() {
            "bigint" | "int8" | "longblob" => true,
            "longtext" => self.character_set.as_deref() == Some("utf8mb4"),
            _ => false,
        }
    }

    /// Whether an index comes with the column.
    pub(super) fn is_key(&self) -> bool {
        self.primary || self.unique
    }

    pub(super) fn add_costs(&self, costs: &mut Costs) {
        if self.primary {
            costs.adds_key();
        }
        if self.unique {
            costs.builds();
            costs.may_rewrite();
        }
        if self.auto_increment {
            costs.rebuilds();
            costs.blocks_writes();
        }
        if self.generated == Generated::Stored {
            costs.copies();
        }
        if self.placed || self.check || self.references.is_some() || self.default == Default::Expression {
            costs.unknown();
        }
    }
}

/// The table that is referred to, and what follows its name.
pub(super) fn references(cursor: &mut Cursor<'_, '_>) -> Option<String> {
    let table = cursor.name()?;
    cursor.group();
    loop {
        if cursor.eat("match") {
            cursor.next()?;
        } else if cursor.eat_all(&["on", "delete"]) || cursor.eat_all(&["on", "update"]) {
            match cursor.next()?.word.as_str() {
                "restrict" | "cascade" => {}
                "set" => {
                    cursor.eat_any(&["null", "default"])?;
                }
                "no" if cursor.eat("action") => {}
                _ => return None,
            }
        } else {
            return Some(table);
        }
    }
}

fn data_type(cursor: &mut Cursor<'_, '_>) -> Option<String> {
    if cursor.word().is_empty() {
        return None;
    }
    let mut kind = cursor.next()?.word.clone();
    while let Some(more) =
        cursor.eat_any(&["precision", "varying", "varchar", "varbinary", "varcharacter", "char"])
    {
        kind = format!("{kind} {more}");
    }
    if kind == "national" && cursor.eat("character") {
        kind = "national character".to_owned();
    }
    if let Some(inside) = cursor.group() {
        let inside: String = inside.iter().map(|piece| piece.text).collect();
        kind = format!("{kind}({inside})");
    }
    while let Some(sign) = cursor.eat_any(&["unsigned", "signed", "zerofill"]) {
        kind = format!("{kind} {sign}");
    }
    Some(kind)
}

fn default(cursor: &mut Cursor<'_, '_>) -> Option<Default> {
    if cursor.group().is_some() {
        return Some(Default::Expression);
    }
    if cursor.eat_all(&["next", "value", "for"]) {
        cursor.name()?;
        return Some(Default::Expression);
    }
    if !cursor.mark("-") {
        cursor.mark("+");
    }
    let piece = cursor.next()?;
    match piece.kind {
        TokenKind::Number => Some(Default::Constant),
        TokenKind::Str => {
            while cursor.peek().is_some_and(|next| next.kind == TokenKind::Str) {
                cursor.next();
            }
            Some(Default::Constant)
        }
        TokenKind::Word => word_default(piece, cursor),
        _ => None,
    }
}

fn word_default(piece: &Piece<'_>, cursor: &mut Cursor<'_, '_>) -> Option<Default> {
    // `_utf8mb4'…'`
    if piece.word.starts_with('_') && cursor.peek().is_some_and(|next| next.kind == TokenKind::Str) {
        cursor.next();
        return Some(Default::Constant);
    }
    let called = cursor.group().is_some();
    let constant = matches!(
        piece.word.as_str(),
        "null" | "true" | "false" | "current_timestamp" | "now" | "localtime" | "localtimestamp"
    );
    let bare = matches!(
        piece.word.as_str(),
        "current_user"
            | "current_role"
            | "current_date"
            | "current_time"
            | "utc_date"
            | "utc_time"
            | "utc_timestamp"
    );
    match constant {
        true => Some(Default::Constant),
        false => (called || bare).then_some(Default::Expression),
    }
}
