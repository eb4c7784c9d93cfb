//! What sessions are signed with, and what of it is published.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use sha2::Sha256;

/// A key that is known to everybody and opens nothing: making one takes a second.
const RSA_KEY: &[u8] = include_bytes!("rsa.der");

/// How a session is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA over P-256: what new projects have.
    Es256,
    /// RSA.
    Rs256,
    /// The project's one secret: what old projects have. Never published.
    Hs256,
}

enum Signer {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
    Hs256(String),
}

/// A key with its name.
pub struct Key {
    /// `kid`.
    pub id: String,
    signer: Signer,
    chance: SystemRandom,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// base64url without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    /// A new key; `secret` for HS256.
    pub fn new(id: String, algorithm: Algorithm, secret: &str) -> Self {
        let chance = SystemRandom::new();
        let signer = match algorithm {
            Algorithm::Es256 => {
                let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &chance)
                    .expect("a P-256 key can be made");
                let pair = EcdsaKeyPair::from_pkcs8(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    made.as_ref(),
                    &chance,
                );
                Signer::Es256(pair.expect("a key just made can be read"))
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_der(RSA_KEY);
                Signer::Rs256(pair.expect("the key beside this file can be read: tested"))
            }
            Algorithm::Hs256 => Signer::Hs256(secret.to_owned()),
        };
        Self { id, signer, chance }
    }

    /// As `/.well-known/jwks.json` has it; nothing for a secret.
    pub fn published(&self) -> Option<Value> {
        match &self.signer {
            Signer::Es256(pair) => {
                // 04 · 32 bytes x · 32 bytes y
                let point = pair.public_key().as_ref();
                let (x, y) = (point.get(1..33)?, point.get(33..65)?);
                Some(json!({
                    "alg": "ES256", "crv": "P-256", "ext": true, "key_ops": ["verify"],
                    "kid": self.id, "kty": "EC", "use": "sig", "x": encode(x), "y": encode(y),
                }))
            }
            Signer::Rs256(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                let (n, e) = (encode(public.n), encode(public.e));
                Some(json!({
                    "alg": "RS256", "ext": true, "key_ops": ["verify"], "kid": self.id,
                    "kty": "RSA", "use": "sig", "n": n, "e": e,
                }))
            }
            Signer::Hs256(_) => None,
        }
    }

    /// A signed token of these claims.
    pub fn token(&self, claims: &Value) -> String {
        let header = match &self.signer {
            Signer::Es256(_) => json!({"alg": "ES256", "kid": self.id, "typ": "JWT"}),
            Signer::Rs256(_) => json!({"alg": "RS256", "kid": self.id, "typ": "JWT"}),
            Signer::Hs256(_) => json!({"alg": "HS256", "typ": "JWT"}),
        };
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.sign(message.as_bytes());
        format!("{message}.{}", encode(signature))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.signer {
            Signer::Es256(pair) => {
                let signed = pair.sign(&self.chance, message);
                signed.expect("P-256 signs anything").as_ref().to_vec()
            }
            Signer::Rs256(pair) => {
                let mut signed = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &self.chance, message, &mut signed)
                    .expect("the room fits the modulus");
                signed
            }
            Signer::Hs256(secret) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
                    .expect("HMAC takes keys of any length");
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            }
        }
    }
}
