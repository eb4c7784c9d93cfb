//! The rules of picdesk: what follows from what happened.
//!
//! Nothing here can reach the world: the crate is `no_std`, so there is no clock, no chance, no
//! network and no disk, and its manifest has nothing that could bring them. The shell writes an
//! [`Event`](event::Event) down, loads the facts it needs, asks [`decide`](decide::decide), and
//! commits the [`Effect`](effect::Effect)s.
#![no_std]

extern crate alloc;

pub mod account;
mod album;
mod cancel;
pub mod channel;
pub mod code;
mod command;
mod count;
pub mod credits;
mod customer;
pub mod decide;
mod desk;
mod edited;
pub mod effect;
mod entrance;
pub mod errand;
pub mod event;
pub mod facts;
pub mod flags;
pub mod generation;
mod gift;
mod grant;
mod handed;
mod handing;
mod history;
pub mod id;
pub mod intent;
pub mod invite;
mod joining;
pub mod keys;
pub mod lapse;
pub mod letter;
pub mod line;
pub mod link;
pub mod linking;
mod making;
mod manners;
mod message;
pub mod needs;
pub mod newcomer;
mod offer;
pub mod pace;
pub mod payment;
mod picture;
mod press;
pub mod pricing;
pub mod promo;
mod recalled;
mod receipt;
mod request;
pub mod say;
mod screening;
mod settings;
pub mod signing_in;
mod support;
mod topic;
mod tray;
mod turn;
mod unlinking;
mod wide;
pub mod window;

#[cfg(test)]
mod tests;

#[cfg(test)]
extern crate std;
