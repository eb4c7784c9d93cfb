//! The methods of the Bot API, by name.

#![expect(clippy::unnecessary_wraps, reason = "all methods have one signature")]

mod copy;
mod edit;
mod media;
mod profile;
mod send;
mod stars;
mod topics;
mod updates;

use serde_json::{Value, json};

pub use self::media::album_id;
pub use self::profile::commands_for;
pub use self::topics::apply_topic;
pub use self::updates::get_updates;
use super::files::{self, DOWNLOAD_BYTES_MAX, FileKind};
use super::people::ChatKind;
use super::refusal::Refusal;
use super::request::Params;
use super::state::{Change, State};
use super::wire;
use super::world::World;

type Method = fn(&State, &Params) -> Result<Value, Refusal>;

/// The method of a name, any case, with the name it is counted under; none when unknown.
pub fn find(name: &str) -> Option<(&'static str, Method)> {
    let lower = name.to_ascii_lowercase();
    METHODS.binary_search_by(|(known, _)| (*known).cmp(lower.as_str())).ok().map(|at| METHODS[at])
}

/// Sorted by name. `getUpdates` is not here: it waits.
static METHODS: [(&str, Method); 51] = [
    ("answercallbackquery", answer_callback_query),
    ("answerprecheckoutquery", stars::answer),
    ("close", yes),
    ("closeforumtopic", topics::close),
    ("copymessage", copy::copy_one),
    ("copymessages", copy::copy_many),
    ("createforumtopic", topics::create),
    ("createinvoicelink", stars::create_link),
    ("deleteforumtopic", topics::delete),
    ("deletemessage", edit::delete_one),
    ("deletemessages", edit::delete_many),
    ("deletemycommands", profile::delete_commands),
    ("deletewebhook", updates::delete_webhook),
    ("editforumtopic", topics::edit),
    ("editmessagecaption", edit::caption),
    ("editmessagemedia", edit::media),
    ("editmessagereplymarkup", edit::keyboard),
    ("editmessagetext", edit::text),
    ("edituserstarsubscription", stars::edit_subscription),
    ("getchat", get_chat),
    ("getchatadministrators", get_chat_administrators),
    ("getchatmember", get_chat_member),
    ("getfile", get_file),
    ("getforumtopiciconstickers", empty_list),
    ("getme", get_me),
    ("getmycommands", profile::get_commands),
    ("getmydescription", profile::get_description),
    ("getmyname", profile::get_name),
    ("getmyshortdescription", profile::get_short_description),
    ("getstartransactions", stars::transactions),
    ("getwebhookinfo", updates::get_webhook_info),
    ("logout", yes),
    ("pinchatmessage", yes),
    ("refundstarpayment", stars::refund),
    ("reopenforumtopic", topics::reopen),
    ("sendchataction", send::chat_action),
    ("senddocument", send::document),
    ("sendinvoice", stars::send_invoice),
    ("sendmediagroup", media::group),
    ("sendmessage", send::text),
    ("sendmessagedraft", send::draft),
    ("sendphoto", send::photo),
    ("setchatmenubutton", yes),
    ("setmessagereaction", edit::reaction),
    ("setmycommands", profile::set_commands),
    ("setmydefaultadministratorrights", yes),
    ("setmydescription", profile::set_description),
    ("setmyname", profile::set_name),
    ("setmyshortdescription", profile::set_short_description),
    ("setwebhook", updates::set_webhook),
    ("unpinchatmessage", yes),
];

/// Whether a method, lower case, puts or changes a message and so counts in the rate limits.
pub fn is_send(method: &str) -> bool {
    matches!(
        method,
        "sendmessage"
            | "sendphoto"
            | "senddocument"
            | "sendmediagroup"
            | "editmessagetext"
            | "editmessagecaption"
            | "editmessagemedia"
            | "editmessagereplymarkup"
            | "copymessage"
            | "copymessages"
            | "createforumtopic"
            | "sendinvoice"
    )
}

