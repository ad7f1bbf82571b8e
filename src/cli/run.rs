use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;

use super::args::{Arguments, Command, When};
use super::commands;
use super::error::{CliError, Exit, tell};
use super::prompt;

use crate::report::Style;

/// Runs one command and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            // --help and --version are answers, not errors.
            return ExitCode::from(if error.use_stderr() { Exit::Unusable as u8 } else { 0 });
        }
    };
    let color = arguments.color;
    // A reader that went away (`| head`) ends a listing quietly; a run's own lines are not printed
    // by a macro that can panic.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to stdout") {
            let gone = text.contains("Broken pipe");
            if !gone {
                eprintln!("error: {text}");
            }
            std::process::exit(if gone { Exit::Done } else { Exit::Unusable } as i32);
        }
        report(panic);
    }));
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| dispatch(arguments)));
    let exit = match outcome {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            tell(&error, style(color, std::io::stderr().is_terminal()));
            error.exit()
        }
        Err(_) => {
            eprintln!("this is a bug in Rollbook; what the journal has is committed, nothing else is");
            Exit::Bug
        }
    };
    ExitCode::from(exit as u8)
}

fn dispatch(arguments: Arguments) -> Result<Exit, CliError> {
    let out = style(arguments.color, std::io::stdout().is_terminal());
    prompt::set_style(style(arguments.color, std::io::stderr().is_terminal()));
    match arguments.command {
        Command::New(command) => commands::new::run(&command, out),
        Command::Templates(command) => commands::templates::run(&command, out),
        Command::Check(command) => commands::check::run(&command, out),
        Command::Plan(command) => commands::plan::run(&command, out),
        Command::Run(command) => commands::run::run(&command, out),
        Command::Control(command) => commands::control::run(&command),
        Command::Status(command) => commands::status::run(&command, out),
        Command::Verify(command) => commands::verify::run(&command, out),
        Command::Rollback(command) => commands::rollback::run(&command, out),
        Command::Record(command) => commands::record::run(&command),
        Command::Rules(command) => commands::rules::run(&command, out),
        Command::Completions { shell } => {
            let mut app = <Arguments as clap::CommandFactory>::command();
            clap_complete::generate(shell, &mut app, "rollbook", &mut std::io::stdout());
            Ok(Exit::Done)
        }
    }
}

fn style(color: When, terminal: bool) -> Style {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match color {
        When::Always => Style::Ansi,
        When::Auto if terminal && !plain => Style::Ansi,
        When::Auto | When::Never => Style::Plain,
    }
}

/// Columns for tables: the terminal's, or 120 where there is none.
pub(super) fn width() -> u16 {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.unwrap_or_else(|| {
        let terminal = std::io::stdout().is_terminal();
        comfy_table::Table::new().width().filter(|_| terminal).unwrap_or(120)
    })
}
