//! Somebody on WeChat becomes a contact of a member, or ceases to be.

use super::{Unplayable, customer_named, member_named};
use crate::wecom::WecomStandIn;
use crate::wecom::callbacks;
use crate::wecom::people::{Contact, Customer, Member};
use crate::wecom::record::{CodeFor, Record};
use crate::wecom::state::State;
use crate::wecom::world::World;
use crate::wecom::xml::Xml;

/// How long a welcome code is good. Source: document 92137, 20 s.
const WELCOME_MS: i64 = 20_000;

/// `change_external_contact`: from nobody in particular.
fn tell(
    state: &State,
    world: &mut World,
    change: &str,
    (customer, member): (&Customer, &Member),
    add: impl FnOnce(Xml) -> Xml,
) {
    let inner = Xml::new()
        .text("ToUserName", &state.options.corp_id)
        .text("FromUserName", "sys")
        .number("CreateTime", state.now_ms() / 1000)
        .text("MsgType", "event")
        .text("Event", "change_external_contact")
        .text("ChangeType", change)
        .text("UserID", &member.userid)
        .text("ExternalUserID", &customer.external_userid);
    let id = customer.external_userid.as_str();
    callbacks::enqueue(world, id, "change_external_contact", &add(inner), false);
}

impl WecomStandIn {
    /// Somebody adds a member by a way of `externalcontact/add_contact_way` (its `config_id`);
    /// answers with the welcome code.
    ///
    /// # Errors
    /// `NoPerson`; `NoLink` when there is no such way.
    pub fn scan(&self, who: &str, config_id: &str) -> Result<String, Unplayable> {
        let world = self.state.world();
        let way = world.ways.get(config_id).filter(|way| way.open_kfid.is_none()).cloned();
        drop(world);
        let way = way.ok_or(Unplayable::NoLink)?;
        let member = way.userids.first().ok_or(Unplayable::NoLink)?;
        self.add_contact(who, member, &way.scene)
    }

    /// Somebody adds a member, by a way of this `state`; answers with the welcome code.
    ///
    /// # Errors
    /// `NoPerson`.
    pub fn add_contact(
        &self,
        who: &str,
        member: &str,
        way_state: &str,
    ) -> Result<String, Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let mut customer = customer_named(&world, who)?;
        let member = member_named(&world, member)?;
        let (id, userid) = (customer.external_userid.clone(), member.userid.clone());
        let purpose = CodeFor::ContactWelcome(id, userid.clone());
        let code = state.make_code(&mut world, purpose, WELCOME_MS);
        customer.contacts.retain(|it| it.userid != userid);
        let at_ms = state.now_ms();
        customer.contacts.push(Contact { userid, state: way_state.to_owned(), at_ms });
        world.keep(Record::Customer(customer.clone()));
        tell(state, &mut world, "add_external_contact", (&customer, &member), |inner| {
            let inner = if way_state.is_empty() { inner } else { inner.text("State", way_state) };
            inner.text("WelcomeCode", &code)
        });
        drop(world);
        state.ring();
        Ok(code)
    }

    /// Somebody takes a member off their contacts.
    ///
    /// # Errors
    /// `NoPerson`; `NotTheirs` when they were none.
    pub fn remove_contact(&self, who: &str, member: &str) -> Result<(), Unplayable> {
        let state = &self.state;
        let mut world = state.world();
        let mut customer = customer_named(&world, who)?;
        let member = member_named(&world, member)?;
        let before = customer.contacts.len();
        customer.contacts.retain(|it| it.userid != member.userid);
        if customer.contacts.len() == before {
            return Err(Unplayable::NotTheirs);
        }
        world.keep(Record::Customer(customer.clone()));
        tell(state, &mut world, "del_follow_user", (&customer, &member), |inner| inner);
        drop(world);
        state.ring();
        Ok(())
    }
}
