//! Requests of the API, from JSON or a multipart form to an [`Ask`] that can be drawn.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::problem::{Problem, unknown_model};
use super::reference::{Reference, picture_size};
use super::size::parse_size;
use picdesk_paint::Format;

/// Models that exist. Source: `image_model.py` of openai-python 3.54.0; gpt-image-1 and DALL·E
/// were shut down in 2026.
const MODELS: [&str; 12] = [
    "gpt-image-2",
    "gpt-image-2-2026-04-21",
    "gpt-image-2.5-sunburst",
    "gpt-image-2.5-flare",
    "gpt-image-2.5-sunburst-2026-09-08",
    "gpt-image-2.5-flare-2026-09-08",
    "gpt-image-2.6-sunburst",
    "gpt-image-2.6-flare",
    "gpt-image-1.5",
    "gpt-image-1-mini",
    "chatgpt-image-latest",
    "gpt-image-1.5-2025-12-16",
];

/// What the two operations take besides files.
const FIELDS: [&str; 14] = [
    "prompt",
    "model",
    "n",
    "size",
    "quality",
    "background",
    "output_format",
    "output_compression",
    "moderation",
    "stream",
    "partial_images",
    "safety_identifier",
    "user",
    "input_fidelity",
];

/// Longest prompt, characters. Source: `image_generate_params.py`.
const PROMPT_CHARS_MAX: usize = 32_000;
/// Most pictures of one call, and most references of an edit.
const COUNT_MAX: u64 = 10;
const REFERENCES_MAX: usize = 16;
/// Largest reference, bytes; the mask has its own.
const REFERENCE_BYTES_MAX: usize = 50_000_000;
const MASK_BYTES_MAX: usize = 4_000_000;

/// Which of the two operations a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// From words alone.
    Generation,
    /// From words and reference pictures.
    Edit,
}

/// How much work a picture is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// Cheapest.
    Low,
    /// Also what `auto` becomes.
    Medium,
    /// Dearest.
    High,
}

impl Quality {
    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Files that came with an edit.
#[derive(Debug, Clone, Default)]
pub(super) struct Files {
    pub(super) images: Vec<Bytes>,
    pub(super) mask: Option<Bytes>,
}

/// A request that passed every check.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) operation: Operation,
    pub(super) model: String,
    pub(super) prompt: String,
    pub(super) count: u8,
    pub(super) size: (u32, u32),
    pub(super) quality: Quality,
    pub(super) transparent: bool,
    pub(super) format: Format,
    pub(super) compression: u8,
    /// How many partial pictures to stream; `None` asks for one JSON body.
    pub(super) partials: Option<u8>,
    pub(super) safety_identifier: Option<String>,
    pub(super) references: Vec<Reference>,
    pub(super) files: Files,
}

/// Reads the fields of a form as JSON would have had them: numbers and booleans as such.
pub(super) fn field_from_text(name: &str, text: String) -> Value {
    match (name, text.as_str()) {
        ("stream", "true" | "True") => Value::Bool(true),
        ("stream", "false" | "False") => Value::Bool(false),
        ("n" | "partial_images" | "output_compression", digits) => {
            digits.parse::<i64>().map_or(Value::String(text), Value::from)
        }
        _ => Value::String(text),
    }
}

/// Checks everything that the provider checks before it makes anything.
pub(super) fn check(
    operation: Operation,
    fields: &Map<String, Value>,
    files: Files,
) -> Result<Ask, Problem> {
    if let Some(name) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let problem = Problem::invalid(format!("Unknown parameter: '{name}'."));
        return Err(problem.code("unknown_parameter").param(name.as_str()));
    }
    let model = text(fields, "model")?.unwrap_or("gpt-image-2").to_owned();
    if !MODELS.contains(&model.as_str()) {
        return Err(unknown_model(&model));
    }
    check_fidelity(fields, &model)?;
    let prompt = prompt(fields)?;
    let size = parse_size(text(fields, "size")?.unwrap_or("auto"), &model)?;
    let format = match choice(fields, "output_format", &["png", "jpeg", "webp"])? {
        "jpeg" => Format::Jpeg,
        "webp" => Format::Webp,
        _ => Format::Png,
    };
    let background = choice(fields, "background", &["auto", "transparent", "opaque"])?;
    let transparent = background == "transparent";
    if transparent && format == Format::Jpeg {
        let text = "Transparent background is not supported for JPEG output format.";
        return Err(Problem::invalid(text).code("invalid_value").param("background"));
    }
    choice(fields, "moderation", &["auto", "low"])?;
    let quality = match choice(fields, "quality", &["auto", "low", "medium", "high"])? {
        "low" => Quality::Low,
        "high" => Quality::High,
        _ => Quality::Medium,
    };
    let count = integer(fields, "n", 1, COUNT_MAX)?.unwrap_or(1);
    let partials = integer(fields, "partial_images", 0, 3)?.unwrap_or(0);
    let compression = integer(fields, "output_compression", 0, 100)?;
    if compression.is_some_and(|value| value != 100) && format == Format::Png {
        let text = "Compression less than 100 is not supported for PNG output format.";
        return Err(Problem::invalid(text).code("invalid_value").param("output_compression"));
    }
    let identifier = match text(fields, "safety_identifier")? {
        Some(identifier) => Some(identifier),
        None => text(fields, "user")?,
    };
    let references = check_files(operation, &files)?;
    Ok(Ask {
        operation,
        model,
        prompt,
        count,
        size,
        quality,
        transparent,
        format,
        compression: compression.unwrap_or(100),
        partials: boolean(fields, "stream")?.then_some(partials),
        safety_identifier: identifier.map(str::to_owned),
        references,
        files,
    })
}

