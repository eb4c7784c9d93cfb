//! How what is kept becomes what is seen.

use super::{
    ButtonView, FileView, LastView, MessageView, PictureView, ReplyView, SenderView, SummaryView,
};
use crate::wecom::cards::{Press, presses, text as card_text};
use crate::wecom::message::{Author, Content, MenuLine, Message, Stored};
use crate::wecom::people::{Chat, Place};
use crate::wecom::world::World;

/// What a client in WeChat shows instead of markdown and cards.
const UNSEEN: &str = "[此消息请在企业微信中查看]";

/// Aliases of who is in a chat, first whose it is.
pub fn players_of(world: &World, chat: &Chat) -> Vec<String> {
    let member = |id: &String| world.members.get(id).map(|it| it.alias.clone());
    let customer = |id: &String| world.customers.get(id).map(|it| it.alias.clone());
    match &chat.place {
        Place::App(id) | Place::Bot(id) => member(id).into_iter().collect(),
        Place::Kf(kf, id) => {
            let servicers = world.accounts.get(kf).map(|it| it.servicers.as_slice());
            let servicers = servicers.unwrap_or_default().iter();
            customer(id).into_iter().chain(servicers.filter_map(|it| member(&it.userid))).collect()
        }
        Place::BotGroup(_, ids) | Place::Robot(ids) => ids.iter().filter_map(member).collect(),
        Place::Contact(id, userid) => customer(id).into_iter().chain(member(userid)).collect(),
    }
}

/// A chat in short.
pub fn summary_view(world: &World, desk: &str, chat: &Chat) -> SummaryView {
    let last = world.messages.get(&chat.id).and_then(|messages| messages.values().next_back());
    SummaryView {
        chat: chat.id,
        alias: chat.alias.clone(),
        kind: chat.kind(),
        title: chat.title.clone(),
        players: players_of(world, chat),
        last: last.map(|message| LastView {
            message: message.id,
            from: sender_view(world, desk, &message.from).name,
            text: beginning(world, message),
            at_ms: message.at_ms,
        }),
    }
}

fn sender_view(world: &World, desk: &str, from: &Author) -> SenderView {
    let person = |id: &str, known: Option<(&String, &String)>| SenderView {
        id: id.to_owned(),
        name: known.map_or_else(|| id.to_owned(), |(name, _)| name.clone()),
        bot: false,
        player: known.map(|(_, alias)| alias.clone()),
    };
    match from {
        Author::Desk => {
            SenderView { id: String::new(), name: desk.to_owned(), bot: true, player: None }
        }
        Author::System => {
            SenderView { id: "sys".into(), name: "WeCom".into(), bot: false, player: None }
        }
        Author::Member(id) => person(id, world.members.get(id).map(|it| (&it.name, &it.alias))),
        Author::Customer(id) => {
            person(id, world.customers.get(id).map(|it| (&it.nickname, &it.alias)))
        }
    }
}

/// The address of bytes on the page's server.
fn file_url(blob: &str) -> String {
    format!("/sandbox/api/file/wecom-{blob}")
}

fn picture_view(stored: &Stored) -> PictureView {
    PictureView {
        url: file_url(&stored.blob),
        width: stored.width,
        height: stored.height,
        blob: stored.blob.clone(),
    }
}

fn file_view(stored: &Stored) -> FileView {
    FileView {
        url: file_url(&stored.blob),
        name: Some(stored.name.clone()),
        mime: Some(stored.mime.clone()),
        bytes: stored.bytes,
        blob: stored.blob.clone(),
    }
}

/// A content, taken apart.
struct Parts {
    sort: String,
    text: String,
    pictures: Vec<PictureView>,
    document: Option<FileView>,
    buttons: Vec<Vec<ButtonView>>,
    replaced: Option<String>,
    finished: bool,
}

impl Parts {
    fn words(sort: &str, text: String) -> Self {
        Self {
            sort: sort.to_owned(),
            text,
            pictures: Vec::new(),
            document: None,
            buttons: Vec::new(),
            replaced: None,
            finished: true,
        }
    }
}

fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn button(text: &str, data: Option<String>, url: Option<String>, disabled: bool) -> ButtonView {
    ButtonView { text: text.to_owned(), data, url, copy: None, style: None, disabled }
}

fn line_button(line: &MenuLine) -> Option<ButtonView> {
    match line {
        MenuLine::Click { id, content } => Some(button(content, Some(id.clone()), None, false)),
        MenuLine::View { url, content } => Some(button(content, None, Some(url.clone()), false)),
        MenuLine::Miniprogram { content } => Some(button(content, None, None, true)),
        MenuLine::Text { .. } => None,
    }
}

