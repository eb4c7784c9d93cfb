//! Reading Rust just well enough to count it: what is code, what is a comment, an attribute, a
//! test, and where a function ends.

/// A source text in two readings of the same length, so that positions agree.
pub struct Source {
    /// Comments and the insides of literals blanked out: what is left is code.
    pub code: Vec<char>,
    /// The lines that count: some code is on them, and not only an attribute or a test.
    pub counted: Vec<bool>,
}

/// A function.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line it begins on, counted from one.
    pub line: usize,
    /// Lines of code, without one-line match arms.
    pub length: usize,
}

impl Source {
    /// Reads a text.
    pub fn read(text: &str) -> Self {
        let code = mask(text);
        let mut counted_code = code.clone();
        blank_tests(&mut counted_code);
        blank_attributes(&mut counted_code);
        let counted = lines(&counted_code).map(|line| !is_blank(line)).collect();
        Self { code, counted }
    }

    /// How many lines count.
    pub fn length(&self) -> usize {
        self.counted.iter().filter(|counts| **counts).count()
    }

    /// Its functions that count, in order.
    pub fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(begin) = find(&self.code, at, "fn ") {
            at = begin + 3;
            let starts_a_word = begin == 0 || !is_word(self.code[begin - 1]);
            let name: String =
                self.code[at..].iter().take_while(|letter| is_word(**letter)).collect();
            let first = line_of(&self.code, begin);
            if !starts_a_word || name.is_empty() || !self.counted[first] {
                continue;
            }
            let Some(open) = body(&self.code, at) else { continue };
            let last = line_of(&self.code, closing(&self.code, open));
            let all: Vec<&[char]> = lines(&self.code).collect();
            let length = (first..=last)
                .filter(|line| self.counted[*line] && !is_one_line_arm(all[*line]))
                .count();
            found.push(Function { name, line: first + 1, length });
        }
        found
    }

    /// The code without its tests, a line each.
    pub fn untested_lines(&self) -> Vec<String> {
        let mut code = self.code.clone();
        blank_tests(&mut code);
        lines(&code).map(|line| line.iter().collect()).collect()
    }

    /// The code, a line each.
    pub fn lines(&self) -> Vec<String> {
        lines(&self.code).map(|line| line.iter().collect()).collect()
    }
}

fn lines(code: &[char]) -> impl Iterator<Item = &[char]> {
    code.split(|letter| *letter == '\n')
}

