//! What is told to Telegram, and asked of it, before anything else: who we are, the menu of
//! commands, and how updates come.

use std::time::Duration;

use picdesk_core::{account::Language, channel::FetchError};
use serde::{Deserialize, Serialize};
use teloxide::{
    payloads::{DeleteWebhook, GetFile, GetMe, SetMyCommands},
    types::{BotCommand, BotCommandScope, ChatId, FileId, Recipient},
};

use crate::{
    TelegramChannel,
    answer::{Broken, CallError, is_flood, wait},
    call::{Call, Method},
    config::Mode,
    verify::Secret,
};

/// The kinds of updates that we ask for; what is not asked for is never made. Source: Bot API
/// 10.3, `Update`.
pub const ALLOWED_UPDATES: [&str; 7] = [
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "pre_checkout_query",
    "subscription",
    "stopped_message_generation",
];

/// The path of the webhook under the public address.
pub const WEBHOOK_PATH: &str = "telegram/webhook";

/// Connections that Telegram may open to bring updates: fewer than one address may have with us.
/// Source: Bot API, `setWebhook`, 40 where nothing is said, at most 100.
pub const WEBHOOK_CONNECTIONS_MAX: u8 = 50;

/// A menu of commands: words passed in, for one audience and one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Menu {
    /// Who sees it.
    pub audience: Audience,
    /// In whose clients; nothing for everybody who has no menu of their own language.
    pub language: Option<Language>,
    /// The commands in their order.
    pub commands: Vec<MenuCommand>,
}

/// Who sees a menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// People in their chat with us.
    Private,
    /// People in groups.
    Group,
    /// Operators at the desk.
    Desk,
}

/// A line of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuCommand {
    /// The command without its slash.
    pub command: String,
    /// What it does.
    pub description: String,
}

/// Where a menu is shown, as the Bot API has it; teloxide's payload for `setWebhook` is of 2025
/// and knows its kinds of updates only.
#[derive(Serialize)]
struct SetWebhook<'a> {
    url: &'a str,
    max_connections: u8,
    allowed_updates: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_token: Option<&'a str>,
}

/// `getUpdates` with kinds of updates that teloxide does not know.
#[derive(Serialize)]
pub(crate) struct GetUpdates<'a> {
    /// The first update wanted; everything below is confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// How many at most.
    pub limit: u8,
    /// For how long an empty answer is held back, seconds.
    pub timeout: u32,
    /// The kinds wanted.
    pub allowed_updates: &'a [&'a str],
}

#[derive(Deserialize)]
struct Me {
    username: Option<String>,
}

impl TelegramChannel {
    /// Asks who we are, sets the menus, and in webhook mode registers the webhook where that is
    /// this replica's to do. May be repeated freely; an outage of Telegram's is an error here, not
    /// the end of anything.
    ///
    /// # Errors
    /// The first call that failed; a menu that is not taken is only logged.
    pub async fn setup(&self, menus: &[Menu]) -> Result<(), CallError> {
        self.introduce().await?;
        if self.settings.mode == Mode::Webhook && self.settings.register_webhook {
            self.client.call(self.set_webhook()).await?;
        }
        for menu in menus {
            if let Some(call) = self.set_menu(menu) {
                self.offer(menu.audience, call).await?;
            }
        }
        Ok(())
    }

    /// A menu that Telegram does not take (a desk we are not in yet) is no reason not to begin.
    async fn offer(&self, audience: Audience, menu: Call) -> Result<(), CallError> {
        match self.client.call(menu).await {
            Err(CallError::Answered(no)) if no.code == 400 && !is_flood(&no) => {
                tracing::warn!("telegram did not take the {audience:?} menu: {}", no.reason());
                Ok(())
            }
            other => other.map(drop),
        }
    }

    /// Asks for our own name until it is known; group messages cannot be judged without it.
    ///
    /// # Errors
    /// When Telegram does not answer, or has no such bot.
    pub async fn introduce(&self) -> Result<(), CallError> {
        if self.username.get().is_some() {
            return Ok(());
        }
        let result = self.client.call(Call::new(Method::GetMe, None, &GetMe::new(), None)).await?;
        let me = serde_json::from_slice::<Me>(&result);
        let me = me.map_err(|_| CallError::Unknown(Broken::Foreign { status: 200 }))?;
        if let Some(username) = me.username {
            self.username.get_or_init(|| username);
        }
        Ok(())
    }

    /// Takes the webhook away, so that updates can be asked for. What waits is kept.
    ///
    /// # Errors
    /// When Telegram does not answer.
    pub async fn delete_webhook(&self) -> Result<(), CallError> {
        let mut payload = DeleteWebhook::new();
        payload.drop_pending_updates = Some(false);
        self.client.call(Call::new(Method::DeleteWebhook, None, &payload, None)).await.map(drop)
    }

    fn set_webhook(&self) -> Call {
        let public_url = self.settings.public_url.as_str().trim_end_matches('/');
        let payload = SetWebhook {
            url: &format!("{public_url}/{WEBHOOK_PATH}"),
            max_connections: WEBHOOK_CONNECTIONS_MAX,
            allowed_updates: &ALLOWED_UPDATES,
            secret_token: self.settings.webhook_secrets.first().map(Secret::expose),
        };
        Call::new(Method::SetWebhook, None, &payload, None)
    }

    /// The desk's menu needs a desk.
    fn set_menu(&self, menu: &Menu) -> Option<Call> {
        let scope = match menu.audience {
            Audience::Private => BotCommandScope::AllPrivateChats,
            Audience::Group => BotCommandScope::AllGroupChats,
            Audience::Desk => {
                let chat_id = Recipient::Id(ChatId(self.settings.desk_chat_id?));
                BotCommandScope::Chat { chat_id }
            }
        };
        let line = |line: &MenuCommand| BotCommand::new(&*line.command, &*line.description);
        let mut payload = SetMyCommands::new(menu.commands.iter().map(line));
        payload.scope = Some(scope);
        // Two letters. Source: Bot API, `setMyCommands`, ISO 639-1.
        payload.language_code = menu.language.map(|language| match language {
            Language::En => "en".to_owned(),
            Language::ZhCn => "zh".to_owned(),
        });
        Some(Call::new(Method::SetMyCommands, None, &payload, None))
    }
}

/// How long to wait before a failed call of this kind is worth another try; `usual` where Telegram
/// does not say.
#[must_use]
pub fn patience_after(error: &CallError, usual: Duration) -> Duration {
    match error {
        CallError::Answered(no) if is_flood(no) => wait(no).max(usual),
        CallError::Answered(_) | CallError::NotSent(_) | CallError::Unknown(_) => usual,
    }
}

pub(crate) fn get_file(handle: &str) -> Call {
    Call::new(Method::GetFile, None, &GetFile::new(FileId(handle.to_owned())), None)
}

#[derive(Deserialize)]
struct FilePath {
    #[serde(default)]
    file_path: Option<String>,
    #[serde(default)]
    file_size: Option<u64>,
}

pub(crate) fn read_file_path(result: &[u8], bytes_max: u64) -> Result<String, FetchError> {
    let foreign = |_| FetchError::Later(Broken::Foreign { status: 200 }.into());
    let file = serde_json::from_slice::<FilePath>(result).map_err(foreign)?;
    if file.file_size.is_some_and(|bytes| bytes > bytes_max) {
        return Err(FetchError::TooLarge);
    }
    file.file_path.filter(|path| !path.is_empty()).ok_or(FetchError::Gone)
}
