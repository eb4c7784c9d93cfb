//! A house, its people and their facts, for rules to be shown on.

mod follows;

use std::{collections::BTreeSet, string::String, vec, vec::Vec};

use super::lines;
pub use super::lines::folded;
use crate::{
    account::{Account, Entitlement, Language, Person},
    channel::{Attachment, MediaRef},
    credits::{Credits, Purse},
    decide::decide,
    effect::Effect,
    event::{Event, Finished, Message, Press, ReplyTo, Setting},
    facts::*,
    generation::*,
    id::*,
    keys,
    payment::{Mode, Money, RefundAuto, Till},
    say::{Action, Verb},
};

/// The event number of every turn shown here.
pub const CAUSE: i64 = 7_000;

/// The time of every turn shown here.
pub const NOW: i64 = 1_700_000_000_000;

/// Where Ada writes to us.
pub const PRIVATE: &str = "telegram:7";

/// A group that Ada is in.
pub const GROUP: &str = "telegram:-5";

/// The operators' desk.
pub const DESK: &str = "telegram:-100";

/// The topic of Ada's case.
pub const TOPIC: &str = "telegram:-100:44";

pub use self::follows::{assert_sound, at, follows_at, pressed, said};

pub fn house() -> House {
    let table = [[1, 2, 4], [2, 4, 8], [4, 8, 16]];
    let sizes = [Resolution::K1, Resolution::K2, Resolution::K4];
    let qualities = [Quality::Low, Quality::Medium, Quality::High];
    let prices = sizes.into_iter().zip(table).flat_map(|(resolution, row)| {
        qualities.into_iter().zip(row).map(move |(quality, credits)| Price {
            resolution,
            quality,
            credits: Credits(credits),
        })
    });
    let example = |language, prompt: &str| Example { language, prompt: prompt.into() };
    House {
        product_name: "Picture Desk".into(),
        language_default: Language::En,
        catalogue: Catalogue {
            prices: prices.collect(),
            packs: vec![Pack {
                id: "starter".into(),
                credits: Credits(100),
                price: "9.90 USD".into(),
                cost: dollars(990),
                product: Some("prod_starter".into()),
                stars: None,
            }],
            plans: vec![sold_pro()],
            free: Some(free()),
        },
        trial: Credits(3),
        ask_above: Credits(8),
        references_max: 4,
        reference_bytes_max: 5_000_000,
        prompt_chars_max: 100,
        screening: false,
        edits: true,
        concurrency: 2,
        support_url: "https://help.example".into(),
        desk: Some(DESK.into()),
        members_desk: None,
        public_url: "https://pic.example".into(),
        examples: vec![
            example(Language::En, "A fox in the snow"),
            example(Language::En, "A lighthouse at night"),
            example(Language::ZhCn, "雪中的狐狸"),
        ],
        tag: "pd-ab".into(),
        till: None,
        refund_auto: RefundAuto::Never,
        channels: vec![],
        link: LinkRules {
            code_ttl_ms: 600_000,
            tries: 5,
            codes_per_h: 3,
            sign_in: false,
            letters: false,
            shares_purse: false,
            first_day_credits: Credits(20),
        },
        gifts: GiftRules::default(),
    }
}

/// The plan that everything is in.
fn sold_pro() -> Plan {
    Plan {
        id: "pro".into(),
        credits: Credits(500),
        price: "19.90 USD".into(),
        cost: dollars(1990),
        product: Some("prod_pro".into()),
        stars: None,
        period: Period::Month,
        entitlement: pro(),
        lapse_days: None,
    }
}

/// The same house with a till.
pub fn shop() -> House {
    let till = Till {
        verify_above: Some(dollars(1_000_000)),
        mode: Mode::Test,
        closed_on: &[],
        return_url: "https://pic.example/creem/return".into(),
    };
    let mut shop = House { till: Some(till), ..house() };
    shop.catalogue.plans.push(Plan {
        id: "studio".into(),
        credits: Credits(2000),
        price: "49.90 USD".into(),
        cost: dollars(4990),
        stars: None,
        product: Some("prod_studio".into()),
        period: Period::Month,
        entitlement: Entitlement { plan: Some("studio".into()), ..pro() },
        lapse_days: Some(30),
    });
    shop
}

