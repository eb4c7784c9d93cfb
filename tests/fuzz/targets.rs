//! What must hold for whatever comes from outside: a function for each place where it is first
//! read, which panics where something does not hold. Seeded tests run them on the stable compiler
//! (`tests/it/fuzz.rs`), libFuzzer for as long as one likes (`tests/fuzz/README.md`).

use std::io::Cursor;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use picdesk::{
    creem::notice::{Reading, read as read_creem},
    images::{BodyReader, Found, PIECE_BYTES_MAX},
    pictures::{Fit, Limits, PictureFault, PictureKind, check_and_fit, check_original, examine},
};
use picdesk_telegram::parse::{NotRead, Us, number_of, read_update};
use picdesk_wecom::{
    envelope::{AesKey, Envelope, Flaw, cdata},
    parse::{
        app::read_app,
        bot::read_bot,
        kf::{Page, Reader, read_page},
    },
    verify::{Query, Secret},
    webhook::{BODY_BYTES_MAX, CallbackAnswer, open_app, verify},
    xml::{self, From},
};

/// When everything comes, milliseconds since the epoch.
const RECEIVED_AT: i64 = 1_790_000_900_000;

fn envelope() -> Envelope {
    let key = AesKey::read("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG");
    Envelope::new(Secret::new("ourOwnToken7"), key.expect("43 letters"), "ww00000000example")
}

/// Nobody without the token gets anything opened; rightly signed nonsense is told apart by nothing
/// but its being refused; and what is sealed is opened word for word.
pub fn wecom_envelope(data: &[u8]) {
    let envelope = envelope();
    let signed = |encrypted: &str| {
        let signature = envelope.sign("1790000000", "n", encrypted);
        format!("msg_signature={signature}&timestamp=1790000000&nonce=n")
    };
    // Somebody's query and body.
    let cut = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (query, body) = data.split_at(cut);
    let query = String::from_utf8_lossy(query);
    assert!(open_app(&envelope, &query, body).is_err(), "opened without the token");
    let echoed = matches!(verify(&envelope, &query), CallbackAnswer::Ok { .. });
    assert!(!echoed, "echoed without the token");

    // A ciphertext of somebody who has the token and no key.
    let encrypted = STANDARD.encode(data);
    let outer = format!("<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>");
    let refused = if outer.len() > BODY_BYTES_MAX {
        CallbackAnswer::TooLarge
    } else {
        CallbackAnswer::BadRequest
    };
    assert_eq!(open_app(&envelope, &signed(&encrypted), outer.as_bytes()), Err(refused));
    let text = String::from_utf8_lossy(data);
    let query = signed(&text);
    let query = Query::read(&query).expect("a good query");
    assert!(!matches!(envelope.open(&query, &text), Err(Flaw::Signature)), "rightly signed");

    // Ours.
    let encrypted = envelope.encrypt(&text, [7; 16]);
    let query = signed(&encrypted);
    let query = Query::read(&query).expect("a good query");
    assert_eq!(envelope.open(&query, &encrypted).as_deref(), Ok(&*text));
}

/// What is read of XML is bounded by it, WeCom is borne with more than anybody, and what was read
/// is read again when it is written.
pub fn wecom_xml(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(fields) = xml::read(&text, From::Anybody) else {
        if let Ok(fields) = xml::read(&text, From::WeCom) {
            let _ = read_app(&fields, text.as_bytes().to_vec(), RECEIVED_AT);
        }
        return;
    };
    assert!(fields.len() <= 64, "{} fields", fields.len());
    assert_eq!(xml::read(&text, From::WeCom).as_ref(), Ok(&fields));
    let names = ["Encrypt", "ToUserName", "MsgType", "Content", "MsgId", "Event", "a", "T"];
    let mut written = "<xml>".to_owned();
    let mut length = 0;
    for name in names {
        let Some(value) = fields.find(name) else { continue };
        length += value.len();
        written.extend(["<", name, ">", &cdata(value), "</", name, ">"]);
    }
    assert!(length <= text.len(), "more came out than went in");
    written += "</xml>";
    let again = xml::read(&written, From::Anybody).expect("our own XML");
    for name in names {
        assert_eq!(again.find(name), fields.find(name), "{name}");
    }
    let _ = read_app(&fields, text.as_bytes().to_vec(), RECEIVED_AT);
}

/// No more comes of a page than is on it, and what is too old is left out of the same.
pub fn wecom_kf_page(data: &[u8]) {
    let Ok(page) = serde_json::from_slice::<Page<'_>>(data) else { return };
    let reader = Reader { account: "wkEXAMPLE1", house: "h1", received_at: RECEIVED_AT };
    let all = read_page(&page, reader, None);
    assert!(all.len() <= page.items().len());
    assert_eq!(read_page(&page, reader, Some(i64::MIN)), all);
    assert!(read_page(&page, reader, Some(i64::MAX)).len() <= all.len());
}

