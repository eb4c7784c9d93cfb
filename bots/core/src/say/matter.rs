//! Beside what a way to a human stands: every failure, and every price and payment.

use super::{Label, LinkSay, Say, StarsSay};
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
    pub fn matter(&self) -> Matter {
        match self {
            Self::PromptTooLong { .. }
            | Self::SlowDown
            | Self::CameToNothing
            | Self::CouldNotSay
            | Self::TooManyReferences { .. }
            | Self::ReferenceTooLarge { .. }
            | Self::NoReferences
            | Self::CannotUse(_)
            | Self::LateAlbumPart { .. }
            | Self::BuyNothing
            | Self::NotInPlan { .. }
            | Self::CountNotInPlan { .. }
            | Self::LineFull { .. }
            | Self::ChangedTooLate
            | Self::PlanNotChanged { .. }
            | Self::RefundFailed { .. }
            | Self::MoneyWentBack { .. }
            | Self::CheckoutFailed
            | Self::TooLateToCancel
            | Self::RequestLapsed
            | Self::RequestGaveWay
            | Self::Failed { .. }
            | Self::Uncertain { .. }
            | Self::NotHandedOver { .. }
            | Self::Gone
            | Self::WordsGone
            | Self::PictureLink { .. }
            | Self::DidItArrive
            | Self::Missed { .. } => Matter::Failure,

            Self::Balance(_)
            | Self::Buy(_)
            | Self::Making(_)
            | Self::ConfirmPrice { .. }
            | Self::OutOfCredits { .. }
            | Self::CreditsArrived { .. }
            | Self::PlanPaid { .. }
            | Self::Plan(_)
            | Self::PlanChoose { .. }
            | Self::PlanExchange { .. }
            | Self::PlanCancelAsk { .. }
            | Self::PlanExchanged { .. }
            | Self::RefundChoose { .. }
            | Self::RefundAsk { .. }
            | Self::RefundSent { .. }
            | Self::CreditsLapseSoon { .. }
            | Self::CreditsLapsed { .. }
            | Self::CheckoutReady { .. }
            | Self::Receipt(_) => Matter::Money,

            Self::PlanChanged { state, .. } => match state {
                PlanState::PastDue | PlanState::Unpaid => Matter::Failure,
                PlanState::Active
                | PlanState::Ending
                | PlanState::Paused
                | PlanState::Ended
                | PlanState::Unknown => Matter::Money,
            },
            Self::Link(link) => link.matter(),
            Self::Stars(stars) => stars.matter(),

            Self::Welcome { .. }
            | Self::WelcomeFirst { .. }
            | Self::Help
            | Self::HelpByButtons
            | Self::Privacy
            | Self::PaySupport
            | Self::Settings(_)
            | Self::ChooseLanguage
            | Self::LanguageChanged
            | Self::History { .. }
            | Self::HistoryEmpty
            | Self::ExpireSoon { .. }
            | Self::NothingToCancel
            | Self::InPrivateOnly
            | Self::PromptEmpty
            | Self::Alarm { .. }
            | Self::Tray { .. }
            | Self::TrayCleared
            | Self::Drawing { .. }
            | Self::RequestChanged
            | Self::Cancelled { .. }
            | Self::CancelledRest { .. }
            | Self::PlanAsking
            | Self::PlanBusy
            | Self::Checking
            | Self::CheckoutComing
            | Self::LatePicture
            | Self::ChangeHow
            | Self::ChangeByReply
            | Self::WhichPicture
            | Self::NewWords
            | Self::NewWordsByReply
            | Self::More
            | Self::Deleted
            | Self::Original
            | Self::OriginalLink { .. }
            | Self::Owed => Matter::Neither,

            // A human is there already.
            Self::SupportCause
            | Self::SupportWords
            | Self::SupportConsent
            | Self::SupportOpened { .. }
            | Self::SupportPassedOn
            | Self::SupportTaken
            | Self::SupportElsewhere
            | Self::Answer { .. }
            | Self::SupportDone { .. }
            | Self::Card(_)
            | Self::CustomerWrote { .. }
            | Self::RelayState(_)
            | Self::NotShown
            | Self::TopicAnew
            | Self::DeskHelp
            | Self::DeskHelpByCode
            | Self::DeskClosed
            | Self::DeskHanded
            | Self::NotAnOperator => Matter::Neither,

            Self::NotYours | Self::Stale | Self::Done | Self::Verbatim(_) => Matter::Neither,
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
            | Self::SignInLater => Matter::Failure,
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
            | Self::UnlinkedHere => Matter::Neither,
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
                | Self::RefundOf { .. }
        )
    }
}