/// The same shop, which looks up all that it is told.
pub fn careful() -> House {
    let mut careful = shop();
    if let Some(till) = &mut careful.till {
        till.verify_above = None;
    }
    careful
}

pub fn dollars(minor: i64) -> Money {
    Money { minor, currency: "USD".into() }
}

pub fn free() -> Entitlement {
    Entitlement {
        plan: None,
        max_resolution: Resolution::K1,
        queue_max: 1,
        pictures_max: 2,
        retention_days: 30,
    }
}

pub fn pro() -> Entitlement {
    Entitlement {
        plan: Some("pro".into()),
        max_resolution: Resolution::K4,
        queue_max: 3,
        pictures_max: 4,
        retention_days: 30,
    }
}

pub fn ada() -> Person {
    Person { identity: "telegram:7".into(), name: "Ada".into(), language: Some(Language::En) }
}

/// Ada with so many credits, without a plan.
pub fn customer(available: i64) -> Customer {
    Customer {
        identity: ada().identity,
        name: ada().name,
        language: Language::En,
        language_chosen: false,
        reachable: true,
        account: Account {
            id: AccountId(1),
            purse: Purse { granted: Credits(available), ..Purse::empty(PurseId(2)) },
            stopped: false,
            options: Options::default(),
            entitlement: free(),
            last_tag: 0,
        },
        awaiting: None,
        tray: vec![],
        tray_id: None,
        album: None,
        open: vec![],
        case: None,
        owed: vec![],
        missed: vec![],
        newcomer: None,
    }
}

/// Ada with so many credits, on the plan that has everything.
pub fn subscriber(available: i64) -> Customer {
    let mut customer = customer(available);
    customer.account.entitlement = pro();
    customer
}

pub fn message(text: &str) -> Message {
    Message {
        from: ada(),
        setting: Setting::Private,
        id: "10".into(),
        text: text.into(),
        attachments: vec![],
        album: None,
        reply_to: None,
    }
}

/// An answer to a message.
pub fn reply(text: &str, answered: &str, ours: bool) -> Message {
    let reply_to = ReplyTo { message: answered.into(), ours, attachments: vec![] };
    Message { reply_to: Some(reply_to), ..message(text) }
}

pub fn media(unique: &str) -> MediaRef {
    MediaRef {
        handle: unique.into(),
        unique: unique.into(),
        bytes: None,
        size: None,
        name: None,
        fetch_before: None,
    }
}

pub fn photo(unique: &str) -> Attachment {
    Attachment::Picture(media(unique))
}

/// A line with room in it and a measured median of 20 s.
pub fn line() -> Line {
    let (resolution, quality) = (Resolution::K1, Quality::Medium);
    let median = Median { resolution, quality, took_ms: 20_000 };
    Line { tags: vec![], served_tag: 40, running: 0, replicas: 1, medians: vec![median] }
}

pub fn message_facts(customer: impl Into<Option<Customer>>) -> MessageFacts {
    MessageFacts { customer: customer.into(), ..MessageFacts::of_line(line()) }
}

pub fn request(state: RequestState) -> Request {
    Request {
        id: RequestId(50),
        account: AccountId(1),
        purse: PurseId(2),
        identity: ada().identity,
        conversation: PRIVATE.into(),
        setting: Setting::Private,
        message: Some("10".into()),
        prompt: "a fox".into(),
        options: Options::default(),
        references: vec![],
        parent: None,
        price_each: Credits(2),
        screened: false,
        cheaper: None,
        state,
        asked_at: NOW - 60_000,
    }
}

