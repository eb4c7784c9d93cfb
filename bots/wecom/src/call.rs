//! One call of the API before it is made. Pure.

use bytes::Bytes;
use serde_json::Value;

/// What can be called. Source: the pages of developer.work.weixin.qq.com that each is named on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    /// 90236.
    MessageSend,
    /// Takes a message back, within 24 hours.
    MessageRecall,
    /// 94888.
    UpdateTemplateCard,
    /// 90253.
    MediaUpload,
    /// 90254.
    MediaGet,
    /// 94670.
    KfSyncMsg,
    /// 94677.
    KfSendMsg,
    /// 95122.
    KfSendMsgOnEvent,
    /// 94669.
    KfServiceStateGet,
    /// 94669.
    KfServiceStateTrans,
    /// Names of customers who were active in the last 48 hours.
    KfCustomerBatchget,
    /// Who takes chats at an account.
    KfServicerList,
    /// A link to an account.
    KfAddContactWay,
    /// The accounts, and whether the app manages them.
    KfAccountList,
    /// 92137.
    SendWelcomeMsg,
}

impl Api {
    /// The path under the API's address.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::MessageSend => "message/send",
            Self::MessageRecall => "message/recall",
            Self::UpdateTemplateCard => "message/update_template_card",
            Self::MediaUpload => "media/upload",
            Self::MediaGet => "media/get",
            Self::KfSyncMsg => "kf/sync_msg",
            Self::KfSendMsg => "kf/send_msg",
            Self::KfSendMsgOnEvent => "kf/send_msg_on_event",
            Self::KfServiceStateGet => "kf/service_state/get",
            Self::KfServiceStateTrans => "kf/service_state/trans",
            Self::KfCustomerBatchget => "kf/customer/batchget",
            Self::KfServicerList => "kf/servicer/list",
            Self::KfAddContactWay => "kf/add_contact_way",
            Self::KfAccountList => "kf/account/list",
            Self::SendWelcomeMsg => "externalcontact/send_welcome_msg",
        }
    }

    /// Whether what comes back is a page of news.
    #[must_use]
    pub fn is_of_pages(self) -> bool {
        self == Self::KfSyncMsg
    }

    /// Whether making the call twice shows somebody the same thing twice.
    #[must_use]
    pub fn is_seen(self) -> bool {
        matches!(
            self,
            Self::MessageSend | Self::KfSendMsg | Self::KfSendMsgOnEvent | Self::SendWelcomeMsg
        )
    }
}

/// A file on its way up.
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its name, in letters that everybody takes.
    pub name: String,
    /// `image/png` and the like.
    pub media_type: &'static str,
    /// `image` or `file`.
    pub kind: &'static str,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({}, {} bytes)", self.kind, self.name, self.media_type, self.bytes.len())
    }
}

impl Upload {
    /// A file by a name that cannot break out of a header. Names in other scripts are taken badly.
    #[must_use]
    pub fn new(bytes: Vec<u8>, name: &str, media_type: &'static str, kind: &'static str) -> Self {
        Self { bytes: bytes.into(), name: tame_name(name), media_type, kind }
    }
}

/// The letters of a name that are beyond doubt.
fn tame_name(name: &str) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let tame = |text: &str, most: usize| -> String {
        let tame = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        text.chars().filter(tame).take(most).collect()
    };
    let (stem, ending) = (tame(stem, 60), tame(ending, 8));
    let stem = if stem.is_empty() { "picture".to_owned() } else { stem };
    if ending.is_empty() { stem } else { format!("{stem}.{ending}") }
}

/// What a call carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing: a GET.
    None,
    /// JSON: a POST.
    Json(Value),
    /// A file: a POST of a form.
    Upload(Upload),
}

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is called.
    pub api: Api,
    /// Parameters in the query, beside the token.
    pub query: Vec<(&'static str, String)>,
    /// What it carries.
    pub body: Body,
}

impl Call {
    /// A POST of JSON.
    #[must_use]
    pub fn post(api: Api, body: Value) -> Self {
        Self { api, query: Vec::new(), body: Body::Json(body) }
    }

    /// A GET.
    #[must_use]
    pub fn get(api: Api, query: Vec<(&'static str, String)>) -> Self {
        Self { api, query, body: Body::None }
    }

    /// By what the limit that it counts against is known. News without a doorbell's token have one
    /// of their own, a strict one. Source: 94670.
    #[must_use]
    pub fn limit(&self) -> &'static str {
        match (self.api, &self.body) {
            (Api::KfSyncMsg, Body::Json(body)) if body.get("token").is_none() => {
                "kf/sync_msg without a token"
            }
            _ => self.api.path(),
        }
    }

    /// A file's way up.
    #[must_use]
    pub fn upload(upload: Upload) -> Self {
        let query = vec![("type", upload.kind.to_owned())];
        Self { api: Api::MediaUpload, query, body: Body::Upload(upload) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_has_letters_that_everybody_takes() {
        let named = |name| Upload::new(vec![], name, "image/png", "image").name;
        assert_eq!(named("picture-7.png"), "picture-7.png");
        assert_eq!(named("狐狸 fox.PNG"), "fox.PNG");
        assert_eq!(named("狐狸.png"), "picture.png");
        assert_eq!(named("a\"\r\nb.png"), "ab.png");
        assert_eq!((named(""), named("..")), ("picture".into(), "picture".into()));
    }
}
