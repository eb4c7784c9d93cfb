//! `/plan`: what somebody pays for, and changing it. A change is an errand that is asked for by a
//! button which names what it changes; what came of it is told once it has come about.

mod beside;

use alloc::{boxed::Box, format, string::String, vec, vec::Vec};

use serde::{Deserialize, Serialize};

pub(crate) use self::beside::billed;
pub(super) use self::beside::{beside, chosen_beside, renewed};
use super::{
    Item, Money, Moved, Notice, PlanRow, PlanState, TOLD_IN, Told, checkout, number_of, refund,
    stars, told::tell_of,
};
use crate::{
    customer::Visit,
    effect::{Effect, NewErrand},
    errand::{Brought, Errand, ErrandEnd, ErrandFailure},
    event::{About, Event},
    facts::{PaymentFacts, Plan, PlanFacts},
    id::{ErrandId, IdentityId, MessageId},
    keys, lapse, newcomer,
    press::Answer,
    pricing,
    say::{Action, Does, Key, Label, OfferLine, PlanLine, PlanTerms, PlanView, Say, Verb},
    turn::Turn,
};

/// How long we try to end a plan, or to take its end back, milliseconds.
const ENDED_WITHIN_MS: i64 = 24 * 60 * 60_000;

/// How long we try to exchange a plan, milliseconds: money moves, so not long after the press.
const EXCHANGED_WITHIN_MS: i64 = 15 * 60_000;

/// What is changed about a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanChange {
    /// It ends with its period.
    Cancel,
    /// A coming end, or a pause, is taken back.
    Resume,
    /// It is another one from now on.
    Exchange {
        /// Which, by its id in the plans file.
        plan: String,
        /// What the provider calls that.
        product: String,
        /// What a period of it has to cost there.
        price: Money,
        /// What is taken for the days that are left.
        charge: Charge,
    },
}

/// What is taken for the days that are left when a plan is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charge {
    /// The difference, at once.
    Difference,
    /// Nothing, and nothing is given back: the credits stay.
    Nothing,
}

/// What a plan's owner has asked for and nobody has heard of yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// What.
    pub change: PlanChange,
    /// The errand that sees to it.
    pub errand: ErrandId,
}

impl PlanRow {
    /// Whether the payment provider whom we ask has it.
    #[must_use]
    pub fn is_at_provider(&self) -> bool {
        // Names of other sellers have a word and a colon before them.
        !self.subscription.contains(':')
    }

    /// Whether it will be paid for again.
    fn is_renewed(&self) -> bool {
        matches!(self.state, PlanState::Active | PlanState::PastDue)
    }

    /// Whether that can be asked for as it stands.
    fn takes(&self, change: &PlanChange) -> bool {
        match (change, self.state) {
            (PlanChange::Cancel, state) => {
                matches!(state, PlanState::Active | PlanState::PastDue | PlanState::Paused)
            }
            (PlanChange::Resume, state) => matches!(state, PlanState::Ending | PlanState::Paused),
            (PlanChange::Exchange { plan, .. }, PlanState::Active) => {
                self.is_at_provider() && *plan != self.plan
            }
            (PlanChange::Exchange { .. }, _) => false,
        }
    }

    /// The number on a button that changes it so: it changes with whatever stood beside it.
    fn number(&self, change: &PlanChange) -> i64 {
        let what = match change {
            PlanChange::Cancel => String::from("cancel"),
            PlanChange::Resume => String::from("resume"),
            PlanChange::Exchange { plan, price, .. } => {
                format!("to:{plan}:{}:{}", price.minor, price.currency)
            }
        };
        let Self { subscription, plan, state, until, .. } = self;
        number_of(&format!("{what}:{subscription}:{plan}:{}:{until}", state.word()))
    }
}

/// The plan that an account pays for; of several, one that will be paid for again, so that none is
/// out of reach, and of those the one that goes on longest.
pub(crate) fn current(plans: &[PlanRow]) -> Option<&PlanRow> {
    live(plans)
        .max_by_key(|row| (row.is_renewed(), row.state.unlocks(), row.until, &row.subscription))
}

fn live(plans: &[PlanRow]) -> impl Iterator<Item = &PlanRow> {
    plans.iter().filter(|row| row.state != PlanState::Ended)
}

