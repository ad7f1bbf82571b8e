//! `check --code`: the application's files that still name what a runbook drops or renames.

use serde_json::Value;

use crate::support::{Engine, Lab};

const BOOK: &str = "---
rollbook: 1
id: drop
title: Drop users.last_login and the old items
dialect: any
phases: [migrate]
---

## Requirements

## Strategy

## Safety

## Implementation

```sql {id=drop phase=migrate role=forward .destructive}
--| irreversible: test
ALTER TABLE users DROP COLUMN last_login;
DROP TABLE order_items;
```

```sql {id=fresh phase=migrate role=forward .destructive}
--| irreversible: test
CREATE TABLE draft (last_login text);
DROP TABLE draft;
```

## Validation
";

fn lab() -> Lab {
    let lab = Lab::new(Engine::Sqlite);
    for folder in ["src/old", "db/migrate", "runbooks", "web"] {
        std::fs::create_dir_all(lab.folder.join(folder)).unwrap();
    }
    lab.write("runbooks/book.md", BOOK);
    lab.write("src/copy.md", BOOK);
    lab.write("src/user.rb", "class User\n  # é\n  def seen = users.where(last_login: nil)\nend\n");
    lab.write("src/old/item.ts", "export class OrderItem {}\nconst at = row.lastLogin\n");
    lab.write("src/ignored.rb", "users.last_login\n");
    lab.write("src/bytes", "users.last_login\0");
    lab.write("db/migrate/1.sql", "ALTER TABLE users ADD COLUMN last_login text; -- draft\n");
    lab.write("web/page.html", "users last_login\n");
    lab.write(".gitignore", "ignored.rb\n");
    lab
}

/// `level file:line:column` of each finding.
fn places(lab: &Lab, arguments: &[&str]) -> Vec<String> {
    let command = [&["check", "runbooks", "--format", "json"], arguments].concat();
    let report: Value = serde_json::from_str(&lab.rollbook(&command).expect(0).out).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["rule"] == "still-in-code")
        .map(|finding| {
            let text = |key: &str| finding[key].to_string().replace('"', "");
            format!("{} {}:{}:{}", text("level"), text("file"), text("line"), text("column"))
        })
        .collect()
}

#[test]
fn the_places_that_still_name_it_are_listed_the_surest_first() {
    let lab = lab();
    let expected = [
        "warning runbooks/book.md:19:1",
        "warning src/user.rb:3:26",
        "note src/old/item.ts:2:16",
        "note db/migrate/1.sql:1:30",
        "note runbooks/book.md:20:1",
        "note src/old/item.ts:1:14",
    ];
    assert_eq!(places(&lab, &["--code", "."]), expected);
    assert!(places(&lab, &[]).is_empty(), "nothing is looked at that was not asked for");
    assert_eq!(places(&lab, &["--code", "db"]), ["note runbooks/book.md:19:1", "note db/migrate/1.sql:1:30"]);
    let absolute = lab.folder.join("src");
    assert_eq!(places(&lab, &["--code", absolute.to_str().unwrap()]).len(), 5);
    lab.rollbook(&["check", "runbooks", "--code", "."])
        .expect(0)
        .says("warning[still-in-code]: the code still names `users.last_login`: 3 places in 3 files")
        .says("1 on a line with its table; 1 elsewhere; 1 in migrations")
        .says("3 files of code looked at");
}

#[test]
fn settings_choose_the_files_and_cells_allow_them() {
    let lab = lab();
    lab.write("rollbook.toml", "[code]\ninclude = [\"web/**\", \"src/**\"]\nexclude = [\"src/old/**\"]\n");
    let expected = ["warning runbooks/book.md:19:1", "warning src/user.rb:3:26", "warning web/page.html:1:7"];
    assert_eq!(places(&lab, &["--code", "."]), expected);
    lab.write("rollbook.toml", "[code]\ninclude = [\"web/**\"]\n[rules]\nstill-in-code = \"error\"\n");
    lab.rollbook(&["check", "runbooks", "--code", "."]).expect(1).says("error[still-in-code]");
    lab.write("rollbook.toml", "[rules]\nstill-in-code = \"off\"\n");
    assert!(places(&lab, &["--code", "."]).is_empty());
    lab.write("rollbook.toml", "");
    let allowed = "--| allow: {still-in-code: the report reads its own copy}\nALTER TABLE users";
    lab.write("runbooks/book.md", &BOOK.replacen("ALTER TABLE users", allowed, 1));
    assert!(places(&lab, &["--code", "."]).is_empty());
    lab.write("rollbook.toml", "[code]\ninclude = [\"a{\"]\n");
    lab.rollbook(&["check", "runbooks", "--code", "."]).expect(0);
    lab.write("runbooks/book.md", BOOK);
    lab.rollbook(&["check", "runbooks", "--code", "."]).expect(2).says("[code]: `a{` is no pattern");
}

#[test]
fn a_folder_without_code_is_an_error_and_many_places_are_counted() {
    let lab = lab();
    lab.rollbook(&["check", "runbooks", "--code", "web"]).expect(2).says("there is no file of code in web");
    lab.rollbook(&["check", "runbooks", "--code", "nowhere"]).expect(2).says("nowhere");
    lab.write("src/many.sql", &"SELECT last_login FROM users;\n".repeat(400));
    let found = places(&lab, &["--code", "src"]);
    assert_eq!(found.iter().filter(|place| place.contains("many.sql")).count(), 20, "{found:?}");
    lab.rollbook(&["check", "runbooks", "--code", "src"])
        .expect(0)
        .says("402 places in 3 files")
        .says("the first 20 are shown");
}
