//! A way to a human stands beside every failure, and beside every price and payment.

use picdesk_core::{
    account::Language,
    credits::Credits,
    effect::Body,
    facts::House,
    keys::with_human,
    say::{Does, Key, Label, Matter, Say, Verb},
};

use super::{WORDS, context, english, labels, says};
use crate::{config::Config, words::samples::Measure};

/// What only a failure says.
const FAILS: [&str; 7] = [
    "Nothing was charged",
    "could not",
    "did not accept",
    "does not work",
    "not kept any more",
    "I do not know whether",
    "please try again in",
];

/// What only a price or a payment says.
const COSTS: [&str; 3] = ["USD", "credits", "credit "];

fn config() -> Config {
    Config::from_text("").unwrap()
}

fn house(support_url: &str) -> House {
    House { support_url: support_url.to_owned(), ..config().house(None, Vec::new()) }
}

fn keys(house: &House, say: &Say) -> Vec<Key> {
    with_human(house, &Body::Say(say.clone()), Vec::new()).into_iter().flatten().collect()
}

fn asks(key: &Key) -> bool {
    matches!(&key.does, Does::Act(action) if action.verb == Verb::AskHuman)
}

fn leads_there(key: &Key) -> bool {
    key.label == Label::SupportLink && key.does == Does::Open("https://desk.example/help".into())
}

#[test]
fn the_support_contact_stands_beside_every_failure_and_price_and_a_person_beside_every_failure() {
    let (with_url, without) = (house("https://desk.example/help"), house(""));
    for say in says(&Measure::everyday()) {
        let matter = say.matter();
        let link = keys(&with_url, &say).iter().any(leads_there);
        assert_eq!(link, matter != Matter::Neither, "the link beside {say:?}");
        for house in [&with_url, &without] {
            let person = keys(house, &say).iter().any(asks);
            assert_eq!(person, matter == Matter::Failure, "a person beside {say:?}");
        }
        // What is there already is there once.
        let whole = with_human(&with_url, &Body::Say(say.clone()), Vec::new());
        assert_eq!(with_human(&with_url, &Body::Say(say.clone()), whole.clone()), whole);
        if matter == Matter::Failure {
            for language in Language::ALL {
                let brief = WORDS.tap_answer(language, &say, &context());
                let cut = brief.ends_with('…');
                assert!(cut || brief.contains("/support"), "nobody helps with {brief}");
            }
        }
    }
}

#[test]
fn what_says_that_something_failed_or_costs_something_is_known_to() {
    for say in says(&Measure::everyday()) {
        let text = english(&say);
        let says = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
        let matter = say.matter();
        if says(&FAILS) && !is_no_failure(&say) {
            assert_eq!(matter, Matter::Failure, "{text}");
        }
        if says(&COSTS) && !is_no_price(&say) {
            assert_ne!(matter, Matter::Neither, "{text}");
        }
    }
}

/// What sounds like a failure and is what they wanted, or says how something stands.
fn is_no_failure(say: &Say) -> bool {
    matches!(
        say,
        Say::Cancelled { .. } | Say::Owed | Say::Plan(_) | Say::PlanChanged { .. } | Say::Link(_)
    )
}

/// What speaks of credits and names no price.
fn is_no_price(say: &Say) -> bool {
    matches!(
        say,
        Say::Welcome { .. }
            | Say::WelcomeFirst { .. }
            | Say::Help
            | Say::HelpByButtons
            | Say::Cancelled { .. }
            | Say::CancelledRest { .. }
            | Say::Link(_)
            | Say::Card(_)
    )
}

#[test]
fn the_support_contact_stands_beside_every_button_with_a_price() {
    let house = house("https://desk.example/help");
    for label in labels(Credits(4)) {
        let priced = WORDS.label(Language::En, &label).contains("credits")
            || WORDS.label(Language::En, &label).contains("USD");
        // [Buy credits] names none.
        let priced = priced && label != Label::Buy;
        let key = Key { label: label.clone(), does: Does::Open(String::new()) };
        let whole = with_human(&house, &Body::Keys, vec![vec![key]]);
        assert_eq!(whole.iter().flatten().any(leads_there), priced, "{label:?}");
    }
}
