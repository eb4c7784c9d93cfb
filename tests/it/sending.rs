//! The sender against a Telegram that fails: what was to be said is said once it can be, once
//! where a second time would do harm, and in the place it belongs to.

mod once;
mod outages;
mod panics;
mod pictures;
mod places;
mod waits;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use picdesk::{
    alarm::Alarms,
    artifacts::{ArtifactSettings, Artifacts, ObjectName},
    clock::Clock,
    outbox::{Partial, Patience, Progress, Sender, SenderParts},
    pictures::Darkroom,
    store::{
        Store,
        effects::{self, Outcome, Rendered},
        status::{self, OutboxCounts},
    },
};
use picdesk_core::{
    channel::{Channel, Content, OutboundMessage, Place, Repeat, Text},
    effect::{Effect, NewArtifact},
    event::About,
    generation::Size,
    id::{AccountId, ArtifactId, GenerationId, OutboundId, PurseId, RequestId, Slot},
};
use picdesk_sandbox::telegram::{ALICE, MessageView, Options, TelegramStandIn, XIAOMING};
use picdesk_telegram::{Mode, TelegramChannel, TelegramSettings, client, verify::Secret};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    database::TestDatabase,
    house::{ASK_EVERY, PATIENCE},
};

/// A sender that is in a hurry: it does in milliseconds what takes minutes in earnest.
const HURRY: Patience = Patience {
    first: Duration::from_millis(1),
    most: Duration::from_millis(20),
    most_of_all: Duration::from_millis(5),
};
const SLOT: Slot = Slot::Generation(GenerationId(5));
const ARTIFACT: ArtifactId = ArtifactId(70);

/// An outbox with Telegram at the other end.
struct Post {
    telegram: TelegramStandIn,
    store: Store,
    progress: Arc<Progress>,
    artifacts: Artifacts,
    channel: Arc<dyn Channel>,
    sender: Option<(CancellationToken, JoinHandle<()>)>,
    // Dropped last.
    _database: TestDatabase,
    folder: TempDir,
}

