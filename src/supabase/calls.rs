//! Asking Supabase Auth.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use reqwest::{Client, Method, RequestBuilder, header::RETRY_AFTER};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{
    AuthError, Subject, TokenError,
    keys::Keys,
    token::{self, Proof},
};
use crate::{chance::Chance, clock::Clock, config::Secret};

/// How long a call may take. Source: GoTrue gives up on a request after ten seconds.
const CALL: Duration = Duration::from_secs(12);
/// Largest answer, bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Longest wait between two letters to one person that is believed, seconds.
const RESEND_S_MAX: u64 = 600;
/// The version whose errors are told by a word. Source: GoTrue, `X-Supabase-Api-Version`.
const VERSION: &str = "2024-01-01";

/// A project's Auth, as the owner's keys open it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Supabase {
    url: String,
    publishable_key: Secret,
    /// The secret of an old project, whose tokens are not signed by a published key.
    jwt_secret: Option<Secret>,
    /// The key that nobody may know.
    secret_key: Option<Secret>,
    http: Client,
    clock: Clock,
    keys: Arc<Keys>,
}

/// How somebody signs in in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// By their Google account.
    Google,
}

/// What ties the end of a sign-in in a browser to its beginning. The verifier stays with us; only
/// its hash leaves.
#[derive(Clone, Debug)]
pub struct Pkce {
    verifier: Secret,
}

impl Pkce {
    /// A new one, of 256 bits of chance.
    pub fn new(chance: &Chance) -> Self {
        let bytes: [u8; 32] = chance.bytes();
        Self { verifier: Secret::new(URL_SAFE_NO_PAD.encode(bytes)) }
    }

    /// The one that was kept.
    pub fn kept(verifier: Secret) -> Self {
        Self { verifier }
    }

    /// What has to be kept, and shown to nobody.
    pub fn verifier(&self) -> &Secret {
        &self.verifier
    }

    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.reveal()))
    }
}

/// A session, of which nothing but its owner is kept.
#[derive(Deserialize)]
struct Session {
    access_token: String,
}

/// What a refusal says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    code: Value,
    error_code: Option<String>,
    message: Option<String>,
    msg: Option<String>,
}

/// Whether somebody may sign in still, and their address, as only the secret key is told.
#[derive(Deserialize)]
struct Standing {
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    banned_until: Option<String>,
    #[serde(default)]
    deleted_at: Option<String>,
}

