//! Supabase Auth as a client meets it, over real HTTP, and every token that must not be believed.

use std::time::Duration;

use picdesk_sandbox::{
    clock::Clock as TheirClock,
    rest::{Armed, Fault},
    supabase::{Algorithm, SupabaseOptions, SupabaseStandIn},
};
use serde_json::{Value, json};

use super::*;
use crate::{chance::Chance, clock::Clock, config::Secret};

const ANNA: &str = "anna@example.com";

struct Site {
    stand_in: SupabaseStandIn,
    supabase: Supabase,
}

impl Site {
    async fn new(algorithm: Algorithm) -> Self {
        let clock = Clock::system();
        let options = SupabaseOptions {
            clock: TheirClock::manual(clock.now_ms()),
            algorithm,
            ..SupabaseOptions::default()
        };
        let stand_in = SupabaseStandIn::start(options).await.unwrap();
        let supabase = client(&stand_in, Some(Secret::new(stand_in.options().jwt_secret.clone())));
        Self { stand_in, supabase }
    }

    fn code(&self) -> String {
        self.stand_in.mails().pop().unwrap().code
    }

    fn subject(&self, email: &str) -> Subject {
        let users = self.stand_in.users();
        let user = users.iter().find(|it| it.email == email).unwrap();
        Subject { id: user.id.clone(), email: Some(email.to_owned()) }
    }

    fn key_fetches(&self) -> usize {
        self.stand_in.calls().iter().filter(|it| it.contains("jwks")).count()
    }

    async fn refused(&self, token: &str) -> TokenError {
        match self.supabase.prove(token).await {
            Err(AuthError::Token(why)) => why,
            other => panic!("{other:?}"),
        }
    }
}

fn client(stand_in: &SupabaseStandIn, jwt_secret: Option<Secret>) -> Supabase {
    let key = Secret::new(stand_in.options().publishable_key.clone());
    let http = crate::images::http_client(None).unwrap();
    Supabase::new(&stand_in.url(), (key, jwt_secret), http, Clock::system())
}

#[tokio::test]
async fn a_code_tells_whose_it_is_and_leaves_no_session() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs256] {
        let site = Site::new(algorithm).await;
        site.supabase.send_code("Anna@Example.com").await.unwrap();
        let code = site.code();
        let wrong = site.supabase.verify_code(ANNA, "nonsense").await;
        assert_eq!(wrong, Err(AuthError::WrongCode));
        let subject = site.supabase.verify_code(ANNA, &code).await.unwrap();
        assert_eq!(subject, site.subject(ANNA), "{algorithm:?}");
        assert_eq!(site.stand_in.sessions(), 0, "{algorithm:?}");
        assert_eq!(site.supabase.verify_code(ANNA, &code).await, Err(AuthError::WrongCode));
    }
}

#[tokio::test]
async fn nobody_learns_whether_an_address_is_known() {
    let site = Site::new(Algorithm::Es256).await;
    assert_eq!(site.supabase.send_code("nobody@example.com").await, Ok(()));
    assert_eq!(site.supabase.send_code(ANNA).await, Ok(()));
    assert_eq!(site.stand_in.mails().len(), 1);
    let unknown = site.supabase.verify_code("nobody@example.com", "123456").await;
    assert_eq!(unknown, Err(AuthError::WrongCode));
    let soon = site.supabase.send_code(ANNA).await;
    assert_eq!(soon, Err(AuthError::TooSoon(Duration::from_mins(1))));
    site.stand_in.ban(ANNA, true);
    let banned = site.supabase.verify_code(ANNA, &site.code()).await;
    assert_eq!(banned, Err(AuthError::Banned));
}

