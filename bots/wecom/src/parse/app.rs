//! The app's one callback: members' messages and taps, doorbells of accounts, contacts.
//!
//! Source: developer.work.weixin.qq.com/document/path/90239, 90240 and 94670.

use picdesk_core::{
    channel::{Arrival, Attachment, Lane, MediaRef, OtherKind},
    event::{Entrance, Event, Greet, Message, Presence, Press, Setting, Warning},
    id::{ConversationId, MessageId, TapId},
};

use super::{DOORBELL_TOKEN_BYTES_MAX, Doorbell, Happening, contact, digest, happened_at, person};
use crate::{
    address::{Address, At, account_place, app_place, is_id},
    answer::{account_named, app_named},
    config::{APP, MEDIA_MS},
    xml::Fields,
};

/// Endings by which a file is known as a picture.
const PICTURE_ENDINGS: &[&str] = &["png", "jpg", "jpeg", "webp", "gif", "bmp", "heic"];

/// What a menu's key begins with, where it stands for a command.
const MENU_KEY: &str = "MENU_";

/// What a callback turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Something to be written down.
    Arrival(Arrival),
    /// An account has news.
    Doorbell(Doorbell),
    /// Nothing that concerns us.
    Nothing,
}

/// A message or event with what all of them have.
pub(super) struct Told<'f> {
    pub fields: &'f Fields<'f>,
    pub happened_at: i64,
    pub raw: Vec<u8>,
}

/// Reads what was in the envelope. `raw` are its bytes, kept beside the event.
#[must_use]
pub fn read_app(fields: &Fields<'_>, raw: Vec<u8>, received_at: i64) -> Reading {
    let created_at = fields.text("CreateTime").parse().ok();
    let told = Told { fields, happened_at: happened_at(created_at, received_at), raw };
    match fields.text("MsgType") {
        "event" => told.event(),
        kind => told.message(kind),
    }
}

