//! The listener under every HTTP route: who may connect, how long they may take, how much they may
//! send, and what every answer carries. The routes themselves are their owners'.
//!
//! `axum::serve` has no time-outs and no limits, so the accept loop is our own: hyper for
//! HTTP/1.1, one task a connection, every wait bounded by [`Patience`].

mod answer;
mod body;
mod client;
mod connection;
mod deadline;
mod exchange;
mod listener;
mod operations;
mod readiness;
mod seats;
mod socket;

#[cfg(test)]
mod tests;

pub use body::{BodyRefused, Whole, limit_bodies};
pub use client::ClientAddress;
pub use connection::{Answer, First, Routes};
pub use listener::{Ended, Limits, Listener, Patience};
pub use operations::{metrics_route, operations_routes};
pub use readiness::{Condition, Readiness};
