//! Everything that happens to money, in one life: bought, given, set aside, spent, given back, gone
//! back in part or whole, disputed, lapsed, linked, parted and told again. What the real rules
//! decide is carried out by the real store, and a plain reckoning comes to the same.
//! `PICDESK_LIVES` says how many are lived.

mod birth;
mod orders;
mod parting;
mod shop;

use std::{env, sync::Arc};

use picdesk::store::{
    Tx,
    effects::Outcome,
    facts,
    gifts::{self, Asked},
    payments, plans,
};
use picdesk_core::{
    credits::{Credits, TakeReason},
    decide::decide,
    effect::Effect,
    event::Event,
    facts::{Facts, Frame, GiftNeed, House as Rules, Line, MessageFacts, Past, PlanFacts},
    id::{Cause, ConversationId, LinkId},
    payment::{Mode, Notice, Paid, PlanState, PlanTold, Reversal, Reversed, TOLD_IN, Told},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use self::{
    birth::born,
    parting::{Spent, undone},
    shop::{PACK, PLAN, PROMO, dollars, shop},
};
use super::{Customer, House, START, houses};

/// Lives that are lived where nothing else is said, on SQLite and on PostgreSQL, where each
/// statement is a journey: half of them in each of two tests. And steps of each.
const LIVES: usize = 10_000;
const LIVES_ON_A_SERVER: usize = 500;
const STEPS: i64 = 14;
/// Lives that go side by side, in one commit.
const SIDE_BY_SIDE: usize = 250;
/// Between two steps: what a plan brings lapses after thirty days.
const BETWEEN_MS: i64 = 9 * 86_400_000;

/// A payment as it is reckoned.
struct Known {
    id: String,
    side: usize,
    credits: i64,
    taken: i64,
    is_plan: bool,
    /// What was paid with tax, what of it went back, and whether a bank took it.
    of: i64,
    back: i64,
    disputed: bool,
}

impl Known {
    /// How many of its credits are to be gone by now.
    fn due(&self) -> i64 {
        if self.disputed || self.back >= self.of {
            return self.credits;
        }
        self.credits * self.back / self.of
    }
}

/// One person with two chats, which become one account or do not.
struct Life {
    number: usize,
    sides: [Customer; 2],
    linked: bool,
    /// What can be spent by each, reckoned in the plainest way.
    left: [i64; 2],
    /// What each side would have if they had never been linked.
    own: [i64; 2],
    link: LinkId,
    payments: Vec<Known>,
    /// What is set aside, and what each side has spent since they were linked last.
    pending: Vec<Spent>,
    spent: [i64; 2],
    redeemed: [bool; 2],
    told: Vec<Notice>,
}

/// What happens next.
enum Next {
    Told(Box<Notice>),
    /// What of their credits is due lapses.
    Lapse(usize),
    Redeem(usize),
    /// They part again.
    Part,
    /// What needs no rule.
    Done(Vec<Effect>),
    Nothing,
}

impl Life {
    fn root(&self, side: usize) -> usize {
        if self.linked { 1 } else { side }
    }

    /// Credits come to a side, or go.
    fn comes(&mut self, side: usize, credits: i64) {
        let root = self.root(side);
        self.left[root] += credits;
        self.own[side] += credits;
    }

    fn request(&self, side: usize, what: &str) -> String {
        format!("pd-{}-{side}-{what}", self.number)
    }

    fn tells(&mut self, notice: Notice) -> Next {
        self.told.push(notice.clone());
        Next::Told(Box::new(notice))
    }

    fn notice(&self, side: usize, what: &str, told: Told) -> Notice {
        let request = Some(self.request(side, what));
        Notice { at: START, mode: Mode::Test, request, told }
    }

    /// Something is bought: a pack, or a period of a plan for a part of its price.
    fn buys(&mut self, dice: &mut StdRng, step: i64) -> Next {
        let (side, is_plan) = (dice.random_range(0..2), dice.random_range(0..2) == 0);
        let (whole, price) = if is_plan { PLAN } else { PACK };
        let charged = if is_plan { dice.random_range(1..=price) } else { price };
        let credits = (whole * charged + price - 1) / price;
        let kind = if is_plan { "transaction" } else { "order" };
        let id = format!("{kind}:{}-{step}", self.number);
        self.comes(side, credits);
        let of = price * 121 / 100;
        self.payments.push(Known {
            id: id.clone(),
            side,
            credits,
            taken: 0,
            is_plan,
            of,
            back: 0,
            disputed: false,
        });
        let product = if is_plan { "prod_studio" } else { "prod_starter" };
        let paid = Paid {
            payment: id,
            product: Some(product.into()),
            price: Some(dollars(price)),
            discount: 0,
            charged: Some(dollars(charged)),
            link: None,
            customer: None,
        };
        if !is_plan {
            let notice = self.notice(side, "pack", Told::Bought(paid));
            return self.tells(notice);
        }
        let plan = PlanTold {
            subscription: format!("sub-{}-{side}", self.number),
            product: Some(product.into()),
            state: PlanState::Active,
            until: 9,
            changed_at: 9,
            customer: None,
        };
        let notice = self.notice(side, "plan", Told::PlanPaid(paid, plan));
        self.tells(notice)
    }

    /// Money goes back: a part, or by a bank all of it.
    fn goes_back(&mut self, dice: &mut StdRng, step: i64) -> Next {
        if self.payments.is_empty() {
            return Next::Nothing;
        }
        let which = dice.random_range(0..self.payments.len());
        let side = self.payments[which].side;
        let known = &mut self.payments[which];
        let (minor, disputed) = (dice.random_range(1..=known.of), dice.random_range(0..5) == 0);
        known.back += minor;
        known.disputed |= disputed;
        let more = (known.due() - known.taken).max(0);
        known.taken += more;
        let by = if disputed { Reversal::Dispute } else { Reversal::Refund };
        let reversed = Reversed {
            id: format!("back_{}_{step}", self.number),
            payment: known.id.clone(),
            by,
            minor,
            total: 0,
            of_minor: known.of,
        };
        self.comes(side, -more);
        self.tells(Notice {
            at: START,
            mode: Mode::Test,
            request: None,
            told: Told::Reversed(reversed),
        })
    }

    fn step(&mut self, dice: &mut StdRng, house: &House, step: i64) -> Next {
        let side = dice.random_range(0..2);
        let root = self.root(side);
        match dice.random_range(0..16) {
            0..3 => self.buys(dice, step),
            3..5 => self.goes_back(dice, step),
            5 if !self.told.is_empty() => {
                Next::Told(Box::new(self.told[dice.random_range(0..self.told.len())].clone()))
            }
            6..9 if self.left[root] > 0 => {
                let amount = dice.random_range(1..=self.left[root]);
                Next::Done(self.sets_aside(house, (side, amount), START + step * BETWEEN_MS))
            }
            which @ (9 | 10) if !self.pending.is_empty() => {
                let one = self.pending.swap_remove(dice.random_range(0..self.pending.len()));
                Next::Done(self.ends(one, which == 9))
            }
            11 => Next::Lapse(root),
            12 => Next::Redeem(side),
            13 if !self.linked && dice.random_range(0..2) == 0 => {
                self.linked = true;
                self.left = [0, self.left[0] + self.left[1]];
                self.spent = [0, 0];
                let (link, effect) = house.merging(&self.sides[0], &self.sides[1]);
                self.link = link;
                Next::Done(vec![effect])
            }
            14 if self.linked => Next::Part,
            _ => Next::Nothing,
        }
    }

    /// What of plans lapses is theirs and not spent; what was bought never does.
    fn lapses(&mut self, root: usize, effects: &[Effect]) -> i64 {
        let mut all = 0;
        for effect in effects {
            match effect {
                Effect::LapsePayment { payment, credits, .. } => {
                    let known = self.payments.iter_mut().find(|it| it.id == *payment).unwrap();
                    known.taken += credits.0;
                    assert!(known.is_plan && known.taken <= known.credits, "life {}", self.number);
                    all += credits.0;
                    self.own[known.side] -= credits.0;
                }
                Effect::TakeBack { reason, .. } => assert_eq!(*reason, TakeReason::Lapsed),
                _ => {}
            }
        }
        assert!(all == 0 || all <= self.left[root], "life {}", self.number);
        self.left[root] -= all;
        all
    }
}

/// What the rules decide of it, by what the store knows.
async fn decided(
    tx: &mut Tx,
    life: &Life,
    next: &Next,
    (seq, now, rules): (i64, i64, &Rules),
) -> Vec<Effect> {
    let (place, facts, event) = match next {
        Next::Done(effects) => return effects.clone(),
        Next::Nothing => return Vec::new(),
        Next::Part => undone(tx, life, (seq, now, rules)).await,
        Next::Told(notice) => {
            let facts = payments::facts_of(tx, notice, rules).await.unwrap();
            let place = ConversationId(TOLD_IN.into());
            (place, Facts::Payment(facts), Event::PaymentTold((**notice).clone()))
        }
        Next::Lapse(side) | Next::Redeem(side) => {
            let who = &life.sides[*side];
            let seen = (who.identity.clone(), who.conversation.clone());
            let found = facts::customers(tx, &[seen], rules, now).await.unwrap();
            let customer = found.into_values().next().unwrap();
            let (account, purse) = (customer.account.id, customer.account.purse.id);
            let lapsing = plans::lapsing(tx, account, purse).await.unwrap();
            let need = GiftNeed::Promo("SPRING".into());
            let asked =
                Asked { by: &who.identity, account: Some(account), fresh: String::new(), now };
            let gift = gifts::find(tx, asked, &need).await.unwrap();
            let facts = MessageFacts {
                plan: PlanFacts { lapsing, ..PlanFacts::default() },
                gift: Some(Box::new(gift)),
                customer: Some(customer),
                ..MessageFacts::of_line(Line::default())
            };
            let event = match next {
                Next::Lapse(_) => Event::CreditsLapsing { account },
                _ => Event::MessageReceived(who.message("1", "/redeem spring")),
            };
            (who.conversation.clone(), Facts::Message(facts), event)
        }
    };
    let cause = Cause(seq);
    let frame = Frame { now, cause, conversation: &place, house: rules, window: None };
    let effects = decide(&frame, &facts, &event);
    effects.into_iter().filter(is_about_money).collect()
}

/// Whether an effect moves credits, or is what is known of them.
fn is_about_money(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Grant { .. }
            | Effect::TakeBack { .. }
            | Effect::KeepPayment(_)
            | Effect::KeepReversal(_)
            | Effect::LapsePayment { .. }
            | Effect::Gift(_)
            | Effect::Link(_)
    )
}

