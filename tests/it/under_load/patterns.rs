//! What is run under load: the data, its old shape and its new one, and what a row must hold.

use crate::support::Engine;

/// A pattern, and how releases before and after it use the data.
pub struct Pattern {
    /// What the table of results calls it.
    pub name: &'static str,
    pub template: &'static str,
    pub set: Vec<String>,
    /// Makes the tables; `items` has the rows, and the last of them is filled.
    pub tables: String,
    /// Fills them from the numbers `n` in `numbers`.
    pub rows: String,
    pub values: Values,
    pub old: Shape,
    pub new: Shape,
    /// The hold at which both releases work.
    pub hold: &'static str,
    /// Whether the new release may come before the runbook is at its end.
    pub side_by_side: bool,
    /// The last phase, where one is not gone through because nothing leads back from it.
    pub until: Option<&'static str>,
    /// From its end the pattern goes back to the end of this phase, and both releases work again.
    pub back_to: &'static str,
}

/// A release's statements. `{id}` is the row's key, `{v}` its value as a literal, `{a}` and `{b}` the parts of a value.
#[derive(Clone, Default)]
pub struct Shape {
    pub insert: Vec<Statement>,
    pub update: Vec<Statement>,
    pub delete: Vec<Statement>,
    /// What `read` and `all` select: the value as text.
    pub value: String,
    /// From where, with `i` for the rows.
    pub from: String,
}

#[derive(Clone)]
pub struct Statement {
    pub when: When,
    pub sql: String,
}

/// For which values a statement is sent.
#[derive(Clone, Copy, PartialEq)]
pub enum When {
    Always,
    /// The part (0 or 1) is there, or is NULL.
    There(usize),
    Null(usize),
}

/// What a row holds, as its shape's text.
#[derive(Clone, Copy, PartialEq)]
pub enum Values {
    /// Texts and NULL; some differ in case alone.
    Text,
    /// Texts where the column refuses NULL.
    Required,
    /// Whole numbers and NULL.
    Number,
    /// One of three words, or NULL.
    Word,
    /// Two parts with `/` between them, or NULL.
    Pair,
    /// Two parts, each of which may be NULL, which is shown as `-`.
    Parts,
}

impl Shape {
    /// One table with its value in `column`.
    fn of(table: &str, column: &str, text: &str) -> Self {
        Self {
            insert: vec![always(format!("INSERT INTO {table} (id, {column}) VALUES ({{id}}, {{v}})"))],
            update: vec![always(format!("UPDATE {table} SET {column} = {{v}} WHERE id = {{id}}"))],
            delete: vec![always(format!("DELETE FROM {table} WHERE id = {{id}}"))],
            value: format!("CAST(i.{column} AS {text})"),
            from: format!("{table} i"),
        }
    }

    /// One table with two columns.
    fn two(table: &str, a: &str, b: &str, value: &str) -> Self {
        Self {
            insert: vec![always(format!("INSERT INTO {table} (id, {a}, {b}) VALUES ({{id}}, {{a}}, {{b}})"))],
            update: vec![always(format!("UPDATE {table} SET {a} = {{a}}, {b} = {{b}} WHERE id = {{id}}"))],
            delete: vec![always(format!("DELETE FROM {table} WHERE id = {{id}}"))],
            value: value.to_owned(),
            from: format!("{table} i"),
        }
    }
}

fn always(sql: impl Into<String>) -> Statement {
    Statement { when: When::Always, sql: sql.into() }
}

fn when(when: When, sql: impl Into<String>) -> Statement {
    Statement { when, sql: sql.into() }
}

/// `INSERT`, or an update of the row that has the key.
fn upsert(mysql: bool, table: &str, key: &str, columns: &[&str], values: &str) -> String {
    let set = |new: &dyn Fn(&str) -> String| {
        let set: Vec<String> = columns.iter().map(|column| format!("{column} = {}", new(column))).collect();
        set.join(", ")
    };
    let conflict = match mysql {
        true => format!("ON DUPLICATE KEY UPDATE {}", set(&|column| format!("VALUES({column})"))),
        false => format!("ON CONFLICT ({key}) DO UPDATE SET {}", set(&|column| format!("excluded.{column}"))),
    };
    format!("INSERT INTO {table} ({key}, {}) VALUES ({values}) {conflict}", columns.join(", "))
}

