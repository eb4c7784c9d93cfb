//! Notes that WeCom puts in the place of files that it does not let through for their size. How
//! they read is written down nowhere.

use picdesk_core::channel::{Attachment, OtherKind};

use crate::config::KF_IMAGE_BYTES_MAX;

/// Longest text that may be WeCom's own hint in the place of a picture, characters.
const HINT_CHARS_MAX: usize = 120;

/// Brackets that such a note may begin with, and those that it may close with.
const OPENING: [char; 6] = ['[', '【', '［', '〔', '(', '（'];
const CLOSING: [char; 6] = [']', '】', '］', '〕', ')', '）'];
/// What a note names a file by.
const KINDS: [(OtherKind, &[&str]); 3] = [
    (OtherKind::Video, &["视频", "video"]),
    (OtherKind::Audio, &["语音", "音频", "voice", "audio"]),
    (OtherKind::File, &["图片", "照片", "文件", "附件", "image", "photo", "picture", "file"]),
];
/// How it may say that a file is too large, and what else it may say of its size.
const TOO_LARGE: &[&str] =
    &["过大", "太大", "超过", "超出", "超限", "too large", "too big", "exceed", "oversize"];
const OF_SIZE: &[&str] = &["大小", "上限", "限制", "压缩", "size", "limit", "compress"];
/// How it may say that it was not let through.
const REFUSALS: &[&str] = &[
    "无法接收",
    "无法发送",
    "无法查看",
    "无法显示",
    "无法下载",
    "不支持",
    "未能接收",
    "接收失败",
    "发送失败",
    "not supported",
    "be received",
    "to receive",
    "not received",
    "be sent",
];

/// What was sent, where a text is a note that WeCom put in its place because it did not let it
/// through. A short text is one that names a kind of file, if it is in brackets, or its kind is,
/// and it says that something is too large or was not received; or if it says, without brackets,
/// that something was not received, and speaks of its size. Nobody types such a prompt; and whoever
/// does is told so, and pays nothing.
pub(super) fn held_back(text: &str) -> Option<Attachment> {
    if text.chars().count() > HINT_CHARS_MAX {
        return None;
    }
    let text = text.trim().to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let (kind, names) = KINDS.iter().find(|(_, names)| says(names))?;
    let (large, refusal) = (says(TOO_LARGE), says(REFUSALS));
    let in_brackets = text.strip_prefix(OPENING).is_some_and(|rest| {
        let (inside, after) = rest.split_once(CLOSING).unwrap_or((rest, ""));
        after.trim().is_empty() || names.contains(&inside.trim())
    });
    if !(in_brackets && (large || refusal) || refusal && (large || says(OF_SIZE))) {
        return None;
    }
    Some(match kind {
        OtherKind::File => too_large(),
        kind => Attachment::Other(*kind),
    })
}

fn too_large() -> Attachment {
    // How large it was is not told.
    Attachment::TooLarge { name: None, bytes: None, bytes_max: KF_IMAGE_BYTES_MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_in_the_place_of_a_file_is_no_prompt() {
        for note in [
            "[文件过大，无法接收，请让客户压缩后重新发送]",
            "[图片] 超过 2MB，暂不支持接收",
            "【图片过大】",
            "图片大小超出限制，接收失败",
            "[Image too large, cannot be received]",
            "[File] exceeds 20 MB",
        ] {
            assert!(matches!(held_back(note), Some(Attachment::TooLarge { .. })), "{note}");
        }
        let video = "[视频过大，无法接收]";
        assert_eq!(held_back(video), Some(Attachment::Other(OtherKind::Video)));
        for prompt in [
            "一张图片：大小不一的鹅卵石",
            "a picture of a hat that is too large for its cat",
            "(photo) a cat in life size",
            "[图片] 一只狐狸",
            "画一张海报，写着：文件",
            "无法接收的信",
            "",
        ] {
            assert_eq!(held_back(prompt), None, "{prompt}");
        }
    }
}
