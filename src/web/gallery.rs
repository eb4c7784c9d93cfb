//! `/g/{token}`: the private page of an account's pictures, and its style and script.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, header},
    response::{Html, IntoResponse as _, Response},
};
use picdesk_core::{account::Language, generation::Artifact, id::ArtifactId};

use super::{
    Web,
    address::{Opened, PRIVATE, Tokens, language, nothing_here, opens, say, unavailable},
};
use crate::{
    store::{StoreError, artifacts as rows, scope::OfAccount},
    words::PageText,
};

/// Pictures on a page; the others are on older ones.
const PICTURES_MAX: usize = 60;

/// A picture of the page.
struct Shown {
    /// Its name on the page.
    name: String,
    original: String,
    small: String,
    chat: Option<String>,
    alt: String,
    kept: String,
    width: u32,
    height: u32,
}

#[derive(Template)]
#[template(path = "gallery.html", config = ".askama.toml")]
struct GalleryPage {
    language: &'static str,
    product: String,
    title: String,
    note: String,
    words: Words,
    archive: Option<String>,
    /// An address to go on to, and what stands on its button.
    onward: Option<(String, String)>,
    /// Where a person can be reached, and what that is called.
    support: Option<(String, String)>,
    chat: Option<String>,
    newest: Option<String>,
    older: Option<String>,
    private: Option<String>,
    pictures: Vec<Shown>,
}

/// What is on the page whatever it shows.
struct Words {
    skip: String,
    download: String,
    download_all: String,
    open_chat: String,
    newest: String,
    older: String,
    close: String,
}

impl Words {
    fn of(web: &Web, language: Language) -> Self {
        let say = |text| say(web, language, text);
        Self {
            skip: say(PageText::Skip),
            download: say(PageText::Download),
            download_all: say(PageText::DownloadAll),
            open_chat: say(PageText::OpenChat),
            newest: say(PageText::Newest),
            older: say(PageText::Older),
            close: say(PageText::Close),
        }
    }
}

impl GalleryPage {
    fn empty(web: &Web, language: Language, title: PageText) -> Self {
        Self {
            language: language.tag(),
            product: web.desk.context.product_name.clone(),
            title: say(web, language, title),
            note: String::new(),
            words: Words::of(web, language),
            archive: None,
            onward: None,
            support: None,
            chat: (web.chat)(),
            newest: None,
            older: None,
            private: None,
            pictures: Vec::new(),
        }
    }
}

/// A page that says one thing and shows nothing.
pub(super) fn without_pictures(web: &Web, headers: &HeaderMap, text: PageText) -> Html<String> {
    let page = GalleryPage::empty(web, language(web, headers), text);
    Html(page.render().unwrap_or_default())
}

/// The same, with the way to a person, where there is one in a browser.
pub(super) fn about_money(web: &Web, headers: &HeaderMap, text: PageText) -> Html<String> {
    let language = language(web, headers);
    let support = web.desk.context.support_url.clone();
    let page = GalleryPage {
        support: support.map(|url| (url, say(web, language, PageText::Support))),
        ..GalleryPage::empty(web, language, text)
    };
    Html(page.render().unwrap_or_default())
}

/// The page before the payment provider's portal, from which the address leads on.
pub(super) fn before_portal(web: &Web, headers: &HeaderMap, address: String) -> Html<String> {
    let language = language(web, headers);
    let page = GalleryPage {
        note: say(web, language, PageText::PortalNote),
        onward: Some((address, say(web, language, PageText::PortalOpen))),
        ..GalleryPage::empty(web, language, PageText::Portal)
    };
    Html(page.render().unwrap_or_default())
}

/// The pictures of one page, when they were made, and what is told of all of them.
struct Found {
    pictures: Vec<(Artifact, i64)>,
    older: bool,
    total: i64,
}

/// The private page of an account's pictures.
pub(super) async fn page(
    State(web): State<Web>,
    Tokens(token): Tokens<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let opened = match opens(&web, &token).await {
        Ok(Some(opened)) => opened,
        Ok(None) => return nothing_here(&web, &headers, PageText::Expired),
        Err(_) => return unavailable(),
    };
    let before = query.as_deref().and_then(|query| query.strip_prefix("before="));
    let before = before.and_then(|picture| web.desk.seal.read_picture(picture));
    let Ok(found) = find(&web, opened, before).await else { return unavailable() };
    let page = show(&web, language(&web, &headers), opened, &token, found, before);
    match page.render() {
        Ok(page) => (PRIVATE, Html(page)).into_response(),
        Err(_) => unavailable(),
    }
}

async fn find(web: &Web, of: Opened, before: Option<ArtifactId>) -> Result<Found, StoreError> {
    let mut own = web.store.read_as(OfAccount(of.account)).await?;
    let total = rows::count(&mut own).await?;
    // One more tells whether there are older ones.
    let limit = i64::try_from(PICTURES_MAX + 1).unwrap_or(i64::MAX);
    let mut pictures = rows::newest(&mut own, before, limit).await?;
    let older = pictures.len() > PICTURES_MAX;
    pictures.truncate(PICTURES_MAX);
    Ok(Found { pictures, older, total })
}

fn show(
    web: &Web,
    language: Language,
    opened: Opened,
    token: &str,
    found: Found,
    before: Option<ArtifactId>,
) -> GalleryPage {
    let (now, seal) = (web.store.clock().now_ms(), &web.desk.seal);
    let chat = (web.chat)();
    let last = found.pictures.last().map(|(artifact, _)| seal.picture(artifact.id));
    let pictures: Vec<Shown> = found
        .pictures
        .into_iter()
        .filter(|(artifact, _)| artifact.expires_at > now)
        .enumerate()
        .map(|(number, (artifact, made_at))| Shown {
            name: format!("p{}", number + 1),
            original: format!("/p/{}", seal.picture(artifact.id)),
            small: format!("/g/{token}/{}", seal.picture(artifact.id)),
            chat: chat.as_ref().map(|chat| format!("{chat}?start={}", seal.link(artifact.id))),
            alt: say(web, language, PageText::Picture(made_at)),
            kept: say(web, language, PageText::KeptUntil(artifact.expires_at)),
            width: artifact.size.width,
            height: artifact.size.height,
        })
        .collect();
    let note = if pictures.is_empty() { PageText::Empty } else { PageText::Count(found.total) };
    let here = format!("/g/{token}");
    let older = last.filter(|_| found.older).map(|last| format!("{here}?before={last}"));
    GalleryPage {
        note: say(web, language, note),
        archive: (!pictures.is_empty()).then(|| format!("{here}/pictures.zip")),
        newest: before.map(|_| here),
        older,
        private: Some(say(web, language, PageText::PrivateUntil(opened.until))),
        pictures,
        ..GalleryPage::empty(web, language, PageText::Gallery)
    }
}

/// The page's style.
pub(super) async fn stylesheet() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("gallery.css")).into_response()
}

/// The page's icon.
pub(super) async fn icon() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("gallery.svg")).into_response()
}

/// The page's script, without which it works too.
pub(super) async fn script() -> Response {
    let kind = "text/javascript; charset=utf-8";
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("gallery.js")).into_response()
}
