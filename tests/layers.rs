//! Holds the imports of the modules to one direction.
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

/// What each module may use. A module may always use itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("files", &[]),
    ("model", &[]),
    ("access", &["model"]),
    // Findings are values: what is worth knowing, and nothing of how it is shown.
    ("review", &["model", "access"]),
    ("config", &["model", "access", "files"]),
    ("plan", &["model", "access"]),
    ("api", &[]),
    ("live", &["model", "api"]),
    // Steps speak of names and principals, so whoever sends them knows the model too.
    ("apply", &["model", "plan", "live", "api", "files"]),
    // The library's front door: what `cli` and other programs call.
    ("reconcile", &["model", "access", "review", "config", "plan", "api", "live", "apply"]),
    // Values of all kinds, but never what could send or fetch something.
    ("render", &["model", "access", "review", "config", "plan", "live", "apply"]),
    // Nothing of ours, so that a wrong field name cannot agree with itself.
    ("emulator", &[]),
    (
        "cli",
        &[
            "model",
            "access",
            "config",
            "plan",
            "api",
            "live",
            "apply",
            "reconcile",
            "render",
            "review",
            "emulator",
            "files",
        ],
    ),
];

/// The modules that a line names: `crate::model::Name`, `crate::{model, plan::Step}`.
fn named(line: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_ascii_lowercase()).collect::<String>();
    let code = line.split("//").next().unwrap_or_default();
    let mut names = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let path = &code[at + found.len()..];
        match path.strip_prefix('{') {
            Some(group) => names.extend(group.split(',').map(|part| word(part.trim()))),
            None => names.push(word(path)),
        }
    }
    // Macros and items at the root of the crate are nobody's module.
    names.retain(|name| !name.is_empty() && MAY_USE.iter().any(|(module, _)| module == name));
    names
}

fn read(folder: &Path, uses: &mut BTreeSet<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, uses);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            for (number, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
                let place = format!("{}:{}", path.display(), number + 1);
                uses.extend(named(line).into_iter().map(|name| (name, place.clone())));
            }
        }
    }
}

#[test]
fn imports_run_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (module, allowed) in MAY_USE {
        let mut uses = BTreeSet::new();
        read(&source.join(module), &mut uses);
        let stray = uses.into_iter().filter(|(name, _)| name != module && !allowed.contains(&name.as_str()));
        wrong.extend(stray.map(|(name, place)| format!("{place}: {module} may not use {name}")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_module_has_its_place_in_the_table() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folders: BTreeSet<String> = std::fs::read_dir(source)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let table: BTreeSet<String> = MAY_USE.iter().map(|(module, _)| (*module).to_owned()).collect();
    assert_eq!(folders, table);
}

/// Every source file, as its path within `src` and its text.
fn sources() -> Vec<(PathBuf, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut files) = (vec![source.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(&source).unwrap().to_owned(), text));
            }
        }
    }
    files.sort();
    files
}

/// A hint is a value of its error, so that it can be said once, and in every format.
#[test]
fn no_text_of_an_error_holds_a_hint() {
    for (path, text) in sources() {
        let line = text.lines().position(|line| line.contains("\\nhint:"));
        assert_eq!(
            line,
            None,
            "{}: give the error a `hint()` and list it in reconcile/hint.rs",
            path.display()
        );
    }
}

/// The homes of a kind of object, each with a type for it: the domain, the bodies of requests, and the emulator.
const HOMES: [&str; 3] = ["model", "api/wire", "emulator"];

