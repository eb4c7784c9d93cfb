//! A customer on WeChat.

use serde_json::{Value, json};

use super::{Attachment, Say, Unplayable, customer_named, keep, post};
use crate::wecom::WecomStandIn;
use crate::wecom::kf::{
    SHORT_CODE_MS, Session, SessionState, WINDOW_MS, chat_of, feed, feed_event, note, session_of,
};
use crate::wecom::message::{Author, Content, Message};
use crate::wecom::people::{Chat, Customer, Place};
use crate::wecom::record::{CodeFor, Record};
use crate::wecom::state::{Change, State};
use crate::wecom::world::World;

/// Largest picture and voice that get through, bytes. Source: document 94670, 2 MB.
const IMAGE_MAX: usize = 2 << 20;
/// Largest video that gets through, bytes. Source: document 94670, 10 MB.
const VIDEO_MAX: usize = 10 << 20;
/// Largest file that gets through, bytes. Source: document 94670, 20 MB.
const FILE_MAX: usize = 20 << 20;
/// What stands in the place of what is too large. The real words are not known; ours.
const TOO_LARGE: &str = "[文件过大，无法接收，请让客户压缩后重新发送]";

/// Words and files, one message each.
pub fn speak(
    state: &State,
    world: &mut World,
    chat: &Chat,
    (kf, customer): (&str, &Customer),
    say: &Say,
) -> Result<Vec<Message>, Unplayable> {
    let mut messages = Vec::new();
    for file in &say.attachments {
        let (kind, fields, content) = read_file(state, world, file)?;
        messages.push(write(state, world, chat, kf, customer, (kind, fields, content)));
    }
    if !say.text.is_empty() {
        let said = ("text", json!({"content": say.text}), Content::words(&say.text));
        messages.push(write(state, world, chat, kf, customer, said));
    }
    Ok(messages)
}

fn read_file(
    state: &State,
    world: &mut World,
    file: &Attachment,
) -> Result<(&'static str, Value, Content), Unplayable> {
    let kind = file.kind();
    let most = match kind {
        "image" | "voice" => IMAGE_MAX,
        "video" => VIDEO_MAX,
        _ => FILE_MAX,
    };
    let (media, content) = keep(state, world, file)?;
    if file.bytes.len() > most {
        return Ok(("text", json!({"content": TOO_LARGE}), content));
    }
    Ok((kind, json!({"media_id": media.id}), content))
}

/// Puts a customer's message into the chat and the feed; the session begins, or goes on.
pub fn write(
    state: &State,
    world: &mut World,
    chat: &Chat,
    kf: &str,
    customer: &Customer,
    (kind, fields, content): (&str, Value, Content),
) -> Message {
    let now_ms = state.now_ms();
    let id = customer.external_userid.as_str();
    let mut session = session_of(world, kf, id);
    if session.state_at(now_ms) == SessionState::Ended {
        session.state = SessionState::New;
        session.servicer = None;
    }
    session.wrote_ms = Some(now_ms);
    session.answers = 0;
    world.keep(Record::Session(session));
    let menu_id = fields.get("menu_id").and_then(Value::as_str).map(str::to_owned);
    let item = json!({
        "open_kfid": kf, "external_userid": id, "origin": 3, "msgtype": kind, kind: fields,
    });
    let msgid = feed(state, world, kf, item);
    let author = Author::Customer(id.to_owned());
    let mut message = post(state, world, chat, author, content, &msgid);
    if menu_id.is_some() {
        world.change_message(chat.id, message.id, |it| it.menu_id.clone_from(&menu_id));
        message.menu_id = menu_id;
    }
    state.changed(Change::Chat { chat: chat.id });
    message
}

/// What a link leads to: its scene, and the parameter that was added to it.
fn read_link<'a>(world: &'a World, link: &'a str) -> Result<(String, String, String), Unplayable> {
    let (plain, parameter) = link.split_once("&scene_param=").unwrap_or((link, ""));
    let way = world.ways.get(plain).filter(|way| way.open_kfid.is_some());
    let way = way.ok_or(Unplayable::NoLink)?;
    // Without a scene nothing may be added. Source: document 94665.
    if way.scene.is_empty() && !parameter.is_empty() {
        return Err(Unplayable::NoLink);
    }
    let encoded = format!("p={parameter}");
    let mut pairs = url::form_urlencoded::parse(encoded.as_bytes());
    let parameter = pairs.next().map(|(_, value)| value.into_owned()).unwrap_or_default();
    if parameter.len() > 128 {
        return Err(Unplayable::NoLink);
    }
    let kf = way.open_kfid.clone().ok_or(Unplayable::NoLink)?;
    Ok((kf, way.scene.clone(), parameter))
}

impl WecomStandIn {
    /// A customer opens a link to an account that `kf/add_contact_way` gave; answers with the chat,
    /// and with the welcome code where there is one.
    ///
    /// # Errors
    /// `NoPerson`; `NoLink` when it was never given out, or changed.
    pub fn open_link(&self, who: &str, link: &str) -> Result<(i64, Option<String>), Unplayable> {
        let world = self.state.world();
        let came = read_link(&world, link)?;
        drop(world);
        self.enter(who, came)
    }

    /// A customer comes to an account, as if by a link of this scene.
    ///
    /// # Errors
    /// `NoPerson`, `NoAccount`.
    pub fn enter_session(
        &self,
        who: &str,
        account: &str,
        scene: &str,
        scene_param: &str,
    ) -> Result<(i64, Option<String>), Unplayable> {
        let world = self.state.world();
        let found =
            world.accounts.values().find(|it| it.alias == account || it.open_kfid == account);
        let kf = found.map(|it| it.open_kfid.clone()).ok_or(Unplayable::NoAccount)?;
        drop(world);
        self.enter(who, (kf, scene.to_owned(), scene_param.to_owned()))
    }