impl Supabase {
    /// A project under this address (`https://<ref>.supabase.co`).
    pub fn new(
        url: &str,
        (publishable_key, jwt_secret): (Secret, Option<Secret>),
        http: Client,
        clock: Clock,
    ) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        let keys = Arc::default();
        Self { url, publishable_key, jwt_secret, secret_key: None, http, clock, keys }
    }

    /// The same with the key that nobody may know: a CAPTCHA, which no chat could solve, does not
    /// stand in its way, and it is told who may not sign in any more.
    #[must_use]
    pub fn with_secret_key(self, secret_key: Option<Secret>) -> Self {
        Self { secret_key, ..self }
    }

    /// Sends a code to somebody's address. Whether the address is known is not told: to an unknown
    /// one nothing is sent, and the answer is the same.
    pub async fn send_code(&self, email: &str) -> Result<(), AuthError> {
        let body = json!({"email": email, "create_user": false, "data": {}});
        self.ask_for_letter(self.letter().json(&body)).await
    }

    fn letter(&self) -> RequestBuilder {
        match &self.secret_key {
            Some(key) => self.request_by(key, Method::POST, "/otp").bearer_auth(key.reveal()),
            None => self.request(Method::POST, "/otp"),
        }
    }

    /// Sends a link to somebody's address that signs them in in the browser that asked.
    pub async fn send_link(
        &self,
        email: &str,
        return_url: &str,
        pkce: &Pkce,
    ) -> Result<(), AuthError> {
        let body = json!({
            "email": email, "create_user": false, "data": {},
            "code_challenge": pkce.challenge(), "code_challenge_method": "s256",
        });
        let request = self.letter().query(&[("redirect_to", return_url)]);
        self.ask_for_letter(request.json(&body)).await
    }

    async fn ask_for_letter(&self, request: RequestBuilder) -> Result<(), AuthError> {
        match self.send::<IgnoredAny>(request).await {
            Ok(_) | Err(Failed { error: AuthError::NobodyThere, .. }) => Ok(()),
            Err(failed) => Err(failed.error),
        }
    }

    /// Whose code it is. The session that comes with it is ended.
    pub async fn verify_code(&self, email: &str, code: &str) -> Result<Subject, AuthError> {
        let body = json!({"type": "email", "email": email, "token": code});
        let request = self.request(Method::POST, "/verify").json(&body);
        let session: Session = self.send(request).await.map_err(|failed| failed.error)?;
        self.whose(session).await
    }

    /// Where a browser is sent to sign in.
    pub fn sign_in_url(
        &self,
        provider: Provider,
        return_url: &str,
        pkce: &Pkce,
    ) -> Result<Url, AuthError> {
        let mut url = Url::parse(&format!("{}/auth/v1/authorize", self.url))
            .map_err(|_| AuthError::Refused(0))?;
        let provider = match provider {
            Provider::Google => "google",
        };
        url.query_pairs_mut()
            .append_pair("provider", provider)
            .append_pair("redirect_to", return_url)
            .append_pair("code_challenge", &pkce.challenge())
            .append_pair("code_challenge_method", "s256");
        Ok(url)
    }

    /// Who came back from signing in, if it is the browser that began it.
    pub async fn exchange(&self, code: &str, pkce: &Pkce) -> Result<Subject, AuthError> {
        let body = json!({"auth_code": code, "code_verifier": pkce.verifier.reveal()});
        let request = self.request(Method::POST, "/token").query(&[("grant_type", "pkce")]);
        let session: Session = self.send(request.json(&body)).await.map_err(|it| it.error)?;
        self.whose(session).await
    }

    /// Whose session it is; then it is ended.
    async fn whose(&self, session: Session) -> Result<Subject, AuthError> {
        let subject = self.prove(&session.access_token).await;
        let logout = self.request(Method::POST, "/logout").query(&[("scope", "local")]);
        // Nobody has the session; if it is not ended now it ends by itself within the hour.
        let _ = self.send::<IgnoredAny>(logout.bearer_auth(&session.access_token)).await;
        subject
    }

    /// Whose a token of the website's is.
    ///
    /// # Errors
    /// `Token` when it is not believed, `Later` when the keys cannot be fetched.
    pub async fn prove(&self, token: &str) -> Result<Subject, AuthError> {
        let now = self.clock.now_ms();
        let (id, algorithm) = token::signed_by(token)?;
        let issuer = format!("{}/auth/v1", self.url);
        if algorithm == Algorithm::HS256 {
            let secret = self.jwt_secret.as_ref().ok_or(TokenError::Algorithm)?;
            let key = DecodingKey::from_secret(secret.reveal().as_bytes());
            let proof = Proof { id: None, algorithm, key };
            return Ok(token::prove(token, &proof, &issuer, now)?);
        }
        let id = id.ok_or(TokenError::KeyUnknown)?;
        let fetch = async || {
            let request = self.request(Method::GET, "/.well-known/jwks.json");
            self.send::<Value>(request).await.map_err(|failed| failed.error)
        };
        let proof = self.keys.find(&id, now, fetch).await?.ok_or(TokenError::KeyUnknown)?;
        Ok(token::prove(token, &proof, &issuer, now)?)
    }

    /// Whether somebody whose token was believed is there still and may sign in: a token is good
    /// for an hour, whatever happens meanwhile. Without the secret key nobody is asked.
    ///
    /// # Errors
    /// `Banned` when not.
    pub async fn is_there(&self, Subject { id, .. }: &Subject) -> Result<(), AuthError> {
        let Some(key) = &self.secret_key else { return Ok(()) };
        let standing = self.standing(key, id).await?;
        let now = self.clock.now_ms();
        // What cannot be read is no end of it.
        let is_over = |until: String| {
            until.parse::<jiff::Timestamp>().is_ok_and(|until| until.as_millisecond() <= now)
        };
        let is_free = standing.banned_until.is_none_or(is_over) && standing.deleted_at.is_none();
        if is_free { Ok(()) } else { Err(AuthError::Banned) }
    }

    /// The address of somebody who is there; nothing without the secret key, and for who has none.
    ///
    /// # Errors
    /// `Banned` when nobody is there.
    pub async fn address_of(&self, id: &str) -> Result<Option<String>, AuthError> {
        let Some(key) = &self.secret_key else { return Ok(None) };
        let standing = self.standing(key, id).await?;
        Ok(standing.email.filter(|email| !email.is_empty()))
    }

    async fn standing(&self, key: &Secret, id: &str) -> Result<Standing, AuthError> {
        if !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(AuthError::Banned);
        }
        let request = self.request_by(key, Method::GET, &format!("/admin/users/{id}"));
        match self.send::<Standing>(request.bearer_auth(key.reveal())).await {
            Ok(standing) => Ok(standing),
            Err(Failed { error: AuthError::NobodyThere, .. }) => Err(AuthError::Banned),
            Err(failed) => Err(failed.error),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_by(&self.publishable_key, method, path)
    }

    fn request_by(&self, key: &Secret, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/auth/v1{path}", self.url))
            .header("apikey", key.reveal())
            .header("x-supabase-api-version", VERSION)
            .timeout(CALL)
    }

    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, Failed> {
        // The error itself is dropped: it holds the address, which may hold a code.
        let later = |_| Failed::of(AuthError::Later { retry_after: None });
        let mut answer = request.send().await.map_err(later)?;
        let status = answer.status();
        let wait = answer.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok()?.parse().ok());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(later)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Failed::of(AuthError::Later { retry_after: None }));
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            let body = if body.is_empty() { b"{}".as_slice() } else { &body };
            let unread = |_| Failed::of(AuthError::Later { retry_after: None });
            return serde_json::from_slice(body).map_err(unread);
        }
        let refused: Refused = serde_json::from_slice(&body).unwrap_or_default();
        let word = refused.code.as_str().map(str::to_owned).or(refused.error_code);
        let said = refused.message.or(refused.msg).unwrap_or_default();
        let told = (wait.map(Duration::from_secs), said.as_str());
        Err(Failed::refused(status.as_u16(), word.as_deref(), told))
    }
}

