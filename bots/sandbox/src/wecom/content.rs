//! What the desk asks to have said, read and held to the limits of its channel.

use serde_json::Value;

use super::cards;
use super::media::LIFE_MS as MEDIA_LIFE_MS;
use super::message::{Content, MenuLine, Stored};
use super::pictures;
use super::record::Media;
use super::refusal::Refusal;
use super::state::State;
use super::world::World;

/// Longest text, bytes; what is longer is cut. Source: documents 90236 and 94677.
const TEXT_MAX: usize = 2048;
/// Longest `head_content` and `tail_content`, bytes. Source: document 94677.
const MENU_EDGE_MAX: usize = 1024;
/// Most lines of a menu. Source: document 94677.
const MENU_LINES_MAX: usize = 50;
/// Most lines that can be tapped; most of all in answers to events. Source: documents 94677, 95122.
const MENU_TAPS_MAX: usize = 10;

/// A body, by the channel it is for.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// `message/send`.
    App(&'a Value),
    /// `kf/send_msg`.
    Kf(&'a Value),
    /// `kf/send_msg_on_event`, and whether it may be a menu.
    KfOnEvent(&'a Value, bool),
}

/// Reads a body.
pub fn read(state: &State, world: &World, body: &Body<'_>) -> Result<Content, Refusal> {
    let (Body::App(fields) | Body::Kf(fields) | Body::KfOnEvent(fields, _)) = *body;
    let kind = fields.get("msgtype").and_then(Value::as_str).unwrap_or_default();
    let unknown = || Refusal::new(40008, "invalid message type");
    let inner = fields.get(kind).ok_or_else(|| match kind {
        "" => unknown(),
        _ => Refusal::new(44004, "missing content of the message"),
    })?;
    match (kind, body) {
        ("text", _) => text(inner),
        ("msgmenu", Body::Kf(_)) => menu(inner, MENU_LINES_MAX),
        ("msgmenu", Body::KfOnEvent(_, true)) => menu(inner, MENU_TAPS_MAX),
        (_, Body::KfOnEvent(..)) => Err(unknown()),
        ("image", _) => media(state, world, inner, "image").map(Content::Image),
        ("voice" | "video" | "file", _) => {
            let stored = media(state, world, inner, kind)?;
            Ok(Content::File(kind.to_owned(), stored))
        }
        ("link", Body::Kf(_)) => link(state, world, inner),
        ("location", Body::Kf(_)) => location(inner),
        ("miniprogram", Body::Kf(_)) => {
            Ok(Content::Service(format!("mini program: {}", required(inner, "title", 64)?)))
        }
        ("ca_link", Body::Kf(_)) => link_of_contact(inner),
        ("markdown", Body::App(_)) => markdown(inner),
        ("textcard", Body::App(_)) => textcard(inner),
        ("news", Body::App(_)) => news(inner),
        ("template_card", Body::App(_)) => {
            cards::check(inner)?;
            Ok(Content::Card { card: inner.clone(), replaced: None })
        }
        _ => Err(unknown()),
    }
}

/// Cuts a text as WeCom does: silently, at a character.
pub fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let fits = (0..=most).rev().find(|at| text.is_char_boundary(*at));
    &text[..fits.unwrap_or(0)]
}

fn text(inner: &Value) -> Result<Content, Refusal> {
    let text = inner.get("content").and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        return Err(Refusal::new(44004, "empty content"));
    }
    Ok(Content::words(cut(text, TEXT_MAX)))
}

fn markdown(inner: &Value) -> Result<Content, Refusal> {
    let text = inner.get("content").and_then(Value::as_str).unwrap_or_default();
    match text.len() {
        0 => Err(Refusal::new(44004, "empty content")),
        1..=TEXT_MAX => Ok(Content::Text { text: text.to_owned(), markdown: true }),
        _ => Err(Refusal::new(45002, "content size out of limit")),
    }
}

/// A text field that must be there and may have so many bytes.
fn required<'a>(inner: &'a Value, name: &str, most: usize) -> Result<&'a str, Refusal> {
    let text = inner.get(name).and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() || text.len() > most {
        return Err(Refusal::parameter(name));
    }
    Ok(text)
}

/// A text field that may be absent and may have so many bytes.
fn optional<'a>(inner: &'a Value, name: &str, most: usize) -> Result<&'a str, Refusal> {
    let text = inner.get(name).and_then(Value::as_str).unwrap_or_default();
    if text.len() > most { Err(Refusal::parameter(name)) } else { Ok(text) }
}

/// The bytes behind a `media_id` of the right kind that is not too old.
pub fn media(state: &State, world: &World, inner: &Value, kind: &str) -> Result<Stored, Refusal> {
    let id = inner.get("media_id").and_then(Value::as_str).unwrap_or_default();
    let media = world.media.get(id).filter(|it| it.kind == kind && !it.robot);
    let media = media.filter(|it| state.now_ms() < it.at_ms + MEDIA_LIFE_MS);
    media.map(|it| stored(state, it)).ok_or_else(Refusal::media)
}

/// What of a file is kept in a message.
pub fn stored(state: &State, media: &Media) -> Stored {
    let bytes = state.blobs.get(&media.blob).unwrap_or_default();
    let (width, height) = pictures::dimensions(&bytes);
    Stored {
        blob: media.blob.clone(),
        name: media.name.clone(),
        mime: media.mime.clone(),
        bytes: media.bytes,
        width,
        height,
    }
}

