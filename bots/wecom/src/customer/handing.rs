//! Handing a chat to people and taking it back: the call that says whose it is, and the last words
//! that its code allows. Nothing can be said while people have a chat.
//!
//! Source: developer.work.weixin.qq.com/document/path/94669 and 95122.

use picdesk_core::{
    channel::{DeliveryError, Receipt, Refusal, Text},
    id::OutboundId,
};
use serde_json::json;

use super::{HandTo, SessionState, WecomKf};
use crate::{
    address::SendName,
    answer::{CallError, resting},
    call::{Api, Call},
    config::{HandOver, TEXT_BYTES_MAX},
    render::text::cut,
};

/// The chat's state does not lead there: somebody has it already, or it is over. Source: 90313.
const NOT_ALLOWED: [i64; 3] = [95_013, 95_016, 95_018];

/// Nobody is there to take it, or nobody may. Source: 90313.
const NOBODY: [i64; 7] = [48_007, 60_030, 60_253, 95_000, 95_004, 95_014, 95_019];

/// An account and a customer of it.
type Chat<'c> = (&'c str, &'c str);

impl WecomKf {
    /// Hands a chat to people of ours. One that they have already stays theirs.
    pub(super) async fn hand_to_people(
        &self,
        chat: Chat<'_>,
        message: OutboundId,
        words: &Text,
    ) -> Result<Receipt, DeliveryError> {
        for to in self.takers(chat.0, message).await? {
            let no = match self.hand_over(chat.0, chat.1, &to).await {
                Ok(code) => {
                    self.say_on(code, message, words).await;
                    return Ok(Receipt::default());
                }
                Err(CallError::Answered(no)) => no,
                Err(error) => return Err(self.failure(Api::KfServiceStateTrans, chat.0, error)),
            };
            // Told to the owner where the owner can do something about it.
            let verdict = self.hand.client.judge(Api::KfServiceStateTrans, Some(chat.0), &no);
            if NOT_ALLOWED.contains(&no.code) {
                return match self.state(chat).await? {
                    Some(SessionState::Pool | SessionState::Servicer(_)) => Ok(Receipt::default()),
                    _ => Err(DeliveryError::Refused(Refusal::ConversationGone)),
                };
            }
            if !NOBODY.contains(&no.code) {
                return Err(verdict.failure(Api::KfServiceStateTrans, &no));
            }
        }
        Err(DeliveryError::Refused(Refusal::ConversationGone))
    }

    /// Ends a chat that people have. Their next message is the bot's.
    pub(super) async fn end_with_people(
        &self,
        chat: Chat<'_>,
        message: OutboundId,
        words: &Text,
    ) -> Result<Receipt, DeliveryError> {
        if !matches!(self.state(chat).await?, Some(SessionState::Pool | SessionState::Servicer(_)))
        {
            return Ok(Receipt::default());
        }
        match self.hand_over(chat.0, chat.1, &HandTo::Nobody).await {
            Ok(code) => self.say_on(code, message, words).await,
            Err(CallError::Answered(no)) if NOT_ALLOWED.contains(&no.code) => {}
            Err(error) => return Err(self.failure(Api::KfServiceStateTrans, chat.0, error)),
        }
        Ok(Receipt::default())
    }

    /// To whom a chat can go, in the order in which they are asked: not always the same one first.
    async fn takers(
        &self,
        account: &str,
        message: OutboundId,
    ) -> Result<Vec<HandTo>, DeliveryError> {
        let HandOver::Servicers(named) = &self.hand_over else { return Ok(vec![HandTo::Pool]) };
        let there = self.servicers(account).await;
        let there = there.map_err(|error| self.failure(Api::KfServicerList, account, error))?;
        let mut takers: Vec<HandTo> = named
            .iter()
            .filter(|name| there.iter().any(|one| one.eq_ignore_ascii_case(name)))
            .map(|name| HandTo::Servicer(name.clone()))
            .collect();
        if !takers.is_empty() {
            let first = message.0.unsigned_abs() % takers.len() as u64;
            takers.rotate_left(usize::try_from(first).unwrap_or_default());
        }
        Ok(takers)
    }

    async fn state(
        &self,
        (account, user): Chat<'_>,
    ) -> Result<Option<SessionState>, DeliveryError> {
        let state = self.session_state(account, user).await;
        state.map_err(|error| self.failure(Api::KfServiceStateGet, account, error))
    }

    /// Says the words that a code allows. The chat has changed hands without them too.
    async fn say_on(&self, code: Option<String>, outbound: OutboundId, words: &Text) {
        let content = cut(&words.text, TEXT_BYTES_MAX);
        let Some(code) = code.filter(|_| !content.is_empty()) else { return };
        let name = SendName { outbound, part: 0, essential: false };
        let body = json!({
            "code": code,
            "msgid": name.text(&self.house),
            "msgtype": "text",
            "text": { "content": content },
        });
        if let Err(error) = self.hand.client.call(&Call::post(Api::KfSendMsgOnEvent, body)).await {
            tracing::debug!("wecom: the words beside a change of hands were not said: {error}");
        }
    }

    fn failure(&self, api: Api, account: &str, error: CallError) -> DeliveryError {
        match error {
            CallError::Answered(no) => {
                self.hand.client.judge(api, Some(account), &no).failure(api, &no)
            }
            CallError::Resting(wait) => resting(api, wait),
            // Whose a chat is can be said twice.
            other => DeliveryError::NotSent(other.into()),
        }
    }
}
