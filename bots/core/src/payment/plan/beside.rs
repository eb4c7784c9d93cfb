//! Plans that are paid for beside each other: none is bought so, and who has two is told.

use alloc::{vec, vec::Vec};

use super::{has_somebody_to_ask, line, pressed, show};
use crate::{
    customer::Visit,
    facts::PlanFacts,
    keys,
    payment::{Item, PlanChange, PlanRow, PlanState, current},
    press::Answer,
    say::{Action, Key, Label, PlanLine, Verb},
    turn::Turn,
};

/// The plans that will be paid for again.
pub(in crate::payment) fn renewed(plans: &[PlanRow]) -> impl Iterator<Item = &PlanRow> {
    plans.iter().filter(|row| row.is_renewed())
}

/// Somebody who has a plan chose another one among what is sold: it is exchanged, not bought
/// beside it. Nothing is exchanged where Stars are paid, before or after: there one follows
/// another that ends. And nothing is bought while a payment for a plan is looked at: it may be
/// theirs already.
pub(in crate::payment) fn chosen_beside(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &PlanFacts,
    (item, in_stars): (&Item, bool),
) -> Option<Answer> {
    let Item::Plan(plan) = item else { return None };
    if facts.unsettled {
        show(turn, visit, facts, None);
        return Some(Answer::Quiet);
    }
    let row = current(&facts.plans)?;
    if in_stars || !row.is_at_provider() {
        return row.is_renewed().then(|| {
            show(turn, visit, facts, None);
            Answer::Quiet
        });
    }
    if row.plan == *plan || row.wish.is_some() || row.state != PlanState::Active {
        show(turn, visit, facts, None);
        return Some(Answer::Quiet);
    }
    let action = Action { verb: Verb::PlanTo, row: item.number() };
    Some(pressed(turn, visit, facts, (action, None)))
}

/// The plans of an account that will be paid for again, but for the one of which a period was paid
/// just now; and for each of all of them a button that ends it, where there are several.
pub(in crate::payment) fn beside(
    turn: &Turn<'_>,
    facts: &PlanFacts,
    request: &str,
) -> (Vec<PlanLine>, Vec<Vec<Key>>) {
    let rows = || renewed(&facts.plans);
    let ends = rows().filter_map(|row| end(turn, row)).map(|key| vec![key]).collect();
    let others = rows().filter(|row| row.request != request);
    let lines: Vec<PlanLine> = others.map(|row| line(turn, row)).collect();
    if lines.is_empty() { (lines, Vec::new()) } else { (lines, ends) }
}

/// The plans of an account that will be paid for again; and for each a button that ends it.
pub(crate) fn billed(turn: &Turn<'_>, facts: &PlanFacts) -> (Vec<PlanLine>, Vec<Vec<Key>>) {
    let rows = || renewed(&facts.plans);
    let ends = rows().filter_map(|row| end(turn, row)).map(|key| vec![key]).collect();
    (rows().map(|row| line(turn, row)).collect(), ends)
}

/// The button that ends this plan and no other one, where somebody can be asked to.
fn end(turn: &Turn<'_>, row: &PlanRow) -> Option<Key> {
    if !has_somebody_to_ask(turn, row) || row.wish.is_some() {
        return None;
    }
    let label = Label::PlanEnd { name: row.plan.clone(), price: line(turn, row).price };
    Some(keys::act(label, Verb::PlanCancel, row.number(&PlanChange::Cancel)))
}
