use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::dialect::Dialect;

/// Where a database is. `Display` never shows a password.
#[derive(Clone)]
pub enum Address {
    Sqlite { path: PathBuf },
    Postgres { options: Box<PgConnectOptions> },
    Mysql { options: Box<MySqlConnectOptions> },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AddressError {
    #[error("`{scheme}:` is not a kind of database that this version of Rollbook runs")]
    UnknownScheme { scheme: String },
    #[error(
        "a database is named by a URL such as `sqlite:app.db`, `postgres://user@host/name` or `mysql://user@host/name`"
    )]
    NoScheme,
    #[error("the SQLite URL names no file")]
    NoFile,
    #[error("an in-memory SQLite database ends with the process, and its journal with it")]
    InMemory,
    #[error("a SQLite URL takes no options after `?`")]
    SqliteOptions,
    #[error("the {server} URL cannot be read: {reason}")]
    Server { server: &'static str, reason: String },
    #[error("the MySQL URL names no database")]
    NoDatabase,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(url: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = url.split_once(':').ok_or(AddressError::NoScheme)?;
        match scheme {
            "sqlite" | "sqlite3" => sqlite(rest),
            "postgres" | "postgresql" => {
                Ok(Self::Postgres { options: Box::new(server("PostgreSQL", url, rest)?) })
            }
            "mysql" | "mariadb" => {
                let options: MySqlConnectOptions = server("MySQL", &format!("mysql:{rest}"), rest)?;
                match options.get_database() {
                    Some(_) => Ok(Self::Mysql { options: Box::new(options) }),
                    None => Err(AddressError::NoDatabase),
                }
            }
            _ => Err(AddressError::UnknownScheme { scheme: scheme.to_owned() }),
        }
    }
}

/// Reads the URL of a server. What is said of a faulty one never holds its password.
fn server<T: FromStr<Err = sqlx::Error>>(
    server: &'static str,
    url: &str,
    rest: &str,
) -> Result<T, AddressError> {
    // An unescaped `/` ends the authority, and the rest of the password becomes a name to show.
    if path_of(rest).contains('@') {
        let reason = "it has an `@` after the host; write `/` in a password as `%2F`".to_owned();
        return Err(AddressError::Server { server, reason });
    }
    url.parse().map_err(|error| match error {
        // The driver's message may quote the URL, and the URL holds the password.
        sqlx::Error::Configuration(reason) if !reason.to_string().contains(rest) => {
            AddressError::Server { server, reason: reason.to_string() }
        }
        _ => AddressError::Server { server, reason: "it is malformed".to_owned() },
    })
}

/// What stands between the host and the options.
fn path_of(rest: &str) -> &str {
    let before_options = rest.split(['?', '#']).next().unwrap_or_default();
    let authority = before_options.strip_prefix("//").unwrap_or(before_options);
    authority.split_once('/').map_or("", |(_, path)| path)
}

fn sqlite(rest: &str) -> Result<Address, AddressError> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    match path {
        "" => Err(AddressError::NoFile),
        ":memory:" => Err(AddressError::InMemory),
        path if path.contains('?') => Err(AddressError::SqliteOptions),
        path => Ok(Address::Sqlite { path: PathBuf::from(path) }),
    }
}

impl Address {
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres { .. } => Dialect::Postgres,
            Self::Mysql { .. } => Dialect::Mysql,
        }
    }

    /// A name for files and tables where the user gave none: the database's own.
    pub fn short_name(&self) -> String {
        match self {
            Self::Sqlite { path } => path
                .file_stem()
                .map_or_else(|| "sqlite".to_owned(), |stem| stem.to_string_lossy().into_owned()),
            Self::Postgres { options } => options.get_database().unwrap_or(options.get_username()).to_owned(),
            Self::Mysql { options } => options.get_database().unwrap_or_default().to_owned(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(f, "sqlite:{}", path.display()),
            Self::Postgres { options } => {
                let host = options
                    .get_socket()
                    .map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
                let database = options.get_database().unwrap_or(options.get_username());
                write!(f, "postgres://{}@{host}:{}/{database}", options.get_username(), options.get_port())
            }
            Self::Mysql { options } => {
                let host = options
                    .get_socket()
                    .map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
                let database = options.get_database().unwrap_or_default();
                write!(f, "mysql://{}@{host}:{}/{database}", options.get_username(), options.get_port())
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let address: Address = "postgres://ann:hunter2@db.internal:6432/shop".parse().unwrap();
        assert_eq!(address.to_string(), "postgres://ann@db.internal:6432/shop");
        assert!(!format!("{address:?}").contains("hunter2"));
        let mysql: Address = "mysql://ann:hunter2@db.internal/shop".parse().unwrap();
        assert_eq!(mysql.to_string(), "mysql://ann@db.internal:3306/shop");
        assert!("mariadb://ann@db/shop".parse::<Address>().is_ok());
        assert_eq!("mysql://ann:hunter2@db".parse::<Address>().unwrap_err(), AddressError::NoDatabase);
        for url in [
            "postgres://ann:hunter2@db:port/shop",
            "postgres://ann:1/hunter2@db/shop",
            "mysql://ann:hunter2@db:port/shop",
            "mysql://ann:1/hunter2@db/shop",
        ] {
            let error = url.parse::<Address>().unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn sqlite_urls_name_a_file() {
        let path = |url: &str| url.parse::<Address>().map(|address| address.to_string());
        assert_eq!(path("sqlite:app.db").unwrap(), "sqlite:app.db");
        assert_eq!(path("sqlite:///var/app.db").unwrap(), "sqlite:/var/app.db");
        assert_eq!(path("sqlite::memory:").unwrap_err(), AddressError::InMemory);
        assert_eq!(path("sqlite:app.db?mode=rwc").unwrap_err(), AddressError::SqliteOptions);
        assert!(matches!(path("oracle:x").unwrap_err(), AddressError::UnknownScheme { .. }));
    }
}
