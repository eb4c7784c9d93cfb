//! Tokens of the owner's website: whether one is real, and whose it is.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

use super::ring_provider;

/// Longest token that is looked at, bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// How far clocks may be apart, seconds.
const LEEWAY_S: i64 = 30;
/// Whom the website's tokens are for. Source: GoTrue, `aud`.
const AUDIENCE: &str = "authenticated";

/// Somebody with an account on the owner's website.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Who, for ever. The address may change hands; this does not.
    pub id: String,
    /// Their address, where they have one: to be shown masked, and never to be matched by.
    pub email: Option<String>,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token.
    #[error("it cannot be read")]
    Unreadable,
    /// It names a key that is not among those that are published.
    #[error("its key is not known")]
    KeyUnknown,
    /// It is signed in a way that its key is not for.
    #[error("its algorithm is not its key's")]
    Algorithm,
    /// It is signed by somebody else.
    #[error("its signature is wrong")]
    Forged,
    /// Its time is over, or has not come.
    #[error("its time is over")]
    Expired,
    /// Another project made it, or it is for somebody else.
    #[error("it is not for us")]
    NotForUs,
    /// It is of nobody in particular.
    #[error("it is of nobody")]
    Anonymous,
}

/// A key, and the one way in which it signs.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    aud: Value,
    #[serde(default)]
    exp: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    is_anonymous: Option<bool>,
}

/// What a token says about how it is signed, unproven: the name of its key and the algorithm.
pub(super) fn signed_by(token: &str) -> Result<(Option<String>, Algorithm), TokenError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::Unreadable);
    }
    let header = decode_header(token).map_err(|_| TokenError::Unreadable)?;
    Ok((header.kid, header.alg))
}

/// Whose a token is, if it is signed by this key in this key's way, for us, and now.
pub(super) fn prove(
    token: &str,
    proof: &Proof,
    issuer: &str,
    now_ms: i64,
) -> Result<Subject, TokenError> {
    ring_provider::install();
    let (_, algorithm) = signed_by(token)?;
    if algorithm != proof.algorithm {
        return Err(TokenError::Algorithm);
    }
    let mut validation = Validation::new(proof.algorithm);
    // Who it is for and until when is looked at below, by our own clock.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = decode::<Claims>(token, &proof.key, &validation);
    let claims = claims.map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidSignature => TokenError::Forged,
        _ => TokenError::Unreadable,
    })?;
    let claims = claims.claims;
    let now = now_ms.div_euclid(1000);
    let ended = claims.exp.is_none_or(|exp| exp.saturating_add(LEEWAY_S) <= now);
    if ended || claims.nbf.is_some_and(|nbf| nbf.saturating_sub(LEEWAY_S) > now) {
        return Err(TokenError::Expired);
    }
    let for_us = match &claims.aud {
        Value::String(one) => one == AUDIENCE,
        Value::Array(many) => many.iter().any(|one| one == AUDIENCE),
        _ => false,
    };
    if claims.iss.as_deref() != Some(issuer) || !for_us {
        return Err(TokenError::NotForUs);
    }
    let id = claims.sub.filter(|id| !id.is_empty());
    match id {
        Some(id) if claims.is_anonymous != Some(true) => {
            Ok(Subject { id, email: claims.email.filter(|email| !email.is_empty()) })
        }
        Some(_) | None => Err(TokenError::Anonymous),
    }
}