/// The types that a file declares outside its tests, without those that stand for others on another system.
fn declared(text: &str) -> Vec<&str> {
    let mut lines = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
    let mut types = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with("#[cfg(not(") {
            lines.find(|line| line.is_empty());
            continue;
        }
        let trimmed = line.trim_start();
        let visible = trimmed.strip_prefix("pub").unwrap_or(trimmed);
        let code =
            visible.split_once(") ").filter(|_| visible.starts_with('(')).map_or(visible, |(_, code)| code);
        let mut words = code.split_whitespace();
        // An indented `type` is what a trait or one of its implementations calls something.
        let keyword = words.next().filter(|word| *word != "type" || !line.starts_with(' '));
        if matches!(keyword, Some("struct" | "enum" | "trait" | "union" | "type")) {
            let name = words.next().unwrap_or_default();
            types.push(name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default());
        }
    }
    types
}

/// Whoever meets a name knows what it is. An `Error` is called by its module, as the standard library's are, and a macro names what it
/// declares elsewhere.
#[test]
fn a_type_has_its_name_to_itself() {
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (path, text) in sources() {
        // What stands in for `files/folder.rs` where folders cannot be opened.
        let tests = path.to_string_lossy().contains("tests");
        if tests || path == Path::new("files/other.rs") {
            continue;
        }
        for name in declared(&text).into_iter().filter(|name| !matches!(*name, "" | "Error")) {
            places.entry(name.to_owned()).or_default().push(path.clone());
        }
    }
    assert!(places.len() > 500, "{}", places.len());
    let home = |path: &PathBuf| HOMES.iter().position(|home| path.starts_with(home));
    places.retain(|_, places| {
        let homes: BTreeSet<_> = places.iter().filter_map(home).collect();
        places.len() > 1 && homes.len() < places.len()
    });
    assert!(places.is_empty(), "{places:#?}");
}

/// A module with modules of its own is a folder with a `mod.rs`.
#[test]
fn modules_are_laid_out_in_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let beside: Vec<_> = sources()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| source.join(path.with_extension("")).is_dir())
        .collect();
    assert!(beside.is_empty(), "move to mod.rs in the folder: {beside:?}");
}

/// The most lines of code that a command has in its functions.
const COMMAND_MOST: usize = 60;

