//! One of everything there is to say, with everyday facts and with the longest there are. A text
//! that no sample says fails the tests, so a new variant needs its sample here.

mod gifts;
mod keys;
mod links;
mod money;
mod people;

use jiff::{civil::date, tz::TimeZone};
use picdesk_core::{
    channel::OtherKind,
    credits::Credits,
    generation::{Background, Failure, Options, Quality, ReferenceFault, Resolution, Shape},
    payment::PlanState,
    say::{
        Balance, BalanceLine, Cheaper, HeldLine, HistoryLine, Making, Offer, OfferLine, Part,
        Receipt, Say, Waited,
    },
};

use super::{Office, SayContext};

pub(super) use self::keys::{labels, pages};
use self::{
    money::{beyond_the_plan, missed, money},
    people::{cards, people},
};

/// 22 Dec 2025, 02:40 in Shanghai; still the day before in UTC.
pub(super) const DECEMBER_22: i64 = 1_766_342_400_000;

/// Milliseconds of an hour.
pub(super) const HOUR_MS: i64 = 60 * 60 * 1000;

/// What differs between an everyday sample and the longest.
pub(super) struct Measure {
    /// What a person writes as a prompt or a name.
    pub(super) short: String,
    /// What a person writes as a whole message.
    pub(super) long: String,
    /// Credits, counts and places.
    pub(super) number: i64,
    /// Lines of a list.
    pub(super) lines: usize,
    /// An address.
    pub(super) url: String,
}

impl Measure {
    pub(super) fn everyday() -> Self {
        Self {
            short: "a fox in the snow".into(),
            long: "It came out green.\nWhy?".into(),
            number: 2,
            lines: 2,
            url: "https://desk.example/p/Zm94".into(),
        }
    }

    /// The longest that can come in: prompts, names and messages of 4,096 wide characters.
    pub(super) fn longest() -> Self {
        Self {
            short: "狐".repeat(4_096),
            long: "🦊".repeat(4_096),
            number: 1_234_567_890,
            lines: 50,
            url: format!("https://desk.example/{}", "x".repeat(180)),
        }
    }

    fn credits(&self) -> Credits {
        Credits(self.number)
    }

    fn repeated<T: Clone>(&self, line: &T) -> Vec<T> {
        vec![line.clone(); self.lines]
    }

    fn offer(&self) -> Offer {
        let (id, price) = ("starter".into(), "9.90 USD".into());
        let line = OfferLine { id, credits: self.credits(), price, terms: None };
        let plan = OfferLine { terms: Some(money::terms(Some(30))), ..line.clone() };
        Offer { packs: self.repeated(&line), plans: self.repeated(&plan), by_link: false }
    }
}

/// A house that has said everything about itself.
pub(super) fn context() -> SayContext {
    SayContext {
        product_name: "Picture Desk".into(),
        support_url: Some("https://desk.example/help".into()),
        privacy_url: Some("https://desk.example/privacy".into()),
        terms_url: Some("https://desk.example/terms".into()),
        support_email: Some("help@desk.example".into()),
        hours: "Mon-Fri 09:00-18:00".into(),
        office: Some(office()),
        promise_min: 120,
        zone: TimeZone::get("Asia/Shanghai").expect("the zone is known"),
        redeems: true,
        invites: true,
    }
}

/// Its people take the day after 22 Dec off.
fn office() -> Office {
    Office {
        hours: "Mon-Fri 09:00-18:00".parse().expect("the hours make sense"),
        holidays: vec![date(2025, 12, 23)],
    }
}

/// A house that has said as little as it can.
pub(super) fn silent_context() -> SayContext {
    SayContext {
        support_url: None,
        privacy_url: None,
        terms_url: None,
        support_email: None,
        hours: String::new(),
        office: None,
        promise_min: 0,
        zone: TimeZone::UTC,
        redeems: false,
        invites: false,
        ..context()
    }
}

/// Houses that say when people answer, or how soon, but not both, or in words of their own.
pub(super) fn half_contexts() -> [SayContext; 4] {
    [
        SayContext { promise_min: 0, ..context() },
        SayContext { hours: "round the clock".into(), ..context() },
        SayContext { hours: String::new(), promise_min: 90, ..context() },
        SayContext {
            hours: "Mon-Fri 09:00-18:00, Sat 10:00-14:00".into(),
            support_url: None,
            ..context()
        },
    ]
}

/// The whole picture.
pub(super) const ONE: Part = Part { number: 1, count: 1 };

/// One of several.
pub(super) const SECOND_OF_FOUR: Part = Part { number: 2, count: 4 };

/// Everything there is to say.
pub(super) fn says(measure: &Measure) -> Vec<Say> {
    let mut says = commands(measure);
    says.extend(incoming(measure));
    says.extend(requests(measure));
    says.extend(money(measure));
    says.extend(money::plans(measure));
    says.extend(failures(measure));
    says.extend(pictures(measure));
    says.extend(people(measure));
    says.extend(links::links(measure));
    says.extend(gifts::gifts(measure));
    says.extend(cards(measure));
    says
}

