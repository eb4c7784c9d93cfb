//! What is Telegram's own: the webhook, being introduced, and asking for updates.

use std::{sync::Arc, time::Duration};

use picdesk_telegram::{Clock, Mode, TelegramChannel, answer::CallError, webhook::Webhook};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Serving, parts, stopping::Stops, workers::Workers};
use crate::{clockwork::membership::Held, http::Routes, stars::Reconciler, web};

/// The lease of whoever looks at payments in Stars.
pub(super) const STARS: &str = "source/telegram-stars";

/// The lease of whoever tells Telegram how updates come, and asks for them when polling.
pub(super) const SOURCE: &str = "source/telegram";

impl Serving {
    /// The route on which updates are brought, where they are.
    pub(super) fn telegram_route(&self, workers: &Workers, stops: &Stops) -> Option<Routes> {
        let telegram = self.channels.telegram.as_ref()?;
        if telegram.settings().mode != Mode::Webhook {
            return None;
        }
        let inbox = Arc::new(self.door.clone());
        let webhook = Webhook::new(Arc::clone(telegram), inbox, self.channel_clock());
        // Who we are is told by Telegram, and needed to read what is said in groups.
        let telegram = Arc::clone(telegram);
        workers.keep("introduction", &stops.intake, move |stop| {
            let telegram = Arc::clone(&telegram);
            async move {
                insist(&stop, || telegram.introduce()).await;
                stop.cancelled().await;
            }
        });
        Some(web::telegram(Arc::new(webhook)))
    }

    /// The time as adapters want it.
    pub(super) fn channel_clock(&self) -> Clock {
        let clock = self.store.clock().clone();
        Arc::new(move || clock.now_ms())
    }

    /// Starts what brings updates.
    pub(super) fn start_telegram(
        &self,
        workers: &Workers,
        stops: &Stops,
        held: &watch::Receiver<Held>,
    ) {
        let Some(telegram) = self.channels.telegram.clone() else { return };
        self.look_at_stars(workers, stops, held, &telegram);
        let door = self.door.clone();
        let (clock, menus) = (self.channel_clock(), Arc::new(parts::menus(&self.desk)));
        workers.keep_while_held(SOURCE, held, &stops.intake, move |stop| {
            let (telegram, door) = (Arc::clone(&telegram), door.clone());
            let (clock, menus) = (Arc::clone(&clock), Arc::clone(&menus));
            async move {
                // One replica alone tells Telegram where updates go.
                let told = insist(&stop, || telegram.setup(&menus));
                let asked = async {
                    match telegram.settings().mode {
                        Mode::Webhook => stop.cancelled().await,
                        Mode::Polling => {
                            while !stop.is_cancelled() {
                                telegram.poll(&door, &clock, stop.cancelled()).await;
                            }
                        }
                    }
                };
                tokio::join!(told, asked);
            }
        });
    }
}

impl Serving {
    /// Starts whoever looks for payments in Stars that we were not told of, where there are any.
    fn look_at_stars(
        &self,
        workers: &Workers,
        stops: &Stops,
        held: &watch::Receiver<Held>,
        telegram: &Arc<TelegramChannel>,
    ) {
        if self.desk.house.catalogue.for_stars().next().is_none() {
            return;
        }
        let (telegram, store) = (Arc::clone(telegram), self.store.clone());
        let (door, tag) = (self.door.clone(), self.desk.house.tag.clone());
        workers.keep_while_held(STARS, held, &stops.intake, move |stop| {
            let (telegram, store) = (Arc::clone(&telegram), store.clone());
            Reconciler { telegram, store, door: door.clone(), tag: tag.clone() }.run(stop)
        });
    }
}

/// Repeats a call to Telegram until it is answered well, however long that takes.
async fn insist<F>(stop: &CancellationToken, call: impl Fn() -> F)
where
    F: Future<Output = Result<(), CallError>>,
{
    let mut wait = Duration::from_secs(1);
    while !stop.is_cancelled() {
        match call().await {
            Ok(()) => return,
            Err(error) => warn!(error = %error, "telegram cannot be set up now"),
        }
        stop.run_until_cancelled(tokio::time::sleep(wait)).await;
        wait = (wait * 2).min(Duration::from_mins(1));
    }
}
