//! What a provider says about why it would not make a picture, in few words of ours.

/// A refusal on grounds of safety.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// What was looked at when it was refused.
    pub stage: Stage,
    /// Why, each reason once, in the order given; often empty, as few providers say.
    pub categories: Vec<Category>,
}

/// What a provider looked at when it refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// The prompt or a reference picture.
    Input,
    /// The picture that came out.
    Output,
    /// It did not say.
    #[default]
    Unknown,
}

/// Why a provider refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Sexual content.
    Sexual,
    /// Sexual content with minors.
    Minors,
    /// Violence.
    Violence,
    /// Harm to oneself.
    SelfHarm,
    /// Hatred of groups.
    Hate,
    /// Harassment of people.
    Harassment,
    /// Unlawful deeds.
    Illicit,
    /// Other people's works, names or faces.
    Rights,
    /// A reason that we have no word for.
    Other,
}

/// More reasons than these are not kept.
const CATEGORIES_MAX: usize = 8;

impl Refusal {
    /// Puts a refusal into our words.
    pub(super) fn read<'a>(
        stage: Option<&str>,
        categories: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let stage = match stage {
            Some("input") => Stage::Input,
            Some("output") => Stage::Output,
            Some(_) | None => Stage::Unknown,
        };
        let mut read = Self { stage, categories: Vec::new() };
        for name in categories {
            let category = Category::read(name);
            if read.categories.len() < CATEGORIES_MAX && !read.categories.contains(&category) {
                read.categories.push(category);
            }
        }
        read
    }
}

impl Category {
    /// The names are those of OpenAI's moderation; with subdivisions, `violence/graphic`.
    fn read(name: &str) -> Self {
        let name = name.trim().replace('-', "_");
        let (main, sub) = name.split_once('/').unwrap_or((&name, ""));
        match (main, sub) {
            ("sexual", "minors") | ("sexual_minors" | "minors" | "csam", _) => Self::Minors,
            ("sexual" | "nudity", _) => Self::Sexual,
            ("violence" | "graphic_violence", _) => Self::Violence,
            ("self_harm", _) => Self::SelfHarm,
            ("hate", _) => Self::Hate,
            ("harassment", _) => Self::Harassment,
            ("illicit", _) => Self::Illicit,
            ("copyright" | "likeness" | "similarity" | "public_figure", _) => Self::Rights,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_come_in_our_words_each_once() {
        let read = Refusal::read(
            Some("output"),
            ["sexual/minors", " violence", "violence/graphic", "self-harm", "<script>"],
        );
        let categories =
            vec![Category::Minors, Category::Violence, Category::SelfHarm, Category::Other];
        assert_eq!(read, Refusal { stage: Stage::Output, categories });
        assert_eq!(Refusal::read(Some("?"), []), Refusal::default());
    }
}
