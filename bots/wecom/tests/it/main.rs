//! The adapter from outside: samples, envelopes, hostile input, and a WeCom on loopback that does
//! as told.

#![expect(clippy::unwrap_used, reason = "what a test cannot do fails it")]

mod answers;
mod calls;
mod envelopes;
mod hostile;
mod kf;
mod robot;
mod samples;
mod socket;
mod stand_in;
mod webhook;
mod xml;
