//! Supabase Auth: who somebody is on the owner's website.
//!
//! - [`Supabase`] asks: codes by letter, the way over a browser, and what came of either. Of a
//!   session only its subject is kept; the session itself is ended at once.
//! - [`token`] proves a token: by the project's published keys, or by its secret where it is an
//!   old one.
//!
//! Nobody is told here whether an address is known: a code for an unknown one is sent to nobody.

mod calls;
mod error;
mod keys;
mod ring_provider;
mod site;
pub mod token;

#[cfg(test)]
mod tests;

pub use self::{
    calls::{Pkce, Provider, Supabase},
    error::AuthError,
    site::SupabaseSite,
    token::{Subject, TokenError},
};
