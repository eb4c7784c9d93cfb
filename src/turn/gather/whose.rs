//! Whose event it is: a batch has at most one of each account and person.

use picdesk_core::{
    facts::{Facts, LinkFacts},
    id::AccountId,
};

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
    let mut all: Vec<String> = own(facts, wanted).into_iter().collect();
    let gift = match facts {
        Facts::Message(facts) => sides(facts.gift.as_deref()),
        _ => Vec::new(),
    };
    let gift = gift.into_iter().map(of_account);
    for name in link.map(|link| linked(link)).unwrap_or_default().into_iter().chain(gift) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

fn of_account(account: AccountId) -> String {
    format!("account {account}")
}

/// The other accounts of a link, and the address that is counted: of two who ask for a code for one
/// address, the second is decided on a count that has the first in it.
fn linked(link: &LinkFacts) -> Vec<String> {
    let other = link.typed.as_ref().and_then(|typed| typed.party.as_ref());
    let other = other.map(|party| party.owner.account);
    let back = link.link.iter().chain(&link.young).map(|link| link.back.account);
    let email = link.email_key.iter().map(|key| format!("e-mail {key}"));
    other.into_iter().chain(back).map(of_account).chain(email).collect()
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
        Some(id) => Some(of_account(id)),
        None => wanted.needs.identity.as_ref().map(|identity| identity.0.clone()),
    }
}

#[cfg(test)]
mod tests {
    use picdesk_core::facts::FreshCode;

    use super::*;

    #[test]
    fn two_who_ask_for_one_address_are_not_decided_on_in_one_batch() {
        let asking = |email: &str| LinkFacts {
            own: None,
            fresh: FreshCode::default(),
            browser_url: String::new(),
            typed: None,
            link: None,
            young: Vec::new(),
            email_key: Some(email.to_owned()),
            tallies: Vec::new(),
        };
        assert_eq!(linked(&asking("k1")), linked(&asking("k1")));
        assert!(!linked(&asking("k2")).contains(&linked(&asking("k1"))[0]));
    }
}
