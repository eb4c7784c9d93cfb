//! How long things are.

use super::{
    nothing_breaks_it,
    source::Source,
    tree::{self, File},
};

/// Lines of code in a file.
const FILE_LINES_MAX: usize = 400;
/// Lines of code in a function.
const FUNCTION_LINES_MAX: usize = 70;
/// Letters in a line.
const COLUMNS_MAX: usize = 100;
/// Files in which somebody reads code, by their ending.
const WRITTEN: &[&str] = &["rs", "sql", "js", "mjs", "css", "html", "sh"];

fn long_files(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.is_one_of(WRITTEN))
        .filter_map(|file| {
            let lines = if file.is_one_of(&["rs"]) {
                Source::read(&file.text).length()
            } else {
                file.text.lines().filter(|line| !line.trim().is_empty()).count()
            };
            (lines > FILE_LINES_MAX)
                .then(|| format!("{}: {lines} lines of code, {FILE_LINES_MAX} at most", file.path))
        })
        .collect()
}

fn long_functions(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for function in Source::read(&file.text).functions() {
            if function.length > FUNCTION_LINES_MAX {
                found.push(format!(
                    "{}:{}: `{}` has {} lines of code, {FUNCTION_LINES_MAX} at most",
                    file.path, function.line, function.name, function.length
                ));
            }
        }
    }
    found
}

/// Code and comments that are wider than a page. What stands between quotes does not count: words
/// for people and snapshots are not broken for the sake of a margin.
fn wide_lines(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_one_of(&["rs", "sql", "mjs"])) {
        let code = Source::read(&file.text).lines();
        for (number, (line, code)) in (1..).zip(file.text.lines().zip(code)) {
            let columns = line.chars().count();
            let quoted = code.matches('_').count().saturating_sub(line.matches('_').count());
            if columns > COLUMNS_MAX + quoted {
                found.push(format!(
                    "{}:{number}: {columns} columns, {COLUMNS_MAX} at most",
                    file.path
                ));
            }
        }
    }
    found
}

#[test]
fn no_file_is_longer_than_one_can_hold_in_mind() {
    nothing_breaks_it(&long_files(&tree::files()));
    let long = File::made_up("src/long.rs", &"const A: u8 = 1;\n".repeat(401));
    let described = File::made_up("src/long.rs", &"/// Why.\nconst A: u8 = 1;\n\n".repeat(400));
    assert_eq!(long_files(&[long, described]).len(), 1);
}

#[test]
fn no_function_is_longer_than_a_screen() {
    nothing_breaks_it(&long_functions(&tree::rust()));
    let long = format!("fn long() {{\n{}}}\n", "    x();\n".repeat(69));
    assert_eq!(long_functions(&[File::made_up("src/long.rs", &long)]).len(), 1);
}

#[test]
fn no_line_is_wider_than_a_hundred_columns() {
    nothing_breaks_it(&wide_lines(&tree::files()));
    let long = "a".repeat(100);
    let text = format!("{long}\n{long}é\n// {long}\nf(\"{long} b\")\n\"{long}\", {long}\n");
    let wide = wide_lines(&[File::made_up("src/wide.rs", &text)]);
    assert_eq!(wide.len(), 3, "{wide:?}");
}
