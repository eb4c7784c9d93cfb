//! A text with places to fill in, made ready when the house starts.
//!
//! Fluent's own resolver looks every part up by name each time; on the way of every message that
//! cost ten times what writing it does. What the files use of Fluent is little, so it is resolved
//! once: arguments, `BOLD()`, `ITALIC()`, `CODE()`, and choices by number, plural or word. Whatever
//! else a file may hold is refused when it is read. As emphasis is written down as offsets while
//! the text grows, there is no character that a person could write to end or begin one.

use std::{borrow::Cow, fmt::Write as _};

use fluent_syntax::ast;
use picdesk_core::{
    account::Language,
    channel::{Span, Style, Text},
};

use super::clean;

/// From which number on digits stand in groups of three: `12,500`, but `9900`.
const GROUPED_FROM: u64 = 10_000;

/// What is wrong with a text in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WrongPattern {
    /// It uses more of Fluent than is understood here.
    #[error("more of Fluent than is understood here")]
    NotUnderstood,
    /// A choice without an end for everything else.
    #[error("a choice without a default")]
    NoDefault,
}

/// A text with places to fill in.
#[derive(Debug, Default)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Words(&'static str),
    Argument(&'static str),
    StandsOut(Style, Box<Piece>),
    Choice(Choice),
}

#[derive(Debug)]
struct Choice {
    argument: &'static str,
    by: By,
    cases: Vec<(Case, Pattern)>,
    otherwise: Pattern,
}

/// How a number chooses where no case names it.
#[derive(Clone, Copy, Debug)]
enum By {
    Count,
    Place,
}

#[derive(Debug)]
enum Case {
    Number(i64),
    Word(&'static str),
}

/// What a text is filled with.
#[derive(Debug, Default)]
pub(super) struct Args<'a>(Vec<(&'static str, Value<'a>)>);

#[derive(Debug)]
enum Value<'a> {
    Words(Cow<'a, str>),
    Number(i64),
}

impl<'a> Args<'a> {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(4))
    }

    /// Words of ours.
    pub(super) fn ours(mut self, name: &'static str, words: impl Into<Cow<'a, str>>) -> Self {
        self.0.push((name, Value::Words(words.into())));
        self
    }

    /// What a person wrote, cleaned and cut to one line.
    pub(super) fn theirs(self, name: &'static str, wrote: &str, chars_max: usize) -> Self {
        self.ours(name, clean::line(wrote, chars_max))
    }

    /// A number, written with its digits and heard by plurals.
    pub(super) fn number(mut self, name: &'static str, number: i64) -> Self {
        self.0.push((name, Value::Number(number)));
        self
    }

    fn find(&self, name: &str) -> Option<&Value<'a>> {
        self.0.iter().find(|(named, _)| *named == name).map(|(_, value)| value)
    }
}

impl Pattern {
    /// Reads a text of a file.
    pub(super) fn read(pattern: &ast::Pattern<&'static str>) -> Result<Self, WrongPattern> {
        let pieces = pattern.elements.iter().map(|element| match element {
            ast::PatternElement::TextElement { value } => Ok(Piece::Words(value)),
            ast::PatternElement::Placeable { expression } => placed(expression),
        });
        pieces.collect::<Result<_, _>>().map(Self)
    }

    /// Writes the text, filled. Whether every argument was there.
    pub(super) fn write(&self, text: &mut Text, language: Language, args: &Args) -> bool {
        let mut all = true;
        for piece in &self.0 {
            all &= piece.write(text, language, args);
        }
        all
    }
}

impl Piece {
    fn write(&self, text: &mut Text, language: Language, args: &Args) -> bool {
        match self {
            Self::Words(words) => text.text.push_str(words),
            Self::Argument(name) => match args.find(name) {
                None => return false,
                Some(Value::Words(words)) => text.text.push_str(words),
                Some(Value::Number(number)) => write_number(&mut text.text, *number),
            },
            Self::StandsOut(style, piece) => {
                let start = text.text.len();
                let all = piece.write(text, language, args);
                let end = text.text.len();
                if start < end {
                    text.spans.push(Span { start, end, style: *style });
                }
                return all;
            }
            Self::Choice(choice) => match args.find(choice.argument) {
                None => return false,
                Some(value) => return choice.choose(language, value).write(text, language, args),
            },
        }
        true
    }
}

impl Choice {
    fn choose(&self, language: Language, value: &Value) -> &Pattern {
        let (number, word) = match value {
            Value::Words(words) => (None, words.as_ref()),
            Value::Number(number) => (Some(*number), plural(language, self.by, *number)),
        };
        let chosen = self.cases.iter().find(|(case, _)| match case {
            Case::Number(named) => number == Some(*named),
            Case::Word(named) => *named == word,
        });
        chosen.map_or(&self.otherwise, |(_, pattern)| pattern)
    }
}

/// A whole number as it is read: a true minus, groups of three from five digits on.
pub(super) fn write_number(text: &mut String, number: i64) {
    if number < 0 {
        text.push('−');
    }
    let start = text.len();
    // Writing to a string does not fail.
    let _ = write!(text, "{}", number.unsigned_abs());
    if number.unsigned_abs() >= GROUPED_FROM {
        let end = text.len();
        // From the end on, so that no comma moves the place of the next.
        for group in 1..=(end - start - 1) / 3 {
            text.insert(end - 3 * group, ',');
        }
    }
}

