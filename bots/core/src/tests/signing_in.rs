//! Signing in to the site from a chat.

use std::{boxed::Box, vec, vec::Vec};

use super::{
    linking::{facts, links, party, press_link, says, signed_in, typed, write},
    world::*,
};
use crate::{
    credits::Credits,
    effect::{Effect, LinkEffect},
    errand::{Brought, Errand, ErrandEnd, ErrandEnded, ErrandFailure},
    event::Event,
    facts::*,
    id::*,
    linking::Counted,
    say::{Does, LinkSay, Owing, Say, Verb},
};

const EMAIL: &str = "ada@example.com";

fn with_site() -> House {
    let mut house = house();
    house.link.sign_in = true;
    house
}

fn who() -> SignedIn {
    SignedIn { subject: "ada".into(), hint: "a•••@e•••.com".into() }
}

fn awaiting(awaiting: Awaiting) -> Customer {
    Customer { awaiting: Some(awaiting), ..customer(5) }
}

fn code_awaited(tries: i64) -> Customer {
    awaiting(Awaiting::LinkEmailCode { email: EMAIL.into(), tries })
}

fn of_email() -> LinkFacts {
    LinkFacts { email_key: Some("key".into()), ..facts(None) }
}

fn writes(customer: Customer, text: &str, link: LinkFacts) -> Vec<Effect> {
    let facts = MessageFacts { link: Some(Box::new(link)), ..message_facts(customer) };
    follows_at(
        &with_site(),
        PRIVATE,
        &Facts::Message(facts),
        &Event::MessageReceived(message(text)),
    )
}

fn errands(effects: &[Effect]) -> Vec<Errand> {
    let errands = effects.iter().filter_map(|effect| match effect {
        Effect::RunErrand(new) => Some(new.errand.clone()),
        _ => None,
    });
    errands.collect()
}

fn ends(link: LinkFacts, end: ErrandEnd) -> Vec<Effect> {
    let what =
        Errand::CheckSignInCode { by: ada().identity, email: EMAIL.into(), code: "123456".into() };
    let facts = MessageFacts { link: Some(Box::new(link)), ..message_facts(code_awaited(1)) };
    let event = Event::ErrandEnded(ErrandEnded { errand: ErrandId(4), what, end });
    follows_at(&with_site(), PRIVATE, &Facts::Message(facts), &event)
}

fn proven(party: Option<Party>) -> LinkFacts {
    facts(TypedCode { party, signed_in: Some(who()), by: None, spent: true, ..typed() })
}

#[test]
fn an_address_gets_a_code_and_the_words_tell_nothing_of_it() {
    let effects = writes(awaiting(Awaiting::LinkEmail), "Ada@Example.com", of_email());
    let send = Errand::SendSignInCode { by: ada().identity, email: EMAIL.into() };
    assert_eq!(errands(&effects), [send]);
    assert_eq!(says(&effects), [LinkSay::EmailSent]);
    assert!(effects.contains(&Effect::ForgetEvent));
    assert_eq!(links(&effects).len(), 4, "counted of the chat and of the address");
}

#[test]
fn an_address_among_words_is_taken_where_it_was_asked_for() {
    for text in
        ["我的邮箱是 anna@example.com", "it is anna@example.com please", "anna@example.com。"]
    {
        let effects = writes(awaiting(Awaiting::LinkEmail), text, of_email());
        let send = Errand::SendSignInCode { by: ada().identity, email: "anna@example.com".into() };
        assert_eq!(errands(&effects), [send], "{text}");
    }
    // Of two nobody knows which.
    let two = "anna@example.com or ada@example.com";
    assert_eq!(errands(&writes(awaiting(Awaiting::LinkEmail), two, of_email())), []);
}

#[test]
fn who_writes_about_something_else_gets_a_picture() {
    for customer in [awaiting(Awaiting::LinkEmail), code_awaited(0)] {
        let effects = writes(customer, "a fox in the snow", of_email());
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Generate(_))));
        assert_eq!(errands(&effects), []);
    }
}

#[test]
fn another_address_gets_a_code_of_its_own_and_is_no_prompt() {
    let effects = writes(code_awaited(1), "anna@example.com", of_email());
    let send = Errand::SendSignInCode { by: ada().identity, email: "anna@example.com".into() };
    assert_eq!(errands(&effects), [send]);
    assert!(effects.contains(&Effect::ForgetEvent));
}

#[test]
fn a_code_that_nobody_waits_for_is_no_prompt() {
    let edit = awaiting(Awaiting::Edit { message: MessageId("10".into()) });
    for customer in [customer(5), edit, awaiting(Awaiting::LinkEmail)] {
        let effects = writes(customer, "596 068", of_email());
        assert_eq!(says(&effects), [LinkSay::EmailWanted]);
        assert!(effects.contains(&Effect::ForgetEvent), "{effects:?}");
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Generate(_))));
    }
}

