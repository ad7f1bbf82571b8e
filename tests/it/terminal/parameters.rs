//! Parameters of a runbook that has values for none of them.

use crate::support::{Engine, Lab, Terminal, key};

const BOOK: &str = "---
rollbook: 1
id: book
title: Keep what is asked
dialect: sqlite
params:
  rows: {type: integer, min: 1, max: 9, description: how many rows}
  level: {type: enum, values: [low, high], description: how urgent}
  loud: {type: boolean, description: whether it is loud}
  token: {type: string, secret: true, description: nobody may read it}
---

# Keep what is asked

```sql {id=make phase=apply role=forward}
CREATE TABLE kept AS SELECT {{ rows }} AS rows, {{ level }} AS level, {{ loud }} AS loud, {{ token }} AS token;
```
```sql {of=make phase=apply role=rollback .destructive}
DROP TABLE kept;
```
";

fn lab() -> Lab {
    let lab = Lab::new(Engine::Sqlite);
    lab.write("book.md", BOOK);
    lab
}

fn run(lab: &Lab) -> Terminal {
    Terminal::open(lab, 80, &["run", "book.md", "--db", &lab.url])
}

#[test]
fn what_is_wrong_with_a_value_is_said_at_once() {
    let lab = lab();
    let mut terminal = run(&lab);
    terminal.asks("rows:");
    terminal.sees("how many rows: a whole number from 1 to 9");
    terminal.types(key::ENTER);
    terminal.sees("rows needs a value");
    terminal.types(&format!("12{}", key::ENTER));
    terminal.sees("above the maximum 9; write a whole number from 1 to 9");
    terminal.asks("rows: 12");
    // The line is still there to be mended.
    terminal.types(&format!("\x7f\x7f3{}", key::ENTER));
    terminal.asks("level:");
    terminal.types(&format!("{}{}", key::DOWN, key::ENTER));
    terminal.sees("level: high");
    terminal.asks("loud:");
    // Found by its letters.
    terminal.types(&format!("y{}", key::ENTER));
    terminal.sees("loud: yes");
    terminal.asks("token:");
    terminal.types(&format!("hunter2{}", key::ENTER));
    let screen = terminal.ends(0);
    assert!(!screen.contains("hunter2"), "{screen}");
    assert_eq!(lab.sql("SELECT rows, level, loud, token FROM kept"), "3|high|1|hunter2");
}

#[test]
fn esc_goes_back_and_ctrl_c_leaves_nothing_behind() {
    let lab = lab();
    let mut terminal = run(&lab);
    terminal.asks("rows:");
    terminal.types(&format!("3{}", key::ENTER));
    terminal.asks("level:");
    terminal.types(key::ESC);
    terminal.asks("rows:");
    terminal.sees("level: (back)");
    terminal.types(&format!("4{}", key::ENTER));
    terminal.asks("level:");
    terminal.types(key::CTRL_C);
    let screen = terminal.ends(130);
    assert!(screen.contains("interrupted at a question; nothing was changed"), "{screen}");
    assert!(lab.records().is_empty());
    assert!(!lab.has_table(lab.journal()));

    let mut terminal = run(&lab);
    terminal.asks("rows:");
    terminal.types(key::ESC);
    terminal.ends(130);
    assert!(!lab.has_table(lab.journal()));
}

#[test]
fn the_end_of_the_input_is_no_answer() {
    let lab = lab();
    let mut terminal = run(&lab);
    terminal.asks("rows:");
    terminal.types(key::CTRL_D);
    terminal.ends(130);
    assert!(!lab.has_table(lab.journal()));
}
