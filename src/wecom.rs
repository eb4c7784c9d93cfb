//! The house as the WeCom adapter sees it: where it keeps things, and who hears its alarms.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use picdesk_core::id::ConversationId;
use picdesk_wecom::{
    answer::Alarm,
    client::Alarms as HearsAlarms,
    config::KF,
    kf::{Bells, Chats, Last},
    menus::{Chooses, Menus},
    parse::Doorbell,
    streams::{Stream, StreamStore, Unavailable},
    token::{Token, TokenStore},
    webhook::Rung,
};
use tracing::warn;

use crate::{
    alarm::Alarms,
    store::{
        Store, StoreError, Work, inbox,
        scope::OfConversation,
        wecom as rows,
        windows::{self, Standing},
    },
    telemetry::metrics,
};

/// The net under the rings of doorbells.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// How long after a customer's message it is not asked whose their chat is, milliseconds: whoever
/// takes it from the bot meanwhile is heard of by what WeCom refuses us.
const SURE_MS: i64 = 10 * 60 * 1000;

/// What the adapter keeps, in the store.
#[derive(Clone)]
pub struct Kept {
    store: Store,
}

impl Kept {
    /// In this store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

/// What could not be kept or read; the adapter does without, or says that it comes again.
fn complain(what: &str, error: &StoreError) {
    warn!(error = %error, "wecom: {what}");
}

fn unavailable(error: &StoreError) -> Unavailable {
    complain("an answer of the bot cannot be kept or read", error);
    Unavailable
}

#[async_trait]
impl TokenStore for Kept {
    async fn load(&self, app: &str) -> Option<Token> {
        let read = async { rows::token(&mut self.store.read().await?, app).await };
        read.await.unwrap_or_else(|error| {
            complain("the access token cannot be read", &error);
            None
        })
    }

    async fn save(&self, app: &str, token: &Token) {
        metrics::wecom_token_refreshed();
        let with = (app.to_owned(), token.clone());
        let kept = self.store.writer().run(move |tx| {
            let (app, token) = with.clone();
            Box::pin(async move { rows::keep_token(tx, &app, &token).await })
        });
        if let Err(error) = kept.await {
            complain("the access token cannot be kept", &error);
        }
    }

    async fn claim(&self, app: &str, until: i64) -> bool {
        let (app, now) = (app.to_owned(), self.store.clock().now_ms());
        let claimed = self.store.writer().run(move |tx| {
            let app = app.clone();
            Box::pin(async move { rows::claim_token(tx, &app, until, now).await })
        });
        claimed.await.unwrap_or_else(|error| {
            complain("the access token cannot be claimed", &error);
            true
        })
    }

    async fn release(&self, app: &str, until: i64) {
        let app = app.to_owned();
        let released = self.store.writer().run(move |tx| {
            let app = app.clone();
            Box::pin(async move { rows::release_token(tx, &app, until).await })
        });
        if let Err(error) = released.await {
            complain("the claim of an access token waits for its end", &error);
        }
    }
}

#[async_trait]
impl StreamStore for Kept {
    async fn open(&self, stream: Stream) -> Result<(), Unavailable> {
        let stream = Arc::new(stream);
        let opened = self.store.writer().run(move |tx| {
            let stream = Arc::clone(&stream);
            Box::pin(async move { rows::open_stream(tx, &stream).await })
        });
        opened.await.map_err(|error| unavailable(&error))
    }

    async fn find(&self, id: &str) -> Result<Option<Stream>, Unavailable> {
        let read = async { rows::stream(&mut self.store.read().await?, id).await };
        read.await.map_err(|error| unavailable(&error))
    }

    async fn recent(&self, conversation: &ConversationId) -> Result<Vec<Stream>, Unavailable> {
        let read = async {
            let there = OfConversation(conversation.clone());
            rows::recent_streams(&mut self.store.read_as(there).await?).await
        };
        read.await.map_err(|error| unavailable(&error))
    }

    async fn quoted(
        &self,
        conversation: &ConversationId,
        said: &str,
    ) -> Result<Option<Stream>, Unavailable> {
        let read = async {
            let there = OfConversation(conversation.clone());
            rows::quoted_stream(&mut self.store.read_as(there).await?, said).await
        };
        read.await.map_err(|error| unavailable(&error))
    }

    async fn save(&self, stream: &Stream) -> Result<bool, Unavailable> {
        let stream = Arc::new(stream.clone());
        let saved = self.store.writer().run(move |tx| {
            let stream = Arc::clone(&stream);
            Box::pin(async move { rows::save_stream(tx, &stream).await })
        });
        saved.await.map_err(|error| unavailable(&error))
    }
}

#[async_trait]
impl Menus for Kept {
    async fn remember(&self, conversation: &ConversationId, tokens: &[String]) -> Chooses {
        let with = Arc::new((conversation.clone(), tokens.to_vec()));
        let now = self.store.clock().now_ms();
        let kept = self.store.writer().run(move |tx| {
            let with = Arc::clone(&with);
            Box::pin(async move { rows::keep_menu(tx, &with.0, &with.1, now).await })
        });
        kept.await.unwrap_or_else(|error| {
            complain("a menu cannot be kept: its numbers will be read as words", &error);
            Chooses::ByNumber
        })
    }