fn card_buttons(card: &serde_json::Value, replaced: Option<&String>) -> Vec<Vec<ButtonView>> {
    let row = |press: Press| {
        let is_over = replaced.is_some() && press.key.is_some() && !press.in_menu;
        let text = replaced.filter(|_| is_over).unwrap_or(&press.text);
        vec![button(text, press.key.clone(), press.url.clone(), is_over)]
    };
    presses(card).into_iter().map(row).collect()
}

fn parts(content: &Content) -> Parts {
    match content {
        Content::Text { text, markdown } => {
            Parts::words(if *markdown { "markdown" } else { "text" }, text.clone())
        }
        Content::Image(stored) => {
            let pictures = vec![picture_view(stored)];
            Parts { pictures, ..Parts::words("image", String::new()) }
        }
        Content::File(kind, stored) => {
            Parts { document: Some(file_view(stored)), ..Parts::words(kind, String::new()) }
        }
        Content::Location { name, address } => Parts::words("location", joined(&[name, address])),
        Content::Link { title, about, url } => {
            let open = vec![vec![button(title, None, Some(url.clone()), false)]];
            Parts { buttons: open, ..Parts::words("link", joined(&[title, about])) }
        }
        Content::Menu { head, lines, tail } => {
            let mut text = vec![head.as_str()];
            let plain = lines.iter().filter(|line| matches!(line, MenuLine::Text { .. }));
            text.extend(plain.map(MenuLine::content));
            text.push(tail);
            let buttons = lines.iter().filter_map(line_button).map(|it| vec![it]).collect();
            Parts { buttons, ..Parts::words("menu", joined(&text)) }
        }
        Content::Card { card, replaced } => Parts {
            buttons: card_buttons(card, replaced.as_ref()),
            replaced: replaced.clone(),
            ..Parts::words("card", card_text(card))
        },
        Content::Stream { text, finished, pictures, card, updated } => {
            let changed = card.as_ref().filter(|_| *updated).map(card_text).unwrap_or_default();
            Parts {
                pictures: pictures.iter().map(picture_view).collect(),
                buttons: card.as_ref().map(|card| card_buttons(card, None)).unwrap_or_default(),
                finished: *finished,
                ..Parts::words("stream", joined(&[text, &changed]))
            }
        }
        Content::Mixed { text, pictures } => Parts {
            pictures: pictures.iter().map(picture_view).collect(),
            ..Parts::words("mixed", text.clone())
        },
        Content::Service(words) => Parts::words("service", words.clone()),
    }
}

/// Whether the client of a chat's person leaves a message out.
fn is_unseen(world: &World, message: &Message) -> bool {
    let Some(Place::App(userid)) = world.chats.get(&message.chat).map(|it| &it.place) else {
        return false;
    };
    let is_formatted =
        matches!(message.content, Content::Card { .. } | Content::Text { markdown: true, .. });
    is_formatted && world.members.get(userid).is_some_and(|member| member.in_wechat)
}

/// A message as people see it.
pub fn message_view(world: &World, desk: &str, message: &Message) -> MessageView {
    let parts = if is_unseen(world, message) {
        Parts::words("unseen", UNSEEN.into())
    } else {
        parts(&message.content)
    };
    let kind = match parts.sort.as_str() {
        "service" => "service",
        _ if !parts.pictures.is_empty() => "photo",
        _ if parts.document.is_some() => "document",
        _ => "text",
    };
    let quoted = message.quote.and_then(|id| world.message(message.chat, id));
    MessageView {
        chat: message.chat,
        message: message.id,
        topic: None,
        at_ms: message.at_ms,
        edited_at_ms: message.edited_at_ms,
        edits: message.edits,
        from: sender_view(world, desk, &message.from),
        kind,
        sort: parts.sort,
        text: parts.text,
        entities: Vec::new(),
        picture: parts.pictures.first().cloned(),
        pictures: parts.pictures,
        document: parts.document,
        album: None,
        reply_to: quoted.map(|quoted| ReplyView {
            message: quoted.id,
            from: sender_view(world, desk, &quoted.from).name,
            text: beginning(world, quoted),
            picture: None,
        }),
        buttons: parts.buttons,
        replaced: parts.replaced,
        finished: parts.finished,
        failed: message.failed.clone(),
        menu_id: message.menu_id.clone(),
        msgid: message.msgid.clone(),
        reactions: Vec::new(),
    }
}

/// The first words of a message.
fn beginning(world: &World, message: &Message) -> String {
    if is_unseen(world, message) {
        return UNSEEN.into();
    }
    parts(&message.content).text.chars().take(120).collect()
}
