//! The parts of the house, from the configuration.

use std::sync::Arc;

use picdesk_core::account::Language;
use picdesk_core::id::ConversationId;
use picdesk_telegram::{
    Mode, TelegramChannel, TelegramSettings,
    setup::{Audience, Menu, MenuCommand},
    verify::Secret,
};
use picdesk_wecom::client::Robot;

use crate::{
    alarm::Alarms,
    artifacts::ArtifactSettings,
    buttons::Seal,
    chance::Chance,
    clock::Clock,
    config::{Config, Receiving},
    doors::Doors,
    mail::Mailer,
    site::Site,
    store::{Store, StoreError, people},
    supabase::{Supabase, SupabaseSite},
    turn::Desk,
    words::{Audience as Readers, SayContext, Words},
};

/// Makes the folder that a SQLite file is in.
pub fn make_folder_of(url: &str) -> Result<(), String> {
    let Some(path) = url.strip_prefix("sqlite://") else { return Ok(()) };
    match std::path::Path::new(path).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder)
            .map_err(|error| format!("store.url: its folder cannot be made: {error}")),
        _ => Ok(()),
    }
}

/// What turns know and have. The key is made once for an installation.
pub(super) async fn desk(
    config: &Config,
    store: &Store,
    chance: &Chance,
) -> Result<Desk, StoreError> {
    let fresh: [u8; 32] = chance.bytes();
    let key = store
        .writer()
        .run(move |tx| Box::pin(async move { people::setting(tx, "seal", &fresh).await }))
        .await?;
    let words = Words::load();
    let seal = Seal::new(key);
    let mut house = config.house(config.desk.telegram_chat_id.map(telegram_chat), words.examples());
    house.tag = seal.tag();
    house.till = super::creem::till(config);
    let telegram = telegram_settings(config).ok().flatten();
    house.channels.extend(telegram.map(|settings| settings.capabilities()));
    Ok(Desk {
        alarms: alarms(config, store),
        doors: Doors::default(),
        house,
        context: SayContext::of(config),
        seal,
        messages_per_min: config.limits.messages_per_min.map_or(0, std::num::NonZero::get),
        words,
    })
}

fn telegram_chat(id: i64) -> ConversationId {
    ConversationId(format!("telegram:{id}"))
}

/// Whoever is told when someone should get up.
fn alarms(config: &Config, store: &Store) -> Alarms {
    let chat = config.telegram.token.as_ref().and(config.alarms.telegram_chat_id);
    let alarms = Alarms::new(store.clone(), chat.map(telegram_chat));
    let Some(key) = &config.alarms.wecom_robot_key else { return alarms };
    let proxy = config.http.proxy_url.as_ref().map(crate::config::Secret::reveal);
    let http = picdesk_wecom::client::http_client(proxy);
    let url = url::Url::parse(config.alarms.wecom_robot_url.as_str());
    let (Ok(http), Ok(url)) = (http, url) else { return alarms };
    let key = picdesk_wecom::verify::Secret::new(key.reveal());
    let patience = picdesk_wecom::Patience::default();
    alarms.with_robot(Robot::new(http, &url, &key, patience.call))
}

/// Where people sign in, where that is configured.
pub(super) fn site(
    config: &Config,
    desk: &Desk,
    clock: Clock,
) -> Result<Option<Arc<dyn Site>>, String> {
    let Some(project) = &config.supabase.project else { return Ok(None) };
    let http = crate::images::http_client(config.http.proxy_url.as_ref())
        .map_err(|error| error.to_string())?;
    let keys = (project.publishable_key.clone(), project.jwt_secret.clone());
    let supabase = Supabase::new(project.url.as_str(), keys, http, clock)
        .with_secret_key(project.secret_key.clone());
    Ok(Some(Arc::new(SupabaseSite {
        supabase,
        google: config.supabase.google,
        origins: config.supabase.site_origins.clone(),
        alarms: desk.alarms.clone(),
    })))
}

/// Who carries letters, where they are written.
pub(super) fn mailer(config: &Config, desk: &Desk) -> Result<Option<Mailer>, String> {
    let post = config.mail.post.as_ref().filter(|_| config.writes_letters());
    post.map(|post| Mailer::open(post, desk.seal.clone())).transpose()
}