    async fn way(&self, conversation: &ConversationId) -> Chooses {
        let read = async {
            let there = OfConversation(conversation.clone());
            rows::pressed_at(&mut self.store.read_as(there).await?).await
        };
        let pressed_at = read.await.unwrap_or_else(|error| {
            complain("how somebody chooses cannot be read", &error);
            None
        });
        rows::chooses(pressed_at.unwrap_or_default(), self.store.clock().now_ms())
    }

    async fn find(&self, conversation: &ConversationId, number: usize) -> Option<String> {
        let read = async {
            let there = OfConversation(conversation.clone());
            rows::menu_token(&mut self.store.read_as(there).await?, number).await
        };
        read.await.unwrap_or_else(|error| {
            complain("a menu cannot be read: its numbers are read as words", &error);
            None
        })
    }

    async fn chose(&self, conversation: &ConversationId, how: Chooses) {
        let kept = async {
            let there = OfConversation(conversation.clone());
            let before = rows::pressed_at(&mut self.store.read_as(there).await?).await?;
            let now = self.store.clock().now_ms();
            let (pressed_at, is_known) = match (how, before) {
                (_, None) => return Ok(()),
                (Chooses::ByNumber, Some(before)) => (0, before == 0),
                // Most people choose as they did just before.
                (Chooses::ByCard, Some(before)) => (now, now - before < rows::STAYS_MS / 4),
            };
            if is_known {
                return Ok(());
            }
            let place = conversation.clone();
            let kept = self.store.writer().run(move |tx| {
                let place = place.clone();
                Box::pin(async move { rows::keep_way(tx, &place, pressed_at).await })
            });
            kept.await
        };
        if let Err(error) = kept.await {
            complain("how somebody chooses cannot be kept", &error);
        }
    }
}

#[async_trait]
impl Chats for Kept {
    async fn in_doubt(&self, chats: &[ConversationId]) -> HashMap<ConversationId, Last> {
        let now = self.store.clock().now_ms();
        let read = async { windows::standing(&mut self.store.read().await?, chats).await };
        let known =
            read.await.inspect_err(|error| complain("whose chats are cannot be read", error));
        let Ok(known) = known else { return HashMap::new() };
        let doubt = |chat: &ConversationId| match known.get(chat) {
            Some(Standing::GoingToPeople) => None,
            Some(Standing::WithPeople) => Some(Last::People),
            Some(Standing::WithBot { wrote_at }) => {
                (now.saturating_sub(*wrote_at) >= SURE_MS).then_some(Last::Bot)
            }
            None => Some(Last::Bot),
        };
        chats.iter().filter_map(|chat| Some((chat.clone(), doubt(chat)?))).collect()
    }
}

/// Passes what only the owner can put right on to the owner.
pub struct Ear(pub Alarms);

impl HearsAlarms for Ear {
    fn raise(&self, alarm: &Alarm) {
        self.0.raise_about(alarm.what, &alarm.of, &alarm.words);
    }
}

/// The bells of our accounts: rung here, and where another replica fetches the news.
#[derive(Clone)]
pub struct Rings {
    store: Store,
    /// The bells of this process.
    pub bells: Bells,
    accounts: Arc<[String]>,
}

impl Rings {
    /// A bell for each account.
    pub fn of(store: Store, accounts: &[String]) -> Self {
        Self { store, bells: Bells::of(accounts), accounts: accounts.into() }
    }

    /// Rings everywhere, once for an envelope: nobody knows here who fetches the account's news.
    pub async fn ring(&self, rung: &Rung) -> Result<(), StoreError> {
        let is_shared = self.store.database().is_shared();
        let account = rung.doorbell.account.as_ref();
        let account = account.filter(|account| is_shared && self.accounts.contains(account));
        let with = Arc::new((account.cloned(), rung.clone()));
        let new = self.store.writer().run(move |tx| {
            let with = Arc::clone(&with);
            Box::pin(async move {
                let (account, rung) = &*with;
                let new = inbox::keep_envelope(tx, rung.envelope).await?;
                if let Some(account) = account.as_ref().filter(|_| new) {
                    rows::keep_doorbell(tx, account, &rung.doorbell.token).await?;
                }
                Ok(new)
            })
        });
        let new = new.await.inspect_err(|error| complain("a doorbell cannot be heard", error))?;
        if !new {
            metrics::inbox_duplicates(KF.to_owned(), 1);
            return Ok(());
        }
        self.bells.ring(&rung.doorbell);
        if is_shared {
            self.store.wakes().ring_elsewhere(Work::Doorbell);
        }
        Ok(())
    }

    /// Passes on what rang in another process, until it is dropped: for the accounts alone whose
    /// news this process fetches, for what is taken here nobody else hears.
    pub async fn pass_on(self, fetches: impl Fn(&str) -> bool) {
        loop {
            // A ring that got lost is found a little later.
            let rung = self.store.wakes().rung(Work::Doorbell);
            let _ = tokio::time::timeout(LOOK_AGAIN, rung).await;
            for account in self.accounts.iter().filter(|account| fetches(account)) {
                let name = account.clone();
                let taken = self.store.writer().run(move |tx| {
                    let name = name.clone();
                    Box::pin(async move { rows::take_doorbell(tx, &name).await })
                });
                match taken.await {
                    Ok(Some(token)) => {
                        self.bells.ring(&Doorbell { account: Some(account.clone()), token });
                    }
                    Ok(None) => {}
                    Err(error) => complain("a doorbell cannot be heard", &error),
                }
            }
        }
    }
}
