//! A servicer in WeCom's own client: taking, answering, handing on and ending sessions.

use serde_json::{Value, json};

use super::customer::kf_chat;
use super::{Say, Unplayable, keep, member_named, post};
use crate::wecom::WecomStandIn;
use crate::wecom::kf::{
    LONG_CODE_MS, SHORT_CODE_MS, SessionState, feed, feed_event, note, session_of,
};
use crate::wecom::message::{Author, Content, Message};
use crate::wecom::people::{Chat, Member, Reception, Servicer};
use crate::wecom::record::{CodeFor, Record};
use crate::wecom::state::State;
use crate::wecom::world::World;

/// What of a session changes by a human's hand, as `change_type` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChangeType {
    Taken = 1,
    Handed = 2,
    Ended = 3,
    Reopened = 4,
}

/// Words and files of a servicer. In a session that has ended, they open it again.
pub fn speak(
    state: &State,
    world: &mut World,
    chat: &Chat,
    (kf, customer): (&str, &str),
    member: &Member,
    say: &Say,
) -> Result<Vec<Message>, Unplayable> {
    let session = session_of(world, kf, customer);
    match session.state_at(state.now_ms()) {
        SessionState::Human if session.servicer.as_deref() == Some(&member.userid) => {}
        SessionState::Ended if session.is_in_window(state.now_ms()) => {
            change(
                state,
                world,
                chat,
                (kf, customer),
                (ChangeType::Reopened, Some(&member.userid)),
            );
        }
        _ => return Err(Unplayable::WrongState),
    }
    let mut said: Vec<(&str, Value, Content)> = Vec::new();
    for file in &say.attachments {
        let (media, content) = keep(state, world, file)?;
        said.push((file.kind(), json!({"media_id": media.id}), content));
    }
    if !say.text.is_empty() {
        said.push(("text", json!({"content": say.text}), Content::words(&say.text)));
    }
    let mut messages = Vec::new();
    for (kind, fields, content) in said {
        let item = json!({
            "open_kfid": kf, "external_userid": customer, "origin": 5,
            "servicer_userid": member.userid, "msgtype": kind, kind: fields,
        });
        let msgid = feed(state, world, kf, item);
        let author = Author::Member(member.userid.clone());
        messages.push(post(state, world, chat, author, content, &msgid));
    }
    Ok(messages)
}

/// Changes a session by a human's hand, which is an event.
fn change(
    state: &State,
    world: &mut World,
    chat: &Chat,
    (kf, customer): (&str, &str),
    (how, new): (ChangeType, Option<&str>),
) {
    let mut session = session_of(world, kf, customer);
    let old = session.servicer.take();
    session.servicer = new.map(str::to_owned);
    session.state = match new {
        Some(_) => SessionState::Human,
        None => SessionState::Ended,
    };
    world.keep(Record::Session(session));
    let place = || (kf.to_owned(), customer.to_owned());
    let code = match how {
        ChangeType::Taken => {
            let (kf, customer) = place();
            Some((CodeFor::Taken(kf, customer), LONG_CODE_MS))
        }
        ChangeType::Ended => {
            let (kf, customer) = place();
            Some((CodeFor::Ended(kf, customer), SHORT_CODE_MS))
        }
        ChangeType::Handed | ChangeType::Reopened => None,
    };
    let mut event = json!({
        "event_type": "session_status_change", "open_kfid": kf, "external_userid": customer,
        "change_type": how as i64,
    });
    if let Some(new) = new {
        event["new_servicer_userid"] = json!(new);
    }
    if how != ChangeType::Taken {
        event["old_servicer_userid"] = json!(old.as_deref().or(new).unwrap_or_default());
    }
    if let Some((purpose, life_ms)) = code {
        event["msg_code"] = json!(state.make_code(world, purpose, life_ms));
    }
    feed_event(state, world, kf, &event);
    let words = match (how, new) {
        (ChangeType::Taken, Some(new)) => format!("{new} took the session"),
        (ChangeType::Handed, Some(new)) => format!("handed on to {new}"),
        (ChangeType::Reopened, Some(new)) => format!("{new} opened the session again"),
        _ => "the session was ended".into(),
    };
    note(state, world, chat.id, &words);
}

impl WecomStandIn {
    /// A servicer takes a session: from the pool, or because WeCom's own rules give it to them.
    ///
    /// # Errors
    /// `NoChat`, `NoPerson`, `NoAccount` for who is no servicer, `WrongState` when a human has it
    /// or it is over.
    pub fn take_session(&self, chat: &str, servicer: &str) -> Result<(), Unplayable> {
        let open = [SessionState::New, SessionState::Assistant, SessionState::Pool];
        self.by_hand(chat, &open, ChangeType::Taken, Some(servicer))
    }