/// The plan as it stands, and everything that can be done about it.
pub(crate) fn show(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &PlanFacts,
    message: Option<&MessageId>,
) {
    let house = turn.house();
    let row = current(&facts.plans);
    let named = visit.customer.account.entitlement.plan.clone();
    let has_none = row.is_none() && named.is_none() && !facts.unsettled;
    let here = &visit.reader.conversation;
    let offers = if has_none { checkout::offers(house, here) } else { Vec::new() };
    let sold = if offers.is_empty() { Vec::new() } else { pricing::offer(house, here).plans };
    let view = PlanView {
        plan: match row {
            Some(row) => Some(line(turn, row)),
            // One that was given otherwise.
            None => named.map(|plan| PlanLine { plan, ..PlanLine::default() }),
        },
        others: live(&facts.plans)
            .filter(|other| row.is_some_and(|row| row.subscription != other.subscription))
            .map(|other| line(turn, other))
            .collect(),
        available: visit.available(),
        lapsing: lapse::told(&facts.lapsing),
        refunds: refund::lines(facts),
        unsettled: facts.unsettled,
        is_sold: !offers.is_empty(),
        sold,
    };
    let mut rows: Vec<Vec<Key>> = offers.into_iter().take(keys::OFFERS_MAX).collect();
    rows.extend(row.map(|row| changes(turn, visit, row)));
    let mut last = Vec::new();
    // It opens what is of either side.
    if row.is_some() && !facts.portal.is_empty() && facts.of_others.is_empty() {
        last.push(Key { label: Label::Portal, does: Does::Open(facts.portal.clone()) });
    }
    if refund::has_some(turn, facts) {
        last.push(keys::act(Label::Refund, Verb::Refund, 0));
    }
    rows.push(last);
    rows.push(keys::human(house, None));
    let word = turn.words(&visit.reader, Say::Plan(Box::new(view))).keys(rows).replacing(message);
    turn.send(word);
}

fn line(turn: &Turn<'_>, row: &PlanRow) -> PlanLine {
    let sold = plan_of(turn, &row.plan);
    let in_stars = !row.is_at_provider();
    let price = sold.and_then(|plan| match (in_stars, &plan.stars) {
        (true, stars) => Some(stars::shown(stars.as_ref()?.minor)),
        (false, _) => Some(plan.price.clone()),
    });
    PlanLine {
        plan: row.plan.clone(),
        state: row.state,
        until: row.until,
        price,
        in_stars,
        credits: sold.map(|plan| plan.credits),
        terms: sold.map(PlanTerms::of),
        wished: row.wish.is_some(),
    }
}

pub(super) fn plan_of<'h>(turn: &Turn<'h>, id: &str) -> Option<&'h Plan> {
    turn.house().catalogue.plans.iter().find(|plan| plan.id == id)
}

/// Whether there is somebody who can be asked to change a plan.
fn has_somebody_to_ask(turn: &Turn<'_>, row: &PlanRow) -> bool {
    if row.is_at_provider() {
        return turn.house().till.is_some();
    }
    stars::first_of(row).is_some()
}

/// The buttons that change a plan; none while it is being changed.
fn changes(turn: &Turn<'_>, visit: &Visit, row: &PlanRow) -> Vec<Key> {
    if !has_somebody_to_ask(turn, row) || row.wish.is_some() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if exchanges(turn, visit, row).iter().any(|change| row.takes(change)) {
        found.push(keys::act(Label::PlanChange, Verb::PlanChange, 0));
    }
    if row.takes(&PlanChange::Resume) {
        found.push(keys::act(Label::PlanResume, Verb::PlanYes, row.number(&PlanChange::Resume)));
    }
    if row.takes(&PlanChange::Cancel) {
        found.push(keys::act(Label::PlanCancel, Verb::PlanCancel, 0));
    }
    found
}

/// What a plan can be exchanged for, where links are offered.
fn exchanges(turn: &Turn<'_>, visit: &Visit, row: &PlanRow) -> Vec<PlanChange> {
    if checkout::till(turn.house(), &visit.reader.conversation).is_none() {
        return Vec::new();
    }
    let now = plan_of(turn, &row.plan);
    let others = turn.house().catalogue.plans.iter().filter(|plan| plan.id != row.plan);
    others
        .filter_map(|plan| {
            let dearer = now.is_none_or(|now| plan.cost.minor > now.cost.minor);
            Some(PlanChange::Exchange {
                plan: plan.id.clone(),
                product: plan.product.clone()?,
                price: plan.cost.clone(),
                charge: if dearer { Charge::Difference } else { Charge::Nothing },
            })
        })
        .collect()
}

