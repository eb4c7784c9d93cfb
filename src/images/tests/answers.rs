//! What comes back, when it is a picture.

use super::*;

fn usage() -> Value {
    json!({
        "total_tokens": 100, "input_tokens": 50, "output_tokens": 50,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
        "output_tokens_details": {"image_tokens": 50, "text_tokens": 0},
    })
}

#[tokio::test]
async fn a_whole_document_is_a_picture_with_its_facts() {
    let picture = noise(200_000);
    let answer = json!({
        "created": 1, "background": "opaque", "output_format": "webp", "quality": "low",
        "size": "1024x1024", "usage": usage(),
        "data": [{"b64_json": BASE64_STANDARD.encode(&picture), "revised_prompt": "a red fox"}],
    });
    let provider =
        Provider::new(move |_| ([("x-request-id", "req_7")], json_answer(&answer)).into_response())
            .await;
    let (made, album) = ask(&provider).await;
    assert!(album.picture == picture);
    assert_eq!((album.submitted, album.partials.len(), album.restarts), (1, 0, 0));
    let expected = Made {
        bytes: 200_000,
        spent: Some(Spent {
            usage: Usage { text_in: 10, image_in: 40, out: 50 },
            cost_micro_usd: Some(10 * 5 + 40 * 8 + 50 * 30),
        }),
        size: Some(Size { width: 1024, height: 1024 }),
        format: Some(PictureFormat::Webp),
        prompt_was_revised: true,
        request_id: Some("req_7".to_owned()),
    };
    assert_eq!(made, Ok(expected));
    provider.only_request();
}

#[tokio::test]
async fn a_stream_brings_partial_pictures_and_then_the_picture() {
    let (first, second, last) = (noise(70_001), noise(90_002), noise(150_003));
    let usage = usage();
    let body = [
        event("image_generation.partial_image", &first, ",\"partial_image_index\":0"),
        ": keep-alive\n\n".to_owned(),
        event("image_generation.partial_image", &second, ",\"partial_image_index\":1"),
        event("image_generation.completed", &last, &format!(",\"usage\":{usage}")),
    ]
    .concat();
    let provider = Provider::new(move |_| stream_answer(&body)).await;
    let (made, album) = ask(&provider).await;
    let made = made.unwrap();
    assert_eq!((made.bytes, made.cost_micro_usd()), (150_003, Some(1870)));
    assert!(album.picture == last);
    assert!(album.partials == [(0, first), (1, second)]);
    assert!(album.largest_piece <= PIECE_BYTES_MAX);
}

#[tokio::test]
async fn the_type_may_come_after_the_picture_and_the_events_name_may_be_missing() {
    let body = concat!(
        "data: {\"b64_json\":\"cGFydA==\",\"type\":\"image_edit.partial_image\"}\r\n\r\n",
        "data: {\"b64_json\":\"bGFzdA==\",\"type\":\"image_edit.completed\"}\r\n\r\n",
        "data: [DONE]\r\n\r\n",
    );
    let provider = Provider::new(move |_| stream_answer(body)).await;
    let (made, album) = ask(&provider).await;
    assert_eq!(made.unwrap().spent, None);
    assert_eq!(album.picture, b"last");
    assert_eq!(album.partials, [(0, b"part".to_vec())]);
}

#[tokio::test]
async fn unknown_and_broken_events_do_not_get_into_the_picture() {
    let body = [
        event("image_generation.thinking", b"sketch", ""),
        "data: ping\n\ndata: {\n\n".to_owned(),
        "event: image_generation.partial_image\ndata: {\"b64_json\":\"cGFyd!!\"}\n\n".to_owned(),
        event("image_generation.completed", b"picture", ""),
    ]
    .concat();
    let provider = Provider::new(move |_| stream_answer(&body)).await;
    let (made, album) = ask(&provider).await;
    assert_eq!(made.unwrap().bytes, 7);
    assert_eq!(album.picture, b"picture");
    assert_eq!((album.partials.len(), album.restarts), (0, 2));
}

#[tokio::test]
async fn a_gateway_may_answer_in_one_document_though_a_stream_was_asked_for() {
    let provider = Provider::new(|_| picture_answer(b"picture")).await;
    assert_eq!(ask(&provider).await.1.picture, b"picture");
}

