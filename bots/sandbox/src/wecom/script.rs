//! What people do: the other end of the API, for stories and for the phone page.

mod bot;
mod console;
mod contact;
mod customer;
mod member;
mod press;
mod servicer;

use axum::body::Bytes;

use super::WecomStandIn;
use super::message::{Author, Content, Message, Stored};
use super::people::{Chat, Customer, Member, Place};
use super::pictures;
use super::record::Media;
use super::refusal::Refusal;
use super::state::State;
use super::world::World;

pub use self::press::Pressed;

/// Why somebody cannot do that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unplayable {
    /// Nobody of that id or name.
    #[error("there is no such person")]
    NoPerson,
    /// No chat of that number or name, or the person is not in it.
    #[error("there is no such chat for this person")]
    NoChat,
    /// No message of that number there.
    #[error("there is no such message")]
    NoMessage,
    /// No button of that text or key, or it cannot be pressed.
    #[error("there is no such button to press")]
    NoButton,
    /// No such account or servicer.
    #[error("there is no such account or servicer")]
    NoAccount,
    /// The link was never given out, or was changed.
    #[error("this link leads nowhere")]
    NoLink,
    /// The session does not stand so that this can be done.
    #[error("the session does not stand so that this can be done")]
    WrongState,
    /// It is not theirs.
    #[error("this message is somebody else's")]
    NotTheirs,
    /// Neither words nor an attachment.
    #[error("say something, or attach something")]
    Nothing,
    /// A client would not send it there.
    #[error("this cannot be sent there")]
    NotThere,
    /// Three messages wait for the bot already.
    #[error("the bot still answers three messages of this person")]
    Busy,
    /// It was seen today already.
    #[error("this person has entered the chat today")]
    EnteredToday,
    /// The disk said no.
    #[error("the stand-in could not keep the file")]
    Disk,
}

impl From<Refusal> for Unplayable {
    fn from(_: Refusal) -> Self {
        Self::Disk
    }
}

/// A file that a person attaches.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// As it is called on their phone.
    pub name: String,
    /// The whole file.
    pub bytes: Bytes,
}

impl Attachment {
    /// Under this name.
    pub fn new(name: &str, bytes: impl Into<Bytes>) -> Self {
        Self { name: name.to_owned(), bytes: bytes.into() }
    }

    /// `image`, `voice`, `video` or `file`, by its first bytes.
    fn kind(&self) -> &'static str {
        match pictures::mime_of(&self.bytes) {
            "audio/amr" => "voice",
            "video/mp4" => "video",
            mime if mime.starts_with("image/") => "image",
            _ => "file",
        }
    }
}

/// Something a person says.
#[derive(Debug, Clone)]
pub struct Say {
    /// Where: a chat's alias or number.
    pub chat: String,
    /// Who: an alias or id; whose chat it is when empty.
    pub who: String,
    /// The words.
    pub text: String,
    /// Sent before the words, one message each; to the AI bot all in one.
    pub attachments: Vec<Attachment>,
    /// Which message of the chat it quotes; only the AI bot is told.
    pub quote: Option<i64>,
}

impl Say {
    /// Words, by whoever the chat belongs to.
    pub fn text(chat: &str, text: &str) -> Self {
        Self {
            chat: chat.to_owned(),
            who: String::new(),
            text: text.to_owned(),
            attachments: Vec::new(),
            quote: None,
        }
    }

    /// By somebody else in the chat.
    #[must_use]
    pub fn by(mut self, who: &str) -> Self {
        who.clone_into(&mut self.who);
        self
    }

    /// With one more attachment.
    #[must_use]
    pub fn with(mut self, name: &str, bytes: impl Into<Bytes>) -> Self {
        self.attachments.push(Attachment::new(name, bytes));
        self
    }

    /// Quoting a message.
    #[must_use]
    pub fn quoting(mut self, message: i64) -> Self {
        self.quote = Some(message);
        self
    }
}

/// Who speaks in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Speaker {
    Member(Member),
    Customer(Customer),
}

