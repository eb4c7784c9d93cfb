//! People: who answers, whose account is meant, what this installation knows, and albums.

use picdesk::store::{
    Store, StoreError, facts,
    people::{self, OperatorRow},
};
use picdesk_core::{account::Language, effect::Effect, event::Message, facts::Album, id::AlbumId};

use super::{Customer, House, START, houses};

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
        let album = self.find_album().await.unwrap();
        (album.parts.into_iter().map(|part| part.id.0).collect(), album.settled)
    }

    async fn find_album(&self) -> Option<Album> {
        let pair = ("telegram:1".to_owned(), "album-1".to_owned());
        let found = self
            .write(pair, |tx, pair| Box::pin(async move { facts::albums(tx, &[pair]).await }))
            .await
            .unwrap();
        found.into_values().next()
    }

    /// A part of the album comes.
    async fn part(&self, who: &Customer, id: &str, called: bool) {
        let message = Message { album: Some("album-1".into()), ..who.message(id, "") };
        let conversation = who.conversation.clone();
        let album = AlbumId("album-1".to_owned());
        self.follow(vec![Effect::AddToAlbum { conversation, album, message, called }])
            .await
            .unwrap();
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
            let found = people::private_conversation(&mut connection, ada.account.0, START);
            let found = found.await.unwrap();
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
async fn a_language_follows_the_client_until_one_is_chosen() {
    for house in houses().await {
        let ada = house.customer("7", 0).await;
        let identity = || ada.identity.clone();
        let [en, zh] = Language::ALL;
        let follow = |language| Effect::FollowLanguage { identity: identity(), language };
        let choose = Effect::ChooseLanguage { identity: identity(), language: en };
        for (effect, language) in [(follow(zh), zh), (choose, en), (follow(zh), en)] {
            house.follow(vec![effect]).await.unwrap();
            assert_eq!(house.word("select language from identities", &[]).await, language.tag());
        }
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
            language: Language::En,
            home: None,
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
            house.part(&ada, id, true).await;
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
async fn an_album_was_called_when_a_part_of_it_called_and_is_forgotten_whole() {
    for house in houses().await {
        let ada = house.customer("1", 0).await;
        for (id, called) in [("9", false), ("10", true), ("11", false)] {
            house.part(&ada, id, called).await;
            assert_eq!(house.find_album().await.unwrap().called, id != "9");
        }
        let album = AlbumId("album-1".to_owned());
        let conversation = ada.conversation.clone();
        house.follow(vec![Effect::ForgetAlbum { conversation, album }]).await.unwrap();
        assert_eq!(house.find_album().await, None);
        assert_eq!(house.int("select count(*) from album_parts", &[]).await, 0);
    }
}

#[tokio::test]
async fn an_album_that_was_left_out_is_settled_before_it_has_a_part() {
    for house in houses().await {
        let ada = house.customer("1", 0).await;
        let album = AlbumId("album-1".to_owned());
        let conversation = ada.conversation.clone();
        house.follow(vec![Effect::SettleAlbum { conversation, album }]).await.unwrap();
        let album = house.find_album().await.unwrap();
        assert_eq!((album.called, album.settled, album.began_at), (false, true, START));
    }
}

#[tokio::test]
async fn an_album_moves_with_its_conversation() {
    for house in houses().await {
        let ada = house.customer("1", 0).await;
        let old = Customer { conversation: "telegram:-7".into(), ..ada.clone() };
        house.part(&old, "9", false).await;
        house.part(&old, "10", true).await;
        let (from, to) = (old.conversation.clone(), ada.conversation.clone());
        house.follow(vec![Effect::MoveConversation { from, to }]).await.unwrap();
        let parts = ["9", "10"].map(str::to_owned).to_vec();
        assert_eq!(house.album().await, (parts, false));
        assert!(house.find_album().await.unwrap().called);
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
