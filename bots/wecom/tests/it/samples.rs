//! Readings and renderings, as files: what WeCom sends beside what we make of it, and what we send
//! beside the message it was made from. `PICDESK_WRITE_SAMPLES=1` writes the right-hand side anew,
//! to be read before it is committed.

use std::{env, fs, path::Path};

use picdesk_core::{
    channel::{Arrival, OutboundFile, OutboundMessage},
    id::MessageId,
};
use picdesk_wecom::{
    address::Address,
    call::Body,
    parse::{
        app::{Reading, read_app},
        bot::{BotReading, Said, read_bot},
        kf::{Page, Reader, read_page},
    },
    render::{
        InWecom, NoPlan, Plan,
        app::{Frame, render_app},
        bot::{all_numbered, response},
        kf::render_kf,
    },
    streams::{Applied, Stream},
    xml::{self, From},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stand_in::bot_words;

/// When everything here was received.
pub const RECEIVED_AT: i64 = 1_790_000_900_000;

const FRAME: Frame<'_> = Frame {
    agent_id: 1_000_002,
    contact_link: "https://work.weixin.qq.com/kf/kfcEXAMPLE?enc_scene=ENCexample",
    operators: &[],
    now: RECEIVED_AT,
};

/// The samples of a folder by name, whatever their ending.
pub fn samples(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(folder);
    let mut samples: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    samples.sort();
    samples
}

/// Compares with the file of this name in `folder`, or writes it.
fn check(folder: &str, name: &str, made: &Value, wrong: &mut Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(folder)
        .join(format!("{name}.json"));
    let made = serde_json::to_string_pretty(made).unwrap() + "\n";
    if env::var_os("PICDESK_WRITE_SAMPLES").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, made).unwrap();
    } else if fs::read_to_string(&path).ok().as_ref() != Some(&made) {
        wrong.push(format!("{name}:\n{made}"));
    }
}

/// An arrival without its bytes, which are checked to be those that came.
fn shown(arrival: &Arrival, raws: &[&str]) -> Value {
    match arrival {
        Arrival::SetAside { external_id, channel, why, raw } => {
            assert!(raws.iter().any(|one| one.as_bytes() == raw), "the bytes are kept");
            json!({ "set_aside": { "external_id": external_id, "channel": channel, "why": why } })
        }
        Arrival::Asked(_) => panic!("nothing is paid here"),
        Arrival::Event(received) => {
            assert!(raws.iter().any(|one| one.as_bytes() == received.raw), "the bytes are kept");
            let mut value = serde_json::to_value(&**received).unwrap();
            value.as_object_mut().unwrap().remove("raw");
            value
        }
    }
}

pub fn app_reading(raw: &str) -> Value {
    let fields = xml::read(raw, From::WeCom).unwrap();
    match read_app(&fields, raw.into(), RECEIVED_AT) {
        Reading::Nothing => json!("nothing"),
        Reading::Doorbell(bell) => {
            json!({ "doorbell": { "account": bell.account, "token": bell.token } })
        }
        Reading::Arrival(arrival) => shown(&arrival, &[raw]),
    }
}

fn kf_reading(raw: &str) -> Value {
    let page: Page<'_> = serde_json::from_str(raw).unwrap();
    let reader = Reader { account: "wkEXAMPLE1", house: "h1", received_at: RECEIVED_AT };
    let raws: Vec<&str> = page.items().iter().map(|item| item.get()).collect();
    let arrivals: Vec<Value> =
        read_page(&page, reader, None).iter().map(|arrival| shown(arrival, &raws)).collect();
    json!({ "arrivals": arrivals, "has_more": page.has_more(), "next_cursor": page.next_cursor })
}

fn bot_reading(raw: &str) -> Value {
    let answerable = |said: &Said| {
        let mut value = json!({
            "arrival": shown(&said.arrival, &[raw]),
            "stream": said.stream,
            "response_url": said.response_url,
        });
        if let Some(press) = &said.pressed {
            value["pressed"] = json!([press.task, press.key]);
        }
        value
    };
    match read_bot(raw, RECEIVED_AT, "") {
        BotReading::Said(said) => json!({ "said": answerable(&said) }),
        BotReading::Happened(said) => json!({ "happened": answerable(&said) }),
        BotReading::Opened(arrival) => json!({ "opened": shown(&arrival, &[raw]) }),
        BotReading::Noted(arrival) => json!({ "noted": shown(&arrival, &[raw]) }),
        BotReading::Poll { stream } => json!({ "poll": stream }),
        BotReading::Replaced => json!("replaced"),
        BotReading::Nothing => json!("nothing"),
    }
}

type Read = fn(&str) -> Value;

#[test]
fn everything_that_comes_is_read_as_its_reading_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    let kinds: [(&str, Read); 3] = [("app", app_reading), ("kf", kf_reading), ("bot", bot_reading)];
    for (kind, reading) in kinds {
        let came = samples(&format!("came/{kind}"));
        for (name, raw) in &came {
            check(&format!("readings/{kind}"), name, &reading(raw.trim_end()), &mut wrong);
        }
        let readings = samples(&format!("readings/{kind}")).len();
        assert_eq!(came.len(), readings, "{kind}: a reading without what came");
        count += came.len();
    }
    assert!(count >= 60, "only {count} samples");
    assert!(wrong.is_empty(), "{} readings differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_comes_twice_has_the_same_name_twice_and_others_have_others() {
    let mut names: Vec<String> = Vec::new();
    for (_, raw) in samples("came/app") {
        let (once, again) = (app_reading(raw.trim_end()), app_reading(raw.trim_end()));
        assert_eq!(once, again);
        names.extend(once["external_id"].as_str().map(str::to_owned));
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "two happenings of one name");
}

