//! Carries callbacks of the app to the desk, as WeCom does.
//!
//! Source: documents 90238 and 90930. An answer may take five seconds; what is not answered with
//! 200 is tried three times more. Those of one person or account go one after the other, until one
//! fails: it then waits for its retry and holds nobody up, which is how the real ones lose their
//! order.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use url::Url;

use super::envelope::Sealed;
use super::faults::{Fault, Occasion};
use super::message::{Author, Content};
use super::people::Place;
use super::record::{Callback, Record};
use super::state::State;
use super::world::World;
use super::xml::{Xml, field};

/// How long an answer may take. Source: document 90238, 5 s.
pub const ANSWER: Duration = Duration::from_secs(5);
/// How long the answer to a verification may take. Source: document 90930, 1 s.
const VERIFY: Duration = Duration::from_secs(1);
/// How long WeCom waits before each of three retries. No document says; ours.
pub const RETRY_MS: [i64; 3] = [1_000, 5_000, 10_000];
/// How long a callback waits to be overtaken, ms.
const HELD_MS: i64 = 1_000;
/// How many are under way at once. Ours.
const AT_ONCE: usize = 64;

/// The client of all callbacks.
pub fn client() -> reqwest::Result<Client> {
    Client::builder()
        .timeout(ANSWER)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .build()
}

/// Puts a callback at the end of the line.
pub fn enqueue(world: &mut World, key: &str, kind: &str, inner: &Xml, names_agent: bool) {
    let callback = Callback {
        id: world.next(),
        key: key.to_owned(),
        kind: kind.to_owned(),
        inner: inner.document(),
        names_agent,
        tries: 0,
        not_before_ms: 0,
        held: false,
        envelope: None,
    };
    world.keep(Record::Callback(Box::new(callback)));
}

/// Carries until the stand-in ends.
pub async fn carry(state: Arc<State>, client: Client) {
    let courier = Arc::new(Courier { state, client, under_way: Mutex::default() });
    let mut bell = courier.state.hear_bell();
    loop {
        bell.borrow_and_update();
        let next_ms = courier.send_due();
        let clock = &courier.state.options.clock;
        tokio::select! {
            _ = bell.changed() => {}
            () = clock.sleep_until(next_ms.unwrap_or_default()), if next_ms.is_some() => {}
            () = courier.state.ended.cancelled() => return,
        }
    }
}

struct Courier {
    state: Arc<State>,
    client: Client,
    under_way: Mutex<HashSet<u64>>,
}

impl Courier {
    fn under_way(&self) -> std::sync::MutexGuard<'_, HashSet<u64>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts every delivery whose turn it is; says when to look again.
    fn send_due(self: &Arc<Self>) -> Option<i64> {
        let now_ms = self.state.now_ms();
        let held_until_ms = self.state.faults().hold_callbacks_until_ms;
        if held_until_ms > now_ms {
            return Some(held_until_ms);
        }
        let world = self.state.world();
        let url = world.meta.callback_url.clone()?;
        let mut next_ms = None;
        let mut due = Vec::new();
        let mut under_way = self.under_way();
        let mut busy: HashSet<String> = HashSet::new();
        for callback in world.callbacks.values() {
            let in_order = callback.tries == 0 && !callback.held;
            if under_way.contains(&callback.id) {
                busy.insert(callback.key.clone());
            } else if callback.not_before_ms > now_ms {
                let at_ms = callback.not_before_ms;
                next_ms = Some(next_ms.map_or(at_ms, |next: i64| next.min(at_ms)));
            } else if !(in_order && busy.contains(&callback.key)) && under_way.len() < AT_ONCE {
                busy.insert(callback.key.clone());
                under_way.insert(callback.id);
                due.push(callback.clone());
            }
        }
        drop((under_way, world));
        for callback in due {
            let (courier, url) = (Arc::clone(self), url.clone());
            tokio::spawn(async move { courier.deliver(&url, callback).await });
        }
        next_ms
    }

    async fn deliver(&self, url: &str, callback: Callback) {
        let id = callback.id;
        self.try_once(url, callback).await;
        self.under_way().remove(&id);
        self.state.ring();
    }

    async fn try_once(&self, url: &str, mut callback: Callback) {
        let state = &self.state;
        let is_fresh = callback.tries == 0 && !callback.held;
        let owners = [callback.key.as_str()];
        let occasion = if is_fresh { Occasion::Callback } else { Occasion::Retry };
        let fault = state.strike(occasion, &callback.kind, &owners);
        if fault == Some(Fault::CallbackLost) {
            state.counters.lose(&callback.kind);
            return state.world().keep(Record::CallbackGone(callback.id));
        }
        if fault == Some(Fault::CallbackOvertaken) {
            callback.held = true;
            callback.not_before_ms = state.now_ms() + HELD_MS;
            return state.world().keep(Record::Callback(Box::new(callback)));
        }
        let sealed = state.seal(&state.app, callback.inner.as_bytes());
        if fault == Some(Fault::CallbackTwice) {
            let again = state.seal(&state.app, callback.inner.as_bytes());
            drop(self.post(url, &callback, &again).await);
        }
        let answer = self.post(url, &callback, &sealed).await;
        callback.envelope = Some(sealed.clone());
        match answer {
            Ok(body) if fault != Some(Fault::CallbackUnheard) => {
                if fault == Some(Fault::CallbackReplayed) {
                    drop(self.post(url, &callback, &sealed).await);
                }
                self.taken(&callback, &body);
            }
            _ => self.failed(callback),
        }
    }