/// Counts the lines of code within the bodies of a file's functions, without its tests.
fn lines_in_functions(text: &str) -> usize {
    let mut lines = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
    let mut count = 0;
    while let Some(line) = lines.next() {
        let mut words = line.split_whitespace();
        let keyword = words.find(|word| !matches!(*word, "pub" | "pub(super)" | "const" | "async"));
        if keyword != Some("fn") || line.ends_with('}') {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
        let rest = std::iter::once(line).chain(lines.by_ref());
        let body = rest.skip_while(|line| !line.ends_with('{')).skip(1).take_while(|line| *line != end);
        count += body.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count();
    }
    count
}

/// What a command does is in the library, where other programs have it too.
#[test]
fn a_command_reads_arguments_and_shows_a_report() {
    let mut commands = 0;
    for (path, text) in sources() {
        if !path.starts_with("cli") || !text.contains("clap::Args)]") || !text.contains(" fn run(") {
            continue;
        }
        commands += 1;
        let lines = lines_in_functions(&text);
        assert!(
            lines <= COMMAND_MOST,
            "{} has {lines} lines of code in its functions, {COMMAND_MOST} at most: move to reconcile/ what other programs may want, \
             to render/ how a result is worded, and what several commands need to a file of its own in cli/",
            path.display()
        );
    }
    assert!(commands > 20, "{commands}");
}

#[test]
fn the_lines_of_functions_are_counted() {
    let text = "const A: u8 = 1;\n\nfn a() {}\n\npub(super) async fn b(\n    one: u8,\n) -> u8 {\n    // why\n    if one {\n        2\n    }\n\n    3\n}\n\nimpl C {\n    const fn d() {\n        4\n    }\n}\n#[cfg(test)]\nfn e() {\n    5\n}\n";
    assert_eq!(lines_in_functions(text), 5);
}

/// The words and signs of Rust code, without comments and texts.
fn tokens(mut code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    while let Some(first) = code.chars().next() {
        let word = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
        let length = match skipped(code) {
            Some(length) => length,
            None if word > 0 => word,
            None if code.starts_with("::") => 2,
            None => first.len_utf8(),
        };
        if skipped(code).is_none() && !first.is_whitespace() {
            tokens.push(&code[..length]);
        }
        code = &code[length..];
    }
    tokens
}

/// The length of a comment or a text at the beginning of code.
fn skipped(code: &str) -> Option<usize> {
    if code.starts_with("//") {
        return Some(code.find('\n').unwrap_or(code.len()));
    }
    let (raw, plain) = (["r", "br"], ["", "b"]);
    for text in raw.iter().filter_map(|prefix| code.strip_prefix(prefix)) {
        let hashes = text.len() - text.trim_start_matches('#').len();
        if let Some(inner) = text[hashes..].strip_prefix('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            return Some(code.len() - inner.len() + inner.find(&end).unwrap() + end.len());
        }
    }
    for quote in ['"', '\''] {
        let Some(inner) = plain.iter().find_map(|prefix| code.strip_prefix(prefix)?.strip_prefix(quote))
        else {
            continue;
        };
        let mut escaped = false;
        let end = inner.find(|c: char| {
            let ends = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let lifetime = quote == '\'' && !inner.starts_with('\\') && inner.chars().nth(1) != Some('\'');
        return end.filter(|_| !lifetime).map(|end| code.len() - inner.len() + end + 1);
    }
    None
}

/// A file of the crate: what it defines, and what it names.
#[derive(Default)]
struct Source {
    path: PathBuf,
    defined: BTreeSet<String>,
    imported: BTreeMap<String, Vec<String>>,
    /// The paths in its code and in its imports.
    named: Vec<Vec<String>>,
}

impl Source {
    fn of(path: PathBuf, text: &str) -> Self {
        let mut source = Self { path, ..Self::default() };
        let tokens = tokens(text);
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at..] {
                ["#", "[", "cfg", "(", "test", ..] | ["#", "[", "cfg", "(", "all", "(", "test", ..] => {
                    at = after_item(&tokens, at);
                    continue;
                }
                ["use", ..] => {
                    at += 1;
                    source.import(&tokens, &mut at, &[]);
                    continue;
                }
                ["struct" | "enum" | "trait" | "union" | "type" | "fn" | "const" | "static", name, ..]
                | ["macro_rules", "!", name, ..] => _ = source.defined.insert((*name).to_owned()),
                [first, "::", ..] if at == 0 || tokens[at - 1] != "::" => {
                    let more = tokens[at + 1..].chunks_exact(2).map_while(|pair| match pair {
                        ["::", word] if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                            Some(*word)
                        }
                        _ => None,
                    });
                    source.named.push(std::iter::once(*first).chain(more).map(str::to_owned).collect());
                }
                _ => {}
            }
            at += 1;
        }
        source
    }

    /// Reads a tree of imports.
    fn import(&mut self, tokens: &[&str], at: &mut usize, above: &[String]) {
        let (mut path, mut called) = (above.to_vec(), None);
        loop {
            match tokens[*at] {
                "::" => {}
                "as" => {
                    *at += 1;
                    called = Some(tokens[*at]);
                }
                "{" => {
                    while tokens[*at] != "}" {
                        *at += 1;
                        self.import(tokens, at, &path);
                    }
                    *at += 1;
                    return;
                }
                "," | "}" | ";" => break,
                word => path.push(word.to_owned()),
            }
            *at += 1;
        }
        path.pop_if(|last| last == "self");
        if let Some(last) = path.last() {
            self.imported.insert(called.unwrap_or(last).to_owned(), path.clone());
            self.named.push(path);
        }
    }

    /// Where it is among the modules.
    fn module(&self) -> Vec<String> {
        let path = self.path.with_extension("");
        let mut module: Vec<_> = path.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        module.pop_if(|last| matches!(last.as_str(), "mod" | "lib"));
        module
    }
}

