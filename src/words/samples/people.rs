//! What is said between customers and the people who help them.

use picdesk_core::{
    channel::Text,
    credits::Credits,
    say::{AnswerBack, Card, CardLine, Cause, RelayState, Say},
};

use super::{DECEMBER_22, HOUR_MS, Measure};

/// What is said between customers and people.
pub(super) fn people(measure: &Measure) -> Vec<Say> {
    let code = || "S-1042".to_owned();
    let (name, text) = (measure.short.clone(), measure.long.clone());
    let mut says = vec![
        Say::SupportCause,
        Say::SupportWords,
        Say::SupportConsent,
        Say::SupportOpened { code: code(), at: DECEMBER_22, back: None },
        Say::SupportOpened {
            code: code(),
            at: DECEMBER_22 + 8 * HOUR_MS,
            back: Some(AnswerBack::ByReply),
        },
        Say::SupportOpened {
            code: code(),
            at: DECEMBER_22 + 8 * HOUR_MS,
            back: Some(AnswerBack::ByCommand),
        },
        Say::SupportOpened {
            code: code(),
            at: DECEMBER_22 + 8 * HOUR_MS,
            back: Some(AnswerBack::OnceTheyWrite),
        },
        Say::SupportMeant { code: "S-1042".into(), count: 1 },
        Say::SupportMeant { code: "S-1042".into(), count: 3 },
        Say::SupportPassedOn,
        Say::SupportTaken,
        Say::SupportElsewhere,
        Say::Answer { operator: name.clone(), text: text.clone(), back: None },
        Say::Answer {
            operator: name.clone(),
            text: measure.short.clone(),
            back: Some(AnswerBack::ByReply),
        },
        Say::Answer {
            operator: name.clone(),
            text: measure.short.clone(),
            back: Some(AnswerBack::ByCommand),
        },
        Say::SupportDone { code: code() },
        Say::CustomerWrote { name: name.clone(), text },
        Say::CustomerWrote { name, text: " \n ".into() },
        Say::DeskHelp,
        Say::DeskHelpByCode,
        Say::DeskClosed,
        Say::DeskHanded,
        Say::NotAnOperator,
        Say::NotShown,
        Say::TopicAnew,
        Say::SharedReference,
        Say::NotYours,
        Say::Stale,
        Say::Done,
        Say::Verbatim(Text::plain(measure.long.clone())),
    ];
    let states = [
        RelayState::Waiting,
        RelayState::Delivered,
        RelayState::Blocked,
        RelayState::Refused,
        RelayState::Held,
        RelayState::Unknown,
        RelayState::Partly { arrived: 2, count: 3 },
    ];
    says.extend(states.map(Say::RelayState));
    says
}

/// Cards, full and bare.
pub(super) fn cards(measure: &Measure) -> Vec<Say> {
    let states = ["held", "submitting", "delivered", "failed", "uncertain", "lapsed", "newer"];
    let request = |outcome: &[(&str, i64)]| CardLine {
        at: DECEMBER_22,
        price: measure.credits(),
        outcome: outcome.iter().map(|(word, count)| ((*word).into(), *count)).collect(),
    };
    let mut requests: Vec<_> = states.map(|state| request(&[(state, 1)])).into();
    requests.push(request(&[("delivered", 2), ("refused", 1), ("owed", 1)]));
    requests.extend(measure.repeated(&request(&[("uncertain", 1)])));
    let card = Card {
        code: "S-1042".into(),
        cause: Cause::PaymentFailure,
        name: measure.short.clone(),
        channel: "telegram".into(),
        plan: Some(measure.short.clone()),
        available: measure.credits(),
        pending: measure.credits(),
        reclaimed: measure.credits(),
        requests,
        earlier: measure.number,
        strikes: measure.number,
        consent: true,
        words: measure.long.clone(),
        by_code: false,
    };
    let bare = Card {
        plan: None,
        requests: Vec::new(),
        reclaimed: Credits::ZERO,
        earlier: 0,
        strikes: 0,
        consent: false,
        words: String::new(),
        ..card.clone()
    };
    let by_code = Card { by_code: true, ..bare.clone() };
    vec![Say::Card(card), Say::Card(bare), Say::Card(by_code)]
}
