//! Whose rows a piece of work may see, as a part of its type.
//!
//! Customers' rows are read by a connection that was opened for a scope, and each verb takes one of
//! the scope that it is made for: whoever serves a customer's page has no verb that reads anybody
//! else's rows, and cannot come by one. Where a scope is opened, row level security can be bound to
//! it one day.

use picdesk_core::id::{AccountId, ConversationId};

use super::{Connection, Store, StoreError};

/// The rows of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfAccount(pub AccountId);

/// The rows of one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfConversation(pub ConversationId);

/// Anybody's rows, for the house's own work: what it is about was settled before, by a row that was
/// claimed, a message on its way, or an address whose code is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfHouse;

mod closed {
    pub trait Closed {}
    impl Closed for super::OfAccount {}
    impl Closed for super::OfConversation {}
    impl Closed for super::OfHouse {}
}

/// Whose rows. There are no others than those here.
pub trait Scope: closed::Closed + Send + Sync {}

impl Scope for OfAccount {}
impl Scope for OfConversation {}
impl Scope for OfHouse {}

/// The scopes in which a single row may be asked for by its id: where that is somebody's, it is
/// found only for them.
pub trait Whose: Scope {
    /// Whose alone it may be; nothing for anybody's.
    fn account(&self) -> Option<AccountId>;
}

impl Whose for OfAccount {
    fn account(&self) -> Option<AccountId> {
        Some(self.0)
    }
}

impl Whose for OfHouse {
    fn account(&self) -> Option<AccountId> {
        None
    }
}

/// A connection that reads what is in a scope.
pub struct Scoped<S> {
    connection: Connection,
    scope: S,
}

impl Store {
    /// A connection that reads what is in this scope.
    pub async fn read_as<S: Scope>(&self, scope: S) -> Result<Scoped<S>, StoreError> {
        Ok(Scoped { connection: self.read().await?, scope })
    }
}

impl<S: Scope> Scoped<S> {
    /// Whose rows it reads.
    pub fn scope(&self) -> &S {
        &self.scope
    }

    /// For verbs of the store alone: their statements name the scope.
    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Scoped<OfHouse> {
    /// What the house reads of its own.
    pub fn unscoped(&mut self) -> &mut Connection {
        &mut self.connection
    }
}
