//! `/link/{token}`: the pages on which somebody signs in to the site for a chat of theirs.
//!
//! The address says which chat asked and proves nothing. Whoever signs in here is shown a code that
//! works in that chat alone, so that a link which is sent on binds nobody's chat to anybody's
//! account. A cookie ties the pages of one way together; forms come from our own pages; only the
//! subject and the masked address of who signed in are kept.

mod api;

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use picdesk_core::{
    account::Language,
    code,
    effect::NewErrand,
    errand::Errand,
    facts::SignedIn,
    id::{Cause, ConversationId, ErrandId, IdentityId},
    linking::Counted,
};

pub(super) use self::api::{link_code, may_ask};
use super::{
    Web,
    address::{PRIVATE, Tokens, language, nothing_here, say, unavailable},
};
use crate::{
    buttons::SignInToken,
    site::{Site, SiteError, Trip},
    store::{
        StoreError, Work, errands,
        links::{self, SiteCode},
    },
    words::PageText,
};

/// Which consequence of the event that asked for a sign-in its code is: no turn has so many.
const CODE_ORDINAL: u16 = 1_000;

/// How many letters that are due later have names of their own on one way, after its code.
const LATER_COUNT: i64 = 22;

/// How long it is tried to have such a letter sent, milliseconds.
const LATE_MS: i64 = 120_000;

/// Of its address: longer ones are nobody's.
const EMAIL_BYTES_MAX: usize = 254;

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// The ways to sign in.
    Ways,
    /// A code has gone to this address, if it is known; or another one is to be typed.
    Code { email: String, note: PageText },
    /// The code for the chat.
    Done { code: String },
    /// Something did not work.
    Failed(PageText),
}

#[derive(Template)]
#[template(path = "link.html", config = ".askama.toml")]
struct LinkPage {
    language: &'static str,
    product: String,
    title: String,
    asked: String,
    name: String,
    warn: String,
    here: String,
    proof: String,
    google: Option<String>,
    email: Option<String>,
    code: Option<String>,
    note: Option<String>,
    chat: Option<String>,
    words: Words,
}

struct Words {
    google: String,
    email: String,
    send: String,
    code: String,
    check: String,
    again: String,
    open_chat: String,
}

/// A browser on one way to sign in.
struct Way {
    told: SignInToken,
    token: String,
    /// What only this browser has.
    browser: String,
}

impl Way {
    fn here(&self) -> String {
        format!("/link/{}", self.token)
    }

    fn proof(&self, web: &Web) -> String {
        web.desk.seal.of_browser("form", &self.token, &self.browser)
    }

    fn trip(&self, web: &Web) -> Trip {
        Trip {
            back: format!("{}/link/callback", web.desk.house.public_url),
            verifier: web.desk.seal.of_browser("verifier", &self.token, &self.browser),
        }
    }
}

/// The page of a chat that asked.
pub(super) async fn page(
    State(web): State<Web>,
    Tokens(token): Tokens<String>,
    headers: HeaderMap,
) -> Response {
    let Some((told, _)) = open(&web, &token) else { return expired(&web, &headers) };
    let known = cookie(&web, &headers).filter(|(_, of)| *of == token);
    let browser = known.map_or_else(|| web.chance.token(), |(browser, _)| browser);
    let way = Way { told, token, browser };
    let mut response = show(&web, &headers, &way, Step::Ways).await;
    if let Ok(cookie) = HeaderValue::from_str(&baked(&web, &way)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A form of that page: an address, or the code that came to it.
pub(super) async fn submit(
    State(web): State<Web>,
    Tokens(token): Tokens<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some((way, site)) = of_browser(&web, &headers, Some(&token)) else {
        return expired(&web, &headers);
    };
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| {
        form.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim().to_owned())
    };
    if field("proof") != Some(way.proof(&web)) {
        return expired(&web, &headers);
    }
    let email = field("email").map(|email| email.to_lowercase()).unwrap_or_default();
    if !email.contains('@') || email.len() > EMAIL_BYTES_MAX {
        return show(&web, &headers, &way, Step::Failed(PageText::LinkWrong)).await;
    }
    let step = match field("code") {
        None => send_code(&web, site.as_ref(), &way, email).await,
        Some(code) => check_code(&web, site.as_ref(), &way, (email, code)).await,
    };
    match step {
        Ok(step) => show(&web, &headers, &way, step).await,
        Err(_) => unavailable(),
    }
}

/// On to Google.
pub(super) async fn google(
    State(web): State<Web>,
    Tokens(token): Tokens<String>,
    headers: HeaderMap,
) -> Response {
    let Some((way, site)) = of_browser(&web, &headers, Some(&token)) else {
        return expired(&web, &headers);
    };
    match site.google(&way.trip(&web)) {
        Some(url) => (StatusCode::SEE_OTHER, PRIVATE, [(header::LOCATION, url)]).into_response(),
        None => expired(&web, &headers),
    }
}

/// Back from there.
pub(super) async fn callback(
    State(web): State<Web>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some((way, site)) = of_browser(&web, &headers, None) else {
        return expired(&web, &headers);
    };
    let query = query.unwrap_or_default();
    let code = url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "code")
        .map(|(_, value)| value.into_owned());
    let step = match code {
        Some(code) => match site.came_back(&code, &way.trip(&web)).await {
            Ok(who) => finish(&web, &way, who).await,
            Err(error) => Ok(Step::Failed(failure(error))),
        },
        None => Ok(Step::Failed(PageText::LinkWrong)),
    };
    match step {
        Ok(step) => show(&web, &headers, &way, step).await,
        Err(_) => unavailable(),
    }
}

