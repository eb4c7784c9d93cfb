//! The client against the sandbox's stand-in, which was written from the same sources by someone
//! else: where both agree, neither has misread alone.

use picdesk_core::generation::Size;
use picdesk_sandbox::images::{
    Drawing, ImagesFault, ImagesOptions, ImagesStandIn, Stage, decode_nonce,
};

use super::*;

async fn stand_in() -> ImagesStandIn {
    let options = ImagesOptions { drawing: Drawing::Plain, ..ImagesOptions::default() };
    ImagesStandIn::start(options).await.unwrap()
}

fn settings_for(provider: &ImagesStandIn) -> ImagesSettings {
    let api_key = Secret::new(provider.api_key());
    ImagesSettings { api_key, ..settings(&provider.base_url()) }
}

fn small() -> PictureRequest {
    PictureRequest { size: Size { width: 1024, height: 1024 }, partials: 2, ..request() }
}

fn png() -> Reference {
    let mut file = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(64, 48, image::Rgb([200, 80, 20]));
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    reference(&file.into_inner(), PictureFormat::Png)
}

fn assert_picture(bytes: &[u8], format: image::ImageFormat) {
    let picture = image::load_from_memory_with_format(bytes, format).unwrap();
    assert_eq!((picture.width(), picture.height()), (1024, 1024));
}

#[tokio::test]
async fn words_and_references_become_pictures_in_every_format() {
    let provider = stand_in().await;
    let client = client(settings_for(&provider));
    let formats = [
        (PictureFormat::Png, image::ImageFormat::Png),
        (PictureFormat::Jpeg, image::ImageFormat::Jpeg),
        (PictureFormat::Webp, image::ImageFormat::WebP),
    ];
    for (count, (format, read_as)) in formats.into_iter().enumerate() {
        let references = vec![png(); count];
        let prompt = format!("{count} foxes");
        let ask = PictureRequest { prompt, format, references, ..small() };
        let (made, album) = make(&client, ask).await;
        let made = made.unwrap();
        assert_eq!((made.size, made.format), (Some(small().size), Some(format)));
        assert!(made.cost_micro_usd().is_some_and(|cost| cost > 0));
        assert!(made.request_id.is_some());
        assert_eq!(made.spent.unwrap().usage.image_in > 0, count > 0);
        assert_picture(&album.picture, read_as);
        assert_eq!(album.partials.iter().map(|partial| partial.0).collect::<Vec<_>>(), [0, 1]);
        for (_, partial) in &album.partials {
            assert_picture(partial, read_as);
        }
        let nonce = decode_nonce(&album.picture).unwrap();
        assert_eq!(nonce.stage, Stage::Final);
    }
    let calls = provider.calls();
    assert_eq!(calls.iter().map(|call| call.references.len()).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(provider.rejections().is_empty());
    assert!(provider.double_submissions().is_empty());
}

/// What a fault of the provider's is to us.
fn expected(fault: &ImagesFault) -> &'static str {
    match fault {
        // What a picture shows, and whether it is one, is for whoever decodes it.
        ImagesFault::Slow { .. }
        | ImagesFault::NotAPicture
        | ImagesFault::OneBitBomb
        | ImagesFault::RgbaBomb
        | ImagesFault::WrongSize
        | ImagesFault::UrlInsteadOfBase64 => "made",
        ImagesFault::ModerationBlocked { .. } => "refused",
        ImagesFault::RateLimit { .. } | ImagesFault::SlowDown => "rate_limited",
        ImagesFault::InsufficientQuota { .. } => "out_of_funds",
        ImagesFault::Overloaded => "overloaded",
        ImagesFault::ServerError
        | ImagesFault::InvalidBase64
        | ImagesFault::EmptyData
        | ImagesFault::ErrorInStream
        | ImagesFault::NoStreaming
        | ImagesFault::EndlessLine => "failed",
        ImagesFault::Gateway { .. }
        | ImagesFault::AcceptThenHang
        | ImagesFault::DropAnswer
        | ImagesFault::CutBody { .. }
        | ImagesFault::Html
        | ImagesFault::Drip { .. } => "uncertain",
    }
}

async fn outcome_of(fault: ImagesFault, partials: u8) -> &'static str {
    let provider = stand_in().await;
    // What never ends has to end with the test.
    let ends = !matches!(fault, ImagesFault::AcceptThenHang | ImagesFault::Drip { .. });
    let timeout = if ends { Duration::from_mins(5) } else { Duration::from_secs(3) };
    let client = client(ImagesSettings { timeout, ..settings_for(&provider) });
    provider.fault(fault);
    let (made, _) = make(&client, PictureRequest { partials, ..small() }).await;
    assert!(provider.calls().len() <= 1);
    made.map_or_else(|failed| failed.error.name(), |_| "made")
}

#[tokio::test]
async fn every_fault_of_the_stand_in_is_told_for_what_it_is() {
    for fault in ImagesFault::all() {
        if matches!(fault, ImagesFault::Slow { .. }) {
            continue;
        }
        for partials in [0, 2] {
            // Without a stream there is nothing for it to refuse.
            let is_spared = fault == ImagesFault::NoStreaming && partials == 0;
            let expected = if is_spared { "made" } else { expected(&fault) };
            let outcome = outcome_of(fault.clone(), partials).await;
            assert_eq!(outcome, expected, "{fault:?}, {partials} partial pictures");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_the_operators_fault() {
    let provider = stand_in().await;
    let settings = ImagesSettings { api_key: Secret::new("sk-wrong"), ..settings_for(&provider) };
    let (made, _) = make(&client(settings), small()).await;
    assert_eq!(made.unwrap_err().error, MakeError::Unauthorized);
}
