//! Nobody can write their way out of a text of ours.

use picdesk_core::{account::Language, say::Say};
use proptest::prelude::*;

use super::{
    super::{
        fit,
        samples::{Measure, ONE, context, says},
        shorten,
    },
    WORDS, assert_sound, units,
};

/// What people write: emoji, joiners, accents, both directions, controls, markup, private
/// characters.
fn hostile() -> impl Strategy<Value = String> {
    let hostile = prop_oneof![
        any::<char>().prop_map(String::from),
        "[a-z ]{0,40}",
        prop::sample::select(vec![
            "👨‍👩‍👧‍👦",
            "🇨🇳",
            "👍🏽",
            "e\u{301}",
            "ثعلب في الثلج",
            "狐狸",
            "\u{202E}",
            "\u{2067}",
            "\u{E000}",
            "\u{E001}",
            "\u{E002}",
            "\u{E003}",
            "\n",
            "\r\n",
            "\u{0}",
            "<b>",
            "*",
            "_",
            "{ $left }",
            "](http://x)",
            "\u{200D}",
            "\u{FE0F}",
            "{",
            "}",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(hostile, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nobody_writes_their_way_out(wrote in hostile(), name in hostile()) {
        let measure = Measure { short: wrote, long: name, ..Measure::everyday() };
        for language in Language::ALL {
            for say in says(&measure) {
                if matches!(say, Say::Verbatim(_)) {
                    continue;
                }
                let text = WORDS.say(language, &say, &context());
                assert_sound(&text);
                prop_assert!(units(&text.text) <= 4_096);
                assert!(!text.text.contains(['\u{202E}', '\u{2067}', '\u{0}', '\r']));
                let opened = text.text.matches('\u{2068}').count();
                prop_assert_eq!(opened, text.text.matches('\u{2069}').count());
            }
        }
    }

    #[test]
    fn a_prompt_stays_in_its_italics(wrote in hostile()) {
        let say = Say::Drawing { prompt: wrote.clone(), part: ONE };
        let text = WORDS.say(Language::En, &say, &context());
        prop_assert_eq!(text.spans.len(), 1);
        let (start, end) = (text.spans[0].start, text.spans[0].end);
        prop_assert_eq!(&text.text[..start], "Drawing ");
        prop_assert_eq!(&text.text[end..], " now, so it cannot be cancelled any more.");
        prop_assert!(!text.text.contains('\n'));
    }

    #[test]
    fn a_shortened_prompt_is_never_longer(wrote in hostile(), chars_max in 1_usize..50) {
        let short = shorten(&wrote, chars_max);
        prop_assert!(short.chars().count() <= chars_max.max(1));
    }

    #[test]
    fn a_fitted_text_fits(wrote in hostile(), units_max in 2_usize..60) {
        let say = Say::Drawing { prompt: wrote, part: ONE };
        let text = fit(WORDS.say(Language::ZhCn, &say, &context()), units_max);
        prop_assert!(units(&text.text) <= units_max);
        assert_sound(&text);
    }
}
