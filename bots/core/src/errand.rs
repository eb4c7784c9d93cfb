//! Errands: durable work with an outside party other than delivering and generating. A turn opens
//! one; what came of it comes back as an event.

use alloc::{boxed::Box, collections::BTreeMap, format, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    channel::{Attachment, MediaRef},
    decide::{of_message, of_payment},
    effect::{Effect, NewErrand},
    facts::{Facts, Reference, SignedIn},
    generation::{Options, ReferenceFault},
    id::{ConversationId, ErrandId, IdentityId, RequestId},
    letter::Letter,
    payment::{self, Link, Money, Notice, PlanChange, StarsErrand},
    screening::{self, Judged},
    signing_in, tray,
    turn::Turn,
};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// A picture is looked at at once, so that whoever sent something that is none hears of it. Of
    /// one that its channel gives away only for a while a copy is kept until nobody needs it any
    /// more.
    CopyMedia {
        /// The picture at the channel.
        media: MediaRef,
        /// Who keeps it for later.
        identity: IdentityId,
    },
    /// A code goes to an e-mail address, if it is known at the site.
    SendSignInCode {
        /// Who asked for it.
        by: IdentityId,
        /// The address.
        email: String,
    },
    /// A code that came to an e-mail address is looked at.
    CheckSignInCode {
        /// Who typed it.
        by: IdentityId,
        /// The address.
        email: String,
        /// The code.
        code: String,
    },
    /// The words of a request are screened.
    Screen {
        /// Which.
        request: RequestId,
        /// Who asked.
        identity: IdentityId,
        /// What follows when they are let through.
        #[serde(default)]
        then: Screening,
    },
    /// A payment link is made.
    Checkout {
        /// Our name for the purchase.
        request: String,
        /// What is sold, as the provider calls it.
        product: String,
        /// What it has to cost there.
        price: Money,
        /// Who asked.
        identity: IdentityId,
        /// Where the browser goes after paying.
        return_url: String,
        /// Names the message that will show it.
        slot: i64,
    },
    /// What was charged for a period of a plan is found out.
    LookAtPayment {
        /// What was told of it.
        notice: Notice,
    },
    /// A plan is changed.
    ChangePlan {
        /// Which, as the provider calls it.
        subscription: String,
        /// How.
        change: PlanChange,
        /// Who asked.
        identity: IdentityId,
    },
    /// A whole payment is given back.
    Refund {
        /// Which.
        payment: String,
        /// The plan that ends with it.
        ends: Option<String>,
        /// Who asked.
        identity: IdentityId,
        /// Whether it was begun there: then it is only looked at.
        #[serde(default)]
        begun: bool,
    },
    /// Something is done at Telegram about Stars.
    Stars(Box<StarsErrand>),
    /// A letter about a new link goes out.
    Letter(Letter),
}

/// What follows when the words of a request are let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screening {
    /// What was said in words, where that is more than the plan includes.
    pub wanted: Option<Options>,
    /// Whether what will be made is less than what was remembered.
    pub reduced: bool,
    /// Whether its price has its yes.
    pub agreed: bool,
}

/// Kinds of errands, each with somebody who runs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrandKind {
    /// [`Errand::CopyMedia`].
    CopyMedia,
    /// [`Errand::SendSignInCode`].
    SendSignInCode,
    /// [`Errand::CheckSignInCode`].
    CheckSignInCode,
    /// [`Errand::Checkout`].
    Checkout,
    /// [`Errand::Screen`].
    Screen,
    /// [`Errand::LookAtPayment`].
    LookAtPayment,
    /// [`Errand::ChangePlan`].
    ChangePlan,
    /// [`Errand::Refund`].
    Refund,
    /// [`Errand::Stars`].
    Stars,
    /// [`Errand::Letter`].
    Letter,
}

impl ErrandKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::CopyMedia,
        Self::SendSignInCode,
        Self::CheckSignInCode,
        Self::Checkout,
        Self::Screen,
        Self::LookAtPayment,
        Self::ChangePlan,
        Self::Refund,
        Self::Stars,
        Self::Letter,
    ];

    /// The word in the row, and in the metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::CopyMedia => "copy_media",
            Self::SendSignInCode => "send_sign_in_code",
            Self::CheckSignInCode => "check_sign_in_code",
            Self::Checkout => "checkout",
            Self::Screen => "screen",
            Self::LookAtPayment => "look_at_payment",
            Self::ChangePlan => "change_plan",
            Self::Refund => "refund",
            Self::Stars => "stars",
            Self::Letter => "letter",
        }
    }
}

