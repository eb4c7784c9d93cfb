//! Somebody whose books are wrong spends nothing, and all else goes on.

use std::vec;

use insta::assert_snapshot;

use super::world::*;
use crate::{
    credits::Credits,
    effect::Effect,
    event::Event,
    facts::*,
    generation::Options,
    id::{AccountId, RequestId},
};

fn stopped(available: i64) -> Customer {
    let mut customer = customer(available);
    customer.account.stopped = true;
    customer
}

#[test]
fn whose_books_are_wrong_hears_why_nothing_is_spent_and_of_a_person() {
    let facts = Facts::Message(message_facts(stopped(50)));
    let event = Event::MessageReceived(message("a fox"));
    assert_snapshot!(folded(&at(PRIVATE, facts, event)), @r#"
    send in telegram:7: SpendingStopped / [AskHuman 0] [SupportLink https://help.example]
    set timer awaiting:telegram:7:telegram:7 at 1700003600000: AwaitingLapsed
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: Some(Edit {
        message: "10" }) }
    "#);
}

#[test]
fn credits_that_come_are_taken_and_what_waited_goes_on_waiting() {
    let mut customer = stopped(1);
    let request =
        Request { id: RequestId(9), options: Options::default(), ..request(RequestState::Unpaid) };
    customer.open = vec![OpenRequest { request, generations: vec![] }];
    let (account, credits) = (AccountId(1), Credits(20));
    let granted = Event::CreditsGranted { account, credits, reason: "sorry".into() };
    let facts = Facts::Message(message_facts(customer));
    let effects = follows_at(&house(), PRIVATE, &facts, &granted);
    assert!(effects.iter().any(|it| matches!(it, Effect::Grant { .. })), "{effects:?}");
    assert!(!effects.iter().any(|it| matches!(it, Effect::Hold { .. })), "{effects:?}");
    let told = at(PRIVATE, facts, granted);
    assert!(
        told.contains("CreditsArrived { credits: 20, available: 21, waited: Nothing }"),
        "{told}"
    );
}
