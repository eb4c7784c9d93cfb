//! Signing in to the site from a chat: by a code that comes by e-mail and is typed here, or in a
//! browser that ends with a code that is typed here.
//!
//! What is said about an address is the same whether it is known or not. Of whoever signed in only
//! the subject is kept, and their address masked.

use alloc::{format, string::String};

use crate::{
    customer::{self, Visit},
    effect::{Effect, NewErrand},
    errand::{Brought, Errand, ErrandEnd, ErrandFailure},
    event::{Message, Setting},
    facts::{Awaiting, LinkFacts, LinkNeed, MessageFacts},
    id::ErrandId,
    joining,
    linking::{self, Counted, minutes},
    newcomer,
    press::Answer,
    say::{LinkSay, Say},
    turn::Turn,
    wide::narrow,
};

/// How long mail and codes are tried to be looked after, milliseconds; then they are given up.
const PATIENCE_MS: i64 = 2 * 60 * 1000;

/// Longest e-mail address. Source: RFC 5321, 4.5.3.1.3, 256 with its brackets.
const EMAIL_BYTES_MAX: usize = 254;

/// Digits of a code that comes by e-mail. Source: GoTrue, `MAILER_OTP_LENGTH`, 6 to 10.
const DIGITS: core::ops::RangeInclusive<usize> = 6..=10;

/// Longest text that brings a code among other words, characters: a prompt with a number in it is
/// longer, or it waits until the code has come.
const SENTENCE_CHARS_MAX: usize = 60;

/// The e-mail address that a text is, small letters; nothing when it is none.
fn address(text: &str) -> Option<String> {
    let plain: String = text.trim().chars().map(narrow).collect();
    let text = plain.as_str();
    let (name, host) = text.rsplit_once('@')?;
    let sound = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic());
    let is_one = text.len() <= EMAIL_BYTES_MAX
        && sound(name)
        && !name.contains('@')
        && host.contains('.')
        && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
        && !host.starts_with('.')
        && !host.ends_with('.');
    is_one.then(|| text.to_ascii_lowercase())
}

/// The one address in a short sentence: `my address is anna@example.com.`
fn address_among_words(text: &str) -> Option<String> {
    if text.chars().count() > SENTENCE_CHARS_MAX {
        return None;
    }
    let plain: String = text.chars().map(narrow).collect();
    let is_within = |c: char| c.is_ascii_alphanumeric() || "@._%+-".contains(c);
    let mut words = plain.split(|c| !is_within(c)).filter(|word| word.contains('@'));
    let word = words.next().filter(|_| words.next().is_none())?;
    address(word.trim_matches(['.', '-']))
}

/// The digits that a text is, however they are grouped.
fn digits(text: &str) -> Option<String> {
    let mut code = String::new();
    for c in text.trim().chars().map(narrow).filter(|c| !c.is_whitespace() && *c != '-') {
        code.push(char::from_digit(c.to_digit(10)?, 10)?);
    }
    DIGITS.contains(&code.len()).then_some(code)
}

