//! Beside what a way to a human stands: every failure, and every price and payment.

use super::{GiftSay, Label, LinkSay, Say, StarsSay};
use crate::payment::PlanState;

/// What a message is about, as far as it decides whether a way to a human stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matter {
    /// Something that somebody wanted did not come about, or only in part.
    Failure,
    /// A price, a payment, or credits and what became of them.
    Money,
    /// Neither.
    Neither,
}

impl Say {
    /// What it is about.
    #[must_use]
    #[expect(clippy::match_same_arms, reason = "one line for each thing there is to say")]
    pub fn matter(&self) -> Matter {
        match self {
            Self::PromptTooLong { .. } => Matter::Failure,
            Self::ReferenceUnusable { .. } => Matter::Failure,
            Self::PictureLinks { .. } => Matter::Failure,
            Self::NoSuchChoice { .. } => Matter::Neither,
            Self::WhichPictureByButtons => Matter::Neither,
            Self::Stars(stars) => stars.matter(),
            Self::Gift(gift) => gift.matter(),
            Self::SlowDown => Matter::Failure,
            Self::CameToNothing => Matter::Failure,
            Self::CouldNotSay | Self::NotLetThrough => Matter::Failure,
            Self::TooManyReferences { .. } | Self::MostReferences { .. } => Matter::Failure,
            Self::ReferenceTooLarge { .. } => Matter::Failure,
            Self::NoReferences => Matter::Failure,
            Self::CannotUse(_) => Matter::Failure,
            Self::LateAlbumPart { .. } => Matter::Failure,
            Self::BuyNothing => Matter::Failure,
            Self::NotInPlan { .. } => Matter::Failure,
            Self::CountNotInPlan { .. } => Matter::Failure,
            Self::LineFull { .. } => Matter::Failure,
            Self::ChangedTooLate => Matter::Failure,
            Self::PlanNotChanged { .. } => Matter::Failure,
            Self::RefundFailed { .. } => Matter::Failure,
            Self::MoneyWentBack { .. } => Matter::Failure,
            Self::CheckoutFailed => Matter::Failure,
            Self::SpendingStopped => Matter::Failure,
            Self::TooLateToCancel => Matter::Failure,
            Self::RequestLapsed => Matter::Failure,
            Self::RequestGaveWay => Matter::Failure,
            Self::Failed { .. } => Matter::Failure,
            Self::Uncertain { .. } => Matter::Failure,
            Self::NotHandedOver { .. } => Matter::Failure,
            Self::Gone => Matter::Failure,
            Self::WordsGone => Matter::Failure,
            Self::PictureLink { .. } => Matter::Failure,
            Self::DidItArrive => Matter::Failure,
            Self::Missed { .. } => Matter::Failure,
            Self::Balance(_) => Matter::Money,
            Self::Buy(_) => Matter::Money,
            Self::Making(_) => Matter::Money,
            Self::ConfirmPrice { .. } => Matter::Money,
            Self::OutOfCredits { .. } => Matter::Money,
            Self::CreditsArrived { .. } => Matter::Money,
            Self::PlanPaid { .. } => Matter::Money,
            Self::Plan(_) => Matter::Money,
            Self::PlanChoose { .. } => Matter::Money,
            Self::PlanExchange { .. } => Matter::Money,
            Self::PlanCancelAsk { .. } => Matter::Money,
            Self::PlanExchanged { .. } => Matter::Money,
            Self::RefundChoose { .. } => Matter::Money,
            Self::RefundAsk { .. } => Matter::Money,
            Self::RefundSent { .. } => Matter::Money,
            Self::RefundPending { .. } => Matter::Money,
            Self::CreditsLapseSoon { .. } => Matter::Money,
            Self::CreditsLapsed { .. } => Matter::Money,
            Self::CheckoutReady { .. } => Matter::Money,
            Self::Receipt(_) => Matter::Money,
            Self::PlanChanged { state, .. } => of_plan(*state),
            Self::Link(link) => link.matter(),
            Self::Welcome { .. } => Matter::Neither,
            Self::WelcomeFirst { .. } => Matter::Neither,
            Self::Help => Matter::Neither,
            Self::HelpByButtons => Matter::Neither,
            Self::Privacy => Matter::Neither,
            Self::PaySupport => Matter::Neither,
            Self::Settings(_) => Matter::Neither,
            Self::ChooseLanguage => Matter::Neither,
            Self::LanguageChanged => Matter::Neither,
            Self::History { .. } => Matter::Neither,
            Self::HistoryEmpty => Matter::Neither,
            Self::ExpireSoon { .. } => Matter::Neither,
            Self::NothingToCancel => Matter::Neither,
            Self::InPrivateOnly => Matter::Neither,
            Self::PromptEmpty => Matter::Neither,
            Self::Alarm { .. } => Matter::Neither,
            Self::Tray { .. } => Matter::Neither,
            Self::TrayCleared => Matter::Neither,
            Self::Drawing { .. } => Matter::Neither,
            Self::RequestChanged => Matter::Neither,
            Self::Cancelled { .. } => Matter::Neither,
            Self::CancelledRest { .. } => Matter::Neither,
            Self::PlanAsking => Matter::Neither,
            Self::PlanBusy => Matter::Neither,
            Self::Checking => Matter::Neither,
            Self::CheckoutComing => Matter::Neither,
            Self::LatePicture => Matter::Neither,
            Self::ChangeHow => Matter::Neither,
            Self::ChangeByReply => Matter::Neither,
            Self::WhichPicture => Matter::Neither,
            Self::NewWords => Matter::Neither,
            Self::NewWordsByReply => Matter::Neither,
            Self::More => Matter::Neither,
            Self::Deleted => Matter::Neither,
            Self::Original => Matter::Neither,
            Self::OriginalLink { .. } => Matter::Neither,
            Self::Owed => Matter::Neither,
            Self::SupportCause => Matter::Neither,
            Self::SupportWords => Matter::Neither,
            Self::SupportConsent => Matter::Neither,
            Self::SupportOpened { .. } => Matter::Neither,
            Self::SupportMeant { .. } => Matter::Neither,
            Self::SupportPassedOn => Matter::Neither,
            Self::SupportTaken => Matter::Neither,
            Self::SupportElsewhere => Matter::Neither,
            Self::Answer { .. } => Matter::Neither,
            Self::SupportDone { .. } => Matter::Neither,
            Self::Card(_) => Matter::Neither,
            Self::CustomerWrote { .. } => Matter::Neither,
            Self::RelayState(_) => Matter::Neither,
            Self::NotShown => Matter::Neither,
            Self::TopicAnew | Self::SharedReference => Matter::Neither,
            Self::DeskHelp => Matter::Neither,
            Self::DeskHelpByCode => Matter::Neither,
            Self::DeskClosed => Matter::Neither,
            Self::DeskHanded => Matter::Neither,
            Self::NotAnOperator => Matter::Neither,
            Self::NotYours => Matter::Neither,
            Self::Stale => Matter::Neither,
            Self::Done => Matter::Neither,
            Self::Verbatim(_) => Matter::Neither,
        }
    }
}

