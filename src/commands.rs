//! What each command does. The exit status says how it went: 0 done, 1 it ran and the answer is
//! no, 2 wrong usage or configuration.

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use picdesk_core::{
    credits::Credits,
    event::Event,
    id::{AccountId, ConversationId},
};

use crate::{
    chance::Chance,
    cli::{
        Command, ConfigCommand, CreditsCommand, LedgerCommand, OperatorCommand, SandboxArguments,
        Whose,
    },
    clock::Clock,
    config::Config,
    run::{self, Outside},
    store::{
        Store, Work, audit,
        functions::operations,
        inbox::{self, NewEvent},
        people::{self, OperatorRow},
        status,
        wakes::tell_others,
    },
    telemetry,
};

/// The exit status of a configuration that cannot be used.
pub const WRONG_CONFIGURATION: u8 = 2;
/// The exit status of a command that ran and whose answer is no.
const NO: u8 = 1;

/// Does what the command line says.
pub fn run(command: Command, config: Config) -> ExitCode {
    block_on(dispatch(command, config))
}

/// Runs the sandbox, which takes no configuration.
pub fn sandbox(arguments: SandboxArguments) -> ExitCode {
    block_on(async {
        crate::sandbox::run(arguments).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> ExitCode {
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")
        .and_then(|runtime| {
            let outcome = runtime.block_on(work);
            // Whoever is told to end at once does not wait for a picture that is being pressed.
            runtime.shutdown_background();
            outcome
        });
    outcome.unwrap_or_else(|error| {
        eprintln!("picdesk: {error:#}");
        ExitCode::from(NO)
    })
}

async fn dispatch(command: Command, config: Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve { clock_ahead_s, seed, chat_url } => {
            let chance = seed.map_or_else(Chance::system, Chance::seeded);
            let clock = clock_ahead(clock_ahead_s);
            Box::pin(serve(config, Outside { clock, chance, chat_url })).await
        }
        Command::Sandbox(arguments) => {
            crate::sandbox::run(arguments).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Migrate { dry_run } => migrate(&config, dry_run).await,
        Command::Status { json } => print_status(&config, json).await,
        Command::Ledger(LedgerCommand::Verify) => verify(&config).await,
        Command::Credits(CreditsCommand::Grant { whose, credits, reason }) => {
            grant(&config, &whose, credits, &reason).await
        }
        Command::Operator(command) => operator(&config, command).await,
        Command::Config(ConfigCommand::Check) => Ok(check(&config)),
    }
}

async fn serve(config: Config, outside: Outside) -> anyhow::Result<ExitCode> {
    telemetry::start(config.log);
    Box::pin(run::serve(config, outside, |_| {})).await?;
    Ok(ExitCode::SUCCESS)
}

fn clock_ahead(ahead_s: u64) -> Clock {
    if ahead_s == 0 {
        return Clock::system();
    }
    let (clock, hands) = Clock::movable();
    hands.advance(Duration::from_secs(ahead_s));
    clock
}

/// The store, for a tool beside whoever serves.
async fn open(config: &Config) -> anyhow::Result<Store> {
    Ok(Store::open_existing(&config.store, Clock::system()).await?)
}

async fn migrate(config: &Config, dry_run: bool) -> anyhow::Result<ExitCode> {
    let missing = if dry_run {
        Store::missing_migrations(&config.store).await?
    } else {
        run::make_folder_of(config.store.url.reveal()).map_err(anyhow::Error::msg)?;
        Store::migrate(&config.store).await?
    };
    for name in &missing {
        println!("{name}");
    }
    println!("{} {}", missing.len(), if dry_run { "to apply" } else { "applied" });
    Ok(ExitCode::SUCCESS)
}

async fn print_status(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let store = open(config).await?;
    let counts = serde_json::to_value(status::status(&mut store.snapshot().await?).await?)?;
    if json {
        println!("{counts}");
        return Ok(ExitCode::SUCCESS);
    }
    for (name, value) in counts.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(parts) => {
                let parts: Vec<String> =
                    parts.iter().map(|(word, count)| format!("{word} {count}")).collect();
                println!("{name:<12} {}", parts.join(" · "));
            }
            None => println!("{name:<12} {value}"),
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(config: &Config) -> anyhow::Result<ExitCode> {
    let store = open(config).await?;
    let mut snapshot = store.snapshot().await?;
    let broken = audit::verify(&mut snapshot).await?;
    let at_site = operations::count(&mut snapshot).await?;
    for one in &broken {
        println!("broken: {} ({})", one.invariant, one.row);
    }
    if broken.is_empty() {
        println!("the ledger is clean");
        if at_site > 0 {
            println!(
                "{at_site} operations of the website's functions agree with our lines and holds; \
                 its own books are not ours to check"
            );
        }
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::from(NO))
    }
}

async fn grant(
    config: &Config,
    whose: &Whose,
    credits: i64,
    reason: &str,
) -> anyhow::Result<ExitCode> {
    let store = open(config).await?;
    let name = match whose {
        Whose::Account(id) => id.to_string(),
        Whose::Identity(identity) => identity.clone(),
    };
    let mut connection = store.read().await?;
    let Some((account, _)) = people::find_account(&mut connection, &name).await? else {
        println!("there is no account {name}");
        return Ok(ExitCode::from(NO));
    };
    let now = store.clock().now_ms();
    let conversation = people::private_conversation(&mut connection, account, now).await?;
    drop(connection);
    let event = Event::CreditsGranted {
        account: AccountId(account),
        credits: Credits(credits),
        reason: reason.to_owned(),
    };
    let conversation = ConversationId(conversation.unwrap_or_else(|| format!("account:{account}")));
    let id = format!("grant:{}", Chance::system().token());
    let event = NewEvent::of_house(id, &conversation, &event);
    store
        .writer()
        .run(move |tx| {
            let event = event.clone();
            Box::pin(async move { inbox::insert(tx, std::slice::from_ref(&event), now, now).await })
        })
        .await?;
    store.wakes().ring(Work::Inbox);
    // Whoever serves looks by itself before long.
    let _ = tell_others(&store).await;
    println!("{credits} credits for account {account}: written down, booked when picdesk serves");
    Ok(ExitCode::SUCCESS)
}

async fn operator(config: &Config, command: OperatorCommand) -> anyhow::Result<ExitCode> {
    let store = open(config).await?;
    match command {
        OperatorCommand::Add { name, role, telegram, wecom } => {
            let row = OperatorRow {
                name: name.clone(),
                role: role.word().to_owned(),
                telegram: telegram.map(|id| id.to_string()),
                wecom,
            };
            let now = store.clock().now_ms();
            store
                .writer()
                .run(move |tx| {
                    let row = row.clone();
                    Box::pin(async move { people::add_operator(tx, &row, now).await })
                })
                .await?;
            println!("{name} may answer");
        }
        OperatorCommand::List => {
            for one in people::operators(&mut store.read().await?).await? {
                let telegram = one.telegram.as_deref().unwrap_or("-");
                let wecom = one.wecom.as_deref().unwrap_or("-");
                println!("{:<20} {:<6} telegram {telegram} wecom {wecom}", one.name, one.role);
            }
        }
        OperatorCommand::Remove { name } => {
            let wanted = name.clone();
            let removed = store
                .writer()
                .run(move |tx| {
                    let name = wanted.clone();
                    Box::pin(async move { people::remove_operator(tx, &name).await })
                })
                .await?;
            if !removed {
                println!("there is no operator {name}");
                return Ok(ExitCode::from(NO));
            }
            println!("{name} may answer no more");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says that the configuration is sound (else nobody gets here), and what is probably not meant.
fn check(config: &Config) -> ExitCode {
    for warning in config.warnings() {
        println!("warning: {warning}");
    }
    println!("the configuration is sound");
    ExitCode::SUCCESS
}
