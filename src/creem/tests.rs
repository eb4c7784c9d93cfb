//! Creem as a client meets it, over real HTTP; what it tells, by sample; and whom we believe.

use std::time::Duration;

use picdesk_core::payment::{Mode, Money, Told};
use picdesk_sandbox::{
    clock::Clock,
    creem::{CreemOptions, CreemStandIn, Verdict as Judged},
    rest::{Armed, Fault},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    notice::{Brought, Reading},
    signature::Shown,
    *,
};
use crate::config::Secret;

/// Both from Creem's own SDK.
const SECRET: &str = "whsec_dGVzdC1zZWNyZXQtMTIzNDU2Nzg5MA==";
const BODY: &str = r#"{"id":"evt_1","eventType":"refund.created","created_at":1,"object":{}}"#;
const LEGACY: &str = "090ee326a0ae27f19cc4b9e2e9f2f36c78f7b7542acf3625bda7bd3c8a4c0c85";
const STANDARD: &str = "v1,U4J1d9PlEEil/t4NHlIt1krhhCSN7QIZ2MRMIotuQRs=";
const SIGNED_AT_S: i64 = 1_700_000_000;

fn doorkeeper() -> Doorkeeper {
    Doorkeeper::new(Secret::new(SECRET))
}

fn legacy(signature: &str) -> Shown<'_> {
    Shown { legacy: vec![signature.as_bytes()], ..Shown::default() }
}

fn standard<'a>(timestamp: &'a str, signature: &'a str) -> Shown<'a> {
    Shown {
        id: vec![b"msg_1"],
        timestamp: vec![timestamp.as_bytes()],
        signature: vec![signature.as_bytes()],
        ..Shown::default()
    }
}

fn admitted(shown: &Shown<'_>, body: &str, now_s: i64) -> Result<(), Rejected> {
    doorkeeper().admit(shown, body.as_bytes(), now_s * 1000)
}

#[test]
fn what_creems_own_sdk_signs_is_believed_under_either_scheme() {
    for signature in [
        LEGACY.to_owned(),
        LEGACY.to_uppercase(),
        format!("sha256={LEGACY}"),
        format!("SHA256={}", LEGACY.to_uppercase()),
        format!(" {LEGACY} "),
    ] {
        assert_eq!(admitted(&legacy(&signature), BODY, 1), Ok(()), "{signature}");
    }
    let now = SIGNED_AT_S;
    assert_eq!(admitted(&standard("1700000000", STANDARD), BODY, now), Ok(()));
    let rotated = format!("v1,AAAA v2,x {STANDARD}");
    assert_eq!(admitted(&standard("1700000000", &rotated), BODY, now + 300), Ok(()));
    assert_eq!(admitted(&standard("1700000000", STANDARD), BODY, now - 300), Ok(()));
}

