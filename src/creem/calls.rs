//! Asking Creem.

use std::time::Duration;

use reqwest::{
    Client, Method, RequestBuilder, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    error::CallError,
    things::{
        Anything, Checkout, Listed, Portal, Product, Refund, Screened, Subscription, Transaction,
        Verdict,
    },
};
use crate::config::{BaseUrl, Secret};

/// How long a call may take.
const CALL: Duration = Duration::from_secs(20);
/// How long screening may take. Source: Creem, "Moderation": five seconds, then fail closed.
const SCREENING: Duration = Duration::from_secs(5);
/// Largest answer, bytes.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// Longest wait that is obeyed.
const WAIT_MAX: Duration = Duration::from_hours(1);

/// Creem, as the owner's key opens it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Creem {
    base_url: String,
    key: Secret,
    http: Client,
}

/// A payment link to be made.
#[derive(Clone, Debug)]
pub struct NewCheckout<'a> {
    /// Our name for the purchase, made before anything is asked.
    pub request: &'a str,
    /// What is sold.
    pub product: &'a str,
    /// Where the browser goes after paying.
    pub success_url: &'a str,
}

/// Which page of a list, from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page(pub u32);

/// How a plan ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// With its period; it can be taken back until then.
    AtPeriodEnd,
    /// Now.
    AtOnce,
}

/// A plan instead of another one.
#[derive(Clone, Debug)]
pub struct NextPlan<'a> {
    /// The subscription.
    pub subscription: &'a str,
    /// The product it is for from now on.
    pub product: &'a str,
    /// Whether the difference for the days left is taken at once; else nothing is taken or given.
    pub difference: bool,
}

impl Creem {
    /// Creem under this address, by this key.
    pub fn new(base_url: &BaseUrl, key: Secret, http: Client) -> Self {
        Self { base_url: base_url.as_str().to_owned(), key, http }
    }

    /// Makes a payment link. Asking again makes another one: harmless, since what is paid is known
    /// by our name for the purchase and given once for each order.
    pub async fn create_checkout(&self, new: &NewCheckout<'_>) -> Result<Checkout, CallError> {
        let body = json!({
            "product_id": new.product, "request_id": new.request, "units": 1,
            "success_url": new.success_url, "metadata": {"request": new.request},
        });
        self.post("/v1/checkouts", &body).await
    }

    /// A payment link as it stands, unread: for the reader of what is told.
    pub async fn checkout(&self, id: &str) -> Result<serde_json::Value, CallError> {
        self.get("/v1/checkouts", &[("checkout_id", id)]).await
    }

    /// What is sold under an id.
    pub async fn product(&self, id: &str) -> Result<Product, CallError> {
        self.get(&format!("/v1/products/{}", segment(id)), &[]).await
    }

    /// A page of payments, newest first; and the next page.
    pub async fn transactions(
        &self,
        page: Page,
    ) -> Result<(Vec<Transaction>, Option<Page>), CallError> {
        self.list("/v1/transactions/search", page).await
    }

    /// A payment.
    pub async fn transaction(&self, id: &str) -> Result<Transaction, CallError> {
        self.get("/v1/transactions", &[("transaction_id", id)]).await
    }

    /// The payments of an order, newest first.
    pub async fn transactions_of(&self, order: &str) -> Result<Vec<Transaction>, CallError> {
        let path = "/v1/transactions/search";
        let query = [("order_id", order), ("page_number", "1"), ("page_size", "50")];
        let listed: Listed = self.get(path, &query).await?;
        Ok(listed.read())
    }

    /// A page of subscriptions, unread: for the reader of what is told; and the next page.
    pub async fn subscriptions(
        &self,
        page: Page,
    ) -> Result<(Vec<serde_json::Value>, Option<Page>), CallError> {
        self.list("/v1/subscriptions/search", page).await
    }

    /// A subscription, unread.
    pub async fn subscription(&self, id: &str) -> Result<serde_json::Value, CallError> {
        self.get("/v1/subscriptions", &[("subscription_id", id)]).await
    }

