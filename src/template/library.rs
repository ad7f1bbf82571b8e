//! The templates in the binary, found by name or by what a person wants.

use std::collections::BTreeMap;

use super::pattern::Template;
use super::whole::TemplateError;
use crate::diagnostics::did_you_mean;
use crate::source::Source;

/// The templates in the binary, by file name.
const SHIPPED: [(&str, &str); 3] = [
    (
        "templates/add-column-with-backfill.md.j2",
        include_str!("../../templates/add-column-with-backfill.md.j2"),
    ),
    ("templates/add-index-online.md.j2", include_str!("../../templates/add-index-online.md.j2")),
    ("templates/drop-column.md.j2", include_str!("../../templates/drop-column.md.j2")),
];

/// The templates that runbooks can be written from.
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
        let read = |(file, text): &(&str, &str)| match Template::read(&Source::new(*file, *text)) {
            Ok(template) => template,
            Err(diagnostics) => unreachable!("{file} is malformed: {diagnostics:?}"),
        };
        Self { templates: SHIPPED.iter().map(read).collect() }
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
