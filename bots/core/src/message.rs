//! Words and pictures from a person.

use alloc::{boxed::Box, string::String, vec, vec::Vec};

use crate::{
    album,
    channel::Attachment,
    command,
    credits::Credits,
    customer::{self, Visit},
    event::{About, Message, Setting},
    facts::{Awaiting, Beside, House, Line, MessageFacts, Pace, Reference, Request},
    flags,
    generation::Options,
    handing,
    id::{ArtifactId, MessageId},
    intent::{self, BareWords, Intent},
    keys,
    request::{self, Placed, Wish},
    say::Say,
    signing_in,
    support::{self, meant},
    tray::{self, Told},
    turn::{Reader, Turn},
};

/// Somebody wrote, or sent pictures.
pub(crate) fn received(turn: &mut Turn<'_>, facts: &MessageFacts, message: &Message) {
    if handing::is_handed(turn, facts.customer.as_ref()) {
        return handing::overheard(turn, facts, message);
    }
    match facts.pace {
        Pace::Fine => {}
        Pace::TooFastNow => return slow_down(turn, facts, message),
        Pace::TooFast => return leave_out(turn, message),
    }
    let mut visit = customer::meet(turn, &message.from, facts.customer.as_ref(), message.setting);
    if visit.customer.awaiting == Some(Awaiting::Servicer) {
        // Theirs no more: their time with the chat is over.
        visit.awaits(turn, None);
    }
    let welcomed = match &message.album {
        Some(album) => {
            album::part_came(turn, &visit, facts, message, album);
            false
        }
        None => whole(turn, &mut visit, facts, message),
    };
    if visit.is_new && !welcomed && message.setting == Setting::Private {
        let say = Say::WelcomeFirst { trial: turn.house().trial };
        let line = turn.words(&visit.reader, say).silent();
        turn.send(line);
    }
}

/// Too many messages: said once, so that none is lost without a word.
fn slow_down(turn: &mut Turn<'_>, facts: &MessageFacts, message: &Message) {
    let reader = Reader::of_writer(turn, facts.customer.as_ref(), message);
    turn.say(&reader, Say::SlowDown);
    leave_out(turn, message);
}

/// What is left out is left out whole.
fn leave_out(turn: &mut Turn<'_>, message: &Message) {
    if let Some(album) = &message.album {
        album::leave_out(turn, album);
    }
}

/// A message with everything that belongs to it. Tells whether it was answered by a welcome.
pub(crate) fn whole(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    message: &Message,
) -> bool {
    match intent::read(&message.text, BareWords::of(&message.from.identity)) {
        // A word that is no command here is words.
        Intent::Command(command)
            if intent::is_bare(&message.text) && !command::is_had(turn, command) =>
        {
            words(turn, visit, facts, message, &message.text);
        }
        Intent::Command(command) => return command::obey(turn, visit, facts, message, command),
        Intent::Greeting
            if message.attachments.is_empty()
                && !support::listens(visit, facts)
                // Where a greeting is how one reads what came meanwhile, it is nothing else.
                && (turn.has_one_answer(&visit.reader.conversation)
                    || !meant::may_be(turn, visit, facts, message)) =>
        {
            welcome(turn, visit);
            return true;
        }
        Intent::Greeting => words(turn, visit, facts, message, &message.text),
        Intent::Words(text) => words(turn, visit, facts, message, text),
    }
    false
}

/// What this is, in a line, with two examples, the privacy promise and a human.
pub(crate) fn welcome(turn: &mut Turn<'_>, visit: &Visit) {
    welcome_answering(turn, visit, None);
}

/// The same as an answer to something that takes one.
pub(crate) fn welcome_answering(turn: &mut Turn<'_>, visit: &Visit, answer: Option<&MessageId>) {
    let private = visit.reader.setting == Setting::Private;
    let trial = if visit.is_new && private { turn.house().trial } else { Credits::ZERO };
    let keys = keys::welcome(turn.house(), visit.reader.language);
    let mut welcome = turn.words(&visit.reader, Say::Welcome { trial }).keys(keys);
    if answer.is_some() {
        welcome = welcome.about(About::Occasion);
    }
    turn.send(welcome.answering(answer));
}