#[test]
fn what_is_old_or_unsigned_or_signed_twice_is_not() {
    let (old, young) = (SIGNED_AT_S + 301, SIGNED_AT_S - 301);
    for now in [old, young] {
        let shown = standard("1700000000", STANDARD);
        assert_eq!(admitted(&shown, BODY, now), Err(Rejected::TooOld));
    }
    assert_eq!(admitted(&Shown::default(), BODY, 1), Err(Rejected::Unsigned));
    let twice = Shown { legacy: vec![LEGACY.as_bytes(); 2], ..Shown::default() };
    assert_eq!(admitted(&twice, BODY, 1), Err(Rejected::Unsigned));
    // A wrong one under the scheme with a time is final, whatever else is there.
    let both = Shown { legacy: vec![LEGACY.as_bytes()], ..standard("1700000000", "v1,AAAA") };
    assert_eq!(admitted(&both, BODY, SIGNED_AT_S), Err(Rejected::Forged));
    let other_id = Shown { id: vec![b"msg_2"], ..standard("1700000000", STANDARD) };
    assert_eq!(admitted(&other_id, BODY, SIGNED_AT_S), Err(Rejected::Forged));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn one_changed_byte_of_body_or_signature_is_never_believed(
        at in any::<prop::sample::Index>(), flip in 1..=255_u8, in_body in any::<bool>(),
    ) {
        let mut body = BODY.as_bytes().to_vec();
        let mut signature = LEGACY.as_bytes().to_vec();
        let changed = if in_body { &mut body } else { &mut signature };
        let at = at.index(changed.len());
        changed[at] ^= flip;
        // Hex may be written large.
        prop_assume!(!signature.eq_ignore_ascii_case(LEGACY.as_bytes()) || in_body);
        let shown = Shown { legacy: vec![&signature], ..Shown::default() };
        prop_assert!(doorkeeper().admit(&shown, &body, 1).is_err());
    }

    #[test]
    fn whatever_is_brought_is_read_or_refused_and_never_breaks(body in any::<Vec<u8>>()) {
        let _read = notice::read(&body);
    }

    #[test]
    fn a_sample_with_a_part_missing_or_of_another_kind_gives_nothing_wrongly(
        at in any::<prop::sample::Index>(), other in any::<bool>(),
    ) {
        let mut sample = sample("checkout.completed.pack");
        let order = sample["object"]["order"].as_object_mut().unwrap();
        let names: Vec<String> = order.keys().cloned().collect();
        let name = &names[at.index(names.len())];
        if other { order.insert(name.clone(), json!([1])); } else { order.remove(name); }
        let read = event(sample.to_string().as_bytes());
        if let Told::Bought(paid) = read.notice.told {
            prop_assert!(paid.payment == "order:ord_made_up_1");
            let price = Money { minor: 990, currency: "USD".into() };
            prop_assert!(paid.price.is_none_or(|told| told == price));
        }
    }
}

#[test]
fn the_way_back_is_signed_by_the_key() {
    let given = |signature: &str| -> Vec<(String, String)> {
        let told = [
            ("request_id", "gen-1"),
            ("checkout_id", "ch_1"),
            ("subscription_id", ""),
            ("order_id", "ord_1"),
            ("customer_id", "cust_1"),
            ("product_id", "prod_1"),
            ("signature", signature),
        ];
        told.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    };
    let key = Secret::new("creem_test_k");
    let good = "9fbcbb201ba691a4a0147176a02f06ae6b59f5152de75edd179d71e90d4d572c";
    assert!(returned_from_creem(&key, &given(good)));
    assert!(!returned_from_creem(&Secret::new("creem_test_l"), &given(good)));
    assert!(!returned_from_creem(&key, &given("00")));
    assert!(!returned_from_creem(&key, &given(good)[..6]));
    let mut other = given(good);
    other[1].1 = "ch_2".into();
    assert!(!returned_from_creem(&key, &other));
}