/// The reasons that a line of the ledger can have, and one that is new.
const REASONS: [&str; 14] = [
    "trial",
    "by_hand",
    "owed_expired",
    "picture",
    "pack",
    "plan",
    "lapsed",
    "refund_failed",
    "promo",
    "inviting",
    "invited",
    "refunded",
    "reclaimed",
    "what is new",
];

fn commands(measure: &Measure) -> Vec<Say> {
    let entry = |reason: &str| BalanceLine {
        change: -measure.number,
        reason: reason.into(),
        at: DECEMBER_22,
    };
    let mut entries: Vec<_> = REASONS.map(entry).into();
    entries.extend(measure.repeated(&entry("owed_expired")));
    let (prompt, made_at) = (measure.short.clone(), DECEMBER_22);
    let line = HistoryLine { prompt, made_at, kept_until: DECEMBER_22 };
    let balance = |available, pending| {
        let held = HeldLine { credits: measure.credits(), prompt: measure.long.clone() };
        Say::Balance(Balance {
            available,
            shared: pending == Credits::ZERO,
            pending,
            in_line: 2,
            of_others: pending,
            held: measure.repeated(&held),
            plan: Some(("pro".into(), PlanState::Active, DECEMBER_22)),
            lapsing: vec![money::lapsing(measure)],
            entries: entries.clone(),
        })
    };
    vec![
        Say::Welcome { trial: measure.credits() },
        Say::Welcome { trial: Credits::ZERO },
        Say::WelcomeFirst { trial: measure.credits() },
        Say::WelcomeFirst { trial: Credits::ZERO },
        Say::Help,
        Say::HelpByButtons,
        Say::Privacy,
        Say::PaySupport,
        balance(measure.credits(), measure.credits()),
        balance(Credits(-measure.number), Credits::ZERO),
        Say::Settings(Options::default()),
        Say::Settings(widest()),
        Say::ChooseLanguage,
        Say::LanguageChanged,
        Say::History {
            pictures: measure.repeated(&line),
            total: measure.number,
            gallery: Some(measure.url.clone()),
        },
        Say::History {
            pictures: vec![HistoryLine { prompt: String::new(), ..line }],
            total: 1,
            gallery: None,
        },
        Say::HistoryEmpty,
        Say::ExpireSoon {
            count: measure.number,
            first_at: DECEMBER_22,
            gallery: Some(measure.url.clone()),
        },
        Say::ExpireSoon { count: 1, first_at: DECEMBER_22, gallery: None },
        Say::Buy(measure.offer()),
        Say::Buy(Offer { by_link: true, ..measure.offer() }),
        Say::Buy(Offer::default()),
        Say::BuyNothing,
        Say::NothingToCancel,
        Say::InPrivateOnly,
        Say::PromptEmpty,
        Say::NoSuchChoice { number: 19 },
        Say::ReferenceUnusable { number: 2, fault: ReferenceFault::Unreadable },
        Say::PromptTooLong { chars: measure.number, chars_max: 4_000 },
        Say::SlowDown,
    ]
}

fn incoming(measure: &Measure) -> Vec<Say> {
    let too_large =
        |name, it| Say::ReferenceTooLarge { name, bytes: Some(it), bytes_max: 20_000_000 };
    let mut says = vec![
        Say::CameToNothing,
        Say::CouldNotSay,
        Say::NotLetThrough,
        Say::Alarm { what: "pictures cannot be kept".to_owned() },
        Say::Tray { count: 1 },
        Say::Tray { count: measure.number },
        Say::TrayCleared,
        Say::TooManyReferences { count: measure.number, count_max: 16 },
        Say::MostReferences { count_max: 16 },
        too_large(Some(measure.short.clone()), 27_310_000),
        too_large(None, i64::MAX),
        too_large(None, 0),
        Say::NoReferences,
        Say::LateAlbumPart { count: 1 },
        Say::LateAlbumPart { count: measure.number },
    ];
    let kinds = [
        OtherKind::Audio,
        OtherKind::Video,
        OtherKind::Sticker,
        OtherKind::File,
        OtherKind::Location,
        OtherKind::Contact,
        OtherKind::Something,
    ];
    says.extend(kinds.map(Say::CannotUse));
    says
}

/// A placeholder without anything that can be left out.
pub(super) fn making(measure: &Measure) -> Making {
    Making {
        prompt: measure.short.clone(),
        options: Options::default(),
        references: 0,
        price: measure.credits(),
        part: ONE,
        place: 0,
        wait_s: None,
        reduced: false,
        by_word: false,
    }
}

/// The options with the most to say about.
fn widest() -> Options {
    Options {
        resolution: Resolution::K4,
        shape: Shape::Wide,
        quality: Quality::High,
        background: Background::Transparent,
        count: 10,
    }
}