/// Words for a human, a prompt, or pictures that wait for words.
fn words(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    message: &Message,
    text: &str,
) {
    let with_album = album::said_of(turn, visit, facts, message);
    let message = with_album.as_ref().unwrap_or(message);
    // A prompt that says so is one, whatever else was asked.
    let says_so = text.trim().len() != message.text.trim().len();
    if !says_so && support::listens(visit, facts) {
        return support::hears(turn, visit, facts, message, text);
    }
    if signing_in::hears(turn, visit, facts, message, text) {
        return;
    }
    if let Some(number) = missed_choice(turn, visit, message, text) {
        return turn.say(&visit.reader, Say::NoSuchChoice { number });
    }
    if !says_so && meant::may_be(turn, visit, facts, message) {
        return meant::ask(turn, visit, message);
    }
    drawn(turn, visit, facts, message, text);
}

/// Words that were kept until it was known for whom they are: they are for a picture.
pub(crate) fn for_a_picture(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    line: &Line,
    message: &Message,
) {
    let facts = MessageFacts::of_line(line.clone());
    drawn(turn, visit, &facts, message, message.text.trim());
}

/// A prompt, or pictures that wait for words.
fn drawn(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    message: &Message,
    text: &str,
) {
    let Some(pictures) = usable(turn, visit, message) else { return };
    if !text.trim().is_empty() {
        if prompt(turn, visit, facts, message, text, pictures) == Placed::Declined {
            may_be_edited(turn, visit, message);
        }
        return;
    }
    may_be_edited(turn, visit, message);
    if pictures.is_empty() {
        turn.say(&visit.reader, Say::PromptEmpty);
    } else if turn.house().edits {
        tray::put(turn, visit, pictures, Told::Settled);
    } else {
        turn.say(&visit.reader, Say::NoReferences);
    }
}

/// The number that somebody typed for a choice, where choices are answered by their number and it
/// is none of the last ones: nobody wants a picture of a bare number.
fn missed_choice(turn: &Turn<'_>, visit: &Visit, message: &Message, text: &str) -> Option<i64> {
    let channel = turn.house().channel(&visit.reader.conversation)?;
    let is_bare = message.attachments.is_empty() && message.reply_to.is_none();
    let means_nothing = matches!(visit.customer.awaiting, None | Some(Awaiting::Edit { .. }));
    let means_more = !means_nothing && !signing_in::waits(visit);
    if channel.buttons_max.is_none() || !is_bare || means_more {
        return None;
    }
    intent::choice(text).and_then(|number| i64::try_from(number).ok())
}

/// A message did not become a request; edited, it may. What its next words were to mean otherwise
/// comes first.
fn may_be_edited(turn: &mut Turn<'_>, visit: &mut Visit, message: &Message) {
    if matches!(visit.customer.awaiting, None | Some(Awaiting::Edit { .. })) {
        visit.awaits(turn, Some(Awaiting::Edit { message: message.id.clone() }));
    }
}

/// The pictures of a message. What cannot be used is said by name, once each; then nothing is made
/// of the message, and the pictures that can be used wait in the tray.
fn usable(turn: &mut Turn<'_>, visit: &mut Visit, message: &Message) -> Option<Vec<Reference>> {
    let mut pictures = Vec::new();
    let mut complaints: Vec<Say> = Vec::new();
    for attachment in &message.attachments {
        let complaint = match attachment {
            Attachment::Picture(_) | Attachment::TooLarge { .. } => {
                oversized(turn.house(), attachment)
            }
            Attachment::Other(kind) => Some(Say::CannotUse(*kind)),
        };
        match (complaint, attachment) {
            (Some(complaint), _) if complaints.contains(&complaint) => {}
            (Some(complaint), _) => complaints.push(complaint),
            (None, Attachment::Picture(media)) => pictures.push(Reference::Media(media.clone())),
            (None, Attachment::TooLarge { .. } | Attachment::Other(_)) => {}
        }
    }
    if complaints.is_empty() {
        return Some(pictures);
    }
    for complaint in complaints.into_iter().take(turn.house().references_max) {
        turn.say(&visit.reader, complaint);
    }
    if !pictures.is_empty() && turn.house().edits {
        tray::put(turn, visit, pictures, Told::Settled);
    }
    None
}

/// What a prompt builds on.
struct Base {
    options: Options,
    references: Vec<Reference>,
    parent: Option<ArtifactId>,
}

