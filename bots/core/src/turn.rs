//! A turn in the making: what follows, in order, under ids that derive from the cause.

use alloc::{string::String, vec::Vec};

use crate::{
    account::Language,
    channel::{Place, Repeat},
    credits::Credits,
    effect::{Body, Effect, Outgoing},
    event::{About, Message, Setting},
    facts::{Customer, Frame, House, Linked, Request},
    id::{ConversationId, IdentityId, MessageId, OutboundId, Slot},
    say::{Key, Say},
    window::Window,
};

/// What follows from an event, as far as it is decided.
pub(crate) struct Turn<'a> {
    /// What every turn knows.
    pub frame: &'a Frame<'a>,
    /// What the channel still takes where this happens, as this turn leaves it.
    pub window: Option<Window>,
    /// Where each message has one answer: what this turn answers.
    pub occasion: Option<MessageId>,
    ordinal: u16,
    effects: Vec<Effect>,
}

impl<'a> Turn<'a> {
    /// A turn from which nothing follows yet.
    pub fn new(frame: &'a Frame<'a>) -> Self {
        Self { frame, window: frame.window, occasion: None, ordinal: 0, effects: Vec::new() }
    }

    /// What the owner configured.
    pub fn house(&self) -> &'a House {
        self.frame.house
    }

    /// The next id. One count serves all kinds of rows, so no two rows of a turn share a number.
    pub fn id(&mut self) -> i64 {
        let id = self.frame.cause.consequence(self.ordinal);
        self.ordinal += 1;
        id
    }

    /// One thing more that follows.
    pub fn then(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// A message to `reader`, to be completed and then sent.
    pub fn draft(&mut self, reader: &Reader, body: Body) -> Outgoing {
        Outgoing {
            id: OutboundId(self.id()),
            conversation: reader.conversation.clone(),
            language: reader.language,
            presser: reader.identity.clone(),
            place: Place::New { slot: None },
            reply_to: None,
            body,
            keys: Vec::new(),
            repeat: Repeat::Harmless,
            silent: false,
            about: None,
        }
    }

    /// Words to `reader`, to be completed and then sent.
    pub fn words(&mut self, reader: &Reader, say: Say) -> Outgoing {
        self.draft(reader, Body::Say(say))
    }

    /// A message goes out.
    pub fn send(&mut self, message: Outgoing) {
        self.effects.push(Effect::Send(message));
    }

    /// Words go out, as they are.
    pub fn say(&mut self, reader: &Reader, say: Say) {
        let message = self.words(reader, say);
        self.send(message);
    }

    /// The message in a slot goes away.
    pub fn remove(&mut self, reader: &Reader, slot: Slot) {
        let message = self.draft(reader, Body::Removed).editing(slot).silent();
        self.send(message);
    }

    /// Whether messages can be changed there after they were sent.
    pub fn can_edit(&self, conversation: &ConversationId) -> bool {
        self.house().channel(conversation).is_none_or(|channel| channel.edits)
    }

    /// Whether each message of theirs has one answer there.
    pub fn has_one_answer(&self, conversation: &ConversationId) -> bool {
        self.house().channel(conversation).is_some_and(|channel| channel.one_answer)
    }

    /// Messages that the channel still takes there, as far as this turn knows; nothing where it
    /// does not count.
    pub fn room(&self, conversation: &ConversationId) -> Option<u32> {
        let here = conversation == self.frame.conversation;
        self.window.filter(|_| here).map(|window| window.room(self.frame.now))
    }

    /// Whether a picture can go out there now.
    pub fn has_room(&self, conversation: &ConversationId) -> bool {
        self.room(conversation) != Some(0)
    }

    /// What follows so far.
    pub fn so_far(&self) -> &[Effect] {
        &self.effects
    }

    /// Takes out what follows so far, to look it over.
    pub fn take(&mut self) -> Vec<Effect> {
        core::mem::take(&mut self.effects)
    }

    /// Everything that follows.
    pub fn done(self) -> Vec<Effect> {
        self.effects
    }
}

