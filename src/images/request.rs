//! A picture as it is asked for, and the body that asks for it.

use std::{fmt, fs::File, sync::Arc};

use picdesk_core::generation::{Background, Quality, Size};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, RequestBuilder};
use serde::Serialize;

use super::error::{MakeError, Wrong};
use super::settings::ImagesSettings;
use crate::artifacts::pieces;

/// Most reference pictures in one request. Source: OpenAI, images/edits, `image`.
pub const REFERENCES_MAX: usize = 16;
/// Most partial pictures of one picture. Source: OpenAI, images/generations, `partial_images`.
pub(super) const PARTIALS_MAX: u8 = 3;

/// What is to be made. Always one picture: several are several calls, which settle one by one.
#[derive(Clone)]
pub struct PictureRequest {
    /// What it shows, in the customer's words.
    pub prompt: String,
    /// How large.
    pub size: Size,
    /// How well.
    pub quality: Quality,
    /// What is behind it.
    pub background: Background,
    /// The file format.
    pub format: PictureFormat,
    /// What it is made from, in order; none for a picture out of words alone.
    pub references: Vec<Reference>,
    /// The customer, as a hash that the provider cannot resolve.
    pub safety_identifier: String,
    /// How many partial pictures are of use, 0 to 3; fewer may come, or none.
    pub partials: u8,
}

/// A file format of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

/// A picture to make the new one from.
#[derive(Clone)]
pub struct Reference {
    /// The file. It is read while it is sent, so that no picture is whole in memory.
    pub file: Arc<File>,
    /// Its length, bytes.
    pub bytes: u64,
    /// Its format.
    pub format: PictureFormat,
}

/// The JSON of images/generations. GPT image models always answer in base64 and refuse
/// `response_format`; `input_fidelity` is refused by gpt-image-2: neither is sent.
#[derive(Serialize)]
struct Generation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    prompt: &'a str,
    n: u8,
    size: String,
    quality: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    background: Option<&'static str>,
    output_format: &'static str,
    moderation: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    safety_identifier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_images: Option<u8>,
}

impl PictureRequest {
    /// The request as it may be sent: without [`without_injected_options`] tags, and possible.
    pub(super) fn checked(mut self, edits: bool) -> Result<Self, MakeError> {
        self.prompt = without_injected_options(&self.prompt);
        if self.prompt.trim().is_empty() {
            return Err(MakeError::BadRequest(Wrong::Prompt));
        }
        if self.references.len() > REFERENCES_MAX {
            return Err(MakeError::BadRequest(Wrong::Reference { index: Some(REFERENCES_MAX) }));
        }
        if !self.references.is_empty() && !edits {
            return Err(MakeError::BadRequest(Wrong::ReferencesOff));
        }
        if self.background == Background::Transparent && self.format == PictureFormat::Jpeg {
            return Err(MakeError::BadRequest(Wrong::Background));
        }
        Ok(self)
    }

    /// Gives `post` its body: JSON without references, multipart with them.
    pub(super) fn put_into(
        self,
        post: RequestBuilder,
        settings: &ImagesSettings,
        partials: u8,
    ) -> Result<RequestBuilder, MakeError> {
        if self.references.is_empty() {
            Ok(post.json(&self.generation(settings, partials)))
        } else {
            Ok(post.multipart(self.edit(settings, partials)?))
        }
    }

    fn generation<'a>(&'a self, settings: &'a ImagesSettings, partials: u8) -> Generation<'a> {
        Generation {
            model: settings.names_model().then_some(settings.model.as_str()),
            prompt: &self.prompt,
            n: 1,
            size: size_text(self.size),
            quality: quality_word(self.quality),
            background: background_word(self.background),
            output_format: self.format.name(),
            moderation: settings.moderation.word(),
            safety_identifier: &self.safety_identifier,
            stream: (partials > 0).then_some(true),
            partial_images: (partials > 0).then_some(partials),
        }
    }

    /// The multipart form of images/edits. It has no `moderation` (openai-python 3.54.0,
    /// `image_edit_params.py`). One picture is called `image`, several `image[]`, as the SDK has
    /// it; every part is as long as it says, so that no gateway meets a chunked upload.
    fn edit(self, settings: &ImagesSettings, partials: u8) -> Result<Form, MakeError> {
        let mut form = Form::new();
        if settings.names_model() {
            form = form.text("model", settings.model.clone());
        }
        form = form
            .text("prompt", self.prompt)
            .text("n", "1")
            .text("size", size_text(self.size))
            .text("quality", quality_word(self.quality))
            .text("output_format", self.format.name());
        if let Some(background) = background_word(self.background) {
            form = form.text("background", background);
        }
        if !self.safety_identifier.is_empty() {
            form = form.text("safety_identifier", self.safety_identifier);
        }
        if partials > 0 {
            form = form.text("stream", "true").text("partial_images", partials.to_string());
        }
        let name = if self.references.len() == 1 { "image" } else { "image[]" };
        for (index, reference) in self.references.into_iter().enumerate() {
            form = form.part(name, reference.part(index)?);
        }
        Ok(form)
    }
}