fn line_of(code: &[char], at: usize) -> usize {
    code[..at].iter().filter(|letter| **letter == '\n').count()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn is_blank(line: &[char]) -> bool {
    line.iter().all(|letter| letter.is_whitespace())
}

fn find(code: &[char], from: usize, what: &str) -> Option<usize> {
    let what: Vec<char> = what.chars().collect();
    (from..code.len().saturating_sub(what.len() - 1)).find(|at| code[*at..].starts_with(&what))
}

/// Whether a line is an arm of a match and all of it.
fn is_one_line_arm(line: &[char]) -> bool {
    let line: String = line.iter().collect();
    let line = line.trim();
    let balanced = [('(', ')'), ('{', '}'), ('[', ']')]
        .iter()
        .all(|(open, close)| line.matches(*open).count() == line.matches(*close).count());
    balanced && line.contains("=> ") && (line.ends_with(',') || line.ends_with('}'))
}

/// Where the body of the function whose name begins here opens; nothing for one without.
fn body(code: &[char], from: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, letter) in code.iter().enumerate().skip(from) {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth == 0 => return Some(at),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Where the bracket that opens here closes.
fn closing(code: &[char], open: usize) -> usize {
    let mut depth = 0_i32;
    for (at, letter) in code.iter().enumerate().skip(open) {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    code.len() - 1
}

fn blank(code: &mut [char]) {
    code.iter_mut().filter(|letter| **letter != '\n').for_each(|letter| *letter = ' ');
}

/// Blanks whatever is only compiled for tests.
fn blank_tests(code: &mut [char]) {
    let mut at = 0;
    while let Some(begin) = find(code, at, "#[cfg(test)]") {
        let mut end = begin + 12;
        // Further attributes belong to the same item.
        while end < code.len() && code[end] != ';' && code[end] != '{' {
            end = if "([".contains(code[end]) { closing(code, end) + 1 } else { end + 1 };
        }
        if end < code.len() && code[end] == '{' {
            end = closing(code, end);
        }
        let end = (end + 1).min(code.len());
        blank(&mut code[begin..end]);
        at = end;
    }
}

fn blank_attributes(code: &mut [char]) {
    let mut at = 0;
    while let Some(begin) = find(code, at, "#") {
        let open = begin + 1 + usize::from(code.get(begin + 1) == Some(&'!'));
        at = begin + 1;
        if code.get(open) == Some(&'[') {
            let end = closing(code, open) + 1;
            blank(&mut code[begin..end]);
            at = end;
        }
    }
}

/// Blanks comments; of literals the quotes stay and the insides become underlines, so that their
/// lines still count.
fn mask(text: &str) -> Vec<char> {
    let mut code: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        let after_word = at > 0 && is_word(code[at - 1]);
        if rest.starts_with(&['/', '/']) {
            let end = at + rest.iter().position(|l| *l == '\n').unwrap_or(rest.len());
            blank(&mut code[at..end]);
            at = end;
        } else if rest.starts_with(&['/', '*']) {
            let end = end_of_comment(&code, at);
            blank(&mut code[at..end]);
            at = end;
        } else if let Some(hashes) = raw_string(rest).filter(|_| !after_word || rest[0] == '"') {
            at = mask_raw(&mut code, at, hashes);
        } else if rest[0] == '"' {
            at = mask_quoted(&mut code, at, '"');
        } else if rest[0] == '\'' && is_letter(rest) {
            at = mask_quoted(&mut code, at, '\'');
        } else {
            at += 1;
        }
    }
    code
}

fn end_of_comment(code: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at < code.len() {
        if code[at..].starts_with(&['/', '*']) {
            depth += 1;
            at += 2;
        } else if code[at..].starts_with(&['*', '/']) {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    code.len()
}

/// How many `#` a raw string has that begins here: `r"`, `r#"`, `br##"`.
fn raw_string(rest: &[char]) -> Option<usize> {
    let rest = rest.strip_prefix(&['b']).or(rest.strip_prefix(&['c'])).unwrap_or(rest);
    let rest = rest.strip_prefix(&['r'])?;
    let hashes = rest.iter().take_while(|letter| **letter == '#').count();
    (rest.get(hashes) == Some(&'"')).then_some(hashes)
}

fn mask_raw(code: &mut [char], from: usize, hashes: usize) -> usize {
    let open = from + code[from..].iter().position(|letter| *letter == '"').unwrap_or(0);
    let mut at = open + 1;
    while at < code.len() {
        let tail = &code[at + 1..];
        if code[at] == '"' && tail.iter().take_while(|l| **l == '#').count() >= hashes {
            return at + 1 + hashes;
        }
        hide(&mut code[at]);
        at += 1;
    }
    at
}

/// Whether a quote begins a letter rather than a lifetime.
fn is_letter(rest: &[char]) -> bool {
    rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'')
}

fn mask_quoted(code: &mut [char], from: usize, quote: char) -> usize {
    let mut at = from + 1;
    while at < code.len() && code[at] != quote {
        if code[at] == '\\' && at + 1 < code.len() {
            hide(&mut code[at]);
            at += 1;
        }
        hide(&mut code[at]);
        at += 1;
    }
    at + 1
}

fn hide(letter: &mut char) {
    if !letter.is_whitespace() {
        *letter = '_';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        mask(text).into_iter().collect()
    }

    #[test]
    fn comments_are_blank_and_literals_hide_what_they_say() {
        assert_eq!(code("a // b\nc"), "a     \nc");
        assert_eq!(code("a /* b /* c */ d */ e"), "a                   e");
        assert_eq!(code(r#"a("// {", 'x', '\'', &'a b)"#), r#"a("__ _", '_', '__', &'a b)"#);
        assert_eq!(code("r#\"{\"}\"# b"), "r#\"___\"# b");
        assert_eq!(code("br\"\\\" + for\"}\""), "br\"_\" + for\"_\"");
    }

    #[test]
    fn docs_attributes_blank_lines_and_tests_do_not_count() {
        let text = "//! Doc.\n\n#[derive(\n  Debug,\n)]\nstruct A; // why\n\n#[cfg(test)]\n\
                    #[path = \"x\"]\nmod tests {\n  fn a() { {} }\n}\nconst B: u8 = 1;\n";
        assert_eq!(Source::read(text).length(), 2);
        assert!(Source::read(text).functions().is_empty());
        assert!(!Source::read(text).untested_lines().concat().contains("fn a"));
    }

    #[test]
    fn a_function_is_counted_to_its_end_without_one_line_arms() {
        let text = "trait T { fn none(&self, a: [u8; 2]); }\nfn long(\n  a: u8,\n) -> u8 {\n\
                    \x20 // why\n  match a {\n    1 => { 2 }\n    2 => \"}\".len(),\n\
                    \x20   _ => f(\n      1,\n    ),\n  }\n}\nconst F: fn() = x;\n";
        let long = Function { name: "long".to_owned(), line: 2, length: 9 };
        assert_eq!(Source::read(text).functions(), [long]);
    }

    #[test]
    fn text_over_many_lines_counts_as_it_stands() {
        assert_eq!(Source::read("const A: &str = \"\n  select 1\n  // from\n\";\n").length(), 4);
    }
}
