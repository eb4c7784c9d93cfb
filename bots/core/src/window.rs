//! The reply budget of channels that take only so many messages after each of theirs, and only for
//! a while: who gets a slot, and who waits until they write again.

use alloc::{vec, vec::Vec};

use crate::{
    effect::Effect,
    event::{Event, Hands, Setting},
    facts::Request,
    generation::Options,
    turn::Turn,
};

/// What a conversation with a budget has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Messages that the channel still takes.
    pub left: u32,
    /// Until when, milliseconds since the epoch.
    pub closes_at: i64,
    /// Whether our people have the chat, so that the bot may not write.
    pub handed: bool,
    /// What the pictures in line and being made there will need, and those whose words are being
    /// looked at; each request's menu too.
    pub reserved: u32,
}

impl Window {
    /// Messages that can go out now.
    #[must_use]
    pub fn room(&self, now: i64) -> u32 {
        if self.handed || now >= self.closes_at { 0 } else { self.left }
    }
}

/// What a request's pictures need, and their menu.
#[must_use]
pub fn slots_of(options: Options) -> u32 {
    u32::from(options.count).saturating_add(1)
}

/// What a message is to a budget, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A picture that was made.
    Picture,
    /// The receipt under pictures, with everything that can be done with them.
    Menu,
    /// Words that waited for their next message.
    Waited,
    /// Other words.
    Words,
    /// What is worth saying only now.
    Passing,
}

/// A message that wants to go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What it is.
    pub rank: Rank,
    /// Messages that the channel counts for it.
    pub sends: u32,
}

/// On what occasion messages want to go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// They have just written: their answer may take what is reserved.
    Answer,
    /// Something else happened: what is reserved stays so.
    News,
}

/// Which of these get a slot, in the order of their rank; those of one rank as they come. Nothing
/// of lower rank takes what is reserved for pictures, answers aside.
#[must_use]
pub fn allot(room: u32, reserved: u32, occasion: Occasion, claims: &[Claim]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..claims.len()).collect();
    order.sort_by_key(|index| claims.get(*index).map(|claim| claim.rank));
    let mut granted = vec![false; claims.len()];
    let mut left = room;
    for index in order {
        let (Some(claim), Some(grant)) = (claims.get(index), granted.get_mut(index)) else {
            continue;
        };
        let kept_back = match (claim.rank, occasion) {
            (Rank::Picture | Rank::Menu, _) | (Rank::Waited | Rank::Words, Occasion::Answer) => 0,
            (Rank::Waited | Rank::Words, Occasion::News) | (Rank::Passing, _) => reserved,
        };
        if left.saturating_sub(kept_back) >= claim.sends {
            left -= claim.sends;
            *grant = true;
        }
    }
    granted
}

/// What an event does to the budget of its conversation, before anything is decided.
pub(crate) fn heard(turn: &mut Turn<'_>, event: &Event) {
    let conversation = turn.frame.conversation.clone();
    let channel = turn.house().channel(&conversation);
    if channel.is_some_and(|channel| channel.one_answer) {
        // What waited stands first in the answer to this. A press has one that it needs itself.
        if matches!(event, Event::MessageReceived(_)) {
            turn.then(Effect::ReleaseAll { conversation });
        }
        return;
    }
    let Some((replies, lasts_s)) = channel.and_then(|channel| {
        Some((channel.replies_max?, channel.reply_window_s.unwrap_or(u32::MAX)))
    }) else {
        return;
    };
    let mut window = turn.window.unwrap_or_default();
    match event {
        Event::MessageReceived(message) if message.setting == Setting::Private => {}
        Event::ButtonPressed(press) if press.setting == Setting::Private => {}
        Event::ChatHanded(handing) => {
            return changed_hands(turn, window, lasts_s, matches!(handing.to, Hands::Servicer(_)));
        }
        // Whoever answers there has the chat, whether or not anything told of it.
        Event::ServicerWrote { .. } if !window.handed => {
            return changed_hands(turn, window, lasts_s, true);
        }
        _ => return,
    }
    if window.handed && turn.frame.now >= window.closes_at {
        // People have a chat as long as they are written to: this one's time with them is over.
        window.handed = false;
        turn.then(Effect::HandChat { conversation: conversation.clone(), handed: false });
    }
    window.left = replies;
    window.closes_at = turn.frame.now.saturating_add(i64::from(lasts_s).saturating_mul(1000));
    turn.window = Some(window);
    let closes_at = window.closes_at;
    turn.then(Effect::OpenWindow { conversation: conversation.clone(), replies, closes_at });
    if !window.handed {
        turn.then(Effect::ReleaseHeld { conversation });
    }
}

