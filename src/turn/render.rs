//! What is said gets its words, and what is pressed its tokens, when the turn commits.

use picdesk_core::{
    account::Language,
    channel::{Button, ButtonTarget, Content, OutboundMessage, Text},
    effect::{Body, Outgoing},
    id::IdentityId,
    say::{Does, Key, Say},
};

use super::Desk;
use crate::store::effects::Rendered;

/// A message with its words.
pub(super) fn render(desk: &Desk, outgoing: &Outgoing) -> Rendered {
    let say = |say: &Say| desk.words.say(outgoing.language, say, &desk.context);
    let content = match &outgoing.body {
        Body::Say(words) => Content::Text(say(words)),
        Body::Picture { artifact, caption } => Content::Picture {
            artifact: *artifact,
            caption: caption.as_ref().map(say).unwrap_or_default(),
        },
        Body::Original { artifact, file_name } => Content::Original {
            artifact: *artifact,
            file_name: file_name.clone(),
            caption: Text::default(),
        },
        Body::Forward { media, from, caption } => {
            Content::Forward { media: media.clone(), from: from.clone(), caption: say(caption) }
        }
        Body::Invoice { item, credits, stars, request } => {
            let words = &desk.words;
            let sold = words.invoice(outgoing.language, item, *credits, &desk.context);
            Content::Invoice(sold.into_invoice(request, *stars))
        }
        Body::Keys => Content::Buttons,
        Body::Removed => Content::Removed { instead: say(&Say::Deleted) },
        Body::OpenTopic { name } => Content::OpenTopic { name: name.clone() },
        Body::CloseTopic => Content::CloseTopic,
        Body::ReopenTopic => Content::ReopenTopic,
        Body::RemoveTopic => Content::RemoveTopic,
        Body::HandOver { words } => Content::HandOver { words: say(words) },
        Body::HandBack { words } => Content::HandBack { words: say(words) },
    };
    let message = OutboundMessage {
        id: outgoing.id,
        conversation: outgoing.conversation.clone(),
        place: outgoing.place.clone(),
        reply_to: outgoing.reply_to.clone(),
        content,
        buttons: buttons(desk, outgoing.language, outgoing.presser.as_ref(), &outgoing.keys),
        repeat: outgoing.repeat,
        silent: outgoing.silent,
    };
    Rendered { message, about: outgoing.about }
}

/// Buttons with their words and tokens.
pub(crate) fn buttons(
    desk: &Desk,
    language: Language,
    presser: Option<&IdentityId>,
    keys: &[Vec<Key>],
) -> Vec<Vec<Button>> {
    let button = |key: &Key| Button {
        label: desk.words.label(language, &key.label),
        target: match &key.does {
            Does::Act(action) => ButtonTarget::Token(desk.seal.button(*action, presser)),
            Does::Open(url) => ButtonTarget::Url(url.clone()),
        },
    };
    keys.iter().map(|row| row.iter().map(button).collect()).collect()
}
