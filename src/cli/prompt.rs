//! Questions at a terminal: the one way in which a person is asked for a value.
//!
//! Gates and doubts are not asked here: a line that the terminal itself edits leaves Ctrl-C a signal, and a
//! run must hear it.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use inquire::error::InquireResult;
use inquire::ui::{RenderConfig, Styled};
use inquire::validator::Validation;
use inquire::{Autocomplete, CustomUserError, InquireError, Password, PasswordDisplayMode, Select, Text};

use super::error::CliError;
use super::load::typed;
use crate::document::{ParamSpec, ParamType};
use crate::report::Style;
use crate::template::{Given, Values};

/// What a person said; None where they went back with Esc.
pub type Reply<T> = Result<Option<T>, CliError>;

/// Why a value is not taken, as the person is told who typed it.
pub type Judge<'a> = &'a dyn Fn(&str) -> Result<(), String>;

/// Whether somebody can answer.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Colours, or none, for all questions. Marks say what the colours say.
pub fn set_style(style: Style) {
    let config = match style {
        Style::Ansi => RenderConfig::default_colored(),
        Style::Plain => RenderConfig::empty().with_answered_prompt_prefix(Styled::new(">")),
    };
    inquire::set_global_render_config(config.with_canceled_prompt_indicator(Styled::new("(back)")));
}

/// One of several, found by its words.
pub struct Choice<'a, T> {
    pub question: &'a str,
    pub help: &'a str,
    /// What is shown, further words by which it is found, and what it stands for.
    pub options: Vec<(String, String, T)>,
    /// The one that Enter takes.
    pub usual: usize,
}

impl<T> Choice<'_, T> {
    pub fn ask(self) -> Reply<T> {
        let (labels, rest): (Vec<String>, Vec<(String, T)>) =
            self.options.into_iter().map(|(label, words, value)| (label, (words, value))).unzip();
        let (words, mut values): (Vec<String>, Vec<T>) = rest.into_iter().unzip();
        let scorer = |typed: &str, label: &String, _: &str, at: usize| found(typed, label, &words[at]);
        let asked = Select::new(self.question, labels)
            .with_help_message(self.help)
            .with_page_size(PAGE)
            .with_starting_cursor(self.usual)
            .with_scorer(&scorer)
            .raw_prompt();
        Ok(reply(asked)?.map(|option| values.swap_remove(option.index)))
    }
}

/// Options that are seen at once; with the question and its help they fit the smallest of screens.
const PAGE: usize = 10;

/// Each typed word must be there. What is shown counts more than what it is also found by.
fn found(typed: &str, label: &str, words: &str) -> Option<i64> {
    let (label, words) = (label.to_lowercase(), words.to_lowercase());
    typed.to_lowercase().split_whitespace().try_fold(0, |sum, word| {
        let score = if label.contains(word) { 2 } else { i64::from(words.contains(word)) };
        (score > 0).then_some(sum + score)
    })
}

/// A line of text.
pub struct Line<'a> {
    pub question: &'a str,
    pub help: String,
    /// What Enter takes.
    pub usual: Option<String>,
    /// What Tab completes.
    pub names: Names,
    pub judge: Judge<'a>,
    /// How the answer is shown once it is given.
    pub shown: &'a dyn Fn(&str) -> String,
}

impl Line<'_> {
    pub fn ask(self) -> Reply<String> {
        let judge = self.judge;
        let validator = move |typed: &str| Ok(verdict(judge(typed)));
        let mut keys = Vec::new();
        if !self.names.is_empty() {
            keys.push("Tab completes, ↑↓ choose");
        }
        match self.usual.as_deref() {
            Some("") => keys.push("Enter leaves it out"),
            _ => keys.push("Enter"),
        }
        let help = format!("{}; {}, Esc goes back", self.help, keys.join(", "));
        let mut text = Text::new(self.question)
            .with_help_message(&help)
            .with_validator(validator)
            .with_formatter(self.shown)
            .with_autocomplete(self.names);
        if let Some(usual) = self.usual.as_deref() {
            text = text.with_default(usual);
        }
        reply(text.prompt())
    }
}

