//! What becomes of it when the website's functions fail, are missing, or were asked for something
//! else than is written here.

use picdesk::{
    clock::Clock,
    config,
    store::{
        Store, StoreError,
        ledger::{self, Act, Order},
    },
};

use super::{hold, house, serve, void};
use crate::{
    database::{TestDatabase, databases},
    website::{ANNA, Website, functions},
};

#[tokio::test]
async fn what_cannot_be_given_to_the_website_is_kept_spent_first_and_given_later() {
    let Some((house, website)) = house().await else { return };
    let ada = house.signed_in(&website, 3).await;
    website.order("alter function purse.give(uuid, bigint, text) rename to given").await;
    let acts = vec![house.grant(&ada, 5, "creem:order_1")];
    let orders: Vec<_> = acts.into_iter().map(|act| Order { seq: house.seq(), act }).collect();
    let carried = house.write(orders, |tx, orders| {
        Box::pin(async move { ledger::carry_out(tx, &orders, 0).await })
    });
    let trouble = carried.await.unwrap().trouble;
    let told = trouble[0].to_string();
    assert!(told.contains("purse.give (ledger.grant)") && told.contains("42883"), "{told}");
    assert_eq!((website.balance(ANNA).await, house.there(&ada).await), (3, (8, Some(3))));
    house.order(vec![hold(1, &ada, 6)]).await.unwrap();
    assert_eq!((website.balance(ANNA).await, house.there(&ada).await), (2, (2, Some(2))));
    house.order(vec![void(1)]).await.unwrap();
    assert_eq!(house.there(&ada).await, (8, Some(3)));
    house.adds_up().await;
    website.order("alter function purse.given(uuid, bigint, text) rename to give").await;
    for _ in 0..2 {
        let again = house.write((), |tx, ()| Box::pin(ledger::give_again(tx, 0)));
        assert!(again.await.unwrap().trouble.is_empty());
        assert_eq!((website.balance(ANNA).await, house.there(&ada).await), (8, (8, Some(8))));
    }
    house.adds_up().await;
}

#[tokio::test]
async fn a_function_that_fails_is_named_and_nothing_of_its_turn_is_kept() {
    let Some((house, website)) = house().await else { return };
    let ada = house.signed_in(&website, 9).await;
    house.order(vec![hold(1, &ada, 2)]).await.unwrap();
    website.replace("hold", "raise exception 'no such user'").await;
    website.replace("post", "raise exception 'no such user'").await;
    website.order("alter function purse.void(uuid, bigint, text) rename to voided").await;
    for (act, name, code) in [
        (hold(2, &ada, 2), "purse.hold (ledger.hold)", "P0001"),
        (Act::Post { hold: 1 }, "purse.post (ledger.post)", "P0001"),
        (void(1), "purse.void (ledger.void)", "42883"),
    ] {
        let error = house.order(vec![act]).await.unwrap_err();
        assert!(matches!(error, StoreError::Site { .. }) && !error.is_outage(), "{error:?}");
        let told = error.to_string();
        assert!(told.contains(name) && told.contains(code), "{told}");
        assert!(!told.contains("no such user"), "{told}");
    }
    assert_eq!((website.balance(ANNA).await, house.purse(&ada).await.pending.0), (7, 2));
    house.adds_up().await;
    website.order("drop function purse.balance").await;
    let error = house.order(vec![hold(3, &ada, 1)]).await.unwrap_err().to_string();
    assert!(error.contains("purse.balance (ledger.balance)"), "{error}");
}