#[test]
fn an_address_that_nobody_waits_for_gets_its_code_and_is_no_prompt() {
    let edit = awaiting(Awaiting::Edit { message: MessageId("10".into()) });
    for customer in [customer(5), edit] {
        let effects = writes(customer, "ada＠example.com", of_email());
        let send = Errand::SendSignInCode { by: ada().identity, email: EMAIL.into() };
        assert_eq!(errands(&effects), [send]);
        assert_eq!(says(&effects), [LinkSay::EmailSent]);
        assert!(effects.contains(&Effect::ForgetEvent), "{effects:?}");
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Generate(_))));
    }
    // Of somebody new nothing is looked up.
    let asked = Event::MessageReceived(message(EMAIL));
    let effects = follows_at(&with_site(), PRIVATE, &Facts::Message(message_facts(None)), &asked);
    assert!(says(&effects).contains(&LinkSay::EmailWanted), "{effects:?}");
    let need = |text| crate::signing_in::need(None, text);
    assert_eq!(need("Ada@example.com"), Some(LinkNeed::Email(EMAIL.into())));
    assert_eq!(need("a fox"), None);
}

#[test]
fn a_picture_in_between_does_not_end_signing_in() {
    for customer in [awaiting(Awaiting::LinkEmail), code_awaited(1)] {
        let effects = writes(customer, "a fox in the snow", of_email());
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Generate(_))));
        assert!(
            !effects.iter().any(|effect| matches!(effect, Effect::Await { .. })),
            "{effects:?}"
        );
    }
    // It ends with whoever has signed in.
    let ended = ends(proven(None), ErrandEnd::Brought(Brought::SignedIn(who())));
    let is_over = |effect: &Effect| matches!(effect, Effect::Await { awaiting: None, .. });
    assert!(ended.iter().any(is_over), "{ended:?}");
}

#[test]
fn a_code_is_heard_however_it_is_written_and_never_drawn() {
    for text in ["１２３４５６", "my code is 123456", "我的验证码是 123456"] {
        let effects = writes(code_awaited(0), text, of_email());
        assert!(
            matches!(&errands(&effects)[..], [Errand::CheckSignInCode { code, .. }] if code == "123456"),
            "{text}"
        );
        assert!(effects.contains(&Effect::ForgetEvent), "{text}");
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Generate(_))), "{text}");
    }
}

#[test]
fn mails_are_limited_for_a_chat_and_for_an_address() {
    for counted in [Counted::Mails, Counted::MailsTo, Counted::MailsADay, Counted::MailsToADay] {
        let mut link = of_email();
        let which = Counted::ALL.iter().position(|one| *one == counted).unwrap();
        link.tallies[which] = Tally { began_at: NOW - 1, count: 12 };
        let effects = writes(awaiting(Awaiting::LinkEmail), EMAIL, link);
        assert_eq!(errands(&effects), [], "{counted:?}");
        assert!(matches!(says(&effects)[..], [LinkSay::Wait { .. }]));
    }
}

#[test]
fn a_typed_code_is_looked_at_and_gone() {
    let effects = writes(code_awaited(0), "123 456", of_email());
    let check =
        Errand::CheckSignInCode { by: ada().identity, email: EMAIL.into(), code: "123456".into() };
    assert_eq!(errands(&effects), [check]);
    assert!(effects.contains(&Effect::ForgetEvent));
}

#[test]
fn five_codes_are_typed_for_a_mail_and_twenty_a_day_for_an_address() {
    assert_eq!(errands(&writes(code_awaited(5), "123456", of_email())), []);
    for (counted, count) in [(Counted::Tries, 5), (Counted::TriesADay, 20), (Counted::TriesFor, 20)]
    {
        let mut link = of_email();
        let which = Counted::ALL.iter().position(|one| *one == counted).unwrap();
        link.tallies[which] = Tally { began_at: NOW - 1, count };
        let effects = writes(code_awaited(0), "123456", link);
        assert_eq!(errands(&effects), [], "{counted:?}");
    }
}

#[test]
fn whoever_has_proved_it_is_signed_in_or_joins_their_account() {
    let end = || ErrandEnd::Brought(Brought::SignedIn(who()));
    let effects = ends(proven(None), end());
    let all = links(&effects);
    let [LinkEffect::SignIn { account: AccountId(1), who: as_whom, may_spend, .. }] = &all[..]
    else {
        panic!("{all:?}")
    };
    // What they had, and twenty.
    assert_eq!((as_whom, *may_spend), (&who(), Credits(25)));
    assert!(effects.contains(&Effect::ForgetEvent));
    let effects = ends(proven(Some(signed_in(party(11, 20, vec![]), "ada"))), end());
    let all = links(&effects);
    let [LinkEffect::Merge(merge)] = &all[..] else { panic!("{all:?}") };
    assert_eq!((merge.from.account, merge.into.account), (AccountId(1), AccountId(11)));
}

#[test]
fn nobody_is_signed_in_as_two() {
    let mut link = proven(None);
    link.own = link.own.map(|own| signed_in(own, "bob"));
    let effects = ends(link, ErrandEnd::Brought(Brought::SignedIn(who())));
    assert_eq!(links(&effects), []);
    assert_eq!(says(&effects), [LinkSay::TwoPeople]);
}

