//! Which file of the crate uses which, and the circles between them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::source::{ModulePath, Source, rust_files};

/// The files of `src`, by module path, without the tests' own.
#[derive(Debug, Default)]
pub(super) struct Graph(BTreeMap<ModulePath, Source>);

impl Graph {
    pub(super) fn of_crate(src: &Path) -> Self {
        let files = rust_files(src).into_iter().filter_map(|path| {
            let module = module_path(path.strip_prefix(src).unwrap())?;
            Some((module, fs::read_to_string(&path).unwrap()))
        });
        Self::new(files)
    }

    pub(super) fn new(files: impl IntoIterator<Item = (ModulePath, String)>) -> Self {
        let sources: BTreeMap<ModulePath, Source> = files
            .into_iter()
            .map(|(module, text)| (module.clone(), Source::parse(module, &text)))
            .collect();
        let for_tests: Vec<ModulePath> = sources
            .values()
            .flat_map(|source| {
                let children = source.test_children.iter();
                children.map(|child| [&source.module[..], std::slice::from_ref(child)].concat())
            })
            .collect();
        let is_product =
            |module: &ModulePath| !for_tests.iter().any(|test| module.starts_with(test));
        let product = sources.into_iter().filter(|(module, _)| is_product(module));
        Self(product.collect())
    }

    pub(super) fn modules(&self) -> impl Iterator<Item = &ModulePath> {
        self.0.keys()
    }

    /// The files that define what the file `module` uses.
    pub(super) fn uses(&self, module: &ModulePath) -> BTreeSet<ModulePath> {
        let used = self.0[module].used();
        let mut files: BTreeSet<_> = used.map(|path| self.defining_file(path, 0)).collect();
        files.remove(module);
        files
    }

    /// Follows re-exports to the file in which `path` ends.
    fn defining_file(&self, path: ModulePath, depth: usize) -> ModulePath {
        let known = (0..=path.len()).rev();
        let length = known
            .map(|length| &path[..length])
            .find(|prefix| self.0.contains_key(*prefix))
            .map_or(0, <[String]>::len);
        let (file, rest) = path.split_at(length);
        let (Some(source), Some(name)) = (self.0.get(file), rest.first()) else {
            return file.to_vec();
        };
        if depth > 8 || source.defines(name) {
            return file.to_vec();
        }
        if let Some(origin) = source.origin(name) {
            return self.defining_file([&origin[..], &rest[1..]].concat(), depth + 1);
        }
        let mut globs = source.globs();
        let definer = globs.find(|glob| self.0.get(glob).is_some_and(|from| from.defines(name)));
        definer.unwrap_or_else(|| file.to_vec())
    }

    /// Groups of files that use each other, directly or through others of the group: for each
    /// file `a uses b c`.
    pub(super) fn circles(&self) -> Vec<Vec<String>> {
        let uses: BTreeMap<&ModulePath, BTreeSet<ModulePath>> = self
            .modules()
            .map(|module| (module, self.uses(module)))
            .collect();
        let reachable = |start: &ModulePath| {
            let mut seen = BTreeSet::new();
            let mut open: Vec<&ModulePath> = uses[start].iter().collect();
            while let Some(module) = open.pop() {
                if seen.insert(module) {
                    open.extend(uses.get(module).into_iter().flatten());
                }
            }
            seen
        };
        let reached: BTreeMap<_, _> = uses
            .keys()
            .map(|start| (*start, reachable(start)))
            .collect();
        let mut circles = BTreeSet::new();
        for (start, there) in &reached {
            let reaches_back =
                |other: &ModulePath| reached.get(other).is_some_and(|back| back.contains(*start));
            let circle: Vec<&ModulePath> = there
                .iter()
                .copied()
                .filter(|other| reaches_back(other))
                .collect();
            let lines = circle.iter().map(|module| {
                let used = uses[*module].iter().filter(|used| circle.contains(used));
                let used: Vec<String> = used.map(|used| used.join("::")).collect();
                format!("{} uses {}", module.join("::"), used.join(" "))
            });
            circles.insert(lines.collect::<Vec<_>>());
        }
        circles
            .into_iter()
            .filter(|circle| circle.len() > 1)
            .collect()
    }
}

/// `okta/idx/mod.rs` is `["okta", "idx"]`; programs have no module path.
fn module_path(file: &Path) -> Option<ModulePath> {
    let module = file.with_extension("");
    let mut names: ModulePath = module
        .iter()
        .map(|name| name.to_str().unwrap().to_owned())
        .collect();
    match names.last()?.as_str() {
        "mod" => drop(names.pop()),
        "lib" if names.len() == 1 => names.clear(),
        "main" if names.len() == 1 => return None,
        _ => {}
    }
    Some(names).filter(|names| names.first().is_none_or(|first| first != "bin"))
}
