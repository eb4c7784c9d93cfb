//! What is said to the AI bot, by callback or over its connection: the same objects either way.
//!
//! Source: developer.work.weixin.qq.com/document/path/100719, 101027 and 101463.

use picdesk_core::{
    channel::{Arrival, Attachment, Lane, MediaRef, OtherKind},
    event::{Entrance, Event, Greet, Message, Press, Rating, ReplyTo, Setting},
    id::{MessageId, TapId},
};
use serde_json::Value;
use url::Url;

use super::{Happening, digest, happened_at, person};
use crate::{
    address::{Address, is_id},
    config::BOT,
    streams::mark_of,
};

/// How long a file's address is good. Source: 100719.
const MEDIA_MS: i64 = 5 * 60 * 1000;

/// Pictures of one message that are looked at.
const PICTURES_MAX: usize = 32;

/// Something said to the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BotReading {
    /// Somebody wrote: an answer begins.
    Said(Said),
    /// Something else happened that is to be written down, with how it can be answered later.
    Happened(Said),
    /// WeCom asks how an answer goes on.
    Poll {
        /// The stream.
        stream: String,
    },
    /// Another connection took this one's place. Nothing more will come.
    Replaced,
    /// Somebody opened the chat for the first time today.
    Opened(Box<Arrival>),
    /// Something to be written down, and not to be answered.
    Noted(Box<Arrival>),
    /// Nothing that concerns us.
    Nothing,
}

/// Something that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What is written down.
    pub arrival: Box<Arrival>,
    /// Where.
    pub address: Address,
    /// The stream of its answer.
    pub stream: String,
    /// When it was said, milliseconds since the epoch.
    pub said_at: i64,
    /// Where a later answer goes, once.
    pub response_url: Option<String>,
    /// The button, where one was pressed.
    pub pressed: Option<Pressed>,
    /// What the words are known by that it quotes.
    pub quoted: Option<String>,
}

/// A button of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressed {
    /// The card's task.
    pub task: String,
    /// The button's key.
    pub key: String,
}

/// The stream that answers a message or a press: named by that, so that a repeated callback begins
/// no second one.
#[must_use]
pub fn stream_of(msgid: &str) -> String {
    // A press goes by our name for it, and so does a number that was typed for one.
    let own = msgid.strip_prefix(BOT).and_then(|rest| rest.strip_prefix(':')).unwrap_or(msgid);
    format!("s{}", digest(&[own.strip_prefix("msg:").unwrap_or(own)]))
}

/// Reads a message to the bot, which has this name where that is known.
#[must_use]
pub fn read_bot(text: &str, received_at: i64, name: &str) -> BotReading {
    let aside = |why| {
        let external_id = format!("{BOT}:aside:{}", digest(&[text]));
        let raw = text.as_bytes().to_vec();
        BotReading::Noted(Box::new(Arrival::SetAside { external_id, channel: BOT, why, raw }))
    };
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return aside("no JSON");
    };
    let told = Told { value: &value, text, received_at, name };
    match told.text("msgtype") {
        "stream" => match value["stream"]["id"].as_str() {
            Some(stream) if !stream.is_empty() => BotReading::Poll { stream: stream.to_owned() },
            _ => BotReading::Nothing,
        },
        "event" => told.event(),
        "" => aside("a message without its kind"),
        kind => match told.message(kind) {
            Some(said) => BotReading::Said(said),
            None => aside("a message without its sender or id"),
        },
    }
}

struct Told<'t> {
    value: &'t Value,
    text: &'t str,
    received_at: i64,
    name: &'t str,
}