/// A button about a plan was pressed.
pub(crate) fn pressed(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &PlanFacts,
    (action, message): (Action, Option<&MessageId>),
) -> Answer {
    let row = named(turn, visit, facts, action).or_else(|| current(&facts.plans));
    let row = row.filter(|row| has_somebody_to_ask(turn, row));
    let Some(row) = row else { return Answer::Line(Say::Stale) };
    if let Some(say) = newcomer::of_others(turn, visit, facts, Some(&row.request)) {
        return Answer::Alert(say);
    }
    if row.wish.is_some() {
        return Answer::Line(Say::PlanBusy);
    }
    let possible = possible(turn, visit, row);
    let is_it = action.row == 0 || action.row == row.number(&PlanChange::Cancel);
    match action.verb {
        Verb::PlanChange => choose(turn, visit, (row, &possible), message),
        Verb::PlanTo => {
            let to = |change: &&PlanChange| match change {
                PlanChange::Exchange { plan, .. } => {
                    Item::Plan(plan.clone()).number() == action.row
                }
                PlanChange::Cancel | PlanChange::Resume => false,
            };
            match possible.iter().find(to) {
                Some(change) => ask(turn, visit, facts, ((row, change), message)),
                None => Answer::Line(Say::Stale),
            }
        }
        Verb::PlanCancel if is_it && possible.contains(&PlanChange::Cancel) => {
            ask(turn, visit, facts, ((row, &PlanChange::Cancel), message))
        }
        Verb::PlanYes => match possible.iter().find(|it| row.number(it) == action.row) {
            Some(change) => begin(turn, visit, (row, change), message),
            None => Answer::Line(Say::Stale),
        },
        _ => Answer::Line(Say::Stale),
    }
}

/// What can be asked for about a plan as it stands.
fn possible(turn: &Turn<'_>, visit: &Visit, row: &PlanRow) -> Vec<PlanChange> {
    let mut possible = exchanges(turn, visit, row);
    possible.extend([PlanChange::Cancel, PlanChange::Resume]);
    possible.retain(|change| row.takes(change));
    possible
}

/// The plan that stood beside the button that was pressed, if that is as it was.
fn named<'f>(
    turn: &Turn<'_>,
    visit: &Visit,
    facts: &'f PlanFacts,
    action: Action,
) -> Option<&'f PlanRow> {
    let is_named = |row: &&PlanRow| {
        possible(turn, visit, row).iter().any(|change| row.number(change) == action.row)
    };
    facts.plans.iter().find(is_named)
}

/// Which plan instead?
fn choose(
    turn: &mut Turn<'_>,
    visit: &Visit,
    (row, possible): (&PlanRow, &[PlanChange]),
    message: Option<&MessageId>,
) -> Answer {
    let mut lines = Vec::new();
    let mut rows = Vec::new();
    for change in possible {
        let PlanChange::Exchange { plan, .. } = change else { continue };
        let Some(sold) = plan_of(turn, plan) else { continue };
        lines.push(OfferLine {
            id: sold.id.clone(),
            credits: sold.credits,
            price: sold.price.clone(),
            terms: Some(PlanTerms::of(sold)),
        });
        let label = Label::BuyPlan { name: sold.id.clone(), price: sold.price.clone() };
        rows.push(vec![keys::act(label, Verb::PlanTo, Item::Plan(sold.id.clone()).number())]);
    }
    if rows.is_empty() {
        return Answer::Line(Say::Stale);
    }
    rows.truncate(keys::OFFERS_MAX);
    let back = keys::act(Label::PlanKeep, Verb::ShowPlan, 0);
    rows.push([back].into_iter().chain(keys::support_link(turn.house())).collect());
    let say = Say::PlanChoose { plan: row.plan.clone(), others: lines };
    let word = turn.words(&visit.reader, say).keys(rows).replacing(message);
    turn.send(word);
    Answer::Quiet
}

/// Is that meant? Nothing is changed before.
fn ask(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &PlanFacts,
    ((row, change), message): ((&PlanRow, &PlanChange), Option<&MessageId>),
) -> Answer {
    let (say, yes) = match change {
        PlanChange::Exchange { plan, charge, .. } => {
            let Some(sold) = plan_of(turn, plan) else { return Answer::Line(Say::Stale) };
            let say = Say::PlanExchange {
                from: row.plan.clone(),
                to: plan.clone(),
                price: sold.price.clone(),
                credits: sold.credits,
                terms: PlanTerms::of(sold),
                until: row.until,
                charge: *charge,
            };
            (say, Label::PlanExchangeYes)
        }
        PlanChange::Cancel | PlanChange::Resume => {
            // Of several that are paid for, the price tells which it is.
            let several = renewed(&facts.plans).count() > 1;
            let price = line(turn, row).price.filter(|_| several);
            let lapse_days = turn.house().catalogue.lapse_days(&row.plan);
            let (plan, until) = (row.plan.clone(), row.until);
            let say = Say::PlanCancelAsk { plan, price, until, lapse_days };
            (say, Label::PlanCancelYes)
        }
    };
    let yes = keys::act(yes, Verb::PlanYes, row.number(change));
    question(turn, visit, say, [yes, keep(Label::PlanKeep)], message)
}

