use std::process::ExitCode;

fn main() -> ExitCode {
    rollbook::cli::run(std::env::args_os())
}
