//! What an expression does with its columns, read from its syntax tree: which of them it uses, and
//! where it takes a text for a number.
//!
//! The cells of a CSV are texts. For `minijinja`, every text is greater than every number, `"10" +
//! "20"` is `"1020"` and `"5" * 2` is `"55"`, so that a condition or an amount would be wrong without
//! a word.

use std::collections::BTreeSet;

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, UnaryOpKind};
use minijinja::machinery::{ast, parse_expr};
use minijinja::value::ValueKind;

use super::{FUNCTIONS, ROW, SEVERAL};

/// Filters and functions that give a text for a text.
const TEXTS: [&str; 20] = [
    "capitalize",
    "default",
    "d",
    "digits",
    "domain",
    "email_in",
    "escape",
    "first",
    "first_name",
    "first_of",
    "last",
    "last_name",
    "lower",
    "replace",
    "safe",
    "slug",
    "string",
    "title",
    "trim",
    "upper",
];

/// Filters that compare the items of a list.
const COMPARING: [&str; 3] = ["max", "min", "sum"];

/// Tests that compare with a number.
const COMPARING_TESTS: [&str; 14] = [
    "eq",
    "equalto",
    "==",
    "ne",
    "!=",
    "lt",
    "lessthan",
    "<",
    "le",
    "<=",
    "gt",
    "greaterthan",
    ">",
    "ge",
];

/// What an expression does with its columns.
#[derive(Debug, Default)]
pub(super) struct Operands {
    /// The names that have a value in some record, unless the expression says what stands in.
    pub(super) needed: BTreeSet<String>,
    /// All columns that it reads.
    pub(super) columns: BTreeSet<String>,
    /// The first mistake, and the byte of the expression at which it is.
    pub(super) mistake: Option<(usize, String)>,
}

/// What is known of a value before any row is read.
#[derive(Debug, Clone)]
enum Kind {
    /// The text of a cell, as it is written in the expression.
    Text(String),
    /// A text that holds a text of the expression itself.
    Phrase,
    Number,
    Other,
}

/// Reads an expression that can be compiled. Cells are texts if `has_texts`, as in a CSV.
pub(super) fn operands(source: &str, has_texts: bool) -> Operands {
    let mut reader = Reader {
        operands: Operands::default(),
        has_texts,
    };
    if let Ok(expression) = parse_expr(source) {
        reader.kind(&expression);
    }
    reader.operands
}

struct Reader {
    operands: Operands,
    has_texts: bool,
}

impl Reader {
    fn mistake(&mut self, of: &Expr<'_>, message: String) {
        self.operands.mistake.get_or_insert((start(of), message));
    }

    /// A name, or a key of the row.
    fn column(&mut self, name: &str, written: String) -> Kind {
        self.operands.columns.insert(name.to_owned());
        self.operands.needed.insert(name.to_owned());
        if self.has_texts {
            Kind::Text(written)
        } else {
            Kind::Other
        }
    }

    /// The value of something for which the expression says what stands in where it is missing.
    fn optional(&mut self, expression: &Expr<'_>) -> Kind {
        let needed = self.operands.needed.clone();
        let kind = self.kind(expression);
        self.operands.needed = needed;
        kind
    }

