//! What the store promises, on SQLite and on PostgreSQL.

mod alterations;
mod artifacts;
mod audit;
mod errands;
mod facts;
mod fates;
mod gifts;
mod inbox;
mod line;
mod links;
mod lives;
mod money;
mod newcomers;
mod outbox;
mod parting;
mod payments;
mod people;
mod plans;
mod pooler;
mod prune;
mod replicas;
mod site;
mod timers;
mod verify;
mod wecom;
mod windows;
mod writer;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use futures_util::future::BoxFuture;
use picdesk::{
    clock::{Clock, Hands},
    store::{
        Store, StoreError, Tx, Value,
        audit::Broken,
        effects::{self, Outcome, Rendered},
        inbox::{NewEvent, Origin, What},
        ledger::{self, Act, Order},
        sealed,
        status::{self, Status},
    },
};
use picdesk_core::{
    account::{Language, Person},
    channel::{Content, OutboundMessage, Place, Repeat, Text},
    credits::{Credits, Purse},
    effect::{Effect, NewArtifact, NewGeneration},
    event::{About, Event, Message, Setting},
    facts::{Request, RequestState},
    generation::{GenerationState, Options, Size},
    id::{
        AccountId, ArtifactId, Cause, ConversationId, GenerationId, HoldId, IdentityId, MessageId,
        OutboundId, PurseId, RequestId,
    },
};

use crate::database::{TestDatabase, databases};

/// When these stories begin, milliseconds since the epoch.
const START: i64 = 1_790_000_000_000;

/// A store whose time stands still.
struct House {
    store: Store,
    clock: Clock,
    hands: Hands,
    next: AtomicI64,
    // Dropped last.
    database: TestDatabase,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
struct Customer {
    account: AccountId,
    purse: PurseId,
    identity: IdentityId,
    conversation: ConversationId,
}

/// A picture that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    request: RequestId,
    generation: GenerationId,
    hold: HoldId,
}

/// One store of each kind, open as a tool has it.
async fn houses() -> Vec<House> {
    let mut all = Vec::new();
    for database in databases().await {
        let (clock, hands) = Clock::still(START);
        let store = database.open(&clock).await;
        all.push(House { store, clock, hands, next: AtomicI64::new(1000), database });
    }
    all
}

