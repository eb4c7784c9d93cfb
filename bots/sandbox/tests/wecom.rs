//! The WeCom stand-in over real HTTP: what an adapter can rely on.

#![expect(clippy::unwrap_used, reason = "a test's hands: what fails here fails the test")]

#[path = "wecom/app.rs"]
mod app;
#[path = "wecom/bot.rs"]
mod bot;
#[path = "wecom/callbacks.rs"]
mod callbacks;
#[path = "wecom/calls.rs"]
mod calls;
#[path = "wecom/contacts.rs"]
mod contacts;
#[path = "wecom/desk.rs"]
mod desk;
#[path = "wecom/faults.rs"]
mod faults;
#[path = "wecom/feed.rs"]
mod feed;
#[path = "wecom/kf.rs"]
mod kf;
#[path = "wecom/media.rs"]
mod media;
#[path = "wecom/restart.rs"]
mod restart;
#[path = "wecom/sessions.rs"]
mod sessions;
#[path = "wecom/socket.rs"]
mod socket;