    fn kind(&mut self, expression: &Expr<'_>) -> Kind {
        match expression {
            Expr::Var(var) if var.id == ROW => Kind::Other,
            Expr::Var(var) => self.column(var.id, var.id.to_owned()),
            Expr::GetAttr(of) if is_row(&of.expr) => {
                self.column(of.name, format!("{ROW}.{}", of.name))
            }
            Expr::GetItem(of) if is_row(&of.expr) => match &of.subscript_expr {
                Expr::Const(key) if key.value.as_str().is_some() => {
                    let name = key.value.as_str().unwrap_or_default();
                    self.column(name, format!("{ROW}[{name:?}]"))
                }
                key => {
                    let message = match key {
                        Expr::Var(var) => format!(
                            "{ROW}[…] takes the name of a column in quotes; write {ROW}[{:?}]",
                            var.id
                        ),
                        _ => format!("{ROW}[…] takes the name of a column in quotes"),
                    };
                    if self.has_texts {
                        self.mistake(key, message);
                    }
                    self.kind(key);
                    Kind::Other
                }
            },
            Expr::Const(constant) => match constant.value.kind() {
                ValueKind::Number => Kind::Number,
                ValueKind::String => Kind::Phrase,
                _ => Kind::Other,
            },
            Expr::GetAttr(of) => {
                self.kind(&of.expr);
                Kind::Other
            }
            Expr::GetItem(of) => {
                self.kind(&of.expr);
                self.kind(&of.subscript_expr);
                Kind::Other
            }
            Expr::Slice(slice) => {
                let of = self.kind(&slice.expr);
                for part in [&slice.start, &slice.stop, &slice.step]
                    .into_iter()
                    .flatten()
                {
                    self.kind(part);
                }
                of
            }
            Expr::UnaryOp(unary) => {
                let of = self.kind(&unary.expr);
                if matches!(unary.op, UnaryOpKind::Not) {
                    return Kind::Other;
                }
                if let Kind::Text(text) = of {
                    self.mistake(&unary.expr, calculates(&text, ""));
                }
                Kind::Number
            }
            Expr::BinOp(operation) => self.operation(operation),
            Expr::Compare(comparison) => {
                let mut left = (self.kind(&comparison.expr), &comparison.expr);
                for step in &comparison.ops {
                    let right = (self.kind(&step.expr), &step.expr);
                    match step.op {
                        CompareOpKind::In | CompareOpKind::NotIn => {
                            self.contained(&left.0, left.1, right.1);
                        }
                        _ => self.compared(&left, &right),
                    }
                    left = right;
                }
                Kind::Other
            }
            Expr::IfExpr(choice) => {
                self.kind(&choice.test_expr);
                let yes = self.kind(&choice.true_expr);
                let no = choice.false_expr.as_ref().map(|no| self.kind(no));
                match (yes, no) {
                    (Kind::Text(text), _) | (_, Some(Kind::Text(text))) => Kind::Text(text),
                    (Kind::Number, Some(Kind::Number) | None) => Kind::Number,
                    (Kind::Phrase, _) | (_, Some(Kind::Phrase)) => Kind::Phrase,
                    _ => Kind::Other,
                }
            }
            Expr::Filter(filter) => self.filter(filter),
            Expr::Test(test) => {
                let is_optional = matches!(test.name, "defined" | "undefined" | "none");
                let of = if is_optional {
                    self.optional(&test.expr)
                } else {
                    self.kind(&test.expr)
                };
                let arguments = self.arguments(&test.args);
                if COMPARING_TESTS.contains(&test.name)
                    && let (Kind::Text(text), Some(Kind::Number)) = (&of, arguments.first())
                {
                    self.mistake(&test.expr, compares(text));
                }
                Kind::Other
            }
            Expr::Call(call) => self.call(call),
            Expr::List(list) => self.items(&list.items),
            Expr::Tuple(tuple) => self.items(&tuple.items),
            Expr::Map(map) => {
                for value in map.keys.iter().chain(&map.values) {
                    self.kind(value);
                }
                Kind::Other
            }
        }
    }

