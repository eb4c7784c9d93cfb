//! What somebody does in the console, and what WeCom does by itself.

use std::time::Duration;

use super::Unplayable;
use crate::wecom::WecomStandIn;
use crate::wecom::callbacks;
use crate::wecom::kf::ring_doorbell;
use crate::wecom::people::Account;
use crate::wecom::record::Record;
use crate::wecom::tokens::{self, Ended};
use crate::wecom::xml::Xml;

impl WecomStandIn {
    /// All access tokens end before their time.
    pub fn end_tokens(&self, how: Ended) {
        tokens::end_all(&self.state, how);
    }

    /// The address of the desk is trusted from now on, or every call gets 60020.
    pub fn trust_ip(&self, trusted: bool) {
        self.state.world().change_meta(|meta| meta.ip_trusted = trusted);
    }

    /// Rings at the desk's door although nothing has happened, `times` times.
    ///
    /// # Errors
    /// `NoAccount`.
    pub fn ring_doorbell(&self, account: &str, times: usize) -> Result<(), Unplayable> {
        let mut world = self.state.world();
        let found =
            world.accounts.values().find(|it| it.alias == account || it.open_kfid == account);
        let kf = found.map(|it| it.open_kfid.clone()).ok_or(Unplayable::NoAccount)?;
        for _ in 0..times {
            ring_doorbell(&self.state, &mut world, &kf);
        }
        drop(world);
        self.state.ring();
        Ok(())
    }

    /// The app manages an account from now on, or does no more; it is told.
    ///
    /// # Errors
    /// `NoAccount`.
    pub fn manage_account(&self, account: &str, managed: bool) -> Result<(), Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let found =
            world.accounts.values().find(|it| it.alias == account || it.open_kfid == account);
        let account = found.cloned().ok_or(Unplayable::NoAccount)?;
        let kf = account.open_kfid.clone();
        world.keep(Record::Account(Account { managed, ..account }));
        let field = if managed { "AuthAddOpenKfId" } else { "AuthDelOpenKfId" };
        let inner = Xml::new()
            .text("ToUserName", &state.options.corp_id)
            .text("FromUserName", "sys")
            .number("CreateTime", state.now_ms() / 1000)
            .text("MsgType", "event")
            .text("Event", "kf_account_auth_change")
            .text(field, &kf);
        callbacks::enqueue(&mut world, &kf, "kf_account_auth_change", &inner, false);
        drop(world);
        state.ring();
        Ok(())
    }

    /// WeCom is about to suspend the app, because it is not used: `inactive_alert` and the like.
    pub fn warn_app(&self, event: &str) {
        let state = &self.state;
        let now_s = state.now_ms() / 1000;
        let inner = Xml::new()
            .text("ToUserName", &state.options.corp_id)
            .text("FromUserName", "sys")
            .number("CreateTime", now_s)
            .text("MsgType", "event")
            .text("Event", event)
            .number("AgentID", state.options.agent_id)
            .number("EffectTime", now_s + 7 * 86_400);
        callbacks::enqueue(&mut state.world(), "sys", event, &inner, true);
        state.ring();
    }

    /// No callback leaves for a while.
    pub fn hold_callbacks(&self, time: Duration) {
        let time = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.state.faults().hold_callbacks_until_ms = self.state.now_ms().saturating_add(time);
        self.state.ring();
    }

    /// Whatever waits for a retry, or for the next question about a stream, is due now.
    pub fn retry_now(&self) {
        let mut world = self.state.world();
        let waiting: Vec<_> =
            world.callbacks.values().filter(|it| it.not_before_ms > 0).cloned().collect();
        for mut callback in waiting {
            callback.not_before_ms = 0;
            world.keep(Record::Callback(Box::new(callback)));
        }
        let turns: Vec<_> = world.turns.values().cloned().collect();
        for mut turn in turns {
            turn.not_before_ms = 0;
            if let crate::wecom::record::TurnState::Streaming { ask_ms, .. } = &mut turn.state {
                *ask_ms = 0;
            }
            world.keep(Record::Turn(Box::new(turn)));
        }
        drop(world);
        self.state.ring();
    }

    /// How many callbacks wait for the desk, those of the AI bot with them.
    pub fn callbacks_waiting(&self) -> usize {
        let world = self.state.world();
        let told = |turn: &&crate::wecom::record::Turn| {
            turn.state == crate::wecom::record::TurnState::Waiting
        };
        world.callbacks.len() + world.turns.values().filter(told).count()
    }

    /// How many answers of the AI bot are still asked for.
    pub fn answers_growing(&self) -> usize {
        let world = self.state.world();
        let grows = |turn: &&crate::wecom::record::Turn| {
            matches!(turn.state, crate::wecom::record::TurnState::Streaming { .. })
        };
        world.turns.values().filter(grows).count()
    }

    /// Whether the AI bot's socket is connected.
    pub fn is_socket_open(&self) -> bool {
        self.state.socket().is_some()
    }

    /// Moves its clock.
    pub fn advance(&self, by: Duration) {
        self.state.options.clock.advance(by);
        self.state.ring();
    }
}