    /// A link by which whoever has it is signed in as that customer: for a private chat only, and
    /// for no log.
    pub async fn portal(&self, customer: &str) -> Result<Secret, CallError> {
        let body = json!({ "customer_id": customer });
        let portal: Portal = self.post("/v1/customers/billing", &body).await?;
        Ok(Secret::new(portal.customer_portal_link))
    }

    /// Gives a whole payment back. There is no key that makes it happen once: look at the payment
    /// first ([`Self::transaction`]).
    pub async fn refund(&self, transaction: &str) -> Result<Refund, CallError> {
        self.post("/v1/refunds", &json!({ "transaction_id": transaction })).await
    }

    /// Ends a plan.
    pub async fn cancel(&self, subscription: &str, way: Way) -> Result<Subscription, CallError> {
        let body = match way {
            Way::AtPeriodEnd => json!({"mode": "scheduled", "onExecute": "cancel"}),
            Way::AtOnce => json!({"mode": "immediate"}),
        };
        self.post(&format!("/v1/subscriptions/{}/cancel", segment(subscription)), &body).await
    }

    /// Takes a coming end, or a pause, back.
    pub async fn resume(&self, subscription: &str) -> Result<Subscription, CallError> {
        let path = format!("/v1/subscriptions/{}/resume", segment(subscription));
        self.post(&path, &json!({})).await
    }

    /// Exchanges a plan for another one. Asking again may take money again: only after a look.
    pub async fn exchange(&self, next: &NextPlan<'_>) -> Result<Subscription, CallError> {
        let behavior =
            if next.difference { "proration-charge-immediately" } else { "proration-none" };
        let body = json!({"product_id": next.product, "update_behavior": behavior});
        self.post(&format!("/v1/subscriptions/{}/upgrade", segment(next.subscription)), &body).await
    }

    /// What Creem thinks of a prompt. `name` is ours for the request, so that they can be asked
    /// about it.
    pub async fn screen(&self, prompt: &str, name: &str) -> Result<Verdict, CallError> {
        let body = json!({"prompt": prompt, "external_id": name});
        let request = self.request(Method::POST, "/v1/moderation/prompt").json(&body);
        let screened: Screened = self.send(request.timeout(SCREENING)).await?;
        // An answer without a decision is none.
        screened.verdict().ok_or(CallError::Unknown)
    }

    /// Whether the key is accepted.
    pub async fn look(&self) -> Result<(), CallError> {
        let _found: Anything = self.get("/v1/products/search", &[("page_size", "1")]).await?;
        Ok(())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.base_url);
        self.http.request(method, url).header("x-api-key", self.key.reveal()).timeout(CALL)
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, CallError> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        self.send(self.request(Method::GET, path).query(query)).await
    }

    async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        page: Page,
    ) -> Result<(Vec<T>, Option<Page>), CallError> {
        /// Entries of a page.
        const PAGE_SIZE: &str = "50";
        let number = page.0.to_string();
        let listed: Listed =
            self.get(path, &[("page_number", &number), ("page_size", PAGE_SIZE)]).await?;
        let next = listed.pagination.as_ref().and_then(|it| it.next_page);
        // A page that names itself, or one before it, would be turned for ever.
        Ok((listed.read(), next.filter(|next| *next > page.0).map(Page)))
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CallError> {
        let answer = request.send().await.map_err(|error| CallError::of_transport(&error))?;
        let status = answer.status();
        if !status.is_success() {
            let wait = retry_after(answer.headers());
            return Err(CallError::of_status(status.as_u16(), wait));
        }
        let body = body_of(answer).await?;
        let body = if status == StatusCode::NO_CONTENT { b"{}".to_vec() } else { body };
        serde_json::from_slice(&body).map_err(|_| CallError::Unknown)
    }
}

/// An answer whole, but no more than any honest one has.
async fn body_of(mut answer: reqwest::Response) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| CallError::Unknown)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(CallError::Unknown);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Seconds; a date is not obeyed.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(WAIT_MAX))
}

/// An id as a part of a path: what is no letter or digit is written in per cent.
fn segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('.', "%2E")
}
