//! Which facts a turn needs.

use alloc::string::String;

use super::{GiftNeed, LinkNeed};
use crate::id::{
    AccountId, ArtifactId, EscalationId, GenerationId, IdentityId, MessageId, OutboundId, RequestId,
};

/// Which variant of [`Facts`] an event is decided on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FactsKind {
    /// [`Facts::Message`], of the identity, or of the account where only that is named.
    Message,
    /// [`Facts::Press`].
    Press,
    /// [`Facts::Desk`].
    Desk,
    /// [`Facts::Generation`]: of the generation; or of the one that made the artifact, kept or
    /// not; or, without a generation, of the request with its pictures as siblings.
    Generation,
    /// [`Facts::Delivery`].
    Delivery,
    /// [`Facts::Payment`]: of the notice itself.
    Payment,
    /// [`Facts::None`].
    #[default]
    None,
}

/// Which facts an event needs, so that the shell loads those and no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The kind of facts.
    pub kind: FactsKind,
    /// Who somebody is.
    pub identity: Option<IdentityId>,
    /// The picture of ours that this message shows or carries a receipt for.
    pub replied: Option<MessageId>,
    /// The request that this message of theirs started.
    pub started_by: Option<MessageId>,
    /// An album.
    pub album: Option<crate::id::AlbumId>,
    /// The line for the provider.
    pub line: bool,
    /// Their newest request.
    pub newest: bool,
    /// The last entries of the ledger.
    pub entries: bool,
    /// A page of the history, below this artifact; zero for the newest.
    pub history: Option<i64>,
    /// What a card tells of the past.
    pub past: bool,
    /// A request by its id.
    pub request: Option<RequestId>,
    /// A picture by its id.
    pub artifact: Option<ArtifactId>,
    /// A generation with its siblings.
    pub generation: Option<GenerationId>,
    /// The matter of this conversation's topic, and whether the writer is an operator.
    pub desk: bool,
    /// A matter by its id.
    pub case: Option<EscalationId>,
    /// A matter by its code.
    pub case_code: Option<String>,
    /// An account by its id.
    pub account: Option<AccountId>,
    /// What linking looks up.
    pub link: Option<LinkNeed>,
    /// What is looked up of promo codes and invitations.
    pub gift: Option<GiftNeed>,
    /// A purchase by our name for it.
    pub checkout: Option<String>,
    /// What somebody pays for, and has paid.
    pub plan: bool,
    /// The newest purchase of what has this number on buttons ([`Item::number`]).
    ///
    /// [`Item::number`]: crate::payment::Item::number
    pub item: Option<i64>,
    /// The last payment in Stars of the presser, or of the case's customer.
    pub refundable: bool,
    /// How all messages of an operator's answer stand, from the first to the last.
    pub relayed: Option<(OutboundId, OutboundId)>,
}
