//! Bodies that nobody ever meant, at every other door that takes one: Creem's webhook, the pages
//! where people sign in, the website's own call, and WeCom's callbacks.

use futures_util::{StreamExt as _, stream};
use picdesk_sandbox::telegram::ALICE;
use picdesk_wecom::{
    envelope::{AesKey, Envelope},
    verify::Secret,
};
use rand::{SeedableRng as _, rngs::StdRng};
use reqwest::RequestBuilder;

use super::{
    Called,
    bodies::{mutated, named, text_mutants},
    caller::CUT,
};
use crate::{
    database::databases,
    house::{BotWay, Given},
    stories::bot_says,
};

/// Bodies with chance at work, for each door.
const MUTANTS: usize = 120;
/// Callers at once.
const AT_ONCE: usize = 20;
/// Longer than any body that is taken anywhere.
const TOO_LARGE: usize = (1 << 20) + 1;

/// Houses with every door there is.
async fn houses() -> Vec<Called> {
    let mut all = Vec::new();
    for database in databases().await {
        let given = Given {
            sells: true,
            site: true,
            wecom: Some(BotWay::Callback),
            link: "codes_per_h = 60\ntries = 20\n",
            ..Given::default()
        };
        all.push(Called::build(database, given).await);
    }
    all
}

/// The statuses of all of these.
async fn statuses(requests: Vec<RequestBuilder>) -> Vec<u16> {
    stream::iter(requests)
        .map(|asked| async move { asked.send().await.map_or(CUT, |it| it.status().as_u16()) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// Bodies by name, large ones, and these samples with chance at work.
fn hostile(samples: &[String]) -> Vec<String> {
    let mut all: Vec<String> = named().into_iter().map(|(_, body)| body).collect();
    all.extend(["", "{", "null", "[]", "1", "\"x\"", "{}", "\0"].map(str::to_owned));
    all.push(" ".repeat(TOO_LARGE));
    all.extend(text_mutants(11, samples, MUTANTS));
    all
}

/// The files of a folder, from the root of the repository.
fn samples(folder: &str) -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// How many events of people were written down; what the house tells itself does not count.
async fn brought(called: &Called) -> i64 {
    let store = called.house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select count(*) from inbox where origin = 'people'";
    connection.rows(text, &[]).await.unwrap()[0].int(0).unwrap()
}

/// What everybody else brings is answered as ever, and nothing of it is lost.
async fn end(called: Called) {
    let before = called.events().await;
    let update = super::text_update(920_000, ALICE, 920, "/help").to_string();
    assert_eq!(called.caller.bring(update).await, 200);
    assert!(called.events().await > before);
    called.end(0).await;
}

#[tokio::test]
async fn whatever_creem_is_said_to_tell_is_believed_by_its_signature_alone() {
    for called in houses().await {
        let events = samples("src/creem/samples");
        let bodies = hostile(&events);
        let tell = |body: &String| {
            let asked = called.caller.ask("POST", "/creem/webhook").body(body.clone());
            asked.header("content-type", "application/json")
        };
        let wrong = |body: &String| tell(body).header("creem-signature", "00".repeat(32));
        let strangers = bodies.iter().map(tell).chain(bodies.iter().map(wrong)).collect();
        for status in statuses(strangers).await {
            assert!([401, 413, CUT].contains(&status), "{status}");
        }
        let before = called.events().await;
        let signed = |body: &String| {
            tell(body).header("creem-signature", called.house.creem().signature(body))
        };
        for status in statuses(bodies.iter().map(signed).collect()).await {
            assert!([200, 400, 413, CUT].contains(&status), "{status}");
        }
        // What Creem really tells is taken among all that, each once.
        for status in statuses(events.iter().chain(&events).map(signed).collect()).await {
            assert_eq!(status, 200);
        }
        let taken = called.events().await - before;
        assert!(taken >= events.len() as i64, "{taken} of {}", events.len());
        end(called).await;
    }
}

#[tokio::test]
async fn whatever_is_sent_to_the_pages_where_people_sign_in_breaks_nothing() {
    for called in houses().await {
        called.house.telegram.say(ALICE, "/link").unwrap();
        let ways = bot_says(&called.house, ALICE, "Linked chats have one account").await;
        let label = "Sign in in the browser";
        called.house.telegram.press(ALICE, ALICE, ways.message, label).unwrap();
        let said = bot_says(&called.house, ALICE, "Sign in here within").await;
        let url = said.text.split_whitespace().find(|part| part.starts_with("http")).unwrap();
        let page = &url[url.find("/link/").unwrap()..];
        let mut chance = StdRng::seed_from_u64(5);
        let mut requests = Vec::new();
        let forms = ["email=a%40example.com", "code=123456&email=x", "step=%00&email[]=1", "yes=1"];
        let bodies = hostile(&forms.map(str::to_owned));
        for body in &bodies {
            let form = "application/x-www-form-urlencoded";
            for kind in [form, "application/json", "multipart/form-data"] {
                let asked = called.caller.ask("POST", page).header("content-type", kind);
                requests.push(asked.header("cookie", "picdesk=%ff;;=").body(body.clone()));
            }
            let token = body.chars().take(60).filter(char::is_ascii_alphanumeric);
            let token: String = token.collect::<String>() + "x";
            requests.push(called.caller.ask("POST", &format!("/link/{token}")).body(body.clone()));
            let bearer = format!("Bearer {token}.{token}.{token}");
            let asked = called.caller.ask("POST", "/api/link-codes").body(body.clone());
            requests.push(asked.header("authorization", bearer));
            requests.push(called.caller.ask("POST", "/api/link-codes").body(body.clone()));
        }
        for _ in 0..MUTANTS {
            let changed = mutated(&mut chance, page.as_bytes());
            let path = url::form_urlencoded::byte_serialize(&changed).collect::<String>();
            for path in [
                format!("/link/{path}"),
                format!("/link/callback?code={path}&state={path}"),
                format!("/link/callback?error={path}"),
                format!("/creem/return?checkout_id={path}&signature={path}"),
                format!("/creem/portal/{path}?open"),
                format!("{page}/google?{path}"),
            ] {
                requests.push(called.caller.ask("GET", &path));
            }
        }
        for status in statuses(requests).await {
            assert!(status < 500, "{status}");
        }
        end(called).await;
    }
}

#[tokio::test]
async fn whatever_is_brought_as_a_callback_of_wecoms_breaks_nothing() {
    for called in houses().await {
        let options = called.house.wecom().options();
        let doors = [
            ("/wecom/callback", &options.token, &options.aes_key, options.corp_id.as_str()),
            ("/wecom/bot", &options.bot.token, &options.bot.aes_key, ""),
        ];
        let came = [samples("bots/wecom/samples/came/app"), samples("bots/wecom/samples/came/bot")];
        for ((path, token, key, receiver), came) in doors.into_iter().zip(&came) {
            let key = AesKey::read(key).unwrap();
            let envelope = Envelope::new(Secret::new(token.clone()), key, receiver);
            let bodies = hostile(came);
            let unsigned = bodies.iter().flat_map(|body| {
                let forged = format!("{path}?msg_signature=00&timestamp=1790000000&nonce=n");
                let paths = [path.to_owned(), forged, format!("{path}?msg_signature=%ff&&==")];
                let caller = &called.caller;
                paths.map(|path| caller.ask("POST", &path).body(body.clone()))
            });
            let before = brought(&called).await;
            for status in statuses(unsigned.collect()).await {
                assert!((400..500).contains(&status) || status == CUT, "{path}: {status}");
            }
            assert_eq!(brought(&called).await, before, "nobody signed that");
            // Whoever has the token and the key may say anything.
            let signed = bodies.iter().chain(came).enumerate().map(|(number, body)| {
                // By somebody else each time: what one member is told in a minute has a limit, and
                // all of it is waited for.
                let body = body.replace("lisi_01", &format!("lisi_{number}"));
                let sealed = envelope.encrypt(&body, [7; 16]);
                let signature = envelope.sign("1790000000", "n", &sealed);
                let query = format!("msg_signature={signature}&timestamp=1790000000&nonce=n");
                let outer = if receiver.is_empty() {
                    serde_json::json!({"encrypt": sealed}).to_string()
                } else {
                    format!("<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>")
                };
                called.caller.ask("POST", &format!("{path}?{query}")).body(outer)
            });
            for status in statuses(signed.collect()).await {
                assert!(status < 500, "{path}: {status}");
            }
        }
        end(called).await;
    }
}
