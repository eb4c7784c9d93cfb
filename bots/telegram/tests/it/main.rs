//! The adapter from outside: samples, hostile input, and a Bot API on loopback that does as told.

#![expect(clippy::unwrap_used, reason = "what a test cannot do fails it")]

mod calls;
mod files;
mod hostile;
mod polling;
mod samples;
mod setup;
mod stand_in;
mod webhook;