/// Somebody who reads what we say, and where.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    /// Where.
    pub conversation: ConversationId,
    /// Who may press the buttons; everybody there when nobody is named.
    pub identity: Option<IdentityId>,
    /// In which language.
    pub language: Language,
    /// In private or among others.
    pub setting: Setting,
}

impl Reader {
    /// A customer in the conversation of this turn.
    pub fn here(turn: &Turn<'_>, customer: &Customer, setting: Setting) -> Self {
        Self {
            conversation: turn.frame.conversation.clone(),
            identity: Some(customer.identity.clone()),
            language: customer.language,
            setting,
        }
    }

    /// Whoever wrote a message, also when we have not met.
    pub fn of_writer(turn: &Turn<'_>, known: Option<&Customer>, message: &Message) -> Self {
        let known = known.map(|customer| customer.language);
        Self {
            conversation: turn.frame.conversation.clone(),
            identity: Some(message.from.identity.clone()),
            language: known.or(message.from.language).unwrap_or(turn.house().language_default),
            setting: message.setting,
        }
    }

    /// Somebody where we talk with them alone.
    pub fn private(who: &Linked) -> Self {
        Self {
            conversation: who.home.clone(),
            identity: Some(who.identity.clone()),
            language: who.language,
            setting: Setting::Private,
        }
    }

    /// Whoever asked for a request, where they asked.
    pub fn of(request: &Request, language: Language) -> Self {
        Self {
            conversation: request.conversation.clone(),
            identity: Some(request.identity.clone()),
            language,
            setting: request.setting,
        }
    }

    /// The operators, in a topic or at the desk itself.
    pub fn desk(conversation: &ConversationId, house: &House) -> Self {
        Self {
            conversation: conversation.clone(),
            identity: None,
            language: house.language_default,
            setting: Setting::Desk,
        }
    }

    /// Credits as far as this reader may see them: nobody's balance is told among others.
    pub fn sees(&self, credits: Credits) -> Option<Credits> {
        (self.setting == Setting::Private).then_some(credits)
    }
}

impl Outgoing {
    /// With these rows of buttons; empty rows are left out.
    pub(crate) fn keys(mut self, keys: Vec<Vec<Key>>) -> Self {
        self.keys = keys.into_iter().filter(|row| !row.is_empty()).collect();
        self
    }

    /// As a new message that can be edited later.
    pub(crate) fn slot(mut self, slot: Slot) -> Self {
        self.place = Place::New { slot: Some(slot) };
        self
    }

    /// In the place of an earlier one.
    pub(crate) fn editing(mut self, slot: Slot) -> Self {
        self.place = Place::Edit { slot };
        self
    }

    /// In the place of the message that was pressed, where that can be reached.
    pub(crate) fn replacing(mut self, message: Option<&MessageId>) -> Self {
        if let Some(message) = message {
            self.place = Place::EditMessage { message: message.clone() };
        }
        self
    }

    /// As an answer to a message.
    pub(crate) fn answering(mut self, message: Option<&MessageId>) -> Self {
        self.reply_to = message.cloned();
        self
    }

    /// Without a sound.
    pub(crate) fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Never twice: ask instead when nobody knows whether it arrived.
    pub(crate) fn never_twice(mut self) -> Self {
        self.repeat = Repeat::Ask;
        self
    }

    /// As a part of something that its fate concerns.
    pub(crate) fn about(mut self, about: About) -> Self {
        self.about = Some(about);
        self
    }
}

/// The first characters of a text, on one line's worth of room.
pub(crate) fn shorten(text: &str) -> String {
    /// More than any message of ours shows; the words cut further.
    const CHARS_MAX: usize = 200;
    match text.char_indices().nth(CHARS_MAX) {
        None => text.into(),
        Some((end, _)) => {
            let mut short = String::from(text.get(..end).unwrap_or_default());
            short.push('…');
            short
        }
    }
}
