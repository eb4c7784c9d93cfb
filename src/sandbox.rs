//! The whole product with no key and no network: stand-ins of every outside party, the page on
//! which one plays the customer, and the desk itself as a process of its own that can be killed.

mod desk;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use picdesk_sandbox::{
    creem::{CreemOptions, CreemStandIn},
    images::{ImagesOptions, ImagesStandIn},
    mail::{MailOptions, MailStandIn},
    page,
    phone::{self, OutsideControl, Phone},
    supabase::{SupabaseOptions, SupabaseStandIn},
    telegram::{OLGA, OPERATORS, Options as TelegramOptions, TelegramStandIn, WEI},
    wecom::{self, DESK_KF, Options as WecomOptions, STUDIO_KF, WecomStandIn},
};
use tokio_util::sync::CancellationToken;

use self::desk::{DeskProcess, Ways};
use crate::cli::SandboxArguments;

/// What is sold, before it has products.
const PLANS: &str = include_str!("../config/plans.toml");

/// What is given away, so that it can be played; the page names the code.
const GIFTS: &str = "
[[promos]]
code = \"WELCOME\"
credits = 20
uses_max = 500

[referral]
credits = 50
invited_credits = 20
after_days = 14
per_30_days = 10
";

/// Runs until a signal comes. The first line on stdout is the address to open.
pub async fn run(arguments: SandboxArguments) -> anyhow::Result<()> {
    let data = arguments.data;
    std::fs::create_dir_all(&data)
        .with_context(|| format!("the folder {} cannot be made", data.display()))?;
    let data = data.canonicalize()?;
    let listen = arguments.listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .with_context(|| format!("{listen} cannot be listened on"))?;
    let page_url = format!("http://{}", listener.local_addr()?);
    let seed = arguments.seed.unwrap_or(1);
    let telegram = start_telegram(&data, seed).await?;
    let wecom = start_wecom(&data, seed).await?;
    let creem = start_creem(&data, seed).await?;
    let supabase = start_supabase(&data, seed).await?;
    let mail = start_mail(&data, seed).await?;
    let images = ImagesStandIn::start(ImagesOptions {
        seed,
        port: kept_port(&data, "images").await,
        ..ImagesOptions::for_people()
    })
    .await?;
    keep_port(&data, "images", &images.base_url())?;
    let port = desk_port(&data).await?;
    wecom.point_at(&format!("http://127.0.0.1:{port}"));
    creem.point_at(&format!("http://127.0.0.1:{port}"));
    let sites = (&creem, &supabase, &mail);
    let config = write_config(&data, port, (&telegram, &wecom, &images), sites, &page_url)?;
    let chat_url = format!("{page_url}/");
    let desk = DeskProcess::new(config, Ways { data, seed: arguments.seed, chat_url });
    // What it says is good for an hour, by its own clock.
    supabase.advance(desk.ahead());
    mail.advance(desk.ahead());
    let desk = Arc::new(desk);
    let outside: Vec<Arc<dyn OutsideControl>> =
        vec![Arc::new(images), Arc::new(creem), Arc::new(supabase), Arc::new(mail)];
    let phone = Phone::new(telegram, Arc::clone(&desk) as Arc<_>, outside).with_wecom(wecom);
    desk.tell(phone.clone());
    phone::Desk::restart(desk.as_ref()).await.map_err(anyhow::Error::msg)?;
    desk.add_operator("Olga", OLGA, wecom::OLGA).map_err(anyhow::Error::msg)?;
    desk.add_operator("小伟", WEI, wecom::WEI).map_err(anyhow::Error::msg)?;
    desk::watched(&desk);
    println!("{page_url}");
    let stop = CancellationToken::new();
    let router = page::router().merge(phone::router(phone));
    let stopped = stop.clone().cancelled_owned();
    let serving = axum::serve(listener, router).with_graceful_shutdown(stopped);
    let serving = tokio::spawn(serving.into_future());
    wait_for_signal().await;
    stop.cancel();
    desk.stop().await;
    // Pages hold their event streams open for ever: they are cut.
    serving.abort();
    Ok(())
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

async fn start_telegram(data: &Path, seed: u64) -> anyhow::Result<TelegramStandIn> {
    let port = kept_port(data, "telegram").await;
    let options = TelegramOptions {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        seed,
        ..TelegramOptions::in_folder(&data.join("telegram"))
    };
    let telegram = TelegramStandIn::start(options).await?;
    keep_port(data, "telegram", &telegram.api_url())?;
    Ok(telegram)
}

async fn start_wecom(data: &Path, seed: u64) -> anyhow::Result<WecomStandIn> {
    let port = kept_port(data, "wecom").await;
    let options = WecomOptions {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        seed,
        ..WecomOptions::in_folder(&data.join("wecom"))
    };
    let wecom = WecomStandIn::start(options).await?;
    keep_port(data, "wecom", &wecom.api_url())?;
    Ok(wecom)
}

async fn start_creem(data: &Path, seed: u64) -> anyhow::Result<CreemStandIn> {
    let port = kept_port(data, "creem").await;
    let file = Some(data.join("creem.json"));
    let options = CreemOptions { port, seed, file, ..CreemOptions::default() };
    let creem = CreemStandIn::start(options).await?;
    keep_port(data, "creem", &creem.base_url())?;
    Ok(creem)
}

async fn start_supabase(data: &Path, seed: u64) -> anyhow::Result<SupabaseStandIn> {
    let port = kept_port(data, "supabase").await;
    let options = SupabaseOptions { port, seed, ..SupabaseOptions::default() };
    let supabase = SupabaseStandIn::start(options).await?;
    keep_port(data, "supabase", &supabase.url())?;
    Ok(supabase)
}

async fn start_mail(data: &Path, seed: u64) -> anyhow::Result<MailStandIn> {
    let port = kept_port(data, "mail").await;
    let mail = MailStandIn::start(MailOptions { port, seed, ..MailOptions::default() }).await?;
    keep_port(data, "mail", &mail.smtp_url())?;
    Ok(mail)
}

/// The port of last time, when it is still free: addresses in messages then still lead somewhere.
async fn kept_port(data: &Path, name: &str) -> u16 {
    let kept = std::fs::read_to_string(data.join(format!("{name}.port")));
    let port = kept.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    match tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(_) => port,
        Err(_) => 0,
    }
}

