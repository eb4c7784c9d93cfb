//! A member in the app's chat.

use super::{Attachment, Say, Unplayable, keep, member_named, post};
use crate::wecom::WecomStandIn;
use crate::wecom::callbacks;
use crate::wecom::message::{Author, Content, Message};
use crate::wecom::people::{Chat, Member, Place};
use crate::wecom::record::Record;
use crate::wecom::state::{Change, State};
use crate::wecom::world::World;
use crate::wecom::xml::Xml;

/// The fields that every message and event of a member begins with.
pub fn head(state: &State, from: &str, kind: &str) -> Xml {
    Xml::new()
        .text("ToUserName", &state.options.corp_id)
        .text("FromUserName", from)
        .number("CreateTime", state.now_ms() / 1000)
        .text("MsgType", kind)
}

/// An event of a member, told to the desk.
pub fn tell_event(
    state: &State,
    world: &mut World,
    userid: &str,
    event: &str,
    add: impl FnOnce(Xml) -> Xml,
) {
    let inner = add(head(state, userid, "event").text("Event", event));
    let inner = inner.number("AgentID", state.options.agent_id);
    callbacks::enqueue(world, userid, event, &inner, true);
}

/// A message of a member, told to the desk; answers with its `MsgId`.
fn tell(
    state: &State,
    world: &mut World,
    userid: &str,
    kind: &str,
    add: impl FnOnce(Xml) -> Xml,
) -> String {
    // A 64-bit number: nineteen digits that still fit.
    let msgid = format!("7{}", state.digits(18));
    let inner = add(head(state, userid, kind)).number("MsgId", &msgid);
    let inner = inner.number("AgentID", state.options.agent_id);
    callbacks::enqueue(world, userid, kind, &inner, true);
    msgid
}

/// Words and files, one message each.
pub fn speak(
    state: &State,
    world: &mut World,
    chat: &Chat,
    member: &Member,
    say: &Say,
) -> Result<Vec<Message>, Unplayable> {
    if !member.visible {
        return Err(Unplayable::NotThere);
    }
    let author = || Author::Member(member.userid.clone());
    let mut messages = Vec::new();
    for file in &say.attachments {
        let (msgid, content) = send_file(state, world, &member.userid, file)?;
        messages.push(post(state, world, chat, author(), content, &msgid));
    }
    if !say.text.is_empty() {
        let text = &say.text;
        let msgid = tell(state, world, &member.userid, "text", |it| it.text("Content", text));
        messages.push(post(state, world, chat, author(), Content::words(text), &msgid));
    }
    Ok(messages)
}

fn send_file(
    state: &State,
    world: &mut World,
    userid: &str,
    file: &Attachment,
) -> Result<(String, Content), Unplayable> {
    let (media, content) = keep(state, world, file)?;
    let kind = file.kind();
    let msgid = tell(state, world, userid, kind, |inner| match kind {
        "image" => {
            let url = format!("{}/picture/{}", state.base_url, media.blob);
            inner.text("PicUrl", &url).text("MediaId", &media.id)
        }
        "voice" => inner.text("MediaId", &media.id).text("Format", "amr"),
        "video" => inner.text("MediaId", &media.id).text("ThumbMediaId", &media.id),
        _ => inner.text("MediaId", &media.id).text("FileName", &file.name),
    });
    Ok((msgid, content))
}

impl WecomStandIn {
    /// A member opens the app.
    ///
    /// # Errors
    /// `NoPerson`.
    pub fn open_app(&self, who: &str) -> Result<(), Unplayable> {
        self.member_event(who, "enter_agent", |it| it.text("EventKey", ""))
    }

    /// Anything else that happens to a member, with fields of its own.
    fn member_event(
        &self,
        who: &str,
        event: &str,
        add: impl FnOnce(Xml) -> Xml,
    ) -> Result<(), Unplayable> {
        let mut world = self.state.world();
        let member = member_named(&world, who)?;
        tell_event(&self.state, &mut world, &member.userid, event, add);
        drop(world);
        self.state.ring();
        Ok(())
    }