#[test]
fn a_wrong_code_and_an_unknown_address_are_answered_alike() {
    let effects = ends(facts(None), ErrandEnd::Failed(ErrandFailure::Refused));
    assert!(matches!(says(&effects)[..], [LinkSay::CodeWrong { .. }]));
    assert_eq!(links(&effects), []);
    let effects = ends(facts(None), ErrandEnd::Failed(ErrandFailure::TooLate));
    assert_eq!(says(&effects), [LinkSay::SignInLater]);
}

/// A code from the browser, made for whoever asked there.
fn of_browser(only_for: &str) -> TypedCode {
    TypedCode {
        by: None,
        party: None,
        signed_in: Some(who()),
        only_for: Some(only_for.into()),
        ..typed()
    }
}

#[test]
fn a_forwarded_link_binds_nothing() {
    let effects = write("BCDF-GHJK", facts(of_browser("telegram:666")));
    assert_eq!(says(&effects), [LinkSay::CodeWrong { left: 4 }]);
    assert!(links(&effects).iter().all(|link| matches!(link, LinkEffect::Count { .. })));
}

#[test]
fn a_code_from_the_browser_signs_in_the_chat_that_asked_after_a_yes() {
    let effects = write("BCDF-GHJK", facts(of_browser("telegram:7")));
    assert_eq!(
        says(&effects),
        [LinkSay::ConfirmSignIn { who: who().hint, owing: Owing::default() }]
    );
    let claimed = TypedCode { claimed_by: Some("telegram:7".into()), ..of_browser("telegram:7") };
    let effects = press_link(Verb::LinkYes, 5, facts(claimed));
    let all = links(&effects);
    assert!(
        matches!(all[..], [LinkEffect::SpendCode { .. }, LinkEffect::SignIn { .. }]),
        "{all:?}"
    );
}

#[test]
fn without_a_site_nobody_is_asked_for_an_address() {
    let effects = press_link(Verb::SignInByEmail, 0, facts(None));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Await { .. })));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::AnswerTap { say: Some(Say::Stale), .. }))
    );
}

#[test]
fn an_account_is_signed_out_by_the_button_that_was_made_for_it_alone() {
    let as_whom = |subject: &str| {
        let mut link = facts(None);
        link.own = link.own.map(|own| signed_in(own, subject));
        link
    };
    let row = |effects: &[Effect]| {
        let keys = effects.iter().filter_map(|effect| match effect {
            Effect::Send(message) => Some(message.keys.iter().flatten()),
            _ => None,
        });
        keys.flatten().find_map(|key| match &key.does {
            Does::Act(action) if action.verb == Verb::SignOut => Some(action.row),
            _ => None,
        })
    };
    let shown = row(&write("/link", as_whom("ada"))).unwrap();
    let effects = press_link(Verb::SignOut, shown, as_whom("ada"));
    let sign_out = LinkEffect::SignOut { account: AccountId(1), subject: "ada".into() };
    assert_eq!(links(&effects), [sign_out]);
    assert!(matches!(says(&effects)[..], [LinkSay::SignedOut { .. }]));
    // An old notice does not sign out whoever is signed in now.
    assert_eq!(links(&press_link(Verb::SignOut, shown, as_whom("bob"))), []);
    assert_eq!(links(&press_link(Verb::SignOut, shown, facts(None))), []);
    assert_eq!(row(&write("/link", facts(None))), None);
    // Whoever is signed in is told with that button.
    let end = ErrandEnd::Brought(Brought::SignedIn(who()));
    assert_eq!(row(&ends(proven(None), end)), Some(shown));
}

#[test]
fn whoever_comes_by_a_link_of_the_website_is_asked_for_its_code_and_nothing_else() {
    let arrives = |code: Option<TypedCode>| {
        let effects = write("/start link-5", facts(code));
        assert!(links(&effects).is_empty(), "{effects:?}");
        says(&effects)
    };
    let shown = || TypedCode { only_for: None, ..of_browser("") };
    assert_eq!(arrives(Some(shown())), [LinkSay::CodeWanted]);
    for gone in [
        TypedCode { spent: true, ..shown() },
        TypedCode { claimed_by: Some("telegram:7".into()), ..shown() },
        TypedCode { expires_at: NOW, ..shown() },
    ] {
        assert_eq!(arrives(Some(gone)), [LinkSay::CodeGone]);
    }
    // Of a code that a chat has made, and of none, nothing is told.
    for code in [None, Some(typed())] {
        assert!(matches!(arrives(code)[..], [LinkSay::Ways { .. }]));
    }
    assert_eq!(crate::link::to_code(CodeId(-5)), "link-5");
    for (payload, need) in [
        ("link", Some(LinkNeed::Own)),
        ("link-5", Some(LinkNeed::Code(CodeId(-5)))),
        ("link--5", None),
        ("link-0", None),
        ("link-99999999999999999999", None),
        ("links", None),
        ("plans", None),
    ] {
        assert_eq!(crate::link::need(payload), need, "{payload}");
    }
}
