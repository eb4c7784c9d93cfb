//! Reading Rust just well enough to count it: what is code, what is a comment, an attribute, a
//! test, and where a function ends.

/// A source text in two readings of the same length, so that positions agree.
pub struct Source {
    /// Comments and the insides of literals blanked out: what is left is code.
    code: String,
    /// The lines that count: some code is on them, and not only an attribute or a test.
    counted: Vec<bool>,
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
        let counted_code = without_attributes(without_tests(code.clone()));
        let counted = counted_code.split('\n').map(|line| !line.trim().is_empty()).collect();
        Self { code, counted }
    }

    /// How many lines count.
    pub fn length(&self) -> usize {
        self.counted.iter().filter(|counts| **counts).count()
    }

    /// Its functions that count, in order.
    pub fn functions(&self) -> Vec<Function> {
        let lines: Vec<&str> = self.code.split('\n').collect();
        let mut found = Vec::new();
        let (mut line, mut looked_at) = (0, 0);
        for (begin, _) in self.code.match_indices("fn ") {
            line += count_lines(&self.code[looked_at..begin]);
            looked_at = begin;
            let after = &self.code[begin + 3..];
            let name: String = after.chars().take_while(|letter| is_word(*letter)).collect();
            let starts_a_word = !self.code[..begin].ends_with(is_word);
            if !starts_a_word || name.is_empty() || !self.counted[line] {
                continue;
            }
            let Some(open) = body(&self.code, begin + 3) else { continue };
            let last = line + count_lines(&self.code[begin..closing(&self.code, open)]);
            let length = (line..=last)
                .filter(|line| self.counted[*line] && !is_one_line_arm(lines[*line]))
                .count();
            found.push(Function { name, line: line + 1, length });
        }
        found
    }

    /// The code without its tests, a line each.
    pub fn untested_lines(&self) -> Vec<String> {
        without_tests(self.code.clone()).split('\n').map(str::to_owned).collect()
    }

    /// The code, a line each.
    pub fn lines(&self) -> Vec<String> {
        self.code.split('\n').map(str::to_owned).collect()
    }
}

fn count_lines(code: &str) -> usize {
    code.bytes().filter(|byte| *byte == b'\n').count()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Whether a line is an arm of a match and all of it.
fn is_one_line_arm(line: &str) -> bool {
    let line = line.trim();
    let balanced = [('(', ')'), ('{', '}'), ('[', ']')]
        .iter()
        .all(|(open, close)| line.matches(*open).count() == line.matches(*close).count());
    balanced && line.contains("=> ") && (line.ends_with(',') || line.ends_with('}'))
}

/// Where the body of the function whose name begins here opens; nothing for one without.
fn body(code: &str, from: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, letter) in code[from..].bytes().enumerate() {
        match letter {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(from + at),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Where the bracket that opens here closes.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_i32;
    for (at, letter) in code[open..].bytes().enumerate() {
        match letter {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at;
        }
    }
    code.len() - 1
}

/// Blanks a part of code; its lines stay.
fn blank(code: &mut String, from: usize, to: usize) {
    let lines = code[from..to].split('\n').map(|line| " ".repeat(line.len()));
    let blanked = lines.collect::<Vec<_>>().join("\n");
    code.replace_range(from..to, &blanked);
}

/// Blanks whatever is only compiled for tests.
fn without_tests(mut code: String) -> String {
    while let Some(begin) = code.find("#[cfg(test)]") {
        let mut end = begin + 12;
        // Further attributes belong to the same item.
        while let Some(at) = code[end..].find([';', '{', '(', '[']).map(|at| end + at) {
            end = match code.as_bytes()[at] {
                b';' => at,
                _ => closing(&code, at),
            };
            if [b';', b'}'].contains(&code.as_bytes()[end]) {
                break;
            }
            end += 1;
        }
        let end = (end + 1).min(code.len());
        blank(&mut code, begin, end);
    }
    code
}

fn without_attributes(mut code: String) -> String {
    let mut looked_at = 0;
    while let Some(begin) = code[looked_at..].find('#').map(|at| looked_at + at) {
        let open = begin + 1 + usize::from(code[begin + 1..].starts_with('!'));
        looked_at = begin + 1;
        if code[open..].starts_with('[') {
            let end = closing(&code, open) + 1;
            blank(&mut code, begin, end);
            looked_at = end;
        }
    }
    code
}

/// Blanks comments; of literals the quotes stay and the insides become underlines, so that their
/// lines still count.
fn mask(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        at = match rest[0] {
            b'/' if rest.starts_with(b"//") => {
                let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                hide(&mut code[at..at + length], b' ');
                at + length
            }
            b'/' if rest.starts_with(b"/*") => {
                let length = length_of_comment(rest);
                hide(&mut code[at..at + length], b' ');
                at + length
            }
            b'"' => mask_quoted(&mut code, at, b'"'),
            b'\'' if rest.get(1) == Some(&b'\\') || is_letter(&text[at..]) => {
                mask_quoted(&mut code, at, b'\'')
            }
            b'r' | b'b' | b'c' if !text[..at].ends_with(is_word) => match raw_string(rest) {
                Some(hashes) => mask_raw(&mut code, at, hashes),
                None => at + 1,
            },
            _ => at + text[at..].chars().next().map_or(1, char::len_utf8),
        };
    }
    String::from_utf8(code).unwrap()
}

fn length_of_comment(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// How many `#` a raw string has that begins here: `r"`, `r#"`, `br##"`.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let rest = rest.strip_prefix(b"b").or(rest.strip_prefix(b"c")).unwrap_or(rest);
    let rest = rest.strip_prefix(b"r")?;
    let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
    (rest.get(hashes) == Some(&b'"')).then_some(hashes)
}

fn mask_raw(code: &mut [u8], from: usize, hashes: usize) -> usize {
    let open = from + code[from..].iter().position(|byte| *byte == b'"').unwrap_or(0);
    let mut at = open + 1;
    while at < code.len() {
        let tail = &code[at + 1..];
        if code[at] == b'"' && tail.iter().take_while(|byte| **byte == b'#').count() >= hashes {
            return at + 1 + hashes;
        }
        hide(&mut code[at..=at], b'_');
        at += 1;
    }
    at
}

/// Whether a quote begins a letter rather than a lifetime.
fn is_letter(rest: &str) -> bool {
    rest.chars().nth(2) == Some('\'')
}

fn mask_quoted(code: &mut [u8], from: usize, quote: u8) -> usize {
    let mut at = from + 1;
    while at < code.len() && code[at] != quote {
        let length = if code[at] == b'\\' { 2.min(code.len() - at) } else { 1 };
        hide(&mut code[at..at + length], b'_');
        at += length;
    }
    (at + 1).min(code.len())
}

/// Writes over bytes; the ends of lines stay.
fn hide(bytes: &mut [u8], with: u8) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = with;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_blank_and_literals_hide_what_they_say() {
        assert_eq!(mask("a // b\nc"), "a     \nc");
        assert_eq!(mask("a /* b /* c */ d */ e"), "a                   e");
        assert_eq!(mask(r#"a("// {", 'é', '\'', &'a b)"#), r#"a("____", '__', '__', &'a b)"#);
        assert_eq!(mask("r#\"{\"}\"# b"), "r#\"___\"# b");
        assert_eq!(mask("br\"\\\" + for\"}\""), "br\"_\" + for\"_\"");
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