impl Told<'_> {
    fn sender(&self) -> Option<Address> {
        let user = self.fields.text("FromUserName");
        is_id(user).then(|| Address::Member { user: user.to_owned() })
    }

    fn message(self, kind: &str) -> Reading {
        let id = self.fields.text("MsgId");
        let Some(from) = self.sender().filter(|_| !id.is_empty()) else {
            return self.set_aside("a message without its sender or id");
        };
        let attachment = self.attachment(kind);
        let text = if kind == "text" { self.fields.text("Content") } else { "" };
        let event = Event::MessageReceived(Message {
            from: person(&from, self.fields.text("FromUserName")),
            setting: Setting::Private,
            id: MessageId(id.to_owned()),
            text: text.to_owned(),
            attachments: attachment.into_iter().collect(),
            album: None,
            reply_to: None,
        });
        let external_id = format!("{APP}:msg:{id}");
        self.arrival(external_id, from.conversation(), Lane::Conversation, event)
    }

    fn attachment(&self, kind: &str) -> Option<Attachment> {
        Some(match kind {
            "text" => return None,
            "image" => self.picture(None),
            "voice" => Attachment::Other(OtherKind::Audio),
            "video" => Attachment::Other(OtherKind::Video),
            "location" => Attachment::Other(OtherKind::Location),
            "file" => match self.fields.find("FileName").filter(|name| is_picture(name)) {
                Some(name) => self.picture(Some(name)),
                None => Attachment::Other(OtherKind::File),
            },
            _ => Attachment::Other(OtherKind::Something),
        })
    }

    fn picture(&self, name: Option<&str>) -> Attachment {
        let media = self.fields.text("MediaId");
        if media.is_empty() {
            return Attachment::Other(OtherKind::Something);
        }
        Attachment::Picture(media_ref(media, name, self.happened_at))
    }

    fn event(self) -> Reading {
        match self.fields.text("Event") {
            "kf_msg_or_event" => self.doorbell(),
            "change_external_contact" => contact::read_contact(self),
            "subscribe" => self.presence(true),
            "unsubscribe" => self.presence(false),
            "enter_agent" => self.entrance(),
            "click" => self.menu_click(),
            "template_card_event" | "template_card_menu_event" => self.card_tap(),
            "inactive_alert" | "low_active_alert" | "low_active" => self.warning(Warning::AppIdle),
            "close_inactive_agent" => self.warning(Warning::AppClosed),
            "reopen_inactive_agent" | "active_restored" => self.warning(Warning::AppOpen),
            "kf_account_auth_change" => self.warning(Warning::AccountsChanged),
            // LOCATION, view, view_miniprogram, scancode_*, pic_*, location_select, batch jobs,
            // approvals, the address book: nothing is drawn from them.
            _ => Reading::Nothing,
        }
    }

    fn doorbell(self) -> Reading {
        let token = self.fields.text("Token");
        if token.len() > DOORBELL_TOKEN_BYTES_MAX {
            return Reading::Nothing;
        }
        let account = self.fields.find("OpenKfId").filter(|account| is_id(account));
        Reading::Doorbell(Doorbell { account: account.map(str::to_owned), token: token.to_owned() })
    }

    fn presence(self, reachable: bool) -> Reading {
        let Some(from) = self.sender() else { return Reading::Nothing };
        let who = person(&from, self.fields.text("FromUserName"));
        let event = Event::PresenceChanged(Presence { who, reachable });
        self.named_by_digest(from.conversation(), Lane::Conversation, event)
    }

    fn entrance(self) -> Reading {
        let Some(from) = self.sender() else { return Reading::Nothing };
        let event = Event::ChatEntered(Entrance {
            who: person(&from, self.fields.text("FromUserName")),
            scene: None,
            scene_param: None,
            greet: Greet::Freely,
        });
        self.named_by_digest(from.conversation(), Lane::Conversation, event)
    }

    /// The owner's menu: its keys are the words that it stands for.
    fn menu_click(self) -> Reading {
        let key = self.fields.text("EventKey");
        let Some(from) = self.sender().filter(|_| !key.is_empty()) else {
            return Reading::Nothing;
        };
        let text = match key.strip_prefix(MENU_KEY) {
            Some(command) => format!("/{}", command.to_ascii_lowercase()),
            None => key.to_owned(),
        };
        let event = Event::MessageReceived(Message {
            from: person(&from, self.fields.text("FromUserName")),
            setting: Setting::Private,
            id: MessageId(self.digest()),
            text,
            attachments: Vec::new(),
            album: None,
            reply_to: None,
        });
        self.named_by_digest(from.conversation(), Lane::Conversation, event)
    }

    fn card_tap(self) -> Reading {
        let token = self.fields.text("EventKey");
        let Some(from) = self.sender().filter(|_| !token.is_empty()) else {
            return Reading::Nothing;
        };
        let code = self.fields.find("ResponseCode").filter(|code| !code.is_empty());
        let event = Event::ButtonPressed(Press {
            by: person(&from, self.fields.text("FromUserName")),
            setting: Setting::Private,
            tap: TapId(format!("{APP}:{}", self.digest())),
            message: code.map(|code| At::Pressed(code).id()),
            token: token.to_owned(),
        });
        let lane = Lane::Taps(from.identity().0);
        self.named_by_digest(from.conversation(), lane, event)
    }

    fn warning(self, warning: Warning) -> Reading {
        let account = self.fields.find("OpenKfId").filter(|account| is_id(account));
        let place = account.map_or_else(app_place, account_place);
        let of = match warning {
            Warning::AccountsChanged => self.accounts(),
            _ => app_named(self.fields.text("AgentID")),
        };
        let event = Event::ChannelWarned { warning, of };
        self.named_by_digest(place, Lane::Conversation, event)
    }

    /// The accounts that came or went.
    fn accounts(&self) -> String {
        let named = |field, how| {
            let accounts = self.fields.all(field).filter(|account| is_id(account));
            accounts.map(move |account| format!("{account} ({how})"))
        };
        let (came, went) =
            (named("AuthAddOpenKfId", "added"), named("AuthDelOpenKfId", "taken away"));
        account_named(&came.chain(went).collect::<Vec<_>>().join(", "))
    }

    /// What tells an event apart, which has no id. Source: 90238, sender and time; and more, since
    /// a person may press twice in a second.
    fn digest(&self) -> String {
        let names = [
            "FromUserName",
            "CreateTime",
            "Event",
            "ChangeType",
            "EventKey",
            "TaskId",
            "ResponseCode",
            "UserID",
            "ExternalUserID",
            "AuthAddOpenKfId",
            "AuthDelOpenKfId",
        ];
        digest(&names.map(|name| self.fields.text(name)))
    }

    pub fn named_by_digest(self, place: ConversationId, lane: Lane, event: Event) -> Reading {
        let external_id = format!("{APP}:event:{}", self.digest());
        self.arrival(external_id, place, lane, event)
    }

    fn arrival(
        self,
        external_id: String,
        conversation: ConversationId,
        lane: Lane,
        event: Event,
    ) -> Reading {
        let happened_at = self.happened_at;
        let happening = Happening { external_id, conversation, lane, happened_at };
        Reading::Arrival(happening.arrival(event, self.raw))
    }

    fn set_aside(self, why: &'static str) -> Reading {
        let text = String::from_utf8_lossy(&self.raw);
        let external_id = format!("{APP}:aside:{}", digest(&[&text]));
        Reading::Arrival(Arrival::SetAside { external_id, channel: APP, why, raw: self.raw })
    }
}

/// A file at WeCom, which gives it away for three days.
pub(super) fn media_ref(media: &str, name: Option<&str>, happened_at: i64) -> MediaRef {
    MediaRef {
        handle: media.to_owned(),
        unique: media.to_owned(),
        bytes: None,
        size: None,
        name: name.map(str::to_owned),
        fetch_before: Some(happened_at.saturating_add(MEDIA_MS)),
    }
}

/// Whether a file's name is a picture's.
pub(super) fn is_picture(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, end)| PICTURE_ENDINGS.iter().any(|one| one.eq_ignore_ascii_case(end)))
}
