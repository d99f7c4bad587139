//! Reads the modules of the crate: what each file declares, imports and uses.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The segments of a path, as written or from the crate's root.
pub(super) type ModulePath = Vec<String>;

/// One file of `src`, without what is compiled for tests only.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Its path from the crate's root: `["okta", "idx", "step"]`. The root itself is empty.
    pub(super) module: ModulePath,
    /// Names of the modules that it declares.
    children: Vec<String>,
    /// Names of modules that only tests have.
    pub(super) test_children: Vec<String>,
    imports: Vec<Import>,
    /// Paths of two or more segments outside of `use`.
    paths: Vec<ModulePath>,
    /// Names of its items and of what is inside them.
    definitions: Vec<String>,
}

#[derive(Debug)]
struct Import {
    path: ModulePath,
    /// The name it has in this file; `*` for all of them.
    name: String,
    is_reexport: bool,
}

impl Source {
    pub(super) fn parse(module: ModulePath, text: &str) -> Self {
        let mut source = Self {
            module,
            ..Self::default()
        };
        let tokens: TokenStream = text.parse().unwrap();
        source.read(tokens);
        source
    }

    /// The paths from the crate's root that this file uses; re-exports are not uses.
    pub(super) fn used(&self) -> impl Iterator<Item = ModulePath> {
        let imports = self.imports.iter().filter(|import| !import.is_reexport);
        let imported = imports.map(|import| &import.path);
        imported
            .chain(&self.paths)
            .filter_map(|path| self.absolute(path))
    }

    /// Where this file has `name` from, if it imports or re-exports it.
    pub(super) fn origin(&self, name: &str) -> Option<ModulePath> {
        let import = self.imports.iter().find(|import| import.name == name)?;
        self.absolute(&import.path)
    }

    /// The modules all of whose names this file re-exports.
    pub(super) fn globs(&self) -> impl Iterator<Item = ModulePath> {
        let globs = self.imports.iter().filter(|import| import.name == "*");
        globs.filter_map(|import| self.absolute(&import.path))
    }

    pub(super) fn defines(&self, name: &str) -> bool {
        self.definitions.iter().any(|defined| defined == name)
    }

    /// `path` from the crate's root; `None` for another crate's.
    fn absolute(&self, path: &[String]) -> Option<ModulePath> {
        let mut base = match path.first()?.as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" | "super" => self.module.clone(),
            child if self.children.iter().any(|known| known == child) => self.module.clone(),
            _ => return None,
        };
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "self" => {}
                "super" => drop(base.pop()),
                _ => break,
            }
            rest = after;
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut is_public = false;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    at += 1;
                    if tokens.get(at).is_some_and(is_inner_mark) {
                        at += 1;
                    }
                    if tokens.get(at).is_some_and(is_for_tests) {
                        at = self.skip_item(&tokens, at + 1);
                        continue;
                    }
                }
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Ident(ident) => {
                    let word = ident.to_string();
                    let next = tokens.get(at + 1);
                    match word.as_str() {
                        "pub" => {
                            is_public = true;
                            at += 1 + usize::from(next.is_some_and(is_parenthesis));
                            continue;
                        }
                        "use" => {
                            at = self.read_use(&tokens, at + 1, is_public);
                        }
                        "mod" if is_semicolon(tokens.get(at + 2)) => {
                            self.children.push(text_of(next));
                        }
                        "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static"
                        | "union" | "macro_rules" => self.definitions.push(text_of(next)),
                        _ => at = self.read_path(&tokens, at),
                    }
                    is_public = false;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Skips what a `#[cfg(test)]` stands before; returns the place after it.
    fn skip_item(&mut self, tokens: &[TokenTree], mut at: usize) -> usize {
        if text_of(tokens.get(at)) == "mod" && is_semicolon(tokens.get(at + 2)) {
            self.test_children.push(text_of(tokens.get(at + 1)));
        }
        while let Some(token) = tokens.get(at) {
            at += 1;
            let is_block =
                matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
            if is_block || is_semicolon(Some(token)) {
                break;
            }
        }
        at
    }

    /// Reads the path that begins at `at`; returns the place of its last token.
    fn read_path(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let (path, end) = segments(tokens, at);
        if path.len() > 1 {
            self.paths.push(path);
        }
        at.max(end.saturating_sub(1))
    }

    /// Reads the tree after `use`; returns the place of its semicolon.
    fn read_use(&mut self, tokens: &[TokenTree], at: usize, is_reexport: bool) -> usize {
        let end = (at..tokens.len())
            .find(|place| is_semicolon(tokens.get(*place)))
            .unwrap_or(tokens.len());
        self.read_tree(&[], &tokens[at..end], is_reexport);
        end
    }

    fn read_tree(&mut self, before: &[String], tree: &[TokenTree], is_reexport: bool) {
        let (path, end) = segments(tree, 0);
        let path = [before, &path].concat();
        match tree.get(end) {
            Some(TokenTree::Group(group)) => {
                for branch in branches(group) {
                    self.read_tree(&path, &branch, is_reexport);
                }
            }
            other => {
                let name = match (other, tree.last()) {
                    (None, _) => path.last().cloned().unwrap_or_default(),
                    (_, last) => text_of(last),
                };
                let mut path = path;
                if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
                    path.pop();
                }
                let name = match name.as_str() {
                    "self" => path.last().cloned().unwrap_or_default(),
                    _ => name,
                };
                self.imports.push(Import {
                    path,
                    name,
                    is_reexport,
                });
            }
        }
    }
}

/// The words of a path from `at` on, and the place after them and their last `::`.
fn segments(tokens: &[TokenTree], mut at: usize) -> (ModulePath, usize) {
    let mut path = ModulePath::new();
    while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
        if ident == "as" {
            break;
        }
        path.push(ident.to_string());
        at += 1;
        if !is_colon(tokens.get(at)) || !is_colon(tokens.get(at + 1)) {
            break;
        }
        at += 2;
    }
    (path, at)
}

fn branches(group: &Group) -> Vec<Vec<TokenTree>> {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    tokens
        .split(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','))
        .filter(|branch| !branch.is_empty())
        .map(<[TokenTree]>::to_vec)
        .collect()
}

fn is_for_tests(attribute: &TokenTree) -> bool {
    let TokenTree::Group(group) = attribute else {
        return false;
    };
    let text = group.stream().to_string().replace(' ', "");
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

fn is_inner_mark(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == '!')
}

fn is_parenthesis(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(colon)) if colon.as_char() == ':')
}

fn is_semicolon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(end)) if end.as_char() == ';')
}

fn text_of(token: Option<&TokenTree>) -> String {
    token.map(ToString::to_string).unwrap_or_default()
}

/// The lines of string literals that have several lines.
pub(super) fn lines_of_long_literals(text: &str) -> BTreeSet<usize> {
    fn add(tokens: TokenStream, lines: &mut BTreeSet<usize>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => add(group.stream(), lines),
                TokenTree::Literal(literal) => {
                    let (start, end) = (literal.span().start().line, literal.span().end().line);
                    lines.extend((start..=end).filter(|_| start < end));
                }
                _ => {}
            }
        }
    }
    let mut lines = BTreeSet::new();
    add(text.parse().unwrap(), &mut lines);
    lines
}

/// The Rust files below `top`, but for what was built there.
pub(super) fn rust_files(top: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![top.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.extend((!path.ends_with("target")).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
