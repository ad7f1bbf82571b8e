//! How each question is put, and what is taken for an answer.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::draft::{Draft, Place};
use super::super::error::{self, CliError};
use super::super::prompt::{self, Choice, Line, Names, Reply};
use super::super::settings;
use super::super::world::World;
use super::question::{Answer, Question};
use crate::backend::TableName;
use crate::diagnostics::did_you_mean;
use crate::dialect::Dialect;
use crate::report::Style;
use crate::template::{Asked, Form, Given, Known, Library, Template, TemplateError, relation};

pub struct Asking<'d, 'a> {
    pub library: &'a Library,
    pub draft: &'d Draft<'a>,
    pub filled: &'d BTreeMap<String, Given>,
    pub world: &'d World,
    pub style: Style,
}

/// Names that an error lists.
const MOST: usize = 8;

impl<'a> Asking<'_, 'a> {
    pub fn put(&self, question: Question<'a>) -> Reply<Answer<'a>> {
        match question {
            Question::Change => self.change(),
            Question::Target => self.target(),
            Question::Url => self.url(),
            Question::Engine => self.engine(),
            Question::Parameter(template, asked) => self.parameter(template, asked),
        }
    }

    fn change(&self) -> Reply<Answer<'a>> {
        loop {
            let mut options: Vec<(String, String, &Template)> = Vec::new();
            for (intent, templates) in self.library.by_intent() {
                for template in templates {
                    let fits =
                        self.draft.dialect().is_none_or(|dialect| template.dialects.contains(&dialect));
                    let but = if fits { "" } else { " (not on this engine)" };
                    options.push((
                        format!("{}{but}", template.title),
                        format!("{intent} {}", template.name),
                        template,
                    ));
                }
            }
            let choice = Choice {
                question: "I want to:",
                help: "type to find it, such as `rename` or `index`; ↑↓ choose, Enter, Esc leaves",
                options,
                usual: 0,
            };
            let Some(template) = choice.ask()? else { return Ok(None) };
            match self.draft.dialect().map_or(Ok(()), |dialect| template.is_for(dialect)) {
                Ok(()) => return Ok(Some(Answer::Change(template))),
                Err(why) => error::tell(&told(&why), self.style),
            }
        }
    }

    fn target(&self) -> Reply<Answer<'a>> {
        enum Said {
            Name(String),
            Url,
            Nothing,
        }
        loop {
            let mut options = Vec::new();
            for (name, variable) in settings::targets()? {
                let unset = if std::env::var_os(&variable).is_none() { ", which is not set" } else { "" };
                options.push((format!("{name} (from {variable}{unset})"), String::new(), Said::Name(name)));
            }
            options.push(("another database, by its URL".to_owned(), String::new(), Said::Url));
            options.push(("none: I type names and types myself".to_owned(), String::new(), Said::Nothing));
            let choice = Choice {
                question: "Look names and types up in:",
                help: "the database is only read; ↑↓ choose, Enter, Esc goes back",
                options,
                usual: 0,
            };
            let said = choice.ask()?;
            let place = match said {
                None => return Ok(None),
                Some(Said::Url) => Place::ToType,
                Some(Said::Nothing) => Place::Nowhere,
                Some(Said::Name(name)) => match self.reach(&name) {
                    Ok(place) => place,
                    Err(why) => {
                        error::tell(&why, self.style);
                        continue;
                    }
                },
            };
            return Ok(Some(Answer::Place(place)));
        }
    }

    fn url(&self) -> Reply<Answer<'a>> {
        let judge = |url: &str| {
            if url.is_empty() {
                return Err("a URL is needed, such as sqlite:app.db; Esc goes back".to_owned());
            }
            self.reach(url).map(drop).map_err(|error| in_a_line(&error))
        };
        let line = Line {
            question: "URL:",
            help: "sqlite:app.db, postgres://user@host/name or mysql://user@host/name; a password is not shown again"
                .to_owned(),
            usual: None,
            names: Names {
                usual: ["sqlite:", "postgres://", "mysql://"].map(str::to_owned).to_vec(),
                ..Names::default()
            },
            judge: &judge,
            shown: &settings::shown,
        };
        let Some(url) = line.ask()? else { return Ok(None) };
        self.reach(&url).map(|place| Some(Answer::Place(place)))
    }

    /// A target that answers and is of an engine that the change is written for.
    fn reach(&self, db: &str) -> Result<Place, CliError> {
        let target = settings::resolve(db)?;
        if let Some(template) = self.draft.template {
            template.is_for(target.address.dialect()).map_err(|error| told(&error))?;
        }
        self.world.tables(&target)?;
        Ok(Place::At(Box::new(target)))
    }

    fn engine(&self) -> Reply<Answer<'a>> {
        let dialects = self.draft.template.map_or(&[][..], |template| &template.dialects);
        let options =
            dialects.iter().map(|dialect| (dialect.name().to_owned(), String::new(), *dialect)).collect();
        let help = "↑↓ choose, Enter, Esc goes back";
        Ok(Choice { question: "Written for:", help, options, usual: 0 }.ask()?.map(Answer::Engine))
    }

    fn parameter(&self, template: &'a Template, asked: &'a Asked) -> Reply<Answer<'a>> {
        let dialect = self.draft.dialect().expect("the engine is asked for first");
        let judge = |text: &str| {
            prompt::judge(&asked.spec, text)?;
            asked.admits(dialect, text).map_err(|why| format!("{} {why}", asked.spec.name))?;
            self.is_there(template, asked, dialect, text).map_err(|error| in_a_line(&error))
        };
        let names = self.names(template, asked, dialect)?;
        let answer = prompt::parameter(&asked.spec, names, &judge)?;
        Ok(answer.map(|text| Answer::Parameter(asked.spec.name.clone(), Given::Text(text))))
    }

    /// Whether the target has what the parameter names.
    fn is_there(
        &self,
        template: &Template,
        asked: &Asked,
        dialect: Dialect,
        text: &str,
    ) -> Result<(), CliError> {
        let Some(target) = self.draft.target() else { return Ok(()) };
        if template.is_table(asked) {
            let spelled = relation(dialect, text).unwrap_or_default();
            if self.world.table(target, &spelled)?.is_none() {
                let names = table_names(&self.world.tables(target)?);
                let known = || names.usual.iter().chain(&names.further).map(String::as_str);
                let help = did_you_mean(&text.to_lowercase(), known()).map_or_else(
                    || listed(known(), "there is no table at all"),
                    |near| format!("did you mean `{near}`?"),
                );
                let message = format!("there is no table `{text}` in {}", target.name);
                return Err(CliError::Template { message, help: Some(help) });
            }
        }
        if let Some((of, known)) = self.known(template, asked, dialect)? {
            let given = Given::Text(text.to_owned());
            template
                .check_columns(asked, &given, &of, &known.table)
                .map_err(|error| CliError::Template { message: error.to_string(), help: error.hint() })?;
        }
        Ok(())
    }

    /// The table whose columns the parameter names, and what the target knows of it.
    fn known(
        &self,
        template: &Template,
        asked: &Asked,
        dialect: Dialect,
    ) -> Result<Option<(String, Known)>, CliError> {
        let of = template.table_of_columns(asked).and_then(|of| self.filled.get(of));
        let (Some(target), Some(Given::Text(name))) = (self.draft.target(), of) else { return Ok(None) };
        let spelled = relation(dialect, name).unwrap_or_default();
        Ok(self.world.table(target, &spelled)?.map(|known| (name.clone(), known)))
    }

    fn names(&self, template: &Template, asked: &Asked, dialect: Dialect) -> Result<Names, CliError> {
        let Some(target) = self.draft.target() else { return Ok(Names::default()) };
        if asked.form == Form::Relation {
            return Ok(table_names(&self.world.tables(target)?));
        }
        let columns = self.known(template, asked, dialect)?.map(|(_, known)| known.table.columns);
        let usual = columns.into_iter().flatten().map(|column| column.name).collect();
        Ok(Names { usual, ..Names::default() })
    }

    /// Where the runbook goes.
    pub fn file(&self, id: &str) -> Reply<Answer<'a>> {
        let judge = |typed: &str| {
            let path = Path::new(typed);
            if path.exists() {
                return Err(format!(
                    "{typed} exists already, and nothing is overwritten; write another name"
                ));
            }
            match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                Some(folder) if !folder.is_dir() => Err(format!("there is no folder {}", folder.display())),
                _ if typed.is_empty() || typed.ends_with('/') => Err("a file's name is needed".to_owned()),
                _ => Ok(()),
            }
        };
        let line = Line {
            question: "Write it to:",
            help: "the file is new".to_owned(),
            usual: Some(proposed(id)),
            names: Names::default(),
            judge: &judge,
            shown: &str::to_owned,
        };
        Ok(line.ask()?.map(|path| Answer::File(path.into())))
    }
}

