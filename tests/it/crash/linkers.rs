//! Who links chats, parts them again and buys packs and plans while the desk dies: people of their
//! own, so that what others asked for stays where they asked for it. Plans are renewed, and of what
//! was paid some goes back, or is taken back by a bank.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use picdesk_sandbox::telegram::MessageView;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio_util::sync::CancellationToken;

use crate::house::House;

/// How many there are.
const PEOPLE: usize = 3;
/// Between two things that happen.
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// What they buy, and how many credits that is.
const PACK: &str = "100 credits · 9.90 USD";
const PLAN: &str = "Pro · 19.90 USD";
pub const PACK_CREDITS: i64 = 100;
pub const PLAN_CREDITS: i64 = 500;
/// How often somebody thinks of asking for another code before they believe that none comes.
const PATIENCE: u32 = 30;
/// What makes two chats one account's.
const YES: &str = "Yes, that is mine";
/// A card that is taken.
const CARD: &str = "4242424242424242";

/// The people and what they paid for.
pub struct Linkers {
    house: Arc<House>,
    people: Vec<i64>,
    chance: StdRng,
    http: reqwest::Client,
    carried: BTreeSet<String>,
    /// How many codes somebody had been shown when they asked for one, and how long they wait.
    pressed: BTreeMap<i64, (usize, u32)>,
    paid: BTreeSet<String>,
}

impl Linkers {
    /// People who have not written yet.
    pub fn gather(house: Arc<House>, seed: u64) -> Self {
        let person = |number| {
            let (alias, name) = (format!("linker-{number}"), format!("Linker {number}"));
            house.telegram.add_user(&alias, &name, Some("en"))
        };
        let people = (0..PEOPLE).map(person).collect();
        let redirect = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().no_proxy().redirect(redirect).build().unwrap();
        let chance = StdRng::seed_from_u64(seed.wrapping_add(2));
        Self {
            house,
            people,
            chance,
            http,
            carried: BTreeSet::new(),
            pressed: BTreeMap::new(),
            paid: BTreeSet::new(),
        }
    }

    /// Links, parts and buys until it is told to stop.
    pub async fn busy(mut self, stop: CancellationToken) {
        loop {
            let pause = self.chance.random_range(Duration::ZERO..PAUSE_MAX);
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
            let user = self.people[self.chance.random_range(0..self.people.len())];
            if self.is_asked(user) && self.chance.random_bool(0.7) {
                let answer = if self.chance.random_bool(0.8) { YES } else { "No" };
                self.press(user, answer);
                continue;
            }
            match self.chance.random_range(0..24) {
                0..4 => self.say(user, "/link"),
                4..8 => self.make_code(user),
                8..13 => self.carry_code(user),
                13 => self.press(user, "Undo the link"),
                14 => self.say(user, "/unlink"),
                15 => self.press(user, "Unlink 2"),
                16 => self.say(user, "/buy"),
                17 => self.press(user, PACK),
                18 => self.press(user, PLAN),
                19 => self.money_moves(),
                _ => self.pay(user).await,
            }
        }
    }

    /// Somewhere else a plan is renewed, or money goes back.
    fn money_moves(&mut self) {
        let creem = self.house.creem();
        let (plans, payments) = (creem.subscriptions(), creem.transactions());
        let which = self.chance.random_range(0..6);
        if which < 2
            && let Some(plan) = plans.get(self.chance.random_range(0..plans.len().max(1)))
        {
            // A plan that is over is renewed no more.
            let _ = creem.renew(&plan.id);
        }
        let at = self.chance.random_range(0..payments.len().max(1));
        let Some(payment) = payments.get(at).filter(|_| which >= 2) else { return };
        let part = self.chance.random_range(1..=(payment.amount + payment.tax).max(1));
        // Of some there is nothing left.
        let _ = match which {
            2 => creem.refund(&payment.id, None).map(drop),
            3 => creem.dispute(&payment.id),
            _ => creem.refund(&payment.id, Some(part)).map(drop),
        };
    }

    /// Whether the last that they heard asks whether to link.
    fn is_asked(&self, user: i64) -> bool {
        let chat = self.house.telegram.chat(user);
        chat.iter().rev().find(|it| it.is_from_bot()).is_some_and(|it| it.button(YES).is_some())
    }

    fn say(&self, user: i64, text: &str) {
        self.house.telegram.say(user, text).unwrap();
    }

    /// Presses the newest button of this name, twice now and then, as the impatient do.
    fn press(&mut self, user: i64, label: &str) {
        let chat = self.house.telegram.chat(user);
        let Some(message) = chat.iter().rev().find(|it| it.button(label).is_some()) else { return };
        for _ in 0..self.chance.random_range(1..=2) {
            // It may be gone between looking and pressing.
            let _ = self.house.telegram.press(user, user, message.message, label);
        }
    }

    /// Makes a code, where the last one was shown and carried to somebody: a new one ends it, also
    /// one that is not shown yet.
    fn make_code(&mut self, user: i64) {
        let shown = self.house.telegram.chat(user).iter().filter_map(code_in).count();
        let (seen, patience) = self.pressed.entry(user).or_insert((usize::MAX, 0));
        if *seen == shown && *patience > 0 {
            *patience -= 1;
            return;
        }
        (*seen, *patience) = (shown, PATIENCE);
        if self.newest_code(user).is_none_or(|code| self.carried.contains(&code)) {
            self.press(user, "Code for another chat");
        }
    }

    fn newest_code(&self, user: i64) -> Option<String> {
        self.house.telegram.chat(user).iter().rev().find_map(code_in)
    }

    /// Types the newest code that somebody else was shown.
    fn carry_code(&mut self, user: i64) {
        let other = self.people[self.chance.random_range(0..self.people.len())];
        let code = self.newest_code(other);
        // Each is carried once: too many that do not work are not looked at.
        if let Some(code) = code.filter(|code| other != user && self.carried.insert(code.clone())) {
            self.say(user, &code);
        }
    }

    /// Pays the newest link, once.
    async fn pay(&mut self, user: i64) {
        let chat = self.house.telegram.chat(user);
        let buttons = chat.iter().rev().flat_map(|it| it.buttons.iter().flatten());
        let mut urls = buttons.filter_map(|button| button.url.clone());
        let Some(url) = urls.find(|url| url.starts_with(&self.house.creem().base_url())) else {
            return;
        };
        if !self.paid.insert(url.clone()) {
            return;
        }
        let form = "application/x-www-form-urlencoded";
        let body = format!("email=anyone%40example.com&card={CARD}&pay=pay");
        let paid = self.http.post(&url).header("content-type", form).body(body).send().await;
        if !paid.is_ok_and(|answer| answer.status().is_redirection()) {
            self.paid.remove(&url);
        }
    }
}

/// The code that a message shows.
fn code_in(message: &MessageView) -> Option<String> {
    let first = message.text.lines().next()?;
    let is_code = first.len() == 9
        && first.chars().all(|c| c.is_ascii_uppercase() || c == '-')
        && message.is_from_bot();
    is_code.then(|| first.to_owned())
}
