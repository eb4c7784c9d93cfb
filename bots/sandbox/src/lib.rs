//! Stand-ins of every outside party, and the page on which one plays them.
//!
//! Each speaks its party's real protocol on loopback, with its own wire types: an adapter that
//! misreads the protocol must not find its misreading confirmed here.

mod blobs;
pub mod clock;
pub mod creem;
pub mod images;
mod journal;
mod line;
pub mod mail;
mod often;
pub mod page;
pub mod phone;
pub mod rest;
pub mod supabase;
pub mod telegram;
pub mod wecom;
