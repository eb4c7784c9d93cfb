//! The program: reads the command line and the configuration, and does what it was told.

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;
use picdesk::cli::{Cli, Command};
use picdesk::commands;
use picdesk::config::Config;

/// Much of what a command needs is freed on another thread than it was made on, and glibc's
/// allocator spends a quarter of all processor time on that. SQLite allocates by this one too. It
/// goes without huge pages, of which each costs 2 MiB for whatever little is in it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The sandbox ignores every configured address and secret of a real party.
    if let Command::Sandbox(arguments) = cli.command {
        return commands::sandbox(arguments);
    }
    match Config::load(cli.config.as_deref()) {
        Ok(config) => commands::run(cli.command, config),
        Err(problems) => {
            eprintln!("{problems}");
            commands::WRONG_CONFIGURATION.into()
        }
    }
}
