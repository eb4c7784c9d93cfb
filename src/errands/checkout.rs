//! Payment links, made at Creem. What is sold there is looked at first: nobody is sent to pay
//! another price than they were shown.

use async_trait::async_trait;
use picdesk_core::{
    errand::{Brought, Errand},
    payment::{Link, Mode},
};
use url::Url;

use super::{Came, Handler, Try};
use crate::{
    alarm::Alarms,
    creem::{CallError, Creem, NewCheckout},
};

/// Makes payment links.
pub struct MakeCheckout {
    /// Whom to ask.
    pub creem: Creem,
    /// Whether money moves, as our key says.
    pub mode: Mode,
    /// Who hears of what the owner has to see to.
    pub alarms: Alarms,
}

#[async_trait]
impl Handler for MakeCheckout {
    async fn run(&self, one: Try<'_>) -> Came {
        let Errand::Checkout { request, product, price, return_url, .. } = one.what else {
            return Came::Refused;
        };
        let sold = match self.creem.product(product).await {
            Ok(sold) => sold,
            Err(error) => {
                return self.failed(&error, "a product in the plans file is not at Creem");
            }
        };
        if sold.price().as_ref() != Some(price) {
            self.alarms.raise("a product has another price at Creem than in the plans file");
            return Came::Refused;
        }
        if sold.mode() != self.mode {
            self.alarms.raise("a product at Creem is of the other mode than the key");
            return Came::Refused;
        }
        let new = NewCheckout { request, product, success_url: return_url };
        let made = match self.creem.create_checkout(&new).await {
            Ok(made) => made,
            Err(error) => return self.failed(&error, "Creem refuses to make a payment link"),
        };
        let url = made.checkout_url.filter(|url| {
            Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
        });
        match url {
            Some(url) => Came::Brought(Brought::Checkout(Link { id: made.id, url })),
            // It was made, and nobody can be shown it: another one harms nobody.
            None => Came::Later(None),
        }
    }
}

impl MakeCheckout {
    fn failed(&self, error: &CallError, refused: &'static str) -> Came {
        match error {
            CallError::Later { retry_after } => Came::Later(*retry_after),
            // Perhaps there is a link now that nobody knows. What is paid is known by our name for
            // the purchase, so that a second link does no harm.
            CallError::Unknown => Came::Later(None),
            CallError::Unauthorized => {
                self.alarms.raise("Creem does not accept the key");
                Came::Later(None)
            }
            CallError::Missing | CallError::Refused(_) => {
                self.alarms.raise(refused);
                Came::Refused
            }
        }
    }
}