impl Errand {
    /// Whether it holds an address or a code, which are forgotten as soon as it has ended.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        match self {
            Self::SendSignInCode { .. } | Self::CheckSignInCode { .. } => true,
            Self::CopyMedia { .. }
            | Self::Screen { .. }
            | Self::Checkout { .. }
            | Self::LookAtPayment { .. }
            | Self::ChangePlan { .. }
            | Self::Refund { .. }
            | Self::Stars(_)
            | Self::Letter(_) => false,
        }
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> ErrandKind {
        match self {
            Self::CopyMedia { .. } => ErrandKind::CopyMedia,
            Self::SendSignInCode { .. } => ErrandKind::SendSignInCode,
            Self::CheckSignInCode { .. } => ErrandKind::CheckSignInCode,
            Self::Checkout { .. } => ErrandKind::Checkout,
            Self::Screen { .. } => ErrandKind::Screen,
            Self::LookAtPayment { .. } => ErrandKind::LookAtPayment,
            Self::ChangePlan { .. } => ErrandKind::ChangePlan,
            Self::Refund { .. } => ErrandKind::Refund,
            Self::Stars(_) => ErrandKind::Stars,
            Self::Letter(_) => ErrandKind::Letter,
        }
    }
}

/// An errand came to an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrandEnded {
    /// Which.
    pub errand: ErrandId,
    /// What was to be done.
    pub what: Errand,
    /// What came of it.
    pub end: ErrandEnd,
}

/// What came of an errand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrandEnd {
    /// It brought this.
    Brought(Brought),
    /// It came to nothing.
    Failed(ErrandFailure),
}

/// What an errand brings home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brought {
    /// A copy was stored.
    Copy {
        /// Its name in the object store.
        object: String,
        /// Bytes of the picture.
        bytes: i64,
    },
    /// What was fetched is no picture that can be worked from.
    Unusable(ReferenceFault),
    /// The other side has done it, and nothing comes of that here.
    Nothing,
    /// Somebody of the site has proved who they are.
    SignedIn(SignedIn),
    /// A payment link was made.
    Checkout(Link),
    /// What was charged for a period of a plan, or taken off its price; before tax.
    Charged(Money),
    /// A plan is as it was wanted, and how it is now.
    Plan(Box<Notice>),
    /// A payment is on its way back.
    Refunded,
    /// It is begun there, and nobody knows yet whether it goes back.
    RefundPending,
    /// Stars were given back, or a plan is not renewed any more.
    Stars,
    /// Words were screened: whether they may be drawn from.
    Screened {
        /// Whether.
        allowed: bool,
    },
}

/// Why an errand came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrandFailure {
    /// The other side said no, and will say no again.
    Refused,
    /// Its time was over.
    TooLate,
    /// It broke whoever ran it, again and again; the owner has been told.
    Broken,
}

/// The name of a file at the channel of a conversation: the same file has the same one.
#[must_use]
pub fn media_name(conversation: &ConversationId, media: &MediaRef) -> String {
    format!("{}/{}", conversation.channel(), media.unique)
}

/// How long a file is worth looking at, milliseconds: after that its turn in line tells.
const LOOKS_MS: i64 = 15 * 60 * 1000;

/// Of all pictures that this turn keeps for later and that their channel will not give away for
/// long, copies are fetched. What was sent as a file may be anything: it is looked at.
pub(crate) fn copy_media(turn: &mut Turn<'_>) {
    let now = turn.frame.now;
    let cause = turn.frame.cause.0;
    let mut wanted: BTreeMap<String, (ConversationId, Errand, i64)> = BTreeMap::new();
    for Keeps { conversation, identity, media } in turn.so_far().iter().flat_map(kept_media) {
        let name = media_name(conversation, media);
        let (name, until) = match media.fetch_before {
            Some(until) => (format!("copy:{name}"), until),
            // The same file may be sent again, and is told of again.
            None if media.name.is_some() => {
                (format!("look:{cause}:{name}"), now.saturating_add(LOOKS_MS))
            }
            None => continue,
        };
        if until > now {
            let errand = Errand::CopyMedia { media: media.clone(), identity: identity.clone() };
            wanted.insert(name, (conversation.clone(), errand, until));
        }
    }
    for (name, (conversation, errand, until)) in wanted {
        let id = ErrandId(turn.id());
        turn.then(Effect::RunErrand(NewErrand { id, name, conversation, errand, until }));
    }
}

/// A picture at a channel that somebody keeps for later.
struct Keeps<'e> {
    conversation: &'e ConversationId,
    identity: &'e IdentityId,
    media: &'e MediaRef,
}

