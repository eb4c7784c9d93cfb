//! From a message to calls. Pure: what comes out is what is sent.
//!
//! Lengths are bytes of UTF-8, as WeCom counts them; it cuts silently, also through an address, so
//! nothing longer leaves here. Nothing a person wrote is markup: see [`text`].

pub mod app;
pub mod bot;
mod card;
pub mod kf;
pub mod text;

use std::borrow::Cow;

use picdesk_core::{
    channel::{Button, ButtonTarget, OutboundFile, Refusal},
    id::{MessageId, OutboundId},
};
use serde_json::{Value, json};

use crate::{
    address::SendName,
    call::{Body, Call, Upload},
    config::MEDIA_MS,
};

/// A file's handle is used no longer than this, so that it does not lapse on the way.
const HANDLE_MS: i64 = MEDIA_MS - 60 * 60 * 1000;

/// What a message becomes that becomes no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlan {
    /// Nothing is to be done.
    Nothing,
    /// It cannot go there.
    Refused(Refusal),
    /// Its file has lapsed: it has to come along.
    Reupload,
}

/// The calls of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The file that goes up first.
    pub upload: Option<Upload>,
    /// The handle of a file that is up already.
    pub known: Option<String>,
    /// The calls that show something.
    pub sends: Vec<Send>,
    /// Tokens of buttons that are answered by a number, in the order of their numbers; an empty
    /// one is of a line that cannot be chosen.
    pub numbered: Vec<String>,
}

/// One call that shows something.
#[derive(Clone, Debug, PartialEq)]
pub struct Send {
    /// The call, perhaps still without its file.
    pub call: Call,
    /// Where in its body the file's id goes: `image` for `image.media_id`.
    pub media: Option<&'static str>,
    /// Its name, where it has one.
    pub name: Option<SendName>,
    /// Whether the message is delivered without it.
    pub optional: bool,
    /// What it is for whoever is known to read in WeCom.
    pub in_wecom: InWecom,
}

/// What a send is for whoever is known to read in WeCom, where cards and markdown are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum InWecom {
    /// What it is for everybody.
    #[default]
    Same,
    /// Nothing: the card beside it says all of it.
    Nothing,
    /// This call.
    Instead(Call),
}

impl Send {
    fn new(call: Call, name: SendName) -> Self {
        let in_wecom = InWecom::Same;
        Self { call, media: None, name: Some(name), optional: false, in_wecom }
    }

    fn carrying(mut self, media: &'static str) -> Self {
        self.media = Some(media);
        self
    }

    fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// The send for whoever reads in WeCom; nothing where it says nothing more to them.
    #[must_use]
    pub fn in_wecom(&self) -> Option<Cow<'_, Self>> {
        match &self.in_wecom {
            InWecom::Same => Some(Cow::Borrowed(self)),
            InWecom::Nothing => None,
            InWecom::Instead(call) => Some(Cow::Owned(Self { call: call.clone(), ..self.clone() })),
        }
    }

    /// To whoever reads in WeCom it says this, in a message of this kind.
    fn instead(&mut self, kind: &str, words: &str) {
        let mut call = self.call.clone();
        if let Body::Json(Value::Object(body)) = &mut call.body {
            body.remove("text");
            body.insert("msgtype".into(), Value::from(kind));
            body.insert(kind.into(), json!({ "content": words }));
        }
        self.in_wecom = InWecom::Instead(call);
    }

    /// The call with the file's id in its place.
    #[must_use]
    pub fn with_media(&self, media_id: Option<&str>) -> Cow<'_, Call> {
        let (Some(key), Some(id)) = (self.media, media_id) else {
            return Cow::Borrowed(&self.call);
        };
        let mut call = self.call.clone();
        if let Body::Json(body) = &mut call.body {
            body[key]["media_id"] = Value::from(id);
        }
        Cow::Owned(call)
    }
}

/// Counts the sends of a message.
struct Names {
    outbound: OutboundId,
    next: u8,
}

impl Names {
    fn of(outbound: OutboundId) -> Self {
        Self { outbound, next: 0 }
    }

    fn next(&mut self, essential: bool) -> SendName {
        let part = self.next;
        self.next = self.next.saturating_add(1);
        SendName { outbound: self.outbound, part, essential }
    }
}

/// The handle of an uploaded file: its id, and until when that is good.
#[must_use]
pub fn handle(media_id: &str, uploaded_at: i64) -> String {
    format!("{}:{media_id}", uploaded_at.saturating_add(HANDLE_MS))
}

/// The id in a handle of ours, unless it has lapsed; of a received file, the handle itself.
#[must_use]
pub fn read_handle(handle: &str, now: i64) -> Option<&str> {
    match handle.split_once(':') {
        Some((until, media_id)) => match until.parse::<i64>() {
            Ok(until) => (until > now).then_some(media_id),
            Err(_) => Some(handle),
        },
        None => Some(handle),
    }
}

/// A file on its way: to be uploaded, or up already.
enum Carried {
    Upload(Upload),
    Known(String),
    Lapsed,
    Missing,
}

impl Carried {
    fn of(file: Option<OutboundFile>, kind: &'static str, now: i64) -> Self {
        match file {
            None => Self::Missing,
            Some(OutboundFile::Known { handle }) => match read_handle(&handle, now) {
                Some(_) => Self::Known(handle),
                None => Self::Lapsed,
            },
            Some(OutboundFile::Upload { bytes, name, media_type }) => {
                Self::Upload(Upload::new(bytes, &name, media_type, kind))
            }
        }
    }

    /// Puts the file into a plan; what it becomes instead where that cannot be.
    fn into_plan(self, plan: &mut Plan) -> Result<(), NoPlan> {
        match self {
            Self::Upload(upload) => plan.upload = Some(upload),
            Self::Known(handle) => plan.known = Some(handle),
            Self::Lapsed => return Err(NoPlan::Reupload),
            Self::Missing => return Err(NoPlan::Nothing),
        }
        Ok(())
    }
}

/// Buttons that come back to us, in order.
fn tokens(buttons: &[Vec<Button>]) -> Vec<(&str, &str)> {
    buttons
        .iter()
        .flatten()
        .filter_map(|button| match &button.target {
            ButtonTarget::Token(token) => Some((button.label.as_str(), token.as_str())),
            ButtonTarget::Url(_) | ButtonTarget::Copy(_) => None,
        })
        .collect()
}

/// What stands in the place of a button that leads somewhere or gives something away.
fn as_line(button: &Button) -> Option<String> {
    match &button.target {
        ButtonTarget::Token(_) => None,
        ButtonTarget::Url(text) | ButtonTarget::Copy(text) => {
            Some(format!("{}: {text}", button.label))
        }
    }
}

/// Where a message goes that may take an earlier one's place.
fn earlier(edit: Option<&MessageId>) -> Option<crate::address::At<'_>> {
    edit.map(crate::address::At::of)
}
