//! Prices in money: `9.90 USD`.

use std::fmt;

use picdesk_core::payment::{Money, digits_of};

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// In the currency's smallest unit (cents).
    pub minor: i64,
    currency: [u8; 3],
}

impl Price {
    /// The currency by its three letters. Source: ISO 4217.
    pub fn currency(&self) -> &str {
        std::str::from_utf8(&self.currency).expect("parsed from ASCII letters")
    }

    /// The same as the rules know it.
    pub fn money(&self) -> Money {
        Money { minor: self.minor, currency: self.currency().to_owned() }
    }

    /// Digits behind the point.
    fn digits(&self) -> usize {
        digits_of(self.currency())
    }
}

impl std::str::FromStr for Price {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| "must be an amount and a currency, as in \"9.90 USD\"".to_owned())
    }
}

fn parse(text: &str) -> Option<Price> {
    let (amount, letters) = text.split_once(' ')?;
    let currency: [u8; 3] = letters.as_bytes().try_into().ok()?;
    if !currency.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    let price = Price { minor: 0, currency };
    let digits = price.digits();
    let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let stray_point = amount.contains('.') && part.is_empty();
    if whole.is_empty() || stray_point || part.len() > digits || !numeric(whole) || !numeric(part) {
        return None;
    }
    let minor = format!("{whole}{part:0<digits$}").parse().ok().filter(|minor| *minor > 0)?;
    Some(Price { minor, ..price })
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.money().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_kept_in_its_smallest_unit_and_written_as_it_was() {
        for (text, minor, written) in [
            ("9.90 USD", 990, "9.90 USD"),
            ("9.9 EUR", 990, "9.90 EUR"),
            ("10 CNY", 1000, "10.00 CNY"),
            ("0.05 USD", 5, "0.05 USD"),
            ("1200 JPY", 1200, "1200 JPY"),
            ("1.005 KWD", 1005, "1.005 KWD"),
        ] {
            let price: Price = text.parse().unwrap();
            assert_eq!((price.minor, price.to_string().as_str()), (minor, written));
        }
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for text in [
            "",
            "9.90",
            "9.90USD",
            "9.90 usd",
            "0 USD",
            "0.00 USD",
            "-1 USD",
            "9.999 USD",
            "1.5 JPY",
            "9. USD",
            ".9 USD",
            "9,90 USD",
            "9.90 USDT",
            "99999999999999999999 USD",
            "+9 USD",
            "9.90  USD",
        ] {
            assert!(text.parse::<Price>().is_err(), "{text:?}");
        }
    }
}
