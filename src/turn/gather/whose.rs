//! Whose event it is: a batch has at most one of each account and person.

use picdesk_core::facts::Facts;

use super::{Wanted, gifts::sides};

/// The accounts and persons whose facts an event was decided on: a batch has at most one of each.
pub(in crate::turn) fn whose(facts: &Facts, wanted: &Wanted) -> Vec<String> {
    let link = match facts {
        Facts::Message(facts) => facts.link.as_ref(),
        Facts::Press(facts) => facts.link.as_ref(),
        Facts::Generation(_)
        | Facts::Delivery(_)
        | Facts::Desk(_)
        | Facts::Payment(_)
        | Facts::None => None,
    };
    let other =
        link.and_then(|link| link.typed.as_ref()?.party.as_ref()).map(|party| party.owner.account);
    let back = link.and_then(|link| link.link.as_ref()).map(|link| link.back.account);
    let mut all: Vec<String> = own(facts, wanted).into_iter().collect();
    let gift = match facts {
        Facts::Message(facts) => sides(facts.gift.as_deref()),
        _ => Vec::new(),
    };
    for account in [other, back].into_iter().flatten().chain(gift) {
        let account = format!("account {account}");
        if !all.contains(&account) {
            all.push(account);
        }
    }
    all
}

/// The account, or else the person, whose event it is.
fn own(facts: &Facts, wanted: &Wanted) -> Option<String> {
    let account = match facts {
        Facts::Message(facts) => facts.customer.as_ref().map(|one| one.account.id),
        Facts::Press(facts) => facts.customer.as_ref().map(|one| one.account.id),
        Facts::Generation(facts) => facts.account.as_ref().map(|one| one.id),
        Facts::Delivery(facts) => match (&facts.generation, &facts.case) {
            (Some(of), _) => of.account.as_ref().map(|one| one.id),
            (None, case) => case.as_ref().map(|case| case.account),
        },
        Facts::Desk(facts) => facts.case.as_ref().map(|case| case.account),
        Facts::Payment(facts) => facts.account.as_ref().map(|one| one.id),
        Facts::None => None,
    };
    match account {
        Some(id) => Some(format!("account {id}")),
        None => wanted.needs.identity.as_ref().map(|identity| identity.0.clone()),
    }
}