    fn taken(&self, callback: &Callback, body: &str) {
        let state = &self.state;
        state.counters.lock().taken += 1;
        let mut world = state.world();
        world.keep(Record::CallbackGone(callback.id));
        let held: Vec<Callback> = world.callbacks.values().filter(|it| it.held).cloned().collect();
        for held in held {
            world.keep(Record::Callback(Box::new(Callback { not_before_ms: 0, ..held })));
        }
        drop(world);
        if !body.is_empty() && body != "success" {
            passive_reply(state, &callback.key, body);
        }
    }

    fn failed(&self, mut callback: Callback) {
        let state = &self.state;
        let wait_ms = usize::try_from(callback.tries).ok().and_then(|at| RETRY_MS.get(at));
        state.counters.lock().failed += 1;
        let Some(wait_ms) = wait_ms else {
            state.counters.lose(&callback.kind);
            return state.world().keep(Record::CallbackGone(callback.id));
        };
        callback.tries += 1;
        callback.held = false;
        callback.not_before_ms = state.now_ms() + wait_ms;
        state.world().keep(Record::Callback(Box::new(callback)));
    }

    /// Posts one envelope; answers with the body of a 200.
    async fn post(&self, url: &str, callback: &Callback, sealed: &Sealed) -> Result<String, ()> {
        let options = &self.state.options;
        let mut outer = Xml::new().text("ToUserName", &options.corp_id);
        if callback.names_agent {
            outer = outer.text("AgentID", &options.agent_id.to_string());
        }
        let body = outer.text("Encrypt", &sealed.encrypt).document();
        let request = self.client.post(signed(url, sealed).map_err(|_| ())?);
        let answer = request.header(CONTENT_TYPE, "text/xml").body(body).send().await;
        let answer = answer.map_err(|_| ())?;
        if answer.status().as_u16() != 200 {
            return Err(());
        }
        answer.text().await.map_err(|_| ())
    }
}

/// An address with the three parameters of an envelope.
pub fn signed(url: &str, sealed: &Sealed) -> Result<Url, String> {
    let mut url = Url::parse(url).map_err(|_| "this is no address".to_owned())?;
    url.query_pairs_mut()
        .append_pair("msg_signature", &sealed.signature)
        .append_pair("timestamp", &sealed.timestamp)
        .append_pair("nonce", &sealed.nonce);
    Ok(url)
}

/// What the console does when an address is saved: a GET whose answer must be the very words.
pub async fn verify(
    state: &State,
    client: &Client,
    secrets: &super::envelope::Secrets,
    url: &str,
) -> Result<(), String> {
    let echo = state.digits(19);
    let sealed = state.seal(secrets, echo.as_bytes());
    let mut url = signed(url, &sealed)?;
    url.query_pairs_mut().append_pair("echostr", &sealed.encrypt);
    let answer = client.get(url).timeout(VERIFY).send().await;
    let answer = answer.map_err(|_| "the address did not answer within a second".to_owned())?;
    let status = answer.status().as_u16();
    let body = answer.bytes().await.map_err(|_| "the answer broke off".to_owned())?;
    match status {
        200 if body == echo.as_bytes() => Ok(()),
        200 => Err("the answer is not the decrypted echostr".into()),
        _ => Err(format!("the address answered with {status}")),
    }
}

/// An answer that is itself a message, in an envelope of the desk's.
fn passive_reply(state: &State, userid: &str, body: &str) {
    let part = |name: &str| field(body, name).unwrap_or_default();
    let sealed = Sealed {
        encrypt: part("Encrypt"),
        signature: part("MsgSignature"),
        timestamp: part("TimeStamp"),
        nonce: part("Nonce"),
    };
    let opened = state.app.open(&sealed).map_err(|error| error.to_string());
    let inner = opened.and_then(|it| String::from_utf8(it).map_err(|_| "not UTF-8".to_owned()));
    let inner = match inner {
        Ok(inner) => inner,
        Err(words) => return state.counters.misunderstood(format!("passive reply: {words}")),
    };
    let field_of = |name: &str| field(&inner, name).unwrap_or_default();
    let content = match field_of("MsgType").as_str() {
        "text" => Content::words(super::content::cut(&field_of("Content"), 2048)),
        other => Content::Service(format!("passive reply: {other}")),
    };
    let mut world = state.world();
    let Some(member) = world.member(userid).cloned() else {
        return state.counters.misunderstood("passive reply to nobody".into());
    };
    let chat = world.require_chat(&Place::App(member.userid), &member.name);
    let message = world.post(chat, Author::Desk, content, "", state.now_ms());
    drop(world);
    state.changed_message(&message);
}
