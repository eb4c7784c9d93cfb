//! First contact, coming back, going away, credits that arrive.

use std::vec;

use insta::assert_snapshot;

use super::world::*;
use crate::{
    account::{Language, Person},
    credits::Credits,
    effect::Effect,
    event::{Event, Message, Presence, Setting, Words},
    facts::*,
    generation::{GenerationState, Options, Resolution},
    id::*,
};

#[test]
fn a_start_opens_an_account_with_trial_credits_and_welcomes() {
    assert_snapshot!(folded(&said(message_facts(None), message("/start promo-17"))), @r#"
    OpenAccount { account: #0, purse: #1, person: Person { identity: "telegram:7", name:
        "Ada", language: Some(En) }, language: En, home: - }
    Grant { entry: #2, purse: #1, credits: 3, source: "trial:telegram:7", reason: Trial,
        note: - }
    KeepOrigin { account: #0, origin: "promo-17" }
    send in telegram:7: Welcome { trial: 3 } / [Example(1) 1] / [Example(2) 2] / [Privacy 0]
        [AskHuman 0] [SupportLink https://help.example]
    "#);
}

#[test]
fn a_greeting_of_somebody_known_costs_nothing() {
    assert_snapshot!(folded(&said(message_facts(customer(5)), message("Hi!"))), @r#"
    send in telegram:7: Welcome { trial: 0 } / [Example(1) 1] / [Example(2) 2] / [Privacy 0]
        [AskHuman 0] [SupportLink https://help.example]
    "#);
}

#[test]
fn somebody_new_whose_first_words_are_a_prompt_gets_the_picture_at_once() {
    assert_snapshot!(folded(&said(message_facts(None), message("a fox in the snow"))), @r#"
    OpenAccount { account: #0, purse: #1, person: Person { identity: "telegram:7", name:
        "Ada", language: Some(En) }, language: En, home: - }
    Grant { entry: #2, purse: #1, credits: 3, source: "trial:telegram:7", reason: Trial,
        note: - }
    open request #3 Open: "a fox in the snow" K1 Square Medium ×1 each 2 cheaper -
        references [] parent -
    hold 2 as #5 for #4 of purse #1
    generate #4 of #3 with hold #5 number 1 tag 41
    send as Generation(#4) in telegram:7: Making "a fox in the snow" K1 Square Medium ×1 for
        2, picture 1 of 1, from 0, place 0, wait Some(20) / [Cancel #3] [SupportLink
        https://help.example]
    send in telegram:7 silently: WelcomeFirst { trial: 3 }
    "#);
}

#[test]
fn without_a_trial_the_first_prompt_is_kept_until_it_can_be_paid() {
    let mut house = house();
    house.trial = Credits::ZERO;
    let facts = Facts::Message(message_facts(None));
    let event = Event::MessageReceived(message("a fox"));
    let effects = follows_at(&house, PRIVATE, &facts, &event);
    assert_snapshot!(folded(&super::lines::lines(CAUSE, &effects)), @r#"
    OpenAccount { account: #0, purse: #1, person: Person { identity: "telegram:7", name:
        "Ada", language: Some(En) }, language: En, home: - }
    open request #2 Unpaid: "a fox" K1 Square Medium ×1 each 2 cheaper - references []
        parent -
    set timer request:#2 at 1700086400000: RequestLapsed
    send as Question(#2) in telegram:7: OutOfCredits { price: 2, available: Some(0),
        cheaper: -, offer: Some(Offer { packs: [OfferLine { id: "starter", credits: 100,
        price: "9.90 USD", terms: - }], plans: [OfferLine { id: "pro", credits: 500, price:
        "19.90 USD", terms: Some(PlanTerms { unlocks: Entitlement { plan: Some("pro"),
        max_K4, queue_max: 3, pictures_max: 4, retention_days: 30 }, period: Month,
        lapse_days: - }) }] }) } / [Buy 0] [Cancel #2] / [AskHuman #2] [SupportLink
        https://help.example]
    send in telegram:7 silently: WelcomeFirst { trial: 0 }
    "#);
}

#[test]
fn an_account_speaks_the_language_of_the_client() {
    let person = Person { language: Some(Language::ZhCn), ..ada() };
    let effects = follows_at(
        &house(),
        PRIVATE,
        &Facts::Message(message_facts(None)),
        &Event::MessageReceived(crate::event::Message { from: person, ..message("你好") }),
    );
    assert!(effects.iter().any(|effect| matches!(
        effect,
        crate::effect::Effect::Send(sent) if sent.language == Language::ZhCn
    )));
}

#[test]
fn a_new_name_is_taken_over() {
    let facts = message_facts(Customer { name: "A".into(), ..customer(5) });
    assert_snapshot!(folded(&said(facts, message("/privacy"))), @r#"
    RenamePerson { person: Person { identity: "telegram:7", name: "Ada", language: Some(En)
        } }
    send in telegram:7: Privacy / [AskHuman 0] [SupportLink https://help.example]
    "#);
}

fn owed() -> Owed {
    Owed { artifact: kept().artifact, request: RequestId(50), generation: GenerationId(61) }
}

#[test]
fn who_comes_back_gets_what_is_owed_first() {
    let away = Customer { reachable: false, owed: vec![owed()], ..customer(5) };
    assert_snapshot!(folded(&said(message_facts(away), message("/help"))), @r#"
    MarkReachable { identity: "telegram:7", reachable: true }
    HastenTimers { conversation: "telegram:7", named: "unsaid:", by_ms: 31536000000 }
    edit Question(81) in telegram:7 about Picture(61): Picture { artifact: 81, caption:
        Some(Owed) } / [Again 50] [Change 81] / [Original 81] [More 81]
    edit Generation(61) in telegram:7 silently: Removed
    send in telegram:7: Help / [Settings 0] [Balance 0] / [AskHuman 0] [SupportLink
        https://help.example]
    "#);
}

#[test]
fn letting_us_in_again_brings_what_is_owed() {
    let away = Customer { reachable: false, owed: vec![owed()], ..customer(5) };
    let presence = Presence { who: ada(), reachable: true };
    let event = Event::PresenceChanged(presence);
    assert_snapshot!(folded(&at(PRIVATE, Facts::Message(message_facts(away)), event)), @r#"
    MarkReachable { identity: "telegram:7", reachable: true }
    HastenTimers { conversation: "telegram:7", named: "unsaid:", by_ms: 31536000000 }
    edit Question(81) in telegram:7 about Picture(61): Picture { artifact: 81, caption:
        Some(Owed) } / [Again 50] [Change 81] / [Original 81] [More 81]
    edit Generation(61) in telegram:7 silently: Removed
    "#);
}

#[test]
fn who_shuts_us_out_is_marked_once() {
    let event = || Event::PresenceChanged(Presence { who: ada(), reachable: false });
    let here = message_facts(customer(5));
    assert_snapshot!(folded(&at(PRIVATE, Facts::Message(here), event())), @r#"
    MarkReachable { identity: "telegram:7", reachable: false }
    "#);
    let gone = message_facts(Customer { reachable: false, ..customer(5) });
    assert_eq!(at(PRIVATE, Facts::Message(gone), event()), "");
    assert_eq!(at(PRIVATE, Facts::Message(message_facts(None)), event()), "");
}

#[test]
fn who_writes_too_fast_hears_so_once() {
    let now = MessageFacts { pace: Pace::TooFastNow, ..message_facts(customer(5)) };
    assert_snapshot!(folded(&said(now, message("a fox"))), @r#"
    send in telegram:7: SlowDown / [AskHuman 0] [SupportLink https://help.example]
    "#);
    let still = MessageFacts { pace: Pace::TooFast, ..message_facts(customer(5)) };
    assert_eq!(said(still, message("a fox")), "");
}

#[test]
fn an_alarm_is_told_where_it_happens() {
    let event = Event::AlarmRaised { what: "pictures cannot be kept".into() };
    assert_snapshot!(folded(&at("telegram:-9", Facts::None, event)), @r#"
    send in telegram:-9: Alarm { what: "pictures cannot be kept" }
    "#);
}

#[test]
fn who_asked_for_what_came_to_nothing_hears_of_it_once() {
    let asked = Event::MessageReceived(message("a fox"));
    let (who, setting) = asked.asked_by().unwrap();
    let event = Event::CameToNothing { who: who.clone(), setting, words: Words::Theirs };
    let told = |known| at(PRIVATE, Facts::Message(message_facts(known)), event.clone());
    let words =
        "send in telegram:7: CameToNothing / [AskHuman 0] [SupportLink https://help.example]";
    assert_eq!(told(Some(customer(5))).trim(), words);
    assert_eq!(told(None).trim(), words, "also before an account could be opened");
    let mut gone = customer(5);
    gone.reachable = false;
    assert_eq!(told(Some(gone)), "");
    let ours = Event::CameToNothing { who, setting, words: Words::Ours };
    let told = at(PRIVATE, Facts::Message(message_facts(customer(5))), ours);
    assert_eq!(told.trim(), words.replace("CameToNothing", "CouldNotSay"));
    let at_desk = Message { setting: Setting::Desk, ..message("a line") };
    assert_eq!(Event::MessageReceived(at_desk).asked_by(), None);
}

fn granted(credits: i64) -> Event {
    let (account, credits) = (AccountId(1), Credits(credits));
    Event::CreditsGranted { account, credits, reason: "sorry".into() }
}

#[test]
fn credits_that_arrive_are_told() {
    let facts = Facts::Message(message_facts(customer(1)));
    assert_snapshot!(folded(&at(PRIVATE, facts, granted(20))), @r#"
    Grant { entry: #0, purse: 2, credits: 20, source: "by_hand:7000", reason: ByHand, note:
        Some("sorry") }
    send in telegram:7: CreditsArrived { credits: 20, available: 21, waited: Nothing } /
        [SupportLink https://help.example]
    "#);
}

#[test]
fn an_older_request_runs_where_the_newest_may_not() {
    let mut customer = customer(1);
    for (id, resolution) in [(50, Resolution::K1), (51, Resolution::K4)] {
        let options = Options { resolution, ..Options::default() };
        let request = Request { id: RequestId(id), options, ..request(RequestState::Unpaid) };
        customer.open.push(OpenRequest { request, generations: vec![] });
    }
    let effects = at(PRIVATE, Facts::Message(message_facts(customer)), granted(20));
    assert!(effects.contains("UpdateRequest { id: 50, state: Open"), "{effects}");
}

#[test]
fn the_newest_request_that_waited_for_credits_runs_by_itself() {
    let mut customer = customer(1);
    for (id, price_each) in [(50, 2), (51, 2), (52, 60)] {
        let request = Request {
            id: RequestId(id),
            price_each: Credits(price_each),
            ..request(RequestState::Unpaid)
        };
        customer.open.push(OpenRequest { request, generations: vec![] });
    }
    let facts = Facts::Message(message_facts(customer));
    assert_snapshot!(folded(&at(PRIVATE, facts, granted(20))), @r#"
    Grant { entry: #0, purse: 2, credits: 20, source: "by_hand:7000", reason: ByHand, note:
        Some("sorry") }
    send in telegram:7: CreditsArrived { credits: 20, available: 21, waited: Runs } /
        [SupportLink https://help.example]
    UpdateRequest { id: 51, state: Open, change: - }
    ClearTimer { id: "request:51" }
    hold 2 as #3 for #2 of purse 2
    generate #2 of 51 with hold #3 number 1 tag 41
    send as Generation(#2) in telegram:7: Making "a fox" K1 Square Medium ×1 for 2, picture
        1 of 1, from 0, place 0, wait Some(20) / [Cancel 51] [SupportLink
        https://help.example]
    edit Question(51) in telegram:7 silently: Removed
    "#);
}

#[test]
fn credits_for_somebody_out_of_reach_are_given_and_told_when_they_are_back() {
    let away = Customer { reachable: false, ..customer(1) };
    assert_snapshot!(folded(&at(PRIVATE, Facts::Message(message_facts(away)), granted(20))), @r#"
    Grant { entry: #0, purse: 2, credits: 20, source: "by_hand:7000", reason: ByHand, note:
        Some("sorry") }
    set timer moved:#1 at 1700000000000: MoneyMoved
    "#);
}

#[test]
fn no_credits_are_never_a_grant() {
    let facts = || Facts::Message(message_facts(customer(1)));
    assert_eq!(at(PRIVATE, facts(), granted(0)), "");
    assert_eq!(at(PRIVATE, facts(), granted(-5)), "");
}

#[test]
fn a_conversation_that_moved_takes_everything_along() {
    let event = Event::ConversationMoved { to: "telegram:-1005".into() };
    assert_snapshot!(folded(&at(GROUP, Facts::None, event)), @r#"
    MoveConversation { from: "telegram:-5", to: "telegram:-1005" }
    "#);
}

#[test]
fn a_desk_that_moved_raises_an_alarm() {
    let event = Event::ConversationMoved { to: "telegram:-1009".into() };
    assert_snapshot!(folded(&at(DESK, Facts::None, event)), @r#"
    RaiseAlarm { what: "the desk has moved: its configured id is old" }
    MoveConversation { from: "telegram:-100", to: "telegram:-1009" }
    "#);
}

#[test]
fn an_owed_picture_that_expired_is_given_back() {
    let mut facts = generation_facts(1, &[generation(1, GenerationState::Delivered)]);
    facts.generation.as_mut().unwrap().owed = true;
    let event = Event::ArtifactExpired { artifact: ArtifactId(81), owed: true };
    assert_snapshot!(folded(&at(PRIVATE, Facts::Generation(facts), event)), @r#"
    ClearOwed { artifact: 81 }
    Grant { entry: #0, purse: 2, credits: 2, source: "owed_expired:81", reason: OwedExpired,
        note: - }
    send in telegram:7: Missed { failed: 0, expired: 1, returned: 2, available: 10 } /
        [AskHuman 0] [SupportLink https://help.example]
    "#);
}

#[test]
fn a_free_picture_that_expired_gives_nothing_back() {
    let facts = generation_facts(1, &[generation(1, GenerationState::Uncertain)]);
    let event = Event::ArtifactExpired { artifact: ArtifactId(81), owed: true };
    assert_snapshot!(folded(&at(PRIVATE, Facts::Generation(facts), event)), @r#"
    ClearOwed { artifact: 81 }
    "#);
}

#[test]
fn facts_of_another_kind_raise_an_alarm_and_do_nothing_else() {
    let event = Event::MessageReceived(message("a fox"));
    assert_snapshot!(folded(&at(PRIVATE, Facts::None, event)), @r#"
    RaiseAlarm { what: "an event was decided on facts of another kind" }
    "#);
}

fn missed(number: i64, state: GenerationState) -> Missed {
    let (generation, request) = (GenerationId(60 + number), RequestId(50));
    Missed { generation, request, state, price: Credits(2) }
}

#[test]
fn whoever_comes_back_hears_what_they_missed() {
    let missed = vec![missed(1, GenerationState::Failed), missed(2, GenerationState::Delivered)];
    let back = Customer { reachable: false, missed, ..customer(5) };
    assert_snapshot!(folded(&said(message_facts(back), message("/language"))), @r#"
    MarkReachable { identity: "telegram:7", reachable: true }
    HastenTimers { conversation: "telegram:7", named: "unsaid:", by_ms: 31536000000 }
    Told { generation: 61 }
    edit Generation(61) in telegram:7 silently: Removed
    Told { generation: 62 }
    edit Generation(62) in telegram:7 silently: Removed
    send in telegram:7: Missed { failed: 1, expired: 1, returned: 2, available: 5 } /
        [AskHuman 0] [SupportLink https://help.example]
    send in telegram:7: ChooseLanguage / [Language(En) = SetLanguage 0] [Language(ZhCn) =
        SetLanguage 1]
    "#);
}

#[test]
fn the_only_request_that_failed_meanwhile_can_be_tried_again() {
    let missed = vec![missed(1, GenerationState::Failed)];
    let said = said(message_facts(Customer { missed, ..customer(5) }), message("/language"));
    assert!(said.contains("[TryAgain 50]"), "{said}");
}

#[test]
fn whoever_tells_no_language_of_ours_is_spoken_to_in_the_houses() {
    let house = House { language_default: Language::ZhCn, ..house() };
    let stranger = Message { from: Person { language: None, ..ada() }, ..message("/start") };
    let facts = Facts::Message(message_facts(None));
    let effects = follows_at(&house, PRIVATE, &facts, &Event::MessageReceived(stranger));
    let kept = effects.iter().find_map(|effect| match effect {
        Effect::OpenAccount { language, .. } => Some(*language),
        _ => None,
    });
    assert_eq!(kept, Some(Language::ZhCn));
}

#[test]
fn the_language_follows_the_client_until_one_is_chosen() {
    let chinese = || Message {
        from: Person { language: Some(Language::ZhCn), ..ada() },
        ..message("/language")
    };
    let follows = said(message_facts(customer(5)), chinese());
    let followed = "FollowLanguage { identity: \"telegram:7\", language: ZhCn }";
    assert!(follows.starts_with(followed), "{follows}");
    let chosen = Customer { language_chosen: true, ..customer(5) };
    let stays = said(message_facts(chosen), chinese());
    assert!(!stays.contains("FollowLanguage"), "{stays}");
}

#[test]
fn what_expires_soon_is_said_once_to_whoever_can_read_it() {
    let page = HistoryPage {
        pictures: vec![kept()],
        total: 2,
        older: false,
        gallery: "https://pic.example/g/x".into(),
    };
    let event = Event::PicturesExpiring { account: AccountId(1), count: 3, first_at: NOW };
    let expiring = |customer: Customer, history| {
        let facts = MessageFacts { history, ..message_facts(customer) };
        at(PRIVATE, Facts::Message(facts), event.clone())
    };
    assert_snapshot!(folded(&expiring(customer(5), Some(page.clone()))), @r#"
    send in telegram:7 silently: ExpireSoon { count: 2, first_at: 1700000000000, gallery:
        Some("https://pic.example/g/x") } / [Gallery https://pic.example/g/x]
    "#);
    let away = Customer { reachable: false, ..customer(5) };
    assert_eq!(expiring(away, Some(page)), "");
    assert_eq!(expiring(customer(5), None), "");
}
