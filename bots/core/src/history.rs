//! Pictures kept, a page at a time.

use alloc::{vec, vec::Vec};

use crate::{
    channel::Text,
    customer::Visit,
    effect::Body,
    event::{About, Setting},
    facts::{HistoryPage, Kept, MessageFacts},
    id::{ArtifactId, MessageId, Slot},
    keys,
    say::{HistoryLine, Key, Label, Say, Verb},
    turn::{Reader, Turn, shorten},
};

/// Buttons with numbers in a row.
const NUMBERS_A_ROW: usize = 4;

/// A page of the history; in the place of the page before, where one was turned.
pub(crate) fn show(
    turn: &mut Turn<'_>,
    visit: &Visit,
    page: Option<&HistoryPage>,
    turned: Option<&MessageId>,
) {
    let Some(page) = page.filter(|page| !page.pictures.is_empty()) else {
        let empty = turn.words(&visit.reader, Say::HistoryEmpty).replacing(turned);
        turn.send(empty);
        return;
    };
    let lines = page.pictures.iter().map(|kept| HistoryLine {
        prompt: shorten(&kept.request.prompt),
        made_at: kept.request.asked_at,
        kept_until: kept.artifact.expires_at,
    });
    let gallery = (!page.gallery.is_empty()).then(|| page.gallery.clone());
    let say = Say::History { pictures: lines.collect(), total: page.total, gallery };
    let list = turn.words(&visit.reader, say).replacing(turned);
    turn.send(list.keys(keys_of(page, turned.is_some())));
}

fn keys_of(page: &HistoryPage, turned: bool) -> Vec<Vec<Key>> {
    let numbers: Vec<Key> = (1..)
        .zip(&page.pictures)
        .map(|(number, kept)| {
            keys::act(Label::Picture(number), Verb::OpenPicture, kept.artifact.id.0)
        })
        .collect();
    let mut rows: Vec<Vec<Key>> = numbers.chunks(NUMBERS_A_ROW).map(<[Key]>::to_vec).collect();
    let mut pages = Vec::new();
    if turned {
        pages.push(keys::act(Label::Newer, Verb::HistoryPage, 0));
    }
    if let (true, Some(last)) = (page.older, page.pictures.last()) {
        pages.push(keys::act(Label::Older, Verb::HistoryPage, last.artifact.id.0));
    }
    rows.push(pages);
    rows.push(keys::gallery(&page.gallery).into_iter().collect());
    rows
}

/// A kept picture is shown again, with everything that can be done with it.
pub(crate) fn open(turn: &mut Turn<'_>, visit: &Visit, kept: &Kept) {
    let prompt = shorten(&kept.request.prompt);
    let caption = Some(Say::Verbatim(Text::plain(prompt)));
    let body = Body::Picture { artifact: kept.artifact.id, caption };
    let account = &visit.customer.account;
    let keys = keys::picture(turn.house(), account, &kept.request, kept.artifact.id);
    let mut picture = turn.draft(&visit.reader, body).slot(copy(kept.artifact.id));
    if turn.has_one_answer(&visit.reader.conversation) {
        // After a press of a card it can be had by its address alone.
        picture = picture.about(About::Original(kept.artifact.id));
    }
    turn.send(picture.keys(keys));
}

/// Pictures come near the end of their time: said once, without a sound, to whoever can read it
/// and has not deleted them.
pub(crate) fn expire_soon(turn: &mut Turn<'_>, facts: &MessageFacts, count: i64, first_at: i64) {
    let Some(customer) = facts.customer.as_ref().filter(|customer| customer.reachable) else {
        return;
    };
    let Some(page) = facts.history.as_ref().filter(|page| !page.pictures.is_empty()) else {
        return;
    };
    let reader = Reader::here(turn, customer, Setting::Private);
    let count = count.min(page.total);
    let gallery = (!page.gallery.is_empty()).then(|| page.gallery.clone());
    let word = turn.words(&reader, Say::ExpireSoon { count, first_at, gallery }).silent();
    turn.send(word.keys(vec![keys::gallery(&page.gallery).into_iter().collect()]));
}

/// The message in which a kept picture was shown again.
pub(crate) fn copy(artifact: ArtifactId) -> Slot {
    Slot::Question(artifact.0)
}
