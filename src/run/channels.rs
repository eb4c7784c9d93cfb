//! The channels that are on, as far as they are alike: who sends on them, and which leases there
//! are for that.

use std::{collections::HashMap, sync::Arc};

use picdesk_core::channel::Channel;
use picdesk_telegram::TelegramChannel;
use tokio::sync::{mpsc, watch};
use tracing::warn;

use super::{Serving, parts, stopping::Stops, wecom::Wecom, workers::Workers};
use crate::{
    clockwork::membership::Held,
    config::Config,
    outbox::{Lanes, Outlets, Patience, Sender, SenderParts, answer_taps},
    store::{Store, StoreError, effects::Answer},
    turn::Desk,
};

/// What begins the name of the lease of whoever sends on a channel.
const SENDER: &str = "sender/";

/// The channels that are on.
pub(super) struct Channels {
    pub(super) telegram: Option<Arc<TelegramChannel>>,
    pub(super) wecom: Wecom,
}

/// The lease of whoever sends on a channel.
pub(super) fn sender_lease(channel: &str) -> String {
    format!("{SENDER}{channel}")
}

/// The channels that are sent on by whoever holds these leases.
pub(super) fn sent_on(held: &Held) -> Vec<String> {
    held.iter().filter_map(|lease| lease.strip_prefix(SENDER)).map(str::to_owned).collect()
}

impl Channels {
    /// As they are configured.
    pub(super) async fn open(
        config: &Config,
        store: &Store,
        desk: &Desk,
        word: [u8; 8],
    ) -> Result<Self, ChannelsError> {
        let telegram = parts::telegram(config).map_err(ChannelsError::Setting)?.map(Arc::new);
        let wecom = Wecom::open(config, store, desk, word).await?;
        Ok(Self { telegram, wecom })
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<dyn Channel>> {
        let telegram = self.telegram.clone().map(|it| it as Arc<dyn Channel>);
        telegram.into_iter().chain(self.wecom.channels()).collect()
    }

    /// All of them by their names.
    pub(super) fn by_name(&self) -> HashMap<&'static str, Arc<dyn Channel>> {
        self.all().into_iter().map(|it| (it.capabilities().name, it)).collect()
    }

    /// A progress lane for each.
    pub(super) fn lanes(&self) -> Lanes {
        Lanes::of(self.all().iter().map(|it| it.capabilities().name))
    }

    /// A short way to the sender of each.
    pub(super) fn outlets(&self) -> Outlets {
        Outlets::of(self.all().iter().map(|it| it.capabilities().name))
    }

    /// The leases of all that exists once.
    pub(super) fn leases(&self) -> Vec<String> {
        let all = self.all();
        let mut leases: Vec<String> =
            all.iter().map(|it| sender_lease(it.capabilities().name)).collect();
        for source in [super::telegram::SOURCE, super::telegram::STARS] {
            leases.extend(self.telegram.as_ref().map(|_| source.to_owned()));
        }
        leases.extend(self.wecom.sources());
        leases
    }
}

/// Why channels could not be opened.
pub(super) enum ChannelsError {
    /// A setting that only shows when it is used.
    Setting(String),
    /// The store.
    Store(StoreError),
}

impl From<StoreError> for ChannelsError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Serving {
    /// Starts a sender for each channel, whoever answers presses, and whatever brings news.
    pub(super) fn start_channels(
        &self,
        workers: &Workers,
        stops: &Stops,
        held: &watch::Receiver<Held>,
        answered: mpsc::Receiver<Answer>,
    ) {
        let all = self.channels.all();
        if all.is_empty() {
            warn!("no channel is configured: nobody can be talked to");
            return;
        }
        for channel in &all {
            self.start_sender(Arc::clone(channel), workers, stops, held);
        }
        // Presses are answered by whoever turned them, whichever process sends the messages.
        workers.mind("answers to presses", answer_taps(all, Arc::clone(&self.desk), answered));
        self.start_telegram(workers, stops, held);
        self.start_wecom(workers, stops, held);
    }

    fn start_sender(
        &self,
        channel: Arc<dyn Channel>,
        workers: &Workers,
        stops: &Stops,
        held: &watch::Receiver<Held>,
    ) {
        let name = channel.capabilities().name;
        let (store, artifacts) = (self.store.clone(), self.artifacts.clone());
        let (darkroom, alarms) = (self.darkroom.clone(), self.desk.alarms.clone());
        let progress = self.lanes.of_channel(name);
        let outlet = self.outlets.of_channel(name);
        let others = self.channels.by_name();
        workers.keep_while_held(&sender_lease(name), held, &stops.work, move |stop| {
            let sender = Sender::new(SenderParts {
                store: store.clone(),
                channel: Arc::clone(&channel),
                others: others.clone(),
                artifacts: artifacts.clone(),
                darkroom: darkroom.clone(),
                alarms: alarms.clone(),
                progress: Arc::clone(&progress),
                patience: Patience::default(),
                outlet: Arc::clone(&outlet),
            });
            sender.run(stop)
        });
    }
}