fn failure(error: SiteError) -> PageText {
    match error {
        SiteError::Refused | SiteError::TooSoon(_) => PageText::LinkWrong,
        SiteError::Later(_) => PageText::LinkLater,
    }
}

async fn send_code(
    web: &Web,
    site: &dyn Site,
    way: &Way,
    email: String,
) -> Result<Step, StoreError> {
    let counted = [Counted::Mails, Counted::MailsADay, Counted::MailsTo, Counted::MailsToADay];
    if !may(web, way, &email, &counted).await? {
        return Ok(Step::Failed(PageText::LinkWait));
    }
    Ok(match site.send_code(&email).await {
        // An address that is refused is not told from one that is taken.
        Ok(()) | Err(SiteError::Refused) => Step::Code { email, note: PageText::LinkSent },
        Err(SiteError::TooSoon(rest)) => {
            send_later(web, way, &email, rest).await?;
            Step::Code { email, note: PageText::LinkSent }
        }
        Err(SiteError::Later(_)) => Step::Failed(PageText::LinkLater),
    })
}

/// The site sends the next letter to somebody only after a while: then it is asked for, whichever
/// process is there. Where nothing comes of it, the chat that asked for the page is told.
async fn send_later(web: &Web, way: &Way, email: &str, rest: Duration) -> Result<(), StoreError> {
    let now = web.store.clock().now_ms();
    let at = now.saturating_add(i64::try_from(rest.as_millis()).unwrap_or(0));
    // No two letters to one address are due within one minute.
    let key = web.desk.seal.email_key(email);
    let which = key.bytes().fold(now.div_euclid(60_000), |sum, byte| sum + i64::from(byte));
    let which = u16::try_from(which.rem_euclid(LATER_COUNT)).unwrap_or(0);
    let id = Cause(way.told.seq).consequence(CODE_ORDINAL + 1 + which);
    let (by, of) = (way.told.by.clone(), way.told.by.clone());
    let new = NewErrand {
        id: ErrandId(id),
        name: format!("page-code:{id}"),
        conversation: ConversationId(by.0.clone()),
        errand: Errand::SendSignInCode { by, email: email.to_owned() },
        until: at.saturating_add(LATE_MS),
    };
    web.store
        .writer()
        .run(move |tx| {
            let (mut new, by) = (new.clone(), of.clone());
            Box::pin(async move {
                if let Some(home) = links::home_of(tx, &by).await? {
                    new.conversation = home;
                }
                errands::open_later(tx, &new, at, now).await
            })
        })
        .await?;
    web.store.wakes().ring(Work::Errands);
    Ok(())
}

async fn check_code(
    web: &Web,
    site: &dyn Site,
    way: &Way,
    (email, code): (String, String),
) -> Result<Step, StoreError> {
    let counted = [Counted::Tries, Counted::TriesADay, Counted::TriesFor];
    if !may(web, way, &email, &counted).await? {
        return Ok(Step::Failed(PageText::LinkWait));
    }
    let code: String = code.chars().filter(char::is_ascii_digit).collect();
    match site.check_code(&email, &code).await {
        Ok(who) => finish(web, way, who).await,
        Err(error) => Ok(Step::Code { email, note: failure(error) }),
    }
}

/// Counts against whoever asked and against the address; no when it was too often.
async fn may(web: &Web, way: &Way, email: &str, all: &[Counted]) -> Result<bool, StoreError> {
    let key = web.desk.seal.email_key(email);
    let scopes: Vec<(String, i64, i64)> = all
        .iter()
        .filter_map(|one| {
            let (lasts, most) = one.limit(&web.desk.house);
            Some((one.scope(&way.told.by, Some(&key))?, lasts, most))
        })
        .collect();
    let now = web.store.clock().now_ms();
    web.store
        .writer()
        .run(move |tx| {
            let scopes = scopes.clone();
            Box::pin(async move { links::count_up(tx, &scopes, now).await })
        })
        .await
}

/// Somebody has signed in: a code for the chat that asked, once.
async fn finish(web: &Web, way: &Way, who: SignedIn) -> Result<Step, StoreError> {
    let (seal, now) = (&web.desk.seal, web.store.clock().now_ms());
    let letters = seal.code_of(way.told.seq, i64::from(CODE_ORDINAL));
    let row = SiteCode {
        id: Cause(way.told.seq).consequence(CODE_ORDINAL),
        hash: seal.code_hash(&letters),
        who,
        only_for: Some(way.told.by.clone()),
        expires_at: now.saturating_add(web.desk.house.link.code_ttl_ms),
    };
    let made = web
        .store
        .writer()
        .run(move |tx| {
            let row = row.clone();
            Box::pin(async move { links::make_site_code(tx, &row).await })
        })
        .await?;
    Ok(if made {
        Step::Done { code: code::shown(&letters) }
    } else {
        Step::Failed(PageText::LinkExpired)
    })
}

