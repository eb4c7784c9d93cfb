//! The Supabase stand-in over real HTTP: what a client can rely on.

#![expect(clippy::unwrap_used, reason = "a test's hands: what fails here fails the test")]

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use picdesk_sandbox::clock::Clock;
use picdesk_sandbox::supabase::{Algorithm, SupabaseOptions, SupabaseStandIn};
use reqwest::{Client, Method, Response, redirect::Policy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

struct Site {
    supabase: SupabaseStandIn,
    client: Client,
}

impl Site {
    async fn new() -> Self {
        let clock = Clock::manual(1_795_700_000_000);
        let options = SupabaseOptions { clock, ..SupabaseOptions::default() };
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { supabase: SupabaseStandIn::start(options).await.unwrap(), client }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let url = format!("{}{path}", self.supabase.url());
        let key = &self.supabase.options().publishable_key;
        let request = self.client.request(method, url).header("apikey", key);
        let request = request.header("x-supabase-api-version", "2024-01-01");
        match body {
            Some(body) => request.json(&body).send().await.unwrap(),
            None => request.send().await.unwrap(),
        }
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.call(Method::POST, path, Some(body)).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn ask_for_code(&self, email: &str) -> (u16, Value) {
        self.post("/auth/v1/otp", json!({"email": email, "create_user": false})).await
    }

    async fn verify(&self, email: &str, code: &str) -> (u16, Value) {
        self.post("/auth/v1/verify", json!({"type": "email", "email": email, "token": code})).await
    }
}

#[tokio::test]
async fn a_code_comes_by_letter_and_is_good_once() {
    let site = Site::new().await;
    assert_eq!(site.ask_for_code("Anna@example.com").await, (200, json!({})));
    let (status, wait) = site.ask_for_code("anna@example.com").await;
    assert_eq!((status, &wait["code"]), (429, &json!("over_email_send_rate_limit")));
    let (status, nobody) = site.ask_for_code("nobody@example.com").await;
    assert_eq!((status, &nobody["code"]), (422, &json!("otp_disabled")));
    let code = site.supabase.mails().pop().unwrap().code;
    let mailbox = site.call(Method::GET, "/mailbox", None).await.text().await.unwrap();
    assert!(mailbox.contains(&code));
    assert_eq!(site.verify("anna@example.com", "000000x").await.0, 403);
    let (status, session) = site.verify("anna@example.com", &code).await;
    assert_eq!(status, 200);
    assert_eq!(session["user"]["id"], site.supabase.users()[0].id.as_str());
    assert_eq!(session["access_token"].as_str().unwrap().split('.').count(), 3);
    assert_eq!(site.verify("anna@example.com", &code).await.1["code"], "otp_expired");
    let token = session["access_token"].as_str().unwrap();
    let out = format!("{}/auth/v1/logout", site.supabase.url());
    let key = &site.supabase.options().publishable_key;
    let request = site.client.post(out).header("apikey", key).bearer_auth(token);
    assert_eq!(request.send().await.unwrap().status(), 204);
    assert_eq!(site.supabase.sessions(), 0);
}

#[tokio::test]
async fn a_code_gets_old() {
    let site = Site::new().await;
    site.ask_for_code("anna@example.com").await;
    let code = site.supabase.mails().pop().unwrap().code;
    site.supabase.advance(Duration::from_hours(1));
    assert_eq!(site.verify("anna@example.com", &code).await.0, 403);
}

fn location(answer: &Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_way_over_google_needs_the_verifier_of_whoever_began_it() {
    let site = Site::new().await;
    let verifier = "v".repeat(43);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let begin = format!(
        "/auth/v1/authorize?provider=google&redirect_to=http://127.0.0.1:9/link/callback\
         &code_challenge={challenge}&code_challenge_method=s256"
    );
    let go = async || {
        let hop = location(&site.call(Method::GET, &begin, None).await);
        let url = format!("{}{hop}", site.supabase.url());
        let form = "application/x-www-form-urlencoded";
        let chosen = site.client.post(url).header("content-type", form);
        let back = location(&chosen.body("email=wei%40example.com").send().await.unwrap());
        back.split_once("?code=").unwrap().1.to_owned()
    };
    let exchange = async |code: &str, verifier: &str| {
        let body = json!({"auth_code": code, "code_verifier": verifier});
        site.post("/auth/v1/token?grant_type=pkce", body).await
    };
    let code = go().await;
    assert_eq!(exchange(&code, "somebody else's").await.0, 400);
    assert_eq!(exchange(&code, &verifier).await.0, 404, "a code is good once");
    let code = go().await;
    let (status, session) = exchange(&code, &verifier).await;
    assert_eq!((status, &session["user"]["email"]), (200, &json!("wei@example.com")));
    let late = go().await;
    site.supabase.advance(Duration::from_secs(301));
    assert_eq!(exchange(&late, &verifier).await.1["code"], "flow_state_expired");
    let astray = begin.replace("127.0.0.1:9", "evil.example");
    let hop = location(&site.call(Method::GET, &astray, None).await);
    let url = format!("{}{hop}", site.supabase.url());
    let form = site.client.post(url).header("content-type", "application/x-www-form-urlencoded");
    let back = location(&form.body("email=wei%40example.com").send().await.unwrap());
    assert!(back.starts_with("http://127.0.0.1:1/site"), "{back}");
}

#[tokio::test]
async fn keys_change_and_secrets_are_never_published() {
    let site = Site::new().await;
    let keys = async || {
        let answer = site.call(Method::GET, "/auth/v1/.well-known/jwks.json", None).await;
        answer.json::<Value>().await.unwrap()["keys"].as_array().unwrap().clone()
    };
    assert_eq!(keys().await[0]["alg"], "ES256");
    site.supabase.rotate(Algorithm::Rs256);
    assert_eq!(keys().await[1]["alg"], "RS256");
    site.supabase.retire_old_keys();
    assert_eq!(keys().await.len(), 1);
    site.supabase.rotate(Algorithm::Hs256);
    assert_eq!(keys().await.len(), 1);
    let token = site.supabase.token("anna@example.com", &json!({"aud": null}));
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((claims.get("aud"), &claims["is_anonymous"]), (None, &json!(false)));
}

#[tokio::test]
async fn only_the_secret_key_asks_for_others() {
    let site = Site::new().await;
    let refused = site.call(Method::GET, "/auth/v1/admin/users?filter=anna", None).await;
    assert_eq!(refused.status(), 403);
    let url = format!("{}/auth/v1/admin/users?filter=example", site.supabase.url());
    let key = &site.supabase.options().secret_key;
    let found = site.client.get(url).header("apikey", key).send().await.unwrap();
    assert_eq!(found.json::<Value>().await.unwrap()["users"].as_array().unwrap().len(), 2);
}
