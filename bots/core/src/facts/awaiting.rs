//! What somebody's next words mean when they are no prompt.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    channel::MediaRef,
    event::Message,
    id::{ArtifactId, MessageId, RequestId},
    say::Cause,
};

/// What somebody's next words mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaiting {
    /// Nothing of ours: people have the chat and hear the words themselves.
    Servicer,
    /// An edit of this picture.
    Change {
        /// Which.
        artifact: ArtifactId,
    },
    /// The e-mail address by which they sign in.
    LinkEmail,
    /// The code that went to this address.
    LinkEmailCode {
        /// Which.
        email: String,
        /// Codes typed for it.
        tries: i64,
    },
    /// Nothing yet: a message of theirs did not become a request, and its edit may.
    Edit {
        /// Which.
        message: MessageId,
    },
    /// New words for this request.
    Words {
        /// Which.
        request: RequestId,
        /// How many pictures: what was made of it is not made again.
        count: u8,
    },
    /// What a matter is about, to be chosen by a button.
    CaseCause {
        /// The request it is about.
        request: Option<RequestId>,
    },
    /// The words of a matter.
    CaseWords {
        /// What it is about.
        cause: Cause,
        /// The request it is about.
        request: Option<RequestId>,
    },
    /// Whether these are for the person who helps them, or for a picture.
    Meant {
        /// What the question about them is called.
        question: i64,
        /// What they wrote, in order.
        messages: Vec<Message>,
    },
    /// Whether the helper may see prompt and pictures.
    CaseConsent {
        /// What it is about.
        cause: Cause,
        /// The request it is about.
        request: RequestId,
        /// The words.
        words: String,
        /// The pictures that came with them.
        pictures: Vec<MediaRef>,
    },
}
