//! Options written in a prompt: `--2k --16:9 --high --x4`, 横图 竖图 方图 高清 4张.
//!
//! With dashes they may stand anywhere (also with the long dash that phones make of two short
//! ones); Chinese words only at the beginning or the end, so that 透明 in the middle of a sentence
//! stays what it is. What is not known stays part of the prompt.

use alloc::{string::String, vec::Vec};
use core::ops::Range;

use crate::generation::{Background, Options, Quality, Resolution, Shape};

/// A prompt, and the options that were written in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The words that are left.
    pub prompt: String,
    /// What was asked for.
    pub flags: Flags,
}

/// Options that were asked for in words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// How large.
    pub resolution: Option<Resolution>,
    /// What shape.
    pub shape: Option<Shape>,
    /// How fine.
    pub quality: Option<Quality>,
    /// What is behind.
    pub background: Option<Background>,
    /// How many.
    pub count: Option<u8>,
}

impl Flags {
    /// These options, as far as the words do not say otherwise.
    #[must_use]
    pub fn over(&self, options: Options) -> Options {
        Options {
            resolution: self.resolution.unwrap_or(options.resolution),
            shape: self.shape.unwrap_or(options.shape),
            quality: self.quality.unwrap_or(options.quality),
            background: self.background.unwrap_or(options.background),
            count: self.count.unwrap_or(options.count),
        }
    }

    fn set(&mut self, flag: Flag) {
        match flag {
            Flag::Resolution(resolution) => self.resolution = Some(resolution),
            Flag::Shape(shape) => self.shape = Some(shape),
            Flag::Quality(quality) => self.quality = Some(quality),
            Flag::Background(background) => self.background = Some(background),
            Flag::Count(count) => self.count = Some(count),
        }
    }
}

#[derive(Clone, Copy)]
enum Flag {
    Resolution(Resolution),
    Shape(Shape),
    Quality(Quality),
    Background(Background),
    Count(u8),
}

/// Most pictures that words can ask for. Source: the images API's `n`.
const COUNT_MAX: u8 = 10;

/// Reads a prompt. Without options in it, it stays exactly as it is.
#[must_use]
pub fn read(text: &str) -> Written {
    let tokens = tokens(text);
    let words: Vec<&str> = tokens.iter().map(|token| &text[token.clone()]).collect();
    let mut found: Vec<Option<Flag>> = words.iter().map(|word| dashed(word)).collect();
    // Bare words count only where nothing but options stands between them and an end.
    for order in [false, true] {
        let indices = 0..words.len();
        let mut inward: Vec<usize> = indices.collect();
        if order {
            inward.reverse();
        }
        for index in inward {
            if found[index].is_some() {
                continue;
            }
            match bare(words[index]) {
                Some(flag) => found[index] = Some(flag),
                None => break,
            }
        }
    }
    let mut flags = Flags::default();
    found.iter().flatten().for_each(|flag| flags.set(*flag));
    if flags == Flags::default() {
        return Written { prompt: text.into(), flags };
    }
    Written { prompt: without(text, &tokens, &found), flags }
}

/// The words of a text, by where they stand.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut tokens = Vec::new();
    let mut begin = None;
    for (at, c) in text.char_indices() {
        if is_gap(c) {
            tokens.extend(begin.take().map(|begin| begin..at));
        } else if begin.is_none() {
            begin = Some(at);
        }
    }
    tokens.extend(begin.map(|begin| begin..text.len()));
    tokens
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '，' | '、' | '；' | ';' | '。')
}

/// The words that are no options, with the gap that followed each.
fn without(text: &str, tokens: &[Range<usize>], found: &[Option<Flag>]) -> String {
    let mut prompt = String::with_capacity(text.len());
    let mut gap = "";
    for (index, token) in tokens.iter().enumerate() {
        if found[index].is_some() {
            continue;
        }
        if !prompt.is_empty() {
            prompt.push_str(gap);
        }
        prompt.push_str(&text[token.clone()]);
        let next = tokens.get(index + 1).map_or(text.len(), |next| next.start);
        gap = &text[token.end..next];
    }
    prompt
}

fn dashed(word: &str) -> Option<Flag> {
    let name = ["--", "—", "–"].into_iter().find_map(|dash| word.strip_prefix(dash))?;
    let name = name.to_lowercase();
    Some(match name.as_str() {
        "1k" => Flag::Resolution(Resolution::K1),
        "2k" => Flag::Resolution(Resolution::K2),
        "4k" => Flag::Resolution(Resolution::K4),
        "1:1" | "square" => Flag::Shape(Shape::Square),
        "3:2" | "landscape" => Flag::Shape(Shape::Landscape),
        "2:3" | "portrait" => Flag::Shape(Shape::Portrait),
        "16:9" | "wide" => Flag::Shape(Shape::Wide),
        "9:16" | "tall" => Flag::Shape(Shape::Tall),
        "low" | "draft" => Flag::Quality(Quality::Low),
        "medium" => Flag::Quality(Quality::Medium),
        "high" | "hd" => Flag::Quality(Quality::High),
        "transparent" => Flag::Background(Background::Transparent),
        "opaque" => Flag::Background(Background::Opaque),
        "auto" => Flag::Background(Background::Auto),
        other => match other.strip_prefix('x') {
            Some(count) => Flag::Count(count_of(count)?),
            None => return bare(other),
        },
    })
}

