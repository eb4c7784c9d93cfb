//! What browsers and platforms ask for: the webhook, pictures by their address, the gallery.

mod address;
mod archive;
mod creem;
mod gallery;
mod original;
mod small;
mod webhook;
mod wecom;

use std::sync::Arc;

use axum::{Router, routing::get};

use crate::{artifacts::Artifacts, pictures::Darkroom, store::Store, turn::Desk};

pub use self::{
    creem::{CreemReturn, CreemWebhook, creem},
    webhook::telegram,
    wecom::{wecom_app, wecom_bot},
};

/// The address of the chat with the bot, once we know who we are; a payload may be added.
pub type ChatAddress = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// What the routes need.
#[derive(Clone)]
pub struct Web {
    /// The store.
    pub store: Store,
    /// Stored pictures.
    pub artifacts: Artifacts,
    /// Where small copies are made: not where deliveries wait for theirs.
    pub darkroom: Darkroom,
    /// Wording and keys.
    pub desk: Arc<Desk>,
    /// Where the chat is.
    pub chat: ChatAddress,
}

/// The pages.
pub fn pages(web: Web) -> Router {
    Router::new()
        .route("/p/{token}", get(original::original))
        .route("/g/{token}", get(gallery::page))
        .route("/g/{token}/pictures.zip", get(archive::download))
        .route("/g/{token}/{picture}", get(small::small))
        .route("/assets/gallery.css", get(gallery::stylesheet))
        .route("/assets/gallery.js", get(gallery::script))
        .route("/assets/gallery.svg", get(gallery::icon))
        .with_state(web)
}