/// Where pictures are.
pub(super) fn artifact_settings(config: &Config) -> ArtifactSettings {
    let artifacts = &config.artifacts;
    let keys = artifacts.s3_keys.as_ref();
    ArtifactSettings {
        url: artifacts.url.clone(),
        s3_endpoint: artifacts.s3_endpoint.as_ref().map(ToString::to_string).unwrap_or_default(),
        s3_region: artifacts.s3_region.clone().unwrap_or_default(),
        s3_access_key: keys.map(|keys| keys.access_key.reveal().to_owned()).unwrap_or_default(),
        s3_secret_key: keys.map(|keys| keys.secret_key.reveal().to_owned()).unwrap_or_default(),
    }
}

/// The Telegram channel, when it has a token.
pub(super) fn telegram(config: &Config) -> Result<Option<TelegramChannel>, String> {
    let Some(settings) = telegram_settings(config)? else { return Ok(None) };
    let proxy = config.http.proxy_url.as_ref().map(crate::config::Secret::reveal);
    let http = picdesk_telegram::client::http_client(proxy)
        .map_err(|_| "http.proxy_url cannot be used".to_owned())?;
    TelegramChannel::new(settings, http).map(Some).map_err(|problem| problem.to_string())
}

/// What the Telegram channel is made by, when it has a token.
fn telegram_settings(config: &Config) -> Result<Option<TelegramSettings>, String> {
    let telegram = &config.telegram;
    let Some(token) = &telegram.token else { return Ok(None) };
    let url = |text: &str| url::Url::parse(text).map_err(|error| error.to_string());
    let rate = |limit: Option<std::num::NonZero<u32>>| limit.map_or(0, std::num::NonZero::get);
    let (mode, secrets, register) = match &telegram.receiving {
        Receiving::Polling => (Mode::Polling, Vec::new(), false),
        Receiving::Webhook { secret, register } => {
            (Mode::Webhook, vec![Secret::new(secret.reveal())], *register)
        }
    };
    Ok(Some(TelegramSettings {
        token: Secret::new(token.reveal()),
        api_url: url(telegram.api_url.as_str())?,
        mode,
        webhook_secrets: secrets,
        register_webhook: register,
        drafts: telegram.drafts,
        sends_per_s: rate(telegram.sends_per_s),
        chat_sends_per_s: rate(telegram.chat_sends_per_s),
        group_sends_per_min: rate(telegram.group_sends_per_min),
        edit_interval_s: u32::try_from(telegram.edit_interval.as_secs()).unwrap_or(4),
        desk_chat_id: config.desk.telegram_chat_id,
        public_url: url(config.server.public_url.as_str())?,
    }))
}

/// The menus of commands, for everybody and for each language.
pub(super) fn menus(desk: &Desk) -> Vec<Menu> {
    menus_in(&desk.words, desk.house.language_default, &desk.context)
}

fn menus_in(words: &Words, language_default: Language, context: &SayContext) -> Vec<Menu> {
    let mut menus = Vec::new();
    for (place, audience) in [
        (Readers::Private, Audience::Private),
        (Readers::Group, Audience::Group),
        (Readers::Desk, Audience::Desk),
    ] {
        let of = |language| {
            let commands = words.commands(language, place, context);
            commands
                .into_iter()
                .map(|command| MenuCommand {
                    command: command.word.to_owned(),
                    description: command.description,
                })
                .collect::<Vec<_>>()
        };
        let everybody = of(language_default);
        menus.push(Menu { audience, language: None, commands: everybody });
        for language in Language::ALL {
            menus.push(Menu { audience, language: Some(language), commands: of(language) });
        }
    }
    menus
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_audience_has_a_menu_for_everybody_and_in_each_language() {
        let context = SayContext::of(&Config::from_text("").unwrap());
        let menus = menus_in(&Words::load(), Language::En, &context);
        for audience in [Audience::Private, Audience::Group, Audience::Desk] {
            let of: Vec<_> = menus.iter().filter(|menu| menu.audience == audience).collect();
            let languages: Vec<_> = of.iter().map(|menu| menu.language).collect();
            assert_eq!(languages, [None, Some(Language::En), Some(Language::ZhCn)]);
            assert!(of.iter().all(|menu| !menu.commands.is_empty()), "{audience:?}");
        }
        let has = |menus: &[Menu], word: &str| {
            menus.iter().flat_map(|menu| &menu.commands).filter(|it| it.command == word).count()
        };
        assert_eq!((has(&menus, "redeem"), has(&menus, "invite")), (0, 0));
        let giving = SayContext { redeems: true, invites: true, ..context };
        let more = menus_in(&Words::load(), Language::En, &giving);
        assert_eq!((has(&more, "redeem"), has(&more, "invite")), (3, 3), "in private, each way");
        let desk = menus.iter().find(|menu| menu.audience == Audience::Desk).unwrap();
        assert!(desk.commands.iter().any(|command| command.command == "r"));
    }
}
