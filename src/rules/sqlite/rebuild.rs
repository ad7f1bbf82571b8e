//! A table that is made anew under another name and then takes the old one's
//! (sqlite.org/lang_altertable.html §7).

use crate::dialect::Definition;
use crate::rules::Context;
use crate::rules::schema::is;

/// Its statements, as places in `Context::sites`.
pub(super) struct Rebuild<'a> {
    /// The table's name, before and after.
    pub(super) name: String,
    pub(super) new: &'a Definition,
    pub(super) create: usize,
    pub(super) copy: Option<usize>,
    pub(super) drop: usize,
}

pub(super) fn rebuilds<'a>(context: &'a Context<'_>) -> Vec<Rebuild<'a>> {
    let forward = || context.sites.iter().enumerate().filter(|(_, site)| site.is_forward());
    let mut found = Vec::new();
    for (rename, site) in forward() {
        let Some(alter) = site.alter_table() else { continue };
        let to = site.words.find_flat(site.words.all(), &["rename", "to"]);
        let Some((name, _)) = to.and_then(|to| site.words.name(to.end)) else { continue };
        let before = || forward().take_while(|(at, _)| *at < rename);
        let drop = before().find(|(_, site)| {
            let mut objects = site.statement.facts.objects.iter();
            site.kind() == "drop_table" && objects.any(|object| is(&object.name, &name))
        });
        let create = before().find_map(|(at, site)| {
            let defines = site.defines.as_ref().filter(|defines| defines.makes)?;
            is(&defines.table, &alter.table).then_some((at, defines))
        });
        let (Some((drop, _)), Some((create, new))) = (drop, create) else { continue };
        let copy = before().find(|(_, site)| {
            site.kind() == "insert" && site.table().is_some_and(|table| is(table, &alter.table))
        });
        found.push(Rebuild { name, new, create, copy: copy.map(|(at, _)| at), drop });
    }
    found
}

impl Rebuild<'_> {
    /// What the runbook itself says of the table before it was rebuilt.
    pub(super) fn old_definition<'c>(&self, context: &'c Context<'_>) -> Option<&'c Definition> {
        let earlier = context.sites[..self.create].iter().filter(|site| site.is_forward());
        let mut made = earlier.filter_map(|site| site.defines.as_ref()).filter(|defines| defines.makes);
        made.find(|defines| is(&defines.table, &self.name))
    }

    /// The columns that the copy names; None where it names none, and so means all.
    pub(super) fn copied(&self, context: &Context<'_>) -> Option<Vec<String>> {
        let words = &context.sites[self.copy?].words;
        let into = words.find_flat(words.all(), &["into"])?;
        let (_, open) = words.name(into.end)?;
        if !words.is(open, "(") {
            return None;
        }
        let items = words.list(open + 1..words.close(open));
        Some(items.into_iter().filter_map(|item| words.name(item.start)).map(|(name, _)| name).collect())
    }
}