/// The same message to the bot is the same event, under the same name.
pub fn wecom_bot(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    assert_eq!(read_bot(&text, RECEIVED_AT, "a"), read_bot(&text, RECEIVED_AT, "a"));
}

/// An update is read, kept aside or nothing to us, and has a number; anything else is none.
pub fn telegram_update(data: &[u8]) {
    let us = Us {
        id: 7_000_000_001,
        username: Some("picture_desk_bot"),
        desk_chat_id: Some(-1_009_000_000_009),
    };
    match read_update(data.to_vec(), &us, RECEIVED_AT) {
        Ok(read) => {
            assert!(number_of(data).is_some(), "an update without a number");
            assert_eq!(read_update(data.to_vec(), &us, RECEIVED_AT), Ok(read));
        }
        Err(NotRead::NotAnUpdate) => {}
        Err(NotRead::NameUnknown) => panic!("our name is known"),
    }
}

/// What Creem tells is the same event, under the same name, however often it is read; and whatever
/// could be one and is not understood is kept.
pub fn creem_event(data: &[u8]) {
    let reading = read_creem(data);
    assert_eq!(read_creem(data), reading);
    let parsed: Result<serde_json::Value, _> = serde_json::from_slice(data);
    let is_object = parsed.is_ok_and(|it| it.is_object());
    match reading {
        Reading::Event(brought) => {
            assert!(is_object, "an event that is no object");
            assert!((1..=200).contains(&brought.id.len()), "its name is {} long", brought.id.len());
        }
        Reading::Unread => assert!(is_object, "nothing to look at"),
        Reading::Nothing => {}
    }
}

/// What a provider's body brings is the same however it is cut, in pieces of bounded length, and
/// never more than its base64 could hold.
pub fn images_stream(data: &[u8]) {
    // The first byte says how the rest is cut.
    let Some((cut, body)) = data.split_first() else { return };
    let whole = brought([body]);
    let pieces = brought(body.chunks(usize::from(*cut % 61) + 1));
    assert_eq!(whole, pieces, "cut every {} bytes", cut % 61 + 1);
    let bytes: usize = whole.iter().map(|(picture, _)| picture.len()).sum();
    assert!(bytes <= body.len() / 4 * 3 + 3, "{bytes} bytes of {}", body.len());
}

/// The picture and the rest of each document in a body.
fn brought<'d>(chunks: impl IntoIterator<Item = &'d [u8]>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut reader = BodyReader::new();
    let mut documents = Vec::new();
    let mut picture = Vec::new();
    let mut take = |reader: &mut BodyReader, mut chunk: Bytes| {
        while let Some(found) = reader.next(&mut chunk) {
            match found {
                Found::Piece(piece) => {
                    assert!(piece.len() <= PIECE_BYTES_MAX, "a piece of {} bytes", piece.len());
                    picture.extend_from_slice(&piece);
                }
                Found::Document(document) => {
                    // Of what is no base64 more or less is read before that is seen, and none used.
                    let mut picture = std::mem::take(&mut picture);
                    if document.scanned.spoiled {
                        picture.clear();
                    }
                    documents.push((picture, document.scanned.rest));
                }
            }
        }
    };
    for chunk in chunks {
        take(&mut reader, Bytes::copy_from_slice(chunk));
    }
    reader.finish();
    take(&mut reader, Bytes::new());
    documents
}

/// Limits under which every picture is decoded soon.
const SMALL: Limits =
    Limits { bytes_max: 1 << 20, side_max: 256, pixels_max: 40_000, memory_max: 8 << 20 };

/// A header tells what the whole is; a preview exists of what is a picture, and of nothing else;
/// and it keeps to its limits.
pub fn picture(data: &[u8]) {
    let seen = examine(data).and_then(|looked| {
        // A PNG comes row by row; of the others the file is in memory too.
        let file = if looked.kind == PictureKind::Png { 0 } else { data.len() as u64 };
        looked.within(&SMALL, file)
    });
    let checked = check_original(Cursor::new(data), &SMALL);
    let fit = Fit { bytes_max: 40_000, side_sum_max: 300, ratio_max: 20, longest_edge: Some(100) };
    let fitted = check_and_fit(Cursor::new(data), &SMALL, |_| Some(fit));
    match (&checked, &fitted) {
        (Ok(looked), Ok((again, fitted))) => {
            assert_eq!((looked, Ok(*looked)), (again, seen.map_err(|fault| fault.name())));
            if let Some(fitted) = fitted {
                assert!(fitted.bytes.len() <= 40_000 && fitted.width + fitted.height <= 300);
                assert!(fitted.bytes.starts_with(&[0xff, 0xd8]), "no JPEG");
            }
        }
        (Err(one), Err(other)) => {
            let source = |fault: &PictureFault| matches!(fault, PictureFault::Source(_));
            assert!(!source(one) && !source(other), "bytes in memory can be read");
        }
        (checked, fitted) => panic!("checked {checked:?}, fitted {fitted:?}"),
    }
}
