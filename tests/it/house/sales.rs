//! A house that sells: Creem beside it, and what it sells there.

use picdesk_sandbox::creem::{CreemOptions, CreemStandIn, Fate};
use serde_json::{Value, json};

use super::{Given, House};

/// What is sold, more than the prices of pictures.
const SOLD: &str = "
[[packs]]
id = \"starter\"
credits = 100
price = \"9.90 USD\"
creem_product_id = \"prod_starter\"
[[plans]]
id = \"pro\"
credits_per_period = 500
period = \"month\"
price = \"19.90 USD\"
creem_product_id = \"prod_pro\"
max_resolution = \"4k\"
queue_max = 1000
pictures_max = 4
[[plans]]
id = \"studio\"
credits_per_period = 2000
period = \"month\"
price = \"49.90 USD\"
creem_product_id = \"prod_studio\"
max_resolution = \"4k\"
queue_max = 1000
pictures_max = 10
credits_expire_days = 30
";

pub(super) async fn start(seed: u64) -> CreemStandIn {
    CreemStandIn::start(CreemOptions { seed, ..CreemOptions::default() }).await.unwrap()
}

/// The section of Creem's, and links in Telegram too.
pub(super) fn of_creem(creem: &CreemStandIn, given: &Given) -> String {
    let options = creem.options();
    let (refunds, more) = (given.refunds, given.creem);
    format!(
        "web_checkout = true\n[creem]\nbase_url = \"{}\"\napi_key = \"{}\"\n\
         webhook_secret = \"{}\"\nrefund_auto = \"{refunds}\"\n{more}",
        creem.base_url(),
        options.api_key,
        options.webhook_secret,
    )
}

/// Whether nothing is on its way that can be told now.
pub(super) fn is_told(creem: &CreemStandIn) -> bool {
    let now = creem.options().clock.now_ms();
    creem.webhooks().iter().all(|it| !matches!(it.fate, Fate::Waiting { at } if at <= now))
}

impl House {
    /// From the next start on a pack brings another number of credits, for another price.
    pub fn sell_otherwise(&mut self) {
        self.given.sold_otherwise = true;
    }

    /// What is sold.
    pub(super) fn sold(&self) -> String {
        if self.creem.is_none() && !self.given.takes_stars {
            return String::new();
        }
        let mut sold = SOLD.to_owned();
        if self.given.takes_stars {
            for (price, stars) in [("9.90 USD", 500), ("19.90 USD", 900), ("49.90 USD", 2200)] {
                let price = format!("\nprice = \"{price}\"\n");
                sold = sold.replace(&price, &format!("{price}stars = {stars}\n"));
            }
        }
        if self.given.sold_otherwise {
            sold = sold.replace("credits = 100\n", "credits = 250\n");
            sold = sold.replace("\"9.90 USD\"", "\"7.50 USD\"");
        }
        sold
    }

    /// Who takes the money.
    pub fn creem(&self) -> &CreemStandIn {
        self.creem.as_ref().expect("the house was given one")
    }

    /// A browser on the page of a payment link: pays with a card. Where it ends, and what it shows.
    pub async fn pay(&self, url: &str, card: &str) -> (String, String) {
        let page = self.http.get(url).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("<form method=\"post\">"), "{page}");
        let form = "application/x-www-form-urlencoded";
        let body = format!("email=anyone%40example.com&card={card}&pay=pay");
        let paid = self.http.post(url).header("content-type", form).body(body);
        let answer = paid.send().await.unwrap();
        (answer.url().path().to_owned(), answer.text().await.unwrap())
    }

    /// A payment link that somebody else makes, who sells by the same Creem.
    pub async fn link_of_others(&self, product: &str) -> String {
        let new = json!({"product_id": product, "metadata": {"cart": 7}}).to_string();
        let url = format!("{}/v1/checkouts", self.creem().base_url());
        let asked = self.http.post(url).header("x-api-key", &self.creem().options().api_key);
        let made = asked.body(new).send().await.unwrap().text().await.unwrap();
        let made: Value = serde_json::from_str(&made).unwrap();
        made["id"].as_str().unwrap().to_owned()
    }

    /// A number of the ledger's status.
    pub async fn credits(&self, what: &str) -> i64 {
        self.status().await["credits"][what].as_i64().unwrap()
    }

    /// Brings a webhook; the status of the answer.
    pub async fn bring(&self, desk: &super::Desk, body: &Value, signature: &str) -> u16 {
        let sent = self.http.post(desk.url("/creem/webhook")).header("creem-signature", signature);
        sent.body(body.to_string()).send().await.unwrap().status().as_u16()
    }
}
