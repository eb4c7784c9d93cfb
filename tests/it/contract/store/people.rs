//! People: who answers, whose account is meant, what this installation knows, and albums.

use picdesk::store::{
    Store, StoreError, facts,
    people::{self, OperatorRow},
};
use picdesk_core::{account::Language, effect::Effect, event::Message, id::AlbumId};

use super::{House, START, houses};

impl House {
    async fn add(&self, operator: OperatorRow) -> Result<(), StoreError> {
        self.write(operator, |tx, operator| {
            Box::pin(async move { people::add_operator(tx, &operator, START).await })
        })
        .await
    }

    async fn operators(&self) -> Vec<OperatorRow> {
        people::operators(&mut self.store.read().await.unwrap()).await.unwrap()
    }

    async fn setting(&self, fresh: &'static [u8]) -> Vec<u8> {
        self.write(fresh, |tx, fresh| Box::pin(people::setting(tx, "key", fresh))).await.unwrap()
    }

    /// An album's parts, in order, and whether it is whole.
    async fn album(&self) -> (Vec<String>, bool) {
        let pair = ("telegram:1".to_owned(), "album-1".to_owned());
        let found = self
            .write(pair, |tx, pair| Box::pin(async move { facts::albums(tx, &[pair]).await }))
            .await
            .unwrap();
        let album = found.into_values().next().unwrap();
        (album.parts.into_iter().map(|part| part.id.0).collect(), album.settled)
    }
}

fn operator(name: &str, role: &str, telegram: &str) -> OperatorRow {
    OperatorRow {
        name: name.to_owned(),
        role: role.to_owned(),
        telegram: Some(telegram.to_owned()),
        wecom: None,
    }
}

#[tokio::test]
async fn operators_are_added_changed_and_removed_by_name() {
    for house in houses().await {
        house.add(operator("Wei", "agent", "2")).await.unwrap();
        house.add(operator("Olga", "agent", "1")).await.unwrap();
        house.add(operator("Wei", "lead", "3")).await.unwrap();
        let all = [operator("Olga", "agent", "1"), operator("Wei", "lead", "3")];
        assert_eq!(house.operators().await, all);
        for there in [true, false] {
            let removed =
                house.write((), |tx, ()| Box::pin(people::remove_operator(tx, "Olga"))).await;
            assert_eq!(removed.unwrap(), there);
        }
        assert_eq!(house.operators().await, all[1..]);
    }
}

#[tokio::test]
async fn no_two_operators_are_one_person_and_none_has_a_role_that_is_none() {
    for house in houses().await {
        house.add(operator("Wei", "agent", "2")).await.unwrap();
        for wrong in [operator("Olga", "agent", "2"), operator("Olga", "king", "3")] {
            let outcome = house.add(wrong).await;
            assert!(matches!(outcome, Err(StoreError::Constraint(_))), "{outcome:?}");
        }
        assert_eq!(house.operators().await.len(), 1);
    }
}

#[tokio::test]
async fn an_account_is_found_by_its_number_and_by_its_identity() {
    for house in houses().await {
        let ada = house.customer("7", 0).await;
        let mut connection = house.store.read().await.unwrap();
        let both = Some((ada.account.0, ada.purse.0));
        for name in [ada.account.to_string(), "telegram:7".to_owned()] {
            assert_eq!(people::find_account(&mut connection, &name).await.unwrap(), both);
        }
        for name in ["telegram:8", "1", "", "'"] {
            assert_eq!(people::find_account(&mut connection, name).await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn who_shut_us_out_is_not_written_to() {
    for house in houses().await {
        let ada = house.customer("7", 0).await;
        for reachable in [false, true] {
            let mark = Effect::MarkReachable { identity: ada.identity.clone(), reachable };
            house.follow(vec![mark]).await.unwrap();
            let mut connection = house.store.read().await.unwrap();
            let found = people::reachable_identity(&mut connection, ada.account.0).await.unwrap();
            assert_eq!(found.is_some(), reachable);
        }
    }
}

#[tokio::test]
async fn a_chosen_language_stays() {
    for house in houses().await {
        let ada = house.customer("7", 0).await;
        let chosen = Language::from_tag("zh-CN").unwrap();
        let choose = Effect::ChooseLanguage { identity: ada.identity.clone(), language: chosen };
        house.follow(vec![choose]).await.unwrap();
        assert_eq!(house.word("select language from identities", &[]).await, chosen.tag());
    }
}

#[tokio::test]
async fn somebody_is_given_one_account() {
    for house in houses().await {
        let ada = house.customer("7", 0).await;
        let again = Effect::OpenAccount {
            account: picdesk_core::id::AccountId(ada.account.0 + 100),
            purse: picdesk_core::id::PurseId(ada.purse.0 + 100),
            person: ada.person(),
        };
        let outcome = house.follow(vec![again]).await;
        assert!(matches!(outcome, Err(StoreError::Constraint(_))), "{outcome:?}");
        let status = house.status().await;
        assert_eq!((status.accounts, status.identities), (1, 1));
        assert_eq!(house.int("select count(*) from purses", &[]).await, 1);
    }
}

#[tokio::test]
async fn a_setting_is_what_it_was_made_as_first() {
    for house in houses().await {
        assert_eq!(house.setting(b"first").await, b"first");
        assert_eq!(house.setting(b"other").await, b"first");
    }
}

#[tokio::test]
async fn the_parts_of_an_album_are_one_set_in_the_order_of_their_messages() {
    for house in houses().await {
        let ada = house.customer("1", 0).await;
        for id in ["10", "9", "11", "9"] {
            let message = Message { album: Some("album-1".into()), ..ada.message(id, "") };
            let part = Effect::AddToAlbum {
                conversation: ada.conversation.clone(),
                album: AlbumId("album-1".to_owned()),
                message,
            };
            house.follow(vec![part]).await.unwrap();
        }
        let parts = ["9", "10", "11"].map(str::to_owned).to_vec();
        assert_eq!(house.album().await, (parts.clone(), false));
        let settle = Effect::SettleAlbum {
            conversation: ada.conversation.clone(),
            album: AlbumId("album-1".to_owned()),
        };
        house.follow(vec![settle]).await.unwrap();
        assert_eq!(house.album().await, (parts, true));
    }
}

#[tokio::test]
async fn a_new_database_misses_every_migration_and_an_open_one_none() {
    for database in crate::database::databases().await {
        let missing = Store::missing_migrations(&database.settings()).await.unwrap();
        assert!(missing[0].starts_with("0001_"), "{missing:?}");
        let (clock, _) = picdesk::clock::Clock::still(START);
        database.open(&clock).await;
        assert!(Store::missing_migrations(&database.settings()).await.unwrap().is_empty());
        // Again, over what is there.
        database.open(&clock).await;
    }
}
