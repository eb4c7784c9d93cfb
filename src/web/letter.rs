//! `/letter/{token}`: the page behind the address in a letter about a new link. Whoever opens it
//! sees which chat it is about; the link is undone by its button alone, for machines open what
//! stands in letters too.

use askama::Template;
use axum::{
    extract::State,
    http::HeaderMap,
    response::{Html, IntoResponse as _, Response},
};
use picdesk_core::{code, event::Event, letter::Refused};

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
    show(&web, &headers, &told, false).await
}

/// The button.
pub(super) async fn undo(
    State(web): State<Web>,
    Tokens(token): Tokens<String>,
    headers: HeaderMap,
) -> Response {
    let Some(told) = open(&web, &token) else { return expired(&web, &headers) };
    match refuse(&web, &told).await {
        Ok(()) => show(&web, &headers, &told, true).await,
        Err(_) => unavailable(),
    }
}

fn open(web: &Web, token: &str) -> Option<LetterToken> {
    web.desk.seal.read_letter(token, web.store.clock().now_ms())
}

fn expired(web: &Web, headers: &HeaderMap) -> Response {
    nothing_here(web, headers, PageText::LetterExpired)
}

/// Pressed twice it is one event, by its name.
async fn refuse(web: &Web, told: &LetterToken) -> Result<(), StoreError> {
    let Refused { subject, by, link } = &told.refused;
    let named = web.desk.seal.code_hash(&format!("{subject} {by} {link:?} {}", told.until));
    let event = Event::LinkRefused(told.refused.clone());
    let event = NewEvent::of_house(format!("letter:{named}"), &told.home, &event);
    let now = web.store.clock().now_ms();
    web.store
        .writer()
        .run(move |tx| {
            let event = event.clone();
            Box::pin(async move { inbox::insert(tx, &[event], now, now).await.map(drop) })
        })
        .await?;
    web.store.wakes().ring(Work::Inbox);
    Ok(())
}

async fn show(web: &Web, headers: &HeaderMap, told: &LetterToken, is_undone: bool) -> Response {
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
        title: text(if is_undone { PageText::LetterUndone } else { PageText::Letter }),
        chat: text(PageText::LetterChat(super::link::channel(by))),
        name: code::masked(&name.unwrap_or_default()),
        note: text(if is_undone { PageText::LetterUndoneMore } else { PageText::LetterMore }),
        undo: (!is_undone).then(|| text(PageText::LetterUndo)),
    };
    match page.render() {
        Ok(page) => (PRIVATE, Html(page)).into_response(),
        Err(_) => unavailable(),
    }
}
