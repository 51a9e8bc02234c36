//! No module imports what imports it.
//!
//! Modules are files. A module and the modules within it may import each other: they are one unit.
//! Of any two others in the same module, only one may import the other, directly or through a
//! third. Code of tests does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

use super::rust_files;
use crate::support::workspace;

#[test]
fn no_module_imports_what_imports_it() {
    let crates = [
        "gong-client",
        "gong-crm",
        "gong-crm-cli",
        "gong-records",
        "gong-sim",
        "gong-sources",
        "xtask",
    ];
    let mut circles = Vec::new();
    for name in crates {
        let modules = Modules::read(&workspace(&format!("{name}/src")));
        assert!(modules.0.len() > 5, "{name}: {:?}", modules.0.keys());
        for (parent, circle) in modules.circles() {
            let parent = [&[name.to_owned()][..], &parent].concat().join("::");
            circles.push(format!("{parent}: {}", circle.join(" → ")));
        }
    }
    assert!(
        circles.is_empty(),
        "import circles:\n{}",
        circles.join("\n")
    );
}

#[test]
fn circles_are_found() {
    let circles = |sources: &[(&str, &str)]| {
        let modules = sources
            .iter()
            .map(|(name, text)| (path_of(name), Module::parse(text)));
        Modules(modules.collect()).circles()
    };
    let direct = [
        ("", ""),
        ("a", "use crate::b::B;"),
        ("b", "use super::a::A;"),
    ];
    assert_eq!(circles(&direct).len(), 1);
    let by_a_third = [
        ("", ""),
        ("a", "use crate::{b::{B, C}, x};"),
        ("b", "fn f() { crate::c::f() }"),
        ("c", "use super::a;"),
    ];
    assert_eq!(circles(&by_a_third).len(), 1);
    // A re-export of the root counts as an item of its own module.
    let by_the_root = [
        ("", "mod a; mod b; pub use a::A; pub use b::*;"),
        ("a", "pub struct A;\nuse crate::B;"),
        ("b", "pub struct B;\nuse crate::A;"),
    ];
    assert_eq!(circles(&by_the_root).len(), 1);
    let within = [
        ("", ""),
        ("a", ""),
        ("a::x", "use super::y::Y;"),
        ("a::y", "use crate::a::x;"),
    ];
    assert_eq!(circles(&within)[0].0, ["a"]);
    let none = [
        ("", "use a::A;"),
        (
            "a",
            "use self::x::X; // use crate::b;\n/// use crate::b;\n#[cfg(test)]\nmod tests { use crate::b; }",
        ),
        ("a::x", "use super::A;"),
        ("b", "use crate::a::A;"),
    ];
    assert_eq!(circles(&none), []);
}

type ModulePath = Vec<String>;

fn path_of(text: &str) -> ModulePath {
    text.split("::")
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The modules of a crate, by their path; the crate's root has an empty one.
struct Modules(BTreeMap<ModulePath, Module>);

/// The imports of a module's file.
struct Module {
    /// The paths that it names, those of `use` with the name that each gets here.
    paths: Vec<(ModulePath, Option<String>)>,
    /// The items that it defines.
    items: BTreeSet<String>,
}

impl Module {
    fn parse(text: &str) -> Self {
        let code = code(text);
        let mut paths = Vec::new();
        let uses = Regex::new(r"\buse\s+([^;]+);").unwrap();
        for found in uses.captures_iter(&code) {
            let tree: String = found[1].split_whitespace().collect::<Vec<_>>().join(" ");
            expand(&tree, &[], &mut paths);
        }
        let inline = Regex::new(r"\b((?:crate|self|super)(?:::\w+)+)").unwrap();
        let without_uses = uses.replace_all(&code, "");
        for found in inline.captures_iter(&without_uses) {
            paths.push((path_of(&found[1]), None));
        }
        let item =
            Regex::new(r"\b(?:struct|enum|trait|fn|const|static|type|union|macro_rules!)\s+(\w+)")
                .unwrap();
        let items = item
            .captures_iter(&code)
            .map(|found| found[1].to_owned())
            .collect();
        Self { paths, items }
    }
}

/// The code without comments and without modules of tests.
fn code(text: &str) -> String {
    let mut code = String::new();
    let mut skipped_indent: Option<usize> = None;
    let mut is_test = false;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        if let Some(skipped) = skipped_indent {
            if indent == skipped && trimmed.starts_with('}') {
                skipped_indent = None;
            }
            continue;
        }
        if trimmed.starts_with("#[cfg(") && trimmed.contains("test") && !trimmed.contains("not(") {
            is_test = true;
            continue;
        }
        if is_test && !trimmed.starts_with("#[") {
            is_test = false;
            if trimmed.ends_with('{') {
                skipped_indent = Some(indent);
            }
            continue;
        }
        let line = line.split("//").next().unwrap_or_default();
        code.push_str(line);
        code.push('\n');
    }
    code
}

