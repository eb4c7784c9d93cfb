//! What the bot says about itself: commands, name, descriptions.

use serde_json::{Value, json};

use crate::telegram::refusal::Refusal;
use crate::telegram::request::Params;
use crate::telegram::state::{Change, State};
use crate::telegram::world::World;

/// `setMyCommands`.
pub fn set_commands(state: &State, params: &Params) -> Result<Value, Refusal> {
    let commands = params.json("commands")?.unwrap_or_default();
    let list = commands.as_array().ok_or_else(|| Refusal::bad("commands: Array expected"))?;
    if list.len() > 100 {
        return Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in list {
        let text = |name: &str| command.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = text("command");
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(Refusal::bad("BOT_COMMAND_INVALID"));
        }
        if !(1..=256).contains(&text("description").chars().count()) {
            return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    let key = commands_key(params)?;
    let mut world = state.world();
    world.meta.commands.insert(key, commands);
    world.note_meta();
    Ok(json!(true))
}

/// `deleteMyCommands`.
pub fn delete_commands(state: &State, params: &Params) -> Result<Value, Refusal> {
    let key = commands_key(params)?;
    let mut world = state.world();
    world.meta.commands.remove(&key);
    world.note_meta();
    Ok(json!(true))
}

/// `getMyCommands`.
pub fn get_commands(state: &State, params: &Params) -> Result<Value, Refusal> {
    let key = commands_key(params)?;
    Ok(state.world().meta.commands.get(&key).cloned().unwrap_or_else(|| json!([])))
}

/// The commands a user's client shows in a private chat: the narrowest scope, then the language.
pub fn commands_for(world: &World, user: i64, language: Option<&str>) -> Value {
    let short = language.map(|tag| tag.split('-').next().unwrap_or(tag)).unwrap_or_default();
    let chat = format!("chat:{user}");
    for scope in [chat.as_str(), "all_private_chats", "default"] {
        for language in [short, ""] {
            if let Some(commands) = world.meta.commands.get(&format!("{scope}/{language}")) {
                return commands.clone();
            }
        }
    }
    json!([])
}

fn commands_key(params: &Params) -> Result<String, Refusal> {
    let scope = params.json("scope")?.unwrap_or_else(|| json!({"type": "default"}));
    let kind = scope.get("type").and_then(Value::as_str).unwrap_or_default();
    let scope = match kind {
        "default" | "all_private_chats" | "all_group_chats" | "all_chat_administrators" => {
            kind.to_owned()
        }
        "chat" | "chat_administrators" | "chat_member" => {
            let chat = scope.get("chat_id").cloned().unwrap_or_default();
            format!("{kind}:{}", chat.as_str().map_or_else(|| chat.to_string(), str::to_owned))
        }
        _ => return Err(Refusal::bad("can't parse BotCommandScope: unsupported type")),
    };
    Ok(format!("{scope}/{}", language(params)?))
}

fn language(params: &Params) -> Result<String, Refusal> {
    let code = params.text("language_code").unwrap_or_default();
    let fits = code.is_empty() || (code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase()));
    if fits { Ok(code) } else { Err(Refusal::bad("invalid language code specified")) }
}

/// `setMyName`.
pub fn set_name(state: &State, params: &Params) -> Result<Value, Refusal> {
    set(state, params, "name", 64)
}

/// `setMyDescription`.
pub fn set_description(state: &State, params: &Params) -> Result<Value, Refusal> {
    set(state, params, "description", 512)
}

/// `setMyShortDescription`.
pub fn set_short_description(state: &State, params: &Params) -> Result<Value, Refusal> {
    set(state, params, "short_description", 120)
}

/// `getMyName`.
pub fn get_name(state: &State, params: &Params) -> Result<Value, Refusal> {
    get(state, params, "name")
}

/// `getMyDescription`.
pub fn get_description(state: &State, params: &Params) -> Result<Value, Refusal> {
    get(state, params, "description")
}

/// `getMyShortDescription`.
pub fn get_short_description(state: &State, params: &Params) -> Result<Value, Refusal> {
    get(state, params, "short_description")
}

fn set(state: &State, params: &Params, what: &str, max: usize) -> Result<Value, Refusal> {
    let text = params.text(what).unwrap_or_default();
    if text.chars().count() > max {
        return Err(Refusal::bad(&format!("BOT_{}_TOO_LONG", what.to_ascii_uppercase())));
    }
    let key = format!("{what}/{}", language(params)?);
    let mut world = state.world();
    world.meta.profile.insert(key, text);
    world.note_meta();
    let chats: Vec<i64> = world.chats.keys().copied().collect();
    drop(world);
    for chat in chats {
        state.changed(Change::Chat { chat });
    }
    Ok(json!(true))
}

fn get(state: &State, params: &Params, what: &str) -> Result<Value, Refusal> {
    let key = format!("{what}/{}", language(params)?);
    let text = state.world().meta.profile.get(&key).cloned().unwrap_or_default();
    Ok(json!({ what: text }))
}