/// Lives go on by a step, side by side; how many credits lapsed in them, and how many parted.
async fn go_on(
    house: &House,
    dice: &mut StdRng,
    lives: &mut [Life],
    (step, rules): (i64, &Rules),
) -> (i64, usize) {
    let (now, mut lapsed, mut parted) = (START + step * BETWEEN_MS, 0, 0);
    let mut outcomes = Vec::new();
    let mut snapshot = house.store.snapshot().await.unwrap();
    for life in lives {
        let (seq, next) = (house.seq(), life.step(dice, house, step));
        let effects = decided(&mut snapshot, life, &next, (seq, now, rules)).await;
        match next {
            Next::Lapse(root) => lapsed += life.lapses(root, &effects),
            Next::Redeem(side) => {
                let all = if life.linked { vec![0, 1] } else { vec![side] };
                let had = all.iter().any(|side| life.redeemed[*side]);
                assert_eq!(effects.is_empty(), had, "life {}: {effects:?}", life.number);
                // Who had it by the other one may have it alone, once they have parted.
                life.redeemed[side] |= !had;
                life.comes(side, if had { 0 } else { PROMO });
            }
            Next::Part => {
                life.parts(&mut snapshot).await;
                parted += 1;
            }
            Next::Told(_) | Next::Done(_) | Next::Nothing => {}
        }
        outcomes.push(Outcome { seq, effects, messages: Vec::new() });
    }
    drop(snapshot);
    carry_out(house, outcomes, now).await;
    (lapsed, parted)
}

