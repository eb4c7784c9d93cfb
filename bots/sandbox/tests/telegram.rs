//! The Telegram stand-in over real HTTP: what an adapter can rely on.

#![expect(clippy::unwrap_used, reason = "a test's hands: what fails here fails the test")]

#[path = "telegram/desk.rs"]
mod desk;
#[path = "telegram/faults.rs"]
mod faults;
#[path = "telegram/people.rs"]
mod people;
#[path = "telegram/restart.rs"]
mod restart;
#[path = "telegram/sending.rs"]
mod sending;
#[path = "telegram/updates.rs"]
mod updates;
