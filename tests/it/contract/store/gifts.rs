//! Promo codes and invitations: counted exactly, kept by whoever they are of, given once.

use picdesk::store::gifts::{self, Asked};
use picdesk_core::{
    credits::{Credits, GrantReason},
    effect::{Effect, GiftEffect, InvitationEnd, LinkEffect},
    facts::{GiftFacts, GiftNeed, Invitation, PromoFacts},
    id::{AccountId, Cause, EntryId, PurseId},
};

use super::{
    Customer, House, houses,
    payments::{bought, reversed},
};

const DAY_MS: u64 = 86_400_000;

impl House {
    /// What follows when somebody redeems a code.
    fn redeeming(&self, who: &Customer, code: &str, uses_max: i64) -> Vec<Effect> {
        let entry = EntryId(Cause(self.seq()).consequence(0));
        let grant = Effect::Grant {
            entry,
            purse: who.purse,
            credits: Credits(20),
            source: format!("promo:{code}:{}", who.identity),
            reason: GrantReason::Promo,
            note: None,
        };
        let used = GiftEffect::UsePromo {
            code: code.into(),
            account: who.account,
            identity: who.identity.clone(),
            entry,
            uses_max,
        };
        vec![grant, Effect::Gift(used)]
    }

    async fn redeems(&self, who: &Customer, code: &str, uses_max: i64) -> bool {
        self.follow(self.redeeming(who, code, uses_max)).await.is_ok()
    }

    async fn gift(&self, who: &Customer, account: Option<AccountId>, need: GiftNeed) -> GiftFacts {
        let (by, now) = (who.identity.clone(), self.clock.now_ms());
        self.write((by, account, need, now), |tx, (by, account, need, now)| {
            Box::pin(async move {
                let asked = Asked { by: &by, account, fresh: "f00d".into(), now };
                gifts::find(tx, asked, &need).await
            })
        })
        .await
        .unwrap()
    }

    async fn of_promo(&self, who: &Customer, account: AccountId, code: &str) -> PromoFacts {
        match self.gift(who, Some(account), GiftNeed::Promo(code.into())).await {
            GiftFacts::Promo(facts) => facts,
            other => panic!("{other:?}"),
        }
    }

    async fn invitation(&self, who: &Customer) -> Option<Invitation> {
        match self.gift(who, None, GiftNeed::Invitation).await {
            GiftFacts::Invitation(found) => found,
            other => panic!("{other:?}"),
        }
    }

    /// Somebody new comes by the code of somebody.
    async fn invited(&self, name: &str, inviter: &Customer) -> Customer {
        let who = self.customer(name, 0).await;
        let invite = GiftEffect::Invite {
            identity: who.identity.clone(),
            account: who.account,
            here: who.conversation.clone(),
            code: format!("code-{}", inviter.account),
            inviter: inviter.account,
            credits: Credits(50),
            invited_credits: Credits(10),
        };
        self.follow(vec![Effect::Gift(invite)]).await.unwrap();
        who
    }

    async fn makes_code(&self, who: &Customer) {
        let make = GiftEffect::MakeInvite {
            code: format!("code-{}", who.account),
            account: who.account,
            by: who.identity.clone(),
            here: who.conversation.clone(),
        };
        self.follow(vec![Effect::Gift(make)]).await.unwrap();
    }

    /// They buy for the first time.
    async fn buys(&self, who: &Customer, payment: &str) {
        let purchase = GiftEffect::KeepPurchase {
            identity: who.identity.clone(),
            account: who.account,
            payment: payment.into(),
        };
        let payment = picdesk_core::payment::Payment {
            id: payment.into(),
            request: Some(format!("pd-{payment}")),
            purse: Some(who.purse),
            credits: Credits(100),
            taken: Credits::ZERO,
            doubt: None,
            bought: None,
        };
        self.follow(vec![
            Effect::OpenCheckout(bought(who, &format!("pd-{}", payment.id), 5)),
            Effect::KeepPayment(payment),
            Effect::Gift(purchase),
        ])
        .await
        .unwrap();
    }

    /// Both sides of an invitation get theirs, if there is room for it.
    async fn rewards(&self, invitation: &Invitation, most: i64) -> bool {
        let sides = [("inviting", &invitation.inviter), ("invited", &invitation.invited)];
        let cause = Cause(self.seq());
        let mut effects: Vec<Effect> = (0..)
            .zip(sides)
            .map(|(number, (word, side))| Effect::Grant {
                entry: EntryId(cause.consequence(number)),
                purse: side.owner.purse,
                credits: side.credits,
                source: format!("{word}:{}", invitation.identity),
                reason: GrantReason::Inviting,
                note: None,
            })
            .collect();
        let since = picdesk_core::invite::counted_since(self.clock.now_ms());
        effects.push(Effect::Gift(GiftEffect::EndInvitation {
            identity: invitation.identity.clone(),
            inviter: invitation.inviter.owner.account,
            invited: invitation.invited.owner.account,
            end: InvitationEnd::Rewarded { most, since },
        }));
        self.follow(effects).await.is_ok()
    }
}