fn verdict(judged: Result<(), String>) -> Validation {
    judged.map_or_else(|why| Validation::Invalid(why.into()), |()| Validation::Valid)
}

/// Names that a line is completed from.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Offered as soon as they fit.
    pub usual: Vec<String>,
    /// Offered where none of the usual ones fits.
    pub further: Vec<String>,
    /// Whether several are given, between commas.
    pub several: bool,
}

impl Names {
    fn is_empty(&self) -> bool {
        self.usual.is_empty() && self.further.is_empty()
    }

    /// What was typed up to the name that is being typed, and the names that fit it: those that begin with it
    /// first.
    fn fitting(&self, typed: &str) -> (String, Vec<&str>) {
        let at = if self.several { typed.rfind(',').map_or(0, |comma| comma + 1) } else { 0 };
        let (before, name) = typed.split_at(at);
        let wanted = name.trim().to_lowercase();
        let gap = if before.is_empty() { "" } else { " " };
        let fit = |names: &'_ Vec<String>| -> Vec<usize> {
            let mut fit: Vec<(bool, usize)> = (0..names.len())
                .filter(|at| names[*at].to_lowercase().contains(&wanted))
                .map(|at| (!names[at].to_lowercase().starts_with(&wanted), at))
                .collect();
            fit.sort();
            fit.into_iter().map(|(_, at)| at).collect()
        };
        let (names, mut fits) = (&self.usual, fit(&self.usual));
        if !fits.is_empty() {
            return (format!("{before}{gap}"), fits.into_iter().map(|at| names[at].as_str()).collect());
        }
        fits = fit(&self.further);
        (format!("{before}{gap}"), fits.into_iter().map(|at| self.further[at].as_str()).collect())
    }
}

impl Autocomplete for Names {
    fn get_suggestions(&mut self, typed: &str) -> Result<Vec<String>, CustomUserError> {
        let (before, names) = self.fitting(typed);
        Ok(names.into_iter().map(|name| format!("{before}{name}")).collect())
    }

    /// The highlighted one, or as far as all that fit agree.
    fn get_completion(
        &mut self,
        typed: &str,
        highlighted: Option<String>,
    ) -> Result<Option<String>, CustomUserError> {
        if highlighted.is_some() {
            return Ok(highlighted);
        }
        let (before, mut names) = self.fitting(typed);
        let wanted = typed[typed.len().min(before.trim_end().len())..].trim().to_lowercase();
        if names.iter().any(|name| name.to_lowercase().starts_with(&wanted)) {
            names.retain(|name| name.to_lowercase().starts_with(&wanted));
        }
        Ok(shared_beginning(&names)
            .filter(|shared| !shared.is_empty())
            .map(|shared| format!("{before}{shared}")))
    }
}

fn shared_beginning(names: &[&str]) -> Option<String> {
    let (first, rest) = names.split_first()?;
    let same = |other: &&str| first.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let length = rest.iter().map(same).min().unwrap_or(usize::MAX);
    Some(first.chars().take(length).collect())
}

/// Asks for a parameter's value.
pub fn parameter(spec: &ParamSpec, names: Names, judge: Judge<'_>) -> Reply<String> {
    let question = format!("{}:", spec.name);
    let about = spec.description.clone().unwrap_or_else(|| spec.name.clone());
    if spec.secret {
        return secret(&question, &about, judge);
    }
    let usual = spec.default.as_ref().map(typed);
    let choices: Vec<String> = match &spec.kind {
        ParamType::Enum(values) => values.clone(),
        ParamType::Boolean => vec!["no".to_owned(), "yes".to_owned()],
        kind => {
            let names = Names { several: matches!(kind, ParamType::List(_)), ..names };
            let help = match allowed(spec) {
                Some(allowed) => format!("{about}: {allowed}"),
                None => about,
            };
            return Line { question: &question, help, usual, names, judge, shown: &str::to_owned }.ask();
        }
    };
    let at = usual.and_then(|usual| choices.iter().position(|choice| *choice == usual)).unwrap_or(0);
    let options = choices.into_iter().map(|choice| (choice.clone(), String::new(), choice)).collect();
    let help = format!("{about}; ↑↓ choose, Enter, Esc goes back");
    Choice { question: &question, help: &help, options, usual: at }.ask()
}

