//! `rollbook.toml` and what `--db` means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::CliError;
use crate::backend::{Address, AddressError};
use crate::code::Chosen;
use crate::diagnostics::{Level, did_you_mean};
use crate::dialect::Dialect;
use crate::rules::Levels;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    targets: BTreeMap<String, TargetSettings>,
    #[serde(default)]
    rules: BTreeMap<String, RuleLevel>,
    #[serde(default)]
    code: CodeSettings,
    #[serde(default)]
    templates: TemplateSettings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateSettings {
    /// Below the folder of `rollbook.toml`.
    #[serde(default)]
    folders: Vec<PathBuf>,
}

/// What `check --code` reads.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeSettings {
    include: Option<Vec<String>>,
    #[serde(default)]
    exclude: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RuleLevel {
    Error,
    Warning,
    Note,
    Off,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetSettings {
    /// Name of the environment variable that holds the URL: a URL with a password has no place in a
    /// file that is committed.
    url_env: String,
    /// Names of the targets that are its replicas.
    #[serde(default)]
    replicas: Vec<String>,
}

/// A target, resolved.
#[derive(Clone, Debug)]
pub struct ResolvedTarget {
    pub address: Address,
    /// Its name in the settings, or the database's own.
    pub name: String,
    /// What to write after `--db` to name it again, without a password.
    pub argument: String,
    /// Whether `argument` leaves a password out.
    pub withheld: bool,
    /// Names of the targets that are its replicas.
    pub replicas: Vec<String>,
}

pub fn resolve(db: &str) -> Result<ResolvedTarget, CliError> {
    if db.contains(':') {
        return parse(db, None);
    }
    let settings = path().map(|path| read(&path)).transpose()?.unwrap_or_default();
    let Some(target) = settings.targets.get(db) else {
        let suggestion = did_you_mean(db, settings.targets.keys().map(String::as_str)).map(str::to_owned);
        return Err(CliError::UnknownTarget { name: db.to_owned(), suggestion });
    };
    let variable = target.url_env.clone();
    let url = std::env::var(&variable).map_err(|_| CliError::NoVariable { name: db.to_owned(), variable })?;
    let resolved = parse(&url, Some(db))?;
    Ok(ResolvedTarget { replicas: target.replicas.clone(), ..resolved })
}

/// The targets of the settings, in the order of the alphabet, each with the variable that its URL is taken from.
pub fn targets() -> Result<Vec<(String, String)>, CliError> {
    let settings = path().map(|path| read(&path)).transpose()?.unwrap_or_default();
    Ok(settings.targets.into_iter().map(|(name, target)| (name, target.url_env)).collect())
}

/// The target's replicas, those of the settings and those of the command line, by the names that messages
/// give them.
pub fn replicas(target: &ResolvedTarget, said: &[String]) -> Result<Vec<(String, Address)>, CliError> {
    let mut replicas = Vec::new();
    for name in target.replicas.iter().chain(said) {
        let replica = resolve(name)?;
        let (dialect, own) = (replica.address.dialect(), target.address.dialect());
        if dialect != own || own == Dialect::Sqlite {
            return Err(CliError::NoReplica { name: shown(name), dialect, target: own });
        }
        replicas.push((replica.argument, replica.address));
    }
    Ok(replicas)
}

/// What was given for `--db`, without a password.
pub fn shown(db: &str) -> String {
    if db.contains(':') { without_password(db) } else { db.to_owned() }
}

fn parse(url: &str, name: Option<&str>) -> Result<ResolvedTarget, CliError> {
    let address: Address = url.parse().map_err(|source: AddressError| CliError::Address { source })?;
    let argument = name.map_or_else(|| without_password(url), str::to_owned);
    Ok(ResolvedTarget {
        withheld: name.is_none() && argument != url,
        name: name.map_or_else(|| address.short_name(), str::to_owned),
        argument,
        address,
        replicas: Vec::new(),
    })
}

/// The URL as it was given, with its options, but for the password.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let shown = match authority.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split(':').next().unwrap_or_default()),
        None => authority.to_owned(),
    };
    let (path, query) = rest[authority.len()..].split_once('?').unwrap_or((&rest[authority.len()..], ""));
    let options: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("password=")).collect();
    let mark = if options.is_empty() { "" } else { "?" };
    format!("{scheme}://{shown}{path}{mark}{}", options.join("&"))
}

/// What `[code]` says of the files that `check --code` reads.
pub fn code() -> Result<Chosen, CliError> {
    let Some(path) = path() else { return Ok(Chosen::usual()) };
    let CodeSettings { include, exclude } = read(&path)?.code;
    Chosen::new(include.as_deref(), &exclude).map_err(|source| CliError::CodePattern { path, source })
}

/// What `[rules]` says of the levels of rules.
pub fn levels() -> Result<Levels, CliError> {
    let Some(path) = path() else { return Ok(Levels::default()) };
    let mut levels = Levels::default();
    for (name, said) in read(&path)?.rules {
        let level = match said {
            RuleLevel::Error => Some(Level::Error),
            RuleLevel::Warning => Some(Level::Warning),
            RuleLevel::Note => Some(Level::Note),
            RuleLevel::Off => None,
        };
        levels.set(&name, level).map_err(|source| CliError::RuleLevel { path: path.clone(), source })?;
    }
    Ok(levels)
}

/// The folders of a team's templates.
pub fn template_folders() -> Result<Vec<PathBuf>, CliError> {
    let Some(path) = path() else { return Ok(Vec::new()) };
    let home = path.parent().unwrap_or(Path::new(""));
    Ok(read(&path)?.templates.folders.into_iter().map(|folder| home.join(folder)).collect())
}

/// The nearest `rollbook.toml`, in this folder or above it.
fn path() -> Option<PathBuf> {
    let from = std::env::current_dir().unwrap_or_default();
    from.ancestors().map(|folder| folder.join("rollbook.toml")).find(|path| path.is_file())
}

fn read(path: &Path) -> Result<Settings, CliError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| CliError::Read { path: path.to_path_buf(), source })?;
    toml::from_str(&text).map_err(|error| CliError::Settings { reason: error.to_string().trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_url_is_named_again_with_its_options_and_without_its_password() {
        let url = "postgres://ann:pw:x@db:5432/shop?sslmode=disable&password=pw&options=-csearch_path%3Dapp";
        assert_eq!(
            without_password(url),
            "postgres://ann@db:5432/shop?sslmode=disable&options=-csearch_path%3Dapp"
        );
        assert_eq!(without_password("sqlite:app.db"), "sqlite:app.db");
        assert_eq!(without_password("postgres:///shop?host=/run/pg"), "postgres:///shop?host=/run/pg");
    }
}
