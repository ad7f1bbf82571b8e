use super::{Rule, any, design, mysql, postgres, runbook, sqlite};
use crate::diagnostics::{RulePage, did_you_mean};

/// Every rule, by name.
pub fn all() -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> = parts().collect();
    rules.sort_by_key(|rule| rule.id);
    rules
}

/// Every rule in no order, without making a list.
pub(super) fn parts() -> impl Iterator<Item = &'static Rule> {
    [runbook::RULES, any::RULES, postgres::RULES, mysql::RULES, sqlite::RULES, design::RULES]
        .into_iter()
        .flatten()
        .copied()
}

/// What renderers carry of a rule, if the name is that of one.
pub fn page_of(name: &str) -> Option<RulePage> {
    let rule = parts().find(|rule| rule.id == name)?;
    Some(RulePage { summary: rule.page().summary, text: rule.page, level: rule.level })
}

/// A name that is no rule's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{name}`")]
pub struct UnknownRule {
    pub name: String,
    pub suggestion: Option<&'static str>,
}

impl UnknownRule {
    pub fn help(&self) -> String {
        match self.suggestion {
            Some(name) => format!("did you mean `{name}`?"),
            None => "`rollbook rules` lists them".to_owned(),
        }
    }
}

pub fn find(name: &str) -> Result<&'static Rule, UnknownRule> {
    parts().find(|rule| rule.id == name).ok_or_else(|| UnknownRule {
        name: name.to_owned(),
        suggestion: did_you_mean(&name.to_lowercase(), parts().map(|rule| rule.id)),
    })
}