    fn items(&mut self, items: &[Expr<'_>]) -> Kind {
        for item in items {
            self.kind(item);
        }
        Kind::Other
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) -> Vec<Kind> {
        let values = arguments.iter().map(|argument| match argument {
            CallArg::Pos(value)
            | CallArg::Kwarg(_, value)
            | CallArg::PosSplat(value)
            | CallArg::KwargSplat(value) => self.kind(value),
        });
        values.collect()
    }

    fn operation(&mut self, operation: &ast::BinOp<'_>) -> Kind {
        let left = match operation.op {
            BinOpKind::ScOr => self.optional(&operation.left),
            _ => self.kind(&operation.left),
        };
        let right = self.kind(&operation.right);
        let both = ((left, &operation.left), (right, &operation.right));
        match operation.op {
            BinOpKind::Eq
            | BinOpKind::Ne
            | BinOpKind::Lt
            | BinOpKind::Lte
            | BinOpKind::Gt
            | BinOpKind::Gte => {
                self.compared(&both.0, &both.1);
                Kind::Other
            }
            BinOpKind::In => {
                self.contained(&both.0.0, both.0.1, both.1.1);
                Kind::Other
            }
            BinOpKind::Concat => Kind::Phrase,
            BinOpKind::ScAnd | BinOpKind::ScOr => match (both.0.0, both.1.0) {
                (Kind::Text(text), _) | (_, Kind::Text(text)) => Kind::Text(text),
                (Kind::Number, Kind::Number) => Kind::Number,
                _ => Kind::Other,
            },
            BinOpKind::Add
                if matches!(both.0.0, Kind::Phrase) || matches!(both.1.0, Kind::Phrase) =>
            {
                Kind::Phrase
            }
            BinOpKind::Add
            | BinOpKind::Sub
            | BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow => {
                let joins = if matches!(operation.op, BinOpKind::Add) {
                    ", or ~ in place of + to put texts together"
                } else {
                    ""
                };
                for (kind, of) in [&both.0, &both.1] {
                    if let Kind::Text(text) = kind {
                        self.mistake(of, calculates(text, joins));
                    }
                }
                Kind::Number
            }
        }
    }

    fn compared(&mut self, left: &(Kind, &Expr<'_>), right: &(Kind, &Expr<'_>)) {
        for ((text, of), (other, _)) in [(left, right), (right, left)] {
            if let (Kind::Text(text), Kind::Number) = (text, other) {
                self.mistake(of, compares(text));
            }
        }
    }

    /// A text in a list of numbers.
    fn contained(&mut self, of: &Kind, expression: &Expr<'_>, list: &Expr<'_>) {
        let items = match list {
            Expr::List(list) => &list.items,
            Expr::Tuple(tuple) => &tuple.items,
            _ => return,
        };
        let is_number = |item: &Expr<'_>| match item {
            Expr::Const(constant) => constant.value.kind() == ValueKind::Number,
            _ => false,
        };
        if let (Kind::Text(text), true) = (of, items.iter().any(is_number)) {
            self.mistake(expression, compares(text));
        }
    }

    fn filter(&mut self, filter: &ast::Filter<'_>) -> Kind {
        let has_default = matches!(filter.name, "default" | "d");
        let mut of = Kind::Other;
        if let Some(value) = &filter.expr {
            of = if has_default {
                self.optional(value)
            } else {
                self.kind(value)
            };
            if COMPARING.contains(&filter.name) {
                let items: &[Expr<'_>] = match value {
                    Expr::List(list) => &list.items,
                    Expr::Tuple(tuple) => &tuple.items,
                    _ => &[],
                };
                for item in items {
                    if let Kind::Text(text) = self.kind(item) {
                        self.mistake(item, compares(&text));
                    }
                }
            }
        }
        let arguments = self.arguments(&filter.args);
        if FUNCTIONS.contains(&filter.name) && !arguments.is_empty() && filter.name != SEVERAL {
            let name = filter.name;
            let message = format!("{name} takes one value; write (…) | {name}");
            match &filter.args[0] {
                CallArg::Pos(value) | CallArg::Kwarg(_, value) => self.mistake(value, message),
                CallArg::PosSplat(value) | CallArg::KwargSplat(value) => {
                    self.mistake(value, message);
                }
            }
        }
        result(filter.name, of)
    }

    fn call(&mut self, call: &ast::Call<'_>) -> Kind {
        let Expr::Var(function) = &call.expr else {
            self.kind(&call.expr);
            self.arguments(&call.args);
            return Kind::Other;
        };
        let arguments = self.arguments(&call.args);
        let name = function.id;
        if FUNCTIONS.contains(&name) {
            let is_one = arguments.len() == 1;
            if arguments.is_empty() || (!is_one && name != SEVERAL) {
                let found = arguments.len();
                let message = format!("{name} takes one value, found {found}");
                self.mistake(&call.expr, message);
            }
        }
        let first = arguments
            .into_iter()
            .find(|kind| !matches!(kind, Kind::Other));
        result(name, first.unwrap_or(Kind::Other))
    }
}

