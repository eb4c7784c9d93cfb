//! The rules of picdesk: what follows from what happened.
//!
//! Nothing here can reach the world: the crate is `no_std`, so there is no clock, no chance, no
//! network and no disk, and its manifest has nothing that could bring them. The shell writes an
//! [`Event`](event::Event) down, loads the facts it needs, asks [`decide`](decide::decide), and
//! commits the [`Effect`](effect::Effect)s.
#![no_std]

extern crate alloc;

pub mod account;
pub mod channel;
pub mod credits;
pub mod effect;
pub mod event;
pub mod facts;
pub mod generation;
pub mod id;
pub mod say;
