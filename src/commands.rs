//! What each command does. The exit status says how it went: 0 done, 1 it ran and the answer is
//! no, 2 wrong usage or configuration.

use std::process::ExitCode;

use crate::cli::{Command, ConfigCommand};
use crate::config::Config;

/// The exit status of a configuration that cannot be used.
pub const WRONG_CONFIGURATION: u8 = 2;

/// Does what the command line says.
pub fn run(command: &Command, config: &Config) -> ExitCode {
    match command {
        Command::Config(ConfigCommand::Check) => check(config),
    }
}

/// Says that the configuration is sound (else nobody gets here), and what is probably not meant.
fn check(config: &Config) -> ExitCode {
    for warning in config.warnings() {
        println!("warning: {warning}");
    }
    println!("the configuration is sound");
    ExitCode::SUCCESS
}
