use super::super::args::New;
use super::super::error::{CliError, Exit};
use crate::report::Style;
pub fn run(_command: &New, _style: Style) -> Result<Exit, CliError> { Ok(Exit::Unusable) }
