//! CEL, as conditions and guardrails speak it: reading an expression, and every word in it that nobody knows.

mod compared;
mod cost;
mod fault;
mod judged;
mod places;
mod sort;
#[cfg(test)]
mod tests;
mod walk;
mod words;

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use cel::common::ast::Expr;
use cel::{Context, Env, IdedExpr, Program, Value};

pub use self::fault::{ExpressionFault, FaultKind};
use self::places::ExpressionPlaces;
pub use self::sort::Sort;
use self::walk::{literal_text, parts_mut};
pub use self::words::{FUNCTIONS, GRANT_FIELDS, Vocabulary};

/// An expression that is good CEL and uses only known words.
#[derive(Debug)]
pub struct Expression {
    program: Program,
    depth: usize,
    /// The parts that are fields, by number, as one writes them.
    fields: BTreeMap<u64, String>,
}

impl Expression {
    /// Returns the texts that fields of a grant are compared with, each with the field and where it stands, in bytes.
    pub fn compared(&self) -> impl Iterator<Item = (&str, &str, Range<usize>)> {
        let places = ExpressionPlaces::of(self.program.source_info());
        let compared = compared::compared(self.program.expression());
        compared
            .into_iter()
            .filter_map(move |(field, literal)| Some((field, literal_text(literal)?, places.own(literal)?)))
    }

    /// Returns true when the expression asks for a field of `grant`. What it does not ask for cannot change the answer:
    /// a variable as a whole is no word that it may use.
    #[must_use]
    pub fn reads(&self, field: &str) -> bool {
        self.fields.values().any(|known| known.strip_prefix("grant.") == Some(field))
    }

    /// Returns the earliest time before which a request must be made, as it is written; `None` where nothing says so.
    pub(super) fn ends(&self) -> Option<&str> {
        end(self.program.expression())
    }

    /// Makes a context, evaluates the expression in it, and reads the answer; with room for a deep expression.
    ///
    /// A field in `unknown`, as `resource.name`, gives an undeclared reference of that name wherever the answer depends
    /// on it. `None` when there is no thread to be had for it.
    pub(super) fn evaluate<T: Send>(
        &self,
        unknown: &[&str],
        context: impl FnOnce() -> Context<'static, 'static> + Send,
        read: impl FnOnce(cel::ResolveResult) -> T + Send,
    ) -> Option<T> {
        let work = || {
            if unknown.is_empty() {
                return read(self.program.execute(&context()));
            }
            let mut tree = self.program.expression().clone();
            self.hide(&mut tree, unknown);
            read(Value::resolve(&tree, &context()))
        };
        if self.depth <= SHALLOW_TREE { Some(work()) } else { in_room(work) }
    }

    /// Puts a variable that does not exist in the place of each field in `unknown`, also where `has` asks for it: not
    /// known is not the same as absent.
    fn hide(&self, part: &mut IdedExpr, unknown: &[&str]) {
        match self.fields.get(&part.id).filter(|field| unknown.contains(&field.as_str())) {
            Some(field) => part.expr = Expr::Ident(field.clone()),
            None => parts_mut(part).into_iter().for_each(|part| self.hide(part, unknown)),
        }
    }
}

fn end(part: &IdedExpr) -> Option<&str> {
    let Expr::Call(call) = &part.expr else { return None };
    match (call.func_name.as_str(), call.args.as_slice()) {
        ("_&&_", both) => both.iter().filter_map(end).min(),
        (
            "_<_" | "_<=_",
            [IdedExpr { expr: Expr::Select(select), .. }, IdedExpr { expr: Expr::Call(time), .. }],
        ) if select.field == "time" && time.func_name == "timestamp" => {
            time.args.first().and_then(literal_text)
        }
        _ => None,
    }
}

/// Returns a context with the standard functions and no variable.
pub(super) fn context() -> Context<'static, 'static> {
    Context::with_env(Arc::clone(&ENV))
}

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// Brackets nested deeper than this are refused before the parser sees them.
const DEEPEST: usize = 64;
/// Texts with more signs that could be operators are refused before the parser sees them: nobody reads such a text.
const MOST_OPERATORS: usize = 800;
/// A tree deeper than this is refused, so that whoever walks it may recurse.
const DEEPEST_TREE: usize = 200;
/// A tree up to this deep is evaluated where one stands: each level takes some 20 KiB of stack.
const SHALLOW_TREE: usize = 12;
/// Texts with more operators, or nested deeper, than this are parsed on a thread with room for them: the parser
/// recurses through a dozen functions for each bracket.
const FEW: usize = 24;
const SHALLOW: usize = 4;
/// Room for the recursion of the parser on the longest text that is let through.
const ROOM: usize = 64 << 20;