#[tokio::test]
async fn of_sixty_four_at_once_exactly_so_many_get_a_code_as_may() {
    const MANY: usize = 64;
    for house in houses().await {
        for most in [1_i64, 17, 64] {
            let code = format!("CODE-{most}");
            let mut crowd = Vec::new();
            for number in 0..MANY {
                crowd.push(house.customer(&format!("{most}-{number}"), 0).await);
            }
            let tries = crowd.iter().map(|who| house.redeems(who, &code, most));
            let got = futures_util::future::join_all(tries).await;
            let count = got.iter().filter(|one| **one).count();
            assert_eq!(count as i64, most);
            for (who, got) in crowd.iter().zip(got) {
                assert_eq!(house.available(who).await, if got { 20 } else { 0 });
            }
            assert_eq!(house.of_promo(&crowd[0], crowd[0].account, &code).await.uses, most);
        }
        assert!(house.verify().await.is_empty());
    }
}

#[tokio::test]
async fn a_code_is_had_once_at_once_and_by_whatever_chat() {
    for house in houses().await {
        let ada = house.customer("1", 0).await;
        let tries = (0..8).map(|_| house.redeems(&ada, "WELCOME", 100));
        let got = futures_util::future::join_all(tries).await;
        assert_eq!(got.iter().filter(|one| **one).count(), 1);
        // Another chat of the same account, at the same time or later.
        let bob = house.customer("2", 0).await;
        let link = house.merge(&ada, &bob).await;
        let of_both = Customer { account: bob.account, purse: bob.purse, ..ada.clone() };
        for who in [&of_both, &bob] {
            assert!(house.of_promo(who, bob.account, "WELCOME").await.had);
            assert!(!house.redeems(who, "WELCOME", 100).await);
        }
        // Parted, each has what they have had.
        house.parts(link, &bob, &ada, 0).await;
        assert!(house.of_promo(&ada, ada.account, "WELCOME").await.had);
        assert!(!house.of_promo(&bob, bob.account, "WELCOME").await.had);
        assert!(house.redeems(&bob, "WELCOME", 100).await);
        assert_eq!(house.of_promo(&ada, ada.account, "WELCOME").await.uses, 2);
        let cause = Cause(house.seq());
        house.merge(&bob, &ada).await;
        let separate = LinkEffect::Separate {
            identity: bob.identity.clone(),
            from: ada.account,
            account: AccountId(cause.consequence(0)),
            purse: PurseId(cause.consequence(1)),
        };
        house.follow(vec![Effect::Link(separate)]).await.unwrap();
        let alone = AccountId(cause.consequence(0));
        assert!(house.of_promo(&bob, alone, "WELCOME").await.had, "a chat keeps what it has had");
        assert!(house.verify().await.is_empty());
    }
}

#[tokio::test]
async fn an_account_is_as_old_as_its_oldest_chat() {
    for house in houses().await {
        let ada = house.customer("1", 0).await;
        let began = house.of_promo(&ada, ada.account, "X").await.since;
        house.hands.advance(std::time::Duration::from_millis(9 * DAY_MS));
        let bob = house.customer("2", 0).await;
        assert_ne!(house.of_promo(&bob, bob.account, "X").await.since, began);
        house.merge(&ada, &bob).await;
        assert_eq!(house.of_promo(&bob, bob.account, "X").await.since, began);
    }
}

#[tokio::test]
async fn rewards_at_once_are_as_many_as_the_owner_said() {
    for house in houses().await {
        let ada = house.customer("ada", 0).await;
        house.makes_code(&ada).await;
        let mut open = Vec::new();
        for number in 0..10 {
            let who = house.invited(&format!("new{number}"), &ada).await;
            house.buys(&who, &format!("order:{number}")).await;
            open.push(house.invitation(&who).await.unwrap());
        }
        let tries = open.iter().map(|invitation| house.rewards(invitation, 3));
        let got = futures_util::future::join_all(tries).await;
        assert_eq!(got.iter().filter(|one| **one).count(), 3);
        assert_eq!(house.available(&ada).await, 150);
        let again = open.iter().zip(&got).find(|(_, got)| **got).unwrap().0;
        assert!(!house.rewards(again, 100).await, "an invitation is rewarded once");
        // Their turn comes when the first ones are of long ago.
        house.hands.advance(std::time::Duration::from_millis(30 * DAY_MS));
        let mut more = 0;
        for invitation in &open {
            more += i64::from(house.rewards(invitation, 3).await);
        }
        assert_eq!((more, house.available(&ada).await), (3, 300));
        let own = house.gift(&ada, Some(ada.account), GiftNeed::Own).await;
        let GiftFacts::Own(own) = own else { panic!("{own:?}") };
        assert_eq!((own.came, own.bought, own.rewarded), (10, 10, 6));
        assert!(house.verify().await.is_empty());
    }
}