    /// A member's app tells where they are.
    ///
    /// # Errors
    /// `NoPerson`.
    pub fn report_position(&self, who: &str) -> Result<(), Unplayable> {
        self.member_event(who, "LOCATION", |inner| {
            let inner = inner.number("Latitude", "23.104").number("Longitude", "113.320");
            inner.number("Precision", "65.000").text("AppType", "wxwork")
        })
    }

    /// A member sends a place.
    ///
    /// # Errors
    /// `NoPerson`, `NoChat`.
    pub fn send_place(&self, who: &str, name: &str) -> Result<i64, Unplayable> {
        let content = Content::Location { name: name.to_owned(), address: String::new() };
        self.send_other(who, "location", content, |inner| {
            let inner = inner.number("Location_X", "23.134").number("Location_Y", "113.358");
            let inner = inner.number("Scale", 20).text("Label", name);
            inner.text("AppType", "wxwork")
        })
    }

    /// A member shares a page.
    ///
    /// # Errors
    /// `NoPerson`, `NoChat`.
    pub fn send_link(&self, who: &str, title: &str, url: &str) -> Result<i64, Unplayable> {
        let (about, to) = (String::new(), url.to_owned());
        let content = Content::Link { title: title.to_owned(), about, url: to };
        self.send_other(who, "link", content, |inner| {
            let inner = inner.text("Title", title).text("Description", "");
            inner.text("Url", url).text("PicUrl", "")
        })
    }

    /// A member sends something of a kind that no document knows.
    ///
    /// # Errors
    /// `NoPerson`, `NoChat`.
    pub fn send_unknown(&self, who: &str, kind: &str) -> Result<i64, Unplayable> {
        self.send_other(who, kind, Content::Service(format!("sent: {kind}")), |inner| inner)
    }

    fn send_other(
        &self,
        who: &str,
        kind: &str,
        content: Content,
        add: impl FnOnce(Xml) -> Xml,
    ) -> Result<i64, Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let member = member_named(&world, who)?;
        let place = Place::App(member.userid.clone());
        let chat = world.chat_at(&place).cloned().ok_or(Unplayable::NoChat)?;
        let msgid = tell(state, &mut world, &member.userid, kind, add);
        let author = Author::Member(member.userid);
        let message = post(state, &mut world, &chat, author, content, &msgid);
        drop(world);
        state.changed_message(&message);
        state.ring();
        Ok(message.id)
    }

    /// A member comes into the app's visible range, or leaves it.
    ///
    /// # Errors
    /// `NoPerson`.
    pub fn show_app(&self, who: &str, visible: bool) -> Result<(), Unplayable> {
        self.change_member(who, |member| member.visible = visible)?;
        let event = if visible { "subscribe" } else { "unsubscribe" };
        self.member_event(who, event, |inner| inner)
    }

    /// A member gets a licence for the app's messages, or loses it.
    ///
    /// # Errors
    /// `NoPerson`.
    pub fn license(&self, who: &str, licensed: bool) -> Result<(), Unplayable> {
        self.change_member(who, |member| member.licensed = licensed)
    }

    /// A member reads in WeChat from now on, or in WeCom.
    ///
    /// # Errors
    /// `NoPerson`.
    pub fn read_in_wechat(&self, who: &str, in_wechat: bool) -> Result<(), Unplayable> {
        self.change_member(who, |member| member.in_wechat = in_wechat)
    }

    fn change_member(&self, who: &str, change: impl FnOnce(&mut Member)) -> Result<(), Unplayable> {
        let mut world = self.state.world();
        let mut member = member_named(&world, who)?;
        change(&mut member);
        let place = Place::App(member.userid.clone());
        world.keep(Record::Member(member));
        let chat = world.chat_at(&place).map(|chat| chat.id);
        drop(world);
        if let Some(chat) = chat {
            self.state.changed(Change::Chat { chat });
        }
        Ok(())
    }
}