/// A call that failed.
struct Failed {
    error: AuthError,
}

impl Failed {
    fn of(error: AuthError) -> Self {
        Self { error }
    }

    /// How long the last letter to this address is too young for the next. Source: GoTrue, its
    /// words for a person's own limit; that of all letters together has the same code.
    fn rest(said: &str) -> Option<Duration> {
        let (_, after) = said.split_once("request this after ")?;
        let seconds = after.split(' ').next()?.parse::<u64>().ok()?;
        Some(Duration::from_secs(seconds.min(RESEND_S_MAX)))
    }

    fn refused(status: u16, word: Option<&str>, told: (Option<Duration>, &str)) -> Self {
        let (retry_after, said) = told;
        let error = match (status, word) {
            (_, Some("user_banned")) => AuthError::Banned,
            (_, Some("otp_disabled" | "user_not_found")) => AuthError::NobodyThere,
            (_, Some("over_email_send_rate_limit")) => match Self::rest(said) {
                Some(rest) => AuthError::TooSoon(rest),
                None => AuthError::Exhausted,
            },
            (
                _,
                Some(
                    "captcha_failed"
                    | "email_provider_disabled"
                    | "provider_disabled"
                    | "oauth_provider_not_supported",
                ),
            ) => AuthError::Closed,
            (
                _,
                Some(
                    "otp_expired"
                    | "bad_code_verifier"
                    | "flow_state_not_found"
                    | "flow_state_expired"
                    | "bad_oauth_callback",
                ),
            ) => AuthError::WrongCode,
            (_, Some("no_authorization" | "bad_api_key" | "not_admin")) | (401, _) => {
                AuthError::Unauthorized
            }
            (429 | 500..=599, _) => AuthError::Later { retry_after },
            (status, _) => AuthError::Refused(status),
        };
        Self { error }
    }
}
