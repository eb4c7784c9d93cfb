//! The command line, parsed and nothing more.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// What `--version` says: the version and the commit.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("SOURCE_COMMIT"), ")");

/// The picture desk: prompts in, pictures out, credits never lost.
#[derive(Debug, Parser)]
#[command(name = "picdesk", version = VERSION, about, arg_required_else_help = true)]
pub struct Cli {
    /// The configuration file [default: config/picdesk.toml when that exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run every configured channel, worker and HTTP route until told to stop
    Serve {
        /// Moves the clock of the house ahead, for the sandbox
        #[arg(long, hide = true, value_name = "SECONDS", default_value_t = 0)]
        clock_ahead_s: u64,
        /// Makes chance come the same way again, for the sandbox
        #[arg(long, hide = true, value_name = "N")]
        seed: Option<u64>,
        /// Where the chat with the bot is, for the sandbox
        #[arg(long, hide = true, value_name = "URL")]
        chat_url: Option<String>,
    },
    /// Run the whole product with no key and no network, and a page to play the customer on
    Sandbox(SandboxArguments),
    /// Apply migrations to the store and exit
    Migrate {
        /// List them instead
        #[arg(long)]
        dry_run: bool,
    },
    /// Count work and money in the store
    Status {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Look into the ledger
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Give credits by hand
    #[command(subcommand)]
    Credits(CreditsCommand),
    /// Say who may answer escalations
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Look into the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// How `sandbox` runs.
#[derive(Debug, PartialEq, Eq, Args)]
pub struct SandboxArguments {
    /// Address and port of the page [default: a free port on loopback]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Where the store and the pictures are, kept over restarts
    #[arg(long, value_name = "DIR", default_value = "data/sandbox")]
    pub data: PathBuf,
    /// Makes chance and faults come the same way again
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// Commands of the ledger.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum LedgerCommand {
    /// Recompute every balance from its entries and check every invariant
    Verify,
}

/// Commands of credits.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum CreditsCommand {
    /// Give N credits to an account
    Grant {
        /// An account id, or an identity, as `telegram:123`
        #[arg(value_name = "ID")]
        whose: Whose,
        /// How many, 1 or more
        #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..=1_000_000_000))]
        credits: i64,
        /// Why, for the ledger
        #[arg(long, value_name = "TEXT", value_parser = words)]
        reason: String,
    },
}

/// Commands of operators.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum OperatorCommand {
    /// Let somebody answer
    Add {
        /// The name customers see
        #[arg(long, value_name = "N", value_parser = words)]
        name: String,
        /// What they may do
        #[arg(long)]
        role: Role,
        /// Their user id on Telegram
        #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
        telegram: Option<i64>,
        /// Their member id in WeCom
        #[arg(long, value_name = "USERID", value_parser = words)]
        wecom: Option<String>,
    },
    /// List who may answer
    List,
    /// Stop somebody from answering
    Remove {
        /// The name that `operator list` shows
        #[arg(value_name = "N", value_parser = words)]
        name: String,
    },
}

/// Commands of the configuration.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum ConfigCommand {
    /// Read the configuration and say everything that is wrong, by key
    Check,
}

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Answers.
    Agent,
    /// Answers, and agrees to what agents may not do alone.
    Lead,
    /// Everything.
    Owner,
}

impl Role {
    /// The word for it, on the command line and in rows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Lead => "lead",
            Self::Owner => "owner",
        }
    }
}

/// Whose account is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The account of this id.
    Account(i64),
    /// The account of an identity, as `telegram:123`.
    Identity(String),
}

impl std::str::FromStr for Whose {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = text.parse::<i64>() {
            return Ok(Self::Account(id));
        }
        match text.split_once(':') {
            Some((channel, id)) if !channel.is_empty() && !id.is_empty() => {
                Ok(Self::Identity(text.to_owned()))
            }
            _ => Err("an account id, or an identity, as telegram:123"),
        }
    }
}

fn words(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() { Err("must not be empty") } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("picdesk").chain(line.split_whitespace()))
    }

    fn command(line: &str) -> Command {
        parse(line).unwrap_or_else(|error| panic!("{line}: {error}")).command
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_of_the_contract_is_understood() {
        assert_eq!(
            command("serve"),
            Command::Serve { clock_ahead_s: 0, seed: None, chat_url: None }
        );
        assert_eq!(command("migrate --dry-run"), Command::Migrate { dry_run: true });
        assert_eq!(command("status --json"), Command::Status { json: true });
        assert_eq!(command("ledger verify"), Command::Ledger(LedgerCommand::Verify));
        assert_eq!(command("config check"), Command::Config(ConfigCommand::Check));
        assert_eq!(
            command("sandbox --listen 127.0.0.1:0 --data here --seed 7"),
            Command::Sandbox(SandboxArguments {
                listen: Some("127.0.0.1:0".parse().unwrap()),
                data: "here".into(),
                seed: Some(7),
            })
        );
        assert_eq!(
            command("credits grant telegram:123 5 --reason sorry"),
            Command::Credits(CreditsCommand::Grant {
                whose: Whose::Identity("telegram:123".to_owned()),
                credits: 5,
                reason: "sorry".to_owned(),
            })
        );
        assert_eq!(
            command("operator add --name Mei --role lead --telegram 42"),
            Command::Operator(OperatorCommand::Add {
                name: "Mei".to_owned(),
                role: Role::Lead,
                telegram: Some(42),
                wecom: None,
            })
        );
        assert_eq!(command("operator list"), Command::Operator(OperatorCommand::List));
        assert_eq!(
            command("operator remove Mei"),
            Command::Operator(OperatorCommand::Remove { name: "Mei".to_owned() })
        );
    }

    #[test]
    fn an_account_is_named_by_its_id_or_by_an_identity() {
        assert_eq!("77".parse(), Ok(Whose::Account(77)));
        assert_eq!("wecom-kf:wm1".parse(), Ok(Whose::Identity("wecom-kf:wm1".to_owned())));
        for text in ["", "somebody", ":1", "telegram:"] {
            assert!(text.parse::<Whose>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_configuration_file_can_be_named_before_and_after_the_command() {
        for line in ["--config a.toml config check", "config check --config a.toml"] {
            assert_eq!(parse(line).unwrap().config, Some("a.toml".into()));
        }
    }

    #[test]
    fn wrong_usage_ends_with_status_two_and_the_version_with_none() {
        for line in
            ["", "serv", "credits grant 1 0 --reason x", "credits grant 1 1", "operator add"]
        {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line:?}");
        }
        let version = parse("--version").unwrap_err();
        assert_eq!((version.kind(), version.exit_code()), (ErrorKind::DisplayVersion, 0));
        let commit = env!("SOURCE_COMMIT");
        assert!(version.to_string().ends_with(&format!("({commit})\n")));
        assert!(commit == "unknown" || commit.len() == 12);
    }
}
