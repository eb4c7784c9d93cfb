//! The buttons under our messages.

use alloc::{string::String, vec, vec::Vec};

use crate::{
    account::{Account, Language},
    credits::Credits,
    effect::Body,
    event::Setting,
    facts::{House, Request},
    generation::{Background, Options, Quality, Resolution, Shape},
    id::{ArtifactId, RequestId},
    payment, pricing,
    say::{Action, Cause, Cheaper, Chosen, Does, Key, Label, Matter, Say, Verb},
};

/// Every shape, in the order of their numbers on buttons.
pub(crate) const SHAPES: [Shape; 5] =
    [Shape::Square, Shape::Landscape, Shape::Portrait, Shape::Wide, Shape::Tall];

/// Every background, in the order of their numbers on buttons.
pub(crate) const BACKGROUNDS: [Background; 3] =
    [Background::Auto, Background::Opaque, Background::Transparent];

/// How many pictures the settings offer.
const COUNTS: [u8; 4] = [1, 2, 3, 4];

/// Buttons in a row that can still be read on a phone.
const ROW_MAX: usize = 3;

/// Things for sale under one message.
pub(crate) const OFFERS_MAX: usize = 6;

/// A button that comes back as a press.
pub(crate) fn act(label: Label, verb: Verb, row: i64) -> Key {
    Key { label, does: Does::Act(Action { verb, row }) }
}

/// The support contact's link, where there is one.
pub(crate) fn support_link(house: &House) -> Option<Key> {
    let url = || Does::Open(house.support_url.clone());
    (!house.support_url.is_empty()).then(|| Key { label: Label::SupportLink, does: url() })
}

/// A person to ask about a request, and the support contact's link.
pub(crate) fn human(house: &House, request: Option<RequestId>) -> Vec<Key> {
    let ask = act(Label::AskHuman, Verb::AskHuman, request.map_or(0, |request| request.0));
    [Some(ask), support_link(house)].into_iter().flatten().collect()
}

/// The buttons of a message with a way to a human among them, where it is about a failure or about
/// money. Every message passes here, so that none is forgotten.
#[must_use]
pub fn with_human(house: &House, body: &Body, mut rows: Vec<Vec<Key>>) -> Vec<Vec<Key>> {
    rows.retain(|row| !row.is_empty());
    let keys = || rows.iter().flatten();
    let asks = |key: &Key| matches!(&key.does, Does::Act(act) if act.verb == Verb::AskHuman);
    let link = support_link(house).filter(|link| !keys().any(|key| key.label == link.label));
    match said(body).map_or(Matter::Neither, Say::matter) {
        Matter::Failure if !keys().any(asks) => {
            let ask = act(Label::AskHuman, Verb::AskHuman, 0);
            rows.push([Some(ask), link].into_iter().flatten().collect());
        }
        Matter::Failure | Matter::Money => add_last(&mut rows, link),
        Matter::Neither if keys().any(|key| key.label.names_price()) => add_last(&mut rows, link),
        Matter::Neither => {}
    }
    rows
}

/// What a message says to a customer.
fn said(body: &Body) -> Option<&Say> {
    match body {
        Body::Say(say) => Some(say),
        Body::Picture { caption, .. } => caption.as_ref(),
        // Under an invoice stands Telegram's own button; the way to a human is beside its offer.
        Body::Invoice { .. }
        | Body::Original { .. }
        | Body::Forward { .. }
        | Body::Keys
        | Body::Removed
        | Body::OpenTopic { .. }
        | Body::CloseTopic
        | Body::ReopenTopic
        | Body::RemoveTopic
        | Body::HandOver { .. }
        | Body::HandBack { .. } => None,
    }
}

/// Puts a button into the last row, where there is room for its words.
fn add_last(rows: &mut Vec<Vec<Key>>, key: Option<Key>) {
    let Some(key) = key else { return };
    match rows.last_mut() {
        Some(row) if row.len() < ROW_MAX => row.push(key),
        _ => rows.push(vec![key]),
    }
}

/// Under a placeholder: \[Cancel\].
#[must_use]
pub fn cancel(request: RequestId) -> Vec<Vec<Key>> {
    vec![vec![act(Label::Cancel, Verb::Cancel, request.0)]]
}

/// Under the welcome: two examples, the privacy promise, a human.
pub(crate) fn welcome(house: &House, language: Language) -> Vec<Vec<Key>> {
    let mut rows: Vec<Vec<Key>> = (1..)
        .zip(examples(house, language))
        .take(2)
        .map(|(number, _)| vec![act(Label::Example(number), Verb::Example, number.into())])
        .collect();
    let mut last = vec![act(Label::Privacy, Verb::Privacy, 0)];
    last.extend(human(house, None));
    rows.push(last);
    rows
}

