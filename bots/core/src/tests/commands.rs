//! Commands, in private.

use std::vec;

use insta::assert_snapshot;

use super::world::*;
use crate::{
    credits::Credits, facts::*, generation::GenerationState as Is, id::*, say::BalanceLine,
};

#[test]
fn help_answers_in_both_languages_and_to_unknown_commands() {
    let help = said(message_facts(customer(5)), message("/help"));
    assert_snapshot!(folded(&help), @r#"
    send in telegram:7: Help / [Settings 0] [Balance 0] / [AskHuman 0] [SupportLink
        https://help.example]
    "#);
    for words in ["帮助", "Help", "/frobnicate"] {
        assert_eq!(said(message_facts(customer(5)), message(words)), help, "{words}");
    }
}

#[test]
fn the_balance_tells_what_is_held_and_the_last_entries() {
    let entries = vec![BalanceLine { change: 3, reason: "trial".into(), at: NOW }];
    let customer = with_open(customer(5), Is::Held);
    let facts = MessageFacts { entries, ..message_facts(customer) };
    assert_snapshot!(folded(&said(facts, message("余额"))), @r#"
    send in telegram:7: Balance(Balance { available: 3, shared: false, pending: 2, in_line:
        1, of_others: 0, held: [HeldLine { credits: 2, prompt: "a fox" }], plan: -, lapsing:
        [], entries: [BalanceLine { change: 3, reason: "trial", at: 1700000000000 }] }) /
        [Buy 0] [SupportLink https://help.example]
    "#);
}

#[test]
fn what_is_set_aside_for_a_chat_that_left_is_told_as_that() {
    let mut known = customer(0);
    known.account.purse.granted = Credits(10);
    known.account.purse.pending = Credits(8);
    let alone = said(message_facts(known.clone()), message("/balance"));
    assert!(alone.contains("pending: 0, in_line: 0, of_others: 8, held: []"), "{alone}");
    known.account.purse.pending = Credits(0);
    let mut beside = with_open(known, Is::Held);
    beside.account.purse.pending = Credits(10);
    let both = said(message_facts(beside), message("/balance"));
    assert!(both.contains("pending: 2, in_line: 1, of_others: 8, held: [Held"), "{both}");
}

#[test]
fn what_the_website_keeps_is_spent_here_too_and_the_balance_says_so() {
    let mut known = customer(0);
    known.account.purse.site = Some(Credits(5));
    let balance = said(message_facts(known.clone()), message("/balance"));
    assert!(balance.contains("Balance { available: 5, shared: true,"), "{balance}");
    let making = said(message_facts(known.clone()), message("a fox"));
    assert!(making.contains(": Making "), "{making}");
    known.account.purse.site = Some(Credits(1));
    let offer = said(message_facts(known), message("a fox"));
    assert!(offer.contains("OutOfCredits { price: 2, available: Some(1)"), "{offer}");
}

#[test]
fn what_can_be_bought_stands_beside_a_human() {
    assert_snapshot!(folded(&said(message_facts(customer(5)), message("/buy"))), @r#"
    send in telegram:7: Buy(Offer { packs: [OfferLine { id: "starter", credits: 100, price:
        "9.90 USD", terms: - }], plans: [OfferLine { id: "pro", credits: 500, price: "19.90
        USD", terms: Some(PlanTerms { unlocks: Entitlement { plan: Some("pro"), max_K4,
        queue_max: 3, pictures_max: 4, retention_days: 30 }, period: Month, lapse_days: - })
        }] }) / [AskHuman 0] [SupportLink https://help.example]
    "#);
}

#[test]
fn privacy_and_payment_matters_are_answered_from_the_first_day() {
    assert_snapshot!(folded(&said(message_facts(customer(5)), message("/privacy"))), @r#"
    send in telegram:7: Privacy / [AskHuman 0] [SupportLink https://help.example]
    "#);
    assert_snapshot!(folded(&said(message_facts(customer(5)), message("/paysupport"))), @r#"
    send in telegram:7: PaySupport / [AskHuman 0] [SupportLink https://help.example]
    "#);
}

#[test]
fn a_language_can_be_named_or_chosen() {
    assert_snapshot!(folded(&said(message_facts(customer(5)), message("/lang zh"))), @r#"
    ChooseLanguage { identity: "telegram:7", language: ZhCn }
    send in telegram:7: LanguageChanged
    "#);
    assert_snapshot!(folded(&said(message_facts(customer(5)), message("/language"))), @r#"
    send in telegram:7: ChooseLanguage / [Language(En) = SetLanguage 0] [Language(ZhCn) =
        SetLanguage 1]
    "#);
}

#[test]
fn settings_show_what_is_chosen() {
    assert_snapshot!(folded(&said(message_facts(customer(5)), message("/settings"))), @r#"
    send in telegram:7: Settings({ K1, Square, Medium, Auto, count: 1 }) / [Resolution(K1,
        Yes) = SetResolution 1] [Resolution(K2, No) = SetResolution 2] [Resolution(K4, No) =
        SetResolution 4] / [Shape(Square, Yes) = SetShape 0] [Shape(Landscape, No) =
        SetShape 1] [Shape(Portrait, No) = SetShape 2] / [Shape(Wide, No) = SetShape 3]
        [Shape(Tall, No) = SetShape 4] / [Quality(Low, No) = SetQuality 0] [Quality(Medium,
        Yes) = SetQuality 1] [Quality(High, No) = SetQuality 2] / [Count(1, Yes) = SetCount
        1] [Count(2, No) = SetCount 2] [Count(3, No) = SetCount 3] [Count(4, No) = SetCount
        4] / [Background(Auto, Yes) = SetBackground 0] [Background(Opaque, No) =
        SetBackground 1] [Background(Transparent, No) = SetBackground 2]
    "#);
}

#[test]
fn the_history_shows_a_page_with_a_button_for_each_picture() {
    let page = HistoryPage {
        pictures: vec![kept()],
        total: 9,
        older: true,
        gallery: "https://pic.example/g/x".into(),
    };
    let facts = MessageFacts { history: Some(page), ..message_facts(customer(5)) };
    assert_snapshot!(folded(&said(facts, message("/history"))), @r#"
    send in telegram:7: History { pictures: [HistoryLine { prompt: "a fox", made_at:
        1699999940000, kept_until: 1700000001000 }], total: 9, gallery:
        Some("https://pic.example/g/x") } / [Picture(1) = OpenPicture 81] / [Older =
        HistoryPage 81] / [Gallery https://pic.example/g/x]
    "#);
}

#[test]
fn an_empty_history_says_so() {
    assert_snapshot!(folded(&said(message_facts(customer(5)), message("/history"))), @r#"
    send in telegram:7: HistoryEmpty
    "#);
}

#[test]
fn cancel_without_anything_says_so() {
    assert_snapshot!(folded(&said(message_facts(customer(5)), message("/cancel"))), @r#"
    send in telegram:7: NothingToCancel
    "#);
}

#[test]
fn cancel_takes_back_everything_here() {
    let mut customer = with_open(subscriber(10), Is::Held);
    let asking = Request { id: RequestId(51), ..request(RequestState::Asking) };
    customer.open.push(OpenRequest { request: asking, generations: vec![] });
    let elsewhere =
        Request { id: RequestId(52), conversation: GROUP.into(), ..request(RequestState::Asking) };
    customer.open.push(OpenRequest { request: elsewhere, generations: vec![] });
    customer.awaiting = Some(Awaiting::Change { artifact: ArtifactId(81) });
    customer.tray = vec![Reference::Media(media("t"))];
    customer.tray_id = Some(TrayId(30));
    assert_snapshot!(folded(&said(message_facts(customer), message("/cancel"))), @r#"
    ClearTimer { id: "awaiting:telegram:7:telegram:7" }
    Await { conversation: "telegram:7", identity: "telegram:7", awaiting: - }
    ClearTimer { id: "tray:telegram:7:telegram:7" }
    EmptyTray { conversation: "telegram:7", identity: "telegram:7" }
    edit Question(30) in telegram:7: TrayCleared
    CancelGeneration { generation: 61 }
    VoidHold { hold: 71, reason: Cancelled }
    edit Generation(61) in telegram:7 silently: Removed
    UpdateRequest { id: 50, state: Cancelled, change: - }
    UpdateRequest { id: 51, state: Cancelled, change: - }
    ClearTimer { id: "request:51" }
    edit Question(51) in telegram:7 silently: Removed
    send in telegram:7: Cancelled { available: Some(10) }
    "#);
}

#[test]
fn what_is_being_made_cannot_be_taken_back() {
    let customer = with_open(customer(10), Is::Submitting);
    assert_snapshot!(folded(&said(message_facts(customer), message("取消"))), @r#"
    send in telegram:7: TooLateToCancel / [AskHuman 0] [SupportLink https://help.example]
    "#);
}

#[test]
fn a_balance_below_zero_is_told_as_it_is() {
    let mut customer = customer(5);
    customer.account.purse.reclaimed = Credits(9);
    let effects = said(message_facts(customer), message("/balance"));
    assert!(effects.contains("available: -4"), "{effects}");
}
