//! The texts of one language, by name.

use std::collections::HashMap;

use fluent_syntax::{ast, parser};
use picdesk_core::{account::Language, channel::Text};

use super::pattern::{Args, Pattern};

/// The texts of one language.
pub(super) struct Lexicon {
    language: Language,
    texts: HashMap<&'static str, Entry>,
    #[cfg(test)]
    said: std::sync::Mutex<std::collections::BTreeSet<&'static str>>,
}

/// A text, formatted already where there is nothing to fill in.
enum Entry {
    Whole(Text),
    Pattern(Pattern),
}

impl Lexicon {
    /// Reads the texts of a language.
    pub(super) fn load(language: Language, source: &'static str) -> Self {
        let resource = parser::parse_runtime(source).expect("a test reads every text");
        let mut texts = HashMap::with_capacity(resource.body.len());
        for entry in &resource.body {
            if let ast::Entry::Message(ast::Message { id, value: Some(pattern), .. }) = entry {
                let pattern = Pattern::read(pattern).expect("a test reads every text");
                texts.insert(id.name, Entry::new(pattern, language));
            }
        }
        Self {
            language,
            texts,
            #[cfg(test)]
            said: std::sync::Mutex::default(),
        }
    }

    /// A text without arguments.
    pub(super) fn text(&self, id: &'static str) -> Text {
        self.whole(id).clone()
    }

    /// A few words without arguments or emphasis.
    pub(super) fn word(&self, id: &'static str) -> &str {
        let text = self.whole(id);
        debug_assert!(text.spans.is_empty(), "{id} has emphasis");
        &text.text
    }

    /// A text with arguments.
    pub(super) fn fill(&self, id: &'static str, args: &Args) -> Text {
        let mut text = Text::default();
        let is_whole = match self.find(id) {
            Some(Entry::Pattern(pattern)) => pattern.write(&mut text, self.language, args),
            Some(Entry::Whole(_)) | None => false,
        };
        debug_assert!(is_whole, "{id} is not there, takes no arguments, or lacks one of {args:?}");
        text
    }

    /// A few words with arguments and without emphasis.
    pub(super) fn phrase(&self, id: &'static str, args: &Args) -> String {
        let text = self.fill(id, args);
        debug_assert!(text.spans.is_empty(), "{id} has emphasis");
        text.text
    }

    fn whole(&self, id: &'static str) -> &Text {
        static NOTHING: Text = Text { text: String::new(), spans: Vec::new() };
        match self.find(id) {
            Some(Entry::Whole(text)) => text,
            Some(Entry::Pattern(_)) | None => {
                debug_assert!(false, "there is no text {id} without arguments");
                &NOTHING
            }
        }
    }

    fn find(&self, id: &'static str) -> Option<&Entry> {
        #[cfg(test)]
        self.said.lock().expect("no test panics while it holds this").insert(id);
        self.texts.get(id)
    }

    /// The texts that nobody has said so far.
    #[cfg(test)]
    pub(super) fn unsaid(&self) -> Vec<&'static str> {
        let said = self.said.lock().expect("no test panics while it holds this");
        self.texts.keys().copied().filter(|id| !said.contains(id)).collect()
    }
}

impl Entry {
    fn new(pattern: Pattern, language: Language) -> Self {
        let mut text = Text::default();
        if pattern.write(&mut text, language, &Args::default()) {
            Self::Whole(text)
        } else {
            Self::Pattern(pattern)
        }
    }
}
