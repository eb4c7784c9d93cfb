//! Things as Creem's JSON has them. Written from Creem's own samples; where those differ from one
//! another, the later one is followed.

use serde_json::{Value, json};

use super::world::{
    Billing, Checkout, Customer, Order, Product, Refund, Subscription, Transaction, World,
};

/// `2026-11-26T13:00:00.000Z`.
pub fn iso(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    format!("{}.{:03}Z", at.strftime("%Y-%m-%dT%H:%M:%S"), at_ms.rem_euclid(1000))
}

/// How things are expanded.
pub struct Wire<'w> {
    /// Where they are.
    pub world: &'w World,
    /// `test` or `prod`: of the key.
    pub mode: &'w str,
    /// Where the stand-in listens.
    pub base_url: &'w str,
    /// Whether what a seller called a purchase comes back.
    pub named: bool,
}

impl Wire<'_> {
    pub fn product(&self, product: &Product) -> Value {
        let (billing_type, billing_period) = match product.billing {
            Billing::Once => ("onetime", "once"),
            Billing::Monthly => ("recurring", "every-month"),
            Billing::Yearly => ("recurring", "every-year"),
        };
        json!({
            "id": product.id, "object": "product", "name": product.name,
            "description": product.name, "image_url": null, "price": product.price,
            "currency": product.currency, "billing_type": billing_type,
            "billing_period": billing_period, "status": "active", "tax_mode": "exclusive",
            "tax_category": "saas", "default_success_url": "", "created_at": iso(0),
            "updated_at": iso(0), "mode": self.mode,
        })
    }

    fn product_of(&self, id: &str) -> Value {
        self.world.products.get(id).map_or(json!(id), |it| self.product(it))
    }

    pub fn customer(&self, customer: &Customer) -> Value {
        json!({
            "id": customer.id, "object": "customer", "email": customer.email,
            "name": "Tester Test", "country": "NL", "created_at": iso(customer.created_at),
            "updated_at": iso(customer.created_at), "mode": self.mode,
        })
    }

    fn customer_of(&self, id: &str) -> Value {
        self.world.customers.get(id).map_or(json!(id), |it| self.customer(it))
    }

    pub fn order(&self, order: &Order) -> Value {
        json!({
            "id": order.id, "object": "order", "customer": order.customer,
            "product": order.product, "transaction": order.transaction, "amount": order.amount,
            "currency": order.currency, "sub_total": order.amount, "tax_amount": order.tax,
            "amount_due": order.amount + order.tax, "amount_paid": order.amount + order.tax,
            "status": "paid", "type": order.kind, "created_at": iso(order.created_at),
            "updated_at": iso(order.created_at), "mode": self.mode,
        })
    }

    pub fn transaction(&self, it: &Transaction) -> Value {
        let kind = if it.subscription.is_some() { "invoice" } else { "payment" };
        let mut value = json!({
            "id": it.id, "object": "transaction", "amount": it.amount,
            "amount_paid": it.amount + it.tax, "currency": it.currency, "type": kind,
            "tax_country": "NL", "tax_amount": it.tax, "status": it.status, "order": it.order,
            "subscription": it.subscription, "customer": it.customer,
            "description": "Payment", "created_at": it.created_at, "mode": self.mode,
        });
        if it.refunded > 0 {
            value["refunded_amount"] = json!(it.refunded);
        }
        if let Some((from, to)) = it.period {
            value["period_start"] = json!(from);
            value["period_end"] = json!(to);
        }
        value
    }

    /// With product and customer whole, as the webhooks of a subscription have it.
    pub fn subscription(&self, it: &Subscription) -> Value {
        let mut value = self.subscription_inside(it);
        value["product"] = self.product_of(&it.product);
        value["customer"] = self.customer_of(&it.customer);
        value
    }

    /// With product and customer by name, as it stands inside other things.
    pub fn subscription_inside(&self, it: &Subscription) -> Value {
        let next = it.next_try_at.filter(|_| it.status == "active").map(iso);
        let mut value = json!({
            "id": it.id, "object": "subscription", "product": it.product,
            "customer": it.customer, "collection_method": "charge_automatically",
            "status": it.status, "last_transaction_id": it.last_transaction,
            "last_transaction_date": iso(it.last_transaction_at), "next_transaction_date": next,
            "current_period_start_date": iso(it.period.0),
            "current_period_end_date": iso(it.period.1), "canceled_at": it.canceled_at.map(iso),
            "created_at": iso(it.created_at), "updated_at": iso(it.updated_at),
            "metadata": it.metadata, "mode": self.mode,
        });
        self.leave_out_names(&mut value);
        value
    }

    fn leave_out_names(&self, value: &mut Value) {
        if let Some(fields) = value.as_object_mut().filter(|_| !self.named) {
            fields.remove("metadata");
            fields.remove("request_id");
        }
    }

    /// As the API answers it: what it consists of by name.
    pub fn checkout(&self, it: &Checkout) -> Value {
        let url = format!("{}/checkout/{}", self.base_url, it.id);
        let mut value = json!({
            "id": it.id, "object": "checkout", "product": it.product, "units": it.units,
            "status": it.status, "checkout_url": url, "success_url": it.success_url,
            "metadata": it.metadata, "custom_fields": [], "mode": self.mode,
        });
        if let Some(request_id) = &it.request_id {
            value["request_id"] = json!(request_id);
        }
        if let Some(order) = it.order.as_ref().and_then(|id| self.world.orders.get(id)) {
            value["order"] = self.order(order);
            value["customer"] = json!(it.customer);
        }
        if let Some(id) = &it.subscription {
            value["subscription"] = json!(id);
        }
        self.leave_out_names(&mut value);
        value
    }

    /// As `checkout.completed` has it.
    pub fn checkout_completed(&self, it: &Checkout) -> Value {
        let mut value = self.checkout(it);
        if let Some(fields) = value.as_object_mut() {
            fields.remove("checkout_url");
            fields.remove("success_url");
        }
        value["product"] = self.product_of(&it.product);
        if let Some(customer) = &it.customer {
            value["customer"] = self.customer_of(customer);
        }
        if let Some(subscription) =
            it.subscription.as_ref().and_then(|id| self.world.subscriptions.get(id))
        {
            value["subscription"] = self.subscription_inside(subscription);
        }
        value
    }

    /// What `refund.created` and `dispute.created` tell around a payment.
    fn around(&self, transaction: &Transaction) -> Value {
        let order = self.world.orders.get(&transaction.order);
        let checkout = order.and_then(|it| self.world.checkouts.get(&it.checkout));
        let subscription =
            transaction.subscription.as_ref().and_then(|id| self.world.subscriptions.get(id));
        let mut value = json!({
            "transaction": self.transaction(transaction),
            "customer": self.customer_of(&transaction.customer), "mode": self.mode,
        });
        if let Some(order) = order {
            value["order"] = self.order(order);
        }
        if let Some(checkout) = checkout {
            value["checkout"] = json!({
                "id": checkout.id, "object": "checkout", "request_id": checkout.request_id,
                "custom_fields": [], "status": checkout.status, "metadata": checkout.metadata,
                "mode": self.mode,
            });
        }
        if let Some(subscription) = subscription {
            value["subscription"] = self.subscription_inside(subscription);
        }
        value
    }

    pub fn refund(&self, refund: &Refund, transaction: &Transaction) -> Value {
        let mut value = self.around(transaction);
        value["id"] = json!(refund.id);
        value["object"] = json!("refund");
        value["status"] = json!(refund.status);
        value["refund_amount"] = json!(refund.amount);
        value["refund_currency"] = json!(transaction.currency);
        value["reason"] = json!("requested_by_customer");
        value["created_at"] = json!(refund.created_at);
        value
    }

    pub fn dispute(&self, id: &str, transaction: &Transaction, now: i64) -> Value {
        let mut value = self.around(transaction);
        value["id"] = json!(id);
        value["object"] = json!("dispute");
        value["amount"] = json!(transaction.amount + transaction.tax);
        value["currency"] = json!(transaction.currency);
        value["created_at"] = json!(now);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_creem_writes_them() {
        assert_eq!(iso(1_728_734_325_927), "2024-10-12T11:58:45.927Z");
    }
}
