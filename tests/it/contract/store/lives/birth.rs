//! How lives begin.

use std::ops::Range;

use picdesk::store::effects::Outcome;
use picdesk_core::{
    credits::Credits,
    effect::Effect,
    id::LinkId,
    payment::{Checkout, Item},
};

use super::{
    super::payments::bought,
    Customer, House, Life, START, carry_out,
    shop::{PACK, PLAN, dollars},
};

impl Life {
    /// What a side can buy.
    fn can_buy(&self, side: usize, who: &Customer) -> [Effect; 2] {
        let pack = bought(who, &self.request(side, "pack"), START);
        let plan = Checkout {
            request: self.request(side, "plan"),
            item: Item::Plan("studio".into()),
            credits: Credits(PLAN.0),
            price: dollars(PLAN.1),
            product: "prod_studio".into(),
            ..pack.clone()
        };
        let pack = Checkout { credits: Credits(PACK.0), price: dollars(PACK.1), ..pack };
        [Effect::OpenCheckout(pack), Effect::OpenCheckout(plan)]
    }
}

/// People who are new, each with two chats and able to buy in either, all in one commit.
pub async fn born(house: &House, numbers: Range<usize>) -> Vec<Life> {
    let (mut lives, mut outcomes) = (Vec::new(), Vec::new());
    for number in numbers {
        let seq = house.seq();
        let sides = [0, 1].map(|side| house.opening(&format!("{number}-{side}")));
        let life = Life {
            number,
            sides: [sides[0].0.clone(), sides[1].0.clone()],
            linked: false,
            left: [0, 0],
            own: [0, 0],
            link: LinkId(0),
            payments: Vec::new(),
            pending: Vec::new(),
            spent: [0, 0],
            redeemed: [false, false],
            told: Vec::new(),
        };
        let mut effects = Vec::new();
        for (side, (who, opened)) in sides.into_iter().enumerate() {
            effects.push(opened);
            effects.extend(life.can_buy(side, &who));
        }
        outcomes.push(Outcome { seq, effects, messages: Vec::new() });
        lives.push(life);
    }
    carry_out(house, outcomes, START).await;
    lives
}
