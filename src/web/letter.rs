//! `/letter/{token}`: the page behind the address in a letter about a new link. Whoever opens it
//! sees which chat it is about; the link is undone by its button alone, for machines open what
//! stands in letters too.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::State,
    http::HeaderMap,
    response::{Html, IntoResponse as _, Response},
};
use picdesk_core::{
    code,
    event::Event,
    id::{ConversationId, IdentityId},
    letter::Refused,
};

use super::{
    Web,
    address::{PRIVATE, Tokens, language, nothing_here, say, unavailable},
};
use crate::{
    buttons::LetterToken,
    store::{
        StoreError, Work,
        inbox::{self, NewEvent},
        links,
    },
    words::PageText,
};

/// How often it is looked whether a press was turned, and how long between two looks: the browser
/// waits for it.
const LOOKS: u32 = 30;
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Template)]
#[template(path = "letter.html", config = ".askama.toml")]
struct LetterPage {
    language: &'static str,
    product: String,
    title: String,
    chat: String,
    name: String,
    note: String,
    undo: Option<String>,
}

/// Which chat it is about, and the button.
pub(super) async fn page(
    State(web): State<Web>,
    Tokens(token): Tokens<String>,
    headers: HeaderMap,
) -> Response {
    let Some(told) = open(&web, &token) else { return expired(&web, &headers) };
    match still_there(&web, &told).await {
        Ok(Some(_)) => show(&web, &headers, &told, Stands::Yes).await,
        Ok(None) => show(&web, &headers, &told, Stands::NoMore).await,
        Err(_) => unavailable(),
    }
}

/// The button. What it says is what came of it.
pub(super) async fn undo(
    State(web): State<Web>,
    Tokens(token): Tokens<String>,
    headers: HeaderMap,
) -> Response {
    let Some(told) = open(&web, &token) else { return expired(&web, &headers) };
    match refuse(&web, &told).await {
        Ok(stands) => show(&web, &headers, &told, stands).await,
        Err(_) => unavailable(),
    }
}

/// How the link is that a letter tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// It stands.
    Yes,
    /// It was over before anybody pressed.
    NoMore,
    /// The press has undone it.
    Undone,
    /// The press is written down, and not yet turned.
    Pressed,
}

/// Who can undo it, while it stands.
async fn still_there(
    web: &Web,
    told: &LetterToken,
) -> Result<Option<(IdentityId, ConversationId)>, StoreError> {
    let mut connection = web.store.read().await?;
    links::still_there(&mut connection, &told.refused).await
}

fn open(web: &Web, token: &str) -> Option<LetterToken> {
    web.desk.seal.read_letter(token, web.store.clock().now_ms())
}

fn expired(web: &Web, headers: &HeaderMap) -> Response {
    nothing_here(web, headers, PageText::LetterExpired)
}

/// Pressed twice it is one event, by its name. Where whoever the letter names has left, it is for
/// those who came with them.
async fn refuse(web: &Web, told: &LetterToken) -> Result<Stands, StoreError> {
    let Some((who, home)) = still_there(web, told).await? else { return Ok(Stands::NoMore) };
    let Refused { subject, by, link } = &told.refused;
    let named = if who == *by { String::new() } else { format!(" {who}") };
    let named = format!("{subject} {by} {link:?} {}{named}", told.until);
    let named = web.desk.seal.code_hash(&named);
    let home = if who == *by { told.home.clone() } else { home };
    let event = Event::LinkRefused(Refused { by: who, ..told.refused.clone() });
    let event = NewEvent::of_house(format!("letter:{named}"), &home, &event);
    let now = web.store.clock().now_ms();
    web.store
        .writer()
        .run(move |tx| {
            let event = event.clone();
            Box::pin(async move { inbox::insert(tx, &[event], now, now).await.map(drop) })
        })
        .await?;
    web.store.wakes().ring(Work::Inbox);
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK_EVERY).await;
        if still_there(web, told).await?.is_none() {
            return Ok(Stands::Undone);
        }
    }
    Ok(Stands::Pressed)
}

async fn show(web: &Web, headers: &HeaderMap, told: &LetterToken, stands: Stands) -> Response {
    let language = language(web, headers);
    let text = |text| say(web, language, text);
    let by = &told.refused.by;
    let name = async {
        let mut connection = web.store.read().await?;
        links::name_of(&mut connection, by).await
    };
    let Ok(name) = name.await else { return unavailable() };
    let page = LetterPage {
        language: language.tag(),
        product: web.desk.context.product_name.clone(),
        title: text(match stands {
            Stands::Yes => PageText::Letter,
            Stands::NoMore => PageText::LetterOver,
            Stands::Undone => PageText::LetterUndone,
            Stands::Pressed => PageText::LetterPressed,
        }),
        chat: text(PageText::LetterChat(super::link::channel(by))),
        name: code::masked(&name.unwrap_or_default()),
        note: text(match stands {
            Stands::Yes => PageText::LetterMore,
            Stands::NoMore => PageText::LetterOverMore,
            Stands::Undone => PageText::LetterUndoneMore,
            Stands::Pressed => PageText::LetterPressedMore,
        }),
        undo: (stands == Stands::Yes).then(|| text(PageText::LetterUndo)),
    };
    match page.render() {
        Ok(page) => (PRIVATE, Html(page)).into_response(),
        Err(_) => unavailable(),
    }
}
