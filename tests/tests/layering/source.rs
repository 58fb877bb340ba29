//! Reads Rust source far enough to say which paths a file names: no comments, no test code.

use std::fs;
use std::path::{Path, PathBuf};

/// A piece of source that matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Sign(char),
    /// `::`
    Colons,
}

impl Token {
    fn is(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }
}

/// What a file of a crate says outside its tests.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) file: PathBuf,
    /// The modules that lead to this file, outermost first; none for the root.
    pub(crate) module: Vec<String>,
    pub(crate) paths: Vec<Named>,
}

/// A path as it is written, with the depth of modules inside the file at which it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) depth: usize,
}

/// A line of `lib.rs` that declares a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layer {
    pub(crate) name: String,
    /// Behind the line `// Edges`.
    pub(crate) edge: bool,
}

/// The modules that a crate's root declares, in their order, without those for tests.
pub(crate) fn layers(root: &str) -> Vec<Layer> {
    let edges = root.find("\n// Edges").unwrap_or(root.len());
    let of = |text: &str, edge| {
        let layer = move |name| Layer { name, edge };
        declared(&tokens(text)).into_iter().map(layer).collect()
    };
    let mut all: Vec<Layer> = of(&root[..edges], false);
    all.extend::<Vec<Layer>>(of(&root[edges..], true));
    all
}

/// What the root re-exports: each name with the module that it comes from.
pub(crate) fn exports(root: &str) -> Vec<(String, String)> {
    let found = paths(&tokens(root));
    let pair = |named: Named| match named.segments.as_slice() {
        [module, .., name] if named.depth == 0 => Some((name.clone(), module.clone())),
        _ => None,
    };
    found.into_iter().filter_map(pair).collect()
}

/// All files of the crate under `src` that its root reaches outside tests.
pub(crate) fn sources(src: &Path, root: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut open = vec![(src.join(root), src.to_owned(), Vec::new())];
    while let Some((file, folder, module)) = open.pop() {
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let tokens = tokens(&text);
        for name in declared(&tokens) {
            let mut inner: Vec<String> = module.clone();
            inner.push(name.clone());
            open.push((folder.join(format!("{name}.rs")), folder.join(&name), inner));
        }
        found.push(Source {
            file,
            module,
            paths: paths(&tokens),
        });
    }
    found
}

/// The paths that `text` names outside its tests.
pub(crate) fn paths_of(text: &str) -> Vec<Named> {
    paths(&tokens(text))
}

/// The names in `mod name;`.
fn declared(tokens: &[Token]) -> Vec<String> {
    let name = |window: &[Token]| match window {
        [Token::Word(word), Token::Word(name), end] if word == "mod" && end.is(';') => {
            Some(name.clone())
        }
        _ => None,
    };
    tokens.windows(3).filter_map(name).collect()
}

/// The tokens of `text` without comments, literals and items under `#[cfg(test)]`. A string that
/// begins with `crate::` is kept as a path: attributes name functions so.
fn tokens(text: &str) -> Vec<Token> {
    let mut rest: Vec<char> = text.chars().collect();
    rest.push('\n');
    let (mut at, mut all) = (0, Vec::new());
    while at < rest.len() {
        let (c, next) = (rest[at], rest.get(at + 1).copied().unwrap_or('\n'));
        match c {
            '/' if next == '/' => at = position(&rest, at, |c| c == '\n'),
            '/' if next == '*' => at = block_comment(&rest, at),
            '"' => at = string(&rest, at, &mut all),
            'r' | 'b' if raw_hashes(&rest, at).is_some() => at = raw_string(&rest, at),
            'b' if next == '"' => at += 1,
            '\'' => at = quote(&rest, at),
            ':' if next == ':' => {
                all.push(Token::Colons);
                at += 2;
            }
            c if c.is_alphanumeric() || c == '_' => {
                let end = position(&rest, at, |c| !(c.is_alphanumeric() || c == '_'));
                all.push(Token::Word(rest[at..end].iter().collect()));
                at = end;
            }
            c if c.is_whitespace() => at += 1,
            sign => {
                all.push(Token::Sign(sign));
                at += 1;
            }
        }
    }
    without_tests(&all)
}

fn position(text: &[char], from: usize, found: impl Fn(char) -> bool) -> usize {
    let here = text[from..].iter().position(|c| found(*c));
    here.map_or(text.len(), |n| from + n)
}

