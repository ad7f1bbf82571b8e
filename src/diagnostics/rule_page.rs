use super::Level;

/// What the catalogue says of a rule, for renderers that carry it beside the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RulePage {
    /// What is wrong, in one sentence.
    pub summary: &'static str,
    /// The whole page, in Markdown.
    pub text: &'static str,
    /// Where nobody says otherwise.
    pub level: Level,
}

/// Finds the page of a rule by its name; most malformed runbooks break a rule that needs none.
pub type Pages = fn(&str) -> Option<RulePage>;

/// What prints the page of a rule.
pub fn explain_command(rule: &str) -> String {
    format!("rollbook rules explain {rule}")
}
