//! The operators' desk.

use std::{string::String, vec, vec::Vec};

use insta::assert_snapshot;

use super::world::*;
use crate::{
    channel::Refusal,
    event::{About, Delivered, Event, Message, Setting},
    facts::*,
    generation::GenerationState as Is,
    id::*,
    needs::needs,
    say::Verb,
};

fn facts() -> DeskFacts {
    DeskFacts {
        operator: Some(Operator { name: "Mei".into() }),
        case: Some(case()),
        answers_customer: false,
        refundable: None,
        album: None,
    }
}

fn written(facts: DeskFacts, text: &str) -> String {
    let line = Message { setting: Setting::Desk, ..message(text) };
    at(TOPIC, Facts::Desk(facts), Event::MessageReceived(line))
}

/// The same under a picture.
fn shown(text: &str) -> String {
    let line = Message { attachments: vec![photo("p")], ..message(text) };
    let line = Message { setting: Setting::Desk, ..line };
    at(TOPIC, Facts::Desk(facts()), Event::MessageReceived(line))
}

#[test]
fn an_answer_goes_out_and_its_state_stands_under_it() {
    assert_snapshot!(folded(&written(facts(), "/r It was the lamp.")), @r#"
    send in telegram:7 never twice about Relay(90): Answer { operator: "Mei", text: "It was
        the lamp.", back: Some(ByReply) }
    send as Relay(#0) in telegram:-100:44 answering 10 silently: RelayState(Waiting)
    ExpectWords { escalation: 90, from: 0, until: 1700259200000 }
    "#);
}

#[test]
fn an_answer_to_the_customers_words_goes_out() {
    let answering = DeskFacts { answers_customer: true, ..facts() };
    let effects = written(answering, "It was the lamp.");
    assert!(effects.contains("It was the lamp."), "{effects}");
}

#[test]
fn a_plain_line_stays_a_note() {
    assert_eq!(written(facts(), "he seems upset"), "");
    let stranger = DeskFacts { operator: None, ..facts() };
    assert_eq!(written(stranger, "who is this?"), "");
}

#[test]
fn somebody_who_is_no_operator_cannot_answer() {
    let stranger = DeskFacts { operator: None, ..facts() };
    assert_snapshot!(folded(&written(stranger, "/r hello")), @r#"
    send in telegram:-100:44: NotAnOperator
    "#);
}

#[test]
fn an_answer_without_words_or_without_a_case_helps() {
    assert_snapshot!(folded(&written(facts(), "/r")), @r#"
    send in telegram:-100:44: DeskHelp
    "#);
    let effects = written(DeskFacts { case: None, ..facts() }, "/r hello");
    assert!(effects.ends_with("DeskHelp"), "{effects}");
}

#[test]
fn an_operators_picture_goes_out() {
    assert_snapshot!(folded(&shown("/r like this")), @r#"
    send in telegram:7 never twice about Relay(90): Forward { media: { handle: "p", unique:
        "p" }, from: "telegram:-100:44", caption: Answer { operator: "Mei", text: "like
        this", back: - } }
    send as Relay(#0) in telegram:-100:44 answering 10 silently: RelayState(Waiting)
    ExpectWords { escalation: 90, from: 0, until: 1700259200000 }
    "#);
}

#[test]
fn done_closes_the_case_and_tells_the_customer() {
    assert_snapshot!(folded(&written(facts(), "/done")), @r#"
    CloseEscalation { escalation: 90, closed: true }
    send in telegram:7 about Matter(90): SupportDone { code: "S-1042" }
    send in telegram:-100:44: CloseTopic
    "#);
}

#[test]
fn done_twice_is_done_once() {
    let closed = Case { closed: true, closed_at: NOW, ..case() };
    assert_eq!(written(DeskFacts { case: Some(closed), ..facts() }, "/done"), "");
}

#[test]
fn a_topic_closed_by_hand_is_done() {
    let event = || Event::TopicClosed { by: ada() };
    assert_snapshot!(folded(&at(TOPIC, Facts::Desk(facts()), event())), @r#"
    CloseEscalation { escalation: 90, closed: true }
    send in telegram:7 about Matter(90): SupportDone { code: "S-1042" }
    "#);
    let stranger = DeskFacts { operator: None, ..facts() };
    assert_snapshot!(folded(&at(TOPIC, Facts::Desk(stranger), event())), @r#"
    send in telegram:-100:44: ReopenTopic
    send in telegram:-100:44: NotAnOperator
    "#);
}

#[test]
fn a_topic_whose_opening_nobody_heard_of_goes_when_the_case_has_another() {
    let event = |since| Event::TopicCreated { name: "S-1042 · Ada".into(), since };
    let told = |case, since| at(TOPIC, Facts::Desk(DeskFacts { case, ..facts() }), event(since));
    assert_eq!(needs(&event(NOW), None).case_code.as_deref(), Some("S-1042"));
    assert_eq!(told(Some(case()), NOW), "", "it is the case's");
    let elsewhere = || Case { topic: Some("telegram:-100:45".into()), ..case() };
    assert_snapshot!(told(Some(elsewhere()), NOW), @"send in telegram:-100:44: RemoveTopic");
    // Which one is the case's is not known yet.
    let coming = || Case { topic: None, ..case() };
    assert_snapshot!(
        told(Some(coming()), NOW - 60_000),
        @"set timer topic:telegram:-100:44 at 1700000060000: TopicCreated"
    );
    assert_eq!(told(Some(coming()), NOW - 25 * 60 * 60 * 1000), "", "not for ever");
    let closed = Case { topic: None, closed: true, ..case() };
    assert_snapshot!(told(Some(closed), NOW), @"send in telegram:-100:44: RemoveTopic");
    assert_eq!(told(None, NOW), "", "it is of no case that we know");
}

#[test]
fn the_button_on_the_card_closes_the_case() {
    let press_facts =
        PressFacts { desk: Some(facts()), ..press_facts(customer(5), Verb::CaseDone, 90) };
    let event = || Event::ButtonPressed(press(Setting::Desk));
    let effects = at(TOPIC, Facts::Press(press_facts.clone()), event());
    assert!(effects.contains("closed: true") && effects.ends_with("Done"), "{effects}");
    let stranger =
        PressFacts { desk: Some(DeskFacts { operator: None, ..facts() }), ..press_facts };
    assert_snapshot!(folded(&at(TOPIC, Facts::Press(stranger), event())), @r#"
    answer tap alert: NotAnOperator
    "#);
}

fn card() -> CardFacts {
    CardFacts { account: customer(5).account, past: Past::default(), shared: None, unsent: vec![] }
}

fn about_case(case: Case, card: Option<CardFacts>) -> Facts {
    Facts::Delivery(DeliveryFacts { case: Some(case), card, kept: None, ..delivery_facts(None) })
}

fn topic_opened() -> Event {
    Event::MessageDelivered(Delivered {
        outbound: OutboundId(5),
        about: About::Topic(EscalationId(90)),
        message: None,
        conversation: Some(TOPIC.into()),
    })
}

#[test]
fn a_new_topic_gets_the_card_and_the_customers_words() {
    let opening = Case { topic: None, pictures: vec![media("p")], ..case() };
    assert_snapshot!(folded(&at(DESK, about_case(opening, Some(card())), topic_opened())), @r#"
    PlaceEscalation { escalation: 90, topic: "telegram:-100:44" }
    send in telegram:-100:44 about TopicLine(90): Card(Card { code: "S-1042", cause:
        GenerationError, name: "Ada", channel: "telegram", plan: -, available: 5, pending:
        0, reclaimed: 0, requests: [], earlier: 0, strikes: 0, consent: false, words: "",
        by_code: false }) / [CaseDone 90]
    send in telegram:-100:44 about TopicLine(90): CustomerWrote { name: "Ada", text: "It is
        blue" }
    send in telegram:-100:44 about TopicLine(90): Forward { media: { handle: "p", unique:
        "p" }, from: "telegram:7", caption: CustomerWrote { name: "Ada", text: "" } }
    "#);
}

#[test]
fn with_consent_the_prompt_and_its_pictures_are_shown() {
    let opening = Case { topic: None, consent: true, request: Some(RequestId(50)), ..case() };
    let shared = OpenRequest {
        request: request(RequestState::Settled),
        generations: vec![generation(1, Is::Delivered), generation(2, Is::Failed)],
    };
    let shared = CardFacts { shared: Some(shared), ..card() };
    let effects = at(DESK, about_case(opening.clone(), Some(shared.clone())), topic_opened());
    assert!(effects.contains("a fox") && effects.contains("artifact: 81"), "{effects}");
    let silent = Case { consent: false, ..opening };
    let effects = at(DESK, about_case(silent, Some(shared)), topic_opened());
    assert!(!effects.contains("a fox") && !effects.contains("artifact: 81"), "{effects}");
}

#[test]
fn a_topic_that_cannot_be_opened_raises_an_alarm_and_points_elsewhere() {
    let opening = Case { topic: None, ..case() };
    let event = Event::MessageRefused {
        outbound: OutboundId(5),
        about: About::Topic(EscalationId(90)),
        refusal: Refusal::ConversationGone,
    };
    assert_snapshot!(folded(&at(DESK, about_case(opening, None), event)), @r#"
    RaiseAlarm { what: "no topic can be opened at the desk" }
    CloseEscalation { escalation: 90, closed: true }
    send in telegram:7: SupportElsewhere / [SupportLink https://help.example]
    "#);
}

fn line_lost() -> Event {
    Event::MessageRefused {
        outbound: OutboundId(5),
        about: About::TopicLine(EscalationId(90)),
        refusal: Refusal::TopicGone,
    }
}

#[test]
fn a_topic_that_was_deleted_is_opened_anew_once() {
    assert_snapshot!(folded(&at(TOPIC, about_case(case(), None), line_lost())), @r#"
    UnplaceEscalation { escalation: 90 }
    send as Case(90) in telegram:-100 about Topic(90): OpenTopic { name: "S-1042 · Ada" }
    "#);
    let opening = Case { topic: None, ..case() };
    assert_eq!(at(TOPIC, about_case(opening, None), line_lost()), "");
}

#[test]
fn a_line_to_operators_with_chats_of_their_own_opens_no_topic() {
    let effects = at("wecom-app:desk/S-1042", about_case(case(), None), line_lost());
    assert_eq!(effects, "RaiseAlarm { what: \"a line was refused at the desk\" }");
}

#[test]
fn lines_that_a_deleted_topic_lost_go_to_the_new_one() {
    let moved = Case { topic: Some("telegram:-100:45".into()), ..case() };
    assert_snapshot!(folded(&at(TOPIC, about_case(moved, None), line_lost())), @r#"
    Readdress { outbound: 5, again: #0, to: "telegram:-100:45" }
    "#);
}

#[test]
fn a_topic_that_was_opened_anew_says_so_and_goes_on_with_what_was_lost() {
    let unsent = CardFacts { unsent: vec![OutboundId(5), OutboundId(6)], ..card() };
    let opening = Case { topic: None, ..case() };
    let effects = at(DESK, about_case(opening, Some(unsent)), topic_opened());
    let order = ["Card(", "TopicAnew", "CustomerWrote", "Readdress { outbound: 5", "outbound: 6"];
    let places =
        order.map(|part| effects.find(part).unwrap_or_else(|| panic!("{part}: {effects}")));
    assert!(places.is_sorted(), "{effects}");
    // What goes to it is called by what comes after all that was said.
    let again = effects.lines().filter_map(|line| line.split("again: #").nth(1));
    let again: Vec<u16> =
        again.map(|rest| rest.split(',').next().unwrap().parse().unwrap()).collect();
    let (last, _) = again.split_first().unwrap();
    assert!(again.is_sorted() && *last > 2, "{effects}");
}

fn relayed(event: Event) -> String {
    at(PRIVATE, about_case(case(), None), event)
}

#[test]
fn the_operator_sees_truthfully_whether_a_line_arrived() {
    let (outbound, about) = (OutboundId(5), About::Relay(EscalationId(90)));
    let delivered = Delivered { outbound, about, message: Some("40".into()), conversation: None };
    assert_snapshot!(folded(&relayed(Event::MessageDelivered(delivered))), @r#"
    edit Relay(5) in telegram:-100:44 silently: RelayState(Delivered)
    "#);
    let refused = |refusal| relayed(Event::MessageRefused { outbound, about, refusal });
    assert_snapshot!(folded(&refused(Refusal::Blocked)), @r#"
    MarkReachable { identity: "telegram:7", reachable: false }
    edit Relay(5) in telegram:-100:44 silently: RelayState(Blocked)
    "#);
    assert!(refused(Refusal::Content).ends_with("RelayState(Refused)"));
    let unknown = relayed(Event::MessageUnknown { outbound, about });
    assert!(unknown.ends_with("RelayState(Unknown)"));
}

#[test]
fn the_first_answer_of_a_case_is_told_from_later_ones() {
    let facts = |answered| {
        let case = Some(Case { answered, ..case() });
        DeskFacts {
            operator: Some(Operator { name: "Olga".into() }),
            case,
            answers_customer: true,
            refundable: None,
            album: None,
        }
    };
    let line = || Message { setting: Setting::Desk, ..message("It is on its way.") };
    let tell = |answered| at(TOPIC, Facts::Desk(facts(answered)), Event::MessageReceived(line()));
    let first = "AnswerEscalation { escalation: 90, after_ms: 400000 }\n";
    assert_eq!(tell(false), std::format!("{first}{}", tell(true)));
}

#[test]
fn a_picture_that_cannot_be_passed_on_is_told_in_the_topic() {
    let (outbound, about) = (OutboundId(5), About::TopicLine(EscalationId(90)));
    let event = Event::MessageRefused { outbound, about, refusal: Refusal::Content };
    assert_snapshot!(folded(&at(TOPIC, about_case(case(), None), event)), @r#"
    send in telegram:-100:44: NotShown
    "#);
}

#[test]
fn words_that_do_not_fit_under_a_picture_follow_it() {
    let words = "lamp ".repeat(200);
    let effects = shown(&std::format!("/r {words}"));
    let sent: std::vec::Vec<&str> =
        effects.lines().filter(|line| line.contains("never twice")).collect();
    assert_eq!(sent.len(), 2, "{effects}");
    assert!(
        sent[0].contains("Forward") && sent[0].ends_with("text: \"\", back: - } }"),
        "{effects}"
    );
    assert!(sent[1].contains(words.trim()), "{effects}");
}

fn part(id: &str, text: &str, unique: &str) -> Message {
    let (setting, album) = (Setting::Desk, Some("album1".into()));
    Message { setting, id: id.into(), album, attachments: vec![photo(unique)], ..message(text) }
}

/// A part of an album comes when these are there.
fn part_came(before: impl Into<Option<Album>>, part: Message) -> String {
    let facts = DeskFacts { album: before.into(), ..facts() };
    at(TOPIC, Facts::Desk(facts), Event::MessageReceived(part))
}

fn album(called: bool, settled: bool, parts: Vec<Message>) -> Album {
    Album { parts, began_at: NOW - 1_000, called, settled }
}

fn album_settled(album: Album) -> String {
    let facts = DeskFacts { album: Some(album), ..facts() };
    let (album, by, setting) = ("album1".into(), ada().identity, Setting::Desk);
    let event = Event::AlbumSettled { album, by, setting, replied: None };
    at(TOPIC, Facts::Desk(facts), event)
}

#[test]
fn an_operators_album_waits_for_all_its_parts() {
    assert_snapshot!(folded(&part_came(None, part("10", "/r like these", "a"))), @r#"
    add message 10 to album album1
    set timer album:telegram:-100:44:album1 at 1700000001500: AlbumSettled
    "#);
    let so_far = album(true, false, vec![part("10", "/r like these", "a")]);
    assert_snapshot!(folded(&part_came(so_far, part("11", "", "b"))), @r#"
    add message 11 to album album1 uncalled
    set timer album:telegram:-100:44:album1 at 1700000001500: AlbumSettled
    "#);
    // Until the part that has the command has come, it may be a note.
    assert_snapshot!(folded(&part_came(None, part("11", "", "b"))), @r#"
    add message 11 to album album1 uncalled
    set timer album:telegram:-100:44:album1 at 1700000300000: AlbumSettled
    "#);
}

#[test]
fn all_pictures_of_an_operators_album_go_out_in_order_and_have_one_state() {
    let parts = vec![part("10", "", "a"), part("11", "/r like these", "b"), part("12", "", "c")];
    assert_snapshot!(folded(&album_settled(album(true, false, parts))), @r#"
    SettleAlbum { conversation: "telegram:-100:44", album: "album1" }
    send in telegram:7 never twice about RelayPart { case: 90, first: #0, last: #2 }:
        Forward { media: { handle: "a", unique: "a" }, from: "telegram:-100:44", caption:
        Answer { operator: "Mei", text: "like these", back: - } }
    send in telegram:7 never twice about RelayPart { case: 90, first: #0, last: #2 }:
        Forward { media: { handle: "b", unique: "b" }, from: "telegram:-100:44", caption:
        Answer { operator: "Mei", text: "", back: - } }
    send in telegram:7 never twice about RelayPart { case: 90, first: #0, last: #2 }:
        Forward { media: { handle: "c", unique: "c" }, from: "telegram:-100:44", caption:
        Answer { operator: "Mei", text: "", back: - } }
    send as Relay(#0) in telegram:-100:44 answering 10 silently: RelayState(Waiting)
    ExpectWords { escalation: 90, from: 0, until: 1700259200000 }
    "#);
}

#[test]
fn an_album_that_is_a_note_is_forgotten() {
    let parts = vec![part("10", "look at that", "a"), part("11", "", "b")];
    assert_snapshot!(folded(&album_settled(album(false, false, parts))), @r#"
    ForgetAlbum { conversation: "telegram:-100:44", album: "album1" }
    "#);
}

#[test]
fn a_picture_that_comes_late_follows_the_others_of_its_album() {
    let sent = album(true, true, vec![]);
    assert_snapshot!(folded(&part_came(sent, part("12", "", "c"))), @r#"
    send in telegram:7 never twice about Relay(90): Forward { media: { handle: "c", unique:
        "c" }, from: "telegram:-100:44", caption: Answer { operator: "Mei", text: "", back:
        - } }
    send as Relay(#0) in telegram:-100:44 answering 12 silently: RelayState(Waiting)
    ExpectWords { escalation: 90, from: 0, until: 1700259200000 }
    "#);
    assert_eq!(part_came(album(false, true, vec![]), part("12", "", "c")), "");
}

#[test]
fn words_too_long_for_a_caption_are_told_of_together_with_their_picture() {
    let text = std::format!("/r {}", "word ".repeat(200));
    let effects = shown(&text);
    assert_eq!(effects.matches("RelayPart").count(), 2, "{effects}");
    assert_eq!(effects.matches("RelayState(Waiting)").count(), 1, "{effects}");
}

/// What the topic says when something becomes of one message of three.
fn relayed_part(number: i64, arrived: bool, relayed: Relayed) -> String {
    let case_id = EscalationId(90);
    let about = About::RelayPart { case: case_id, first: OutboundId(5), last: OutboundId(7) };
    let outbound = OutboundId(number);
    let event = if arrived {
        let delivered = Delivered { outbound, about, message: None, conversation: None };
        Event::MessageDelivered(delivered)
    } else {
        Event::MessageRefused { outbound, about, refusal: Refusal::Content }
    };
    let facts = DeliveryFacts { case: Some(case()), relayed, ..delivery_facts(None) };
    at(PRIVATE, Facts::Delivery(facts), event)
}

#[test]
fn an_answer_of_several_messages_is_delivered_when_all_of_them_are() {
    let all = Relayed::default();
    assert_eq!(relayed_part(5, true, Relayed { waiting: 2, ..all }), "");
    assert_eq!(relayed_part(6, false, Relayed { waiting: 1, refused: 1, ..all }), "");
    let states = [
        relayed_part(7, true, all),
        relayed_part(7, true, Relayed { refused: 1, ..all }),
        relayed_part(7, true, Relayed { unknown: 1, ..all }),
        relayed_part(7, true, Relayed { held: 1, ..all }),
        relayed_part(7, false, Relayed { refused: 3, ..all }),
        // It was taken, and lost after that.
        relayed_part(6, false, Relayed { refused: 1, ..all }),
        // What went out again, under another name.
        relayed_part(9, true, Relayed { refused: 1, ..all }),
    ];
    assert_snapshot!(states.join("\n"), @r#"
    edit Relay(5) in telegram:-100:44 silently: RelayState(Delivered)
    edit Relay(5) in telegram:-100:44 silently: RelayState(Partly { arrived: 2, count: 3 })
    edit Relay(5) in telegram:-100:44 silently: RelayState(Unknown)
    edit Relay(5) in telegram:-100:44 silently: RelayState(Held)
    edit Relay(5) in telegram:-100:44 silently: RelayState(Refused)
    edit Relay(5) in telegram:-100:44 silently: RelayState(Partly { arrived: 2, count: 3 })
    edit Relay(9) in telegram:-100:44 silently: RelayState(Delivered)
    "#);
}

#[test]
fn with_consent_the_pictures_that_it_is_made_from_are_shown_too() {
    let opening = Case { topic: None, consent: true, request: Some(RequestId(50)), ..case() };
    let request = crate::facts::Request {
        references: vec![Reference::Media(media("r")), Reference::Artifact(ArtifactId(70))],
        parent: Some(ArtifactId(71)),
        ..request(RequestState::Settled)
    };
    let shared = OpenRequest { request, generations: vec![generation(1, Is::Delivered)] };
    let card = CardFacts { shared: Some(shared), ..card() };
    let effects = at(DESK, about_case(opening, Some(card)), topic_opened());
    let (_, shown) = effects.split_once("a fox").unwrap();
    assert_snapshot!(folded(shown), @r#"
    ", spans: [Span { start: 0, end: 5, style: Italic }] })
    send in telegram:-100:44 about TopicLine(90): Picture { artifact: 71, caption:
        Some(SharedReference) }
    send in telegram:-100:44 about TopicLine(90): Forward { media: { handle: "r", unique:
        "r" }, from: "telegram:7", caption: SharedReference }
    send in telegram:-100:44 about TopicLine(90): Picture { artifact: 70, caption:
        Some(SharedReference) }
    send in telegram:-100:44 about TopicLine(90): Picture { artifact: 81, caption: - }
    "#);
}