/// The example prompts of a language, in the order of their numbers.
pub(crate) fn examples(house: &House, language: Language) -> impl Iterator<Item = &str> {
    let spoken = house.examples.iter().filter(move |example| example.language == language);
    spoken.map(|example| example.prompt.as_str())
}

/// Under the question whether a price may be spent.
pub(crate) fn confirm(house: &House, request: &Request, price: Credits) -> Vec<Vec<Key>> {
    let yes = act(Label::Confirm(price), Verb::Confirm, request.id.0);
    let mut rows = vec![vec![yes]];
    rows.extend(request.cheaper.map(|way| vec![take_cheaper(request.id, way)]));
    rows.extend(cancel(request.id));
    rows.push(support_link(house).into_iter().collect());
    rows
}

/// Under the word that there are too few credits.
pub(crate) fn unpaid(house: &House, request: &Request) -> Vec<Vec<Key>> {
    let mut rows = Vec::new();
    let cheaper = request.cheaper.filter(|_| request.setting != Setting::Group);
    rows.extend(cheaper.map(|way| vec![take_cheaper(request.id, way)]));
    let offers = match request.setting {
        Setting::Group => Vec::new(),
        Setting::Private | Setting::Desk => payment::offers(house, &request.conversation),
    };
    if offers.is_empty() {
        rows.push(buy_or_cancel(request));
    } else {
        rows.extend(offers.into_iter().take(OFFERS_MAX));
        rows.extend(cancel(request.id));
    }
    rows.push(human(house, Some(request.id)));
    rows
}

/// \[Buy credits\], which is between the two of us, and \[Cancel\].
fn buy_or_cancel(request: &Request) -> Vec<Key> {
    let buy = act(Label::Buy, Verb::Buy, 0);
    let buy = (request.setting != Setting::Group).then_some(buy);
    let cancel = act(Label::Cancel, Verb::Cancel, request.id.0);
    buy.into_iter().chain([cancel]).collect()
}

/// Under the word that the plan does not include it: what is included, at its price.
pub(crate) fn not_in_plan(house: &House, request: &Request, price: Credits) -> Vec<Vec<Key>> {
    let included = Cheaper { options: request.options, price };
    vec![
        vec![act(Label::TakeCheaper(included), Verb::Confirm, request.id.0)],
        buy_or_cancel(request),
        human(house, Some(request.id)),
    ]
}

fn take_cheaper(request: RequestId, way: Cheaper) -> Key {
    act(Label::TakeCheaper(way), Verb::TakeCheaper, request.0)
}

/// What can be done with a picture: in the receipt when it is the only one, else under itself.
pub(crate) fn picture(
    house: &House,
    account: &Account,
    request: &Request,
    artifact: ArtifactId,
) -> Vec<Vec<Key>> {
    let mut first = Vec::new();
    if request.options.count == 1 {
        first.push(act(Label::Again, Verb::Again, request.id.0));
    }
    first.push(act(Label::Change, Verb::Change, artifact.0));
    first.extend(larger(house, account, request.options, artifact));
    let second = vec![
        act(Label::Original, Verb::Original, artifact.0),
        act(Label::More, Verb::More, artifact.0),
    ];
    vec![first, second]
}

fn larger(house: &House, account: &Account, options: Options, artifact: ArtifactId) -> Option<Key> {
    let options = pricing::larger(&options)?;
    let price = pricing::total(&house.catalogue, &options)?;
    let label = if options.resolution <= account.entitlement.max_resolution {
        Label::Larger(price)
    } else {
        Label::LargerNotInPlan
    };
    Some(act(label, Verb::Larger, artifact.0))
}

/// Everything that can be done with a picture.
pub(crate) fn more(
    house: &House,
    account: &Account,
    request: &Request,
    artifact: ArtifactId,
) -> Vec<Vec<Key>> {
    let mut rows = picture(house, account, request, artifact);
    if let Some(row) = rows.last_mut() {
        row.retain(|key| key.label != Label::More);
    }
    let four = Options { count: 4, ..request.options };
    let mut third = Vec::new();
    if request.options.count < 4 {
        let price = pricing::total(&house.catalogue, &four);
        third.extend(price.map(|price| act(Label::MakeFour(price), Verb::MakeFour, request.id.0)));
    }
    if house.edits {
        third.push(act(Label::UseAsReference, Verb::UseAsReference, artifact.0));
    }
    rows.push(third);
    rows.push(vec![
        act(Label::DeleteNow, Verb::Delete, artifact.0),
        act(Label::AskHumanAbout, Verb::AskHuman, request.id.0),
    ]);
    rows
}

/// Under the word that something was not made.
pub(crate) fn failed(house: &House, request: RequestId) -> Vec<Vec<Key>> {
    vec![
        vec![
            act(Label::TryAgain, Verb::TryAgain, request.0),
            act(Label::ChangeWords, Verb::ChangeWords, request.0),
        ],
        human(house, Some(request)),
    ]
}