impl Post {
    /// An outbox from which nobody sends yet. Alice and Xiaoming may be written to.
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let telegram =
            Options { rate_limits: None, ..Options::in_folder(&folder.path().join("telegram")) };
        let telegram = TelegramStandIn::start(telegram).await.unwrap();
        telegram.say(ALICE, "hello").unwrap();
        telegram.say(XIAOMING, "hello").unwrap();
        let database = TestDatabase::sqlite();
        let store = database.open(&Clock::system()).await;
        let url = format!("file://{}", folder.path().join("pictures").display());
        let artifacts = ArtifactSettings { url, ..ArtifactSettings::default() };
        let artifacts = Artifacts::open(&artifacts).await.unwrap();
        let channel = Arc::new(channel(&telegram));
        let progress = Arc::default();
        let sender = None;
        Self { telegram, store, progress, artifacts, channel, sender, _database: database, folder }
    }

    /// How its Telegram is started: again it remembers everything.
    fn telegram_options(&self) -> Options {
        Options::in_folder(&self.folder.path().join("telegram"))
    }

    /// Somebody sends.
    fn start(&mut self) {
        let sender = Sender::new(SenderParts {
            store: self.store.clone(),
            channel: Arc::clone(&self.channel),
            others: HashMap::new(),
            artifacts: self.artifacts.clone(),
            darkroom: Darkroom::new(),
            alarms: Alarms::new(self.store.clone(), None),
            progress: Arc::clone(&self.progress),
            patience: HURRY,
            outlet: Arc::default(),
        });
        let stop = CancellationToken::new();
        self.sender = Some((stop.clone(), tokio::spawn(sender.run(stop))));
    }

    /// The sender stops in good order.
    async fn stop(&mut self) {
        let (stop, task) = self.sender.take().expect("somebody sends");
        stop.cancel();
        task.await.unwrap();
    }

    /// The sender dies where it stands.
    async fn kill(&mut self) {
        let (_, task) = self.sender.take().expect("somebody sends");
        task.abort();
        let _ = task.await;
    }

    async fn follow(&self, effects: Vec<Effect>, messages: Vec<Rendered>) {
        let outcome = Arc::new([Outcome { seq: 1, effects, messages }]);
        self.store
            .writer()
            .run(move |tx| {
                let outcome = Arc::clone(&outcome);
                Box::pin(async move { effects::carry_out(tx, &*outcome, 0).await.map(drop) })
            })
            .await
            .unwrap();
        self.store.wakes().ring(picdesk::store::Work::Outbox);
    }

    /// Something is to be said.
    async fn put(&self, message: OutboundMessage) {
        self.put_about(message, None).await;
    }

    /// Much is to be said, written down in one commit.
    async fn put_all(&self, messages: impl Iterator<Item = OutboundMessage>) {
        let rendered = messages.map(|message| Rendered { message, about: None });
        self.follow(Vec::new(), rendered.collect()).await;
    }

    /// Something is to be said, and somebody waits to hear what became of it.
    async fn put_about(&self, message: OutboundMessage, about: Option<About>) {
        self.follow(Vec::new(), vec![Rendered { message, about }]).await;
    }

    /// A picture is kept.
    async fn keep_picture(&self) {
        let name = ObjectName::of_token("p0123456789abcdef0123456789abcdef").unwrap();
        let bytes = super::stories::photo(640, 480);
        let mut writer = self.artifacts.create(&name).await.unwrap();
        writer.write(bytes.clone().into()).await.unwrap();
        let written = writer.finish().await.unwrap();
        let artifact = NewArtifact {
            id: ARTIFACT,
            generation: GenerationId(5),
            request: RequestId(4),
            purse: PurseId(3),
            account: AccountId(2),
            object: name.as_str().to_owned(),
            sha256: hex::encode(written.sha256),
            bytes: bytes.len() as i64,
            size: Size { width: 640, height: 480 },
            kind: "jpeg".to_owned(),
            cost_micro_usd: None,
            expires_at: i64::MAX,
        };
        self.follow(vec![Effect::KeepArtifact(artifact)], Vec::new()).await;
    }

    async fn counts(&self) -> OutboxCounts {
        status::status(&mut self.store.snapshot().await.unwrap()).await.unwrap().outbox
    }

    /// Waits until nothing is left to be said, and answers with what became of it.
    async fn until_empty(&self) -> OutboxCounts {
        let began = Instant::now();
        loop {
            let counts = self.counts().await;
            if counts.waiting == 0 {
                return counts;
            }
            assert!(began.elapsed() < PATIENCE, "{counts:?}\n{}", self.telegram.transcript(ALICE));
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// Waits until a number of the store is as wanted.
    async fn until(&self, text: &'static str, wanted: i64) {
        let began = Instant::now();
        loop {
            let found = self.int(text).await;
            if found >= wanted {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{text}: {found}");
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// A statement of the test's own.
    async fn run(&self, text: &'static str) {
        let done = self
            .store
            .writer()
            .run(move |tx| Box::pin(async move { tx.run(text, &[]).await.map(drop) }));
        done.await.unwrap();
    }

    async fn int(&self, text: &'static str) -> i64 {
        let mut connection = self.store.read().await.unwrap();
        connection.rows(text, &[]).await.unwrap()[0].int(0).unwrap()
    }

    /// Waits until a fault has struck so often.
    async fn until_struck(&self, fault: &str, times: u64) {
        let began = Instant::now();
        loop {
            let struck = self.telegram.counts().faults.get(fault).copied().unwrap_or(0);
            if struck >= times {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{fault} struck {struck} times");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What became of messages that somebody waits to hear of.
    async fn heard(&self) -> Vec<String> {
        let mut connection = self.store.read().await.unwrap();
        let text = "select external_id from inbox order by seq";
        let rows = connection.rows(text, &[]).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap()).collect()
    }

    /// What the bot has said in a chat.
    fn said(&self, chat: i64) -> Vec<MessageView> {
        self.telegram.chat(chat).into_iter().filter(MessageView::is_from_bot).collect()
    }

    /// The words of it.
    fn words(&self, chat: i64) -> Vec<String> {
        self.said(chat).into_iter().map(|message| message.text).collect()
    }
}

pub fn channel(telegram: &TelegramStandIn) -> TelegramChannel {
    let settings = TelegramSettings {
        token: Secret::new(telegram.token()),
        api_url: telegram.api_url().parse().unwrap(),
        mode: Mode::Polling,
        webhook_secrets: Vec::new(),
        register_webhook: false,
        drafts: false,
        sends_per_s: 0,
        chat_sends_per_s: 0,
        group_sends_per_min: 0,
        edit_interval_s: 0,
        desk_chat_id: None,
        public_url: "http://127.0.0.1/".parse().unwrap(),
    };
    TelegramChannel::new(settings, client::http_client(None).unwrap()).unwrap()
}

/// Words to a chat.
fn words(id: i64, chat: i64, text: &str) -> OutboundMessage {
    OutboundMessage {
        id: OutboundId(id),
        conversation: format!("telegram:{chat}").as_str().into(),
        place: Place::New { slot: None },
        reply_to: None,
        content: Content::Text(Text::plain(text)),
        buttons: Vec::new(),
        repeat: Repeat::Harmless,
        silent: false,
    }
}

/// A picture to a chat.
fn picture(id: i64, chat: i64, place: Place) -> OutboundMessage {
    let content = Content::Picture { artifact: ARTIFACT, caption: Text::plain("a fox") };
    OutboundMessage { place, content, ..words(id, chat, "") }
}

/// A placeholder.
fn placeholder(id: i64, chat: i64) -> OutboundMessage {
    OutboundMessage { place: Place::New { slot: Some(SLOT) }, ..words(id, chat, "Making a fox") }
}

/// What takes the placeholder's place for good.
fn settled(id: i64, chat: i64, text: &str) -> OutboundMessage {
    OutboundMessage { place: Place::Edit { slot: SLOT }, ..words(id, chat, text) }
}

/// What is shown of a picture while it comes.
fn partial(chat: i64) -> Partial {
    Partial {
        conversation: format!("telegram:{chat}").as_str().into(),
        text: Text::plain("Drawing a fox"),
        picture: Some(super::stories::photo(64, 48)),
        buttons: Vec::new(),
    }
}