/// A name that no file has yet, among the runbooks where there is a folder of them.
fn proposed(id: &str) -> String {
    let folder = if Path::new("runbooks").is_dir() { "runbooks/" } else { "" };
    let numbered = (2..).map(|number| format!("{folder}{id}-{number}.md"));
    let mut names = std::iter::once(format!("{folder}{id}.md")).chain(numbered);
    names.find(|name| !Path::new(name).exists()).expect("some number is free")
}

/// Names as they are typed. In a name with a dot the dot would be read as the end of a schema.
fn table_names(tables: &[TableName]) -> Names {
    let typed = tables.iter().filter(|table| table.schema.is_none() || !table.name.contains('.'));
    let mut names = Names::default();
    for TableName { schema, name, visible } in typed {
        if *visible {
            names.usual.push(name.clone());
        }
        if let Some(schema) = schema.as_ref().filter(|schema| !schema.contains('.')) {
            names.further.push(format!("{schema}.{name}"));
        }
    }
    names
}

fn listed<'n>(names: impl Iterator<Item = &'n str> + Clone, none: &str) -> String {
    let some: Vec<&str> = names.clone().take(MOST).collect();
    match (some.len(), names.count()) {
        (0, _) => none.to_owned(),
        (shown, all) if all > shown => format!("there are {} and {} more", some.join(", "), all - shown),
        _ => format!("there are {}", some.join(", ")),
    }
}

fn told(error: &TemplateError) -> CliError {
    CliError::Template { message: error.to_string(), help: error.hint() }
}

/// An error with what to do about it, for a question's own line.
fn in_a_line(error: &CliError) -> String {
    error.help().map_or_else(|| error.to_string(), |help| format!("{error}; {help}"))
}