impl<'t> Told<'t> {
    fn text(&self, name: &str) -> &'t str {
        self.value[name].as_str().unwrap_or_default()
    }

    fn user(&self) -> &'t str {
        self.value["from"]["userid"].as_str().unwrap_or_default()
    }

    fn address(&self) -> Option<Address> {
        let (user, group) = (self.user(), self.text("chatid"));
        let group = (self.text("chattype") == "group" && !group.is_empty()).then_some(group);
        (is_id(user) && group.is_none_or(is_id))
            .then(|| Address::Talk { group: group.map(str::to_owned), user: user.to_owned() })
    }

    fn at(&self) -> i64 {
        happened_at(self.value["create_time"].as_i64(), self.received_at)
    }

    fn setting(address: &Address) -> Setting {
        match address {
            Address::Talk { group: Some(_), .. } => Setting::Group,
            _ => Setting::Private,
        }
    }

    fn said(&self, address: Address, lane: Lane, event: Event) -> Option<Said> {
        let id = self.text("msgid");
        if id.is_empty() {
            return None;
        }
        let happening = Happening {
            external_id: format!("{BOT}:msg:{id}"),
            conversation: address.conversation(),
            lane,
            happened_at: self.at(),
        };
        let response_url = self.text("response_url");
        Some(Said {
            arrival: Box::new(happening.arrival(event, self.text.as_bytes().to_vec())),
            address,
            stream: stream_of(id),
            said_at: self.at(),
            response_url: is_web(response_url).then(|| response_url.to_owned()),
            pressed: None,
            quoted: None,
        })
    }

    fn message(&self, kind: &str) -> Option<Said> {
        let address = self.address()?;
        let setting = Self::setting(&address);
        let (mut text, attachments) = self.content(self.value, kind);
        if setting == Setting::Group {
            text = without_our_name(&text, self.name);
        }
        let event = Event::MessageReceived(Message {
            from: person(&address, self.user()),
            setting,
            id: self.text("msgid").into(),
            text,
            attachments,
            album: None,
            reply_to: self.quote(),
        });
        let quoted = self.quoted();
        self.said(address, Lane::Conversation, event).map(|said| Said { quoted, ..said })
    }

    /// Words and pictures of a message or of what it quotes.
    fn content(&self, value: &Value, kind: &str) -> (String, Vec<Attachment>) {
        let text = |value: &Value| value["content"].as_str().unwrap_or_default().to_owned();
        let other = |kind| (String::new(), vec![Attachment::Other(kind)]);
        match kind {
            // A voice message comes as words already.
            "text" | "voice" => (text(&value[kind]), Vec::new()),
            "image" => (String::new(), vec![self.picture(&value["image"])]),
            "mixed" => self.mixed(&value["mixed"]["msg_item"]),
            "file" => other(OtherKind::File),
            "video" => other(OtherKind::Video),
            _ => other(OtherKind::Something),
        }
    }

    fn mixed(&self, items: &Value) -> (String, Vec<Attachment>) {
        let (mut text, mut attachments) = (String::new(), Vec::new());
        for item in items.as_array().into_iter().flatten().take(PICTURES_MAX) {
            // One level, as WeCom has it: a mixture in a mixture is none.
            match item["msgtype"].as_str().unwrap_or_default() {
                "text" => {
                    if !text.is_empty() {
                        text.push('\n');
                    }
                    text.push_str(item["text"]["content"].as_str().unwrap_or_default());
                }
                "image" => attachments.push(self.picture(&item["image"])),
                _ => attachments.push(Attachment::Other(OtherKind::Something)),
            }
        }
        (text, attachments)
    }

    fn picture(&self, image: &Value) -> Attachment {
        let url = image["url"].as_str().unwrap_or_default();
        if !is_web(url) {
            return Attachment::Other(OtherKind::Something);
        }
        let key = image["aeskey"].as_str().unwrap_or_default();
        // The signature in an address is another each time, the path is not.
        let path = url.split(['?', '#']).next().unwrap_or(url);
        Attachment::Picture(MediaRef {
            handle: format!("{key} {url}"),
            unique: digest(&[path]),
            bytes: None,
            size: None,
            name: None,
            fetch_before: Some(self.at().saturating_add(MEDIA_MS)),
        })
    }

    fn quote(&self) -> Option<ReplyTo> {
        let quote = &self.value["quote"];
        let kind = quote["msgtype"].as_str()?;
        let (text, mut attachments) = self.content(quote, kind);
        attachments.retain(|attachment| matches!(attachment, Attachment::Picture(_)));
        // What is quoted has no id: its content has to do. Whether it is ours, its words tell.
        let message = MessageId(format!("quote:{}", digest(&[kind, &text])));
        Some(ReplyTo { message, ours: false, attachments })
    }

    /// What the words are known by that are quoted.
    fn quoted(&self) -> Option<String> {
        let quote = &self.value["quote"];
        mark_of(&self.content(quote, quote["msgtype"].as_str()?).0)
    }

    fn event(&self) -> BotReading {
        let event = &self.value["event"];
        match event["eventtype"].as_str().unwrap_or_default() {
            "enter_chat" => self.opened(),
            "template_card_event" => self.tap(&event["template_card_event"]),
            "feedback_event" => self.feedback(&event["feedback_event"]),
            "disconnected_event" => BotReading::Replaced,
            _ => BotReading::Nothing,
        }
    }

    fn opened(&self) -> BotReading {
        let Some(address) = self.address() else { return BotReading::Nothing };
        let entrance = Entrance {
            who: person(&address, self.user()),
            scene: None,
            scene_param: None,
            // It is greeted in the answer to the callback or not at all.
            greet: Greet::No,
        };
        let event = Event::ChatEntered(entrance);
        match self.said(address, Lane::Conversation, event) {
            Some(said) => BotReading::Opened(said.arrival),
            None => BotReading::Nothing,
        }
    }

    fn tap(&self, card: &Value) -> BotReading {
        let token = card["event_key"].as_str().unwrap_or_default();
        let Some(address) = self.address().filter(|_| !token.is_empty()) else {
            return BotReading::Nothing;
        };
        let event = Event::ButtonPressed(Press {
            by: person(&address, self.user()),
            setting: Self::setting(&address),
            tap: TapId(format!("{BOT}:{}", self.text("msgid"))),
            message: None,
            token: token.to_owned(),
        });
        let lane = Lane::Taps(address.identity().0);
        let task = card["task_id"].as_str().unwrap_or_default().to_owned();
        let pressed = Some(Pressed { task, key: token.to_owned() });
        let said = self.said(address, lane, event).map(|said| Said { pressed, ..said });
        said.map_or(BotReading::Nothing, BotReading::Happened)
    }

    fn feedback(&self, feedback: &Value) -> BotReading {
        let rating = match feedback["type"].as_i64() {
            Some(1) => Rating::Good,
            Some(2) => Rating::Bad,
            Some(3) => Rating::Withdrawn,
            _ => return BotReading::Nothing,
        };
        let Some(address) = self.address() else { return BotReading::Nothing };
        let event = Event::AnswerRated {
            by: person(&address, self.user()),
            message: feedback["id"].as_str().unwrap_or_default().into(),
            rating,
        };
        match self.said(address, Lane::Conversation, event) {
            Some(said) => BotReading::Noted(said.arrival),
            None => BotReading::Nothing,
        }
    }
}

