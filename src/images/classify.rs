//! From an answer without a picture to what may be done next.
//!
//! By status, then code, then type, then words in the message: gateways keep the first, rewrite
//! the second and third (LiteLLM turns `moderation_blocked` into `400`) and mostly pass on the
//! last. A status that decides alone decides alone: what a gateway says about a provider that it
//! lost (502, 504) is no certainty.

use std::time::Duration;

use super::envelope::Envelope;
use super::error::{Doubt, Failure, MakeError, Wrong};
use super::refusal::Refusal;

/// An answer without a picture.
pub(super) struct Reply<'a> {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) envelope: Option<&'a Envelope>,
    /// How many reference pictures were sent.
    pub(super) references: usize,
}

/// What an error object means by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Refused,
    OutOfFunds,
    Unauthorized,
    ModelMissing,
    Wrong(What),
}

/// Which part of the request an error object finds fault with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Prompt,
    Size,
    Reference,
    Background,
}

/// Says what an answer other than 2xx means.
pub(super) fn classify(reply: &Reply) -> MakeError {
    let said = reply.envelope.and_then(Said::read);
    let known = |said: Said| said.error(reply.envelope, reply.references);
    let retry_after = reply.retry_after;
    match (reply.status, said) {
        (_, Some(Said::Refused)) => known(Said::Refused),
        (451, _) => MakeError::Refused(reply.envelope.map(Envelope::refusal).unwrap_or_default()),
        (402, _) | (429 | 500, Some(Said::OutOfFunds)) => MakeError::OutOfFunds,
        (429, _) => MakeError::RateLimited { retry_after },
        (401 | 403 | 407 | 503 | 529, Some(said @ (Said::OutOfFunds | Said::ModelMissing))) => {
            known(said)
        }
        (401 | 403 | 407, _) => MakeError::Unauthorized,
        // Redirects included: nothing is sent to where they point.
        (300..=399 | 404 | 405 | 501, _) => MakeError::ModelMissing,
        // A gateway's patience may end while the provider is at work.
        (408, _) => MakeError::Uncertain(Doubt::TimedOut),
        (413, _) if reply.references > 0 => MakeError::BadRequest(Wrong::Reference { index: None }),
        (400..=499, Some(said)) => known(said),
        (400..=499, None) => MakeError::BadRequest(Wrong::Other),
        (500, _) if reply.envelope.is_some() => MakeError::Failed(Failure::Provider),
        // A bare 503 is also what Envoy says of a connection that broke under a sent request.
        (503 | 529, _) if reply.envelope.is_some() || retry_after.is_some() => {
            MakeError::Overloaded { retry_after }
        }
        _ => MakeError::Uncertain(Doubt::Gateway),
    }
}

/// Says what an error object inside a 2xx means: in the document, or as an event in the stream.
/// Nothing is sent again for it, as the provider had taken the request.
pub(super) fn in_answer(envelope: &Envelope, references: usize) -> MakeError {
    match Said::read(envelope) {
        Some(said) => said.error(Some(envelope), references),
        None => MakeError::Failed(Failure::Provider),
    }
}

impl Said {
    fn read(envelope: &Envelope) -> Option<Self> {
        [&envelope.code, &envelope.inner_code, &envelope.kind]
            .into_iter()
            .find_map(|code| Self::by_code(code))
            .or_else(|| Self::by_message(&envelope.message))
            .or_else(|| Self::by_param(envelope))
    }