    /// A session goes to a servicer, or ends, and no event tells of it: WeCom's own rules do that,
    /// and other programs do by `service_state/trans`.
    ///
    /// # Errors
    /// `NoChat`, `NoPerson`.
    pub fn move_session(&self, chat: &str, servicer: Option<&str>) -> Result<(), Unplayable> {
        let mut world = self.state.world();
        let (_, kf, customer) = kf_chat(&world, chat)?;
        let member = servicer.map(|who| member_named(&world, who)).transpose()?;
        let servicer = member.map(|it| it.userid);
        let mut session = session_of(&world, &kf, &customer.external_userid);
        session.state = match servicer {
            Some(_) => SessionState::Human,
            None => SessionState::Ended,
        };
        session.servicer = servicer;
        world.keep(Record::Session(session));
        Ok(())
    }

    /// A servicer hands a session on to another.
    ///
    /// # Errors
    /// As [`Self::take_session`]; `WrongState` when no human has it.
    pub fn hand_session(&self, chat: &str, servicer: &str) -> Result<(), Unplayable> {
        self.by_hand(chat, &[SessionState::Human], ChangeType::Handed, Some(servicer))
    }

    /// A servicer ends a session.
    ///
    /// # Errors
    /// `NoChat`, `WrongState` when no human has it.
    pub fn end_session(&self, chat: &str) -> Result<(), Unplayable> {
        self.by_hand(chat, &[SessionState::Human], ChangeType::Ended, None)
    }

    fn by_hand(
        &self,
        chat: &str,
        from: &[SessionState],
        how: ChangeType,
        servicer: Option<&str>,
    ) -> Result<(), Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let (chat, kf, customer) = kf_chat(&world, chat)?;
        let customer = customer.external_userid;
        let stands = session_of(&world, &kf, &customer).state_at(state.now_ms());
        if !from.contains(&stands) {
            return Err(Unplayable::WrongState);
        }
        let new = match servicer {
            None => None,
            Some(who) => {
                let member = member_named(&world, who)?;
                let account = world.accounts.get(&kf);
                let found = account
                    .is_some_and(|it| it.servicers.iter().any(|one| one.userid == member.userid));
                Some(found.then_some(member.userid).ok_or(Unplayable::NoAccount)?)
            }
        };
        change(state, &mut world, &chat, (&kf, &customer), (how, new.as_deref()));
        drop(world);
        state.ring();
        Ok(())
    }

    /// A servicer receives from now on, or not. The event has 1 and 2, the list 0 and 1.
    ///
    /// # Errors
    /// `NoAccount`, `NoPerson`.
    pub fn set_reception(
        &self,
        account: &str,
        servicer: &str,
        reception: Reception,
    ) -> Result<(), Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let userid = member_named(&world, servicer)?.userid;
        let found =
            world.accounts.values().find(|it| it.alias == account || it.open_kfid == account);
        let mut account = found.cloned().ok_or(Unplayable::NoAccount)?;
        let mut servicers = account.servicers.iter_mut();
        let one: &mut Servicer =
            servicers.find(|it| it.userid == userid).ok_or(Unplayable::NoAccount)?;
        one.reception = reception;
        let kf = account.open_kfid.clone();
        world.keep(Record::Account(account));
        let mut event = json!({
            "event_type": "servicer_status_change", "servicer_userid": userid,
            "status": if reception == Reception::Receiving { 1 } else { 2 }, "open_kfid": kf,
        });
        match reception {
            Reception::Receiving => {}
            Reception::Stopped => event["stop_type"] = json!(0),
            Reception::Suspended => event["stop_type"] = json!(1),
        }
        feed_event(state, &mut world, &kf, &event);
        drop(world);
        state.ring();
        Ok(())
    }

    /// A servicer switches a customer's messages off, or on again.
    ///
    /// # Errors
    /// `NoChat`, `NoPerson`.
    pub fn switch_messages(
        &self,
        chat: &str,
        servicer: &str,
        rejected: bool,
    ) -> Result<(), Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let (_, kf, customer) = kf_chat(&world, chat)?;
        let event = json!({
            "event_type": "reject_customer_msg_switch_change",
            "servicer_userid": member_named(&world, servicer)?.userid, "open_kfid": kf,
            "external_userid": customer.external_userid, "reject_switch": i64::from(rejected),
        });
        feed_event(state, &mut world, &kf, &event);
        drop(world);
        state.ring();
        Ok(())
    }
}
