//! What became of a picture or file on its way out.

use std::string::String;

use insta::assert_snapshot;

use super::world::*;
use crate::{
    channel::Refusal,
    event::{About, Delivered, Event, Setting},
    facts::*,
    generation::GenerationState as Is,
    id::*,
};

const PICTURE: About = About::Picture(GenerationId(61));

const ORIGINAL: About = About::Original(ArtifactId(81));

fn delivered(about: About, facts: DeliveryFacts) -> String {
    let delivered = Delivered { outbound: OutboundId(5), about, message: None, conversation: None };
    at(PRIVATE, Facts::Delivery(facts), Event::MessageDelivered(delivered))
}

fn refused(about: About, refusal: Refusal, facts: DeliveryFacts) -> String {
    let event = Event::MessageRefused { outbound: OutboundId(5), about, refusal };
    at(PRIVATE, Facts::Delivery(facts), event)
}

fn unknown(about: About, facts: DeliveryFacts) -> String {
    let event = Event::MessageUnknown { outbound: OutboundId(5), about };
    at(PRIVATE, Facts::Delivery(facts), event)
}

fn one(state: Is) -> DeliveryFacts {
    delivery_facts(generation_facts(1, &[generation(1, state)]))
}

#[test]
fn a_picture_that_arrived_is_paid_for_and_gets_its_receipt() {
    assert_snapshot!(folded(&delivered(PICTURE, one(Is::Made))), @r#"
    PostHold { hold: 71 }
    SettleGeneration { generation: 61, state: Delivered, failure: - }
    UpdateRequest { id: 50, state: Settled, change: - }
    send as Receipt(50) in telegram:7 about Beside(81): Receipt(Receipt { charged: 2,
        pictures: 1, asked: 1, available: Some(8), kept_until: 1700000001000 }) / [Again 50]
        [Change 81] [LargerNotInPlan 81] / [Original 81] [More 81] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn delivered_twice_is_paid_once() {
    assert_eq!(delivered(PICTURE, one(Is::Delivered)), "");
}

#[test]
fn the_receipt_waits_for_the_last_of_several() {
    let siblings = [generation(1, Is::Made), generation(2, Is::Submitted)];
    let facts = delivery_facts(generation_facts(1, &siblings));
    assert_snapshot!(folded(&delivered(PICTURE, facts)), @r#"
    PostHold { hold: 71 }
    SettleGeneration { generation: 61, state: Delivered, failure: - }
    "#);
}

#[test]
fn the_receipt_of_several_counts_what_was_made() {
    let siblings =
        [generation(1, Is::Made), generation(2, Is::Delivered), generation(3, Is::Failed)];
    let facts = delivery_facts(generation_facts(1, &siblings));
    assert_snapshot!(folded(&delivered(PICTURE, facts)), @r#"
    PostHold { hold: 71 }
    SettleGeneration { generation: 61, state: Delivered, failure: - }
    UpdateRequest { id: 50, state: Settled, change: - }
    send as Receipt(50) in telegram:7: Receipt(Receipt { charged: 4, pictures: 2, asked: 3,
        available: Some(6), kept_until: 1700000001000 }) / [Again 50] [TryAgain 50]
        [ChangeWords 50] / [SupportLink https://help.example]
    "#);
}

#[test]
fn a_receipt_in_a_group_tells_nobodys_balance() {
    let mut facts = generation_facts(1, &[generation(1, Is::Made)]);
    facts.request.as_mut().unwrap().setting = Setting::Group;
    let effects = delivered(PICTURE, delivery_facts(facts));
    assert!(effects.contains("available: -"), "{effects}");
}

#[test]
fn the_receipt_offers_the_larger_one_at_its_price_where_the_plan_has_it() {
    let mut facts = generation_facts(1, &[generation(1, Is::Made)]);
    facts.account.as_mut().unwrap().entitlement = pro();
    let effects = delivered(PICTURE, delivery_facts(facts));
    assert!(effects.contains("[Larger(4) 81]"), "{effects}");
}

#[test]
fn a_picture_for_somebody_who_blocked_us_is_owed() {
    assert_snapshot!(folded(&refused(PICTURE, Refusal::Blocked, one(Is::Made))), @r#"
    MarkReachable { identity: "telegram:7", reachable: false }
    OweArtifact { artifact: 81 }
    PostHold { hold: 71 }
    SettleGeneration { generation: 61, state: Delivered, failure: - }
    UpdateRequest { id: 50, state: Settled, change: - }
    "#);
}

#[test]
fn an_owed_picture_that_is_refused_again_is_owed_again() {
    assert_snapshot!(folded(&refused(PICTURE, Refusal::Blocked, one(Is::Delivered))), @r#"
    MarkReachable { identity: "telegram:7", reachable: false }
    OweArtifact { artifact: 81 }
    "#);
}

#[test]
fn a_picture_whose_placeholder_is_gone_is_a_message_of_its_own() {
    assert_snapshot!(folded(&refused(PICTURE, Refusal::MessageGone, one(Is::Made))), @r#"
    send as Generation(61) in telegram:7 never twice about Picture(61): Picture { artifact:
        81, caption: - }
    "#);
}

#[test]
fn a_picture_that_the_channel_does_not_take_goes_as_a_link() {
    assert_snapshot!(folded(&refused(PICTURE, Refusal::Content, one(Is::Made))), @r#"
    edit Generation(61) in telegram:7: PictureLink { url: "https://pic.example/p/t0ken" } /
        [AskHuman 0] [SupportLink https://help.example]
    PostHold { hold: 71 }
    SettleGeneration { generation: 61, state: Delivered, failure: - }
    UpdateRequest { id: 50, state: Settled, change: - }
    send as Receipt(50) in telegram:7 about Beside(81): Receipt(Receipt { charged: 2,
        pictures: 1, asked: 1, available: Some(8), kept_until: 1700000001000 }) / [Again 50]
        [Change 81] [LargerNotInPlan 81] / [Original 81] [More 81] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn a_free_picture_that_was_promised_is_owed_too() {
    let mut late = generation(1, Is::Uncertain);
    late.artifact = Some(ArtifactId(81));
    let facts = || delivery_facts(generation_facts(1, &[late.clone()]));
    assert_eq!(delivered(PICTURE, facts()), "");
    assert_snapshot!(folded(&refused(PICTURE, Refusal::Blocked, facts())), @r#"
    MarkReachable { identity: "telegram:7", reachable: false }
    OweArtifact { artifact: 81 }
    "#);
}

#[test]
fn when_nobody_knows_whether_a_picture_arrived_it_asks() {
    assert_snapshot!(folded(&unknown(PICTURE, one(Is::Made))), @r#"
    send in telegram:7 about Beside(81): DidItArrive / [SendAgain 81] / [AskHuman 50]
        [SupportLink https://help.example]
    PostHold { hold: 71 }
    SettleGeneration { generation: 61, state: Delivered, failure: - }
    UpdateRequest { id: 50, state: Settled, change: - }
    send as Receipt(50) in telegram:7 about Beside(81): Receipt(Receipt { charged: 2,
        pictures: 1, asked: 1, available: Some(8), kept_until: 1700000001000 }) / [Again 50]
        [Change 81] [LargerNotInPlan 81] / [Original 81] [More 81] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn when_nobody_knows_whether_a_file_arrived_it_asks() {
    assert_snapshot!(folded(&unknown(ORIGINAL, delivery_facts(None))), @r#"
    send in telegram:7 about Beside(81): DidItArrive / [SendAgain 81] / [AskHuman 50]
        [SupportLink https://help.example]
    "#);
}

#[test]
fn a_file_that_is_too_large_goes_as_a_link() {
    assert_snapshot!(folded(&refused(ORIGINAL, Refusal::Content, delivery_facts(None))), @r#"
    send in telegram:7: OriginalLink { url: "https://pic.example/p/t0ken" }
    "#);
}

#[test]
fn the_fate_of_a_notice_concerns_nobody() {
    let slot = About::Slot(Slot::Question(3));
    assert_eq!(delivered(slot, delivery_facts(None)), "");
    assert_eq!(refused(slot, Refusal::Blocked, delivery_facts(None)), "");
    assert_eq!(unknown(About::Matter(EscalationId(90)), delivery_facts(None)), "");
}

/// A picture that was made, whose row says by now that it is not kept any more.
fn one_gone(state: Is) -> DeliveryFacts {
    let mut gone = generation(1, state);
    (gone.artifact, gone.expires_at) = (None, 0);
    delivery_facts(generation_facts(1, &[gone]))
}

#[test]
fn a_picture_that_went_before_it_could_be_handed_over_costs_nothing() {
    let said = refused(PICTURE, Refusal::Content, one_gone(Is::Made));
    assert_snapshot!(folded(&said), @r#"
    VoidHold { hold: 71, reason: NotHandedOver }
    SettleGeneration { generation: 61, state: Failed, failure: - }
    edit Generation(61) in telegram:7 about Ended(61): NotHandedOver { available: Some(10),
        part: Part { number: 1, count: 1 } } / [TryAgain 50] [ChangeWords 50] / [AskHuman
        50] [SupportLink https://help.example]
    UpdateRequest { id: 50, state: Settled, change: - }
    "#);
    assert_eq!(unknown(PICTURE, one_gone(Is::Made)), said);
}

#[test]
fn a_picture_that_was_deleted_after_it_was_paid_for_is_settled_already() {
    assert_eq!(refused(PICTURE, Refusal::Content, one_gone(Is::Delivered)), "");
    assert_eq!(unknown(PICTURE, one_gone(Is::Delivered)), "");
}

#[test]
fn a_failure_that_could_not_be_told_is_told_later() {
    let ended = About::Ended(GenerationId(61));
    assert_snapshot!(folded(&refused(ended, Refusal::Blocked, one(Is::Failed))), @r#"
    MarkReachable { identity: "telegram:7", reachable: false }
    TellLater { generation: 61 }
    "#);
    assert_eq!(refused(ended, Refusal::MessageGone, one(Is::Failed)), "");
}