impl House {
    /// The number of an event that nobody else has.
    fn seq(&self) -> i64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Work in a transaction, with what it needs.
    async fn write<A, T>(
        &self,
        with: A,
        work: for<'t> fn(&'t mut Tx, A) -> BoxFuture<'t, Result<T, StoreError>>,
    ) -> Result<T, StoreError>
    where
        A: Clone + Send + 'static,
        T: Send + 'static,
    {
        self.store.writer().run(move |tx| work(tx, with.clone())).await
    }

    /// A statement of the test's own; how many rows it touched.
    async fn run(&self, text: &'static str, values: &[Value]) -> u64 {
        self.write((text, values.to_vec()), |tx, (text, values)| {
            Box::pin(async move { tx.run(text, &values).await })
        })
        .await
        .unwrap()
    }

    /// A number that a statement of the test's own finds.
    async fn int(&self, text: &'static str, values: &[Value]) -> i64 {
        let mut connection = self.store.read().await.unwrap();
        connection.rows(text, values).await.unwrap()[0].int(0).unwrap()
    }

    /// A word that a statement of the test's own finds.
    async fn word(&self, text: &'static str, values: &[Value]) -> String {
        let mut connection = self.store.read().await.unwrap();
        connection.rows(text, values).await.unwrap()[0].text(0).unwrap()
    }

    /// Carries out what follows from one event.
    async fn follow(&self, effects: Vec<Effect>) -> Result<(), StoreError> {
        self.outcome(Outcome { seq: self.seq(), effects, messages: Vec::new() }).await
    }

    async fn outcome(&self, outcome: Outcome) -> Result<(), StoreError> {
        let with = (Arc::new([outcome]), self.clock.now_ms());
        self.write(with, |tx, (outcomes, now)| {
            Box::pin(async move {
                let lost = effects::carry_out(tx, &*outcomes, now).await?.lost;
                if lost.is_empty() { Ok(()) } else { Err(StoreError::Lost(Vec::from_iter(lost))) }
            })
        })
        .await
    }

    /// Carries out orders about money, each of an event of its own.
    async fn order(&self, acts: Vec<Act>) -> Result<(), StoreError> {
        let orders = acts.into_iter().map(|act| Order { seq: self.seq(), act }).collect();
        order(&self.store, orders).await
    }

    /// Sends a message to a customer.
    async fn send(&self, message: OutboundMessage, about: Option<About>) {
        let messages = vec![Rendered { message, about }];
        let outcome = Outcome { seq: self.seq(), effects: Vec::new(), messages };
        self.outcome(outcome).await.unwrap();
    }

    /// A new customer, given credits.
    async fn customer(&self, name: &str, credits: i64) -> Customer {
        let name = format!("telegram:{name}");
        self.customer_at(&name, &name, credits).await
    }

    /// Somebody new, and what has to be carried out for them.
    fn opening(&self, name: &str) -> (Customer, Effect) {
        let name = format!("telegram:{name}");
        let customer = self.somebody(&name, &name);
        let (account, purse, person) = (customer.account, customer.purse, customer.person());
        (
            customer,
            Effect::OpenAccount { account, purse, person, language: Language::En, home: None },
        )
    }

    fn somebody(&self, name: &str, conversation: &str) -> Customer {
        let cause = Cause(self.seq());
        Customer {
            account: AccountId(cause.consequence(0)),
            purse: PurseId(cause.consequence(1)),
            identity: IdentityId(name.to_owned()),
            conversation: ConversationId(conversation.to_owned()),
        }
    }

    /// The same where who somebody is does not say where they are.
    async fn customer_at(&self, name: &str, conversation: &str, credits: i64) -> Customer {
        let customer = self.somebody(name, conversation);
        let person = customer.person();
        let (account, purse) = (customer.account, customer.purse);
        self.follow(vec![Effect::OpenAccount {
            account,
            purse,
            person,
            language: Language::En,
            home: None,
        }])
        .await
        .unwrap();
        if credits > 0 {
            self.order(vec![self.grant(&customer, credits, &format!("trial:{name}"))])
                .await
                .unwrap();
        }
        customer
    }

    fn grant(&self, to: &Customer, amount: i64, source: &str) -> Act {
        Act::Grant {
            entry: Cause(self.seq()).consequence(0),
            purse: to.purse.0,
            amount,
            source: source.to_owned(),
            reason: "by_hand",
            note: None,
        }
    }

    /// What follows from asking for one picture.
    fn asking(&self, who: &Customer, price: i64, tag: i64) -> (Asked, Vec<Effect>) {
        let cause = Cause(self.seq());
        let asked = Asked {
            request: RequestId(cause.consequence(0)),
            generation: GenerationId(cause.consequence(1)),
            hold: HoldId(cause.consequence(2)),
        };
        let request = Request {
            id: asked.request,
            account: who.account,
            purse: who.purse,
            identity: who.identity.clone(),
            conversation: who.conversation.clone(),
            setting: Setting::Private,
            message: Some(MessageId(asked.request.to_string())),
            prompt: "a lighthouse".to_owned(),
            options: Options::default(),
            references: Vec::new(),
            parent: None,
            price_each: Credits(price),
            cheaper: None,
            screened: false,
            state: RequestState::Open,
            asked_at: self.clock.now_ms(),
        };
        let generation = NewGeneration {
            id: asked.generation,
            request: asked.request,
            hold: asked.hold,
            account: who.account,
            purse: who.purse,
            conversation: who.conversation.clone(),
            number: 1,
            tag,
        };
        let hold = Effect::Hold {
            hold: asked.hold,
            generation: asked.generation,
            purse: who.purse,
            credits: Credits(price),
        };
        (asked, vec![Effect::OpenRequest(request), hold, Effect::Generate(generation)])
    }

    /// One picture in line, its credits set aside.
    async fn ask(&self, who: &Customer, price: i64, tag: i64) -> Asked {
        let (asked, effects) = self.asking(who, price, tag);
        self.follow(effects).await.unwrap();
        asked
    }

    /// Its picture is stored and paid for.
    async fn make(&self, who: &Customer, asked: Asked, expires_at: i64) -> ArtifactId {
        let id = ArtifactId(Cause(self.seq()).consequence(0));
        let artifact = NewArtifact {
            id,
            generation: asked.generation,
            request: asked.request,
            purse: who.purse,
            account: who.account,
            object: format!("object-{id}"),
            sha256: "00".repeat(32),
            bytes: 1000,
            size: Size { width: 1024, height: 1024 },
            kind: "png".to_owned(),
            cost_micro_usd: Some(40_000),
            expires_at,
        };
        let settled = Effect::SettleGeneration {
            generation: asked.generation,
            state: GenerationState::Delivered,
            failure: None,
        };
        let paid = Effect::PostHold { hold: asked.hold };
        self.follow(vec![Effect::KeepArtifact(artifact), settled, paid]).await.unwrap();
        id
    }

    async fn purse(&self, of: &Customer) -> Purse {
        let mut connection = self.store.read().await.unwrap();
        let text = "select id, granted, posted, pending, refunded, expired, reclaimed, moved
                    from purses where id = $1";
        let rows = connection.rows(text, &[of.purse.0.into()]).await.unwrap();
        ledger::read_purse(&rows[0], 0).unwrap()
    }

    async fn state(&self, asked: Asked) -> String {
        let id = [asked.generation.0.into()];
        self.word("select state from generations where id = $1", &id).await
    }

    async fn status(&self) -> Status {
        status::status(&mut self.store.snapshot().await.unwrap()).await.unwrap()
    }

    async fn verify(&self) -> Vec<Broken> {
        picdesk::store::audit::verify(&mut self.store.snapshot().await.unwrap()).await.unwrap()
    }
}