/// Picture `number` of the request above; its hold is 70 and its artifact 80 more.
pub fn generation(number: u8, state: GenerationState) -> Generation {
    let artifact = match state {
        GenerationState::Made | GenerationState::Delivered => {
            Some(ArtifactId(80 + i64::from(number)))
        }
        _ => None,
    };
    Generation {
        id: GenerationId(60 + i64::from(number)),
        request: RequestId(50),
        hold: HoldId(70 + i64::from(number)),
        price: Credits(2),
        state,
        number,
        artifact,
        expires_at: if artifact.is_some() { NOW + 1_000 } else { 0 },
        owed: false,
    }
}

/// Ada's only request in line, with one picture.
pub fn with_open(mut customer: Customer, state: GenerationState) -> Customer {
    customer.account.purse.pending = Credits(2);
    let generations = vec![generation(1, state)];
    customer.open.push(OpenRequest { request: request(RequestState::Open), generations });
    customer
}

pub fn kept() -> Kept {
    Kept {
        artifact: Artifact {
            id: ArtifactId(81),
            object: "q7x".into(),
            bytes: 1_000_000,
            size: Size { width: 1024, height: 1024 },
            kind: "png".into(),
            expires_at: NOW + 1_000,
        },
        request: request(RequestState::Settled),
        owed: false,
    }
}

/// Facts about picture `number` of these.
pub fn generation_facts(number: u8, siblings: &[Generation]) -> GenerationFacts {
    let mut account = customer(10).account;
    let open = siblings.iter().filter(|sibling| sibling.state.is_open());
    account.purse.pending = Credits(open.map(|sibling| sibling.price.0).sum());
    let done = siblings.iter().filter(|one| one.state == GenerationState::Delivered);
    account.purse.posted = Credits(done.map(|sibling| sibling.price.0).sum());
    let mut request = request(RequestState::Open);
    request.options.count = u8::try_from(siblings.len()).unwrap();
    GenerationFacts {
        generation: siblings.iter().find(|sibling| sibling.number == number).cloned(),
        request: Some(request),
        siblings: siblings.to_vec(),
        account: Some(account),
        language: Language::En,
        reachable: true,
    }
}

pub fn delivery_facts(generation: impl Into<Option<GenerationFacts>>) -> DeliveryFacts {
    DeliveryFacts {
        generation: generation.into(),
        kept: Some(kept()),
        address: "https://pic.example/p/t0ken".into(),
        addresses: vec![],
        case: None,
        language: Language::En,
        card: None,
        relayed: Relayed::default(),
    }
}

pub fn finished(number: u8) -> Event {
    Event::GenerationFinished(Finished {
        generation: GenerationId(60 + i64::from(number)),
        object: "q7x".into(),
        sha256: "ab".into(),
        bytes: 1_000_000,
        size: Size { width: 1024, height: 1024 },
        kind: "png".into(),
        cost_micro_usd: None,
        took_ms: 21_000,
    })
}

pub fn case() -> Case {
    Case {
        id: EscalationId(90),
        code: "S-1042".into(),
        account: AccountId(1),
        identity: ada().identity,
        language: Language::En,
        conversation: PRIVATE.into(),
        topic: Some(TOPIC.into()),
        cause: crate::say::Cause::GenerationError,
        closed: false,
        opened_at: NOW - 400_000,
        answered: true,
        expects_from: 0,
        expects_until: 0,
        closed_at: 0,
        request: None,
        consent: false,
        name: "Ada".into(),
        words: "It is blue".into(),
        pictures: vec![],
        handed: false,
    }
}

pub fn press(setting: Setting) -> Press {
    Press {
        by: ada(),
        setting,
        tap: "tap".into(),
        message: Some("20".into()),
        token: String::new(),
    }
}

/// Facts of Ada's press of one of her own buttons.
pub fn press_facts(customer: Customer, verb: Verb, row: i64) -> PressFacts {
    PressFacts {
        stray: false,
        customer: Some(customer),
        action: PressedAction::Ours(Action { verb, row }),
        request: None,
        generations: vec![],
        kept: None,
        address: "https://pic.example/p/t0ken".into(),
        checkout: None,
        plan: PlanFacts::default(),
        refundable: None,
        newest: None,
        line: line(),
        history: None,
        entries: vec![],
        past: Past::default(),
        desk: None,
        link: None,
    }
}