/// What follows is carried out, all of it in one commit.
async fn carry_out(house: &House, outcomes: Vec<Outcome>, now: i64) {
    let lost = house
        .write((Arc::new(outcomes), now), |tx, (outcomes, now)| {
            Box::pin(async move {
                let carried = picdesk::store::effects::carry_out(tx, &outcomes, now).await?;
                Ok(carried.lost)
            })
        })
        .await
        .unwrap();
    assert!(lost.is_empty(), "{lost:?}");
}

/// What was seen among lives.
#[derive(Debug, Default)]
struct Among {
    lapsed: i64,
    owing: usize,
    linked: usize,
    apart: usize,
    parted: usize,
}

/// So many lives in one house, from birth to their reckoning.
async fn live(house: &House, seed: u64, lives: usize, among: &mut Among) {
    let rules = shop();
    let mut dice = StdRng::seed_from_u64(seed);
    for first in (0..lives).step_by(SIDE_BY_SIDE) {
        let mut some = born(house, first..lives.min(first + SIDE_BY_SIDE)).await;
        for step in 0..STEPS {
            let (lapsed, parted) = go_on(house, &mut dice, &mut some, (step, &rules)).await;
            among.lapsed += lapsed;
            among.parted += parted;
        }
        for life in &some {
            for (who, left) in life.sides.iter().zip(life.left) {
                let found = house.purse(who).await.available();
                assert_eq!(found, Credits(left), "life {}: {who:?}", life.number);
                among.owing += usize::from(left < 0);
            }
            among.linked += usize::from(life.linked);
            among.apart += usize::from(!life.linked);
        }
    }
    let broken = house.verify().await;
    // Nobody makes pictures here.
    let others =
        ["every posted hold has its picture", "every pending hold has a picture under way"];
    let broken: Vec<_> = broken.iter().filter(|one| !others.contains(&one.invariant)).collect();
    assert!(broken.is_empty(), "{broken:?}");
}

/// Half of all lives, on every database.
async fn live_half(seed: u64) {
    let given: Option<usize> = env::var("PICDESK_LIVES").ok().and_then(|it| it.parse().ok());
    let mut among = Among::default();
    for house in houses().await {
        let default = if house.database.is_shared() { LIVES_ON_A_SERVER } else { LIVES };
        live(&house, seed, given.unwrap_or(default) / 2, &mut among).await;
    }
    let Among { lapsed, owing, linked, apart, parted } = among;
    let seen = [lapsed > 0, owing > 0, linked > 0, apart > 0, parted > 0];
    assert!(seen.into_iter().all(|it| it), "{among:?}");
}

#[tokio::test]
async fn lives_with_everything_that_happens_to_money_end_as_they_are_reckoned() {
    live_half(2026).await;
}

#[tokio::test]
async fn as_many_other_lives_end_as_they_are_reckoned() {
    live_half(2027).await;
}