/// How many messages a call counts as in the rate limits.
pub fn cost(method: &str, params: &Params) -> u32 {
    let list = match method {
        "sendmediagroup" => "media",
        "copymessages" => "message_ids",
        _ => return u32::from(is_send(method)),
    };
    let parts = params.json(list).ok().flatten();
    let count = parts.as_ref().and_then(Value::as_array).map_or(1, Vec::len);
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The chat a call is about, if it names one by number.
pub fn chat_named(params: &Params) -> Option<i64> {
    params.int("chat_id")
}

/// The chat a call is about, which must exist and take the bot's messages.
fn require_chat(world: &World, params: &Params) -> Result<i64, Refusal> {
    let id = require_known_chat(world, params)?;
    let Some(chat) = world.chats.get(&id) else {
        return Ok(id);
    };
    if chat.bot_removed {
        let place = if chat.kind == ChatKind::Group { "group" } else { "supergroup" };
        return Err(Refusal::forbidden(&format!("bot was kicked from the {place} chat")));
    }
    if chat.kind == ChatKind::Private
        && let Some(user) = world.users.get(&id)
    {
        if user.blocked {
            return Err(Refusal::forbidden("bot was blocked by the user"));
        }
        if !user.started {
            return Err(Refusal::forbidden("bot can't initiate conversation with a user"));
        }
    }
    Ok(id)
}

/// The chat a call is about, which must exist. Without history, any user's chat does.
fn require_known_chat(world: &World, params: &Params) -> Result<i64, Refusal> {
    if !params.has("chat_id") {
        return Err(Refusal::bad("chat_id is empty"));
    }
    let not_found = || Refusal::bad("chat not found");
    let id = params.int("chat_id").ok_or_else(not_found)?;
    match world.chats.get(&id) {
        Some(chat) => chat.migrated_to.map_or(Ok(id), |to| Err(Refusal::migrated(to))),
        None if !world.history && id > 0 => Ok(id),
        None => Err(not_found()),
    }
}

fn get_me(state: &State, _: &Params) -> Result<Value, Refusal> {
    Ok(wire::me(&state.world().bot))
}

fn yes(_: &State, _: &Params) -> Result<Value, Refusal> {
    Ok(json!(true))
}

fn empty_list(_: &State, _: &Params) -> Result<Value, Refusal> {
    Ok(json!([]))
}

fn answer_callback_query(state: &State, params: &Params) -> Result<Value, Refusal> {
    /// How long a tap can be answered: as long as its update lives.
    const ANSWER_MS: i64 = super::queue::CALLBACK_LIFE_MS;
    let text = params.text("text").unwrap_or_default();
    if text.chars().count() > 200 {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    let mut world = state.world();
    if !world.history {
        return Ok(json!(true));
    }
    let id = params.text("callback_query_id").unwrap_or_default();
    let too_old = "query is too old and response timeout expired or query ID is invalid";
    let tap = world.taps.remove(&id).ok_or_else(|| Refusal::bad(too_old))?;
    world.note(|| super::journal::Record::TapGone(id));
    if tap.at_ms + ANSWER_MS <= state.now_ms() {
        return Err(Refusal::bad(too_old));
    }
    let player = world.users.get(&tap.user).map(|user| user.alias.clone()).unwrap_or_default();
    drop(world);
    let alert = params.flag("show_alert");
    state.changed(Change::Toast { chat: tap.chat, message: tap.message, player, text, alert });
    Ok(json!(true))
}

fn get_file(state: &State, params: &Params) -> Result<Value, Refusal> {
    let id = params.text("file_id").unwrap_or_default();
    let invalid = || Refusal::bad("invalid file_id");
    let unique = files::unique_of(&id).ok_or_else(invalid)?;
    let (kind, source) = files::read_unique(unique).ok_or_else(invalid)?;
    let world = state.world();
    let (name, bytes) = match kind {
        FileKind::Document => {
            let document = world.documents.get(unique).ok_or_else(invalid)?;
            (document.name.as_deref(), Some(document.bytes))
        }
        FileKind::Photo => {
            let photo = world.photos.get(source).ok_or_else(invalid)?;
            let size = photo.sizes.iter().find(|size| size.unique == unique);
            (None, size.ok_or_else(invalid)?.bytes)
        }
    };
    if bytes.is_some_and(|bytes| bytes > DOWNLOAD_BYTES_MAX) {
        return Err(Refusal::bad("file is too big"));
    }
    let mut answer = json!({
        "file_id": id, "file_unique_id": unique, "file_path": files::file_path(unique, name),
    });
    if let Some(bytes) = bytes {
        answer["file_size"] = json!(bytes);
    }
    Ok(answer)
}

fn get_chat(state: &State, params: &Params) -> Result<Value, Refusal> {
    let world = state.world();
    let id = require_known_chat(&world, params)?;
    let mut chat = wire::chat(&world, id);
    chat["accent_color_id"] = json!(0);
    chat["max_reaction_count"] = json!(11);
    chat["accepted_gift_types"] = json!({
        "unlimited_gifts": true, "limited_gifts": true, "unique_gifts": true,
        "premium_subscription": true, "gifts_from_channels": true,
    });
    Ok(chat)
}

fn get_chat_administrators(state: &State, params: &Params) -> Result<Value, Refusal> {
    let world = state.world();
    let id = require_known_chat(&world, params)?;
    let is_admin = world.chats.get(&id).is_some_and(|chat| chat.bot_admin);
    Ok(if is_admin { json!([bot_administrator(&world)]) } else { json!([]) })
}

fn get_chat_member(state: &State, params: &Params) -> Result<Value, Refusal> {
    let world = state.world();
    let id = require_known_chat(&world, params)?;
    let user = params.int("user_id").ok_or_else(|| Refusal::bad("user not found"))?;
    let chat = world.chats.get(&id);
    if user == world.bot.id {
        let is_admin = chat.is_some_and(|chat| chat.bot_admin);
        return Ok(if is_admin {
            bot_administrator(&world)
        } else {
            wire::bot_member(&world.bot, false)
        });
    }
    let known = world.users.get(&user).ok_or_else(|| Refusal::bad("user not found"))?;
    let is_in = chat.is_some_and(|chat| chat.members.contains(&user));
    Ok(json!({"user": wire::user(known), "status": if is_in { "member" } else { "left" }}))
}

fn bot_administrator(world: &World) -> Value {
    json!({
        "user": wire::bot(&world.bot), "status": "administrator", "can_be_edited": false,
        "is_anonymous": false, "can_manage_chat": true, "can_delete_messages": true,
        "can_manage_video_chats": false, "can_restrict_members": false,
        "can_promote_members": false, "can_change_info": false, "can_invite_users": true,
        "can_post_stories": false, "can_edit_stories": false, "can_delete_stories": false,
        "can_pin_messages": true, "can_manage_topics": true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_found_in_any_case() {
        assert!(METHODS.is_sorted_by_key(|(name, _)| *name));
        assert_eq!(find("SendMessage").unwrap().0, "sendmessage");
        assert!(find("sendTelepathy").is_none());
    }
}