/// The paths of a `use` tree, each with the name that it gets.
fn expand(tree: &str, before: &[String], paths: &mut Vec<(ModulePath, Option<String>)>) {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let head = [before, &path_of(&head.replace(' ', ""))].concat();
        let group = group.trim_end().strip_suffix('}').unwrap_or(group);
        let (mut depth, mut start) = (0, 0);
        for (at, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(&group[start..at], &head, paths);
                    start = at + 1;
                }
                _ => {}
            }
        }
        expand(&group[start..], &head, paths);
        return;
    }
    if tree.is_empty() {
        return;
    }
    let (path, name) = match tree.split_once(" as ") {
        Some((path, name)) => (path, Some(name.trim().to_owned())),
        None => (tree, None),
    };
    let mut path = [before, &path_of(&path.replace(' ', ""))].concat();
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    let name = name.or_else(|| path.last().cloned());
    paths.push((path, name));
}

impl Modules {
    fn read(source: &Path) -> Self {
        let mut modules = BTreeMap::new();
        for file in rust_files(source) {
            let relative = file.strip_prefix(source).unwrap().with_extension("");
            let mut path: ModulePath = relative
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            if path
                .iter()
                .any(|part| part.contains("tests") || part == "proptests")
                || path[0] == "bin"
            {
                continue;
            }
            if matches!(path.last().unwrap().as_str(), "mod" | "lib" | "main") {
                path.pop();
            }
            modules.insert(path, Module::parse(&fs::read_to_string(&file).unwrap()));
        }
        Self(modules)
    }

    /// The module that a path leads to, through what modules on the way give out.
    fn resolve(&self, from: &ModulePath, path: &[String], depth: usize) -> Option<ModulePath> {
        let (mut module, rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (from.clone(), &path[1..]),
            "super" => {
                let mut module = from.clone();
                let mut rest = path;
                while rest.first().is_some_and(|part| part == "super") {
                    module.pop()?;
                    rest = &rest[1..];
                }
                (module, rest)
            }
            child => {
                let module = [&from[..], &[child.to_owned()]].concat();
                self.0.get(&module)?;
                (module, &path[1..])
            }
        };
        for (at, part) in rest.iter().enumerate() {
            let child = [&module[..], std::slice::from_ref(part)].concat();
            if self.0.contains_key(&child) {
                module = child;
                continue;
            }
            if depth > 0
                && let Some(given) = self.given_out(&module, part, depth - 1)
                && given != module
            {
                let path = [&["crate".to_owned()][..], &given, &rest[at + 1..]].concat();
                return self.resolve(from, &path, depth - 1);
            }
            break;
        }
        Some(module)
    }

    /// The module that a module takes a name from.
    fn given_out(&self, module: &ModulePath, name: &str, depth: usize) -> Option<ModulePath> {
        let known = self.0.get(module)?;
        if known.items.contains(name) {
            return Some(module.clone());
        }
        for (path, named) in &known.paths {
            if named.as_deref() == Some(name) {
                return self.resolve(module, path, depth);
            }
        }
        for (path, named) in &known.paths {
            if named.as_deref() == Some("*")
                && depth > 0
                && let Some(all) = self.resolve(module, &path[..path.len() - 1], depth)
                && all != *module
                && let Some(found) = self.given_out(&all, name, depth - 1)
            {
                return Some(found);
            }
        }
        None
    }

    /// The circles between modules that are in the same module.
    fn circles(&self) -> Vec<(ModulePath, Vec<String>)> {
        // By the module that both are in: which imports which.
        let mut edges: BTreeMap<ModulePath, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (from, module) in &self.0 {
            for (path, _) in &module.paths {
                let Some(to) = self.resolve(from, path, 6) else {
                    continue;
                };
                let shared = from
                    .iter()
                    .zip(&to)
                    .take_while(|(one, other)| one == other)
                    .count();
                // One is within the other.
                if shared == from.len() || shared == to.len() {
                    continue;
                }
                let siblings = edges.entry(from[..shared].to_vec()).or_default();
                let targets = siblings.entry(from[shared].clone()).or_default();
                targets.insert(to[shared].clone());
            }
        }
        let mut circles = Vec::new();
        for (parent, siblings) in edges {
            if let Some(circle) = circle(&siblings) {
                circles.push((parent, circle));
            }
        }
        circles
    }
}

/// A circle in a graph, if there is one.
fn circle(edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(
        edges: &BTreeMap<String, BTreeSet<String>>,
        node: &str,
        way: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(at) = way.iter().position(|known| known == node) {
            let mut circle = way[at..].to_vec();
            circle.push(node.to_owned());
            return Some(circle);
        }
        if done.contains(node) {
            return None;
        }
        way.push(node.to_owned());
        for next in edges.get(node).into_iter().flatten() {
            if let Some(circle) = walk(edges, next, way, done) {
                return Some(circle);
            }
        }
        way.pop();
        done.insert(node.to_owned());
        None
    }
    let mut done = BTreeSet::new();
    edges
        .keys()
        .find_map(|node| walk(edges, node, &mut Vec::new(), &mut done))
}
