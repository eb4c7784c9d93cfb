//! Members' contacts on WeChat: who came, by which link, and whether they can be greeted.
//!
//! Source: developer.work.weixin.qq.com/document/path/92130.

use picdesk_core::{
    channel::Lane,
    event::{Answerable, Contact, ContactChange, Event},
};

use super::{
    app::{Reading, Told},
    person,
};
use crate::address::{Address, At, is_id};

/// How long a welcome code can be used. Source: 92137.
pub(super) const WELCOME_MS: i64 = 20_000;

pub(super) fn read_contact(told: Told<'_>) -> Reading {
    let user = told.fields.text("ExternalUserID");
    if !is_id(user) {
        return Reading::Nothing;
    }
    let code = told.fields.find("WelcomeCode").filter(|code| !code.is_empty());
    let origin = told.fields.find("State").filter(|state| !state.is_empty());
    let change = match told.fields.text("ChangeType") {
        "add_external_contact" | "add_half_external_contact" => {
            ContactChange::Added(code.map(|code| Answerable {
                message: At::Coming { code, state: origin.unwrap_or_default() }.id(),
                until: told.happened_at.saturating_add(WELCOME_MS),
            }))
        }
        "edit_external_contact" => ContactChange::Edited,
        "del_external_contact" => ContactChange::Dropped,
        "del_follow_user" => ContactChange::Left,
        "transfer_fail" => ContactChange::TransferFailed,
        _ => return Reading::Nothing,
    };
    let address = Address::Contact { user: user.to_owned() };
    let lane = match &change {
        ContactChange::Added(Some(_)) => Lane::Urgent(format!("welcome {user}")),
        _ => Lane::Conversation,
    };
    // At whichever account they write, they are the same. Source: 92114.
    let customer = Address::Customer { account: String::new(), user: user.to_owned() };
    let event = Event::ContactChanged(Contact {
        who: person(&address, ""),
        writes_as: customer.identity(),
        member: told.fields.text("UserID").to_owned(),
        origin: origin.map(str::to_owned),
        change,
    });
    told.named_by_digest(address.conversation(), lane, event)
}