#[tokio::test]
async fn a_picture_counts_from_its_last_byte_however_the_connection_ends() {
    let whole = event("image_generation.completed", b"picture", "");
    let provider = Provider::new(move |_| cut_answer(whole.clone())).await;
    assert!(ask(&provider).await.0.is_ok());
    let unended = whole_document_without_end();
    let provider = Provider::new(move |_| cut_answer(unended.clone())).await;
    assert!(ask(&provider).await.0.is_ok());
    let no_blank_line = "data: {\"b64_json\":\"cGljdHVyZQ==\"}".to_owned();
    let provider = Provider::new(move |_| cut_answer(no_blank_line.clone())).await;
    assert_eq!(ask(&provider).await.1.picture, b"picture");
}

fn whole_document_without_end() -> String {
    json!({"data": [{"b64_json": "cGljdHVyZQ=="}]}).to_string()
}

#[tokio::test]
async fn a_picture_at_an_address_of_the_provider_is_fetched_without_the_key() {
    let picture = noise(300_000);
    let stored = picture.clone();
    let provider = Provider::new(move |seen| {
        if seen.path.starts_with("/files/") {
            Bytes::from(stored.clone()).into_response()
        } else {
            json_answer(&json!({"data": [{"b64_json": null, "url": "/files/1.png?sig=2"}]}))
        }
    })
    .await;
    let (made, album) = ask(&provider).await;
    assert_eq!(made.unwrap().bytes, 300_000);
    assert!(album.picture == picture);
    assert!(album.largest_piece <= PIECE_BYTES_MAX);
    assert_eq!(album.submitted, 1);
    let seen = provider.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].path, "/files/1.png?sig=2");
    assert_eq!(seen[1].headers.get("authorization"), None);
}

#[tokio::test]
async fn a_data_address_is_a_picture() {
    let answer = json!({"data": [{"url": "data:image/png;base64,cGljdHVyZQ=="}]});
    let provider = Provider::new(move |_| json_answer(&answer)).await;
    assert_eq!(ask(&provider).await.1.picture, b"picture");
}

#[tokio::test]
async fn eight_large_pictures_at_once_go_by_in_small_pieces() {
    // 25 MB of base64 each, made as it is sent: nobody holds it.
    const CHUNK: usize = 64 * 1024;
    const CHUNKS: usize = 400;
    let provider = Provider::new(|_| {
        let digits = Bytes::from(BASE64_STANDARD.encode(noise(CHUNK * 3 / 4)));
        let start =
            Bytes::from_static(b"data: {\"type\":\"image_generation.completed\",\"b64_json\":\"");
        let body = std::iter::once(start)
            .chain(std::iter::repeat_n(digits, CHUNKS))
            .chain(std::iter::once(Bytes::from_static(b"\"}\n\n")));
        Body::from_stream(stream::iter(body.map(Ok::<_, io::Error>))).into_response()
    })
    .await;
    let client = provider.client();
    let calls = (0..8).map(|_| async {
        let mut pieces = Pieces::default();
        let ask = PictureRequest { partials: 2, ..request() };
        (client.make(ask, &mut pieces).await, pieces)
    });
    for (made, pieces) in futures_util::future::join_all(calls).await {
        let bytes = CHUNK * 3 / 4 * CHUNKS;
        assert_eq!(made.unwrap().bytes, bytes as u64);
        assert_eq!(pieces.bytes, bytes);
        assert!(pieces.largest <= PIECE_BYTES_MAX);
        assert!(pieces.count < bytes / (16 * 1024), "{} pieces", pieces.count);
    }
}

/// A sink that only counts.
#[derive(Default)]
struct Pieces {
    bytes: usize,
    count: usize,
    largest: usize,
}

#[async_trait]
impl PictureSink for Pieces {
    async fn submitted(&mut self) {}

    async fn write(&mut self, piece: Bytes) -> io::Result<()> {
        self.bytes += piece.len();
        self.count += 1;
        self.largest = self.largest.max(piece.len());
        Ok(())
    }

    async fn partial(&mut self, _index: u32) -> io::Result<()> {
        Ok(())
    }

    async fn restart(&mut self) -> io::Result<()> {
        Ok(())
    }
}
