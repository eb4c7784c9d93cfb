use serde_json::{Value, json};

use super::super::refusal::{Category, Stage};
use super::*;

fn classified(status: u16, body: &str) -> MakeError {
    classified_after(status, None, body)
}

fn classified_after(status: u16, retry_after: Option<Duration>, body: &str) -> MakeError {
    let envelope = Envelope::parse(body.as_bytes());
    classify(&Reply { status, retry_after, envelope: envelope.as_ref(), references: 4 })
}

fn error(code: &Value, kind: &Value, message: &str) -> String {
    json!({"error": {"code": code, "type": kind, "message": message, "param": null}}).to_string()
}

fn by_code(status: u16, code: &str) -> MakeError {
    classified(status, &error(&json!(code), &json!("some_type"), "Words that say nothing."))
}

fn by_message(status: u16, code: &str, message: &str) -> MakeError {
    classified(status, &error(&json!(code), &json!("new_api_error"), message))
}

fn refused() -> MakeError {
    MakeError::Refused(Refusal::default())
}

fn wrong(wrong: Wrong) -> MakeError {
    MakeError::BadRequest(wrong)
}

#[test]
fn refusals_are_told_by_code_by_type_and_by_words() {
    for code in ["moderation_blocked", "content_policy_violation", "content_filter"] {
        assert_eq!(by_code(400, code), refused(), "{code}");
        assert_eq!(classified(400, &error(&json!("400"), &json!(code), "")), refused(), "{code}");
    }
    // LiteLLM puts the status where the code was.
    let message = "litellm.BadRequestError: OpenAIException - Your request was rejected by the \
        safety system. safety_violations=[sexual, violence].";
    let categories = vec![Category::Sexual, Category::Violence];
    assert_eq!(
        by_message(400, "400", message),
        MakeError::Refused(Refusal { stage: Stage::Unknown, categories })
    );
    assert_eq!(by_message(500, "500", message).name(), "refused");
    // A relay that lost nothing but knows the provider's no.
    assert_eq!(by_code(502, "moderation_blocked"), refused());
    assert_eq!(by_code(403, "content_policy_violation"), refused());
}

#[test]
fn refusals_say_where_and_why() {
    let body = json!({"error": {"code": "moderation_blocked", "message": "no",
        "moderation_details": {"moderation_stage": "output", "categories": ["self-harm"]}}});
    let categories = vec![Category::SelfHarm];
    let refusal = MakeError::Refused(Refusal { stage: Stage::Output, categories });
    assert_eq!(classified(400, &body.to_string()), refusal);
}

#[test]
fn azure_says_it_one_level_down() {
    let body = json!({"error": {"code": "BadRequest", "message": "no",
        "innererror": {"code": "ResponsibleAIPolicyViolation"}}});
    assert_eq!(classified(400, &body.to_string()), refused());
    assert_eq!(by_code(400, "contentFilter"), refused());
    assert_eq!(by_code(404, "DeploymentNotFound"), MakeError::ModelMissing);
}

