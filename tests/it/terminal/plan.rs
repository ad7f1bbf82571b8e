//! A plan on a narrow screen.

use crate::support::{Engine, Lab, Terminal};

const BOOK: &str = "---
rollbook: 1
id: book
title: Long names
dialect: sqlite
phases: [expand, contract]
holds:
  before-contract: The release that reads customer_subscription_event_kind alone is on every host.
---

# Long names

```sql {id=add-customer-subscription-event-kind phase=expand role=forward}
ALTER TABLE customer_subscription_events ADD COLUMN customer_subscription_event_kind text;
```
```sql {of=add-customer-subscription-event-kind phase=expand role=rollback .destructive}
ALTER TABLE customer_subscription_events DROP COLUMN customer_subscription_event_kind;
```
```sql {of=add-customer-subscription-event-kind phase=expand role=verify expect=rows:1}
SELECT 1 FROM pragma_table_info('customer_subscription_events') WHERE name = 'customer_subscription_event_kind';
```

```sql {id=drop-obsolete-classification phase=contract role=forward .destructive}
--| irreversible: the backup of customer_subscription_events has it
ALTER TABLE customer_subscription_events DROP COLUMN obsolete_classification;
```
";

#[test]
fn no_name_is_broken_in_two() {
    let lab = Lab::new(Engine::Sqlite);
    lab.sql(
        "CREATE TABLE customer_subscription_events (id integer PRIMARY KEY, obsolete_classification text)",
    );
    lab.write("book.md", BOOK);
    let names = [
        "add-customer-subscription-event-kind",
        "drop-obsolete-classification",
        "before-contract",
        "customer_subscription_events.customer_subscription_event_kind",
        "customer_subscription_events.obsolete_classification",
        "destructive",
        "none: the backup of",
    ];
    for columns in [60, 80] {
        for more in [&[][..], &["--db", "sqlite:app.db"]] {
            let arguments = [&["plan", "book.md"][..], more].concat();
            let screen = Terminal::open(&lab, columns, &arguments).ends(0);
            for name in names {
                let whole = screen.lines().any(|line| line.contains(name));
                assert!(whole, "`{name}` at {columns} columns:\n{screen}");
            }
        }
    }
}