/// Words that need no dashes: none of them is an English word.
fn bare(word: &str) -> Option<Flag> {
    Some(match word {
        "方图" | "正方形" => Flag::Shape(Shape::Square),
        "横图" | "横版" => Flag::Shape(Shape::Landscape),
        "竖图" | "竖版" => Flag::Shape(Shape::Portrait),
        "宽图" | "宽屏" => Flag::Shape(Shape::Wide),
        "长图" => Flag::Shape(Shape::Tall),
        "高清" => Flag::Quality(Quality::High),
        "标准" => Flag::Quality(Quality::Medium),
        "快速" => Flag::Quality(Quality::Low),
        "透明" | "透明背景" | "透明底" => Flag::Background(Background::Transparent),
        other => {
            let count = other.strip_suffix('张').or_else(|| other.strip_suffix('幅'))?;
            Flag::Count(chinese_count(count).or_else(|| count_of(count))?)
        }
    })
}

fn count_of(digits: &str) -> Option<u8> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|count| plain && (1..=COUNT_MAX).contains(count))
}

fn chinese_count(word: &str) -> Option<u8> {
    Some(match word {
        "一" => 1,
        "二" | "两" => 2,
        "三" => 3,
        "四" => 4,
        "五" => 5,
        "六" => 6,
        "七" => 7,
        "八" => 8,
        "九" => 9,
        "十" => 10,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn options_with_dashes_are_understood_anywhere() {
        let written = read("a fox --2k in the snow --16:9 --high --x4");
        assert_eq!(written.prompt, "a fox in the snow");
        assert_eq!(
            written.flags,
            Flags {
                resolution: Some(Resolution::K2),
                shape: Some(Shape::Wide),
                quality: Some(Quality::High),
                background: None,
                count: Some(4),
            }
        );
    }

    #[test]
    fn the_long_dash_of_phones_is_a_dash() {
        assert_eq!(read("a fox —2k").flags.resolution, Some(Resolution::K2));
    }

    #[test]
    fn chinese_words_at_the_end_are_options() {
        let written = read("一只狐狸，竖图，高清 四张");
        assert_eq!(written.prompt, "一只狐狸");
        assert_eq!(written.flags.shape, Some(Shape::Portrait));
        assert_eq!(written.flags.quality, Some(Quality::High));
        assert_eq!(written.flags.count, Some(4));
    }

    #[test]
    fn a_chinese_word_in_the_middle_belongs_to_the_prompt() {
        let text = "一个杯子，透明，放在桌上";
        assert_eq!(read(text), Written { prompt: text.into(), flags: Flags::default() });
    }

    #[test]
    fn an_unknown_flag_belongs_to_the_prompt() {
        let text = "a fox --8k --x0 --x11 --x+3";
        assert_eq!(read(text), Written { prompt: text.into(), flags: Flags::default() });
    }

    #[test]
    fn the_last_word_wins() {
        assert_eq!(read("a fox --1k --4k").flags.resolution, Some(Resolution::K4));
    }

    fn prompts() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            "[a-z]{1,6}",
            Just("--2k".into()),
            Just("--x4".into()),
            Just("--x99".into()),
            Just("—high".into()),
            Just("横图".into()),
            Just("透明".into()),
            Just("4张".into()),
            Just("一只狐狸".into()),
            "\\PC{0,5}",
        ];
        let gap = prop_oneof![Just(" "), Just("，"), Just(", "), Just("\n"), Just("")];
        proptest::collection::vec((word, gap), 0..12).prop_map(|parts: Vec<(String, &str)>| {
            parts.into_iter().flat_map(|(word, gap)| [word, gap.into()]).collect()
        })
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC*") {
            let _ = read(&text);
        }

        #[test]
        fn a_prompt_without_options_stays_as_it_is(text in "[a-z ,.!?:\n-]{0,80}") {
            prop_assume!(!text.contains("--") );
            prop_assert_eq!(read(&text).prompt, text);
        }

        #[test]
        fn what_is_left_has_no_options(text in prompts()) {
            let once = read(&text);
            let twice = read(&once.prompt);
            prop_assert_eq!(&twice.prompt, &once.prompt);
            prop_assert_eq!(twice.flags, Flags::default());
        }
    }
}
