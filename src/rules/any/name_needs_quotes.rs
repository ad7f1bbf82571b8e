use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "name-needs-quotes",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("name_needs_quotes.md"),
    covers: &[
        ("spirit", "reserved_words"),
        ("pglinter", "B005"),
        ("pglinter", "B010"),
        ("schemalint", "name-casing"),
        ("schemacrawler", "TableWithQuotedNames"),
        ("atlas", "NM101"),
    ],
    finder: Finder::Rule(find),
};

/// Words that schemas are tempted by and that every engine reserves; then those of each.
const COMMON: &str = "all alter and as between case check collate column constraint create cross default delete \
    distinct drop else exists for foreign from group having in index inner insert into is join left like \
    natural not null on or order outer primary references right select set table then to union unique update using \
    values when where with";
const POSTGRES: &str = "analyse analyze any array asc authorization both cast concurrently current_user desc do end \
    except false fetch freeze full grant initially intersect lateral leading limit localtime offset only overlaps \
    placing returning session_user similar some symmetric trailing true user variadic verbose window";
const MYSQL: &str = "accessible analyze asc before by call cascade change condition continue convert cube cursor database \
    databases declare desc describe div dual each elseif empty enclosed escaped exit explain false fetch force fulltext \
    function generated get grant groups high_priority if ignore interval iterate key keys kill lag lateral lead \
    leading leave limit linear lines load lock loop match of optimize option out over partition precision \
    procedure purge range rank read recursive release rename repeat replace require restrict return revoke row rows \
    schema schemas separator show signal spatial sql ssl starting stored system terminated trailing trigger true undo \
    unlock unsigned usage use virtual while window write";
const SQLITE: &str = "autoincrement commit deferrable escape isnull limit notnull nothing transaction";

fn find(context: &Context<'_>) -> Diagnostics {
    let own = match context.plan.dialect {
        Dialect::Postgres => POSTGRES,
        Dialect::Mysql => MYSQL,
        Dialect::Sqlite => SQLITE,
    };
    let is_reserved = |name: &str| {
        COMMON.split_whitespace().chain(own.split_whitespace()).any(|word| name.eq_ignore_ascii_case(word))
    };
    let mut findings = Vec::new();
    for site in context.forward() {
        let Some(defines) = &site.defines else { continue };
        let table = defines.makes.then(|| defines.at.end - 1..defines.at.end);
        let columns = defines.columns.iter().filter(|column| !column.redefines);
        for at in table.into_iter().chain(columns.map(|column| column.at.clone())) {
            let Some(name) = site.words.simple_name(at.start) else { continue };
            let folded = context.plan.dialect == Dialect::Postgres && name.chars().any(char::is_uppercase);
            let label = if is_reserved(&name) {
                "a word of SQL"
            } else if folded {
                "PostgreSQL reads it in lower case where it is not quoted"
            } else if name.chars().any(|c| !(c.is_alphanumeric() || c == '_' || c == '$'))
                || name.starts_with(|c: char| c.is_ascii_digit())
            {
                "a mark that no bare name has"
            } else {
                continue;
            };
            findings.push(
                site.finding(&RULE, at, format!("`{name}` can only be used in quotes")).label(label).help(
                    "choose a name of lower-case letters, digits and underscores that is no word of SQL",
                ),
            );
        }
    }
    findings
}
