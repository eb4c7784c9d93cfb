//! What the project knows: people, codes, sign-ins under way, sessions, letters.

use std::sync::{Mutex, MutexGuard};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::SupabaseOptions;
use super::keys::{Algorithm, Key, encode};
use crate::rest::{Faults, locked};

/// How long a code is good, ms. Source: Supabase, hosted default of 3,600 s.
pub const CODE_MS: i64 = 3_600_000;
/// How long a sign-in in the browser may take, ms. Source: GoTrue, flow state.
pub const FLOW_MS: i64 = 300_000;
/// How long a session lasts, s.
const SESSION_S: i64 = 3_600;

/// Somebody with an account on the website.
#[derive(Debug, Clone, Serialize)]
pub struct User {
    /// The subject of their tokens.
    pub id: String,
    /// Lower case.
    pub email: String,
    /// Whether they may not sign in.
    pub banned: bool,
}

/// A letter with a code in it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// The code.
    pub code: String,
    /// The link that signs in by itself, for a browser that asked by PKCE.
    pub link: Option<String>,
    /// When, ms.
    pub at: i64,
}

/// A code that was sent.
#[derive(Debug, Clone)]
pub struct Code {
    pub email: String,
    pub digits: String,
    pub at: i64,
}

/// A sign-in in a browser.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Names it at the hop page, or in a link.
    pub name: String,
    pub challenge: String,
    pub redirect_to: String,
    pub at: i64,
    /// Who it is, and the code that tells so; once.
    pub code: Option<(String, String)>,
}

/// Everything.
#[derive(Debug, Default)]
pub struct World {
    pub users: Vec<User>,
    pub codes: Vec<Code>,
    pub flows: Vec<Flow>,
    pub mails: Vec<Mail>,
    /// Sessions: their id and whose.
    pub sessions: Vec<(String, String)>,
    /// Keys, the one that signs last.
    pub keys: Vec<Key>,
    /// Calls so far, `POST /auth/v1/otp`.
    pub calls: Vec<String>,
}

/// The insides of the stand-in.
#[derive(Debug)]
pub struct State {
    pub options: SupabaseOptions,
    pub base_url: String,
    pub ended: CancellationToken,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    chance: Mutex<StdRng>,
}

impl State {
    pub fn new(options: SupabaseOptions, base_url: String) -> Self {
        let state = Self {
            base_url,
            ended: CancellationToken::new(),
            world: Mutex::default(),
            faults: Mutex::new(Faults::new(options.seed)),
            chance: Mutex::new(StdRng::seed_from_u64(options.seed)),
            options,
        };
        state.rotate(state.options.algorithm);
        for email in &state.options.users {
            state.add_user(email);
        }
        state
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        locked(&self.faults)
    }

    pub fn now_ms(&self) -> i64 {
        self.options.clock.now_ms()
    }

    /// As a UUID of chance is written.
    pub fn uuid(&self) -> String {
        let [first, second]: [u64; 2] = locked(&self.chance).random();
        let text = format!("{first:016x}{second:016x}");
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
        [
            part(0, 8),
            part(8, 12),
            format!("4{}", part(13, 16)),
            format!("8{}", part(17, 20)),
            part(20, 32),
        ]
        .join("-")
    }

    /// Six digits.
    pub fn digits(&self) -> String {
        format!("{:06}", locked(&self.chance).random_range(0..1_000_000))
    }

    /// Signs with a new key from now on; the old ones stay published.
    pub fn rotate(&self, algorithm: Algorithm) {
        let key = Key::new(self.uuid(), algorithm, &self.options.jwt_secret);
        self.world().keys.push(key);
    }

    /// Somebody, who comes about when they are new.
    pub fn add_user(&self, email: &str) -> String {
        let email = email.to_lowercase();
        let id = self.uuid();
        let mut world = self.world();
        if let Some(user) = world.users.iter().find(|it| it.email == email) {
            return user.id.clone();
        }
        world.users.push(User { id: id.clone(), email, banned: false });
        id
    }

    /// Claims as a signed-in user's token has them.
    pub fn claims(&self, user: &User, session: &str) -> Value {
        let now = self.now_ms() / 1000;
        json!({
            "iss": format!("{}/auth/v1", self.base_url), "sub": user.id, "aud": "authenticated",
            "exp": now + SESSION_S, "iat": now, "email": user.email, "phone": "",
            "app_metadata": {"provider": "email", "providers": ["email"]},
            "user_metadata": {"email": user.email}, "role": "authenticated", "aal": "aal1",
            "amr": [{"method": "otp", "timestamp": now}], "session_id": session,
            "is_anonymous": false,
        })
    }

    /// Signs somebody in.
    pub fn session(&self, user: &User) -> Value {
        let session = self.uuid();
        let claims = self.claims(user, &session);
        let refresh = encode(self.uuid());
        let mut world = self.world();
        world.sessions.push((session, user.id.clone()));
        let token = world.keys.last().map(|key| key.token(&claims)).unwrap_or_default();
        json!({
            "access_token": token, "token_type": "bearer", "expires_in": SESSION_S,
            "expires_at": claims["exp"], "refresh_token": refresh, "user": view(user),
        })
    }
}

/// A user as the API shows them.
pub fn view(user: &User) -> Value {
    let banned_until = user.banned.then_some("2999-01-01T00:00:00Z");
    json!({
        "banned_until": banned_until,
        "id": user.id, "aud": "authenticated", "role": "authenticated", "email": user.email,
        "email_confirmed_at": "2026-01-01T00:00:00Z", "phone": "",
        "confirmed_at": "2026-01-01T00:00:00Z", "last_sign_in_at": "2026-01-01T00:00:00Z",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {"email": user.email}, "identities": [],
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        "is_anonymous": false,
    })
}
