//! What is Creem's own: the routes, the links, and looking for what we were not told.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use picdesk_core::payment::{Mode, Till};
use tokio::sync::{mpsc, watch};

use super::{Serving, stopping::Stops, workers::Workers};
use crate::{
    alarm::Alarms,
    clockwork::membership::Held,
    config::{Config, CreemKeys, Secret},
    creem::{
        Creem, Doorkeeper,
        reconcile::{Look, Reconciler, look_at_returns},
    },
    errands::{ChangePlan, GiveBack, LookAtPayment, MakeCheckout, ScreenWords},
    store::Store,
    web::{self, CreemReturn, CreemWebhook, Web},
};

/// The lease of whoever looks at Creem.
pub(super) const SOURCE: &str = "source/creem";

/// Creem, where it is on.
pub(super) struct Sales {
    creem: Creem,
    keys: CreemKeys,
    look: Look,
    /// Taken by whoever looks at the links of payers who come back.
    asked: Mutex<Option<mpsc::Receiver<String>>>,
}

/// The till, where Creem is on.
pub(super) fn till(config: &Config) -> Option<Till> {
    let keys = config.creem.keys.as_ref()?;
    Some(Till {
        mode: keys.mode(),
        closed_on: if config.telegram.web_checkout { &[] } else { &["telegram"] },
        verify_above: config.creem.verify_above.map(|price| price.money()),
        return_url: format!("{}/creem/return", config.server.public_url),
    })
}

impl Sales {
    /// As it is configured.
    pub(super) fn open(config: &Config) -> Result<Option<Self>, String> {
        let Some(keys) = config.creem.keys.clone() else { return Ok(None) };
        let http = crate::images::http_client(config.http.proxy_url.as_ref())
            .map_err(|error| error.to_string())?;
        let creem = Creem::new(&config.creem.base_url, keys.api_key.clone(), http);
        let (look, asked) = Look::channel();
        Ok(Some(Self { creem, keys, look, asked: Mutex::new(Some(asked)) }))
    }

    /// Who makes payment links.
    pub(super) fn links(&self, alarms: Alarms) -> MakeCheckout {
        MakeCheckout { creem: self.creem.clone(), mode: self.mode(), alarms }
    }

    /// Who looks at what was charged.
    pub(super) fn looks(&self, store: Store, alarms: Alarms) -> LookAtPayment {
        LookAtPayment { creem: self.creem.clone(), mode: self.mode(), store, alarms }
    }

    /// Who changes plans.
    pub(super) fn changes(&self, store: Store, alarms: Alarms) -> ChangePlan {
        ChangePlan { creem: self.creem.clone(), mode: self.mode(), store, alarms }
    }

    /// Who gives money back.
    pub(super) fn refunds(&self, alarms: Alarms) -> GiveBack {
        GiveBack { creem: self.creem.clone(), alarms }
    }

    /// Who screens words.
    pub(super) fn screen(&self, store: Store, alarms: Alarms) -> ScreenWords {
        ScreenWords { creem: self.creem.clone(), store, alarms }
    }

    fn mode(&self) -> Mode {
        self.keys.mode()
    }
}

impl Serving {
    /// Where Creem tells what was paid, and where its payers come back.
    pub(super) fn creem_routes(&self, web: &Web) -> Router {
        let Some(sales) = &self.sales else { return Router::new() };
        let secret: Secret = sales.keys.webhook_secret.clone();
        let webhook = CreemWebhook {
            doorkeeper: Arc::new(Doorkeeper::new(secret)),
            inbox: Arc::new(self.door.clone()),
            store: self.store.clone(),
        };
        let back = CreemReturn {
            web: web.clone(),
            api_key: sales.keys.api_key.clone(),
            look: sales.look.clone(),
            creem: sales.creem.clone(),
        };
        web::creem(webhook, back)
    }

    /// Starts whoever looks for what we were not told.
    pub(super) fn start_creem(
        &self,
        workers: &Workers,
        stops: &Stops,
        held: &watch::Receiver<Held>,
    ) {
        let Some(sales) = &self.sales else { return };
        let (creem, store, door) = (sales.creem.clone(), self.store.clone(), self.door.clone());
        let (tag, alarms) = (self.desk.seal.tag(), self.desk.alarms.clone());
        let reconciler = move || Reconciler {
            creem: creem.clone(),
            store: store.clone(),
            door: door.clone(),
            tag: tag.clone(),
            alarms: alarms.clone(),
        };
        let looking = reconciler.clone();
        workers.keep_while_held(SOURCE, held, &stops.intake, move |stop| looking().run(stop));
        let asked = sales.asked.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(asked) = asked {
            let looking = look_at_returns(reconciler(), asked, stops.intake.clone());
            workers.mind("look at who came back", looking);
        }
    }
}