/// What a browser does: follows, chooses an account, comes back with a code.
async fn over_google(site: &Site, pkce: &Pkce, email: &str) -> String {
    let http = crate::images::http_client(None).unwrap();
    let back = "http://127.0.0.1:9/link/callback";
    let url = site.supabase.sign_in_url(Provider::Google, back, pkce).unwrap();
    let location =
        |answer: &reqwest::Response| answer.headers()["location"].to_str().unwrap().to_owned();
    let hop = location(&http.get(url).send().await.unwrap());
    let chosen = http
        .post(format!("{}{hop}", site.stand_in.url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("email={}", email.replace('@', "%40")));
    let back = location(&chosen.send().await.unwrap());
    back.split_once("code=").unwrap().1.to_owned()
}

#[tokio::test]
async fn only_the_browser_that_began_it_ends_a_sign_in() {
    let site = Site::new(Algorithm::Es256).await;
    let chance = Chance::seeded(7);
    let (ours, others) = (Pkce::new(&chance), Pkce::new(&chance));
    let code = over_google(&site, &ours, "wei@example.com").await;
    assert_eq!(site.supabase.exchange(&code, &others).await, Err(AuthError::WrongCode));
    let code = over_google(&site, &ours, "wei@example.com").await;
    let kept = Pkce::kept(ours.verifier().clone());
    let subject = site.supabase.exchange(&code, &kept).await.unwrap();
    assert_eq!(subject, site.subject("wei@example.com"));
    assert_eq!(site.supabase.exchange(&code, &kept).await, Err(AuthError::WrongCode));
    let late = over_google(&site, &ours, "wei@example.com").await;
    site.stand_in.advance(Duration::from_secs(301));
    assert_eq!(site.supabase.exchange(&late, &kept).await, Err(AuthError::WrongCode));
}

#[tokio::test]
async fn a_link_in_a_letter_signs_in_the_browser_that_asked() {
    let site = Site::new(Algorithm::Rs256).await;
    let pkce = Pkce::new(&Chance::seeded(7));
    site.supabase.send_link(ANNA, "http://127.0.0.1:9/link/callback", &pkce).await.unwrap();
    let link = site.stand_in.mails().pop().unwrap().link.unwrap();
    let http = crate::images::http_client(None).unwrap();
    let back = http.get(link).send().await.unwrap();
    let back = back.headers()["location"].to_str().unwrap().to_owned();
    let code = back.split_once("code=").unwrap().1;
    assert_eq!(site.supabase.exchange(code, &pkce).await.unwrap(), site.subject(ANNA));
}

#[tokio::test]
async fn a_token_that_is_not_quite_right_is_not_believed() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs256] {
        let site = Site::new(algorithm).await;
        let token = |otherwise: Value| site.stand_in.token(ANNA, &otherwise);
        let good = token(json!({}));
        assert_eq!(site.supabase.prove(&good).await.unwrap(), site.subject(ANNA));
        let past = Clock::system().now_ms() / 1000 - 31;
        for (otherwise, why) in [
            (json!({"exp": past}), TokenError::Expired),
            (json!({"exp": null}), TokenError::Expired),
            (json!({"nbf": past + 3_600}), TokenError::Expired),
            (json!({"iss": "https://evil.example/auth/v1"}), TokenError::NotForUs),
            (json!({"iss": null}), TokenError::NotForUs),
            (json!({"aud": "somebody-else"}), TokenError::NotForUs),
            (json!({"aud": null}), TokenError::NotForUs),
            (json!({"is_anonymous": true}), TokenError::Anonymous),
            (json!({"sub": null}), TokenError::Anonymous),
            (json!({"sub": ""}), TokenError::Anonymous),
        ] {
            assert_eq!(site.refused(&token(otherwise.clone())).await, why, "{otherwise}");
        }
        // The stand-in has one key of RSA only: there, somebody else signs in another way.
        let (way, why) = match algorithm {
            Algorithm::Rs256 => (Algorithm::Es256, TokenError::Algorithm),
            Algorithm::Es256 | Algorithm::Hs256 => (algorithm, TokenError::Forged),
        };
        let forged = site.stand_in.forged_token(ANNA, way, "another secret");
        assert_eq!(site.refused(&forged).await, why, "{algorithm:?}");
        let changed = changed_claims(&good);
        assert_eq!(site.refused(&changed).await, TokenError::Forged);
        for none in ["", "a", "a.b", "a.b.c", "....", &"x".repeat(20_000)] {
            assert_eq!(site.refused(none).await, TokenError::Unreadable, "{none:.20}");
        }
    }
}

/// The same header and signature around another subject.
fn changed_claims(token: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&BASE64.decode(parts[1]).unwrap()).unwrap();
    claims["sub"] = json!("somebody-else");
    format!("{}.{}.{}", parts[0], BASE64.encode(claims.to_string()), parts[2])
}

#[tokio::test]
async fn a_published_key_is_no_secret_and_none_is_no_algorithm() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    let site = Site::new(Algorithm::Rs256).await;
    let published = site.stand_in.published_keys()[0].clone();
    // The old confusion: HS256, with the public key for a secret.
    let modulus = published["n"].as_str().unwrap();
    let confused = site.stand_in.forged_token(ANNA, Algorithm::Hs256, modulus);
    assert_eq!(site.refused(&confused).await, TokenError::Forged);
    let without = Site { supabase: client(&site.stand_in, None), stand_in: site.stand_in.clone() };
    assert_eq!(without.refused(&confused).await, TokenError::Algorithm);
    let good = site.stand_in.token(ANNA, &json!({}));
    let claims = good.split('.').nth(1).unwrap();
    for alg in ["none", "None", "RS512", "PS256", "EdDSA"] {
        let header =
            BASE64.encode(json!({"alg": alg, "typ": "JWT", "kid": published["kid"]}).to_string());
        let why = site.refused(&format!("{header}.{claims}.")).await;
        assert!(matches!(why, TokenError::Unreadable | TokenError::Algorithm), "{alg}: {why:?}");
    }
}

