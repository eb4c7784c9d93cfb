//! From an update to what happened. Pure: no clock, no network.

mod address;
mod attachments;
mod payment;

use picdesk_core::{
    account::{Language, Person},
    channel::{Arrival, Attachment, Lane, Received},
    event::{Event, Message as Written, Presence, Press, ReplyTo, Setting},
    id::{AlbumId, ConversationId, GenerationId, IdentityId, MessageId, TapId},
};

use self::{
    address::{Addressed, read_words},
    attachments::{external_pictures, message_attachments, replied_pictures},
};
use crate::{
    config::CHANNEL,
    update::{
        CallbackQuery, Chat, ChatKind, MemberChange, Message, Pressed, Stopped, TopicCreated,
        Update, User, is_object, update_number,
    },
};

/// Who writes as an admin without a name. Source: Bot API, `Message.from`, GroupAnonymousBot.
const ANONYMOUS_ADMIN: i64 = 1_087_968_824;

/// Telegram's own account, which posts of linked channels come from. Source: Bot API,
/// `Message.from`.
const TELEGRAM_ITSELF: i64 = 777_000;

/// Who we are on Telegram, and where the operators are: what a reading depends on.
#[derive(Clone, Copy, Debug)]
pub struct Us<'a> {
    /// The bot's user id.
    pub id: i64,
    /// The bot's username without `@`; nothing before Telegram has told it.
    pub username: Option<&'a str>,
    /// The operators' group.
    pub desk_chat_id: Option<i64>,
}

/// Why an update was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRead {
    /// No JSON, or no integer `update_id`.
    #[error("not an update")]
    NotAnUpdate,
    /// Whether it is for us depends on our name, which Telegram has not told us yet: come again.
    #[error("our own name is not known yet")]
    NameUnknown,
}

/// Reads one update: what happened, bytes to be kept aside, or nothing that concerns us.
/// `received_at` stands in where Telegram tells no time, milliseconds since the epoch.
///
/// # Errors
/// [`NotRead::NotAnUpdate`] for what Telegram cannot have sent, [`NotRead::NameUnknown`] when it
/// has to be read again later.
pub fn read_update(
    raw: Vec<u8>,
    us: &Us<'_>,
    received_at: i64,
) -> Result<Option<Arrival>, NotRead> {
    let set_aside = |number: i64, why, raw| {
        Some(Arrival::SetAside { external_id: external_id(us, number), channel: CHANNEL, why, raw })
    };
    if !is_object(&raw) {
        return Err(NotRead::NotAnUpdate);
    }
    let Ok(update) = serde_json::from_slice::<Update<'_>>(&raw) else {
        let number = update_number(&raw).ok_or(NotRead::NotAnUpdate)?;
        return Ok(set_aside(number, "a part of an unexpected shape", raw));
    };
    let number = update.update_id;
    if let Some(query) = &update.pre_checkout_query {
        return Ok(Some(payment::asked(query)));
    }
    let happening = match read_parts(&update, us, received_at)? {
        Reading::Happened(happening) => *happening,
        Reading::Unhandled(why) => return Ok(set_aside(number, why, raw)),
        Reading::Nothing => return Ok(None),
    };
    Ok(Some(Arrival::Event(Box::new(Received {
        external_id: external_id(us, number),
        conversation: happening.conversation,
        lane: happening.lane,
        happened_at: happening.at,
        // Of what may not be meant for us no more is kept than finding that out needs.
        raw: if matches!(happening.event, Event::AlbumPartSeen(_)) { Vec::new() } else { raw },
        event: happening.event,
        envelope: None,
    }))))
}

/// The number of the update in these bytes, however little else can be read of it.
#[must_use]
pub fn number_of(raw: &[u8]) -> Option<i64> {
    update_number(raw)
}

/// Update numbers differ per bot, so the bot's id is part of the name.
fn external_id(us: &Us<'_>, number: i64) -> String {
    format!("{CHANNEL}:{}:update:{number}", us.id)
}

