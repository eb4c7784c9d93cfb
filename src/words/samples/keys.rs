//! Everything that can stand on a button or a page.

use picdesk_core::{
    account::Language,
    credits::Credits,
    generation::{Background, Options, Quality, Resolution, Shape},
    payment::Money,
    say::{Cause, Cheaper, Chosen, Label},
};

use super::{super::PageText, DECEMBER_22};

/// Everything that can stand on a button.
pub(in super::super) fn labels(price: Credits) -> Vec<Label> {
    let mut labels = vec![
        Label::Cancel,
        Label::Again,
        Label::Change,
        Label::Larger(price),
        Label::LargerNotInPlan,
        Label::Original,
        Label::More,
        Label::MakeFour(price),
        Label::UseAsReference,
        Label::DeleteNow,
        Label::AskHuman,
        Label::AskHumanAbout,
        Label::TryAgain,
        Label::ChangeWords,
        Label::ClearTray,
        Label::Confirm(price),
        Label::Example(1),
        Label::Example(2),
        Label::Balance,
        Label::Buy,
        Label::Privacy,
        Label::Settings,
        Label::Count(1, Chosen::No),
        Label::Count(10, Chosen::Yes),
        Label::ForThePerson,
        Label::ForAPicture,
        Label::Yes,
        Label::No,
        Label::SendAgain,
        Label::Picture(1),
        Label::Older,
        Label::Newer,
        Label::Gallery,
        Label::BuyPack { credits: price, price: "9.90 USD".into() },
        Label::BuyPlan { name: "pro".into(), price: "19.90 USD".into() },
        Label::Pay,
        Label::ShowPlan,
        Label::PlanChange,
        Label::PlanCancel,
        Label::PlanEnd { name: "pro".into(), price: None },
        Label::PlanEnd { name: "pro".into(), price: Some("19.90 USD".into()) },
        Label::PlanResume,
        Label::PlanExchangeYes,
        Label::PlanCancelYes,
        Label::PlanKeep,
        Label::Portal,
        Label::Refund,
        Label::RefundOf { number: 6, price: Money { minor: 123_456, currency: "USD".into() } },
        Label::RefundYes,
        Label::RefundStars,
        Label::SupportLink,
        Label::CaseDone,
        Label::MakeCode,
        Label::LinkYes,
        Label::LinkNo,
        Label::UndoLink,
        Label::UnlinkOne,
        Label::UnlinkNumber(2),
        Label::SignInByEmail,
        Label::SignInInBrowser,
        Label::SignOut,
    ];
    labels.extend(Language::ALL.map(Label::Language));
    labels.extend(Cause::ALL.map(Label::Cause));
    labels.extend(choices(price));
    labels
}

fn choices(price: Credits) -> Vec<Label> {
    let shapes = [Shape::Square, Shape::Landscape, Shape::Portrait, Shape::Wide, Shape::Tall];
    let mut labels: Vec<_> = shapes.map(|shape| Label::Shape(shape, Chosen::Yes)).into();
    for background in [Background::Auto, Background::Opaque, Background::Transparent] {
        labels.push(Label::Background(background, Chosen::Yes));
    }
    for resolution in [Resolution::K1, Resolution::K2, Resolution::K4] {
        labels.push(Label::Resolution(resolution, Chosen::Yes));
        for quality in [Quality::Low, Quality::Medium, Quality::High] {
            labels.push(Label::Quality(quality, Chosen::No));
            let options = Options { resolution, quality, ..Options::default() };
            labels.push(Label::TakeCheaper(Cheaper { options, price }));
            let four = Options { count: 4, ..options };
            labels.push(Label::TakeCheaper(Cheaper { options: four, price }));
        }
    }
    labels
}

/// Every text of the pages.
pub(in super::super) fn pages() -> [PageText; 50] {
    [
        PageText::Support,
        PageText::Paid,
        PageText::NotPaid,
        PageText::Portal,
        PageText::PortalNote,
        PageText::PortalOpen,
        PageText::PortalLater,
        PageText::PortalExpired,
        PageText::Gallery,
        PageText::Count(1),
        PageText::PrivateUntil(DECEMBER_22),
        PageText::Download,
        PageText::DownloadAll,
        PageText::KeptUntil(DECEMBER_22),
        PageText::Expired,
        PageText::Empty,
        PageText::OpenChat,
        PageText::Older,
        PageText::Newest,
        PageText::Close,
        PageText::NotFound,
        PageText::Skip,
        PageText::Picture(DECEMBER_22),
        PageText::Link,
        PageText::LinkAsked("wecom-kf"),
        PageText::LinkWarn,
        PageText::LinkGoogle,
        PageText::LinkEmail,
        PageText::LinkSend,
        PageText::LinkSent,
        PageText::LinkCode,
        PageText::LinkCheck,
        PageText::LinkDone,
        PageText::LinkDoneMore,
        PageText::LinkWrong,
        PageText::LinkWait,
        PageText::LinkLater,
        PageText::LinkExpired,
        PageText::LinkAgain,
        PageText::Letter,
        PageText::LetterChat("wecom-kf"),
        PageText::LetterMore,
        PageText::LetterUndo,
        PageText::LetterUndone,
        PageText::LetterUndoneMore,
        PageText::LetterExpired,
        PageText::LetterOver,
        PageText::LetterOverMore,
        PageText::LetterPressed,
        PageText::LetterPressedMore,
    ]
}