/// Reads an expression and looks up every word in it.
///
/// Never panics and never overflows the stack, whatever the text; what is nested too deep is refused, and what could
/// not be evaluated within a moment.
///
/// # Errors
/// Everything that is wrong, in the order of the text: syntax faults alone, else unknown words, else what can never be
/// true or false.
pub fn compile(text: &str, vocabulary: Vocabulary) -> Result<Expression, Vec<ExpressionFault>> {
    let (nesting, operators) = weight(text);
    if nesting > DEEPEST || operators > MOST_OPERATORS {
        return Err(vec![ExpressionFault { at: 0..text.len(), kind: FaultKind::TooDeep }]);
    }
    if operators <= FEW && nesting <= SHALLOW {
        return compile_here(text, vocabulary);
    }
    in_room(|| compile_here(text, vocabulary))
        .unwrap_or_else(|| Err(vec![ExpressionFault { at: 0..text.len(), kind: FaultKind::TooDeep }]))
}

/// Does work that recurses deeply on a thread with room for it; `None` when there is no such thread.
fn in_room<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(ROOM);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// Returns how deep brackets are nested, and how much there is that could make a deep tree. Quoted text counts
/// too: what is a string is for the parser to say.
fn weight(text: &str) -> (usize, usize) {
    let (mut depth, mut deepest, mut operators) = (0usize, 0, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
                operators += 1;
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'.' | b'!' | b'-' | b'+' | b'*' | b'/' | b'%' | b'?' | b'<' | b'>' | b'=' => operators += 1,
            _ => {}
        }
    }
    (deepest, operators)
}

fn compile_here(text: &str, vocabulary: Vocabulary) -> Result<Expression, Vec<ExpressionFault>> {
    let parsed = catch_unwind(AssertUnwindSafe(|| ENV.compile(text)));
    let program = match parsed {
        Ok(Ok(program)) => program,
        Ok(Err(errors)) => return Err(syntax_faults(text, &errors)),
        Err(_) => {
            let kind = FaultKind::Syntax("the parser cannot make sense of it".to_owned());
            return Err(vec![ExpressionFault { at: 0..text.len(), kind }]);
        }
    };
    let (tree, places) = (program.expression(), ExpressionPlaces::of(program.source_info()));
    let words::Vocables { mut faults, fields, depth } = words::look_up(vocabulary, &places, tree);
    if depth > DEEPEST_TREE {
        return Err(vec![ExpressionFault { at: 0..text.len(), kind: FaultKind::TooDeep }]);
    }
    if faults.is_empty() {
        faults = judged::faults(&places, tree);
    }
    if faults.is_empty() && cost::steps(tree) > vocabulary.steps_most() {
        return Err(vec![ExpressionFault { at: 0..text.len(), kind: FaultKind::TooCostly }]);
    }
    if faults.is_empty() {
        return Ok(Expression { program, depth, fields });
    }
    faults.sort_by_key(|fault| fault.at.start);
    faults.dedup();
    Err(faults)
}

fn syntax_faults(text: &str, errors: &cel::ParseErrors) -> Vec<ExpressionFault> {
    let mut faults: Vec<ExpressionFault> = Vec::new();
    if errors.errors.iter().any(|error| error.msg.contains("Recursion limit")) {
        return vec![ExpressionFault { at: 0..text.len(), kind: FaultKind::TooDeep }];
    }
    for error in &errors.errors {
        let at = offset(text, error.pos);
        if faults.iter().all(|fault| fault.at != at) {
            faults.push(ExpressionFault { at, kind: FaultKind::Syntax(plain_words(&error.msg)) });
        }
    }
    // One slip makes the parser stumble many times; the first place is the one to look at.
    faults.truncate(1);
    if faults.is_empty() {
        let kind = FaultKind::Syntax("it does not parse".to_owned());
        faults.push(ExpressionFault { at: 0..text.len(), kind });
    }
    faults
}

/// Returns the parser's message without its jargon.
fn plain_words(message: &str) -> String {
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let message = message.split(" expecting ").next().unwrap_or(message);
    let part = |start: &str| {
        let part = message.strip_prefix(start)?.trim();
        Some(part.strip_prefix('\'').and_then(|part| part.strip_suffix('\'')).unwrap_or(part))
    };
    if let Some(token) = part("token recognition error at:") {
        return match token.chars().next() {
            Some('=') => "`=` is not an operator, `==` compares".to_owned(),
            Some('"' | '\'') => "a text is never closed".to_owned(),
            _ => format!("`{token}` means nothing"),
        };
    }
    let here = part("mismatched input").or_else(|| part("no viable alternative at input"));
    match here.or_else(|| part("extraneous input")) {
        Some("<EOF>") => "it ends too early".to_owned(),
        Some(token) => format!("`{token}` cannot stand here"),
        None => message.replace("<EOF>", "the end"),
    }
}

/// Returns the character at a line (from 1) and a column (from 0), as bytes; the end of the text where there is none.
fn offset(text: &str, (line, column): (isize, isize)) -> Range<usize> {
    let line = usize::try_from(line).unwrap_or(0).saturating_sub(1);
    let column = usize::try_from(column).unwrap_or(0).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let within = rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at);
    let start = start + within;
    let width = text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    start..start + width
}
