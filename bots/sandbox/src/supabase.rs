//! A working model of Supabase Auth on loopback: codes by letter, the way to Google and back, and
//! the tokens that tell who somebody is.
//!
//! [`SupabaseStandIn::start`] opens a server with `/auth/v1/…`, a page on which one chooses a
//! Google account, and a mailbox in which the letters lie (`/mailbox`). Keys can be changed while
//! it runs. Written from the server's source and what its clients really send; nothing is shared
//! with the desk's client.
//!
//! ```text
//! let supabase = SupabaseStandIn::start(SupabaseOptions::default()).await?;
//! let code = supabase.mails().pop()?.code;              // after the desk has asked for one
//! supabase.rotate(Algorithm::Rs256);                    // another key signs from now on
//! let token = supabase.token("anna@example.com", &json!({"aud": "somebody-else"}));
//! ```

mod api;
mod browser;
mod keys;
mod state;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::middleware;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;

pub use self::keys::Algorithm;
use self::keys::Key;
use self::state::State;
pub use self::state::{Mail, User};
use crate::clock::Clock;
use crate::line::{Line, Lines};
use crate::rest::Armed;

/// How a stand-in is started.
#[derive(Debug, Clone)]
pub struct SupabaseOptions {
    /// Loopback port; 0 for any free one.
    pub port: u16,
    /// The key that everybody may know.
    pub publishable_key: String,
    /// The key that nobody may know.
    pub secret_key: String,
    /// The secret of an old project.
    pub jwt_secret: String,
    /// What signs at first.
    pub algorithm: Algorithm,
    /// Whether letters are asked for with a CAPTCHA solved, but by the key that nobody may know.
    pub captcha: bool,
    /// Letters that are sent in all before there are too many; 0 = as many as one likes.
    pub mails_max: usize,
    /// Who has an account.
    pub users: Vec<String>,
    /// Where browsers may be sent back to: beginnings of addresses.
    pub redirect_allowed: Vec<String>,
    /// Where they are sent else.
    pub site_url: String,
    /// What it calls now.
    pub clock: Clock,
    /// For chance.
    pub seed: u64,
}

impl Default for SupabaseOptions {
    fn default() -> Self {
        Self {
            port: 0,
            publishable_key: "sb_publishable_sandbox".into(),
            secret_key: "sb_secret_sandbox".into(),
            jwt_secret: "sandbox-jwt-secret-that-opens-nothing".into(),
            algorithm: Algorithm::Es256,
            captcha: false,
            mails_max: 0,
            users: vec!["anna@example.com".into(), "wei@example.com".into()],
            redirect_allowed: vec!["http://127.0.0.1".into(), "http://localhost".into()],
            site_url: "http://127.0.0.1:1/site".into(),
            clock: Clock::wall(),
            seed: 1,
        }
    }
}

/// A running stand-in. Clones are the same one; it ends when the last is dropped.
#[derive(Debug, Clone)]
pub struct SupabaseStandIn {
    state: Arc<State>,
    _guard: Arc<DropGuard>,
}

impl SupabaseStandIn {
    /// Opens the server.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(options: SupabaseOptions) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State::new(options, base_url));
        tokio::spawn(serve(listener, Arc::clone(&state)));
        let guard = Arc::new(state.ended.clone().drop_guard());
        Ok(Self { state, _guard: guard })
    }

    /// What `[supabase] url` has to be.
    pub fn url(&self) -> String {
        self.state.base_url.clone()
    }

    /// Keys that the desk has to be configured with.
    pub fn options(&self) -> &SupabaseOptions {
        &self.state.options
    }

    /// Letters so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.state.world().mails.clone()
    }

    /// Who has an account.
    pub fn users(&self) -> Vec<User> {
        self.state.world().users.clone()
    }

    /// Gives somebody an account; their subject.
    pub fn add_user(&self, email: &str) -> String {
        self.state.add_user(email)
    }

    /// Whether somebody may not sign in.
    pub fn ban(&self, email: &str, banned: bool) {
        let mut world = self.state.world();
        for user in world.users.iter_mut().filter(|it| it.email == email) {
            user.banned = banned;
        }
    }

    /// Ends somebody's account.
    pub fn remove_user(&self, email: &str) {
        self.state.world().users.retain(|it| it.email != email);
    }

    /// Sessions that nobody has ended.
    pub fn sessions(&self) -> usize {
        self.state.world().sessions.len()
    }

    /// The calls so far, as `POST /auth/v1/otp`.
    pub fn calls(&self) -> Vec<String> {
        self.state.world().calls.clone()
    }

    /// Another key signs from now on; the old ones stay published.
    pub fn rotate(&self, algorithm: Algorithm) {
        self.state.rotate(algorithm);
    }

    /// Only the key that signs is published any more.
    pub fn retire_old_keys(&self) {
        let mut world = self.state.world();
        let old = world.keys.len().saturating_sub(1);
        world.keys.drain(..old);
    }

    /// A token of somebody's, with some claims otherwise; null leaves one out.
    pub fn token(&self, email: &str, otherwise: &Value) -> String {
        let user = self.claims(email, otherwise);
        let world = self.state.world();
        world.keys.last().map(|key| key.token(&user)).unwrap_or_default()
    }

    /// The same, signed by a key that nobody published, under the name of the right one.
    pub fn forged_token(&self, email: &str, algorithm: Algorithm, secret: &str) -> String {
        let id = self.state.world().keys.last().map(|key| key.id.clone()).unwrap_or_default();
        Key::new(id, algorithm, secret).token(&self.claims(email, &Value::Null))
    }

    fn claims(&self, email: &str, otherwise: &Value) -> Value {
        let id = self.state.add_user(email);
        let user = User { id, email: email.to_lowercase(), banned: false };
        let mut claims = self.state.claims(&user, "session");
        for (name, value) in otherwise.as_object().into_iter().flatten() {
            match (value, claims.as_object_mut()) {
                (Value::Null, Some(claims)) => _ = claims.remove(name),
                (value, _) => claims[name] = value.clone(),
            }
        }
        claims
    }

    /// The keys as they are published now.
    pub fn published_keys(&self) -> Vec<Value> {
        self.state.world().keys.iter().filter_map(Key::published).collect()
    }

    /// Moves its clock.
    pub fn advance(&self, by: Duration) {
        self.state.options.clock.advance(by);
    }

    /// Arms a fault.
    pub fn arm(&self, armed: Armed) {
        self.state.faults().arm(armed);
    }

    /// What is armed.
    pub fn armed(&self) -> Vec<Armed> {
        self.state.faults().armed()
    }

    /// Disarms everything.
    pub fn clear_faults(&self) {
        self.state.faults().clear();
    }
}

/// What a token says, unproven.
fn claims_of(token: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let ended = state.ended.clone();
    let app = api::router()
        .layer(middleware::from_fn_with_state(Arc::clone(&state), api::guard))
        .merge(browser::router())
        .with_state(state)
        .into_make_service_with_connect_info::<Line>();
    tokio::select! {
        served = async { axum::serve(Lines(listener), app).await } => {
            if let Err(error) = served {
                tracing::error!(error = %error, "the Supabase stand-in has stopped serving");
            }
        }
        () = ended.cancelled() => {}
    }
}
