//! Creem: what sells credits and plans, takes the money and tells of it.
//!
//! - [`Creem`] asks: payment links, pulls, refunds, changes of a plan, screening of prompts.
//! - [`Doorkeeper`] looks at what is brought to the webhook: whether it is really Creem's.
//! - [`reconcile`] looks for what we were not told.
//! - [`notice`] reads what was brought. Everything but an event's id, kind, time and the id of what
//!   it is about may be missing, and every word may be a new one.
//!
//! No key, address, e-mail or word of Creem's is in any error here.

mod absence;
mod calls;
mod error;
pub mod notice;
pub mod reconcile;
mod signature;
mod strays;
mod things;

#[cfg(test)]
mod tests;

pub use self::{
    calls::{Creem, NewCheckout, NextPlan, Page, Way},
    error::CallError,
    signature::{Doorkeeper, Rejected, Shown, returned_from_creem},
    things::{Checkout, Product, Refund, Subscription, Transaction, Verdict},
};