fn requests(measure: &Measure) -> Vec<Say> {
    let opaque = Options { background: Background::Opaque, quality: Quality::Low, ..widest() };
    let cheaper = Cheaper { options: opaque, price: measure.credits() };
    let prompt = measure.short.clone();
    let many = Making {
        options: widest(),
        references: measure.number,
        part: SECOND_OF_FOUR,
        place: measure.number,
        wait_s: Some(5_000),
        reduced: true,
        ..making(measure)
    };
    let confirm = |available| Say::ConfirmPrice {
        prompt: measure.short.clone(),
        options: widest(),
        price: measure.credits(),
        available,
        cheaper: Some(cheaper),
    };
    let out = |available| Say::OutOfCredits {
        price: measure.credits(),
        available,
        cheaper: Some(cheaper),
        offer: available.map(|_| measure.offer()),
    };
    let arrived = |waited| Say::CreditsArrived {
        credits: measure.credits(),
        available: measure.credits(),
        waited,
    };
    let mut says = vec![
        Say::Making(making(measure)),
        Say::Making(Making { references: 1, place: 1, wait_s: Some(9_000), ..making(measure) }),
        Say::Making(Making { by_word: true, ..making(measure) }),
        Say::Making(Making { place: 3, wait_s: None, ..making(measure) }),
        Say::Making(Making { wait_s: Some(38), prompt: " ".into(), ..making(measure) }),
        Say::Making(Making { part: Part { number: 0, count: 4 }, ..many.clone() }),
        Say::Making(many),
        Say::Drawing { prompt: prompt.clone(), part: ONE },
        Say::Drawing { prompt: prompt.clone(), part: SECOND_OF_FOUR },
        confirm(Some(measure.credits())),
        confirm(None),
        out(Some(Credits(-measure.number))),
        out(None),
    ];
    let full = |most, can_cancel| Say::LineFull { in_line: most, in_line_max: most, can_cancel };
    says.extend(beyond_the_plan(measure));
    says.extend([
        full(1, true),
        full(1, false),
        full(measure.number, true),
        Say::RequestChanged,
        Say::ChangedTooLate,
        Say::Cancelled { available: Some(measure.credits()) },
        Say::Cancelled { available: None },
        Say::CancelledRest { going: 2, available: Some(measure.credits()) },
        Say::CancelledRest { going: 0, available: None },
        arrived(Waited::Runs),
        arrived(Waited::Nothing),
        arrived(measure.waits()),
        Say::TooLateToCancel,
        Say::RequestLapsed,
        Say::RequestGaveWay,
        Say::SpendingStopped,
    ]);
    says
}

/// A receipt of one picture.
pub(super) fn receipt(measure: &Measure) -> Receipt {
    Receipt {
        charged: measure.credits(),
        pictures: 1,
        asked: 1,
        available: Some(Credits(41)),
        kept_until: DECEMBER_22,
    }
}

fn failures(measure: &Measure) -> Vec<Say> {
    let reference = |number, fault| Failure::Reference { number, fault };
    let whys = [
        Failure::Refused,
        Failure::Overloaded,
        reference(Some(2), ReferenceFault::Unreadable),
        reference(Some(2), ReferenceFault::TooLarge { bytes_max: 20_000_000 }),
        reference(Some(16), ReferenceFault::TooManyPixels),
        reference(Some(1), ReferenceFault::WrongKind),
        reference(None, ReferenceFault::Unreadable),
        Failure::ReferenceGone(16),
        Failure::Prompt,
        Failure::Options,
        Failure::OutOfService,
        Failure::Provider,
        Failure::NoPicture,
    ];
    let available = Some(measure.credits());
    let alone = whys.map(|failure| Say::Failed { failure, available, part: ONE });
    let mut says: Vec<_> = alone.into();
    says.extend(whys.map(|failure| Say::Failed { failure, available: None, part: SECOND_OF_FOUR }));
    says.push(Say::Uncertain { available, part: ONE });
    says.push(Say::Uncertain { available: None, part: SECOND_OF_FOUR });
    says.push(Say::NotHandedOver { available, part: ONE });
    says
}

fn pictures(measure: &Measure) -> Vec<Say> {
    vec![
        Say::Receipt(receipt(measure)),
        Say::Receipt(Receipt { pictures: 3, asked: 4, available: None, ..receipt(measure) }),
        Say::Receipt(Receipt { charged: Credits::ZERO, ..receipt(measure) }),
        Say::Receipt(Receipt { kept_until: 0, ..receipt(measure) }),
        Say::LatePicture,
        Say::ChangeHow,
        Say::ChangeByReply,
        Say::WhichPicture,
        Say::WhichPictureByButtons,
        Say::NewWords,
        Say::NewWordsByReply,
        Say::More,
        Say::Deleted,
        Say::Gone,
        Say::WordsGone,
        Say::Original,
        Say::OriginalLink { url: measure.url.clone() },
        Say::PictureLink { url: measure.url.clone() },
        Say::PictureLinks { urls: vec![measure.url.clone()], receipt: receipt(measure) },
        Say::PictureLinks { urls: vec![measure.url.clone(); 4], receipt: receipt(measure) },
        Say::DidItArrive,
        Say::Owed,
        missed(measure, 1, 2),
        missed(measure, 3, 0),
        missed(measure, 0, 1),
    ]
}