/// What a change of a plan is.
fn of_plan(state: PlanState) -> Matter {
    match state {
        PlanState::PastDue | PlanState::Unpaid => Matter::Failure,
        PlanState::Active
        | PlanState::Ending
        | PlanState::Paused
        | PlanState::Ended
        | PlanState::Unknown => Matter::Money,
    }
}

impl GiftSay {
    fn matter(&self) -> Matter {
        match self {
            Self::PromoWrong { .. }
            | Self::PromoHad
            | Self::PromoOver
            | Self::PromoUsedUp
            | Self::PromoNotNew { .. }
            | Self::NotNew => Matter::Failure,
            Self::Redeemed { .. }
            | Self::Rewarded { .. }
            | Self::Invite(_)
            | Self::Invited { .. } => Matter::Money,
            Self::RedeemHow => Matter::Neither,
        }
    }
}

impl StarsSay {
    fn matter(&self) -> Matter {
        match self {
            Self::NoDeal(_) | Self::RefundByPeople | Self::RefundFailed => Matter::Failure,
            Self::RefundComing => Matter::Money,
            Self::RenewInTelegram | Self::DeskRefundComing { .. } | Self::DeskNothingToRefund => {
                Matter::Neither
            }
        }
    }
}

impl LinkSay {
    fn matter(&self) -> Matter {
        match self {
            Self::Wait { .. }
            | Self::CodeWrong { .. }
            | Self::CodeGone
            | Self::CodeInGroup
            | Self::TwoPeople
            | Self::EmailWrong
            | Self::SignInLater
            | Self::TooNew { .. }
            | Self::SpendsTooMuch { .. } => Matter::Failure,
            Self::Ways { .. }
            | Self::Code { .. }
            | Self::CodeWanted
            | Self::Already
            | Self::Confirm { .. }
            | Self::ConfirmSignIn { .. }
            | Self::EmailWanted
            | Self::EmailSent
            | Self::SignedIn { .. }
            | Self::SignedInElsewhere { .. }
            | Self::SignedOut { .. }
            | Self::Browser { .. }
            | Self::Declined
            | Self::Linked { .. }
            | Self::LinkedElsewhere { .. }
            | Self::Undone { .. }
            | Self::UndoneElsewhere
            | Self::UnlinkWhich { .. }
            | Self::UnlinkNothing
            | Self::Unlinked { .. }
            | Self::UnlinkedHere { .. }
            | Self::UndoFirst => Matter::Neither,
        }
    }
}

impl Label {
    /// Whether a price stands on it.
    #[must_use]
    pub fn names_price(&self) -> bool {
        matches!(
            self,
            Self::Larger(_)
                | Self::MakeFour(_)
                | Self::Confirm(_)
                | Self::TakeCheaper(_)
                | Self::BuyPack { .. }
                | Self::BuyPlan { .. }
                | Self::PlanEnd { price: Some(_), .. }
                | Self::RefundOf { .. }
        )
    }
}