/// What an address says, while it opens and somebody can sign in.
fn open(web: &Web, token: &str) -> Option<(SignInToken, Arc<dyn Site>)> {
    let site = web.site.clone()?;
    Some((web.desk.seal.read_sign_in(token, web.store.clock().now_ms())?, site))
}

/// The way that this browser is on; on `token`'s, where that is said.
fn of_browser(web: &Web, headers: &HeaderMap, token: Option<&str>) -> Option<(Way, Arc<dyn Site>)> {
    let (browser, of) = cookie(web, headers)?;
    if token.is_some_and(|token| token != of) {
        return None;
    }
    let (told, site) = open(web, &of)?;
    Some((Way { told, token: of, browser }, site))
}

fn is_safe(web: &Web) -> bool {
    web.desk.house.public_url.starts_with("https://")
}

/// The cookie's name: over TLS one that no other host can set.
fn cookie_name(web: &Web) -> &'static str {
    if is_safe(web) { "__Host-picdesk-link" } else { "picdesk-link" }
}

/// What only this browser has, and of which way.
fn cookie(web: &Web, headers: &HeaderMap) -> Option<(String, String)> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let ours = all.flat_map(|all| all.split(';')).find_map(|one| {
        let (name, value) = one.trim().split_once('=')?;
        (name == cookie_name(web)).then_some(value)
    })?;
    let (browser, token) = ours.split_once('.')?;
    Some((browser.to_owned(), token.to_owned()))
}

fn baked(web: &Web, way: &Way) -> String {
    let secure = if is_safe(web) { "; Secure" } else { "" };
    let lives_s = web.desk.house.link.code_ttl_ms / 1000;
    let (name, browser, token) = (cookie_name(web), &way.browser, &way.token);
    format!("{name}={browser}.{token}; Path=/; Max-Age={lives_s}; HttpOnly; SameSite=Lax{secure}")
}

fn expired(web: &Web, headers: &HeaderMap) -> Response {
    nothing_here(web, headers, PageText::LinkExpired)
}

/// The channel of somebody, as the texts know it.
pub(super) fn channel(by: &IdentityId) -> &'static str {
    match by.channel() {
        "telegram" => "telegram",
        "wecom-kf" => "wecom-kf",
        "wecom-app" => "wecom-app",
        "wecom-bot" => "wecom-bot",
        _ => "another",
    }
}

/// Whose chat asked: its channel, and its owner's name masked.
async fn asker(web: &Web, way: &Way, language: Language) -> Result<(String, String), StoreError> {
    let channel = channel(&way.told.by);
    let mut connection = web.store.read().await?;
    let name = links::name_of(&mut connection, &way.told.by).await?.unwrap_or_default();
    Ok((say(web, language, PageText::LinkAsked(channel)), code::masked(&name)))
}

async fn show(web: &Web, headers: &HeaderMap, way: &Way, step: Step) -> Response {
    let language = language(web, headers);
    let Ok((asked, name)) = asker(web, way, language).await else { return unavailable() };
    let text = |text| say(web, language, text);
    let (title, note) = match &step {
        Step::Ways => (PageText::Link, None),
        Step::Code { note, .. } => (PageText::Link, Some(text(*note))),
        Step::Done { .. } => (PageText::LinkDone, Some(text(PageText::LinkDoneMore))),
        Step::Failed(what) => (PageText::Link, Some(text(*what))),
    };
    let google = web.site.as_ref().and_then(|site| site.google(&way.trip(web)));
    let page = LinkPage {
        language: language.tag(),
        product: web.desk.context.product_name.clone(),
        title: text(title),
        asked,
        name,
        warn: text(PageText::LinkWarn),
        here: way.here(),
        proof: way.proof(web),
        google: google.filter(|_| step == Step::Ways).map(|_| format!("{}/google", way.here())),
        email: match &step {
            Step::Ways => Some(String::new()),
            Step::Code { email, .. } => Some(email.clone()),
            Step::Done { .. } | Step::Failed(_) => None,
        },
        code: match &step {
            Step::Done { code } => Some(code.clone()),
            _ => None,
        },
        note,
        chat: (web.chat)().filter(|_| way.told.by.channel() == "telegram"),
        words: Words {
            google: text(PageText::LinkGoogle),
            email: text(PageText::LinkEmail),
            send: text(PageText::LinkSend),
            code: text(PageText::LinkCode),
            check: text(PageText::LinkCheck),
            again: text(PageText::LinkAgain),
            open_chat: text(PageText::OpenChat),
        },
    };
    match page.render() {
        Ok(page) => (PRIVATE, Html(page)).into_response(),
        Err(_) => unavailable(),
    }
}