fn block_comment(text: &[char], from: usize) -> usize {
    let (mut at, mut open) = (from + 2, 1);
    while at + 1 < text.len() && open > 0 {
        match (text[at], text[at + 1]) {
            ('/', '*') => open += 1,
            ('*', '/') => open -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    at
}

fn string(text: &[char], from: usize, all: &mut Vec<Token>) -> usize {
    let mut at = from + 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    let content: String = text[from + 1..at.min(text.len())].iter().collect();
    if content.starts_with("crate::") {
        all.extend(tokens(&content));
    }
    all.push(Token::Sign('"'));
    at + 1
}

/// How many `#` a raw string at `from` has; `None` if none begins there.
fn raw_hashes(text: &[char], from: usize) -> Option<usize> {
    let at = if text[from] == 'b' { from + 1 } else { from };
    let fresh = from == 0 || !(text[from - 1].is_alphanumeric() || text[from - 1] == '_');
    if !fresh || text.get(at) != Some(&'r') {
        return None;
    }
    let quote = position(text, at + 1, |c| c != '#');
    (text.get(quote) == Some(&'"')).then(|| quote - at - 1)
}

fn raw_string(text: &[char], from: usize) -> usize {
    let hashes = raw_hashes(text, from).unwrap_or(0);
    let mut at = position(text, from, |c| c == '"') + 1;
    loop {
        at = position(text, at, |c| c == '"') + 1;
        let closed =
            at >= text.len() || text[at..].iter().take_while(|c| **c == '#').count() >= hashes;
        if closed {
            return at + hashes;
        }
    }
}

/// Behind a character literal, or behind the tick of a lifetime.
fn quote(text: &[char], from: usize) -> usize {
    match (text.get(from + 1), text.get(from + 2)) {
        (Some('\\'), _) => position(text, from + 3, |c| c == '\'') + 1,
        (_, Some('\'')) => from + 3,
        _ => from + 1,
    }
}

/// Drops every item under `#[cfg(test)]`.
fn without_tests(all: &[Token]) -> Vec<Token> {
    let mark: Vec<Token> = ["#", "[", "cfg", "(", "test", ")", "]"]
        .iter()
        .map(|text| match text.chars().next() {
            Some(c) if c.is_alphabetic() => Token::Word((*text).to_owned()),
            Some(c) => Token::Sign(c),
            None => unreachable!(),
        })
        .collect();
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < all.len() {
        if all[at..].starts_with(&mark) {
            at = item_end(all, at + mark.len());
        } else {
            kept.push(all[at].clone());
            at += 1;
        }
    }
    kept
}

/// Behind the item at `from`: its `;` or its closing brace.
fn item_end(all: &[Token], from: usize) -> usize {
    let (mut at, mut open) = (from, 0_usize);
    while at < all.len() {
        match &all[at] {
            Token::Sign('{' | '(' | '[') => open += 1,
            Token::Sign('}') if open == 1 => return at + 1,
            Token::Sign('}' | ')' | ']') => open = open.saturating_sub(1),
            Token::Sign(';' | ',') if open == 0 => return at + 1,
            _ => {}
        }
        at += 1;
    }
    at
}

/// Every path with at least two segments, `use` trees taken apart.
fn paths(all: &[Token]) -> Vec<Named> {
    let (mut found, mut at, mut braces) = (Vec::new(), 0, Vec::new());
    while at < all.len() {
        let module = matches!(&all[at], Token::Word(word) if word == "mod")
            && all.get(at + 2).is_some_and(|token| token.is('{'));
        let behind = at > 0 && all[at - 1] == Token::Colons;
        match &all[at] {
            _ if module => {
                braces.push(true);
                at += 3;
                continue;
            }
            Token::Sign('{') => braces.push(false),
            Token::Sign('}') => drop(braces.pop()),
            Token::Word(_) if !behind => {
                let mut flat = Vec::new();
                let end = tree(all, at, &[], &mut flat);
                let depth = braces.iter().filter(|module| **module).count();
                let long = flat.into_iter().filter(|segments| segments.len() > 1);
                found.extend(long.map(|segments| Named { segments, depth }));
                at = end;
                continue;
            }
            // `use {a::b, c::d}` needs no care: its branches are paths themselves.
            _ => {}
        }
        at += 1;
    }
    found
}

/// Flattens the tree at `at` behind `before`; returns the place behind it.
fn tree(all: &[Token], mut at: usize, before: &[String], flat: &mut Vec<Vec<String>>) -> usize {
    let mut segments = before.to_vec();
    while let Some(Token::Word(word)) = all.get(at) {
        segments.push(word.clone());
        at += 1;
        if all.get(at) != Some(&Token::Colons) {
            flat.push(segments);
            return at;
        }
        at += 1;
    }
    match all.get(at) {
        Some(token) if token.is('{') => {
            at += 1;
            while let Some(token) = all.get(at) {
                match token {
                    Token::Word(_) => at = tree(all, at, &segments, flat),
                    token if token.is('}') => return at + 1,
                    token if token.is('*') => {
                        flat.push([segments.as_slice(), &["*".to_owned()]].concat());
                        at += 1;
                    }
                    _ => at += 1,
                }
            }
        }
        Some(token) if token.is('*') => {
            segments.push("*".to_owned());
            flat.push(segments);
            at += 1;
        }
        // A turbofish, or the like: what stands before it is the path.
        _ => flat.push(segments),
    }
    at
}
