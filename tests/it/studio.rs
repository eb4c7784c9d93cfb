//! The studio when its work panics: that picture is begun again and given up in the end, the others
//! are made, and nobody pays for it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use picdesk::{
    alarm::Alarms,
    artifacts::{ArtifactSettings, Artifacts},
    buttons::Seal,
    chance::Chance,
    clock::Clock,
    config::Config,
    doors::Doors,
    generate::{Luggage, Studio, StudioParts},
    images::{ImagesClient, ImagesSettings, http_client},
    outbox::Lanes,
    pictures::Darkroom,
    store::{
        Store,
        effects::{self, Outcome},
    },
    turn::Desk,
    words::{SayContext, Words},
};
use picdesk_core::{
    account::{Language, Person},
    channel::{
        Capabilities, Channel, Delivery, DeliveryError, FetchError, MediaRef, Receipt, Showing,
    },
    credits::{Credits, GrantReason},
    effect::{Effect, NewGeneration},
    event::Setting,
    facts::{Reference, Request, RequestState},
    generation::Options,
    id::{AccountId, EntryId, GenerationId, HoldId, PurseId, RequestId},
};
use picdesk_sandbox::{
    images::{Drawing, ImagesOptions, ImagesStandIn},
    telegram::{Options as TelegramOptions, TelegramStandIn},
};
use tokio_util::sync::CancellationToken;

use crate::{database::TestDatabase, house::PATIENCE};

/// A channel whose pictures are nobody's to fetch without harm.
struct Fragile(Capabilities);

#[async_trait]
impl Channel for Fragile {
    fn capabilities(&self) -> &Capabilities {
        &self.0
    }

    async fn deliver(&self, _: Delivery) -> Result<Receipt, DeliveryError> {
        Ok(Receipt::default())
    }

    async fn show(&self, _: Showing) -> Result<(), DeliveryError> {
        Ok(())
    }

    async fn fetch(&self, _: &MediaRef, _: u64) -> Result<Vec<u8>, FetchError> {
        panic!("of a defect")
    }
}

fn desk(store: &Store, config: &Config) -> Desk {
    let words = Words::load();
    Desk {
        house: config.house(None, words.examples()),
        words,
        alarms: Alarms::new(store.clone(), None),
        context: SayContext::of(config),
        seal: Seal::new(vec![7; 32]),
        messages_per_min: 0,
        doors: Doors::default(),
    }
}

/// Somebody with credits, and two requests: one with a reference picture, one without.
fn asked() -> Vec<Effect> {
    let (account, purse) = (AccountId(1), PurseId(2));
    let person = Person { identity: "telegram:1".into(), name: "Ada".into(), language: None };
    let identity = person.identity.clone();
    let mut effects = vec![
        Effect::OpenAccount { account, purse, person, language: Language::En, home: None },
        Effect::Grant {
            entry: EntryId(3),
            purse,
            credits: Credits(10),
            source: "trial:telegram:1".to_owned(),
            reason: GrantReason::Trial,
            note: None,
        },
    ];
    let media = MediaRef {
        handle: "photo".to_owned(),
        unique: "photo".to_owned(),
        bytes: None,
        size: None,
        name: None,
        fetch_before: None,
    };
    for (number, references) in [(10, vec![Reference::Media(media)]), (20, Vec::new())] {
        let (id, generation, hold) =
            (RequestId(number), GenerationId(number + 1), HoldId(number + 2));
        effects.push(Effect::OpenRequest(Request {
            id,
            account,
            purse,
            identity: identity.clone(),
            conversation: "telegram:1".into(),
            setting: Setting::Group,
            message: None,
            prompt: "a lighthouse".to_owned(),
            options: Options::default(),
            references,
            parent: None,
            price_each: Credits(2),
            cheaper: None,
            screened: false,
            state: RequestState::Open,
            asked_at: 0,
        }));
        effects.push(Effect::Hold { hold, generation, purse, credits: Credits(2) });
        effects.push(Effect::Generate(NewGeneration {
            id: generation,
            request: id,
            hold,
            account,
            purse,
            conversation: "telegram:1".into(),
            number: 1,
            tag: number,
        }));
    }
    effects
}

async fn words(store: &Store, text: &'static str) -> Vec<String> {
    let mut connection = store.read().await.unwrap();
    let rows = connection.rows(text, &[]).await.unwrap();
    rows.iter().map(|row| row.text(0).unwrap()).collect()
}

#[tokio::test]
async fn a_picture_whose_making_panics_is_given_up_and_the_others_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::sqlite();
    let store = database.open(&Clock::system()).await;
    let options = ImagesOptions { drawing: Drawing::Plain, ..ImagesOptions::default() };
    let images = ImagesStandIn::start(options).await.unwrap();
    let telegram = TelegramStandIn::start(TelegramOptions::in_memory()).await.unwrap();
    let capabilities = super::sending::channel(&telegram).capabilities().clone();
    let config = format!(
        "[images]\nbase_url = \"{}\"\napi_key = \"{}\"\nstream = false\n",
        images.base_url(),
        images.api_key()
    );
    let config = Config::from_text(&config).unwrap();
    let url = format!("file://{}", folder.path().join("pictures").display());
    let artifacts = ArtifactSettings { url, ..ArtifactSettings::default() };
    let channel: Arc<dyn Channel> = Arc::new(Fragile(capabilities));
    let client = http_client(None).unwrap();
    let studio = Arc::new(Studio::new(StudioParts {
        store: store.clone(),
        replica: 1,
        images: ImagesClient::new(ImagesSettings::of(&config.images).unwrap(), client).unwrap(),
        channels: HashMap::from([("telegram", channel)]),
        artifacts: Artifacts::open(&artifacts).await.unwrap(),
        darkroom: Darkroom::new(),
        desk: Arc::new(desk(&store, &config)),
        lanes: Lanes::of(["telegram"].into_iter()),
        chance: Chance::system(),
        concurrency: 2,
        timeout: Duration::from_mins(1),
        partials: 0,
        reference_bytes_max: 20_000_000,
        luggage: Luggage::default(),
        medians: Arc::default(),
    }));
    let outcome = Arc::new([Outcome { seq: 1, effects: asked(), messages: Vec::new() }]);
    store
        .writer()
        .run(move |tx| {
            let outcome = Arc::clone(&outcome);
            Box::pin(async move { effects::carry_out(tx, &*outcome, 0).await.map(drop) })
        })
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(studio.run(stop.clone(), Duration::from_secs(5)));
    let told = "select external_id from inbox order by external_id";
    let both = async {
        while words(&store, told).await.len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, both).await.expect("both come to an end");
    assert_eq!(words(&store, told).await, ["generation:11:failed", "generation:21:finished"]);
    assert_eq!(images.calls().len(), 1, "nothing was asked for the one that panicked");
    stop.cancel();
    running.await.unwrap();
}