/// Back to the plan as it is.
pub(super) fn keep(label: Label) -> Key {
    keys::act(label, Verb::ShowPlan, 0)
}

/// A question about money, in the place of what led to it.
pub(super) fn question(
    turn: &mut Turn<'_>,
    visit: &Visit,
    say: Say,
    answers: [Key; 2],
    message: Option<&MessageId>,
) -> Answer {
    let rows = vec![Vec::from(answers), keys::human(turn.house(), None)];
    let word = turn.words(&visit.reader, say).keys(rows).replacing(message);
    turn.send(word);
    Answer::Quiet
}

/// Who sold it is asked, by an errand that outlives us.
fn begin(
    turn: &mut Turn<'_>,
    visit: &Visit,
    (row, change): (&PlanRow, &PlanChange),
    message: Option<&MessageId>,
) -> Answer {
    let errand = ErrandId(turn.id());
    let within = match change {
        PlanChange::Cancel | PlanChange::Resume => ENDED_WITHIN_MS,
        PlanChange::Exchange { .. } => EXCHANGED_WITHIN_MS,
    };
    turn.then(Effect::RunErrand(NewErrand {
        id: errand,
        name: format!("plan:{}:{errand}", row.subscription),
        conversation: visit.reader.conversation.clone(),
        errand: match stars::renewal(&visit.customer.identity, row, change) {
            Some(errand) => Errand::Stars(Box::new(errand)),
            None => Errand::ChangePlan {
                subscription: row.subscription.clone(),
                change: change.clone(),
                identity: visit.customer.identity.clone(),
            },
        },
        until: turn.frame.now.saturating_add(within),
    }));
    let wish = Wish { change: change.clone(), errand };
    turn.then(Effect::WishPlan { subscription: row.subscription.clone(), wish: Some(wish) });
    asking(turn, visit, message);
    Answer::Quiet
}

/// The payment provider is being asked; worth saying only now.
pub(super) fn asking(turn: &mut Turn<'_>, visit: &Visit, message: Option<&MessageId>) {
    let word = turn.words(&visit.reader, Say::PlanAsking).replacing(message);
    let counted = turn.room(&visit.reader.conversation).is_some();
    turn.send(if counted { word.about(About::Passing) } else { word });
}

/// What asking the payment provider to change a plan came to. It is told as all news of money are:
/// whoever asked may have left the account meanwhile.
pub(crate) fn changed(
    turn: &mut Turn<'_>,
    facts: &PaymentFacts,
    ((errand, subscription, change), by): ((ErrandId, &str, &PlanChange), &IdentityId),
    end: &ErrandEnd,
) {
    let row = facts.plans.iter().find(|row| row.subscription == subscription);
    if let ErrandEnd::Brought(Brought::Plan(notice)) = end
        && let Told::Plan(told) = &notice.told
    {
        let until = told.until;
        let moved = match change {
            PlanChange::Exchange { plan, charge, .. } => {
                Moved::Exchanged { plan: plan.clone(), until, charge: Some(*charge) }
            }
            PlanChange::Cancel | PlanChange::Resume => {
                // In Stars the answer is our own, and the money may have gone back meanwhile.
                let over = row.filter(|row| !row.is_at_provider() && !row.state.unlocks());
                let plan = row.map(|row| row.plan.clone()).unwrap_or_default();
                Moved::Plan { plan, state: over.map_or(told.state, |row| row.state), until }
            }
        };
        answer(turn, facts, by, moved);
        // Where everything that the provider tells happens.
        let told = Told::Changed(told.clone(), errand);
        turn.then(Effect::SetTimer {
            id: format!("changed:{errand}"),
            due_at: turn.frame.now,
            conversation: TOLD_IN.into(),
            event: Event::PaymentTold(Notice { told, ..(**notice).clone() }),
        });
        return;
    }
    turn.then(Effect::WishPlan { subscription: subscription.into(), wish: None });
    let refused = matches!(end, ErrandEnd::Failed(ErrandFailure::Refused));
    answer(turn, facts, by, Moved::PlanNotChanged { refused });
}

/// What came of what somebody asked for here is told to whoever has the account now.
pub(super) fn answer(turn: &mut Turn<'_>, facts: &PaymentFacts, by: &IdentityId, moved: Moved) {
    let account = facts.checkout.as_ref().map(|checkout| checkout.account);
    let to = (by.clone(), turn.frame.conversation.clone());
    tell_of(turn, account, to, moved);
}
