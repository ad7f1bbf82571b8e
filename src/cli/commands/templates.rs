use super::super::args::Templates;
use super::super::error::{CliError, Exit};
pub fn run(_command: &Templates) -> Result<Exit, CliError> { Ok(Exit::Unusable) }
