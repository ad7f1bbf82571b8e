use super::mariadb::Mariadb;
use super::mysql::Mysql;
use super::postgres::Postgres;
use super::programs::Programs;

/// What the suite runs against. Two of them may speak one dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    /// The one that Debian has, 15 or newer.
    Postgres,
    Postgres18,
    /// The one that Debian has, 10.11 or newer.
    Mariadb,
    Mysql,
}

impl Engine {
    pub const ALL: [Self; 5] = [Self::Sqlite, Self::Postgres, Self::Postgres18, Self::Mariadb, Self::Mysql];

    /// The word for it in a runbook's front matter.
    pub fn dialect(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres | Self::Postgres18 => "postgres",
            Self::Mariadb | Self::Mysql => "mysql",
        }
    }

    pub fn speaking(dialect: &str) -> Vec<Self> {
        Self::ALL.into_iter().filter(|engine| engine.dialect() == dialect).collect()
    }

    /// None for what has no server.
    pub fn programs(self) -> Option<Box<dyn Programs>> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(Box::new(Postgres::of_debian())),
            Self::Postgres18 => Some(Box::new(Postgres::eighteen())),
            Self::Mariadb => Some(Box::new(Mariadb)),
            Self::Mysql => Some(Box::new(Mysql::unpacked())),
        }
    }
}