impl WecomStandIn {
    /// Says something; answers with the numbers of its messages.
    ///
    /// # Errors
    /// What a client would not let one do.
    pub fn perform(&self, say: &Say) -> Result<Vec<i64>, Unplayable> {
        if say.text.trim().is_empty() && say.attachments.is_empty() {
            return Err(Unplayable::Nothing);
        }
        let state = &self.state;
        let mut world = state.world();
        let chat = world.chat_named(&say.chat).cloned().ok_or(Unplayable::NoChat)?;
        let speaker = speaker(&world, &chat, &say.who)?;
        let messages = match (&chat.place, &speaker) {
            (Place::App(_), Speaker::Member(member)) => {
                member::speak(state, &mut world, &chat, member, say)?
            }
            (Place::Kf(kf, _), Speaker::Customer(customer)) => {
                customer::speak(state, &mut world, &chat, (kf, customer), say)?
            }
            (Place::Kf(kf, customer), Speaker::Member(member)) => {
                servicer::speak(state, &mut world, &chat, (kf, customer), member, say)?
            }
            (Place::Bot(_) | Place::BotGroup(..), Speaker::Member(member)) => {
                vec![bot::speak(state, &mut world, &chat, member, say)?]
            }
            // Nobody is told of what is said elsewhere.
            (Place::Robot(_) | Place::Contact(..), _) => {
                let author = author_of(&speaker);
                vec![post(state, &mut world, &chat, author, Content::words(&say.text), "")]
            }
            _ => return Err(Unplayable::NoChat),
        };
        drop(world);
        for message in &messages {
            state.changed_message(message);
        }
        state.ring();
        Ok(messages.iter().map(|message| message.id).collect())
    }

    /// Says words in a chat, as whoever it belongs to.
    ///
    /// # Errors
    /// As [`Self::perform`].
    pub fn say(&self, chat: &str, text: &str) -> Result<i64, Unplayable> {
        let messages = self.perform(&Say::text(chat, text))?;
        messages.last().copied().ok_or(Unplayable::Nothing)
    }

    /// Sends a picture without words.
    ///
    /// # Errors
    /// As [`Self::perform`].
    pub fn send_picture(&self, chat: &str, bytes: impl Into<Bytes>) -> Result<i64, Unplayable> {
        let messages = self.perform(&Say::text(chat, "").with("picture.png", bytes))?;
        messages.last().copied().ok_or(Unplayable::Nothing)
    }

    /// The number of the chat of an alias.
    pub fn chat_id(&self, alias: &str) -> Option<i64> {
        self.state.world().chat_named(alias).map(|chat| chat.id)
    }
}

fn author_of(speaker: &Speaker) -> Author {
    match speaker {
        Speaker::Member(member) => Author::Member(member.userid.clone()),
        Speaker::Customer(customer) => Author::Customer(customer.external_userid.clone()),
    }
}

/// A member by id or alias.
fn member_named(world: &World, who: &str) -> Result<Member, Unplayable> {
    let found = world.members.values().find(|it| it.alias == who || it.userid == who);
    found.cloned().ok_or(Unplayable::NoPerson)
}

/// A customer by id or alias.
fn customer_named(world: &World, who: &str) -> Result<Customer, Unplayable> {
    let found = world.customers.values().find(|it| it.alias == who || it.external_userid == who);
    found.cloned().ok_or(Unplayable::NoPerson)
}

/// Who speaks: whoever is named, who must be in the chat, or whose chat it is.
fn speaker(world: &World, chat: &Chat, who: &str) -> Result<Speaker, Unplayable> {
    let member = |id: &str| member_named(world, id).map(Speaker::Member);
    let customer = |id: &str| customer_named(world, id).map(Speaker::Customer);
    let is_servicer = |kf: &str, member: &Member| {
        let account = world.accounts.get(kf);
        account.is_some_and(|it| it.servicers.iter().any(|one| one.userid == member.userid))
    };
    let own = match &chat.place {
        Place::App(userid) | Place::Bot(userid) => member(userid)?,
        Place::Kf(_, id) | Place::Contact(id, _) => customer(id)?,
        Place::BotGroup(_, userids) | Place::Robot(userids) => {
            member(userids.first().map_or("", String::as_str))?
        }
    };
    if who.is_empty() {
        return Ok(own);
    }
    let named = customer(who).or_else(|_| member(who))?;
    let is_in = named == own
        || match (&chat.place, &named) {
            (Place::Kf(kf, _), Speaker::Member(it)) => is_servicer(kf, it),
            (Place::Contact(_, userid), Speaker::Member(it)) => it.userid == *userid,
            (Place::BotGroup(_, userids) | Place::Robot(userids), Speaker::Member(it)) => {
                userids.contains(&it.userid)
            }
            _ => false,
        };
    if is_in { Ok(named) } else { Err(Unplayable::NoChat) }
}

/// Keeps an attachment: as media that the desk can fetch, and as what stands in the chat.
fn keep(
    state: &State,
    world: &mut World,
    file: &Attachment,
) -> Result<(Media, Content), Unplayable> {
    let media = state.keep_media(world, file.kind(), &file.name, &file.bytes)?;
    let stored: Stored = super::content::stored(state, &media);
    let content = match file.kind() {
        "image" => Content::Image(stored),
        kind => Content::File(kind.to_owned(), stored),
    };
    Ok((media, content))
}

fn post(
    state: &State,
    world: &mut World,
    chat: &Chat,
    from: Author,
    content: Content,
    msgid: &str,
) -> Message {
    world.post(chat.id, from, content, msgid, state.now_ms())
}