/// A message on its way out, with what the house adds to it.
#[derive(Deserialize)]
struct Sample {
    message: OutboundMessage,
    #[serde(default)]
    edit: Option<MessageId>,
    #[serde(default)]
    file: Option<SampleFile>,
    /// For the bot: messages that are in the answer already.
    #[serde(default)]
    before: Vec<OutboundMessage>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SampleFile {
    Known(String),
    Upload(String),
}

fn file_of(file: Option<SampleFile>) -> Option<OutboundFile> {
    Some(match file? {
        SampleFile::Known(handle) => OutboundFile::Known { handle },
        SampleFile::Upload(name) => {
            OutboundFile::Upload { bytes: vec![0; 10], name, media_type: "image/png" }
        }
    })
}

fn planned(plan: Result<Plan, NoPlan>) -> Value {
    let plan = match plan {
        Ok(plan) => plan,
        Err(NoPlan::Nothing) => return json!("nothing"),
        Err(NoPlan::Reupload) => return json!("reupload"),
        Err(NoPlan::Refused(refusal)) => return json!({ "refused": refusal }),
    };
    let sends: Vec<Value> = plan
        .sends
        .iter()
        .map(|send| {
            let call = send.with_media(Some("MEDIA")).into_owned();
            let Body::Json(body) = call.body else { panic!("a send without a body") };
            let path = call.api.path();
            let mut made = json!({ "call": path, "body": body, "optional": send.optional });
            match &send.in_wecom {
                InWecom::Same => {}
                InWecom::Nothing => made["in_wecom"] = Value::Null,
                InWecom::Instead(call) => {
                    let Body::Json(body) = &call.body else { panic!("a send without a body") };
                    let kind = body["msgtype"].as_str().unwrap();
                    made["in_wecom"] = json!({ kind: body[kind] });
                }
            }
            made
        })
        .collect();
    json!({
        "upload": plan.upload.map(|upload| format!("{upload:?}")),
        "known": plan.known,
        "numbered": plan.numbered,
        "sends": sends,
    })
}

fn answered(sample: Sample) -> Value {
    let address = Address::of(&sample.message.conversation);
    let Some(address @ Address::Talk { .. }) = address else { return json!("not the bot's") };
    let arrival = Arrival::SetAside {
        external_id: String::new(),
        channel: "wecom-bot",
        why: "",
        raw: Vec::new(),
    };
    let said = Said {
        arrival: Box::new(arrival),
        address,
        stream: "s1".into(),
        said_at: RECEIVED_AT,
        response_url: Some("https://qyapi.weixin.qq.com/cgi-bin/aibot/response".into()),
        pressed: None,
        quoted: None,
    };
    let mut stream = Stream::begin(&said, None);
    for message in &sample.before {
        let upload = SampleFile::Upload("picture.png".into());
        stream.apply(message, file_of(Some(upload)), RECEIVED_AT);
    }
    let applied = stream.apply(&sample.message, file_of(sample.file), RECEIVED_AT);
    let (applied, tokens) = match applied {
        Applied::Shown(id, tokens) => (json!({ "shown": id }), tokens),
        Applied::Nothing => (json!("nothing"), Vec::new()),
        Applied::Closed => (json!("closed"), Vec::new()),
        Applied::Refused(refusal) => (json!({ "refused": refusal }), Vec::new()),
    };
    json!({
        "applied": applied,
        "numbered": tokens,
        "now": stream.frame(&bot_words(), RECEIVED_AT),
        "in_the_end": stream.frame(&bot_words(), RECEIVED_AT + 600_000),
        "whole": stream.finish_at.is_some(),
    })
}

#[test]
fn every_message_becomes_the_calls_that_stand_beside_it() {
    let mut wrong = Vec::new();
    let operators = ["olga".to_owned(), "007wang".to_owned()];
    let frame = Frame { operators: &operators, ..FRAME };
    for (kind, at_least) in [("app", 12), ("kf", 10), ("bot", 8)] {
        let messages = samples(&format!("messages/{kind}"));
        for (name, text) in &messages {
            let sample: Sample =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let made = match kind {
                "app" => {
                    let file = file_of(sample.file);
                    planned(render_app(&sample.message, sample.edit.as_ref(), file, frame))
                }
                "kf" => {
                    planned(render_kf(&sample.message, file_of(sample.file), "h1", RECEIVED_AT))
                }
                _ => answered(sample),
            };
            check(&format!("calls/{kind}"), name, &made, &mut wrong);
        }
        assert!(messages.len() >= at_least, "only {} of {kind}", messages.len());
        let calls = samples(&format!("calls/{kind}")).len();
        assert_eq!(messages.len(), calls, "{kind}: calls without their message");
    }
    assert!(wrong.is_empty(), "{} calls differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_later_answer_of_the_bot_has_its_buttons_as_lines() {
    let (_, text) =
        samples("messages/bot").into_iter().find(|(name, _)| name == "receipt").unwrap();
    let sample: Sample = serde_json::from_str(&text).unwrap();
    let picdesk_core::channel::Content::Text(words) = &sample.message.content else { panic!() };
    let (more, tokens) = all_numbered(&sample.message.buttons);
    assert_eq!(tokens, ["tok-Again_1", "tokOriginal"]);
    let body = response(words, &more);
    let content = body["markdown"]["content"].as_str().unwrap();
    assert!(content.ends_with("\n1. 再来一张\n2. 原图"), "{content}");
}
