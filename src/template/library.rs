//! The templates that runbooks can be written from: those in the binary, and a team's own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pattern::{Origin, Template};
use super::shipped::SHIPPED;
use super::whole::TemplateError;
use crate::diagnostics::{Diagnostics, did_you_mean};
use crate::source::Source;

/// How the name of a template's file ends; other files are parts that templates are made of.
pub(super) const ENDING: &str = ".md.j2";
/// Before the name of a file that a team's stands in for.
const ORIGINAL: &str = "shipped/";

/// Files by the names that `extends`, `include` and `import` call them by. A team's file takes the place of
/// a shipped one; the shipped one can still be named with `shipped/` before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Files(Arc<BTreeMap<String, Arc<Source>>>);

impl Files {
    pub(super) fn get(&self, name: &str) -> Option<&Arc<Source>> {
        self.0.get(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Source>)> {
        self.0.iter().map(|(name, source)| (name.as_str(), source))
    }
}

#[derive(Clone, Debug)]
pub struct Library {
    templates: Vec<Template>,
}

impl Library {
    /// The templates in the binary.
    ///
    /// # Panics
    ///
    /// If one of them is malformed, which a test rules out.
    pub fn shipped() -> Self {
        Self::with(&[])
            .unwrap_or_else(|diagnostics| unreachable!("a shipped template is malformed: {diagnostics:#?}"))
    }

    /// The templates in the binary and a team's files, each with its name below the team's folder, which
    /// is written with `/`.
    pub fn with(team: &[(String, Arc<Source>)]) -> Result<Self, Diagnostics> {
        let mut files = BTreeMap::new();
        for (name, text) in SHIPPED {
            let source = Source::new(format!("templates/{name}"), *text);
            files.insert(format!("{ORIGINAL}{name}"), Arc::clone(&source));
            files.insert((*name).to_owned(), source);
        }
        files.extend(team.iter().cloned());
        let files = Files(Arc::new(files));
        let mut templates = Vec::new();
        let mut diagnostics = Diagnostics::new();
        for (name, _) in files.iter().filter(|(name, _)| name.ends_with(ENDING)) {
            if name.starts_with(ORIGINAL) {
                continue;
            }
            let is_shipped = files.get(&format!("{ORIGINAL}{name}")).is_some();
            let origin = match (team.iter().any(|(of_team, _)| of_team == name), is_shipped) {
                (false, _) => Origin::Shipped,
                (true, false) => Origin::Team,
                (true, true) => Origin::Overrides,
            };
            match Template::read(name, &files) {
                Ok(template) => templates.push(Template { origin, ..template }),
                Err(found) => diagnostics.extend(found),
            }
        }
        if diagnostics.is_empty() { Ok(Self { templates }) } else { Err(diagnostics) }
    }

    /// The names of the files in the binary.
    pub fn shipped_files() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    pub fn list(&self) -> &[Template] {
        &self.templates
    }

    /// Intents in the order of the alphabet, each with its templates.
    pub fn by_intent(&self) -> BTreeMap<&str, Vec<&Template>> {
        let mut groups: BTreeMap<&str, Vec<&Template>> = BTreeMap::new();
        for template in &self.templates {
            groups.entry(&template.intent).or_default().push(template);
        }
        groups
    }

    pub fn get(&self, name: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.name == name)
    }

    /// The template of that name, or an error that says which ones there are.
    pub fn find(&self, name: &str) -> Result<&Template, TemplateError> {
        let names = || self.templates.iter().map(|template| template.name.as_str());
        self.get(name).ok_or_else(|| TemplateError::Unknown {
            name: name.to_owned(),
            suggestion: did_you_mean(name, names()).map(str::to_owned),
            known: names().map(str::to_owned).collect(),
        })
    }
}