/// A prompt, with its own pictures. Tells whether it became a request.
fn prompt(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    message: &Message,
    text: &str,
    pictures: Vec<Reference>,
) -> Placed {
    let written = flags::read(text);
    if written.prompt.trim().is_empty() {
        turn.say(&visit.reader, Say::PromptEmpty);
        return Placed::Declined;
    }
    if let Some(say) = too_long(turn, &written.prompt) {
        turn.say(&visit.reader, say);
        return Placed::Declined;
    }
    let mut base = match base(turn.house(), visit, facts, message) {
        Ok(base) => base,
        Err(say) => {
            visit.awaits(turn, None);
            turn.say(&visit.reader, *say);
            return Placed::Declined;
        }
    };
    for picture in pictures {
        if !base.references.contains(&picture) {
            base.references.push(picture);
        }
    }
    if !base.references.is_empty() && !turn.house().edits {
        turn.say(&visit.reader, Say::NoReferences);
        return Placed::Declined;
    }
    let (count, count_max) = (base.references.len(), turn.house().references_max);
    if count > count_max {
        base.references.truncate(count_max);
        let (count, count_max) = (count as i64, count_max as i64);
        turn.say(&visit.reader, Say::TooManyReferences { count, count_max });
    }
    let wish = Wish {
        prompt: written.prompt,
        options: base.options,
        flags: written.flags,
        references: base.references,
        parent: base.parent,
        message: Some(message.id.clone()),
    };
    let placed = request::place(turn, visit, &facts.line, wish);
    if placed == Placed::Kept {
        tray::use_up(turn, visit);
        if !signing_in::waits(visit) {
            visit.awaits(turn, None);
        }
    }
    placed
}

/// The complaint about a prompt that is too long.
pub(crate) fn too_long(turn: &Turn<'_>, prompt: &str) -> Option<Say> {
    let (chars, chars_max) = (prompt.chars().count(), turn.house().prompt_chars_max);
    let say = Say::PromptTooLong { chars: chars as i64, chars_max: chars_max as i64 };
    (chars > chars_max).then_some(say)
}

/// What the words are for: a picture of ours, a request that gets new words, else the tray and the
/// pictures they answer.
fn base(
    house: &House,
    visit: &Visit,
    facts: &MessageFacts,
    message: &Message,
) -> Result<Base, Box<Say>> {
    let customer = &visit.customer;
    let answered = message.reply_to.as_ref();
    let mut base = Base { options: customer.account.options, references: Vec::new(), parent: None };
    let awaiting = customer.awaiting.as_ref().filter(|_| !message.answers_pictures());
    match (&facts.replied, awaiting) {
        (Some(kept), _) => {
            let artifact = kept.artifact.id;
            base.options = Options { count: 1, ..kept.request.options };
            base.references = vec![Reference::Artifact(artifact)];
            base.parent = Some(artifact);
        }
        (None, _) if facts.beside == Beside::Several => return Err(Say::WhichPicture.into()),
        (None, _) if facts.beside == Beside::Gone => return Err(Say::Gone.into()),
        (None, Some(Awaiting::Change { .. })) => return Err(Say::Gone.into()),
        (None, Some(Awaiting::Words { count, .. })) => {
            let request: &Request = facts.started.as_ref().ok_or(Say::Gone)?;
            base.options = Options { count: *count, ..request.options };
            base.references.clone_from(&request.references);
            base.parent = request.parent;
        }
        (None, _) => {
            // Anybody's picture; also one of ours that is somebody else's, or not kept any more
            // and still to be seen in the chat.
            for attachment in answered.map_or(&[][..], |reply| reply.attachments.as_slice()) {
                if let Some(complaint) = oversized(house, attachment) {
                    return Err(complaint.into());
                }
                if let Attachment::Picture(media) = attachment {
                    base.references.push(Reference::Media(media.clone()));
                }
            }
        }
    }
    for waiting in &customer.tray {
        if !base.references.contains(waiting) {
            base.references.push(waiting.clone());
        }
    }
    Ok(base)
}

/// The complaint about a picture that is larger than the channel lets us fetch, or than the house
/// takes.
fn oversized(house: &House, attachment: &Attachment) -> Option<Say> {
    let most = house.reference_bytes_max;
    match attachment {
        Attachment::Picture(media) => {
            let bytes = media.bytes.filter(|bytes| *bytes > most)?;
            Some(too_large(media.name.as_ref(), Some(bytes), most))
        }
        Attachment::TooLarge { name, bytes, bytes_max } => {
            Some(too_large(name.as_ref(), *bytes, most.min(*bytes_max)))
        }
        Attachment::Other(_) => None,
    }
}

/// That a picture is larger than it may be.
pub(crate) fn too_large(name: Option<&String>, bytes: Option<u64>, bytes_max: u64) -> Say {
    Say::ReferenceTooLarge {
        name: name.cloned(),
        bytes: bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        bytes_max: i64::try_from(bytes_max).unwrap_or(i64::MAX),
    }
}
