//! What is said about chats that belong to one account.

use picdesk_core::{
    credits::Credits,
    say::{LinkSay, LinkedLine, Owing, PlanLine, Say},
};

use super::Measure;

/// What is said about chats that belong to one account.
pub(super) fn links(measure: &Measure) -> Vec<Say> {
    let name = || measure.short.clone();
    let who = || "j•••@e•••.com".to_owned();
    let line = |channel: &str, here| LinkedLine { channel: channel.into(), name: name(), here };
    let billed = |priced: bool| PlanLine {
        plan: "pro".into(),
        price: priced.then(|| "19.90 USD".to_owned()),
        ..PlanLine::default()
    };
    let mut linked = vec![line("telegram", true), line("wecom-kf", false)];
    linked.extend(measure.repeated(&line("wecom-bot", false)));
    let owing = Owing { here: measure.credits(), there: measure.credits() };
    let says = vec![
        LinkSay::Ways { linked: vec![line("telegram", true)], signed_in: None, sign_in: true },
        LinkSay::Ways { linked: linked.clone(), signed_in: Some(who()), sign_in: true },
        LinkSay::ConfirmSignIn { who: who(), owing: Owing::default() },
        LinkSay::ConfirmSignIn { who: who(), owing },
        LinkSay::EmailWanted,
        LinkSay::EmailSent,
        LinkSay::EmailWrong,
        LinkSay::SignInLater,
        LinkSay::SignedIn { who: who(), shares_purse: false },
        LinkSay::SignedIn { who: who(), shares_purse: true },
        LinkSay::SignedInElsewhere { who: who() },
        LinkSay::SignedOut { who: who(), shares_purse: false },
        LinkSay::SignedOut { who: who(), shares_purse: true },
        LinkSay::Browser { url: measure.url.clone(), minutes: 10 },
        LinkSay::Code { code: "BCDF-GHJK".into(), minutes: 10 },
        LinkSay::Wait { minutes: measure.number },
        LinkSay::CodeWrong { left: 4 },
        LinkSay::CodeWrong { left: 1 },
        LinkSay::CodeWrong { left: 0 },
        LinkSay::CodeWanted,
        LinkSay::CodeGone,
        LinkSay::CodeInGroup,
        LinkSay::Already,
        LinkSay::TwoPeople,
        confirm(measure, None, Owing::default()),
        confirm(measure, Some(who()), Owing::default()),
        confirm(measure, Some(who()), owing),
        LinkSay::Declined,
        LinkSay::Linked { available: measure.credits(), owed: Credits::ZERO },
        LinkSay::Linked { available: measure.credits(), owed: measure.credits() },
        linked_elsewhere(measure, Credits::ZERO),
        linked_elsewhere(measure, measure.credits()),
        LinkSay::Undone { returned: Credits::ZERO },
        LinkSay::Undone { returned: measure.credits() },
        LinkSay::UndoneElsewhere,
        LinkSay::UnlinkWhich { linked: linked.clone(), billed: vec![] },
        LinkSay::UnlinkWhich { linked, billed: measure.repeated(&billed(true)) },
        LinkSay::UnlinkNothing,
        LinkSay::Unlinked { channel: "another".into(), name: name(), billed: vec![] },
        LinkSay::Unlinked {
            channel: "wecom-kf".into(),
            name: String::new(),
            billed: vec![billed(true), billed(false)],
        },
        LinkSay::UnlinkedHere { billed: vec![] },
        LinkSay::UnlinkedHere { billed: vec![billed(true), billed(false)] },
        LinkSay::UndoFirst,
        LinkSay::TooNew { minutes: 1440 },
        LinkSay::SpendsTooMuch { left: None, minutes: 1440 },
        LinkSay::SpendsTooMuch { left: Some(measure.credits()), minutes: 1440 },
    ];
    says.into_iter().map(Say::Link).collect()
}

fn linked_elsewhere(measure: &Measure, owed: Credits) -> LinkSay {
    LinkSay::LinkedElsewhere { channel: "wecom-app".into(), name: measure.short.clone(), owed }
}

fn confirm(measure: &Measure, signed_in: Option<String>, owing: Owing) -> LinkSay {
    LinkSay::Confirm {
        channel: "wecom-kf".into(),
        name: measure.short.clone(),
        signed_in,
        brings: measure.credits(),
        owing,
    }
}