/// Where the item that begins here has ended.
fn after_item(tokens: &[&str], from: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match *token {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 && matches!(*token, "}" | ";") {
            return at + 1;
        }
    }
    tokens.len()
}

type Modules = BTreeMap<Vec<String>, Source>;

/// The module that defines what a path means within a module, and whether the path names something in it. What no file
/// defines by name, as a macro's work, is the module's that it is taken from.
fn home(modules: &Modules, within: &[String], path: &[String], beside: bool) -> Option<(Vec<String>, bool)> {
    let Some((first, rest)) = path.split_first() else { return Some((within.to_vec(), false)) };
    match first.as_str() {
        "crate" => return home(modules, &[], rest, false),
        "self" => return home(modules, within, rest, false),
        "super" => return home(modules, within.split_last()?.1, rest, false),
        _ => {}
    }
    let source = modules.get(within)?;
    let child = [within, std::slice::from_ref(first)].concat();
    if modules.contains_key(&child) {
        // A re-exported item with the name of its file: `pub use a::a`.
        let named =
            |imported: &&Vec<String>| rest.is_empty() && imported.ends_with(&[first.clone(), first.clone()]);
        if let Some(item) = source.imported.get(first).filter(named) {
            return home(modules, within, item, true);
        }
        return home(modules, &child, rest, false);
    }
    match source.imported.get(first).filter(|_| !source.defined.contains(first)) {
        Some(imported) if imported.first() == Some(first) && !modules.contains_key(&child) => None,
        Some(imported) => match home(modules, within, imported, true)? {
            (module, false) => home(modules, &module, rest, false),
            found => Some(found),
        },
        None => (!beside || source.defined.contains(first)).then(|| (within.to_vec(), true)),
    }
}

/// Where files may import each other: the resources of the emulator are one organization.
const MAY_CIRCLE: &str = "emulator";

