//! The configuration: every key typed, every problem reported at once.
//!
//! Later stands before earlier: the compiled-in `config/picdesk.toml` ← the file ← the environment
//! ← the files that secrets are kept in. A value that cannot be read is a [`Problem`], never the
//! end of reading; the defaults stand in so that all other problems are found too.

mod artifacts;
mod creem;
mod desk;
mod gifts;
mod given;
mod hours;
mod images;
mod ledger;
mod link;
mod mail;
mod plans;
mod price;
mod problem;
mod product;
mod reader;
mod secret;
mod server;
mod store;
mod supabase;
mod telegram;
mod value;
mod wecom;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use picdesk_core::facts::{Example, House};
use picdesk_core::id::ConversationId;

pub use artifacts::{Artifacts, S3Keys};
pub use creem::{Creem, CreemKeys};
pub use desk::{Alarms, Desk};
pub use hours::OfficeHours;
pub use images::{Auth, Credits, Images, Limits, Moderation, NanoUsd};
pub use ledger::{FunctionName, Functions};
pub use link::Link;
pub use mail::{Mail, Post};
pub use plans::{Free, Pack, Period, Plan, Plans, Prices};
pub use price::Price;
pub use problem::{Origin, Problem, Problems};
pub use product::Product;
pub use secret::Secret;
pub use server::{Http, Log, LogFormat, LogLevel, Server};
pub use store::{Retention, Store};
pub use supabase::{Project, Supabase};
pub use telegram::{Receiving, Telegram};
pub use value::{AddressRange, BaseUrl};
pub use wecom::{BotWay, HandOver, Wecom, WecomApp, WecomBot, WecomKf};

use given::{Givens, lines_of};
use reader::Reader;

/// Where the configuration is looked for when no file is named.
pub const FILE: &str = "config/picdesk.toml";

/// Connections that a desk with a webhook should take: twice as many as Telegram may open.
const CONNECTIONS_ADVISED: usize = 100;

/// Every key with its default.
const BUILT_IN: &str = include_str!("../config/picdesk.toml");

/// Everything the owner configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[server]`.
    pub server: Server,
    /// `[log]`.
    pub log: Log,
    /// `[http]`.
    pub http: Http,
    /// `[store]`.
    pub store: Store,
    /// `[artifacts]`.
    pub artifacts: Artifacts,
    /// `[retention]`.
    pub retention: Retention,
    /// `[telegram]`.
    pub telegram: Telegram,
    /// `[wecom]`.
    pub wecom: Wecom,
    /// `[alarms]`.
    pub alarms: Alarms,
    /// `[images]`.
    pub images: Images,
    /// `[creem]`.
    pub creem: Creem,
    /// `[supabase]`.
    pub supabase: Supabase,
    /// `[mail]`.
    pub mail: Mail,
    /// `[credits]`.
    pub credits: Credits,
    /// `[link]`.
    pub link: Link,
    /// `[limits]`.
    pub limits: Limits,
    /// `[desk]`.
    pub desk: Desk,
    /// `[product]`.
    pub product: Product,
    /// The plans file.
    pub plans: Plans,
}

