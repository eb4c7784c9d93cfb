//! The pages: what they show to whom, and that everything else is one and the same nothing.

use std::io::{Cursor, Read as _};

use picdesk::{buttons::Seal, clock::Clock, store::people};
use picdesk_core::id::{AccountId, ArtifactId};
use picdesk_sandbox::telegram::{ALICE, XIAOMING};
use reqwest::{Response, StatusCode};

use super::Called;
use crate::{
    database::databases,
    house::{Given, House},
    stories::{bot_says, picture_of},
};

/// A desk with a picture of Alice's, and her gallery.
struct Shown {
    called: Called,
    gallery: String,
    seal: Seal,
}

impl Shown {
    async fn build(database: crate::database::TestDatabase) -> Self {
        eprintln!("on {}", database.kind());
        let house = House::build_on(database, Given { webhook: true, ..Given::default() }).await;
        let desk = house.open().await;
        house.telegram.say(ALICE, "a fox in the snow").unwrap();
        picture_of(&house, ALICE, "a fox in the snow").await;
        house.until_quiet().await;
        house.telegram.say(ALICE, "/history").unwrap();
        let list = bot_says(&house, ALICE, "kept, newest first").await;
        let url = list.buttons.iter().flatten().find_map(|it| it.url.clone()).unwrap();
        let store = house.look().await;
        let key = store
            .writer()
            .run(|tx| Box::pin(async move { people::setting(tx, "seal", b"").await }))
            .await
            .unwrap();
        let gallery = url[url.find("/g/").unwrap()..].to_owned();
        Self { called: Called::open(house, desk).await, gallery, seal: Seal::new(key) }
    }

    async fn get(&self, path: &str) -> Response {
        self.called.caller.ask("GET", path).send().await.unwrap()
    }

    async fn page(&self) -> String {
        self.get(&self.gallery).await.text().await.unwrap()
    }

    async fn number(&self, text: &'static str) -> i64 {
        let store = self.called.house.look().await;
        let mut connection = store.read().await.unwrap();
        connection.rows(text, &[]).await.unwrap()[0].int(0).unwrap()
    }
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The addresses on a page that begin so.
fn addresses(page: &str, begin: &str) -> Vec<String> {
    let quoted = page.split('"').filter(|part| part.starts_with(begin));
    quoted.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_gallery_shows_its_pictures_and_gives_them_whole() {
    for database in databases().await {
        let shown = Shown::build(database).await;
        let answer = shown.get(&shown.gallery).await;
        assert_eq!(header(&answer, "cache-control"), "private, no-store");
        assert!(header(&answer, "content-security-policy").contains("default-src 'none'"));
        let page = answer.text().await.unwrap();
        assert!(page.contains("1 picture") && page.contains("Its address works until"), "{page}");
        let start = addresses(&page, "https://t.me/picdesk_bot?start=");
        assert_eq!(start.len(), 2, "beside the picture, and in its large view");

        let original = shown.get(&addresses(&page, "/p/")[0]).await;
        assert_eq!(original.status(), StatusCode::OK);
        assert_eq!(header(&original, "x-content-type-options"), "nosniff");
        assert!(header(&original, "content-disposition").starts_with("attachment;"));
        assert_eq!(header(&original, "content-security-policy"), "sandbox; default-src 'none'");
        let original = original.bytes().await.unwrap();

        let small = addresses(&page, &format!("{}/", shown.gallery));
        let small = small.iter().find(|it| !it.ends_with("pictures.zip")).unwrap();
        // Once it is made, once it is kept.
        for _ in 0..2 {
            let answer = shown.get(small).await;
            assert_eq!(header(&answer, "content-type"), "image/jpeg");
            assert!(answer.bytes().await.unwrap().len() < original.len());
        }

        let archive = shown.get(&format!("{}/pictures.zip", shown.gallery)).await;
        assert!(header(&archive, "content-disposition").starts_with("attachment;"));
        let archive = archive.bytes().await.unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
        let mut bytes = Vec::new();
        archive.by_index(0).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!((archive.len(), bytes.as_slice()), (1, &*original));

        let payload = start[0].rsplit('=').next().unwrap();
        let said = format!("/start {payload}");
        shown.called.house.telegram.say(ALICE, &said).unwrap();
        shown.called.house.until_quiet().await;
        let chat = shown.called.house.telegram.chat(ALICE);
        let reopened = chat.last().unwrap();
        assert!(reopened.picture.is_some() && reopened.button("Change…").is_some(), "{chat:?}");
        shown.called.house.telegram.say(XIAOMING, &said).unwrap();
        shown.called.house.until_quiet().await;
        let stranger = shown.called.house.telegram.chat(XIAOMING);
        assert!(stranger.iter().all(|message| message.picture.is_none()), "{stranger:?}");
        shown.called.end(0).await;
    }
}

#[tokio::test]
async fn whatever_opens_nothing_looks_the_same() {
    for database in databases().await {
        let shown = Shown::build(database).await;
        let artifact = ArtifactId(shown.number("select id from artifacts").await);
        let account = AccountId(shown.number("select account from artifacts").await);
        let now = Clock::system().now_ms();
        let picture = shown.seal.picture(artifact);
        let (whose, token) = (|id, until| shown.seal.gallery(id, until), &shown.gallery[3..]);
        let nowhere = [
            "/p/x".to_owned(),
            "/p/%FF".to_owned(),
            "/p/..%2F..%2Fetc%2Fpasswd".to_owned(),
            format!("/p/{}", "A".repeat(4_000)),
            format!("/p/{token}"),
            format!("/p/{}", shown.seal.picture(ArtifactId(artifact.0 + 1))),
            format!("/p/{}", Seal::new(vec![7; 32]).picture(artifact)),
            format!("/g/{token}/x"),
            format!("/g/{token}/%FF"),
            format!("/g/{token}/{}", shown.seal.picture(ArtifactId(artifact.0 + 1))),
            format!("/g/{}/{picture}", whose(account, now - 1)),
            format!("/g/{}/{picture}", whose(AccountId(account.0 + 1), now + 99_999)),
        ];
        let mut answers = Vec::new();
        for path in nowhere {
            let answer = shown.get(&path).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
            assert_eq!(header(&answer, "cache-control"), "private, no-store", "{path}");
            answers.push(answer.text().await.unwrap());
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        for path in [
            "/g/x".to_owned(),
            format!("/g/{picture}"),
            format!("/g/{}", whose(account, now - 1)),
            format!("/g/{}/pictures.zip", whose(account, now - 1)),
        ] {
            let answer = shown.get(&path).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
            let page = answer.text().await.unwrap();
            assert!(page.contains("This page has expired"), "{path}: {page}");
        }
        let odd = format!("{}?before=%00'&before={picture}", shown.gallery);
        assert_eq!(shown.get(&odd).await.status(), StatusCode::OK);
        assert!(shown.page().await.contains("1 picture"));
        shown.called.end(0).await;
    }
}
