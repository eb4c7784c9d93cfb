//! Members who are operators: what they write to the app is said at the desk, and is no prompt.
//!
//! They have one chat for all cases, so an answer names its case: `/r S-12 We are looking into it.`
//! A case's place at the desk is a conversation of its own, which only this knows to read from the
//! words. A line that names none stays in the operator's chat, where the rules say what to do.

use picdesk_core::{
    channel::{Arrival, Lane, Received},
    event::{Event, Setting},
};

use super::app::Reading;
use crate::address::Address;

/// What begins the code of a case.
const CODE: &str = "S-";

/// Reads what an operator did as said at the desk.
#[must_use]
pub fn at_desk(reading: Reading, operators: &[String]) -> Reading {
    let Reading::Arrival(Arrival::Event(mut received)) = reading else { return reading };
    let Some(Address::Member { user }) = Address::of(&received.conversation) else {
        return Reading::Arrival(Arrival::Event(received));
    };
    // User ids come back in either case. Source: document/path/90236.
    if !operators.iter().any(|operator| operator.eq_ignore_ascii_case(&user)) {
        return Reading::Arrival(Arrival::Event(received));
    }
    match &mut received.event {
        Event::MessageReceived(message) => {
            message.setting = Setting::Desk;
            if let Some((case, text)) = named(&message.text) {
                message.text = text;
                move_to(&mut received, case);
            }
        }
        Event::ButtonPressed(press) => press.setting = Setting::Desk,
        // Operators need no welcome, and are told of cases wherever they look.
        _ => return Reading::Nothing,
    }
    Reading::Arrival(Arrival::Event(received))
}

fn move_to(received: &mut Received, case: String) {
    received.conversation = Address::Desk { case }.conversation();
    received.lane = Lane::Conversation;
}

/// The case that a command names, and the command without it.
fn named(text: &str) -> Option<(String, String)> {
    let (command, rest) = text.trim().split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let (code, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let number = code.get(..CODE.len()).filter(|start| start.eq_ignore_ascii_case(CODE));
    let number = number.and_then(|_| code.get(CODE.len()..))?;
    let is_number =
        (1..=20).contains(&number.len()) && number.bytes().all(|it| it.is_ascii_digit());
    let is_code = command.starts_with('/') && is_number;
    is_code.then(|| (format!("{CODE}{number}"), format!("{command} {}", words.trim_start())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_its_case() {
        let of = |text| named(text).map(|(case, text)| format!("{case}|{text}"));
        assert_eq!(of("/r S-12 It was the lamp."), Some("S-12|/r It was the lamp.".into()));
        assert_eq!(
            of("  /回复  s-7\n two lines\nof it"),
            Some("S-7|/回复 two lines\nof it".into())
        );
        assert_eq!(of("/done S-12"), Some("S-12|/done ".into()));
        for none in ["/r It was", "S-12 hello", "/r S-", "/r S-x1 hello", "/done", "", "/r 好的"]
        {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
