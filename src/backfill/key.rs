use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a walk is: a literal for each column of its key, as the server wrote them, so that the server
/// reads back what it wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub Vec<String>);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0[..] {
            [literal] => f.write_str(literal),
            literals => write!(f, "({})", literals.join(", ")),
        }
    }
}