#[tokio::test]
async fn keys_change_and_are_fetched_again_but_not_for_every_name() {
    let site = Site::new(Algorithm::Es256).await;
    let old = site.stand_in.token(ANNA, &json!({}));
    site.supabase.prove(&old).await.unwrap();
    site.supabase.prove(&old).await.unwrap();
    assert_eq!(site.key_fetches(), 1);
    site.stand_in.rotate(Algorithm::Rs256);
    let new = site.stand_in.token(ANNA, &json!({}));
    // Within half a minute of the last fetch no name, however new, makes another.
    assert_eq!(site.refused(&new).await, TokenError::KeyUnknown);
    assert_eq!(site.key_fetches(), 1);
    let fresh = Site { supabase: client(&site.stand_in, None), stand_in: site.stand_in.clone() };
    assert_eq!(fresh.supabase.prove(&new).await.unwrap(), fresh.subject(ANNA));
    assert_eq!(fresh.supabase.prove(&old).await.unwrap(), fresh.subject(ANNA));
    for _ in 0..20 {
        assert_eq!(fresh.refused(&with_key(&old, "made-up")).await, TokenError::KeyUnknown);
    }
    assert_eq!(fresh.key_fetches(), 2);
}

/// The same token, said to be signed by another key.
fn with_key(token: &str, kid: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    let (_, rest) = token.split_once('.').unwrap();
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": kid}).to_string();
    format!("{}.{rest}", BASE64.encode(header))
}

#[tokio::test]
async fn while_it_is_away_it_is_asked_again_later_and_nothing_of_ours_is_told() {
    let site = Site::new(Algorithm::Es256).await;
    let faults = [Fault::DropRequest, Fault::DropAnswer, Fault::NotJson, Fault::rate_limited(3)];
    for fault in faults {
        site.stand_in.arm(Armed::times(fault.clone(), 1));
        let answer = site.supabase.verify_code(ANNA, "123456").await;
        assert!(matches!(answer, Err(AuthError::Later { .. })), "{fault:?}: {answer:?}");
        assert!(!format!("{answer:?} {:?}", site.supabase).contains("123456"));
    }
    let stranger = Secret::new("sb_publishable_of_another");
    let http = crate::images::http_client(None).unwrap();
    let stranger = Supabase::new(&site.stand_in.url(), (stranger, None), http, Clock::system());
    assert_eq!(stranger.send_code(ANNA).await, Err(AuthError::Unauthorized));
}

async fn with(options: SupabaseOptions) -> SupabaseStandIn {
    let clock = TheirClock::manual(Clock::system().now_ms());
    SupabaseStandIn::start(SupabaseOptions { clock, ..options }).await.unwrap()
}

fn with_secret_key(stand_in: &SupabaseStandIn) -> Supabase {
    let key = Secret::new(stand_in.options().secret_key.clone());
    client(stand_in, None).with_secret_key(Some(key))
}

#[tokio::test]
async fn a_captcha_stands_in_nobodys_way_who_has_the_secret_key() {
    let stand_in = with(SupabaseOptions { captcha: true, ..SupabaseOptions::default() }).await;
    assert_eq!(client(&stand_in, None).send_code(ANNA).await, Err(AuthError::Closed));
    assert_eq!(with_secret_key(&stand_in).send_code(ANNA).await, Ok(()));
    assert_eq!(stand_in.mails().len(), 1);
}

#[tokio::test]
async fn that_there_were_too_many_letters_is_told_to_whoever_can_mend_it() {
    let stand_in = with(SupabaseOptions { mails_max: 1, ..SupabaseOptions::default() }).await;
    let supabase = client(&stand_in, None);
    assert_eq!(supabase.send_code(ANNA).await, Ok(()));
    assert_eq!(supabase.send_code("wei@example.com").await, Err(AuthError::Exhausted));
}

#[tokio::test]
async fn who_is_gone_or_banned_is_known_by_the_secret_key_alone() {
    let stand_in = with(SupabaseOptions::default()).await;
    let token = stand_in.token(ANNA, &json!({}));
    let (without, with) = (client(&stand_in, None), with_secret_key(&stand_in));
    let anna = with.prove(&token).await.unwrap();
    assert_eq!(with.is_there(&anna).await, Ok(()));
    stand_in.ban(ANNA, true);
    assert_eq!(with.is_there(&anna).await, Err(AuthError::Banned));
    assert_eq!(without.is_there(&anna).await, Ok(()));
    stand_in.remove_user(ANNA);
    assert_eq!(with.is_there(&anna).await, Err(AuthError::Banned));
    let odd = Subject { id: "../admin".into(), email: None };
    assert_eq!(with.is_there(&odd).await, Err(AuthError::Banned));
    stand_in.arm(Armed::times(Fault::NotJson, 1));
    let later = with.is_there(&anna).await;
    assert!(matches!(later, Err(AuthError::Later { .. })), "{later:?}");
}