    fn enter(
        &self,
        who: &str,
        (kf, scene, parameter): (String, String, String),
    ) -> Result<(i64, Option<String>), Unplayable> {
        let state = &self.state;
        let now_ms = state.now_ms();
        let mut world = state.world();
        let id = customer_named(&world, who)?.external_userid;
        let mut session = session_of(&world, &kf, &id);
        let welcomed = session.welcomed_ms.is_some_and(|it| now_ms < it + WINDOW_MS);
        // No welcome for who has written, or was welcomed, within 48 h. Source: document 94670.
        let is_new = !welcomed && !session.is_in_window(now_ms);
        session.came_by = Some((scene.clone(), parameter.clone()));
        session.came_ms = Some(now_ms);
        world.keep(Record::Session(session));
        let mut event = json!({
            "event_type": "enter_session", "open_kfid": kf, "external_userid": id,
            "scene": scene, "scene_param": parameter,
        });
        let code = is_new.then(|| {
            let purpose = CodeFor::Welcome(kf.clone(), id.clone());
            state.make_code(&mut world, purpose, SHORT_CODE_MS)
        });
        if let Some(code) = &code {
            event["welcome_code"] = json!(code);
        }
        feed_event(state, &mut world, &kf, &event);
        let chat = chat_of(&mut world, &kf, &id);
        note(state, &mut world, chat, "came by a link");
        drop(world);
        state.ring();
        Ok((chat, code))
    }

    /// A customer sends something of another kind (`location`, `link`, `business_card`, …), with
    /// the fields that the document gives it.
    ///
    /// # Errors
    /// `NoChat`.
    pub fn send_item(&self, chat: &str, kind: &str, fields: Value) -> Result<i64, Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let (chat, kf, customer) = kf_chat(&world, chat)?;
        let content = match kind {
            "location" => Content::Location {
                name: fields["name"].as_str().unwrap_or_default().to_owned(),
                address: fields["address"].as_str().unwrap_or_default().to_owned(),
            },
            "link" => Content::Link {
                title: fields["title"].as_str().unwrap_or_default().to_owned(),
                about: fields["desc"].as_str().unwrap_or_default().to_owned(),
                url: fields["url"].as_str().unwrap_or_default().to_owned(),
            },
            _ => Content::Service(format!("sent: {kind}")),
        };
        let message = write(state, &mut world, &chat, &kf, &customer, (kind, fields, content));
        drop(world);
        state.changed_message(&message);
        state.ring();
        Ok(message.id)
    }

    /// A customer, or a servicer, takes a message back.
    ///
    /// # Errors
    /// `NoChat`, `NoMessage`, `NotTheirs` for the desk's.
    pub fn take_back(&self, chat: &str, message: i64) -> Result<(), Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let (chat, kf, customer) = kf_chat(&world, chat)?;
        let found = world.message(chat.id, message).cloned().ok_or(Unplayable::NoMessage)?;
        let mut event = json!({
            "open_kfid": kf, "external_userid": customer.external_userid,
            "recall_msgid": found.msgid,
        });
        match &found.from {
            Author::Customer(_) => event["event_type"] = json!("user_recall_msg"),
            Author::Member(userid) => {
                event["event_type"] = json!("servicer_recall_msg");
                event["servicer_userid"] = json!(userid);
            }
            Author::Desk | Author::System => return Err(Unplayable::NotTheirs),
        }
        feed_event(state, &mut world, &kf, &event);
        world.change_message(chat.id, message, |it| {
            it.content = Content::Service("took a message back".into());
            it.edited_at_ms = Some(state.now_ms());
        });
        drop(world);
        state.changed(Change::Message { chat: chat.id, message });
        state.ring();
        Ok(())
    }

    /// A customer takes no more messages of the account, or does again: what the desk sends then
    /// fails later, with 10.
    ///
    /// # Errors
    /// `NoChat`.
    pub fn reject(&self, chat: &str, rejected: bool) -> Result<(), Unplayable> {
        self.change_session(chat, |session| session.rejected = rejected)
    }

    /// The 48 h since a customer's last message are over from now on.
    ///
    /// # Errors
    /// `NoChat`.
    pub fn close_window(&self, chat: &str) -> Result<(), Unplayable> {
        let over_ms = self.state.now_ms() - WINDOW_MS;
        self.change_session(chat, |session| {
            session.wrote_ms = session.wrote_ms.map(|wrote_ms| wrote_ms.min(over_ms));
        })
    }

    fn change_session(
        &self,
        chat: &str,
        change: impl FnOnce(&mut Session),
    ) -> Result<(), Unplayable> {
        let mut world = self.state.world();
        let (chat, kf, customer) = kf_chat(&world, chat)?;
        let mut session = session_of(&world, &kf, &customer.external_userid);
        change(&mut session);
        world.keep(Record::Session(session));
        drop(world);
        self.state.changed(Change::Chat { chat: chat.id });
        Ok(())
    }
}

/// A customer's chat with an account.
pub fn kf_chat(world: &World, chat: &str) -> Result<(Chat, String, Customer), Unplayable> {
    let chat = world.chat_named(chat).cloned().ok_or(Unplayable::NoChat)?;
    let Place::Kf(kf, customer) = chat.place.clone() else {
        return Err(Unplayable::NoChat);
    };
    Ok((chat, kf, customer_named(world, &customer)?))
}