#[test]
fn relays_refuse_with_451_and_in_chinese() {
    assert_eq!(classified(451, ""), refused());
    assert_eq!(classified(451, "<html>"), refused());
    assert_eq!(classified(451, r#"{"code":451,"message":"x"}"#), refused());
    assert_eq!(by_message(400, "x", "检测到敏感词"), refused());
    assert_eq!(by_message(403, "x", "用户余额不足"), MakeError::OutOfFunds);
    assert_eq!(by_message(401, "", "无效的令牌"), MakeError::Unauthorized);
    assert_eq!(by_message(503, "x", "分组 default 下无可用渠道"), MakeError::ModelMissing);
    let saturated = by_message(503, "x", "当前分组上游负载已饱和，请稍后再试");
    assert_eq!(saturated, MakeError::Overloaded { retry_after: None });
}

#[test]
fn what_is_wrong_with_a_request_is_told() {
    let size = json!({"error": {"type": "image_generation_user_error", "param": "size",
        "code": "invalid_value", "message": "Invalid size '4096x4096'. The longest edge must be \
        less than or equal to 3840."}});
    assert_eq!(classified(400, &size.to_string()), wrong(Wrong::Size));
    let message = "Invalid size '576x1024'. Requested resolution is below the current minimum \
        pixel budget.";
    assert_eq!(by_message(400, "400", message), wrong(Wrong::Size));
    let third = "Invalid image file or mode for image 3, please check your image file.";
    let reference = |index| wrong(Wrong::Reference { index });
    assert_eq!(by_message(400, "invalid_image_file", third), reference(Some(2)));
    assert_eq!(by_message(400, "400", third), reference(Some(2)));
    for code in [
        "image_too_large",
        "image_too_small",
        "invalid_image",
        "unsupported_image_media_type",
        "empty_image_file",
        "failed_to_download_image",
        "image_parse_error",
        "invalid_base64_image",
    ] {
        assert_eq!(by_code(400, code), reference(None), "{code}");
    }
    assert_eq!(classified(413, "<html>"), reference(None));
    for (param, expected) in [
        ("background", Wrong::Background),
        ("prompt", Wrong::Prompt),
        ("input_fidelity", Wrong::Other),
    ] {
        let body = json!({"error": {"code": "invalid_value", "param": param, "message": "no"}});
        assert_eq!(classified(400, &body.to_string()), wrong(expected), "{param}");
    }
    assert_eq!(classified(400, "<html>"), wrong(Wrong::Other));
    assert_eq!(classified(422, r#"{"detail":[{"loc":["n"]}]}"#), wrong(Wrong::Other));
}

#[test]
fn the_operators_faults_are_his() {
    assert_eq!(by_code(401, "invalid_api_key"), MakeError::Unauthorized);
    for code in ["permission_denied", "access_denied", "AccessDenied", "permission_error"] {
        assert_eq!(by_code(400, code), MakeError::Unauthorized, "{code}");
    }
    for words in ["Project p does not have access to this", "该令牌无权访问模型"] {
        assert_eq!(by_message(400, "", words), MakeError::Unauthorized, "{words}");
    }
    assert_eq!(classified(401, ""), MakeError::Unauthorized);
    assert_eq!(by_code(403, "unsupported_country_region_territory"), MakeError::Unauthorized);
    assert_eq!(by_message(403, "x", "Your organization must be verified"), MakeError::Unauthorized);
    assert_eq!(by_code(404, "model_not_found"), MakeError::ModelMissing);
    assert_eq!(by_code(403, "model_not_found"), MakeError::ModelMissing);
    assert_eq!(by_message(400, "400", "Invalid model name passed in"), MakeError::ModelMissing);
    for status in [301, 307, 404, 405, 501] {
        assert_eq!(classified(status, "<html>"), MakeError::ModelMissing, "{status}");
    }
}

#[test]
fn money_is_not_load() {
    for code in [
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_usage_limit_exceeded",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
    ] {
        assert_eq!(by_code(429, code), MakeError::OutOfFunds, "{code}");
    }
    assert_eq!(by_code(400, "billing_hard_limit_reached"), MakeError::OutOfFunds);
    assert_eq!(
        classified(429, &error(&Value::Null, &json!("insufficient_quota"), "")),
        MakeError::OutOfFunds
    );
    // LiteLLM: code 429, type throttling_error; only the words are left.
    let body = error(&json!("429"), &json!("throttling_error"), "You exceeded your current quota");
    assert_eq!(classified(429, &body), MakeError::OutOfFunds);
    assert_eq!(classified(402, ""), MakeError::OutOfFunds);
    assert_eq!(by_code(403, "insufficient_user_quota"), MakeError::OutOfFunds);
}

#[test]
fn load_may_be_tried_again() {
    let retry_after = Some(Duration::from_secs(12));
    for code in ["rate_limit_exceeded", "slow_down"] {
        let body = error(&json!(code), &json!("requests"), "Limit 5, used 5, requested 1.");
        let limited = MakeError::RateLimited { retry_after };
        assert_eq!(classified_after(429, retry_after, &body), limited, "{code}");
    }
    assert_eq!(classified(429, "<html>"), MakeError::RateLimited { retry_after: None });
    let overloaded = MakeError::Overloaded { retry_after: None };
    assert_eq!(by_code(503, "server_is_overloaded"), overloaded);
    assert_eq!(by_code(529, "overloaded_error"), overloaded);
    assert_eq!(classified_after(503, retry_after, ""), MakeError::Overloaded { retry_after });
}

#[test]
fn a_failure_is_certain_only_in_the_providers_words() {
    for code in ["server_error", "image_generation_failed"] {
        assert_eq!(by_code(500, code), MakeError::Failed(Failure::Provider), "{code}");
    }
    let gateway = MakeError::Uncertain(Doubt::Gateway);
    assert_eq!(classified(500, "<html>"), gateway);
    assert_eq!(by_code(502, "server_error"), gateway);
    assert_eq!(by_code(504, "server_error"), gateway);
    for status in [502, 503, 504, 520, 524] {
        assert_eq!(classified(status, "<html>"), gateway, "{status}");
    }
    assert_eq!(classified(408, ""), MakeError::Uncertain(Doubt::TimedOut));
}

#[test]
fn an_error_inside_a_success_is_never_a_reason_to_send_again() {
    let said = |body: Value| in_answer(&Envelope::read(&body).unwrap(), 4);
    let event = json!({"type": "error", "error": {"type": "image_generation_server_error",
        "code": "image_generation_failed", "message": "Image generation failed", "param": null}});
    assert_eq!(said(event), MakeError::Failed(Failure::Provider));
    for code in ["rate_limit_exceeded", "server_is_overloaded"] {
        let body = json!({"error": {"code": code, "message": "x"}});
        assert_eq!(said(body), MakeError::Failed(Failure::Provider), "{code}");
    }
    assert_eq!(said(json!({"error": {"code": "moderation_blocked"}})), refused());
    assert_eq!(said(json!({"code": 451, "message": "内容违规"})), refused());
}
