//! The options that are remembered, shown as buttons.

use crate::{
    customer::Visit, effect::Effect, generation::Options, id::MessageId, keys, press::Answer,
    pricing, say::Say, turn::Turn,
};

/// What the options are now.
pub(crate) fn show(turn: &mut Turn<'_>, visit: &Visit) {
    show_in(turn, visit, None);
}

fn show_in(turn: &mut Turn<'_>, visit: &Visit, message: Option<&MessageId>) {
    let options = visit.customer.account.options;
    let settings = turn.words(&visit.reader, Say::Settings(options)).replacing(message);
    turn.send(settings.keys(keys::settings(options)));
}

/// An option was chosen. What the plan does not include is not chosen, and the answer says why.
pub(crate) fn choose(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    message: Option<&MessageId>,
    changed: Option<Options>,
) -> Answer {
    let now = visit.customer.account.options;
    let Some(options) = changed else { return Answer::Line(Say::Stale) };
    let entitlement = &visit.customer.account.entitlement;
    let catalogue = &turn.house().catalogue;
    if options.resolution > now.resolution && options.resolution > entitlement.max_resolution {
        return Answer::Alert(Say::NotInPlan {
            resolution: options.resolution,
            included: entitlement.max_resolution,
            plan: pricing::plan_with(catalogue, |plan| plan.max_resolution >= options.resolution),
            instead: None,
        });
    }
    if options.count > now.count && options.count > entitlement.pictures_max {
        return Answer::Alert(Say::CountNotInPlan {
            count: options.count.into(),
            included: entitlement.pictures_max.into(),
            plan: pricing::plan_with(catalogue, |plan| plan.pictures_max >= options.count),
            instead: None,
        });
    }
    let changes = options != now;
    if changes {
        visit.customer.account.options = options;
        turn.then(Effect::ChooseOptions { account: visit.customer.account.id, options });
    }
    // Where nothing can be changed, or each message has an answer of its own, nothing else shows
    // that it was chosen already.
    let here = &visit.reader.conversation;
    if changes || !turn.can_edit(here) || turn.has_one_answer(here) {
        show_in(turn, visit, message);
    }
    Answer::Quiet
}
