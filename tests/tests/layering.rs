//! The order of modules in each `lib.rs` is a true layering, and pure modules stay pure.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

#[path = "layering/source.rs"]
mod source;

use source::{Layer, Named, Source, exports, layers, paths_of, sources};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every crate with modules: its folder and its root file.
const CRATES: [(&str, &str); 8] = [
    ("vault", "lib.rs"),
    ("vault/health", "lib.rs"),
    ("vault/jpki", "lib.rs"),
    ("sync-relay", "lib.rs"),
    ("sync-relay/wire", "lib.rs"),
    ("sync-relay/client", "lib.rs"),
    ("cli", "main.rs"),
    ("cli/city", "lib.rs"),
];

/// What is no business of a pure module.
const IMPURE: [&str; 9] = [
    "tokio",
    "quinn",
    "sled",
    "getrandom",
    "rand",
    "tracing",
    "techo_client",
    "rustls",
    "openssl",
];
const IMPURE_STD: [&str; 6] = ["fs", "net", "env", "process", "thread", "os"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A crate as its root declares it.
struct Crate {
    layers: Vec<Layer>,
    exports: Vec<(String, String)>,
}

impl Crate {
    fn read(root: &str) -> Self {
        Self {
            layers: layers(root),
            exports: exports(root),
        }
    }

    fn place(&self, module: &str) -> Option<usize> {
        self.layers.iter().position(|layer| layer.name == module)
    }

    /// The module that a path below the crate's root leads to; `None` if the root itself has it.
    fn target(&self, name: &str) -> Option<usize> {
        self.place(name).or_else(|| {
            let export = self.exports.iter().find(|(exported, _)| exported == name);
            export.and_then(|(_, module)| self.place(module))
        })
    }

    /// Why `named`, which stands in `module`, breaks the layers.
    fn fault(&self, module: &[String], named: &Named) -> Option<String> {
        let own = self.place(module.first()?)?;
        let path = named.segments.join("::");
        let supers = named.segments.iter().take_while(|s| *s == "super").count();
        let first = match named.segments.first()?.as_str() {
            "crate" => named.segments.get(1)?,
            "super" if supers > named.depth + 1 => {
                return Some(format!("{path} reaches beyond its parent"));
            }
            // The parent is the root of the crate.
            "super" if supers == module.len() + named.depth => named.segments.get(supers)?,
            _ => return None,
        };
        let target = self.target(first)?;
        (target > own).then(|| format!("{path} stands below it in the list"))
    }
}

fn faults(of: &Crate, sources: &[Source]) -> Vec<String> {
    let mut all = Vec::new();
    for source in sources {
        for named in &source.paths {
            if let Some(fault) = of.fault(&source.module, named) {
                all.push(format!("{}: {fault}", source.file.display()));
            }
        }
    }
    all
}

fn is_impure(segments: &[String]) -> bool {
    let names: Vec<&str> = segments.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["std", second, ..] if IMPURE_STD.contains(second) => true,
        [first, ..] if IMPURE.contains(first) => true,
        [.., "now"] => true,
        _ => names
            .iter()
            .any(|name| ["SystemTime", "Instant", "OsRng", "SysRng"].contains(name)),
    }
}

/// The files of a crate in which `names` holds for a path outside tests, below the workspace.
fn files_naming(folder: &str, root: &str, names: impl Fn(&[String]) -> bool) -> BTreeSet<String> {
    let src = workspace().join(folder).join("src");
    let found = sources(&src, root);
    let naming = found.into_iter().filter(|source| {
        let mut paths = source.paths.iter();
        paths.any(|named| names(&named.segments))
    });
    let below = |source: Source| {
        let file = source.file.strip_prefix(&src).unwrap().to_owned();
        format!("{folder}/src/{}", file.display())
    };
    naming.map(below).collect()
}

fn begins_with(crate_name: &'static str) -> impl Fn(&[String]) -> bool {
    move |segments| segments.first().is_some_and(|first| first == crate_name)
}