impl Config {
    /// Reads the configuration of this process. Without `file`, [`FILE`] is read when it exists.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn load(file: Option<&Path>) -> Result<Self, Problems> {
        let file = match file {
            Some(file) => Some(file.to_owned()),
            None => Some(PathBuf::from(FILE)).filter(|file| file.exists()),
        };
        Self::read(file.as_deref(), std::env::vars_os())
    }

    /// Reads a configuration from a file and variables.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn read(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Problems> {
        let Some(file) = file else { return Self::compose(None, variables) };
        let name = file.display().to_string();
        match std::fs::read_to_string(file) {
            Ok(text) => Self::compose(Some((&name, &text)), variables),
            Err(error) => {
                let mut problems = vec![Problem {
                    key: String::new(),
                    origin: Origin::File(name.into()),
                    what: format!("cannot be read: {error}"),
                }];
                if let Err(more) = Self::compose(None, variables) {
                    problems.extend(more.0);
                }
                Err(Problems(problems))
            }
        }
    }

    /// Reads a configuration from a text in front of the defaults, as tests and the sandbox do.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn from_text(text: &str) -> Result<Self, Problems> {
        Self::compose(Some(("the text given", text)), [])
    }

    fn compose(
        file: Option<(&str, &str)>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let built_in = || Givens::parse(BUILT_IN, |_| Origin::BuiltIn, &mut Vec::new());
        let mut given = built_in();
        let whole = match file {
            Some((name, text)) => {
                given.overlay(Givens::parse(text, lines_of(name), &mut problems));
                Origin::File(name.into())
            }
            None => Origin::BuiltIn,
        };
        given.overlay(Givens::of_environment(variables, &mut problems));
        let mut reader = Reader::new(given, built_in(), whole);
        let config = Self::of(&mut reader, &mut problems);
        problems.extend(reader.finish());
        if problems.is_empty() { Ok(config) } else { Err(Problems(problems)) }
    }

    /// Asks for every key. Problems of the plans file go to `problems`.
    fn of(reader: &mut Reader, problems: &mut Vec<Problem>) -> Self {
        let product = Product::read(&mut reader.section("product"));
        let artifacts = Artifacts::read(&mut reader.section("artifacts"));
        let plans = match plans_text(&product.plans_file, reader) {
            Some((name, text)) => {
                let (plans, wrong) = Plans::parse(&name, &text, artifacts.retention_days);
                problems.extend(wrong);
                plans
            }
            None => None,
        };
        let mut store = Store::read(&mut reader.section("store"));
        store.functions = Functions::read(&mut reader.section("ledger"), store.is_postgres());
        Self {
            server: Server::read(&mut reader.section("server")),
            log: Log::read(&mut reader.section("log")),
            http: Http::read(&mut reader.section("http")),
            store,
            retention: Retention::read(&mut reader.section("retention")),
            telegram: Telegram::read(&mut reader.section("telegram")),
            wecom: Wecom::read(reader),
            alarms: Alarms::read(&mut reader.section("alarms")),
            images: Images::read(&mut reader.section("images")),
            creem: Creem::read(&mut reader.section("creem")),
            supabase: Supabase::read(&mut reader.section("supabase")),
            mail: Mail::read(&mut reader.section("mail")),
            credits: Credits::read(&mut reader.section("credits")),
            link: Link::read(&mut reader.section("link")),
            limits: Limits::read(&mut reader.section("limits")),
            desk: Desk::read(&mut reader.section("desk")),
            // Where the plans are unsound a problem is written down, and this config never leaves.
            plans: plans.unwrap_or_else(|| Plans::built_in(artifacts.retention_days)),
            artifacts,
            product,
        }
    }

    /// What is allowed but probably not meant, one sentence each, for the log and `config check`.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut warn = |when: bool, what: &str| {
            if when {
                warnings.push(what.to_owned());
            }
        };
        let wecom = self.wecom.app.is_some() || self.wecom.bot.is_some();
        let none = self.telegram.token.is_none() && !wecom;
        warn(none, "telegram.token is not set, nor wecom.secret: no channel is on");
        let callbacks = self.wecom.app.is_some()
            || matches!(self.wecom.bot_way(), Some(BotWay::Callback { .. }));
        let plain = callbacks && !self.server.public_url.is_https();
        warn(plain, "server.public_url is not https: WeCom's callbacks come in the open");
        warn(self.images.api_key.is_none(), "images.api_key is not set: no picture can be made");
        if let Receiving::Webhook { secret, register } = &self.telegram.receiving {
            let short = secret.reveal().len() < telegram::WEBHOOK_SECRET_CHARS_ADVISED;
            warn(short, "telegram.webhook_secret is short: take 32 characters or more at random");
            let plain = *register && !self.server.public_url.is_https();
            warn(plain, "server.public_url is not https: Telegram registers no webhook there");
            let few = self.server.connections_max < CONNECTIONS_ADVISED;
            warn(
                few,
                "server.connections_max is less than 100: Telegram alone may take 50 of them",
            );
        }
        // We speak no TLS: whatever does stands between, and everybody comes from its address.
        let brought = callbacks || matches!(self.telegram.receiving, Receiving::Webhook { .. });
        let proxied = brought && self.server.public_url.is_https();
        if self.server.trusted_proxies.is_empty() {
            warn(
                proxied,
                "server.trusted_proxies is empty: all who come by the proxy share the 64 \
                 connections of one address",
            );
        }
        let keys_in_the_open = !self.images.base_url.is_https() && self.images.api_key.is_some();
        warn(keys_in_the_open, "images.base_url is not https: the key travels in the open");
        let sold = self.plans.packs.iter().any(|pack| pack.creem_product_id.is_some())
            || self.plans.plans.iter().any(|plan| plan.creem_product_id.is_some());
        let till = self.creem.keys.is_some();
        warn(till && !sold, "creem.api_key is set, and nothing in the plans file has a product");
        let plain = till && !self.server.public_url.is_https();
        warn(plain, "server.public_url is not https: Creem's webhooks come in the open");
        let project = self.supabase.project.as_ref();
        let plain = project.is_some_and(|project| !project.url.is_https());
        warn(plain, "supabase.url is not https: keys and codes travel in the open");
        let plain = project.is_some() && !self.server.public_url.is_https();
        warn(plain, "server.public_url is not https: people sign in in the open");
        let unread = self.mail.post.is_some() && !self.writes_letters();
        warn(
            unread,
            "mail.smtp_url is set, and supabase.secret_key is not: nobody can be written to",
        );
        let open = self.mail.post.as_ref().is_some_and(Post::is_open);
        warn(open, "mail.smtp_url has no TLS: letters and the password travel in the open");
        let origins = project.is_none() && !self.supabase.site_origins.is_empty();
        warn(origins, "supabase.site_origins is set, and supabase.url is not");
        let alone = self.store.functions.is_some() && project.is_none();
        warn(
            alone,
            "ledger.port is \"sql-functions\", and supabase.url is not set: nobody can sign in, \
             and nobody has the website's credits",
        );
        let plain = till && !self.creem.base_url.is_https();
        warn(plain, "creem.base_url is not https: the key travels in the open");
        warnings
    }

    /// Whether people of the site can be written to: we have a mail server, and it tells addresses.
    pub fn writes_letters(&self) -> bool {
        let project = self.supabase.project.as_ref();
        self.mail.post.is_some() && project.is_some_and(|it| it.secret_key.is_some())
    }

    /// What the rules care about. `desk` is [`Desk::telegram_chat_id`] as the adapter names it;
    /// `examples` are the prompts to begin with.
    pub fn house(&self, desk: Option<ConversationId>, examples: Vec<Example>) -> House {
        let has_operators = self.wecom.app.is_some() && !self.desk.wecom_operators.is_empty();
        House {
            product_name: self.product.name.clone(),
            language_default: self.product.language_default,
            catalogue: self.plans.catalogue(),
            trial: self.credits.trial,
            ask_above: self.credits.ask_above,
            references_max: self.limits.references_max,
            reference_bytes_max: self.limits.reference_bytes_max,
            prompt_chars_max: self.limits.prompt_chars_max,
            screening: self.creem.screening && self.creem.keys.is_some(),
            edits: self.images.edits,
            concurrency: i64::from(self.images.concurrency),
            support_url: self
                .desk
                .support_url
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            desk,
            members_desk: has_operators.then(picdesk_wecom::address::members_desk),
            public_url: self.server.public_url.to_string(),
            examples,
            tag: String::new(),
            till: None,
            refund_auto: self.creem.refund_auto,
            channels: vec![
                picdesk_wecom::config::app_capabilities(),
                picdesk_wecom::config::kf_capabilities(),
                match self.wecom.bot_way() {
                    Some(BotWay::Socket { .. }) => picdesk_wecom::config::socket_capabilities(),
                    Some(BotWay::Callback { .. }) | None => {
                        picdesk_wecom::config::bot_capabilities()
                    }
                },
            ],
            link: self.link.rules(
                self.supabase.project.is_some(),
                self.writes_letters(),
                self.store.functions.is_some(),
            ),
            gifts: self.plans.gifts.clone(),
        }
    }
}

/// The text of the plans file and what to call it. The compiled-in one stands in where the file
/// is left at its default and does not exist. `None`: a problem is written down.
fn plans_text(file: &str, reader: &mut Reader) -> Option<(Arc<str>, String)> {
    match std::fs::read_to_string(file) {
        Ok(text) => Some((file.into(), text)),
        Err(_) if !reader.section("product").is_given("plans_file") => {
            Some(("config/plans.toml, compiled in".into(), plans::BUILT_IN.to_owned()))
        }
        Err(error) => {
            reader
                .blame("product.plans_file", format!("names a file that cannot be read: {error}"));
            None
        }
    }
}
