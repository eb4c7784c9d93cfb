//! What follows, one line each, for snapshots.

use std::{fmt::Write, format, string::String, vec::Vec};

use crate::{
    channel::Place,
    effect::{Body, Effect, Outgoing},
    generation::Options,
    id::Slot,
    say::{Does, Key, Making, Say},
};

/// Columns of a line in a snapshot.
const COLUMNS_MAX: usize = 88;

/// Effects, one line each. Ids of this turn are `#0`, `#1` …
pub fn lines(cause: i64, effects: &[Effect]) -> String {
    let lines: Vec<String> =
        effects.iter().map(|effect| ids(cause, &tidy(&line(effect)))).collect();
    lines.join("\n")
}

/// Lines as a page has room for them: what is longer goes on below, indented.
pub fn folded(lines: &str) -> String {
    let folded: Vec<String> = lines.lines().map(fold).collect();
    folded.join("\n")
}

fn fold(line: &str) -> String {
    let mut folded = String::new();
    let mut columns = 0;
    for word in line.split(' ') {
        let length = word.chars().count();
        if columns > 0 && columns + 1 + length > COLUMNS_MAX {
            folded.push_str("\n    ");
            columns = 4;
        } else if columns > 0 {
            folded.push(' ');
            columns += 1;
        }
        folded.push_str(word);
        columns += length;
    }
    folded
}

fn line(effect: &Effect) -> String {
    match effect {
        Effect::Send(message) => send(message),
        Effect::OpenRequest(request) => format!(
            "open request {} {:?}: {:?} {} each {} cheaper {} references {:?} parent {:?}",
            request.id,
            request.state,
            request.prompt,
            options(request.options),
            request.price_each,
            request.cheaper.map_or("-".into(), |way| {
                format!("{} for {}", options(way.options), way.price)
            }),
            request.references,
            request.parent,
        ),
        Effect::Generate(new) => format!(
            "generate {} of {} with hold {} number {} tag {}",
            new.id, new.request, new.hold, new.number, new.tag
        ),
        Effect::Hold { hold, generation, purse, credits } => {
            format!("hold {credits} as {hold} for {generation} of purse {purse}")
        }
        Effect::AnswerTap { say: said, alert, .. } => match said {
            None => "answer tap".into(),
            Some(said) => {
                format!("answer tap{}: {}", if *alert { " alert" } else { "" }, say(said))
            }
        },
        Effect::SetTimer { id, due_at, event, .. } => {
            let event = format!("{event:?}");
            let name = event.split([' ', '(', '{']).next().unwrap_or_default();
            format!("set timer {id} at {due_at}: {name}")
        }
        Effect::AddToAlbum { album, message, called, .. } => {
            let uncalled = if *called { "" } else { " uncalled" };
            format!("add message {} to album {album}{uncalled}", message.id)
        }
        Effect::KeepArtifact(new) => {
            format!("keep {} of {} until {}", new.id, new.generation, new.expires_at)
        }
        other => format!("{other:?}"),
    }
}

fn send(message: &Outgoing) -> String {
    let mut line = match &message.place {
        Place::New { slot: None } => "send".into(),
        Place::New { slot: Some(slot) } => format!("send as {}", slot_name(*slot)),
        Place::Edit { slot } => format!("edit {}", slot_name(*slot)),
        Place::EditMessage { message } => format!("edit message {message}"),
    };
    write!(line, " in {}", message.conversation).unwrap();
    if let Some(answered) = &message.reply_to {
        write!(line, " answering {answered}").unwrap();
    }
    if message.silent {
        line.push_str(" silently");
    }
    if message.repeat == crate::channel::Repeat::Ask {
        line.push_str(" never twice");
    }
    if let Some(about) = message.about {
        write!(line, " about {about:?}").unwrap();
    }
    match &message.body {
        Body::Say(said) => write!(line, ": {}", say(said)).unwrap(),
        other => write!(line, ": {other:?}").unwrap(),
    }
    for row in &message.keys {
        line.push_str(" /");
        for key in row {
            write!(line, " [{}]", button(key)).unwrap();
        }
    }
    line
}

fn slot_name(slot: Slot) -> String {
    format!("{slot:?}")
}

fn button(key: &Key) -> String {
    match &key.does {
        Does::Act(action) => {
            let name = format!("{:?}", key.label);
            let verb = format!("{:?}", action.verb);
            let verb = if name.starts_with(&verb) { String::new() } else { format!(" = {verb}") };
            format!("{name}{verb} {}", action.row)
        }
        Does::Open(url) => format!("{:?} {url}", key.label),
    }
}

fn say(say: &Say) -> String {
    match say {
        Say::Making(Making {
            prompt,
            options: made,
            references,
            price,
            part,
            place,
            wait_s,
            reduced,
            by_word,
        }) => {
            let reduced = if *reduced { " reduced" } else { "" };
            let by_word = if *by_word { " by word" } else { "" };
            format!(
                "Making {prompt:?} {} for {price}, picture {} of {}, from {references}, \
                 place {place}, wait {wait_s:?}{reduced}{by_word}",
                options(*made),
                part.number,
                part.count,
            )
        }
        other => format!("{other:?}"),
    }
}

fn options(options: Options) -> String {
    let background = match options.background {
        crate::generation::Background::Auto => String::new(),
        other => format!(" {other:?}"),
    };
    format!(
        "{:?} {:?} {:?}{background} ×{}",
        options.resolution, options.shape, options.quality, options.count
    )
}

/// The notation of numbers and absence, without the noise of their types.
fn tidy(line: &str) -> String {
    let mut tidy = String::from(line);
    for name in [
        "Credits",
        "ArtifactId",
        "RequestId",
        "GenerationId",
        "HoldId",
        "EscalationId",
        "AccountId",
        "PurseId",
        "EntryId",
        "TrayId",
        "LinkId",
        "CodeId",
        "OutboundId",
    ] {
        tidy = unwrap(&tidy, name);
    }
    for name in ["ConversationId", "IdentityId", "MessageId", "AlbumId"] {
        tidy = unwrap(&tidy, name);
    }
    for name in ["shape: ", "quality: ", "background: ", "resolution: "] {
        tidy = tidy.replace(name, "");
    }
    let nowhere = ", bytes: None, size: None, name: None, fetch_before: None }";
    tidy = tidy.replace(nowhere, " }").replace("MediaRef ", "");
    tidy = tidy.replace(", by_link: false", "");
    tidy.replace("None", "-").replace("Options { ", "{ ")
}

/// `Credits(3)` becomes `3`.
fn unwrap(line: &str, name: &str) -> String {
    let mut rest = line;
    let mut unwrapped = String::new();
    let open = format!("{name}(");
    while let Some(at) = rest.find(&open) {
        unwrapped.push_str(&rest[..at]);
        rest = &rest[at + open.len()..];
        let end = rest.find(')').unwrap_or(rest.len());
        unwrapped.push_str(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    unwrapped.push_str(rest);
    unwrapped
}

/// Ids of this turn by their ordinal.
fn ids(cause: i64, line: &str) -> String {
    let mut named = String::new();
    let mut digits = String::new();
    for c in line.chars().chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        match digits.parse::<i64>() {
            Ok(id) if id >> 10 == cause => write!(named, "#{}", id & 1023).unwrap(),
            _ => named.push_str(&digits),
        }
        digits.clear();
        named.push(c);
    }
    named.trim_end_matches('\n').into()
}
