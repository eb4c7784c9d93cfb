//! How what is kept becomes what is seen.

use serde_json::{Map, Value};

use super::{
    ButtonView, DocumentView, LastView, MessageView, PictureView, ReplyView, SenderView,
    SummaryView,
};
use crate::telegram::message::{Content, Message, Photo, Service};
use crate::telegram::people::Chat;
use crate::telegram::stars::said as of_money;
use crate::telegram::world::World;

/// A chat in short.
pub fn summary_view(world: &World, chat: &Chat) -> SummaryView {
    let alias = |id: &i64| world.users.get(id).map(|user| user.alias.clone());
    let last = world.messages.get(&chat.id).and_then(|messages| messages.values().next_back());
    SummaryView {
        chat: chat.id,
        alias: chat.alias.clone(),
        kind: chat.kind.word(),
        title: chat.title.clone(),
        players: chat.members.iter().filter_map(alias).collect(),
        last: last.map(|message| LastView {
            message: message.id,
            from: sender_view(world, message.from).name,
            text: beginning(message),
            at_ms: message.at_ms,
        }),
    }
}

fn sender_view(world: &World, id: i64) -> SenderView {
    if id == world.bot.id {
        return SenderView { id, name: world.bot.name.clone(), bot: true, player: None };
    }
    let user = world.users.get(&id);
    SenderView {
        id,
        name: user.map_or_else(|| format!("User {id}"), |user| user.name.clone()),
        bot: false,
        player: user.map(|user| user.alias.clone()),
    }
}

/// A message as people see it.
pub fn message_view(world: &World, message: &Message) -> MessageView {
    let (kind, picture, document) = match &message.content {
        Content::Other(field, ..) if field.ends_with("_payment") => ("service", None, None),
        Content::Text(_) | Content::Other(..) => ("text", None, None),
        Content::Photo(photo, _) => ("photo", picture_view(photo), None),
        Content::Document(document, _) => {
            let view = DocumentView {
                url: file_url(&document.unique),
                name: document.name.clone(),
                mime: document.mime.clone(),
                bytes: document.bytes,
                unique: document.unique.clone(),
            };
            ("document", None, Some(view))
        }
        Content::Service(_) => ("service", None, None),
    };
    let words = message.content.words();
    let answered = message.reply_to.and_then(|id| world.message(message.chat, id));
    let row = |row: &Vec<Map<String, Value>>| row.iter().map(button_view).collect();
    MessageView {
        chat: message.chat,
        message: message.id,
        topic: message.topic,
        at_ms: message.at_ms,
        edited_at_ms: message.edited_at_ms,
        edits: message.edits,
        from: sender_view(world, message.from),
        kind,
        text: of_money(&message.content)
            .or_else(|| words.map(|words| words.text.clone()))
            .unwrap_or_else(|| said(message)),
        entities: words.map(|words| words.entities.clone()).unwrap_or_default(),
        picture,
        document,
        album: message.album.clone(),
        reply_to: answered.map(|answered| ReplyView {
            message: answered.id,
            from: sender_view(world, answered.from).name,
            text: beginning(answered),
            picture: match &answered.content {
                Content::Photo(photo, _) => photo.sizes.first().map(|size| file_url(&size.unique)),
                _ => None,
            },
        }),
        buttons: message.keyboard.iter().map(row).collect(),
        reactions: message.reactions.clone(),
    }
}

fn picture_view(photo: &Photo) -> Option<PictureView> {
    let largest = photo.sizes.last()?;
    Some(PictureView {
        url: file_url(&largest.unique),
        width: largest.width,
        height: largest.height,
        source: photo.source.clone(),
        unique: largest.unique.clone(),
    })
}

fn file_url(unique: &str) -> String {
    format!("/sandbox/api/file/{unique}")
}

fn button_view(button: &Map<String, Value>) -> ButtonView {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    ButtonView {
        text: text(button.get("text")).unwrap_or_default(),
        // What pays is pressed like any other, and comes to the bot in its own way.
        data: text(button.get("callback_data"))
            .or_else(|| button.contains_key("pay").then(|| "pay".to_owned())),
        url: text(button.get("url")),
        copy: text(button.get("copy_text").and_then(|copy| copy.get("text"))),
        style: text(button.get("style")),
        disabled: button.get("disabled").and_then(Value::as_bool).unwrap_or(false),
    }
}

/// The first words of a message, for a quotation.
fn beginning(message: &Message) -> String {
    let text = match (of_money(&message.content), message.content.words()) {
        (Some(text), _) => text,
        (None, Some(words)) => words.text.clone(),
        (None, None) => said(message),
    };
    text.chars().take(120).collect()
}

/// What a service message says.
fn said(message: &Message) -> String {
    match &message.content {
        Content::Service(Service::TopicCreated { name, .. }) => format!("topic “{name}” created"),
        Content::Service(Service::TopicEdited { name }) => format!("topic renamed to “{name}”"),
        Content::Service(Service::TopicClosed) => "topic closed".into(),
        Content::Service(Service::TopicReopened) => "topic reopened".into(),
        Content::Service(Service::MigrateTo(_)) => "this group became a supergroup".into(),
        Content::Service(Service::MigrateFrom(_)) => "this supergroup was a group".into(),
        _ => String::new(),
    }
}