/// What a filter or function makes of a value.
fn result(name: &str, of: Kind) -> Kind {
    match of {
        Kind::Text(text) if TEXTS.contains(&name) => Kind::Text(format!("{name}({text})")),
        Kind::Phrase if TEXTS.contains(&name) => Kind::Phrase,
        _ if matches!(
            name,
            "int" | "float" | "number" | "length" | "count" | "round" | "abs"
        ) =>
        {
            Kind::Number
        }
        _ => Kind::Other,
    }
}

/// Where an expression begins; a filter counts from its value.
fn start(expression: &Expr<'_>) -> usize {
    match expression {
        Expr::Filter(filter) if filter.expr.is_some() => filter.expr.as_ref().map_or(0, start),
        other => other.span().start_offset as usize,
    }
}

fn is_row(expression: &Expr<'_>) -> bool {
    matches!(expression, Expr::Var(var) if var.id == ROW)
}

fn compares(text: &str) -> String {
    format!(
        "{text} is a text, and a text is never equal to a number and always greater; write \
         number({text})"
    )
}

fn calculates(text: &str, or: &str) -> String {
    format!("{text} is a text, which can't be calculated with; write number({text}){or}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_taken_for_numbers_are_mistakes_with_their_place() {
        for (source, at, part) in [
            ("A > 5", 0, "number(A)"),
            ("5 < A", 4, "number(A)"),
            ("A == 5", 0, "number(A)"),
            ("1 < A < 5", 4, "number(A)"),
            ("A in [1, 2]", 0, "number(A)"),
            (
                "row['Deal Value'] >= 1000",
                0,
                "number(row[\"Deal Value\"])",
            ),
            ("(A | trim) > 5", 1, "number(trim(A))"),
            ("digits(A) > 5", 0, "number(digits(A))"),
            ("(A or 0) > 5", 1, "number(A)"),
            ("A is gt(5)", 0, "number(A)"),
            ("A * 2", 0, "number(A)"),
            ("A + B", 0, "~ in place of +"),
            ("-A", 1, "number(A)"),
            ("[A, B] | max", 1, "number(A)"),
            ("slug(A, B)", 0, "one value"),
            ("row[A]", 4, "row[\"A\"]"),
        ] {
            let mistake = operands(source, true).mistake;
            let (found, message) = mistake.unwrap_or_else(|| panic!("{source}"));
            assert!(message.contains(part), "{source}: {message}");
            assert_eq!(found, at, "{source}: {message}");
        }
    }

    #[test]
    fn expressions_over_texts_are_no_mistakes() {
        for source in [
            "number(A) > 5",
            "A | int > 5",
            "A | length > 5",
            "A == '5'",
            "A in ['1', '2']",
            "A > B",
            "A + ' ' + B",
            "A ~ 5",
            "first_of(A, B)",
            "number(A) * 2 + 1",
            "'x' if A else 'y'",
            "[number(A), number(B)] | max",
            "(A or '-') != '-'",
        ] {
            let mistake = operands(source, true).mistake;
            assert_eq!(mistake, None, "{source}");
        }
        // In JSON, a number is a number.
        assert_eq!(operands("A > 5 and B * 2 < 7", false).mistake, None);
    }

    #[test]
    fn names_with_a_stand_in_are_not_needed() {
        let found = operands(
            "A ~ (B | default('')) ~ (C or '') ~ row['D'] ~ (E is defined)",
            false,
        );
        let names = |set: &BTreeSet<String>| set.iter().cloned().collect::<String>();
        assert_eq!(names(&found.columns), "ABCDE");
        assert_eq!(names(&found.needed), "AD");
    }
}