/// Whether something is an address on the web.
fn is_web(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// In a group the bot is called by its name, wherever in the words that is. Where the name is not
/// known it is one word: the first of all, else the last, else whichever is called.
fn without_our_name(text: &str, name: &str) -> String {
    let text = text.trim();
    let named = (!name.is_empty()).then(|| called(text, name)).flatten();
    let Some((before, after)) = named.or_else(|| called_somehow(text)) else {
        return text.to_owned();
    };
    let (before, after) = (before.trim_end(), after.trim_start());
    let between = if before.is_empty() || after.is_empty() { "" } else { " " };
    format!("{before}{between}{after}")
}

/// What stands before and after a call by this name.
fn called<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    text.match_indices('@').find_map(|(at, _)| {
        let after = text.get(at + 1..)?.strip_prefix(name)?;
        Some((text.get(..at)?, after))
    })
}

/// The same by a name that is not known. An address has an `@` too, with a letter before it.
fn called_somehow(text: &str) -> Option<(&str, &str)> {
    let all = text.match_indices('@').filter_map(|(at, _)| {
        let (before, called) = (text.get(..at)?, text.get(at + 1..)?);
        let is_address = before.ends_with(|letter: char| letter.is_ascii_alphanumeric());
        let end = called.find(char::is_whitespace).unwrap_or(called.len());
        (!is_address && end > 0).then(|| (before, called.get(end..).unwrap_or_default()))
    });
    let all: Vec<(&str, &str)> = all.collect();
    let first = all.first().filter(|(before, _)| before.is_empty());
    let last = all.last().filter(|(_, after)| after.is_empty());
    first.or(last).or(all.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::without_our_name;

    #[test]
    fn the_bots_name_is_nothing_of_what_is_said_to_it_wherever_it_stands() {
        for said in ["@画图助手 余额", "余额 @画图助手", "余额@画图助手 ", "@画图助手\u{2005}余额 "]
        {
            assert_eq!(without_our_name(said, ""), "余额", "{said:?}");
        }
        assert_eq!(without_our_name("画 @画图助手 一只猫", ""), "画 一只猫");
        assert_eq!(without_our_name("@画图助手 画给 @小明", ""), "画给 @小明");
        assert_eq!(without_our_name("a card for me@example.com", ""), "a card for me@example.com");
        assert_eq!(without_our_name("@画图助手", ""), "");
        for said in ["@My Bot balance", "balance @My Bot", "balance\n@My Bot "] {
            assert_eq!(without_our_name(said, "My Bot"), "balance", "{said:?}");
        }
        assert_eq!(without_our_name("@小明 画的猫 @My Bot", "My Bot"), "@小明 画的猫");
        // It is called otherwise there.
        assert_eq!(without_our_name("@Bot balance", "My Bot"), "balance");
    }
}