/// Under the word that one of several pictures was not made because of the words.
pub(crate) fn other_words(house: &House, request: RequestId) -> Vec<Vec<Key>> {
    let change = act(Label::ChangeWords, Verb::ChangeWords, request.0);
    vec![vec![change], human(house, Some(request))]
}

/// Under the settings.
pub(crate) fn settings(options: Options) -> Vec<Vec<Key>> {
    let chosen = |is| if is { Chosen::Yes } else { Chosen::No };
    let sizes = pricing::RESOLUTIONS.map(|size| {
        let label = Label::Resolution(size, chosen(size == options.resolution));
        act(label, Verb::SetResolution, resolution_number(size))
    });
    let shapes: Vec<Key> = (0..)
        .zip(SHAPES)
        .map(|(row, shape)| {
            act(Label::Shape(shape, chosen(shape == options.shape)), Verb::SetShape, row)
        })
        .collect();
    let qualities = (0..).zip(pricing::QUALITIES).map(|(row, quality)| {
        act(Label::Quality(quality, chosen(quality == options.quality)), Verb::SetQuality, row)
    });
    let counts = COUNTS.map(|count| {
        act(Label::Count(count, chosen(count == options.count)), Verb::SetCount, count.into())
    });
    let backgrounds = (0..).zip(BACKGROUNDS).map(|(row, background)| {
        let label = Label::Background(background, chosen(background == options.background));
        act(label, Verb::SetBackground, row)
    });
    let (three, two) = shapes.split_at(3.min(shapes.len()));
    vec![
        sizes.to_vec(),
        three.to_vec(),
        two.to_vec(),
        qualities.collect(),
        counts.to_vec(),
        backgrounds.collect(),
    ]
}

fn resolution_number(resolution: Resolution) -> i64 {
    match resolution {
        Resolution::K1 => 1,
        Resolution::K2 => 2,
        Resolution::K4 => 4,
    }
}

/// The resolution of a number on a button.
pub(crate) fn resolution(number: i64) -> Option<Resolution> {
    pricing::RESOLUTIONS.into_iter().find(|size| resolution_number(*size) == number)
}

/// The quality of a number on a button.
pub(crate) fn quality(number: i64) -> Option<Quality> {
    numbered(&pricing::QUALITIES, number)
}

/// A count on a button.
pub(crate) fn count(number: i64) -> Option<u8> {
    u8::try_from(number).ok().filter(|count| (1..=10).contains(count))
}

/// The entry of a list by its number on a button.
pub(crate) fn numbered<T: Copy>(list: &[T], number: i64) -> Option<T> {
    usize::try_from(number).ok().and_then(|index| list.get(index)).copied()
}

/// Under the question which language.
pub(crate) fn languages() -> Vec<Vec<Key>> {
    let keys = (0..)
        .zip(Language::ALL)
        .map(|(row, language)| act(Label::Language(language), Verb::SetLanguage, row));
    vec![keys.collect()]
}

/// Under the question what a matter is about.
pub(crate) fn causes(house: &House) -> Vec<Vec<Key>> {
    let keys: Vec<Key> = (0..)
        .zip(Cause::ALL)
        .map(|(row, cause)| act(Label::Cause(cause), Verb::SetCause, row))
        .collect();
    let mut rows: Vec<Vec<Key>> = keys.chunks(2).map(<[Key]>::to_vec).collect();
    rows.extend(support_link(house).map(|link| vec![link]));
    rows
}

/// Under the question whether the helper may see a request.
pub(crate) fn consent() -> Vec<Vec<Key>> {
    vec![vec![act(Label::Yes, Verb::ConsentYes, 0), act(Label::No, Verb::ConsentNo, 0)]]
}

/// Under the question for whom words are.
pub(crate) fn meant(question: i64) -> Vec<Vec<Key>> {
    vec![vec![
        act(Label::ForThePerson, Verb::ForThePerson, question),
        act(Label::ForAPicture, Verb::ForAPicture, question),
    ]]
}

/// Opens the private gallery page.
pub(crate) fn gallery(url: &str) -> Option<Key> {
    let key = || Key { label: Label::Gallery, does: Does::Open(String::from(url)) };
    (!url.is_empty()).then(key)
}

/// Under a picture that was owed.
pub(crate) fn owed(request: RequestId, artifact: ArtifactId) -> Vec<Vec<Key>> {
    vec![
        vec![
            act(Label::Again, Verb::Again, request.0),
            act(Label::Change, Verb::Change, artifact.0),
        ],
        vec![
            act(Label::Original, Verb::Original, artifact.0),
            act(Label::More, Verb::More, artifact.0),
        ],
    ]
}