/// People have a chat from now on, or the bot. What waits goes out when its customer writes again:
/// a chat that was given back has ended, and nothing can be said in it until then.
fn changed_hands(turn: &mut Turn<'_>, mut window: Window, lasts_s: u32, handed: bool) {
    let (conversation, now) = (turn.frame.conversation.clone(), turn.frame.now);
    window.handed = handed;
    if handed && window.closes_at <= now {
        // Their time with it begins now.
        window.left = 0;
        window.closes_at = now.saturating_add(i64::from(lasts_s).saturating_mul(1000));
        let (replies, closes_at) = (window.left, window.closes_at);
        turn.then(Effect::OpenWindow { conversation: conversation.clone(), replies, closes_at });
    }
    turn.window = Some(window);
    turn.then(Effect::HandChat { conversation, handed });
}

/// The words of a request are looked at from now on: its pictures keep their slots meanwhile.
pub(crate) fn reserve(turn: &mut Turn<'_>, request: &Request) {
    let here = request.conversation == *turn.frame.conversation;
    if let Some(window) = turn.window.as_mut().filter(|_| here) {
        window.reserved = window.reserved.saturating_add(slots_of(request.options));
    }
}

/// They are looked at no more: what is to be made has its slots by being in line.
pub(crate) fn release(turn: &mut Turn<'_>, request: &Request) {
    let here = request.conversation == *turn.frame.conversation;
    if let Some(window) = turn.window.as_mut().filter(|_| here) {
        window.reserved = window.reserved.saturating_sub(slots_of(request.options));
    }
}

/// A picture arrived: words that waited behind it go out, as far as there is room.
pub(crate) fn go_on(turn: &mut Turn<'_>) {
    if turn.window.is_some_and(|window| window.room(turn.frame.now) > 0) {
        turn.then(Effect::ReleaseHeld { conversation: turn.frame.conversation.clone() });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claim(rank: Rank) -> Claim {
        Claim { rank, sends: 1 }
    }

    #[test]
    fn a_picture_goes_before_words_that_came_first() {
        let claims = [claim(Rank::Passing), claim(Rank::Words), claim(Rank::Picture)];
        assert_eq!(allot(1, 0, Occasion::Answer, &claims), [false, false, true]);
    }

    #[test]
    fn news_leave_what_is_reserved_and_answers_may_take_it() {
        let claims = [claim(Rank::Words), claim(Rank::Passing)];
        assert_eq!(allot(5, 5, Occasion::News, &claims), [false, false]);
        assert_eq!(allot(5, 4, Occasion::News, &claims), [true, false]);
        assert_eq!(allot(5, 5, Occasion::Answer, &claims), [true, false]);
    }

    #[test]
    fn a_closed_window_has_no_room() {
        let open = Window { left: 5, closes_at: 10, ..Window::default() };
        assert_eq!((open.room(9), open.room(10)), (5, 0));
        assert_eq!(Window { handed: true, ..open }.room(9), 0);
    }

    fn claims() -> impl Strategy<Value = Vec<Claim>> {
        const RANKS: [Rank; 5] =
            [Rank::Picture, Rank::Menu, Rank::Waited, Rank::Words, Rank::Passing];
        let claim = (proptest::sample::select(&RANKS[..]), 1..4_u32);
        proptest::collection::vec(claim.prop_map(|(rank, sends)| Claim { rank, sends }), 0..12)
    }

    proptest! {
        #[test]
        fn never_more_than_there_is_room_for_and_no_picture_behind_an_acknowledgement(
            room in 0..8_u32,
            reserved in 0..12_u32,
            news in any::<bool>(),
            claims in claims(),
        ) {
            let occasion = if news { Occasion::News } else { Occasion::Answer };
            let granted = allot(room, reserved, occasion, &claims);
            let sum = |is: &dyn Fn(&Claim) -> bool| -> u32 {
                let took = claims.iter().zip(&granted).filter(|(claim, took)| **took && is(claim));
                took.map(|(claim, _)| claim.sends).sum()
            };
            prop_assert!(sum(&|_| true) <= room);
            let passed = sum(&|claim| claim.rank == Rank::Passing);
            prop_assert!(passed == 0 || sum(&|_| true) + reserved <= room);
            let waits = claims.iter().zip(&granted);
            let behind = waits.filter(|(claim, took)| !**took && claim.rank == Rank::Picture);
            for (picture, _) in behind {
                let pictures = sum(&|claim| claim.rank == Rank::Picture);
                prop_assert!(pictures + picture.sends > room, "{claims:?} {granted:?}");
            }
        }
    }
}
