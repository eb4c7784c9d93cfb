//! Who is let in, and what every route answers to whoever asks wrongly.

use futures_util::{StreamExt as _, stream};
use reqwest::StatusCode;

use super::{
    Called, called_houses,
    caller::{CUT, Caller, SECRET_HEADER},
    scale, text_update,
};
use crate::{
    database::TestDatabase,
    house::{Given, House, SECRET},
};

/// Longer than any update.
const TOO_LARGE: usize = (1 << 20) + 1;

#[tokio::test]
async fn without_the_secret_nothing_is_read_or_written_down() {
    for called in called_houses().await {
        let long = "a".repeat(257);
        let mut wrong: Vec<Vec<&[u8]>> = vec![
            vec![],
            vec![b""],
            vec![b"wrong"],
            vec![long.as_bytes()],
            vec![b"caf\xc3\xa9"],
            vec![b"\xff\xfe"],
            vec![SECRET.as_bytes(), SECRET.as_bytes()],
            vec![SECRET.as_bytes(), b"wrong"],
        ];
        let upper = SECRET.to_uppercase();
        let (doubled, trailing) = ([SECRET, SECRET].concat(), format!("{SECRET}x"));
        for text in [&SECRET[..SECRET.len() - 1], &SECRET[1..], &upper, &doubled, &trailing] {
            wrong.push(vec![text.as_bytes()]);
        }
        for secrets in wrong {
            // The body never comes: only who answers before reading it answers at all.
            let mut bytes = b"POST /telegram/webhook HTTP/1.1\r\nHost: x\r\n".to_vec();
            for secret in &secrets {
                bytes.extend([SECRET_HEADER.as_bytes(), b": ", secret, b"\r\n"].concat());
            }
            bytes.extend(b"Content-Length: 100000\r\n\r\n{\"update_id\":1");
            let answer = called.caller.send(&bytes).await;
            assert_eq!(answer.status, 401, "{secrets:?}: {answer:?}");
            let (_, body) = answer.text.split_once("\r\n\r\n").unwrap();
            assert_eq!(body, "", "the body of a refusal is empty");
        }
        // Again and again, many at once.
        let guesses = (0..scale(1_000, 10_000)).map(|number| {
            let (caller, secret) = (called.caller.clone(), guess(number));
            async move {
                let asked = caller.ask("POST", "/telegram/webhook").header(SECRET_HEADER, secret);
                let update = text_update(number as i64, 77, 1, "/help").to_string();
                asked.body(update).send().await.map_or(CUT, |answer| answer.status().as_u16())
            }
        });
        let statuses: Vec<u16> = stream::iter(guesses).buffer_unordered(16).collect().await;
        assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
        assert_eq!(called.events().await, 0);
        let update = text_update(1, 77, 1, "/help").to_string();
        assert_eq!(called.caller.bring(update).await, 200, "with the secret it is let in");
        assert_eq!(called.events().await, 1);
        called.end(0).await;
    }
}

/// What a guess may add.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// The secret with one bit wrong, or one letter more, or one letter less: another one each time.
fn guess(number: usize) -> Vec<u8> {
    let mut secret = SECRET.as_bytes().to_vec();
    let place = number % secret.len();
    match number % 3 {
        // One of the bits that leave something that a header takes.
        0 => secret[place] ^= 1 << (number / 3 % 3),
        1 => secret.insert(place, LETTERS[number % LETTERS.len()]),
        _ => drop(secret.remove(place)),
    }
    secret
}

#[tokio::test]
async fn every_route_answers_what_is_wrong_with_a_request() {
    for called in called_houses().await {
        let caller = &called.caller;
        let wrong_methods = [
            ("GET", "/telegram/webhook"),
            ("PUT", "/telegram/webhook"),
            ("DELETE", "/telegram/webhook"),
            ("POST", "/p/x"),
            ("POST", "/g/x"),
            ("POST", "/g/x/pictures.zip"),
            ("DELETE", "/g/x/y"),
            ("POST", "/healthz"),
            ("POST", "/readyz"),
            ("POST", "/metrics"),
            ("POST", "/assets/gallery.css"),
        ];
        for (method, path) in wrong_methods {
            let answer = caller.ask(method, path).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
        for path in ["/", "/desk", "/telegram", "/wecom/callback", "/creem/webhook", "/p", "/g/"] {
            let answer = caller.ask("GET", path).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
        for (size, status) in [(TOO_LARGE, 413), (10 * TOO_LARGE, 413)] {
            let whole = vec![b' '; size];
            let answer = caller.bring(whole.clone()).await;
            assert!([status, CUT].contains(&answer), "{size} bytes, declared: {answer}");
            let pieces = whole.chunks(65_536).map(|it| Ok::<_, std::io::Error>(it.to_vec()));
            let pieces: Vec<_> = pieces.collect();
            let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
            let sent = caller.ask("POST", "/telegram/webhook").header(SECRET_HEADER, SECRET);
            // The answer may come, and the connection close, before all of it was sent.
            if let Ok(answer) = sent.body(body).send().await {
                assert_eq!(answer.status(), status, "{size} bytes in pieces");
            }
        }
        let gigabyte = format!(
            "POST /telegram/webhook HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\n\
             Content-Length: 1000000000\r\n\r\n"
        );
        assert_eq!(caller.send(gigabyte.as_bytes()).await.status, 413);
        for body in ["", "{", "null", "[]", "1", "\"x\"", "{}", "{\"update_id\":\"1\"}", "\0"] {
            assert_eq!(caller.bring(body).await, 400, "{body:?}");
        }
        assert_eq!(called.events().await, 0);
        called.end(0).await;
    }
}

#[tokio::test]
async fn while_updates_are_fetched_nobody_can_bring_one() {
    let house = House::build_on(TestDatabase::sqlite(), Given::default()).await;
    let desk = house.open().await;
    let update = text_update(1, 77, 1, "/help").to_string();
    assert_eq!(Caller::of(&desk).bring(update).await, 404);
    house.until_quiet().await;
}

#[tokio::test]
async fn what_cannot_be_written_down_is_asked_for_again() {
    for called in called_houses().await {
        let update = text_update(1, 77, 1, "/help").to_string();
        rename(&called, "alter table inbox rename to inbox_away").await;
        let asked = called.caller.ask("POST", "/telegram/webhook").header(SECRET_HEADER, SECRET);
        let answer = asked.body(update.clone()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("retry-after"));
        assert_eq!(answer.text().await.unwrap(), "", "nothing of the cause");
        rename(&called, "alter table inbox_away rename to inbox").await;
        assert_eq!(called.caller.bring(update).await, 200);
        assert_eq!(called.events().await, 1);
        called.end(1).await;
    }
}

async fn rename(called: &Called, order: &'static str) {
    let store = called.house.look().await;
    let done = store.writer().run(move |tx| Box::pin(async move { tx.run(order, &[]).await }));
    done.await.unwrap();
}
