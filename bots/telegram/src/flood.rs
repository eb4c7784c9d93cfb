//! Which limit a "too many requests" was about. Telegram does not say.
//!
//! A call that names no chat can only have hit the bot's own limit. One that does has most likely
//! hit its chat's: then only that chat waits, for freezing everybody because of one busy chat
//! would be the worse mistake. But when many different chats in a row are told to wait and not one
//! call succeeds between, it is the bot as a whole.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use picdesk_core::channel::Scope;

use crate::{
    answer::{CallError, is_flood},
    call::Gist,
};

/// Different chats in a row, without a success between them, that make it the bot's limit.
const CHATS_MIN: usize = 8;

/// The chats that were told to wait since the last success.
#[derive(Default)]
pub(crate) struct Floods {
    /// Whether there are any: the way of a success takes no lock.
    any: AtomicBool,
    chats: Mutex<Vec<i64>>,
}

impl Floods {
    /// A call succeeded: whatever was hit was not the bot's limit.
    pub fn over(&self) {
        if self.any.load(Ordering::Relaxed) {
            self.any.store(false, Ordering::Relaxed);
            self.chats.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Where a failed call's limit was hit, if it was one.
    pub fn scope(&self, gist: Gist, error: &CallError) -> Scope {
        let CallError::Answered(no) = error else { return Scope::Conversation };
        let Some(address) = gist.address else { return Scope::Channel };
        if !is_flood(no) {
            return Scope::Conversation;
        }
        let mut chats = self.chats.lock().unwrap_or_else(PoisonError::into_inner);
        self.any.store(true, Ordering::Relaxed);
        if !chats.contains(&address.chat) && chats.len() < CHATS_MIN {
            chats.push(address.chat);
        }
        if chats.len() < CHATS_MIN { Scope::Conversation } else { Scope::Channel }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{address::Address, answer::No, call::Method};

    fn flood() -> CallError {
        let description = "Too Many Requests: retry after 3".to_owned();
        CallError::Answered(No { code: 429, description, retry_after: Some(3), migrate_to: None })
    }

    fn to(chat: i64) -> Gist {
        let address = Some(Address { chat, topic: None });
        Gist { method: Method::SendMessage, address, uploads: false }
    }

    #[test]
    fn one_busy_chat_waits_alone_however_often_it_is_told_to() {
        let floods = Floods::default();
        for _ in 0..100 {
            assert_eq!(floods.scope(to(7), &flood()), Scope::Conversation);
        }
    }

    #[test]
    fn many_chats_in_a_row_are_the_bot_as_a_whole_until_a_call_succeeds() {
        let floods = Floods::default();
        let scopes: Vec<Scope> = (0..9).map(|chat| floods.scope(to(chat), &flood())).collect();
        assert_eq!(scopes[..7], [Scope::Conversation; 7]);
        assert_eq!(scopes[7..], [Scope::Channel; 2]);
        floods.over();
        assert_eq!(floods.scope(to(9), &flood()), Scope::Conversation);
    }

    #[test]
    fn a_call_without_a_chat_hits_the_bots_limit() {
        let gist = Gist { method: Method::GetMe, address: None, uploads: false };
        assert_eq!(Floods::default().scope(gist, &flood()), Scope::Channel);
    }
}