fn keep_port(data: &Path, name: &str, url: &str) -> anyhow::Result<()> {
    let port = url::Url::parse(url)?.port().unwrap_or_default();
    std::fs::write(data.join(format!("{name}.port")), port.to_string())?;
    Ok(())
}

/// Where the desk will listen: the port of last time where that is free, or another one.
async fn desk_port(data: &Path) -> anyhow::Result<u16> {
    let free = kept_port(data, "desk").await;
    let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, free))?.local_addr()?.port();
    keep_port(data, "desk", &format!("http://127.0.0.1:{port}"))?;
    Ok(port)
}

/// The configuration of the desk: every address is a stand-in's.
fn write_config(
    data: &Path,
    port: u16,
    (telegram, wecom, images): (&TelegramStandIn, &WecomStandIn, &ImagesStandIn),
    (creem, supabase, mail): (&CreemStandIn, &SupabaseStandIn, &MailStandIn),
    page_url: &str,
) -> anyhow::Result<PathBuf> {
    // A JSON string is a TOML string.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let place = |name: &str| data.join(name).display().to_string();
    let plans = data.join("plans.toml");
    std::fs::write(&plans, plans_sold())?;
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         [store]\nurl = {store}\n[artifacts]\nurl = {pictures}\n\
         [telegram]\ntoken = {token}\napi_url = {api}\nweb_checkout = true\n\
         {creem}{supabase}[mail]\nsmtp_url = {smtp}\n\
         from = \"Picture Desk <desk@example.com>\"\n[product]\nplans_file = {plans}\n\
         {wecom}[images]\nbase_url = {base}\napi_key = {key}\ntimeout_s = 60\n\
         concurrency = 2\n\
         [credits]\ntrial = 12\n\
         [desk]\ntelegram_chat_id = {desk}\nwecom_operators = [\"{olga}\", \"{wei}\"]\n\
         support_url = \"{page_url}/\"\n",
        store = quoted(&format!("sqlite://{}", place("picdesk.db"))),
        pictures = quoted(&format!("file://{}", place("pictures"))),
        token = quoted(telegram.token()),
        api = quoted(&telegram.api_url()),
        wecom = of_wecom(wecom),
        creem = of_creem(creem),
        supabase = of_supabase(supabase),
        smtp = quoted(&mail.smtp_url()),
        plans = quoted(&plans.display().to_string()),
        base = quoted(&images.base_url()),
        key = quoted(images.api_key()),
        desk = OPERATORS,
        olga = wecom::OLGA,
        wei = wecom::WEI,
    );
    let file = data.join("picdesk.toml");
    std::fs::write(&file, text)?;
    Ok(file)
}

/// The plans that are compiled in, each with the product that the stand-in sells, all of them for
/// Stars too, and with what is given away.
pub(crate) fn plans_sold() -> String {
    let unsold = "# creem_product_id = \"prod_…\"";
    let plans = PLANS.replacen("stars = 0 ", "stars = 900 ", 1);
    let plans = ["starter", "pro"].iter().fold(plans, |plans, product| {
        plans.replacen(unsold, &format!("creem_product_id = \"prod_{product}\""), 1)
    });
    format!("{plans}{GIFTS}")
}

/// The section of Creem's.
fn of_creem(creem: &CreemStandIn) -> String {
    let options = creem.options();
    format!(
        "[creem]\nbase_url = \"{}\"\napi_key = \"{}\"\nwebhook_secret = \"{}\"\n\
         refund_auto = \"unspent\"\n",
        creem.base_url(),
        options.api_key,
        options.webhook_secret,
    )
}

/// The section of Supabase's.
fn of_supabase(supabase: &SupabaseStandIn) -> String {
    let options = supabase.options();
    format!(
        "[supabase]\nurl = \"{}\"\npublishable_key = \"{}\"\nsecret_key = \"{}\"\n",
        supabase.url(),
        options.publishable_key,
        options.secret_key,
    )
}

/// The sections of WeCom's.
fn of_wecom(wecom: &WecomStandIn) -> String {
    let (options, api) = (wecom.options(), wecom.api_url());
    format!(
        "[wecom]\ncorp_id = \"{corp}\"\napi_url = \"{api}\"\nagent_id = {agent}\n\
         secret = \"{secret}\"\ntoken = \"{token}\"\naes_key = \"{key}\"\n\
         [wecom.kf]\naccounts = [\"{DESK_KF}\", \"{STUDIO_KF}\"]\n\
         [wecom.bot]\ntoken = \"{bot_token}\"\naes_key = \"{bot_key}\"\n\
         [alarms]\nwecom_robot_key = \"{robot}\"\nwecom_robot_url = \"{api}\"\n",
        corp = options.corp_id,
        agent = options.agent_id,
        secret = options.secret,
        token = options.token,
        key = options.aes_key,
        bot_token = options.bot.token,
        bot_key = options.bot.aes_key,
        robot = options.robot_key,
    )
}