fn sample(name: &str) -> Value {
    let file = format!("{}/src/creem/samples/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn event(body: &[u8]) -> Brought {
    match notice::read(body) {
        Reading::Event(brought) => *brought,
        other => panic!("{other:?}"),
    }
}

fn reading(name: &str) -> String {
    let Brought { id, notice } = event(sample(name).to_string().as_bytes());
    assert!(id.starts_with("evt_made_up_"), "{id}");
    let request = notice.request.unwrap_or_else(|| "-".into());
    format!("{name}\n  {:?} {request} {:?}", notice.mode, notice.told)
}

#[test]
fn every_kind_of_webhook_is_read() {
    let folder = format!("{}/src/creem/samples", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .map(|name| name.trim_end_matches(".json").to_owned())
        .collect();
    names.sort();
    let readings: Vec<String> = names.iter().map(|name| reading(name)).collect();
    insta::assert_snapshot!(readings.join("\n"));
}

#[test]
fn what_is_no_event_is_told_apart_from_what_is_new() {
    for body in ["", "[]", "{}", "null", "7", r#"{"hello":1}"#, "{", "id"] {
        assert_eq!(notice::read(body.as_bytes()), Reading::Nothing, "{body}");
    }
    for body in [r#"{"id":"evt_1"}"#, r#"{"id":"","eventType":"x"}"#, r#"{"eventType":"x"}"#] {
        assert_eq!(notice::read(body.as_bytes()), Reading::Unread, "{body}");
    }
    assert_eq!(event(BODY.as_bytes()).notice.told, Told::Unknown);
    let long = json!({"id": "e".repeat(201), "eventType": "x"});
    assert_eq!(notice::read(long.to_string().as_bytes()), Reading::Unread);
}

/// A stand-in and a client of it.
struct Meeting {
    stand_in: CreemStandIn,
    creem: Creem,
}

impl Meeting {
    async fn new() -> Self {
        let clock = Clock::manual(1_795_700_000_000);
        let options = CreemOptions { clock, ..CreemOptions::default() };
        let stand_in = CreemStandIn::start(options).await.unwrap();
        let key = Secret::new(stand_in.options().api_key.clone());
        let creem = client(&stand_in, key);
        Self { stand_in, creem }
    }

    async fn link(&self, product: &str) -> Checkout {
        let new = NewCheckout { request: "pd-1", product, success_url: "https://desk.example/r" };
        self.creem.create_checkout(&new).await.unwrap()
    }
}

fn client(stand_in: &CreemStandIn, key: Secret) -> Creem {
    let config = format!("[creem]\nbase_url = \"{}\"", stand_in.base_url());
    let base_url = crate::config::Config::from_text(&config).unwrap().creem.base_url;
    Creem::new(&base_url, key, crate::images::http_client(None).unwrap())
}

#[tokio::test]
async fn what_is_bought_is_found_again_by_asking() {
    let meeting = Meeting::new().await;
    let Meeting { stand_in, creem } = &meeting;
    let sold = creem.product("prod_starter").await.unwrap();
    assert_eq!(sold.price(), Some(Money { minor: 990, currency: "USD".into() }));
    assert_eq!(sold.mode(), Mode::Test);
    let link = meeting.link("prod_starter").await;
    let asked = creem.checkout(&link.id).await.unwrap();
    assert_eq!(notice::of_asked_checkout(asked, 5), None);
    stand_in.pay(&link.id, "anna@desk.example").unwrap();
    let asked = creem.checkout(&link.id).await.unwrap();
    let pulled = notice::of_asked_checkout(asked, 5).unwrap();
    let told = stand_in.webhooks().pop().unwrap();
    let mut told = event(told.body.as_bytes()).notice;
    // What is asked for is known to be charged.
    let Told::Bought(paid) = &mut told.told else { panic!("{told:?}") };
    paid.charged.clone_from(&paid.price);
    assert_eq!((pulled.told, pulled.request, pulled.mode), (told.told, told.request, told.mode));
    let (payments, next) = creem.transactions(Page(1)).await.unwrap();
    assert_eq!((payments.len(), next), (1, None));
    assert_eq!(
        payments[0].payment().unwrap(),
        format!("order:{}", stand_in.transactions()[0].order)
    );
}

#[tokio::test]
async fn a_plan_is_changed_and_its_money_goes_back() {
    let meeting = Meeting::new().await;
    let link = meeting.link("prod_pro").await;
    let Meeting { stand_in, creem } = &meeting;
    stand_in.pay(&link.id, "anna@desk.example").unwrap();
    let bought = stand_in.subscriptions().remove(0);
    let (listed, _) = creem.subscriptions(Page(1)).await.unwrap();
    let paid = creem.transaction(&stand_in.transactions()[0].id).await.unwrap();
    let pulled = notice::of_paid_subscription(listed[0].clone(), 5, &paid).unwrap();
    assert_eq!(pulled.request.as_deref(), Some("pd-1"));
    let Told::PlanPaid(pulled, _) = pulled.told else { panic!() };
    assert_eq!(pulled.charged.map(|it| it.minor), Some(1990));
    let ending = creem.cancel(&bought.id, Way::AtPeriodEnd).await.unwrap();
    assert_eq!(ending.status.as_deref(), Some("scheduled_cancel"));
    assert_eq!(creem.resume(&bought.id).await.unwrap().status.as_deref(), Some("active"));
    let next = NextPlan { subscription: &bought.id, product: "prod_studio", difference: true };
    let upgraded = creem.exchange(&next).await.unwrap();
    assert_eq!(upgraded.product.id.as_deref(), Some("prod_studio"));
    let difference = creem.transaction(&stand_in.transactions()[1].id).await.unwrap();
    let charged = difference.charged().unwrap().minor;
    assert!((2_990..=3_000).contains(&charged), "{charged}");
    let order = stand_in.transactions()[0].order.clone();
    assert_eq!(creem.transactions_of(&order).await.unwrap().len(), 2);
    let portal = creem.portal(&bought.customer).await.unwrap();
    assert!(portal.reveal().contains("/my-orders/login/"));
    assert!(!format!("{portal:?}").contains("login"));
    let first = &stand_in.transactions()[0].id;
    assert_eq!(creem.refund(first).await.unwrap().status.as_deref(), Some("succeeded"));
    assert_eq!(creem.refund(first).await.unwrap_err(), CallError::Refused(400));
    let refunded = creem.transaction(first).await.unwrap();
    let Told::Reversed(back) = notice::of_transaction(&refunded, 5).unwrap().told else { panic!() };
    assert_eq!((back.total, back.of_minor), (2407, 2407));
    creem.cancel(&bought.id, Way::AtOnce).await.unwrap();
    assert_eq!(creem.resume(&bought.id).await.unwrap_err(), CallError::Refused(400));
}

#[tokio::test]
async fn only_what_is_allowed_passes_the_screening() {
    let Meeting { stand_in, creem } = Meeting::new().await;
    assert_eq!(creem.screen("a fox", "r1").await, Ok(Verdict::Allowed));
    for verdict in [Judged::Flag, Judged::Deny] {
        stand_in.judge(verdict);
        assert_eq!(creem.screen("a fox", "r1").await, Ok(Verdict::Blocked));
    }
    stand_in.judge(Judged::Allow);
    let is_slow = |fault: &Fault| matches!(fault, Fault::Slow { .. });
    for fault in Fault::of_calls().into_iter().filter(|fault| !is_slow(fault)) {
        stand_in.arm(Armed::times(fault.clone(), 1));
        assert!(creem.screen("a fox", "r1").await.is_err(), "{fault:?}");
    }
    let too_slow = Fault::Slow { delay_ms: 6_000 };
    stand_in.arm(Armed::times(too_slow, 1));
    assert_eq!(creem.screen("a fox", "r1").await, Err(CallError::Unknown));
}

#[tokio::test]
async fn failures_are_sorted_by_what_may_be_done_next() {
    let Meeting { stand_in, creem } = Meeting::new().await;
    let after = |fault: Fault| {
        stand_in.arm(Armed::times(fault, 1));
        let creem = creem.clone();
        async move { creem.look().await.unwrap_err() }
    };
    let wait = Some(Duration::from_secs(7));
    assert_eq!(after(Fault::rate_limited(7)).await, CallError::Later { retry_after: wait });
    let away = Fault::Status { status: 503, retry_after_s: 0 };
    assert_eq!(after(away).await, CallError::Later { retry_after: None });
    for fault in [Fault::DropRequest, Fault::DropAnswer, Fault::HalfAnswer, Fault::NotJson] {
        assert_eq!(after(fault).await, CallError::Unknown);
    }
    let stumbled = Fault::Status { status: 500, retry_after_s: 0 };
    assert_eq!(after(stumbled).await, CallError::Unknown);
    assert_eq!(creem.product("prod_gone").await.unwrap_err(), CallError::Missing);
    assert_eq!(creem.product("../x?y#z").await.unwrap_err(), CallError::Missing);
    let other = client(&stand_in, Secret::new("creem_test_other"));
    assert_eq!(other.look().await, Err(CallError::Unauthorized));
    let shown = format!("{other:?} {:?}", other.look().await);
    assert!(!shown.contains("creem_test_other"), "{shown}");
    drop(stand_in);
}