/// The shortest circle of files that import each other, with what each takes from the next.
fn circle(files: impl IntoIterator<Item = (PathBuf, String)>) -> Option<String> {
    let sources = files.into_iter().map(|(path, text)| Source::of(path, &text));
    let modules: Modules = sources.map(|source| (source.module(), source)).collect();
    let mut taken: BTreeMap<&Path, BTreeMap<&Path, BTreeSet<String>>> = BTreeMap::new();
    for (module, source) in modules.iter().filter(|(_, source)| !source.path.starts_with(MAY_CIRCLE)) {
        for path in &source.named {
            if let Some((home, true)) = home(&modules, module, path, true)
                && home != *module
            {
                let from = taken.entry(&source.path).or_default().entry(&modules[&home].path).or_default();
                from.insert(path.join("::"));
            }
        }
    }
    let around = |start| {
        let mut ways = VecDeque::from([vec![start]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop_front() {
            for next in taken.get(way[way.len() - 1]).into_iter().flat_map(BTreeMap::keys) {
                let way = [way.as_slice(), &[*next]].concat();
                if *next == start {
                    return Some(way);
                }
                if seen.insert(*next) {
                    ways.push_back(way);
                }
            }
        }
        None
    };
    let shortest = taken.keys().filter_map(|start| around(start)).min_by_key(Vec::len)?;
    let tie = |pair: &[&Path]| {
        let names: Vec<&str> = taken[pair[0]][pair[1]].iter().map(String::as_str).collect();
        format!("{} -> {}: {}", pair[0].display(), pair[1].display(), names.join(", "))
    };
    Some(shortest.windows(2).map(tie).collect::<Vec<_>>().join("\n"))
}

/// A file can be read after those that it imports, and moved without them.
#[test]
fn no_files_import_each_other_in_a_circle() {
    if let Some(circle) = circle(sources()) {
        panic!("\n{circle}\nWhat both need belongs in a file of its own, below both.");
    }
}

#[test]
fn a_circle_is_seen_however_it_is_imported() {
    let circle_of = |files: &[(&str, &str)]| {
        let circle = circle(files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())));
        circle.unwrap_or_default()
    };
    let a = ("m/a.rs", "pub struct A;\nuse super::b::B;");
    for b in [
        "pub struct B;\nuse super::a::A;",
        "pub struct B;\nfn f(_: crate::m::a::A) {}",
        "pub struct B;\nuse crate::m::{a as other};\nfn f(_: other::A) {}",
        "pub struct B;\nuse super::A;",
        "pub struct B;\nuse crate::{m::{self}};\nfn f(_: m::A) {}",
    ] {
        let circle =
            circle_of(&[("lib.rs", "mod m;"), ("m/mod.rs", "mod a; mod b; pub use a::A;"), a, ("m/b.rs", b)]);
        assert!(circle.starts_with("m/a.rs -> m/b.rs: super::b::B\nm/b.rs -> m/a.rs: "), "{b}\n{circle}");
    }
    for b in [
        "pub struct B;",
        "pub struct B;\n// super::a::A\nconst C: (&str, char, &str) = (\"crate::m::a::A\", '\"', r#\"\" crate::m::a::A\"#);",
        "pub struct B;\n#[cfg(test)]\nmod tests { use crate::m::a::A; }",
        "pub struct B;\nuse super::a;",
    ] {
        let files = [("lib.rs", "mod m;"), ("m/mod.rs", "mod a; mod b; pub use a::A;"), a, ("m/b.rs", b)];
        assert_eq!(circle_of(&files), "", "{b}");
    }
    let fn_a = [
        ("lib.rs", "mod m;"),
        ("m/mod.rs", "mod a; mod b; pub use a::a;"),
        ("m/a.rs", "pub fn a() {}\nuse super::b::B;"),
        ("m/b.rs", "pub struct B;\nuse super::a;"),
    ];
    assert_eq!(circle_of(&fn_a), "m/a.rs -> m/b.rs: super::b::B\nm/b.rs -> m/a.rs: super::a");
    let mod_rs = circle_of(&[
        ("m/mod.rs", "pub use self::a::A; pub struct M;"),
        ("m/a.rs", "pub struct A(super::M);"),
    ]);
    assert_eq!(mod_rs, "m/a.rs -> m/mod.rs: super::M\nm/mod.rs -> m/a.rs: self::a::A");
}

/// Words that nobody can guess the meaning of.
const PRIVATE: [&str; 8] = ["desk", "trail", "tries", "scene", "sharpness", "newcomer", "moment", "chance"];

#[test]
fn no_type_and_no_file_has_a_private_word_for_its_name() {
    for (path, text) in sources() {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let names = declared(&text).into_iter().chain([stem]).map(str::to_lowercase);
        let private: Vec<_> = names.filter(|name| PRIVATE.contains(&name.as_str())).collect();
        assert!(private.is_empty(), "{}: {private:?}", path.display());
    }
}

#[test]
fn a_type_is_seen_however_it_is_declared() {
    let text = "pub struct A<T> {\npub(super) enum B {\npub(in crate::config) trait C: Sized {\ntype D = u8;\n    type Err = E;\n";
    assert_eq!(declared(text), ["A", "B", "C", "D"]);
    assert_eq!(declared("#[cfg(not(unix))]\nstruct A;\n\nstruct B;\n#[cfg(test)]\nstruct C;\n"), ["B"]);
}

#[test]
fn a_path_is_seen_however_it_is_written() {
    assert_eq!(named("use crate::model::{Key, Name};"), ["model"]);
    assert_eq!(named("use crate::{api, plan::Step};"), ["api", "plan"]);
    assert_eq!(named("fn f(x: crate::live::Live, y: crate::plan::Plan) {}"), ["live", "plan"]);
    assert_eq!(named("//! See [`crate::render`]."), [""; 0]);
}
