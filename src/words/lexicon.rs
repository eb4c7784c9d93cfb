//! The texts of one language: a Fluent bundle, and its argument-free texts formatted once.

use std::{borrow::Cow, collections::HashMap};

use fluent_bundle::{
    FluentArgs, FluentError, FluentResource, FluentValue, concurrent::FluentBundle,
};
use picdesk_core::{
    account::Language,
    channel::{Style, Text},
};
use unic_langid::LanguageIdentifier;

use super::{
    clean,
    mark::{marked, unmark},
};

/// From how many digits on a number is written in groups: `12,500`, but `9900`.
const GROUP_FROM: i64 = 10_000;

/// The texts of one language.
pub(super) struct Lexicon {
    bundle: FluentBundle<FluentResource>,
    constant: HashMap<&'static str, Text>,
    #[cfg(test)]
    said: std::sync::Mutex<std::collections::BTreeSet<String>>,
}

impl Lexicon {
    /// Reads the texts of a language.
    pub(super) fn load(language: Language, source: &'static str) -> Self {
        let resource = FluentResource::try_new(source.to_owned()).expect("a test reads every text");
        let mut bundle = FluentBundle::new_concurrent(vec![identifier(language)]);
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _| match value {
            FluentValue::Number(number) => Some(digits(number.value)),
            _ => None,
        }));
        add_functions(&mut bundle).expect("the functions have names of their own");
        bundle.add_resource(resource).expect("a test finds a text that is there twice");
        let mut lexicon = Self {
            bundle,
            constant: HashMap::new(),
            #[cfg(test)]
            said: std::sync::Mutex::default(),
        };
        let constant = ids(source).filter_map(|id| {
            let (text, errors) = lexicon.format(id, None)?;
            errors.is_empty().then(|| (id, unmark(text)))
        });
        lexicon.constant = constant.collect();
        lexicon
    }

    /// A text without arguments.
    pub(super) fn text(&self, id: &'static str) -> Text {
        self.constant(id).clone()
    }

    /// A few words without arguments or emphasis.
    pub(super) fn word(&self, id: &'static str) -> &str {
        let text = self.constant(id);
        debug_assert!(text.spans.is_empty(), "{id} has emphasis");
        &text.text
    }

    /// A text with arguments, its emphasis still marked.
    pub(super) fn fill(&self, id: &'static str, args: &Args) -> String {
        self.note(id);
        let Some((text, errors)) = self.format(id, Some(&args.0)) else {
            debug_assert!(false, "there is no text {id}");
            return String::new();
        };
        debug_assert!(errors.is_empty(), "{id}: {errors:?}");
        text
    }

    fn constant(&self, id: &'static str) -> &Text {
        static NOTHING: Text = Text { text: String::new(), spans: Vec::new() };
        self.note(id);
        let text = self.constant.get(id);
        debug_assert!(text.is_some(), "there is no text {id} without arguments");
        text.unwrap_or(&NOTHING)
    }

    fn format(&self, id: &str, args: Option<&FluentArgs>) -> Option<(String, Vec<FluentError>)> {
        let message = self.bundle.get_message(id)?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(message.value()?, args, &mut errors);
        Some((text.into_owned(), errors))
    }

    #[cfg(test)]
    fn note(&self, id: &str) {
        let mut said = self.said.lock().expect("no test panics while it holds this");
        if !said.contains(id) {
            said.insert(id.to_owned());
        }
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "tests note which texts were said")]
    fn note(&self, _id: &str) {}

    /// Which texts were said so far.
    #[cfg(test)]
    pub(super) fn said(&self) -> std::collections::BTreeSet<String> {
        self.said.lock().expect("no test panics while it holds this").clone()
    }
}

/// What a text is filled with.
#[derive(Default)]
pub(super) struct Args<'a>(FluentArgs<'a>);

impl<'a> Args<'a> {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Words of ours; their marks stay marks.
    pub(super) fn ours(mut self, name: &'static str, words: impl Into<Cow<'a, str>>) -> Self {
        self.0.set(name, FluentValue::String(words.into()));
        self
    }

    /// What a person wrote, cleaned and cut to one line.
    pub(super) fn theirs(mut self, name: &'static str, wrote: &str, chars_max: usize) -> Self {
        self.0.set(name, FluentValue::String(clean::line(wrote, chars_max).into()));
        self
    }

    /// A number, written with its digits and used by plural rules.
    pub(super) fn number(mut self, name: &'static str, number: i64) -> Self {
        self.0.set(name, FluentValue::from(number));
        self
    }
}

/// The names of the texts in a file, in order.
pub(super) fn ids(source: &'static str) -> impl Iterator<Item = &'static str> {
    let named = source.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    named.filter_map(|line| Some(line.split_once(" =")?.0))
}

/// A whole number as it is read: a true minus, groups of three from five digits on.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let sign = if number < 0 { "−" } else { "" };
    if number.unsigned_abs() < GROUP_FROM.unsigned_abs() {
        return format!("{sign}{digits}");
    }
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 4);
    grouped.push_str(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[expect(clippy::cast_possible_truncation, reason = "only whole numbers are passed to texts")]
fn digits(number: f64) -> String {
    grouped(number as i64)
}

fn identifier(language: Language) -> LanguageIdentifier {
    language.tag().parse().expect("every tag of ours is a language's")
}

fn add_functions(bundle: &mut FluentBundle<FluentResource>) -> Result<(), FluentError> {
    bundle.add_builtins()?;
    bundle.add_function("BOLD", |parts, _| stand_out(Style::Bold, parts))?;
    bundle.add_function("ITALIC", |parts, _| stand_out(Style::Italic, parts))?;
    bundle.add_function("CODE", |parts, _| stand_out(Style::Code, parts))
}

fn stand_out<'a>(style: Style, parts: &[FluentValue<'a>]) -> FluentValue<'a> {
    match parts {
        [FluentValue::String(part)] => FluentValue::String(marked(style, part).into()),
        [FluentValue::Number(number)] => {
            FluentValue::String(marked(style, &digits(number.value)).into())
        }
        _ => FluentValue::Error,
    }
}