/// The plural category of a whole number. Source: Unicode CLDR, plural rules, `en` and `zh`.
fn plural(language: Language, by: By, number: i64) -> &'static str {
    match (language, by) {
        (Language::En, By::Count) if number == 1 => "one",
        (Language::En, By::Place) => match (number % 10, number % 100) {
            (1, 0..=10 | 12..) => "one",
            (2, 0..=11 | 13..) => "two",
            (3, 0..=12 | 14..) => "few",
            _ => "other",
        },
        (Language::En, By::Count) | (Language::ZhCn, By::Count | By::Place) => "other",
    }
}

fn placed(expression: &ast::Expression<&'static str>) -> Result<Piece, WrongPattern> {
    match expression {
        ast::Expression::Inline(inline) => spoken(inline),
        ast::Expression::Select { selector, variants } => {
            choice(selector, variants).map(Piece::Choice)
        }
    }
}

fn spoken(inline: &ast::InlineExpression<&'static str>) -> Result<Piece, WrongPattern> {
    use ast::InlineExpression::{FunctionReference, StringLiteral, VariableReference};
    match inline {
        StringLiteral { value } if !value.contains('\\') => Ok(Piece::Words(value)),
        VariableReference { id } => Ok(Piece::Argument(id.name)),
        FunctionReference { id, arguments } => {
            let ([part], []) = (arguments.positional.as_slice(), arguments.named.as_slice()) else {
                return Err(WrongPattern::NotUnderstood);
            };
            let style = match id.name {
                "BOLD" => Style::Bold,
                "ITALIC" => Style::Italic,
                "CODE" => Style::Code,
                _ => return Err(WrongPattern::NotUnderstood),
            };
            Ok(Piece::StandsOut(style, Box::new(spoken(part)?)))
        }
        _ => Err(WrongPattern::NotUnderstood),
    }
}

fn choice(
    selector: &ast::InlineExpression<&'static str>,
    variants: &[ast::Variant<&'static str>],
) -> Result<Choice, WrongPattern> {
    let (argument, by) = chooser(selector)?;
    let mut cases = Vec::with_capacity(variants.len());
    let mut otherwise = None;
    for variant in variants {
        let pattern = Pattern::read(&variant.value)?;
        let case = match &variant.key {
            ast::VariantKey::Identifier { name } => Case::Word(name),
            ast::VariantKey::NumberLiteral { value } => {
                Case::Number(value.parse().map_err(|_| WrongPattern::NotUnderstood)?)
            }
        };
        if variant.default {
            otherwise = Some(pattern);
        } else {
            cases.push((case, pattern));
        }
    }
    let otherwise = otherwise.ok_or(WrongPattern::NoDefault)?;
    Ok(Choice { argument, by, cases, otherwise })
}

/// `$count`, or `NUMBER($place, type: "ordinal")`.
fn chooser(
    selector: &ast::InlineExpression<&'static str>,
) -> Result<(&'static str, By), WrongPattern> {
    use ast::InlineExpression::{FunctionReference, StringLiteral, VariableReference};
    match selector {
        VariableReference { id } => Ok((id.name, By::Count)),
        FunctionReference { id, arguments } if id.name == "NUMBER" => {
            match (arguments.positional.as_slice(), arguments.named.as_slice()) {
                (
                    [VariableReference { id }],
                    [ast::NamedArgument { name, value: StringLiteral { value: "ordinal" } }],
                ) if name.name == "type" => Ok((id.name, By::Place)),
                _ => Err(WrongPattern::NotUnderstood),
            }
        }
        _ => Err(WrongPattern::NotUnderstood),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Result<Pattern, WrongPattern> {
        let resource = fluent_syntax::parser::parse_runtime(text).expect("the text is Fluent");
        match resource.body.as_slice() {
            [ast::Entry::Message(ast::Message { value: Some(pattern), .. })] => {
                Pattern::read(pattern)
            }
            _ => panic!("not one text: {text}"),
        }
    }

    fn number(number: i64) -> String {
        let mut text = String::new();
        write_number(&mut text, number);
        text
    }

    #[test]
    fn numbers_are_grouped_from_five_digits_on() {
        let read = [0, -7, 9_900, 12_500, 1_234_567, i64::MIN].map(number);
        let expected = ["0", "−7", "9900", "12,500", "1,234,567", "−9,223,372,036,854,775,808"];
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "a = { b }",
            "a = { -b }",
            "a = { BOLD($b, $c) }",
            "a = { LOUD($b) }",
            "a = { \"\\u2068\" }",
            "a = { NUMBER($b) -> \n *[other] c\n }",
            "a = { $b -> \n [1.5] d\n *[other] c\n }",
        ] {
            assert_eq!(read(text).err(), Some(WrongPattern::NotUnderstood), "{text}");
        }
    }

    #[test]
    fn a_missing_argument_is_noticed() {
        let pattern = read("a = x { $b } { BOLD($c) }").unwrap();
        let mut text = Text::default();
        assert!(!pattern.write(&mut text, Language::En, &Args::new().ours("c", "狐")));
        assert_eq!(text.text, "x  狐");
        assert_eq!(text.spans, [Span { start: 3, end: 6, style: Style::Bold }]);
    }
}