/// The pictures at a channel that an effect keeps for later.
fn kept_media(effect: &Effect) -> Vec<Keeps<'_>> {
    match effect {
        Effect::PutInTray { conversation, identity, reference, .. } => {
            let media = of_channel(reference);
            media.map(|media| Keeps { conversation, identity, media }).into_iter().collect()
        }
        Effect::OpenRequest(request) => {
            let media = request.references.iter().filter_map(of_channel);
            let (conversation, identity) = (&request.conversation, &request.identity);
            media.map(|media| Keeps { conversation, identity, media }).collect()
        }
        // Of what may not be meant for us nothing is fetched.
        Effect::AddToAlbum { conversation, message, called: true, .. } => {
            let pictures = message.attachments.iter().filter_map(|one| match one {
                // The others are looked at when the album is whole.
                Attachment::Picture(media) if media.fetch_before.is_none() => None,
                Attachment::Picture(media) => {
                    Some(Keeps { conversation, identity: &message.from.identity, media })
                }
                Attachment::TooLarge { .. } | Attachment::Other(_) => None,
            });
            pictures.collect()
        }
        _ => Vec::new(),
    }
}

fn of_channel(reference: &Reference) -> Option<&MediaRef> {
    match reference {
        Reference::Media(media) => Some(media),
        Reference::Artifact(_) => None,
    }
}

/// What an errand came to. Nothing when the facts are of another kind.
pub(crate) fn ended(turn: &mut Turn<'_>, facts: &Facts, ended: &ErrandEnded) -> Option<()> {
    match (&ended.what, &ended.end) {
        (Errand::CopyMedia { media, .. }, ErrandEnd::Brought(Brought::Unusable(fault))) => {
            tray::spoiled(turn, of_message(facts)?, media, *fault);
        }
        (Errand::CopyMedia { media, .. }, ErrandEnd::Brought(Brought::Copy { object, bytes })) => {
            turn.then(Effect::KeepCopy {
                media: media_name(turn.frame.conversation, media),
                object: object.clone(),
                bytes: *bytes,
            });
        }
        // Whoever needs the picture is told when it is needed: it may still be to be had then. Of
        // a letter the owner has heard what only the owner can mend.
        (
            Errand::CopyMedia { .. } | Errand::Letter(_),
            ErrandEnd::Brought(_) | ErrandEnd::Failed(_),
        ) => {}
        (Errand::SendSignInCode { .. }, end) => signing_in::sent(turn, of_message(facts), end),
        (Errand::CheckSignInCode { .. }, end) => signing_in::checked(turn, of_message(facts), end),
        (Errand::Checkout { slot, .. }, ErrandEnd::Brought(Brought::Checkout(link))) => {
            payment::made(turn, of_message(facts)?, *slot, link);
        }
        (Errand::Checkout { slot, .. }, ErrandEnd::Brought(_) | ErrandEnd::Failed(_)) => {
            payment::failed(turn, of_message(facts)?, *slot);
        }
        (Errand::LookAtPayment { notice }, end) => {
            payment::looked(turn, of_payment(facts)?, notice, end);
        }
        (Errand::ChangePlan { subscription, change, identity }, end) => {
            let of = (ended.errand, subscription.as_str(), change);
            payment::changed(turn, of_payment(facts)?, (of, identity), end);
        }
        (Errand::Refund { .. }, end) => {
            let of = (ended.errand, &ended.what);
            payment::refund_ended(turn, of_payment(facts)?, of, end);
        }
        (Errand::Stars(errand), end) => match (&**errand, end) {
            (StarsErrand::Link { slot, .. }, ErrandEnd::Brought(Brought::Checkout(link))) => {
                payment::stars_linked(turn, of_message(facts)?, *slot, link);
            }
            (StarsErrand::Link { slot, .. }, ErrandEnd::Brought(_) | ErrandEnd::Failed(_)) => {
                payment::failed(turn, of_message(facts)?, *slot);
            }
            (errand, end) => {
                payment::stars_ended(turn, of_payment(facts)?, (ended.errand, errand), end);
            }
        },
        (Errand::Screen { then, .. }, end) => {
            let judged = match end {
                ErrandEnd::Brought(Brought::Screened { allowed: true }) => Judged::Allowed,
                ErrandEnd::Brought(Brought::Screened { allowed: false }) => Judged::Blocked,
                ErrandEnd::Brought(_) | ErrandEnd::Failed(_) => Judged::Unanswered,
            };
            screening::judged(turn, of_message(facts)?, (judged, *then));
        }
    }
    Some(())
}
