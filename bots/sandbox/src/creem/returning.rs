//! Where the browser goes after paying: the seller's address with what was bought, signed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::Url;

use super::state::State;

/// The seller's address for a paid checkout; none where the seller gave none.
pub fn address(state: &State, checkout: &str) -> Option<String> {
    let world = state.world();
    let it = world.checkouts.get(checkout)?;
    let mut url = Url::parse(it.success_url.as_deref()?).ok()?;
    let mut given: Vec<(&str, String)> = [
        ("checkout_id", Some(it.id.clone())),
        ("order_id", it.order.clone()),
        ("customer_id", it.customer.clone()),
        ("subscription_id", it.subscription.clone()),
        ("product_id", Some(it.product.clone())),
        ("request_id", it.request_id.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    given.sort_unstable();
    given.push(("signature", signature(&state.options.api_key, &given)));
    url.query_pairs_mut().extend_pairs(given);
    Some(url.into())
}

/// Hex HMAC-SHA256 with the API key over `k=v` joined with `&`, sorted by name.
fn signature(key: &str, sorted: &[(&str, String)]) -> String {
    let joined: Vec<String> =
        sorted.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes any key");
    mac.update(joined.join("&").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_creems() {
        let given = [
            ("checkout_id", "ch_1"),
            ("customer_id", "cust_1"),
            ("order_id", "ord_1"),
            ("product_id", "prod_1"),
            ("request_id", "gen-1"),
        ];
        let given = given.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(
            signature("creem_test_k", &given),
            "9fbcbb201ba691a4a0147176a02f06ae6b59f5152de75edd179d71e90d4d572c"
        );
    }
}
