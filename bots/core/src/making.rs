//! A request that is paid for goes into the line: a hold, a generation and a placeholder for each
//! of its pictures.

use alloc::vec::Vec;

use crate::{
    account::Account,
    credits::Credits,
    customer::Visit,
    effect::{Effect, NewGeneration},
    event::Setting,
    facts::{Generation, Line, OpenRequest, Request},
    generation::GenerationState,
    id::{GenerationId, HoldId, Slot},
    keys,
    line::{first_tag, standing},
    request,
    say::{Making, Part, Say},
    turn::{Reader, Turn, shorten},
};

/// What a request costs as it was quoted. Options come from the rules, whose totals fit.
pub(crate) fn total(request: &Request) -> Credits {
    Credits(request.price_each.0.saturating_mul(request.options.count.max(1).into()))
}

/// A request begins. Its credits are there: whoever calls this has looked.
pub(crate) fn begin(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    line: &Line,
    request: &Request,
    reduced: bool,
) {
    let reader = Reader::of(request, visit.reader.language);
    let account = visit.customer.account.clone();
    let count = request.options.count.max(1);
    let first = first_tag(line, account.last_tag);
    // Among others, or beside other pictures, it is told which words it is for.
    let several = request::in_line(&visit.customer) > 0 || request.setting == Setting::Group;
    let mut generations = Vec::new();
    for number in 1..=count {
        let tag = first.saturating_add(i64::from(number - 1));
        let generation = put_in_line(turn, &account, request, number, tag);
        let made = making(turn, line, request, number, tag);
        let say = Say::Making(Making { reduced, ..made });
        let mut placeholder = turn
            .words(&reader, say)
            .slot(Slot::Generation(generation.id))
            .keys(keys::cancel(request.id));
        if number > 1 {
            placeholder = placeholder.silent();
        } else if several {
            placeholder = placeholder.answering(request.message.as_ref());
        }
        turn.send(placeholder);
        generations.push(generation);
    }
    let customer = &mut visit.customer;
    customer.account.last_tag = first.saturating_add(i64::from(count - 1));
    let pending = &mut customer.account.purse.pending;
    *pending = Credits(pending.0.saturating_add(total(request).0));
    customer.open.push(OpenRequest { request: request.clone(), generations });
}

/// One picture's hold, and its place in line.
fn put_in_line(
    turn: &mut Turn<'_>,
    account: &Account,
    request: &Request,
    number: u8,
    tag: i64,
) -> Generation {
    let generation = Generation {
        id: GenerationId(turn.id()),
        request: request.id,
        hold: HoldId(turn.id()),
        price: request.price_each,
        state: GenerationState::Held,
        number,
        artifact: None,
        expires_at: 0,
        owed: false,
    };
    turn.then(Effect::Hold {
        hold: generation.hold,
        generation: generation.id,
        purse: account.purse.id,
        credits: request.price_each,
    });
    turn.then(Effect::Generate(NewGeneration {
        id: generation.id,
        request: request.id,
        hold: generation.hold,
        account: account.id,
        purse: account.purse.id,
        conversation: request.conversation.clone(),
        number,
        tag,
    }));
    generation
}

/// What a placeholder says of one picture.
fn making(turn: &Turn<'_>, line: &Line, request: &Request, number: u8, tag: i64) -> Making {
    let own = i64::from(number - 1);
    let standing = standing(line, tag, own, &request.options, turn.house().concurrency);
    Making {
        prompt: shorten(&request.prompt),
        options: request.options,
        references: request.references.len() as i64,
        price: total(request),
        part: Part { number, count: request.options.count.max(1) },
        place: standing.place,
        wait_s: standing.wait_s,
        reduced: false,
        by_word: turn.has_one_answer(&request.conversation),
    }
}