impl Customer {
    fn person(&self) -> Person {
        Person { identity: self.identity.clone(), name: "Ada".to_owned(), language: None }
    }

    /// What they write.
    fn message(&self, id: &str, text: &str) -> Message {
        Message {
            from: self.person(),
            setting: Setting::Private,
            id: MessageId(id.to_owned()),
            text: text.to_owned(),
            attachments: Vec::new(),
            album: None,
            reply_to: None,
        }
    }
}

/// Carries out orders in one transaction, which is taken back when one of them lost a race.
async fn order(store: &Store, orders: Vec<Order>) -> Result<(), StoreError> {
    let (orders, now) = (Arc::new(orders), store.clock().now_ms());
    store
        .writer()
        .run(move |tx| {
            let orders = Arc::clone(&orders);
            Box::pin(async move {
                let lost = ledger::carry_out(tx, &orders, now).await?.lost;
                if lost.is_empty() { Ok(()) } else { Err(StoreError::Lost(Vec::from_iter(lost))) }
            })
        })
        .await
}

/// An event as it comes from a channel.
fn arrived(name: &str, conversation: &str, event: &Event) -> NewEvent {
    NewEvent {
        external_id: name.to_owned(),
        conversation: conversation.to_owned(),
        ordering: conversation.to_owned(),
        origin: Origin::People,
        event: What::Sealed(sealed::seal_json(event)),
        raw: sealed::seal(b"{}"),
        set_aside: false,
        happened_at: START,
        envelope: None,
    }
}

/// An event that says nothing but which it is.
fn tick(number: i64) -> Event {
    Event::GenerationUncertain { generation: GenerationId(number) }
}

/// A message with words.
fn words(id: i64, conversation: &str) -> OutboundMessage {
    OutboundMessage {
        id: OutboundId(id),
        conversation: conversation.into(),
        place: Place::New { slot: None },
        reply_to: None,
        content: Content::Text(Text::plain("here you are")),
        buttons: Vec::new(),
        repeat: Repeat::Harmless,
        silent: false,
    }
}
