//! What the stand-in's things look like as Bot API JSON. Source: Bot API 10.3.

use serde_json::{Map, Value, json};

use super::files::file_id;
use super::message::{Content, Document, Message, Photo, Service, Words};
use super::people::{Chat, ChatKind, Topic, User};
use super::world::{Bot, World};

/// `User` of a person.
pub fn user(user: &User) -> Value {
    let mut json = json!({"id": user.id, "is_bot": false, "first_name": user.name});
    put(&mut json, "username", user.username.as_deref());
    put(&mut json, "language_code", user.language.as_deref());
    json
}

/// `User` of the bot, in short.
pub fn bot(bot: &Bot) -> Value {
    json!({"id": bot.id, "is_bot": true, "first_name": bot.name, "username": bot.username})
}

/// What `getMe` answers.
pub fn me(bot: &Bot) -> Value {
    json!({
        "id": bot.id, "is_bot": true, "first_name": bot.name, "username": bot.username,
        "can_join_groups": true, "can_read_all_group_messages": false,
        "supports_inline_queries": false, "can_connect_to_business": false,
        "has_main_web_app": false, "has_topics_enabled": false,
        "allows_users_to_create_topics": false, "can_manage_bots": false,
        "supports_guest_queries": false,
    })
}

/// Whoever sent a message.
pub fn sender(world: &World, id: i64) -> Value {
    match world.users.get(&id) {
        Some(known) => user(known),
        None if id == world.bot.id => bot(&world.bot),
        None => json!({"id": id, "is_bot": false, "first_name": format!("User {id}")}),
    }
}

/// `Chat`.
pub fn chat(world: &World, id: i64) -> Value {
    let Some(chat) = world.chats.get(&id) else {
        return json!({"id": id, "type": "private", "first_name": format!("User {id}")});
    };
    if chat.kind == ChatKind::Private {
        let mut json = json!({"id": id, "type": "private", "first_name": chat.title});
        let user = world.users.get(&id);
        put(&mut json, "username", user.and_then(|user| user.username.as_deref()));
        return json;
    }
    group(chat)
}

fn group(chat: &Chat) -> Value {
    let mut json = json!({"id": chat.id, "type": chat.kind.wire(), "title": chat.title});
    if chat.kind == ChatKind::Forum {
        json["is_forum"] = json!(true);
    }
    json
}

/// `Message`, with the message it answers.
pub fn message(world: &World, message: &Message) -> Value {
    let mut json = bare_message(world, message);
    // In a topic, what answers nothing answers the message that began the topic.
    let answered = message.reply_to.or(message.topic.filter(|topic| *topic != message.id));
    if let Some(answered) = answered.and_then(|id| world.message(message.chat, id)) {
        json["reply_to_message"] = bare_message(world, answered);
    }
    json
}

/// `Message`, without the message it answers.
fn bare_message(world: &World, message: &Message) -> Value {
    let mut json = json!({
        "message_id": message.id,
        "from": sender(world, message.from),
        "chat": chat(world, message.chat),
        "date": message.at_ms / 1000,
    });
    if let Some(edited_at_ms) = message.edited_at_ms {
        json["edit_date"] = json!(edited_at_ms / 1000);
    }
    if let Some(topic) = message.topic {
        json["message_thread_id"] = json!(topic);
        json["is_topic_message"] = json!(true);
    }
    put(&mut json, "media_group_id", message.album.as_deref());
    if !message.keyboard.is_empty() {
        json["reply_markup"] = json!({"inline_keyboard": message.keyboard});
    }
    put_content(&mut json, &message.content);
    json
}

fn put_content(json: &mut Value, content: &Content) {
    match content {
        Content::Text(words) => {
            json["text"] = json!(words.text);
            if !words.entities.is_empty() {
                json["entities"] = json!(words.entities);
            }
        }
        Content::Photo(sizes, words) => {
            json["photo"] = photo(sizes);
            put_caption(json, words);
        }
        Content::Document(file, words) => {
            json["document"] = document(file);
            put_caption(json, words);
        }
        Content::Other(field, value, words) => {
            json[field.as_str()] = value.clone();
            if let Value::Object(shown) = &mut json[field.as_str()] {
                // What the stand-in keeps of an invoice nobody else sees.
                shown.remove("sold");
            }
            put_caption(json, words);
        }
        Content::Service(service) => put_service(json, service),
    }
}

fn put_service(json: &mut Value, service: &Service) {
    let (field, value) = match service {
        Service::TopicCreated { name, icon_color } => {
            ("forum_topic_created", json!({"name": name, "icon_color": icon_color}))
        }
        Service::TopicEdited { name } => ("forum_topic_edited", json!({ "name": name })),
        Service::TopicClosed => ("forum_topic_closed", json!({})),
        Service::TopicReopened => ("forum_topic_reopened", json!({})),
        Service::MigrateTo(chat) => ("migrate_to_chat_id", json!(chat)),
        Service::MigrateFrom(chat) => ("migrate_from_chat_id", json!(chat)),
    };
    json[field] = value;
}

fn put_caption(json: &mut Value, words: &Words) {
    if !words.text.is_empty() {
        json["caption"] = json!(words.text);
    }
    if !words.entities.is_empty() {
        json["caption_entities"] = json!(words.entities);
    }
}

/// An array of `PhotoSize`, smallest first.
fn photo(photo: &Photo) -> Value {
    let sizes = photo.sizes.iter().map(|size| {
        let mut json = json!({
            "file_id": file_id(&size.unique), "file_unique_id": size.unique,
            "width": size.width, "height": size.height,
        });
        if let Some(bytes) = size.bytes {
            json["file_size"] = json!(bytes);
        }
        json
    });
    sizes.collect()
}

/// `Document`.
fn document(document: &Document) -> Value {
    let mut json = json!({
        "file_id": file_id(&document.unique), "file_unique_id": document.unique,
        "file_size": document.bytes,
    });
    put(&mut json, "file_name", document.name.as_deref());
    put(&mut json, "mime_type", document.mime.as_deref());
    json
}

/// `ForumTopic`.
pub fn topic(topic: &Topic) -> Value {
    json!({"message_thread_id": topic.id, "name": topic.name, "icon_color": topic.icon_color})
}

/// `ChatMember` of the bot in a private chat.
pub fn bot_member(bot_user: &Bot, blocked: bool) -> Value {
    let mut member = Map::new();
    member.insert("user".into(), bot(bot_user));
    if blocked {
        member.insert("status".into(), json!("kicked"));
        member.insert("until_date".into(), json!(0));
    } else {
        member.insert("status".into(), json!("member"));
    }
    Value::Object(member)
}

fn put(json: &mut Value, field: &str, value: Option<&str>) {
    if let Some(value) = value {
        json[field] = json!(value);
    }
}