    /// Codes and types are of one kind: which is which, gateways confuse.
    fn by_code(code: &str) -> Option<Self> {
        Some(match code {
            "moderation_blocked"
            | "content_policy_violation"
            | "image_content_policy_violation"
            | "content_filter"
            | "contentfilter"
            | "responsibleaipolicyviolation"
            | "data_inspection_failed"
            | "datainspectionfailed"
            | "sensitive_words_detected" => Self::Refused,
            "insufficient_quota"
            | "credit_balance_exhausted"
            | "organization_usage_limit_exceeded"
            | "organization_spend_limit_exceeded"
            | "project_spend_limit_exceeded"
            | "billing_hard_limit_reached"
            | "billing_not_active"
            | "budget_exceeded"
            | "insufficient_balance"
            | "insufficient_user_quota"
            | "pre_consume_token_quota_failed"
            | "arrearage" => Self::OutOfFunds,
            "invalid_api_key"
            | "account_deactivated"
            | "unsupported_country_region_territory"
            | "authentication_error"
            | "permission_denied"
            | "permission_error"
            | "access_denied"
            | "accessdenied" => Self::Unauthorized,
            "model_not_found"
            | "deploymentnotfound"
            | "unsupported_model"
            | "api_not_implemented" => Self::ModelMissing,
            "invalid_image"
            | "invalid_image_file"
            | "invalid_image_format"
            | "invalid_image_mode"
            | "invalid_image_url"
            | "invalid_base64_image"
            | "image_too_large"
            | "image_too_small"
            | "image_parse_error"
            | "image_file_too_large"
            | "image_file_not_found"
            | "empty_image_file"
            | "missing_file_mimetype"
            | "failed_to_download_image"
            | "unsupported_image_media_type" => Self::Wrong(What::Reference),
            "string_above_max_length" | "prompt_too_long" | "invalid_prompt" => {
                Self::Wrong(What::Prompt)
            }
            _ => return None,
        })
    }

    /// Words that stay when gateways rewrite codes; lower case.
    fn by_message(message: &str) -> Option<Self> {
        const WORDS: [(&[&str], Said); 6] = [
            (
                &[
                    "rejected by the safety system",
                    "rejected as a result of our safety system",
                    "safety_violations",
                    "moderation_blocked",
                    "content_policy_violation",
                    "content policy violation",
                    "content management policy",
                    "responsibleaipolicyviolation",
                    "sensitive words",
                    "敏感词",
                    "内容违规",
                    "违规内容",
                    "内容安全",
                ],
                Said::Refused,
            ),
            (
                &[
                    "insufficient_quota",
                    "exceeded your current quota",
                    "billing hard limit",
                    "billing_hard_limit",
                    "credit balance",
                    "insufficient balance",
                    "insufficient credits",
                    "spend limit",
                    "budget has been exceeded",
                    "余额不足",
                    "额度不足",
                    "额度已用尽",
                    "预扣费",
                ],
                Said::OutOfFunds,
            ),
            (
                &[
                    "incorrect api key",
                    "invalid api key",
                    "organization must be verified",
                    "country, region, or territory not supported",
                    "does not have access to",
                    "do not have access to",
                    "无权访问",
                    "无效的令牌",
                ],
                Said::Unauthorized,
            ),
            (
                &["invalid model name", "model_not_found", "no available channel", "无可用渠道"],
                Said::ModelMissing,
            ),
            (&["invalid image file", "invalid image mode"], Said::Wrong(What::Reference)),
            (&["invalid size", "pixel budget"], Said::Wrong(What::Size)),
        ];
        WORDS
            .iter()
            .find(|(words, _)| words.iter().any(|word| message.contains(word)))
            .map(|(_, said)| *said)
    }

    fn by_param(envelope: &Envelope) -> Option<Self> {
        let what = match envelope.param.as_str() {
            "size" => What::Size,
            "background" => What::Background,
            "prompt" => What::Prompt,
            param if param.starts_with("image") => What::Reference,
            _ if envelope.message.contains("transparent background") => What::Background,
            _ => return None,
        };
        Some(Self::Wrong(what))
    }

    fn error(self, envelope: Option<&Envelope>, references: usize) -> MakeError {
        match self {
            Self::Refused => {
                MakeError::Refused(envelope.map_or_else(Refusal::default, Envelope::refusal))
            }
            Self::OutOfFunds => MakeError::OutOfFunds,
            Self::Unauthorized => MakeError::Unauthorized,
            Self::ModelMissing => MakeError::ModelMissing,
            Self::Wrong(what) => MakeError::BadRequest(match what {
                What::Prompt => Wrong::Prompt,
                What::Size => Wrong::Size,
                What::Background => Wrong::Background,
                What::Reference => {
                    Wrong::Reference { index: envelope.and_then(|e| e.reference(references)) }
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests;