/// What is typed is shown as stars.
fn secret(question: &str, about: &str, judge: Judge<'_>) -> Reply<String> {
    loop {
        let asked = Password::new(question)
            .with_help_message(about)
            .with_display_mode(PasswordDisplayMode::Masked)
            .without_confirmation()
            .prompt();
        let Some(answer) = reply(asked)? else { return Ok(None) };
        match judge(&answer) {
            Ok(()) => return Ok(Some(answer)),
            Err(why) => eprintln!("# {why}"),
        }
    }
}

/// What a value may be, where its type does not say it all by itself.
fn allowed(spec: &ParamSpec) -> Option<String> {
    let what = match &spec.kind {
        ParamType::Integer => "a whole number",
        ParamType::Number => "a number",
        ParamType::List(_) => return Some("several between commas".to_owned()),
        _ => return spec.pattern.as_ref().map(|pattern| format!("what matches `{pattern}`")),
    };
    Some(match (spec.min, spec.max) {
        (Some(min), Some(max)) => format!("{what} from {min} to {max}"),
        (Some(min), None) => format!("{what} from {min} up"),
        (None, Some(max)) => format!("{what} up to {max}"),
        (None, None) => what.to_owned(),
    })
}

/// Whether a text is a value of the parameter, and otherwise what one is.
pub fn judge(spec: &ParamSpec, text: &str) -> Result<(), String> {
    if text.is_empty() && spec.default.is_none() {
        return Err(format!("{} needs a value", spec.name));
    }
    let given = BTreeMap::from([(spec.name.clone(), Given::Text(text.to_owned()))]);
    let Err(errors) = Values::bind(std::slice::from_ref(spec), &given) else { return Ok(()) };
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let allowed = allowed(spec).map_or_else(String::new, |allowed| format!("; write {allowed}"));
    Err(format!("{}{allowed}", said.join("; ")))
}

fn reply<T>(asked: InquireResult<T>) -> Reply<T> {
    match asked {
        Ok(answer) => Ok(Some(answer)),
        Err(InquireError::OperationCanceled) => Ok(None),
        Err(InquireError::OperationInterrupted) => Err(CliError::Interrupted),
        Err(error) => Err(CliError::NoTerminal { reason: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(several: bool) -> Names {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Names {
            usual: list(&["order_lines", "orders", "customers"]),
            further: list(&["app.orders", "audit.orders"]),
            several,
        }
    }

    #[test]
    fn tab_completes_as_far_as_the_names_agree() {
        let complete = |typed: &str, several| names(several).get_completion(typed, None).unwrap();
        assert_eq!(complete("o", false).as_deref(), Some("order"));
        assert_eq!(complete("cu", false).as_deref(), Some("customers"));
        assert_eq!(complete("ap", false).as_deref(), Some("app.orders"));
        assert_eq!(complete("x", false), None);
        assert_eq!(complete("orders, CU", true).as_deref(), Some("orders, customers"));
        assert_eq!(
            names(false).get_completion("o", Some("orders".to_owned())).unwrap().as_deref(),
            Some("orders")
        );
    }

    #[test]
    fn names_that_begin_so_come_first_and_further_ones_where_none_fits() {
        let suggest = |typed: &str| names(false).get_suggestions(typed).unwrap();
        assert_eq!(suggest("ers"), ["orders", "customers"]);
        assert_eq!(suggest("cust"), ["customers"]);
        assert_eq!(suggest(".or"), ["app.orders", "audit.orders"]);
        assert_eq!(names(true).get_suggestions("orders,c").unwrap(), ["orders, customers"]);
    }

    #[test]
    fn an_option_is_found_by_all_of_its_words() {
        let find = |typed: &str| found(typed, "Rename a column", "rename-column move something");
        assert_eq!(find(""), Some(0));
        assert!(find("ren col") > find("move"));
        assert_eq!(find("rename table"), None);
    }
}
