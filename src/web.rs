//! What browsers and platforms ask for: the webhook, pictures by their address, the gallery.

mod address;
mod archive;
mod creem;
mod gallery;
mod letter;
mod link;
mod original;
mod small;
mod webhook;
mod wecom;

use std::sync::Arc;

use axum::{
    Router,
    http::header,
    response::IntoResponse as _,
    routing::{get, post},
};

use crate::{
    artifacts::Artifacts, chance::Chance, pictures::Darkroom, site::Site, store::Store, turn::Desk,
};

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
    /// The site whose people sign in; nothing when nobody can.
    pub site: Option<Arc<dyn Site>>,
    /// For what only one browser has.
    pub chance: Chance,
}

/// The pages.
pub fn pages(web: Web) -> Router {
    Router::new()
        .route("/p/{token}", get(original::original))
        .route("/g/{token}", get(gallery::page))
        .route("/g/{token}/pictures.zip", get(archive::download))
        .route("/g/{token}/{picture}", get(small::small))
        .route("/link/callback", get(link::callback))
        .route("/link/{token}", get(link::page).post(link::submit))
        .route("/link/{token}/google", get(link::google))
        .route("/letter/{token}", get(letter::page).post(letter::undo))
        .route("/api/link-codes", post(link::link_code).options(link::may_ask))
        .route("/assets/link.css", get(link_stylesheet))
        .route("/assets/gallery.css", get(gallery::stylesheet))
        .route("/assets/gallery.js", get(gallery::script))
        .route("/assets/gallery.svg", get(gallery::icon))
        .with_state(web)
}

/// The style of the linking pages.
async fn link_stylesheet() -> axum::response::Response {
    let headers = [(header::CONTENT_TYPE, "text/css"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("web/link.css")).into_response()
}