fn prompt(fields: &Map<String, Value>) -> Result<String, Problem> {
    let Some(prompt) = text(fields, "prompt")? else {
        let problem = Problem::invalid("Missing required parameter: 'prompt'.");
        return Err(problem.code("missing_required_parameter").param("prompt"));
    };
    let chars = prompt.chars().count();
    if chars == 0 {
        let text = "Invalid 'prompt': empty string. Expected a string with minimum length 1, but \
            got an empty string instead.";
        return Err(Problem::invalid(text).code("empty_string").param("prompt"));
    }
    if chars > PROMPT_CHARS_MAX {
        let text = format!(
            "Invalid 'prompt': string too long. Expected a string with maximum length \
             {PROMPT_CHARS_MAX}, but got a string with length {chars} instead."
        );
        return Err(Problem::invalid(text).code("string_above_max_length").param("prompt"));
    }
    Ok(prompt.to_owned())
}

/// `input_fidelity` exists for the older models only.
fn check_fidelity(fields: &Map<String, Value>, model: &str) -> Result<(), Problem> {
    if fields.contains_key("input_fidelity") && !model.starts_with("gpt-image-1") {
        let text = format!("The model '{model}' does not support the 'input_fidelity' parameter.");
        let problem = Problem::invalid(text).code("invalid_input_fidelity_model");
        return Err(problem.param("input_fidelity"));
    }
    Ok(())
}

fn check_files(operation: Operation, files: &Files) -> Result<Vec<Reference>, Problem> {
    if operation == Operation::Generation {
        return Ok(Vec::new());
    }
    let count = files.images.len();
    if count == 0 {
        let problem = Problem::invalid("Missing required parameter: 'image'.");
        return Err(problem.code("missing_required_parameter").param("image"));
    }
    if count > REFERENCES_MAX {
        let text = format!(
            "Invalid 'image': array too long. Expected an array with maximum length \
             {REFERENCES_MAX}, but got an array with length {count} instead."
        );
        return Err(Problem::invalid(text).code("array_above_max_length").param("image"));
    }
    let read = |(number, bytes)| read_reference(number, bytes);
    let references: Vec<_> = (1..).zip(&files.images).map(read).collect::<Result<_, _>>()?;
    if let Some(mask) = &files.mask {
        check_mask(mask, references.first())?;
    }
    Ok(references)
}

fn read_reference(number: usize, bytes: &Bytes) -> Result<Reference, Problem> {
    if bytes.is_empty() {
        let problem = Problem::user("empty_image_file", format!("Image {number} is empty."));
        return Err(problem.param("image"));
    }
    if bytes.len() > REFERENCE_BYTES_MAX {
        let text = format!("Image {number} is too large. Each image must be less than 50MB.");
        return Err(Problem::user("image_too_large", text).param("image"));
    }
    Reference::read(bytes).ok_or_else(|| {
        let text =
            format!("Invalid image file or mode for image {number}, please check your image file.");
        Problem::user("invalid_image_file", text).param("image")
    })
}

fn check_mask(mask: &Bytes, first: Option<&Reference>) -> Result<(), Problem> {
    let refuse = |text: &str| Err(Problem::user("invalid_image_file", text).param("mask"));
    if mask.len() > MASK_BYTES_MAX {
        return refuse("Mask is too large. The mask must be less than 4MB.");
    }
    if !mask.starts_with(b"\x89PNG") {
        return refuse("Invalid mask image format - mask must be a PNG image.");
    }
    let same_size = picture_size(mask) == first.map(|first| (first.width, first.height));
    if same_size {
        Ok(())
    } else {
        refuse("Invalid mask image size - mask size does not match image size.")
    }
}

fn wrong_type(name: &str, expected: &str, found: &Value) -> Problem {
    let got = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    let text = format!("Invalid type for '{name}': expected {expected}, but got {got} instead.");
    Problem::invalid(text).code("invalid_type").param(name)
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Problem> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong_type(name, "a string", other)),
    }
}

fn boolean(fields: &Map<String, Value>, name: &str) -> Result<bool, Problem> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(other) => Err(wrong_type(name, "a boolean", other)),
    }
}

fn integer(
    fields: &Map<String, Value>,
    name: &str,
    min: u64,
    max: u64,
) -> Result<Option<u8>, Problem> {
    let Some(value) = fields.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let Some(number) = value.as_i64() else {
        return Err(wrong_type(name, "an integer", value));
    };
    let out_of_range = |bound: &str, code: &'static str| {
        let text = format!("Invalid '{name}': {bound}, but got {number} instead.");
        Problem::invalid(text).code(code).param(name)
    };
    match u64::try_from(number) {
        Ok(value) if value > max => {
            let bound = format!("integer above maximum value. Expected a value <= {max}");
            Err(out_of_range(&bound, "integer_above_max_value"))
        }
        Ok(value) if value >= min => Ok(u8::try_from(value).ok()),
        _ => {
            let bound = format!("integer below minimum value. Expected a value >= {min}");
            Err(out_of_range(&bound, "integer_below_min_value"))
        }
    }
}

/// One of a few words; the first one when nothing was said.
fn choice<'a>(
    fields: &Map<String, Value>,
    name: &str,
    words: &[&'a str],
) -> Result<&'a str, Problem> {
    let Some(said) = text(fields, name)? else {
        return Ok(words.first().copied().unwrap_or_default());
    };
    words.iter().find(|&&word| word == said).copied().ok_or_else(|| {
        let list = words.join("', '");
        let text = format!("Invalid value: '{said}'. Supported values are: '{list}'.");
        Problem::invalid(text).code("invalid_value").param(name)
    })
}