impl Reference {
    /// The file's name says nothing of the customer's.
    fn part(self, index: usize) -> Result<Part, MakeError> {
        let body = Body::wrap_stream(pieces(self.file, self.bytes));
        let file_name = format!("reference-{}.{}", index + 1, self.format.extension());
        Part::stream_with_length(body, self.bytes)
            .file_name(file_name)
            .mime_str(self.format.mime())
            .map_err(|_| MakeError::BadRequest(Wrong::Reference { index: Some(index) }))
    }
}

/// Takes out `<sd_cpp_extra_args>`: stable-diffusion.cpp's server reads generation options from
/// such tags in the prompt, so that a customer could set them.
///
/// A tag, with what it encloses, becomes a space, so that no tag can come together around it.
fn without_injected_options(prompt: &str) -> String {
    const OPEN: &str = "<sd_cpp_extra_args>";
    const CLOSE: &str = "</sd_cpp_extra_args>";
    let folded = prompt.to_ascii_lowercase();
    let mut clean = String::with_capacity(prompt.len());
    let mut at = 0;
    // Folding ASCII keeps every byte where it was: positions in one are positions in the other.
    while let Some((text, tail)) = prompt.get(at..).zip(folded.get(at..)) {
        let next = [OPEN, CLOSE]
            .into_iter()
            .filter_map(|tag| tail.find(tag).map(|start| (start, tag)))
            .min_by_key(|(start, _)| *start);
        let Some((start, tag)) = next else {
            clean.push_str(text);
            break;
        };
        clean.extend([text.get(..start).unwrap_or_default(), " "]);
        let inside = start + tag.len();
        let enclosed = if tag == OPEN {
            tail.get(inside..).and_then(|rest| rest.find(CLOSE)).map(|end| end + CLOSE.len())
        } else {
            None
        };
        at += inside + enclosed.unwrap_or(0);
    }
    clean
}

impl PictureFormat {
    /// The word that the API has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }

    /// How such a file's name ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }

    /// Its media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// Reads the API's word.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "png" => Some(Self::Png),
            "jpeg" | "jpg" => Some(Self::Jpeg),
            "webp" => Some(Self::Webp),
            _ => None,
        }
    }
}

/// `1024x1536`
fn size_text(size: Size) -> String {
    format!("{}x{}", size.width, size.height)
}

/// Reads `1024x1536`.
pub(super) fn read_size(text: &str) -> Option<Size> {
    let (width, height) = text.split_once('x')?;
    Some(Size { width: width.parse().ok()?, height: height.parse().ok()? })
}

fn quality_word(quality: Quality) -> &'static str {
    match quality {
        Quality::Low => "low",
        Quality::Medium => "medium",
        Quality::High => "high",
    }
}

/// None where not saying it means the same, and some gateways stumble over it.
fn background_word(background: Background) -> Option<&'static str> {
    match background {
        Background::Auto => None,
        Background::Opaque => Some("opaque"),
        Background::Transparent => Some("transparent"),
    }
}

/// Without the prompt, the pictures and the customer.
impl fmt::Debug for PictureRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PictureRequest")
            .field("size", &self.size)
            .field("quality", &self.quality)
            .field("background", &self.background)
            .field("format", &self.format)
            .field("references", &self.references)
            .field("partials", &self.partials)
            .finish_non_exhaustive()
    }
}

/// Without the picture.
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reference")
            .field("format", &self.format)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn options_for_the_server_are_taken_out_of_a_prompt() {
        let cases = [
            ("a fox", "a fox"),
            ("a <sd_cpp_extra_args>{\"steps\":999}</sd_cpp_extra_args>fox", "a  fox"),
            ("a <SD_CPP_EXTRA_ARGS>x</sd_cpp_EXTRA_args>fox", "a  fox"),
            ("a <sd_cpp_extra_args>fox", "a  fox"),
            ("a </sd_cpp_extra_args>fox", "a  fox"),
            ("<sd_cpp_<sd_cpp_extra_args>extra_args>fox", "<sd_cpp_ extra_args>fox"),
            ("狐狸<sd_cpp_extra_args>雪</sd_cpp_extra_args>狐狸", "狐狸 狐狸"),
        ];
        for (prompt, clean) in cases {
            assert_eq!(without_injected_options(prompt), clean);
        }
    }

    proptest! {
        #[test]
        fn no_way_of_nesting_tags_leaves_one(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "<sd_cpp_extra_args>", "</sd_cpp_extra_args>", "<sd_cpp_", "extra_args>",
                    "</sd_cpp_", "<", "/", "é", "x",
                ]),
                0..24,
            ),
        ) {
            let clean = without_injected_options(&parts.concat());
            prop_assert!(!clean.contains("<sd_cpp_extra_args>"));
            prop_assert!(!clean.contains("</sd_cpp_extra_args>"));
        }
    }

    #[test]
    fn a_size_reads_as_it_is_written() {
        let size = Size { width: 1536, height: 1024 };
        assert_eq!(read_size(&size_text(size)), Some(size));
        assert_eq!(read_size("auto"), None);
        assert_eq!(read_size("-1x2"), None);
    }
}