/// The digits in a sentence that says nothing else in digits: `my code is 123 456`.
fn digits_among_words(text: &str) -> Option<String> {
    if text.chars().count() > SENTENCE_CHARS_MAX {
        return None;
    }
    let plain: String = text.chars().map(narrow).collect();
    let is_within = |c: char| c.is_ascii_digit() || c == ' ' || c == '-';
    let mut groups = plain.split(|c| !is_within(c)).filter(|group| group.contains(is_digit));
    let group = groups.next().filter(|_| groups.next().is_none())?;
    // What stands in a word, or has a sign before it, is no code.
    let touches = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (before, after) = plain.split_once(group)?;
    let stands_alone = !before.ends_with(touches) || group.starts_with(' ');
    let ends_alone = !after.starts_with(touches) || group.ends_with(' ');
    let typed = group.trim_matches(' ');
    (stands_alone && ends_alone && !typed.starts_with('-')).then(|| digits(typed))?
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// What linking looks up for words that somebody awaits.
#[must_use]
pub fn need(awaiting: Option<&Awaiting>, text: &str) -> Option<LinkNeed> {
    match awaiting {
        Some(Awaiting::LinkEmailCode { email, .. }) => {
            Some(LinkNeed::Email(address(text).unwrap_or_else(|| email.clone())))
        }
        // An address that nobody waits for any more.
        Some(Awaiting::LinkEmail) => {
            address(text).or_else(|| address_among_words(text)).map(LinkNeed::Email)
        }
        None | Some(Awaiting::Edit { .. }) => address(text).map(LinkNeed::Email),
        Some(_) => None,
    }
}

/// Whether somebody signs in: then a picture in between changes nothing about that.
pub(crate) fn waits(visit: &Visit) -> bool {
    let awaiting = &visit.customer.awaiting;
    matches!(awaiting, Some(Awaiting::LinkEmail | Awaiting::LinkEmailCode { .. }))
}

/// They want to sign in by a code that comes by e-mail.
pub(crate) fn by_email(turn: &mut Turn<'_>, visit: &mut Visit) -> Answer {
    if !turn.house().link.sign_in {
        return Answer::Line(Say::Stale);
    }
    if let Some(say) = newcomer::not_yet(turn, visit) {
        return Answer::Alert(say);
    }
    visit.awaits(turn, Some(Awaiting::LinkEmail));
    turn.say(&visit.reader, Say::Link(LinkSay::EmailWanted));
    Answer::Quiet
}

/// They want to sign in in a browser.
pub(crate) fn in_browser(turn: &mut Turn<'_>, visit: &Visit, facts: &LinkFacts) -> Answer {
    if !turn.house().link.sign_in {
        return Answer::Line(Say::Stale);
    }
    if let Some(say) = newcomer::not_yet(turn, visit) {
        return Answer::Alert(say);
    }
    let url = facts.browser_url.clone();
    let minutes = minutes(turn.house().link.code_ttl_ms);
    turn.say(&visit.reader, Say::Link(LinkSay::Browser { url, minutes }));
    Answer::Quiet
}

/// Words of somebody who signs in. Tells whether they were for that.
pub(crate) fn hears(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    message: &Message,
    text: &str,
) -> bool {
    if visit.reader.setting != Setting::Private || !message.attachments.is_empty() {
        return false;
    }
    let strays = turn.house().link.sign_in;
    match visit.customer.awaiting.clone() {
        Some(Awaiting::LinkEmail) if digits(text).is_none() => {
            email_typed(turn, visit, facts, text)
        }
        // The first one was a slip of the pen.
        Some(Awaiting::LinkEmailCode { .. }) if address(text).is_some() => {
            email_typed(turn, visit, facts, text)
        }
        Some(Awaiting::LinkEmailCode { email, tries }) => {
            let code = digits(text).or_else(|| digits_among_words(text));
            let Some(code) = code else { return false };
            code_typed(turn, visit, facts, message, Typed { email, code, tries });
            true
        }
        // Neither an address nor a code that nobody waits for any more is a prompt: it would go to
        // the provider.
        None | Some(Awaiting::Edit { .. }) if strays && address(text).is_some() => {
            match newcomer::not_yet(turn, visit) {
                Some(say) => {
                    turn.then(Effect::ForgetEvent);
                    turn.say(&visit.reader, say);
                }
                // Whoever is new is asked first: nothing is known yet of how often they may.
                None if facts.link.is_none() => email_wanted(turn, visit, message),
                None => return email_typed(turn, visit, facts, text),
            }
            true
        }
        None | Some(Awaiting::Edit { .. } | Awaiting::LinkEmail)
            if strays && digits(text).is_some() =>
        {
            email_wanted(turn, visit, message);
            true
        }
        _ => false,
    }
}

/// What was typed is gone, and the address is asked for.
fn email_wanted(turn: &mut Turn<'_>, visit: &mut Visit, message: &Message) {
    linking::forget(turn, visit, message);
    visit.awaits(turn, Some(Awaiting::LinkEmail));
    turn.say(&visit.reader, Say::Link(LinkSay::EmailWanted));
}

/// An address was typed, or something else that is none of ours.
fn email_typed(turn: &mut Turn<'_>, visit: &mut Visit, facts: &MessageFacts, text: &str) -> bool {
    // Among other words only the one that was asked for is meant.
    let asked = visit.customer.awaiting == Some(Awaiting::LinkEmail);
    let typed = address(text).or_else(|| address_among_words(text).filter(|_| asked));
    let (Some(email), Some(link)) = (typed, &facts.link) else {
        // Who writes about something else is not held up.
        let meant = text.contains(['@', '＠']) && !text.trim().contains(char::is_whitespace);
        if meant {
            turn.say(&visit.reader, Say::Link(LinkSay::EmailWrong));
        }
        return meant;
    };
    turn.then(Effect::ForgetEvent);
    let by = visit.customer.identity.clone();
    let counted = [Counted::Mails, Counted::MailsADay, Counted::MailsTo, Counted::MailsToADay];
    if let Some(full) = counted.into_iter().find(|one| one.left(turn, link) == 0) {
        let minutes = full.wait_min(turn, link);
        turn.say(&visit.reader, Say::Link(LinkSay::Wait { minutes }));
        return true;
    }
    for one in counted {
        one.count(turn, link, &by);
    }
    run(turn, Errand::SendSignInCode { by, email: email.clone() });
    visit.awaits(turn, Some(Awaiting::LinkEmailCode { email, tries: 0 }));
    turn.say(&visit.reader, Say::Link(LinkSay::EmailSent));
    true
}

/// What was typed for an address.
struct Typed {
    email: String,
    code: String,
    /// Codes typed for it before.
    tries: i64,
}

fn code_typed(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    message: &Message,
    typed: Typed,
) {
    linking::forget(turn, visit, message);
    let Some(link) = &facts.link else { return };
    let most = turn.house().link.tries;
    let counted = [Counted::TriesADay, Counted::Tries, Counted::TriesFor];
    let full = counted.into_iter().find(|one| one.left(turn, link) == 0);
    if let Some(full) = full {
        let minutes = full.wait_min(turn, link);
        return turn.say(&visit.reader, Say::Link(LinkSay::Wait { minutes }));
    }
    if typed.tries >= most {
        visit.awaits(turn, Some(Awaiting::LinkEmail));
        return turn.say(&visit.reader, Say::Link(LinkSay::EmailWanted));
    }
    let by = visit.customer.identity.clone();
    for one in counted {
        one.count(turn, link, &by);
    }
    let Typed { email, code, tries } = typed;
    run(turn, Errand::CheckSignInCode { by, email: email.clone(), code });
    visit.awaits(turn, Some(Awaiting::LinkEmailCode { email, tries: tries + 1 }));
}

fn run(turn: &mut Turn<'_>, errand: Errand) {
    let id = ErrandId(turn.id());
    let name = format!("{}:{id}", errand.kind().word());
    let conversation = turn.frame.conversation.clone();
    let until = turn.frame.now.saturating_add(PATIENCE_MS);
    turn.then(Effect::RunErrand(NewErrand { id, name, conversation, errand, until }));
}

/// A code is on its way, or cannot be sent.
pub(crate) fn sent(turn: &mut Turn<'_>, facts: Option<&MessageFacts>, end: &ErrandEnd) {
    turn.then(Effect::ForgetEvent);
    let Some(known) = facts.and_then(|facts| facts.customer.as_ref()) else { return };
    match end {
        // An address that is refused is not told from one that is taken.
        ErrandEnd::Brought(_) | ErrandEnd::Failed(ErrandFailure::Refused) => {}
        ErrandEnd::Failed(ErrandFailure::TooLate | ErrandFailure::Broken) => {
            let visit = customer::here(turn, known);
            turn.say(&visit.reader, Say::Link(LinkSay::SignInLater));
        }
    }
}

/// A code that came by e-mail was right, or wrong.
pub(crate) fn checked(turn: &mut Turn<'_>, facts: Option<&MessageFacts>, end: &ErrandEnd) {
    turn.then(Effect::ForgetEvent);
    let Some(facts) = facts else { return };
    let (Some(known), Some(link)) = (&facts.customer, &facts.link) else { return };
    let mut visit = customer::here(turn, known);
    let say = match end {
        ErrandEnd::Brought(Brought::SignedIn(who)) => {
            visit.awaits(turn, None);
            if let Some(say) = newcomer::not_yet(turn, &visit) {
                return turn.say(&visit.reader, say);
            }
            let own = linking::own(&visit, link);
            let other = link.typed.as_ref().and_then(|typed| typed.party.as_ref());
            let is_own = other.is_some_and(|other| other.owner.account == own.owner.account);
            match &own.signed_in {
                _ if is_own => {
                    let shares_purse = turn.house().link.shares_purse;
                    LinkSay::SignedIn { who: who.hint.clone(), shares_purse }
                }
                Some(one) if one.subject != who.subject => LinkSay::TwoPeople,
                _ => return joining::join(turn, &mut visit, &own, other, Some(who)),
            }
        }
        ErrandEnd::Brought(_) | ErrandEnd::Failed(ErrandFailure::Refused) => {
            let left = Counted::Tries.left(turn, link).min(Counted::TriesADay.left(turn, link));
            if Counted::TriesADay.left(turn, link) == 0 {
                turn.then(Effect::RaiseAlarm { what: "somebody types many wrong linking codes" });
            }
            LinkSay::CodeWrong { left }
        }
        ErrandEnd::Failed(ErrandFailure::TooLate | ErrandFailure::Broken) => LinkSay::SignInLater,
    };
    turn.say(&visit.reader, Say::Link(say));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_told_from_a_prompt() {
        for typed in
            [" Ada@Mail.Example.com ", "ada＠mail.example.com", "ａｄａ＠mail．example.com"]
        {
            assert_eq!(address(typed).as_deref(), Some("ada@mail.example.com"), "{typed}");
        }
        for text in
            ["a fox", "ada@", "@mail.com", "a da@mail.com", "ada@mail", "a@b@c.de", "狐@a.de"]
        {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn digits_are_read_however_they_are_grouped() {
        for typed in ["123 456", "123-456", "１２３４５６", "１２３\u{3000}４５６"] {
            assert_eq!(digits(typed).as_deref(), Some("123456"), "{typed}");
        }
        for text in ["12345", "12345678901", "12a456", "a fox"] {
            assert_eq!(digits(text), None, "{text}");
        }
    }

    #[test]
    fn a_code_is_found_among_words_where_it_is_all_that_they_say_in_digits() {
        for typed in [
            "my code is 045093",
            "我的验证码是 045093",
            "验证码：０４５０９３。",
            "it says 045 093",
            "045093 is my code",
            "code 045-093!",
        ] {
            assert_eq!(digits_among_words(typed).as_deref(), Some("045093"), "{typed}");
        }
        for other in [
            "a fox",
            "a fox in 1999",
            "045093 or 045094",
            "a shop sign 045093 --x4",
            "model A045093",
            "045093px wide",
            "a poster that has the number 045093 written on it in large red letters",
            "a number of -045093",
        ] {
            assert_eq!(digits_among_words(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC*") {
            let _ = (address(&text), digits(&text), digits_among_words(&text));
        }
    }
}