enum Reading {
    Happened(Box<Happening>),
    Unhandled(&'static str),
    Nothing,
}

/// What happened, without the bytes it came in.
struct Happening {
    conversation: ConversationId,
    lane: Lane,
    at: i64,
    event: Event,
}

impl Happening {
    fn in_order(conversation: ConversationId, at: i64, event: Event) -> Reading {
        let lane = Lane::Conversation;
        Reading::Happened(Box::new(Self { conversation, lane, at, event }))
    }

    fn tap(conversation: ConversationId, who: &IdentityId, at: i64, event: Event) -> Reading {
        let lane = Lane::Taps(who.0.clone());
        Reading::Happened(Box::new(Self { conversation, lane, at, event }))
    }
}

fn read_parts(update: &Update<'_>, us: &Us<'_>, received_at: i64) -> Result<Reading, NotRead> {
    if let Some(message) = &update.message {
        return read_message(message, us);
    }
    if let Some(message) = &update.edited_message {
        return read_edit(message, us);
    }
    Ok(if let Some(query) = &update.callback_query {
        read_press(query, us, received_at)
    } else if let Some(change) = &update.my_chat_member {
        read_presence(change)
    } else if let Some(stopped) = &update.stopped_message_generation {
        read_stop(stopped, received_at)
    } else if let Some(subscription) = &update.subscription {
        payment::read_subscription(subscription, received_at)
    } else {
        // Telegram brings what it is asked for: this is newer than we are, or somebody else asked.
        Reading::Unhandled("an update of a kind that is not read here")
    })
}

fn read_message(message: &Message<'_>, us: &Us<'_>) -> Result<Reading, NotRead> {
    let at = milliseconds(message.date);
    if let Some(to) = message.migrate_to_chat_id.filter(|to| *to != message.chat.id) {
        let event = Event::ConversationMoved { to: conversation(to, None) };
        return Ok(Happening::in_order(conversation(message.chat.id, None), at, event));
    }
    if let Some(reading) = payment::read_payment(message) {
        return Ok(reading);
    }
    if let Some(created) = &message.forum_topic_created {
        return Ok(read_topic(message, created, us));
    }
    let Some((setting, person)) = writer(message, us) else { return Ok(Reading::Nothing) };
    let place = conversation(message.chat.id, topic(message));
    if message.forum_topic_closed.is_some() {
        return Ok(match setting {
            Setting::Desk => Happening::in_order(place, at, Event::TopicClosed { by: person }),
            Setting::Private | Setting::Group => Reading::Nothing,
        });
    }
    Ok(match written(message, us, setting, person)? {
        Meant::ForUs(written) => Happening::in_order(place, at, Event::MessageReceived(written)),
        Meant::Perhaps(part) => Happening::in_order(place, at, Event::AlbumPartSeen(part)),
        Meant::ForOthers => Reading::Nothing,
    })
}

fn read_edit(message: &Message<'_>, us: &Us<'_>) -> Result<Reading, NotRead> {
    let Some((setting, person)) = writer(message, us) else { return Ok(Reading::Nothing) };
    let at = milliseconds(message.edit_date.unwrap_or(message.date));
    let place = conversation(message.chat.id, topic(message));
    Ok(match written(message, us, setting, person)? {
        // A place on the map that moves is edited again and again; only words and pictures count.
        Meant::ForUs(edited)
            if !edited.text.is_empty() || edited.attachments.iter().any(is_picture) =>
        {
            Happening::in_order(place, at, Event::MessageEdited(edited))
        }
        Meant::ForUs(_) | Meant::Perhaps(_) | Meant::ForOthers => Reading::Nothing,
    })
}

fn is_picture(attachment: &Attachment) -> bool {
    match attachment {
        Attachment::Picture(_) | Attachment::TooLarge { .. } => true,
        Attachment::Other(_) => false,
    }
}

/// Who wrote, and in what setting; nothing for bots (ourselves included), channels, and what
/// Telegram posts by itself.
fn writer(message: &Message<'_>, us: &Us<'_>) -> Option<(Setting, Person)> {
    let from = message.from.as_ref()?;
    let setting = setting(message.chat, us)?;
    if message.is_automatic_forward || from.id == TELEGRAM_ITSELF || from.id == us.id {
        return None;
    }
    if message.via_bot.as_ref().is_some_and(|bot| bot.id == us.id) {
        return None;
    }
    let nameless = from.id == ANONYMOUS_ADMIN || message.sender_chat.is_some();
    if setting == Setting::Desk && nameless {
        // Nobody can tell who it is, so nobody's rights apply; the rules know this identity.
        return Some((setting, Person { identity: identity(ANONYMOUS_ADMIN), ..person(from) }));
    }
    (!from.is_bot).then(|| (setting, person(from)))
}

/// Words and pictures, and whom they are meant for.
enum Meant {
    /// Us.
    ForUs(Written),
    /// Us, if another part of its album says so: only one has words, and with them our name.
    /// Without its own words, which were not spoken to us.
    Perhaps(Written),
    /// Somebody else, or nobody: there are none (service messages).
    ForOthers,
}

/// Reads words and pictures.
fn written(
    message: &Message<'_>,
    us: &Us<'_>,
    setting: Setting,
    from: Person,
) -> Result<Meant, NotRead> {
    let attachments = message_attachments(message);
    let (words, entities) = match (&message.text, &message.caption) {
        (Some(text), _) => (&**text, message.entities.as_deref()),
        (None, Some(caption)) => (&**caption, message.caption_entities.as_deref()),
        (None, None) => ("", None),
    };
    if words.is_empty() && attachments.is_empty() {
        return Ok(Meant::ForOthers);
    }
    let reply_to = reply(message, us);
    let words = read_words(words, entities.unwrap_or_default(), us, setting);
    let written = Written {
        from,
        setting,
        id: message_id(message.message_id),
        text: words.text,
        attachments,
        album: message.media_group_id.as_ref().map(|id| AlbumId::from(&**id)),
        reply_to,
    };
    if setting != Setting::Group || written.reply_to.as_ref().is_some_and(|reply| reply.ours) {
        return Ok(Meant::ForUs(written));
    }
    match words.addressed {
        Addressed::Ourselves => Ok(Meant::ForUs(written)),
        Addressed::Someone => Err(NotRead::NameUnknown),
        Addressed::Nobody if written.album.is_some() => {
            Ok(Meant::Perhaps(Written { text: String::new(), ..written }))
        }
        Addressed::Nobody => Ok(Meant::ForOthers),
    }
}

/// What a message answers. A topic's first message is answered by every plain message in it, and
/// that is no answer.
fn reply(message: &Message<'_>, us: &Us<'_>) -> Option<ReplyTo> {
    if let Some(replied) = &message.reply_to_message {
        let root =
            message.is_topic_message && message.message_thread_id == Some(replied.message_id);
        if !root && replied.forum_topic_created.is_none() {
            return Some(ReplyTo {
                message: message_id(replied.message_id),
                ours: replied.from.as_ref().is_some_and(|from| from.id == us.id),
                attachments: replied_pictures(replied),
            });
        }
    }
    // Its number is another chat's and must not be taken for one of this chat.
    message.external_reply.as_ref().map(|external| ReplyTo {
        message: MessageId::from("elsewhere"),
        ours: false,
        attachments: external_pictures(external),
    })
}

/// A topic that was opened at the desk. Of ours we are told as of any other's.
fn read_topic(message: &Message<'_>, created: &TopicCreated<'_>, us: &Us<'_>) -> Reading {
    let is_ours = message.from.as_ref().is_some_and(|from| from.id == us.id);
    match (setting(message.chat, us), topic(message)) {
        (Some(Setting::Desk), Some(topic)) if is_ours => {
            let since = milliseconds(message.date);
            let event = Event::TopicCreated { name: created.name.clone().into_owned(), since };
            Happening::in_order(conversation(message.chat.id, Some(topic)), since, event)
        }
        _ => Reading::Nothing,
    }
}

fn read_press(query: &CallbackQuery<'_>, us: &Us<'_>, received_at: i64) -> Reading {
    let Some(token) = &query.data else { return Reading::Nothing };
    let by = person(&query.from);
    let (place, setting, message) = match &query.message {
        None => (conversation(query.from.id, None), Setting::Private, None),
        Some(pressed) => {
            let Some(setting) = setting(pressed.chat, us) else { return Reading::Nothing };
            let reachable = pressed.date.is_some_and(|date| date != 0);
            (
                conversation(pressed.chat.id, press_topic(pressed)),
                setting,
                reachable.then(|| message_id(pressed.message_id)),
            )
        }
    };
    let tap = TapId::from(&*query.id);
    let who = by.identity.clone();
    let press = Press { by, setting, tap, message, token: token.to_string() };
    Happening::tap(place, &who, received_at, Event::ButtonPressed(press))
}

fn read_presence(change: &MemberChange<'_>) -> Reading {
    if change.chat.kind != ChatKind::Private {
        return Reading::Nothing;
    }
    let reachable = match &*change.new_chat_member.status {
        "member" => true,
        "kicked" => false,
        _ => return Reading::Nothing,
    };
    let who = person(&change.from);
    let event = Event::PresenceChanged(Presence { who, reachable });
    Happening::in_order(conversation(change.chat.id, None), milliseconds(change.date), event)
}

fn read_stop(stopped: &Stopped, received_at: i64) -> Reading {
    // Drafts are shown in private chats only, where the chat's number is the person's.
    if stopped.chat.kind != ChatKind::Private {
        return Reading::Nothing;
    }
    let who = identity(stopped.chat.id);
    let event =
        Event::DraftStopped { generation: GenerationId(stopped.draft_id), by: Some(who.clone()) };
    let place = conversation(stopped.chat.id, stopped.message_thread_id);
    Happening::tap(place, &who, received_at, event)
}

fn setting(chat: Chat, us: &Us<'_>) -> Option<Setting> {
    if us.desk_chat_id == Some(chat.id) {
        return Some(Setting::Desk);
    }
    match chat.kind {
        ChatKind::Private => Some(Setting::Private),
        ChatKind::Group | ChatKind::Supergroup => Some(Setting::Group),
        ChatKind::Other => None,
    }
}

/// The topic of a message. A thread that is no topic is a chain of replies; the General topic has
/// no number.
fn topic(message: &Message<'_>) -> Option<i64> {
    message.message_thread_id.filter(|_| message.is_topic_message)
}

fn press_topic(pressed: &Pressed) -> Option<i64> {
    pressed.message_thread_id.filter(|_| pressed.is_topic_message)
}

fn person(user: &User<'_>) -> Person {
    let first = user.first_name.as_deref().unwrap_or_default();
    let last = user.last_name.as_deref().unwrap_or_default();
    let name = match (first, last) {
        (first, "") => first.to_owned(),
        ("", last) => last.to_owned(),
        (first, last) => format!("{first} {last}"),
    };
    let language = user.language_code.as_deref().and_then(Language::from_tag);
    Person { identity: identity(user.id), name, language }
}

fn identity(user: i64) -> IdentityId {
    IdentityId(format!("{CHANNEL}:{user}"))
}

fn conversation(chat: i64, topic: Option<i64>) -> ConversationId {
    ConversationId(match topic {
        None => format!("{CHANNEL}:{chat}"),
        Some(topic) => format!("{CHANNEL}:{chat}:{topic}"),
    })
}

fn message_id(number: i64) -> MessageId {
    MessageId(number.to_string())
}

fn milliseconds(seconds: i64) -> i64 {
    seconds.saturating_mul(1000)
}