#[tokio::test]
async fn functions_that_are_not_what_is_needed_are_told_at_the_start_all_at_once() {
    let Some((house, website)) = house().await else { return };
    website
        .order(
            "drop function purse.hold; drop function purse.post;
             create function purse.post(uuid, text) returns void language sql as 'select null';
             drop function purse.balance;
             create function purse.balance(uuid) returns text language sql as 'select null'",
        )
        .await;
    let settings = config::Store { functions: Some(functions()), ..house.database.settings() };
    let told = Store::serve(&settings, house.clock.clone()).await.unwrap_err().to_string();
    let hold = "ledger.hold: there is no function purse.hold(uuid, bigint, text) returns boolean";
    let post = "ledger.post: purse.post(uuid, text) returns void is there, and \
                purse.post(uuid, bigint, text) returns boolean is needed";
    let balance = "ledger.balance: purse.balance(uuid) returns text is there";
    for part in [hold, post, balance, "config/sql-functions.example.sql"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("ledger.void") && !told.contains("ledger.grant"), "{told}");
}

#[tokio::test]
async fn a_role_of_its_own_needs_no_more_than_the_example_grants() {
    let database = databases().await.into_iter().find(TestDatabase::is_shared);
    let Some(database) = database else { return };
    let website = Website::build(&database.url).await;
    let role = format!("plain_{}", std::process::id());
    website
        .order(&format!(
            "create role {role} login; create schema {role} authorization {role};
             grant usage on schema purse to {role}"
        ))
        .await;
    let url = database.url.replacen("//picdesk@", &format!("//{role}@"), 1);
    let settings = config::Store {
        url: config::Secret::new(&url),
        functions: Some(functions()),
        ..database.settings()
    };
    let clock = Clock::still(0).0;
    let told = Store::serve(&settings, clock).await.unwrap_err().to_string();
    assert!(told.contains("ledger.hold: our role may not call purse.hold"), "{told}");
    website.order(&format!("grant execute on all functions in schema purse to {role}")).await;
    let house = serve(database, &settings).await.unwrap();
    let ada = house.signed_in(&website, 5).await;
    house.order(vec![hold(1, &ada, 2), house.grant(&ada, 4, "gift")]).await.unwrap();
    assert_eq!((website.balance(ANNA).await, house.there(&ada).await), (7, (7, Some(7))));
    // Granted no more, it is the owner's to mend and no outage of the store.
    website.order(&format!("revoke execute on function purse.post from {role}")).await;
    let error = house.order(vec![Act::Post { hold: 1 }]).await.unwrap_err();
    assert!(matches!(error, StoreError::Site { .. }), "{error}");
    assert!(error.to_string().contains("grant that"), "{error}");
}

#[tokio::test]
async fn what_was_asked_of_the_website_and_what_is_written_here_are_checked_against_each_other() {
    let Some((house, website)) = house().await else { return };
    let ada = house.signed_in(&website, 9).await;
    house.order(vec![hold(1, &ada, 2), hold(2, &ada, 2), hold(3, &ada, 2)]).await.unwrap();
    house.order(vec![Act::Post { hold: 1 }, void(2)]).await.unwrap();
    house.order(vec![house.grant(&ada, 5, "gift")]).await.unwrap();
    house.adds_up().await;
    for (wrong, right) in [
        (
            "update site_operations set amount = 3 where operation = 'hold:3'",
            "update site_operations set amount = 2 where operation = 'hold:3'",
        ),
        (
            "update site_operations set function = 'void' where function = 'post'",
            "update site_operations set function = 'post' where function = 'void' and hold = 1",
        ),
        (
            "update site_operations set operation = 'x' where function = 'grant'",
            "update site_operations set operation = (select substr(source, 12) from ledger
            where source like 'site:grant:%') where operation = 'x'",
        ),
        (
            "update site_operations set hold = 3 where operation = 'hold:1' and function = 'hold'",
            "update site_operations set hold = 1 where operation = 'hold:1' and function = 'hold'",
        ),
    ] {
        assert_eq!(house.run(wrong, &[]).await, 1, "{wrong}");
        let broken = house.verify().await;
        assert!(broken.iter().any(|one| one.invariant.contains("website")), "{wrong}: {broken:?}");
        house.run(right, &[]).await;
        house.adds_up().await;
    }
}
