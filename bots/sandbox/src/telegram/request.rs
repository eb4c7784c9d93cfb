//! The body of a call: JSON, urlencoded or multipart, read into one form.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// Largest body: a document of 50 MB and its fields.
pub const BODY_MAX: usize = 55 * 1000 * 1000;

/// A file that came in a multipart body.
#[derive(Debug, Clone)]
pub struct Upload {
    /// As the caller named it.
    pub name: Option<String>,
    /// As the caller has it.
    pub mime: Option<String>,
    /// The whole file.
    pub bytes: Bytes,
}

/// Fields and files of a call.
#[derive(Debug, Default)]
pub struct Params {
    fields: Map<String, Value>,
    files: HashMap<String, Upload>,
}

impl Params {
    /// Fields without files.
    pub fn of(fields: Map<String, Value>) -> Self {
        Self { fields, files: HashMap::new() }
    }

    /// Reads the query and the body of a request.
    pub async fn read(request: Request) -> Result<Self, Refusal> {
        let mut params = Self::default();
        if let Some(query) = request.uri().query() {
            params.add_urlencoded(query.as_bytes());
        }
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase();
        if content_type.starts_with("multipart/form-data") {
            params.read_multipart(request).await?;
            return Ok(params);
        }
        let body = axum::body::to_bytes(request.into_body(), BODY_MAX)
            .await
            .map_err(|_| Refusal::too_large())?;
        if body.is_empty() {
            return Ok(params);
        }
        if content_type.starts_with("application/x-www-form-urlencoded") {
            params.add_urlencoded(&body);
        } else if content_type.starts_with("application/json") {
            match serde_json::from_slice(&body) {
                Ok(Value::Object(fields)) => params.fields.extend(fields),
                _ => return Err(Refusal::bad("can't parse request data: JSON object expected")),
            }
        }
        Ok(params)
    }

    fn add_urlencoded(&mut self, text: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(text) {
            self.fields.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }

    async fn read_multipart(&mut self, request: Request) -> Result<(), Refusal> {
        let broken = || Refusal::bad("can't parse multipart form data");
        let mut parts = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
        while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
            let name = part.name().unwrap_or_default().to_owned();
            // Servers differ on a part with an empty file name; this is the stricter reading.
            let file_name = part.file_name().filter(|name| !name.is_empty()).map(str::to_owned);
            let mime = part.content_type().map(str::to_owned);
            let bytes = part.bytes().await.map_err(|_| Refusal::too_large())?;
            if file_name.is_some() {
                self.files.insert(name, Upload { name: file_name, mime, bytes });
            } else {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.fields.insert(name, Value::String(text));
            }
        }
        Ok(())
    }

    /// A text; numbers and truth values count as their text.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.fields.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// A whole number, also as text.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.fields.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A truth value, also as text; false when absent.
    pub fn flag(&self, name: &str) -> bool {
        match self.fields.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => matches!(text.to_ascii_lowercase().as_str(), "true" | "1"),
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }

    /// A structure: JSON as it is, or JSON in a text.
    pub fn json(&self, name: &str) -> Result<Option<Value>, Refusal> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| {
                Refusal::bad(&format!("can't parse {}: JSON expected", name.replace('_', " ")))
            }),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// The file that a field stands for: `attach://part`, or a part of the field's own name.
    pub fn upload(&self, field: &str, value: Option<&str>) -> Option<&Upload> {
        match value.and_then(|value| value.strip_prefix("attach://")) {
            Some(part) => self.files.get(part),
            None => self.files.get(field),
        }
    }

    /// Whether a field was given.
    pub fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }
}