fn link(state: &State, world: &World, inner: &Value) -> Result<Content, Refusal> {
    let thumb = inner.get("thumb_media_id").cloned().unwrap_or_default();
    media(state, world, &serde_json::json!({"media_id": thumb}), "image")?;
    Ok(Content::Link {
        title: required(inner, "title", 128)?.to_owned(),
        about: optional(inner, "desc", 512)?.to_owned(),
        url: required(inner, "url", TEXT_MAX)?.to_owned(),
    })
}

fn link_of_contact(inner: &Value) -> Result<Content, Refusal> {
    let url = required(inner, "link_url", TEXT_MAX)?.to_owned();
    Ok(Content::Link { title: "Contact".into(), about: String::new(), url })
}

fn location(inner: &Value) -> Result<Content, Refusal> {
    let is_place = ["latitude", "longitude"].iter().all(|it| inner[*it].is_number());
    if !is_place {
        return Err(Refusal::new(95022, "invalid location"));
    }
    Ok(Content::Location {
        name: optional(inner, "name", TEXT_MAX)?.to_owned(),
        address: optional(inner, "address", TEXT_MAX)?.to_owned(),
    })
}

fn textcard(inner: &Value) -> Result<Content, Refusal> {
    let short = |name: &str, most: usize| {
        let text = inner.get(name).and_then(Value::as_str).unwrap_or_default();
        let fits = !text.is_empty() && text.chars().count() <= most;
        fits.then(|| text.to_owned()).ok_or_else(|| Refusal::parameter(name))
    };
    let url = required(inner, "url", TEXT_MAX)?.to_owned();
    Ok(Content::Link { title: short("title", 128)?, about: short("description", 512)?, url })
}

fn news(inner: &Value) -> Result<Content, Refusal> {
    let articles = inner.get("articles").and_then(Value::as_array);
    let articles = articles.filter(|list| (1..=8).contains(&list.len()));
    let articles = articles.ok_or_else(|| Refusal::parameter("articles"))?;
    let mut titles = Vec::new();
    for article in articles {
        titles.push(required(article, "title", 128)?);
        optional(article, "description", 512)?;
    }
    let url = optional(&articles[0], "url", TEXT_MAX)?.to_owned();
    Ok(Content::Link { title: titles.join(" · "), about: String::new(), url })
}

fn menu(inner: &Value, lines_max: usize) -> Result<Content, Refusal> {
    let head = optional(inner, "head_content", MENU_EDGE_MAX)?.to_owned();
    let tail = optional(inner, "tail_content", MENU_EDGE_MAX)?.to_owned();
    let list = inner.get("list").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let lines = list.iter().map(menu_line).collect::<Result<Vec<_>, _>>()?;
    let taps = lines.iter().filter(|it| !matches!(it, MenuLine::Text { .. })).count();
    if lines.len() > lines_max || taps > MENU_TAPS_MAX {
        return Err(Refusal::new(95008, "too many menu items"));
    }
    if lines.is_empty() && head.is_empty() && tail.is_empty() {
        return Err(Refusal::new(44004, "empty menu"));
    }
    Ok(Content::Menu { head, lines, tail })
}

fn menu_line(line: &Value) -> Result<MenuLine, Refusal> {
    let kind = line.get("type").and_then(Value::as_str).unwrap_or_default();
    let inner = line.get(kind).unwrap_or(&Value::Null);
    match kind {
        "click" => {
            let id = required(inner, "id", 128)?;
            if id.contains('#') {
                return Err(Refusal::parameter("click.id"));
            }
            let content = required(inner, "content", 128)?.to_owned();
            Ok(MenuLine::Click { id: id.to_owned(), content })
        }
        "view" => Ok(MenuLine::View {
            url: required(inner, "url", TEXT_MAX)?.to_owned(),
            content: required(inner, "content", 1024)?.to_owned(),
        }),
        "miniprogram" => {
            required(inner, "appid", 32)?;
            required(inner, "pagepath", 1024)?;
            Ok(MenuLine::Miniprogram { content: required(inner, "content", 1024)?.to_owned() })
        }
        // A line break is written as a backslash and an n.
        "text" => {
            let content = required(inner, "content", 256)?.replace("\\n", "\n");
            Ok(MenuLine::Text { content })
        }
        _ => Err(Refusal::new(95009, "invalid menu item type")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_cut_at_a_character_of_at_most_2048_bytes() {
        assert_eq!(cut("狐狸", 5), "狐");
        assert_eq!(cut(&"狐".repeat(1000), TEXT_MAX).len(), 2046);
        assert_eq!(cut("fox", TEXT_MAX), "fox");
    }

    #[test]
    fn a_menu_has_fifty_lines_of_which_ten_can_be_tapped() {
        let click =
            |id: usize| json!({"type": "click", "click": {"id": id.to_string(), "content": "x"}});
        let words = json!({"type": "text", "text": {"content": "x"}});
        let of = |taps: usize, texts: usize| {
            let lines = (0..taps).map(click).chain((0..texts).map(|_| words.clone()));
            menu(&json!({"list": lines.collect::<Vec<_>>()}), MENU_LINES_MAX)
        };
        assert!(of(10, 40).is_ok());
        assert_eq!(of(11, 0).unwrap_err().errcode, 95008);
        assert_eq!(of(10, 41).unwrap_err().errcode, 95008);
        let bad = menu(&json!({"list": [{"type": "press"}]}), MENU_LINES_MAX);
        assert_eq!(bad.unwrap_err().errcode, 95009);
        let hash = json!({"list": [{"type": "click", "click": {"id": "a#b", "content": "x"}}]});
        assert_eq!(menu(&hash, MENU_LINES_MAX).unwrap_err().errcode, 40058);
    }
}