#[test]
fn every_module_uses_only_what_stands_above_it() {
    let mut all = Vec::new();
    for (folder, root) in CRATES {
        let src = workspace().join(folder).join("src");
        let of = Crate::read(&std::fs::read_to_string(src.join(root)).unwrap());
        let sources = sources(&src, root);
        assert!(
            sources.len() > of.layers.len(),
            "{folder}: files are missing"
        );
        all.extend(faults(&of, &sources));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn the_pure_modules_of_the_vault_name_no_clock_file_socket_or_chance() {
    let src = workspace().join("vault/src");
    let of = Crate::read(&std::fs::read_to_string(src.join("lib.rs")).unwrap());
    let pure: BTreeSet<&str> = of
        .layers
        .iter()
        .filter(|l| !l.edge)
        .map(|l| &*l.name)
        .collect();
    assert!(
        pure.contains("sync") && !pure.contains("store"),
        "the line `// Edges` has moved"
    );
    for source in sources(&src, "lib.rs") {
        let Some(first) = source.module.first() else {
            continue;
        };
        for named in source
            .paths
            .iter()
            .filter(|_| pure.contains(first.as_str()))
        {
            let path = named.segments.join("::");
            assert!(
                !is_impure(&named.segments),
                "{} names {path}",
                source.file.display()
            );
        }
    }
}

#[test]
fn wire_and_health_name_no_clock_file_socket_or_chance() {
    for folder in ["sync-relay/wire", "vault/health"] {
        let impure = files_naming(folder, "lib.rs", is_impure);
        assert!(impure.is_empty(), "{impure:?}");
    }
}

#[test]
fn evidence_of_a_card_is_judged_without_a_clock_or_a_socket() {
    let names = |segments: &[String]| {
        begins_with("tokio")(segments)
            || segments.starts_with(&["std".to_owned(), "net".to_owned()])
            || segments.last().is_some_and(|last| last == "now")
    };
    assert_eq!(files_naming("vault/jpki", "lib.rs", names), BTreeSet::new());
}

#[test]
fn one_file_of_the_vault_and_one_of_the_relay_name_sled() {
    let mut naming = BTreeSet::new();
    for (folder, root) in CRATES {
        naming.extend(files_naming(folder, root, begins_with("sled")));
    }
    let allowed = ["sync-relay/src/store/index.rs", "vault/src/store/index.rs"];
    assert_eq!(naming, allowed.map(str::to_owned).into());
}

#[test]
fn only_the_net_module_of_the_vault_names_tokio_and_the_client() {
    for name in ["tokio", "techo_client"] {
        let naming = files_naming("vault", "lib.rs", begins_with(name));
        assert!(!naming.is_empty(), "{name} is not found where it is");
        for file in naming {
            assert!(file.starts_with("vault/src/net"), "{file} names {name}");
        }
    }
}

#[test]
fn only_the_store_of_the_vault_names_the_file_system() {
    let names = |segments: &[String]| {
        let names: Vec<&str> = segments.iter().map(String::as_str).collect();
        matches!(names.as_slice(), ["std", "fs", ..])
    };
    let naming = files_naming("vault", "lib.rs", names);
    assert!(
        !naming.is_empty(),
        "the file system is not found where it is"
    );
    for file in naming {
        assert!(
            file.starts_with("vault/src/store"),
            "{file} names the file system"
        );
    }
}

#[test]
fn one_file_names_the_legacy_form_of_automerge() {
    let names = |segments: &[String]| {
        let mut segments = segments.iter();
        segments.any(|segment| segment == "legacy" || segment == "ExpandedChange")
    };
    let naming = files_naming("vault", "lib.rs", names);
    assert_eq!(naming, ["vault/src/doc/engine.rs".to_owned()].into());
}

mod the_guard {
    use super::*;

    const ROOT: &str = "
        //! A crate. // mod comment;
        pub mod low;
        #[cfg(feature = \"x\")]
        mod high;
        #[cfg(test)]
        mod tests;
        // Edges
        mod edge;
        pub use high::{Thing, inner::Other};
        pub const LIMIT: usize = 1;";

    fn judge(module: &str, text: &str) -> Vec<String> {
        let root = ROOT.replace("        ", "");
        let source = Source {
            file: PathBuf::from("file.rs"),
            module: module.split("::").map(str::to_owned).collect(),
            paths: paths_of(text),
        };
        faults(&Crate::read(&root), &[source])
    }

    #[test]
    fn reads_the_list_of_modules_and_its_edge() {
        let of = Crate::read(&ROOT.replace("        ", ""));
        let names: Vec<_> = of.layers.iter().map(|l| (&*l.name, l.edge)).collect();
        assert_eq!(names, [("low", false), ("high", false), ("edge", true)]);
        assert_eq!(of.target("Other"), Some(1));
        assert_eq!(of.target("LIMIT"), None);
    }

    #[test]
    fn refuses_every_way_to_name_a_module_below() {
        for text in [
            "use crate::high::Thing;",
            "use crate::{low, high};",
            "use crate::{\n    low::A,\n    high::{B, C},\n};",
            "use crate::Thing;",
            "use crate::Other as Mine;",
            "fn f() -> crate::edge::Error { crate::edge::f::<u8>() }",
            "use super::high;",
            "mod inner { use super::super::high::Thing; }",
            "#[cbor(n(0), with = \"crate::high::codec\")] x: u8,",
            "macro_rules! m { () => { $crate::high::x() } }",
            "/* crate */ use crate /* here */ :: high;",
            "let x = '\"'; use crate::high; let y = \"\";",
            "let x = r#\"\"\"#; use crate::high;",
            "#[cfg(test)] mod tests { use crate::edge; } use crate::high;",
        ] {
            assert!(!judge("low", text).is_empty(), "{text}");
        }
        assert_eq!(judge("high::inner", "use super::super::low;").len(), 1);
    }

    #[test]
    fn allows_what_stands_above_tests_and_words() {
        for text in [
            "use crate::low; use crate::high::x; use crate::LIMIT;",
            "// use crate::edge;\n/* crate::edge /* crate::edge */ */",
            "const A: &str = \"see crate::edge\"; const B: &str = r#\"crate::edge\"#;",
            "#[cfg(test)]\nmod tests { use crate::edge; fn f() { { } } }",
            "#[cfg(test)] use crate::edge::X;",
            "pub(in crate::high) fn f<'a>(x: &'a str) -> char { 'c' }",
            "mod inner { use super::Thing; }",
            "use super::low;",
        ] {
            assert_eq!(judge("high", text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(
            judge("high::inner", "use super::sibling::X;"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn knows_what_is_impure() {
        for text in [
            "use std::fs::File;",
            "use std::{fmt, net::IpAddr};",
            "let t = Timestamp::now();",
            "use std::time::Instant;",
            "let db = sled::open(p);",
            "use getrandom::SysRng;",
        ] {
            assert!(
                paths_of(text).iter().any(|p| is_impure(&p.segments)),
                "{text}"
            );
        }
        for text in [
            "use std::fmt;",
            "fn f(now: Timestamp) { now.add(std::mem::take(x)) }",
        ] {
            assert!(
                !paths_of(text).iter().any(|p| is_impure(&p.segments)),
                "{text}"
            );
        }
    }
}
