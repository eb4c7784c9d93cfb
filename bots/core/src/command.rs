//! Commands, each to what answers it.

use alloc::{vec, vec::Vec};

use crate::{
    account::Language,
    cancel,
    credits::Credits,
    customer::Visit,
    effect::Effect,
    event::{Message, Setting},
    facts::{MessageFacts, OpenRequest, PlanFacts},
    history,
    intent::Command,
    invite, keys, lapse, link, linking,
    payment::{self, RefundAuto},
    pricing, promo,
    say::{Balance, BalanceLine, HeldLine, Key, Label, Say, Verb},
    settings, support,
    turn::{Turn, shorten},
    unlinking,
};

/// Obeys a command. Tells whether it was answered by a welcome.
pub(crate) fn obey(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    message: &Message,
    command: Command<'_>,
) -> bool {
    if !is_had(turn, command) {
        help(turn, visit);
        return false;
    }
    if visit.reader.setting == Setting::Group && is_private(command) {
        turn.say(&visit.reader, Say::InPrivateOnly);
        return false;
    }
    match command {
        Command::Start(payload) => return link::started(turn, visit, facts, payload),
        Command::Help | Command::Unknown => help(turn, visit),
        Command::Balance => balance(turn, visit, &facts.entries, &facts.plan),
        Command::Buy => buy(turn, visit),
        Command::Plan => payment::show_plan(turn, visit, &facts.plan, None),
        Command::History => history::show(turn, visit, facts.history.as_ref(), None),
        Command::Settings => settings::show(turn, visit),
        Command::Support(told) => support::asked(turn, visit, message, told),
        Command::Privacy => privacy(turn, visit),
        Command::PaySupport => pay_support(turn, visit, &facts.plan),
        Command::Cancel => cancel::everything(turn, visit),
        Command::Language(named) => language(turn, visit, named),
        Command::Link(typed) => linking::asked(turn, visit, facts, message, typed),
        Command::Unlink => {
            if let Some(link) = &facts.link {
                unlinking::which(turn, visit, link, &facts.plan);
            }
        }
        Command::Redeem(typed) => promo::asked(turn, visit, facts, typed),
        Command::Invite => invite::asked(turn, visit, facts),
    }
    false
}

/// Whether the house has a command: what gives something away is off unless configured.
pub(crate) fn is_had(turn: &Turn<'_>, command: Command<'_>) -> bool {
    let gifts = &turn.house().gifts;
    match command {
        Command::Redeem(_) => !gifts.promos.is_empty(),
        Command::Invite => gifts.referral.is_some(),
        _ => true,
    }
}

/// Whether the answer is nobody else's business.
fn is_private(command: Command<'_>) -> bool {
    match command {
        Command::Balance
        | Command::Buy
        | Command::Plan
        | Command::History
        | Command::Support(_)
        | Command::Unlink
        | Command::Redeem(_)
        | Command::Invite => true,
        // A code among others is answered by what voids it.
        Command::Link(typed) => typed.is_empty(),
        Command::Start(_)
        | Command::Help
        | Command::Unknown
        | Command::Settings
        | Command::Privacy
        | Command::PaySupport
        | Command::Cancel
        | Command::Language(_) => false,
    }
}

fn help(turn: &mut Turn<'_>, visit: &Visit) {
    let rows = vec![
        vec![
            keys::act(Label::Settings, Verb::Settings, 0),
            keys::act(Label::Balance, Verb::Balance, 0),
        ],
        keys::human(turn.house(), None),
    ];
    let help = turn.words(&visit.reader, Say::Help).keys(rows);
    turn.send(help);
}

/// The balance, what is held and the last entries.
pub(crate) fn balance(
    turn: &mut Turn<'_>,
    visit: &Visit,
    entries: &[BalanceLine],
    facts: &PlanFacts,
) {
    let row = payment::current(&facts.plans);
    let pending = visit.customer.account.purse.pending;
    let held: Vec<HeldLine> = visit.customer.open.iter().filter_map(held).collect();
    // What chats asked for that have left since is theirs, and paid for here; of theirs who have
    // come since it is the other way round.
    let of_these = Credits(held.iter().map(|held| held.credits.0).sum::<i64>().min(pending.0));
    let say = Say::Balance(Balance {
        available: visit.available(),
        shared: visit.customer.account.purse.site.is_some(),
        pending: of_these,
        in_line: held.len() as i64,
        of_others: Credits(pending.0 - of_these.0),
        held,
        plan: row.map(|row| (row.plan.clone(), row.state, row.until)),
        lapsing: lapse::told(&facts.lapsing),
        entries: entries.to_vec(),
    });
    let mut first = vec![keys::act(Label::Buy, Verb::Buy, 0)];
    if row.is_some() {
        first.push(keys::act(Label::ShowPlan, Verb::ShowPlan, 0));
    }
    first.extend(keys::support_link(turn.house()));
    let balance = turn.words(&visit.reader, say).keys(vec![first]);
    turn.send(balance);
}

/// What is set aside for a request, and for which.
fn held(open: &OpenRequest) -> Option<HeldLine> {
    let pending = open.generations.iter().filter(|one| one.state.is_under_way());
    let credits = Credits(pending.map(|one| one.price.0).sum());
    let prompt = shorten(&open.request.prompt);
    (credits > Credits::ZERO).then_some(HeldLine { credits, prompt })
}

/// What credits cost; the support link stands beside every price.
pub(crate) fn buy(turn: &mut Turn<'_>, visit: &Visit) {
    let catalogue = &turn.house().catalogue;
    let nothing = catalogue.packs.is_empty() && catalogue.plans.is_empty();
    let mut rows: Vec<Vec<Key>> = payment::offers(turn.house(), &visit.reader.conversation);
    rows.truncate(keys::OFFERS_MAX);
    let say = if nothing {
        Say::BuyNothing
    } else {
        Say::Buy(pricing::offer(turn.house(), &visit.reader.conversation))
    };
    rows.push(keys::human(turn.house(), None));
    let offer = turn.words(&visit.reader, say).keys(rows);
    turn.send(offer);
}

/// The privacy promise.
pub(crate) fn privacy(turn: &mut Turn<'_>, visit: &Visit) {
    let keys = keys::human(turn.house(), None);
    let promise = turn.words(&visit.reader, Say::Privacy).keys(vec![keys]);
    turn.send(promise);
}

/// How payment matters are settled.
fn pay_support(turn: &mut Turn<'_>, visit: &Visit, facts: &PlanFacts) {
    let mut rows = vec![keys::human(turn.house(), None)];
    let in_stars = !payment::stars_offers(turn.house(), &visit.reader.conversation).is_empty();
    if in_stars && turn.house().refund_auto == RefundAuto::Unspent {
        rows.insert(0, payment::refund_key(facts).into_iter().collect());
    }
    let answer = turn.words(&visit.reader, Say::PaySupport).keys(rows);
    turn.send(answer);
}

fn language(turn: &mut Turn<'_>, visit: &mut Visit, named: Option<Language>) {
    let Some(language) = named else {
        let question = turn.words(&visit.reader, Say::ChooseLanguage).keys(keys::languages());
        turn.send(question);
        return;
    };
    choose_language(turn, visit, language);
    turn.say(&visit.reader, Say::LanguageChanged);
}

/// From now on we speak this language with them.
pub(crate) fn choose_language(turn: &mut Turn<'_>, visit: &mut Visit, language: Language) {
    let identity = visit.customer.identity.clone();
    turn.then(Effect::ChooseLanguage { identity, language });
    visit.customer.language = language;
    visit.customer.language_chosen = true;
    visit.reader.language = language;
}