#[tokio::test]
async fn nobody_is_invited_by_themselves_or_after_they_have_come() {
    for house in houses().await {
        let ada = house.customer("ada", 0).await;
        house.makes_code(&ada).await;
        let old = house.customer("old", 0).await;
        house.hands.advance(std::time::Duration::from_millis(DAY_MS));
        let own = house.invited("own", &ada).await;
        house.buys(&own, "order:own").await;
        let second = house.invited("second", &ada).await;
        house.buys(&second, "order:second").await;
        let friend = house.invited("friend", &ada).await;
        house.buys(&friend, "order:friend").await;
        let state = async |who: &Customer| {
            let text = "select state from invitations where identity = $1";
            house.word(text, &[who.identity.as_str().into()]).await
        };
        // The inviter's second phone.
        let link = house.merge(&own, &ada).await;
        assert_eq!(state(&own).await, "nothing");
        assert_eq!(house.invitation(&own).await, None);
        house.parts(link, &ada, &own, 0).await;
        assert_eq!(state(&own).await, "nothing", "also when they part again");
        // A second chat of somebody who was here before.
        house.merge(&second, &old).await;
        assert_eq!(state(&second).await, "nothing");
        // A friend who links a chat that came later is a friend still.
        house.hands.advance(std::time::Duration::from_millis(DAY_MS));
        let later = house.customer("later", 0).await;
        house.merge(&friend, &later).await;
        let found = house.invitation(&friend).await.unwrap();
        assert_eq!(found.invited.owner.purse, later.purse);
        // Of two friends who turn out to be one, one is rewarded.
        let twin = house.invited("twin", &ada).await;
        house.buys(&twin, "order:twin").await;
        let of_twin = Customer { account: later.account, purse: later.purse, ..friend.clone() };
        house.merge(&twin, &of_twin).await;
        assert_eq!((state(&friend).await, state(&twin).await), ("bought".into(), "nothing".into()));
        assert!(house.rewards(&house.invitation(&friend).await.unwrap(), 10).await);
    }
}

#[tokio::test]
async fn an_invitation_goes_with_whoever_invited_and_tells_what_went_back() {
    for house in houses().await {
        let (ada, bob) = (house.customer("ada", 0).await, house.customer("bob", 0).await);
        house.makes_code(&ada).await;
        let friend = house.invited("friend", &ada).await;
        house.buys(&friend, "order:1").await;
        let link = house.merge(&ada, &bob).await;
        let found = house.invitation(&friend).await.unwrap();
        assert_eq!((found.inviter.owner.account, found.went_back), (bob.account, false));
        assert_eq!(found.inviter.reader.unwrap().0, ada.identity, "whose link it was");
        house.parts(link, &bob, &ada, 0).await;
        let found = house.invitation(&friend).await.unwrap();
        assert_eq!(found.inviter.owner.account, ada.account);
        let back = Effect::KeepReversal(reversed("ref_1", "order:1", 1));
        house.follow(vec![back]).await.unwrap();
        assert!(house.invitation(&friend).await.unwrap().went_back, "also a part of it");
    }
}

#[tokio::test]
async fn who_was_invited_and_is_unlinked_before_buying_takes_that_along() {
    for house in houses().await {
        let ada = house.customer("ada", 0).await;
        let friend = house.invited("friend", &ada).await;
        let waits = async |account: AccountId| {
            house
                .write(account, |tx, account| Box::pin(gifts::waiting_to_buy(tx, account)))
                .await
                .unwrap()
        };
        assert_eq!(waits(friend.account).await, Some(friend.identity.clone()));
        let later = house.customer("later", 0).await;
        house.merge(&later, &friend).await;
        let cause = Cause(house.seq());
        let account = AccountId(cause.consequence(0));
        let separate = LinkEffect::Separate {
            identity: friend.identity.clone(),
            from: friend.account,
            account,
            purse: PurseId(cause.consequence(1)),
        };
        house.follow(vec![Effect::Link(separate)]).await.unwrap();
        let both = (waits(friend.account).await, waits(account).await);
        assert_eq!(both, (None, Some(friend.identity)));
    }
}
