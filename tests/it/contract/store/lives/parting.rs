//! What is spent in these lives, and how two sides part that were linked.

use picdesk::{
    buttons::Seal,
    store::links::{self, Asked},
};
use picdesk_core::{
    credits::VoidReason,
    event::{Press, Setting},
    facts::{LinkFacts, LinkNeed, PressFacts, PressedAction},
    generation::GenerationState,
    id::{GenerationId, HoldId},
    say::{Action, Verb},
};

use super::*;

/// Credits that a side has set aside.
#[derive(Clone, Copy)]
pub struct Spent {
    hold: HoldId,
    generation: GenerationId,
    /// In whose purse.
    root: usize,
    side: usize,
    amount: i64,
    /// In which link.
    link: Option<LinkId>,
}

impl Life {
    /// A side asks for a picture.
    pub fn sets_aside(
        &mut self,
        house: &House,
        (side, amount): (usize, i64),
        now: i64,
    ) -> Vec<Effect> {
        let (root, link) = (self.root(side), self.linked.then_some(self.link));
        let who =
            Customer { identity: self.sides[side].identity.clone(), ..self.sides[root].clone() };
        let (asked, mut effects) = house.asking(&who, amount, 1);
        if let Some(Effect::OpenRequest(request)) = effects.first_mut() {
            request.asked_at = now;
        }
        self.comes(side, -amount);
        self.spent[side] += amount;
        let (hold, generation) = (asked.hold, asked.generation);
        self.pending.push(Spent { hold, generation, root, side, amount, link });
        effects
    }

    /// It is delivered, or comes to nothing.
    pub fn ends(&mut self, one: Spent, delivered: bool) -> Vec<Effect> {
        let Spent { hold, generation, root, side, amount, link } = one;
        let state = if delivered { GenerationState::Delivered } else { GenerationState::Cancelled };
        let settled = Effect::SettleGeneration { generation, state, failure: None };
        if delivered {
            return vec![settled, Effect::PostHold { hold }];
        }
        // What comes back goes where it was set aside, or whose it has become since; in the same
        // link it is whoever asked's.
        let is_same = self.linked && link == Some(self.link);
        let whose = if is_same { side } else { root };
        self.comes(whose, amount);
        self.spent[side] -= if is_same { amount } else { 0 };
        vec![settled, Effect::VoidHold { hold, reason: VoidReason::Cancelled }]
    }

    /// They part: each has what it would have without the link. What one has spent of the
    /// other's is gone, and is owed by nobody.
    pub async fn parts(&mut self, tx: &mut Tx) {
        let all = self.left[1];
        let reclaimed = purse_of(tx, &self.sides[1]).await;
        let debt = |side: usize| (self.own[side] + self.spent[side]).min(0);
        let goes = if self.own[0] > 0 {
            self.own[0].min(all - debt(1).max(-reclaimed)).max(0)
        } else {
            self.own[0].max(debt(0)).max(-reclaimed)
        };
        if self.own[0] >= 0 {
            let theirs = |one: &&mut Spent| one.side == 0 && one.link == Some(self.link);
            self.pending.iter_mut().filter(theirs).for_each(|one| one.root = 0);
        }
        self.left = [goes, all - goes];
        self.own = self.left;
        self.linked = false;
    }
}

/// What was taken back of a purse though it was spent.
async fn purse_of(tx: &mut Tx, who: &Customer) -> i64 {
    let text = "select reclaimed from purses where id = $1";
    tx.rows(text, &[who.purse.0.into()]).await.unwrap()[0].int(0).unwrap()
}

/// What the rules are asked when whoever stays undoes the link.
pub async fn undone(
    tx: &mut Tx,
    life: &Life,
    (seq, now, rules): (i64, i64, &Rules),
) -> (ConversationId, Facts, Event) {
    let who = &life.sides[1];
    let seen = (who.identity.clone(), who.conversation.clone());
    let customer = facts::customers(tx, &[seen], rules, now).await.unwrap().into_values().next();
    let asked = Asked { seq, by: &who.identity, now, account: Some(who.account) };
    let seal = Seal::new(vec![7; 32]);
    let need = LinkNeed::Link(life.link);
    let link: LinkFacts = links::find(tx, asked, &need, (&seal, rules)).await.unwrap();
    let facts = PressFacts {
        customer,
        action: PressedAction::Ours(Action { verb: Verb::UndoLink, row: life.link.0 }),
        request: None,
        generations: Vec::new(),
        stray: false,
        kept: None,
        address: String::new(),
        checkout: None,
        plan: PlanFacts::default(),
        refundable: None,
        newest: None,
        line: Line::default(),
        history: None,
        entries: Vec::new(),
        past: Past::default(),
        desk: None,
        link: Some(Box::new(link)),
    };
    let press = Press {
        by: who.person(),
        setting: Setting::Private,
        tap: "tap".into(),
        message: None,
        token: String::new(),
    };
    (who.conversation.clone(), Facts::Press(facts), Event::ButtonPressed(press))
}
