//! The page: a phone to play on, and beside it the controls of the outside world.
//!
//! Plain files, compiled in: no framework, no build step, nothing from elsewhere. They talk to
//! [`crate::phone`] and to nothing else; their Content-Security-Policy would not let them. The
//! root merges [`router`] with [`crate::phone::router`].

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Nothing inline, nothing from elsewhere; `blob:` for pictures about to be sent.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// One file of the page.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    text: &'static str,
}

macro_rules! asset {
    ($name:literal, $media_type:ident) => {
        Asset { name: $name, media_type: $media_type, text: include_str!(concat!("page/", $name)) }
    };
}

const INDEX: Asset = asset!("index.html", HTML);
const ICON: Asset = asset!("icon.svg", SVG);
const ASSETS: [Asset; 31] = [
    asset!("page.css", CSS),
    asset!("chats.css", CSS),
    asset!("phone.css", CSS),
    asset!("bubble.css", CSS),
    asset!("pictures.css", CSS),
    asset!("composer.css", CSS),
    asset!("controls.css", CSS),
    asset!("over.css", CSS),
    asset!("main.js", SCRIPT),
    asset!("api.js", SCRIPT),
    asset!("state.js", SCRIPT),
    asset!("words.js", SCRIPT),
    asset!("words-en.js", SCRIPT),
    asset!("words-zh.js", SCRIPT),
    asset!("draw.js", SCRIPT),
    asset!("chats.js", SCRIPT),
    asset!("header.js", SCRIPT),
    asset!("letters.js", SCRIPT),
    asset!("timeline.js", SCRIPT),
    asset!("bubble.js", SCRIPT),
    asset!("rich.js", SCRIPT),
    asset!("markdown.js", SCRIPT),
    asset!("menu.js", SCRIPT),
    asset!("composer.js", SCRIPT),
    asset!("samples.js", SCRIPT),
    asset!("suggest.js", SCRIPT),
    asset!("controls.js", SCRIPT),
    asset!("faults.js", SCRIPT),
    asset!("wecom.js", SCRIPT),
    asset!("wall.svg", SVG),
    ICON,
];

/// The routes `/`, `/assets/{name}` and `/favicon.ico`.
pub fn router() -> Router {
    Router::new()
        .route("/", get(async || serve(&INDEX)))
        .route("/favicon.ico", get(async || serve(&ICON)))
        .route("/assets/{name}", get(asset))
}

async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => serve(asset),
        None => (StatusCode::NOT_FOUND, "there is no such file").into_response(),
    }
}

fn serve(asset: &Asset) -> Response {
    const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
    let headers = [
        (CONTENT_TYPE, asset.media_type),
        // The page and what serves it are always of one build.
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (OPENER, "same-origin"),
    ];
    (headers, asset.text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fetch(path: &str) -> reqwest::Response {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{path}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router()).await });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        http.get(url).send().await.unwrap()
    }

    /// What stands in double quotes after a word, wherever the word stands.
    fn quoted_after<'text>(text: &'text str, word: &str) -> Vec<&'text str> {
        text.split(word).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[tokio::test]
    async fn the_page_is_served_fresh_and_lets_nothing_in_from_elsewhere() {
        for (path, media_type) in [("/", HTML), ("/favicon.ico", SVG), ("/assets/main.js", SCRIPT)]
        {
            let response = fetch(path).await;
            assert_eq!(response.status(), 200, "{path}");
            let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("content-type"), media_type);
            assert_eq!(header("cache-control"), "no-store");
            let policy = header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
        }
        assert_eq!(fetch("/assets/other.js").await.status(), 404);
        assert_eq!(fetch("/assets/..%2fpage.rs").await.status(), 404);
    }

    #[test]
    fn every_file_that_is_named_is_there_and_every_file_is_named() {
        let texts = ASSETS.iter().chain([&INDEX]).map(|asset| asset.text);
        let all: String = texts.collect();
        let mut named = quoted_after(&all, "\"/assets/");
        named.extend(quoted_after(&all, "from \"./"));
        for name in &named {
            assert!(ASSETS.iter().any(|asset| asset.name == *name), "{name} is not served");
        }
        for asset in &ASSETS {
            assert!(named.contains(&asset.name), "{} is never asked for", asset.name);
        }
    }

    #[test]
    fn nothing_is_inline_and_nothing_is_fetched_from_elsewhere() {
        for inline in ["<style", " style=", "<script>", "onclick=", "javascript:", "onload="] {
            assert!(!INDEX.text.contains(inline), "{inline}");
        }
        for asset in ASSETS.iter().chain([&INDEX]) {
            let elsewhere = asset.text.replace("http://www.w3.org/2000/svg", "");
            assert!(!elsewhere.contains("://"), "{} names another site", asset.name);
            assert!(!asset.text.contains(".innerHTML"), "{} writes markup", asset.name);
        }
    }

    #[test]
    fn the_page_says_everything_in_both_languages() {
        let keys = |name: &str| {
            let words = ASSETS.iter().find(|asset| asset.name == name).unwrap().text;
            let key = |line: &'static str| line.trim_start().strip_prefix('"')?.split_once("\": ");
            words.lines().filter_map(|line| Some(key(line)?.0)).collect::<Vec<_>>()
        };
        let english = keys("words-en.js");
        assert!(english.len() > 100, "{}", english.len());
        assert_eq!(english, keys("words-zh.js"));
        for asset in ASSETS.iter().chain([&INDEX]) {
            for word in [" say(\"", "(say(\"", "data-say=\"", "data-label=\"", "${say(\""] {
                for key in quoted_after(asset.text, word) {
                    assert!(english.contains(&key), "{}: {key} has no words", asset.name);
                }
            }
        }
    }
}