/// The two parts of a row, each as itself or `-`.
const PARTS: &str = "concat(coalesce(i.a, '-'), '/', coalesce(i.b, '-'))";

pub fn patterns(engine: Engine) -> Vec<Pattern> {
    let mysql = engine.dialect() == "mysql";
    let text = if mysql { "char(100)" } else { "text" };
    let plain = |values: &[&str]| -> Vec<String> {
        std::iter::once("table=items").chain(values.iter().copied()).map(str::to_owned).collect()
    };
    // Large batches: each has a pause after it.
    let set = |values: &[&str]| -> Vec<String> {
        plain(values).into_iter().chain(["batch_size=10000".to_owned()]).collect()
    };
    let column = |kind: &str| format!("CREATE TABLE items (id bigint PRIMARY KEY, value {kind})");
    let two_columns = "CREATE TABLE items (id bigint PRIMARY KEY, a varchar(40), b varchar(40))".to_owned();
    let base = |name, values| Pattern {
        name,
        template: name,
        set: set(&["column=value", "new_name=worth"]),
        tables: column("varchar(60)"),
        rows: "INSERT INTO items (id, value) SELECT n, concat('v', n) FROM numbers".to_owned(),
        values,
        old: Shape::of("items", "value", text),
        new: Shape::of("items", "worth", text),
        hold: "before-contract",
        side_by_side: true,
        until: None,
        back_to: "migrate",
    };
    let words = "'low', 'mid', 'high'";
    let rows_of_words = "INSERT INTO items (id, value) SELECT n, CASE n % 3 WHEN 0 THEN 'low' WHEN 1 THEN 'mid' ELSE 'high' END FROM numbers";
    let rows_of_pairs = "INSERT INTO items (id, value) SELECT n, concat('l', n, '/r', n) FROM numbers";
    let rows_of_parts =
        "INSERT INTO items (id, a, b) SELECT n, concat('l', n), concat('r', n) FROM numbers".to_owned();
    let part = |place: usize, column: &str| match mysql {
        true => format!("substring_index({column}, '/', {})", if place == 1 { "1" } else { "-1" }),
        false => format!("split_part({column}, '/', {place})"),
    };
    let whole = if mysql { "concat(head, '/', tail)" } else { "head || '/' || tail" };
    let seal = |value: &str| match mysql {
        true => format!("concat('v2:', {value})"),
        false => format!("'v2:' || {value}"),
    };
    let worth_sealed = {
        let mut shape = Shape::of("items", "worth", text);
        for statement in shape.insert.iter_mut().chain(&mut shape.update) {
            statement.sql = statement.sql.replace("{v}", &seal("{v}"));
        }
        shape.value = "substr(i.worth, 4)".to_owned();
        shape
    };
    // Where no foreign key does it, a release deletes what hangs on its row.
    let delete = |table: &str, key: &str| {
        let mut all = vec![always("DELETE FROM items WHERE id = {id}")];
        if mysql {
            all.insert(0, always(format!("DELETE FROM {table} WHERE {key} = {{id}}")));
        }
        all
    };
    let in_other = |table: &str| Shape {
        insert: vec![
            always("INSERT INTO items (id) VALUES ({id})"),
            always(upsert(mysql, table, "id", &["a", "b"], "{id}, {a}, {b}")),
        ],
        update: vec![always(upsert(mysql, table, "id", &["a", "b"], "{id}, {a}, {b}"))],
        delete: delete(table, "id"),
        value: PARTS.replace("i.", "p."),
        from: format!("items i LEFT JOIN {table} p ON p.id = i.id"),
    };
    let in_rows = {
        let put = |place: usize, part: &str| {
            when(
                When::There(place - 1),
                upsert(mysql, "phones", "item_id, place", &["phone"], &format!("{{id}}, {place}, {part}")),
            )
        };
        let take = |place: usize| {
            when(
                When::Null(place - 1),
                format!("DELETE FROM phones WHERE item_id = {{id}} AND place = {place}"),
            )
        };
        let phone = |place: u8| {
            format!(
                "coalesce((SELECT phone FROM phones p WHERE p.item_id = i.id AND p.place = {place}), '-')"
            )
        };
        Shape {
            insert: vec![always("INSERT INTO items (id) VALUES ({id})"), put(1, "{a}"), put(2, "{b}")],
            update: vec![put(1, "{a}"), take(1), put(2, "{b}"), take(2)],
            delete: delete("phones", "item_id"),
            value: format!("concat({}, '/', {})", phone(1), phone(2)),
            from: "items i".to_owned(),
        }
    };
    let in_junction = {
        let put = when(When::There(0), "INSERT INTO item_owners (item_id, owner_id) VALUES ({id}, {v})");
        Shape {
            insert: vec![always("INSERT INTO items (id) VALUES ({id})"), put.clone()],
            update: vec![always("DELETE FROM item_owners WHERE item_id = {id}"), put],
            delete: delete("item_owners", "item_id"),
            value: format!("(SELECT CAST(o.owner_id AS {text}) FROM item_owners o WHERE o.item_id = i.id)"),
            from: "items i".to_owned(),
        }
    };
    let mut all = vec![
        base("rename-column", Values::Text),
        Pattern {
            name: "rename-column, NOT NULL",
            tables: column("varchar(60) NOT NULL"),
            values: Values::Required,
            ..base("rename-column", Values::Text)
        },
        Pattern {
            name: "change-column-type, to bigint",
            set: set(&["column=value", "new_name=worth", "new_type=bigint"]),
            tables: column("int"),
            rows: "INSERT INTO items (id, value) SELECT n, n FROM numbers".to_owned(),
            values: Values::Number,
            ..base("change-column-type", Values::Number)
        },
        Pattern {
            set: set(&[
                "column=value",
                "new_name=worth",
                if mysql { "collation=utf8mb4_bin" } else { "collation=C" },
            ]),
            ..base("change-collation", Values::Text)
        },
        Pattern {
            set: set(&[
                "column=value",
                "new_name=worth",
                "new_type=varchar(80)",
                &format!("to_new={}", seal("value")),
                "to_old=substr(worth, 4)",
                "old_plain=value",
                "new_plain=substr(worth, 4)",
            ]),
            new: worth_sealed,
            ..base("reencrypt-column", Values::Text)
        },
        Pattern {
            set: set(&["column=value", "new_name=worth", "type_name=grade", "values=low,mid,high"]),
            rows: rows_of_words.to_owned(),
            ..base("text-to-enum", Values::Word)
        },
        Pattern {
            set: set(&["column=value", "new_name=worth", "new_type=varchar(20)"]),
            tables: match mysql {
                true => column(&format!("enum({words})")),
                false => format!("CREATE TYPE grade AS ENUM ({words}); {}", column("grade")),
            },
            rows: match mysql {
                true => rows_of_words.to_owned(),
                false => rows_of_words
                    .replace(" END", "::grade END")
                    .replace("'low'", "'low'::grade")
                    .replace("'mid'", "'mid'::grade"),
            },
            ..base("enum-to-text", Values::Word)
        },
        Pattern {
            set: set(&[
                "column=value",
                "first=head",
                "first_type=varchar(30)",
                &format!("first_value={}", part(1, "value")),
                "second=tail",
                "second_type=varchar(30)",
                &format!("second_value={}", part(2, "value")),
                &format!("whole_value={whole}"),
            ]),
            rows: rows_of_pairs.to_owned(),
            new: Shape::two(
                "items",
                "head",
                "tail",
                "CASE WHEN i.head IS NOT NULL THEN concat(i.head, '/', i.tail) END",
            ),
            ..base("split-column", Values::Pair)
        },
        Pattern {
            set: set(&[
                "first=head",
                &format!("first_value={}", part(1, "worth")),
                "second=tail",
                &format!("second_value={}", part(2, "worth")),
                "new_name=worth",
                "new_type=varchar(60)",
                &format!("new_value={whole}"),
            ]),
            tables: "CREATE TABLE items (id bigint PRIMARY KEY, head varchar(30), tail varchar(30))"
                .to_owned(),
            rows: "INSERT INTO items (id, head, tail) SELECT n, concat('l', n), concat('r', n) FROM numbers"
                .to_owned(),
            old: Shape::two(
                "items",
                "head",
                "tail",
                "CASE WHEN i.head IS NOT NULL THEN concat(i.head, '/', i.tail) END",
            ),
            ..base("merge-columns", Values::Pair)
        },
        Pattern {
            set: plain(&["new_name=goods"]),
            new: Shape::of("goods", "value", text),
            back_to: "expand",
            ..base("rename-table", Values::Text)
        },
        Pattern {
            set: set(&["column=value", "target=worths"]),
            new: Shape {
                insert: vec![
                    always("INSERT INTO items (id) VALUES ({id})"),
                    always(upsert(mysql, "worths", "id", &["value"], "{id}, {v}")),
                ],
                update: vec![always(upsert(mysql, "worths", "id", &["value"], "{id}, {v}"))],
                delete: delete("worths", "id"),
                value: "p.value".to_owned(),
                from: "items i LEFT JOIN worths p ON p.id = i.id".to_owned(),
            },
            ..base("move-column", Values::Text)
        },
        Pattern {
            set: set(&["columns=a,b", "target=parts"]),
            tables: two_columns.clone(),
            rows: rows_of_parts.clone(),
            old: Shape::two("items", "a", "b", PARTS),
            new: in_other("parts"),
            ..base("extract-table", Values::Parts)
        },
        Pattern {
            set: ["table=parts", "into=items", "columns=a,b"].map(str::to_owned).to_vec(),
            tables: format!(
                "CREATE TABLE items (id bigint PRIMARY KEY); {}",
                two_columns.replace("items", "parts")
            ),
            rows: format!(
                "INSERT INTO items (id) SELECT n FROM numbers; {}",
                rows_of_parts.replace("items", "parts")
            ),
            old: Shape {
                insert: vec![
                    always("INSERT INTO items (id) VALUES ({id})"),
                    always("INSERT INTO parts (id, a, b) VALUES ({id}, {a}, {b})"),
                ],
                delete: vec![
                    always("DELETE FROM parts WHERE id = {id}"),
                    always("DELETE FROM items WHERE id = {id}"),
                ],
                ..in_other("parts")
            },
            new: Shape::two("items", "a", "b", PARTS),
            ..base("merge-tables", Values::Parts)
        },
        Pattern {
            set: set(&[
                "columns=a,b",
                "target=phones",
                "parent_key=item_id",
                "value_name=phone",
                "value_type=varchar(40)",
            ]),
            tables: two_columns,
            rows: rows_of_parts,
            old: Shape::two("items", "a", "b", PARTS),
            new: in_rows,
            ..base("normalise-columns", Values::Parts)
        },
        Pattern {
            set: set(&[
                "column=owner_id",
                "referred=owners",
                "target=item_owners",
                "from_key=item_id",
                "to_key=owner_id",
            ]),
            tables: "CREATE TABLE owners (id bigint PRIMARY KEY); \
                     CREATE TABLE items (id bigint PRIMARY KEY, owner_id bigint)"
                .to_owned(),
            rows: "INSERT INTO owners (id) SELECT n FROM numbers; \
                   INSERT INTO items (id, owner_id) SELECT n, n FROM numbers"
                .to_owned(),
            values: Values::Number,
            old: Shape::of("items", "owner_id", text),
            new: in_junction,
            ..base("many-to-many", Values::Number)
        },
    ];
    let same = Shape::of("items", "value", text);
    if mysql {
        all.push(Pattern {
            set: set(&[
                "change=MODIFY COLUMN value varchar(90), ADD COLUMN more int, ADD INDEX by_value (value)",
            ]),
            new: same,
            hold: "before-swap",
            until: Some("swap"),
            ..base("copy-and-swap", Values::Text)
        });
    } else {
        all.push(Pattern {
            set: set(&["constraint=items_pkey"]),
            tables: "CREATE TABLE items (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, value varchar(60))"
                .to_owned(),
            new: same.clone(),
            hold: "before-swap",
            ..base("bigint-primary-key", Values::Text)
        });
        let mut later = same;
        later.insert = vec![always("INSERT INTO items (id, value, day) VALUES ({id}, {v}, 150)")];
        all.push(Pattern {
            set: plain(&["column=day", "boundaries=100, 200", "constraint=items_pkey"]),
            tables: "CREATE TABLE items (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, value varchar(60), day int NOT NULL DEFAULT 1)"
                .to_owned(),
            new: later,
            hold: "before-swap",
            side_by_side: false,
            back_to: "prepare",
            ..base("partition-table", Values::Text)
        });
    }
    all
}
