//! Expectations, from tokens to a checked tree.
//!
//! Owns the grammar and the arithmetic of units. Must not know how a measure is computed.
//!
//! Invariant: in an accepted tree every sum, product and comparison makes sense in its units.

use super::lex::{self, Kind, Token, fault};
use super::measure::{self, Measure, Names};
use super::single::Single;
use super::{Comparison, ExpectFault, Expectation, Quantity, Unit};
use crate::observe::measured::Measured;
use crate::observe::nature::Wanted;

/// Parentheses inside parentheses; more are refused, so that the parser's recursion is bounded.
const MAX_DEPTH: u32 = 32;

/// An expression with its unit and its place (characters from 0, end exclusive).
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) unit: Unit,
    from: usize,
    to: usize,
    node: Node,
}

#[derive(Clone, Debug)]
enum Node {
    Literal(f64),
    Measure(Measure),
    Binary(char, Box<(Expr, Expr)>),
}

impl Expr {
    /// Its value, in nanoseconds for a duration; the reason where there is none.
    pub(super) fn value(&self, names: &Names<'_>, measured: &Measured) -> Result<f64, String> {
        self.computed(&mut |measure| measure.value(names, measured))
    }

    /// Its value, from those of its measures, which are asked for in the order of the text.
    pub(super) fn computed(
        &self,
        measure: &mut impl FnMut(&Measure) -> Result<f64, String>,
    ) -> Result<f64, String> {
        match &self.node {
            Node::Literal(value) => Ok(*value),
            Node::Measure(of) => measure(of),
            Node::Binary(sign, sides) => {
                let left = sides.0.computed(measure)?;
                let right = sides.1.computed(measure)?;
                match sign {
                    '+' => Ok(left + right),
                    '-' => Ok(left - right),
                    '*' => Ok(left * right),
                    _ if right == 0.0 => Err(format!("{left} / 0 has no value")),
                    _ => Ok(left / right),
                }
            }
        }
    }

    /// Tells `each` its measures in the order of the text.
    pub(super) fn each_measure(&self, each: &mut impl FnMut(&Measure)) {
        match &self.node {
            Node::Literal(_) => {}
            Node::Measure(measure) => each(measure),
            Node::Binary(_, sides) => {
                sides.0.each_measure(each);
                sides.1.each_measure(each);
            }
        }
    }

    /// Where it stands: its first column, from 1, and its length in characters.
    pub(super) fn span(&self) -> (usize, usize) {
        (self.from + 1, (self.to - self.from).max(1))
    }

    /// Whether it is one measure and nothing else.
    pub(super) fn is_alone(&self) -> bool {
        matches!(self.node, Node::Measure(_))
    }

    /// Whether its mean is the same expression of the means of its measures.
    pub(super) fn is_linear(&self) -> bool {
        match &self.node {
            Node::Literal(_) | Node::Measure(_) => true,
            Node::Binary('+' | '-', sides) => sides.0.is_linear() && sides.1.is_linear(),
            Node::Binary('*', sides) => {
                sides.0.is_linear()
                    && sides.1.is_linear()
                    && !(sides.0.measures() && sides.1.measures())
            }
            Node::Binary(_, sides) => sides.0.is_linear() && !sides.1.measures(),
        }
    }

    /// Looks up the names of queues, producers and fleets.
    pub(super) fn check(&self, names: &Names<'_>) -> Result<(), ExpectFault> {
        match &self.node {
            Node::Literal(_) => Ok(()),
            Node::Measure(measure) => measure
                .check(names)
                .map_err(|(message, help)| fault(self.from, self.to, message, help)),
            Node::Binary(_, sides) => {
                sides.0.check(names)?;
                sides.1.check(names)
            }
        }
    }

    /// Which values one wants: those of the only measure, or of the dividend of a share.
    pub(super) fn wanted(&self) -> Wanted {
        match &self.node {
            Node::Measure(measure) => measure.wanted(),
            Node::Binary('/', sides) => sides.0.wanted(),
            Node::Binary('*', sides) if !sides.1.measures() => sides.0.wanted(),
            Node::Binary(..) | Node::Literal(_) => Wanted::Neither,
        }
    }

    /// What it is of, if it is one measure alone.
    pub(super) fn single(&self, names: &Names<'_>) -> Option<Single> {
        match &self.node {
            Node::Measure(measure) => measure.single(names),
            Node::Binary(..) | Node::Literal(_) => None,
        }
    }

    /// Its value, if it names no measure.
    pub(super) fn constant(&self) -> Option<f64> {
        self.computed(&mut |_| Err(String::new())).ok()
    }

    /// Whether all measures it names are such.
    pub(super) fn all(&self, such: fn(&Measure) -> bool) -> bool {
        match &self.node {
            Node::Literal(_) => true,
            Node::Measure(measure) => such(measure),
            Node::Binary(_, sides) => sides.0.all(such) && sides.1.all(such),
        }
    }

    /// The text of it in the text that it was read from.
    pub(super) fn slice(&self, text: &str) -> String {
        text.chars().skip(self.from).take(self.to - self.from).collect()
    }

    /// Whether it follows what this says of a measure: a share of two that do does not.
    pub(super) fn follows(&self, measure: fn(&Measure) -> bool) -> bool {
        match &self.node {
            Node::Literal(_) => false,
            Node::Measure(of) => measure(of),
            Node::Binary('/', sides) => sides.0.follows(measure) && !sides.1.follows(measure),
            Node::Binary(_, sides) => sides.0.follows(measure) || sides.1.follows(measure),
        }
    }

    /// The queues, by their places, of which a measure in it is without end where their messages
    /// become ever more.
    pub(super) fn growing(&self, names: &Names<'_>) -> Vec<usize> {
        let mut places = Vec::new();
        self.each_measure(&mut |measure| places.extend(measure.growing(names)));
        places
    }

    fn measures(&self) -> bool {
        match &self.node {
            Node::Literal(_) => false,
            Node::Measure(_) => true,
            Node::Binary(_, sides) => sides.0.measures() || sides.1.measures(),
        }
    }
}

/// Reads a whole expectation.
pub(super) fn expectation(text: &str) -> Result<Expectation, ExpectFault> {
    let chars: Vec<char> = text.chars().collect();
    let tokens = lex::tokens(&chars)?;
    let form = "an expectation is a comparison such as `p99(sent_to_deleted) < 2s`";
    let mut parser = Parser { chars: &chars, tokens: &tokens, next: 0, depth: 0, form };
    let left = parser.sum()?;
    let comparison = parser.comparison()?;
    let right = parser.sum()?;
    parser
        .end("an expectation is one comparison, this is a second one", "write two expectations")?;
    parser.same_unit(&left, &right, "compare")?;
    if !left.measures() && !right.measures() {
        return Err(nothing_measured(left.from, right.to));
    }
    let text = text.to_owned();
    Ok(if left.measures() {
        Expectation { text, value: left, comparison, limit: right }
    } else {
        Expectation { text, value: right, comparison: comparison.turned(), limit: left }
    })
}

/// Reads a sum that stands alone.
pub(super) fn quantity(text: &str) -> Result<Quantity, ExpectFault> {
    let chars: Vec<char> = text.chars().collect();
    let tokens = lex::tokens(&chars)?;
    let form = "a measure is written as `p99(sent_to_deleted)` or `redelivered / received`";
    let mut parser = Parser { chars: &chars, tokens: &tokens, next: 0, depth: 0, form };
    let value = parser.sum()?;
    parser.end("a value is wanted here, not a comparison", "write the measure alone")?;
    if !value.measures() {
        return Err(nothing_measured(value.from, value.to));
    }
    Ok(Quantity { text: text.to_owned(), value })
}

fn nothing_measured(from: usize, to: usize) -> ExpectFault {
    let help = "name a measure, as in `p99(sent_to_deleted) < 2s` or `dead_lettered == 0`";
    fault(from, to, "nothing is measured here", help)
}

struct Parser<'a> {
    chars: &'a [char],
    tokens: &'a [Token],
    next: usize,
    depth: u32,
    /// What a text looks like that may be read here.
    form: &'static str,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += usize::from(token.is_some());
        token
    }

    /// Takes the next token if it is one of these signs.
    fn sign(&mut self, signs: &[char]) -> Option<char> {
        let Some(Kind::Sign(sign)) = self.peek().map(|token| &token.kind) else { return None };
        let sign = Some(*sign).filter(|sign| signs.contains(sign))?;
        self.next += 1;
        Some(sign)
    }

    /// Nothing may follow; what to say if a comparison does.
    fn end(&self, comparison: &str, instead: &str) -> Result<(), ExpectFault> {
        let Some(token) = self.peek() else { return Ok(()) };
        let (message, help) = match token.kind {
            Kind::Compare(_) => (comparison.to_owned(), instead),
            Kind::Literal(..) | Kind::Name(_) | Kind::Sign(_) => (
                format!("`{}` does not belong here", self.slice(token.from, token.to)),
                "between two values stands `+`, `-`, `*` or `/`",
            ),
        };
        Err(fault(token.from, token.to, message, help))
    }

    fn slice(&self, from: usize, to: usize) -> String {
        self.chars[from..to].iter().collect()
    }

    /// A fault after the last token, or at the next one.
    fn expected(&self, what: &str) -> ExpectFault {
        let end = self.chars.len();
        let (from, to, found) = self.peek().map_or_else(
            || (end, end, "the end".to_owned()),
            |token| (token.from, token.to, format!("`{}`", self.slice(token.from, token.to))),
        );
        fault(from, to, format!("expected {what}, found {found}"), self.form)
    }

    fn comparison(&mut self) -> Result<Comparison, ExpectFault> {
        let Some(Kind::Compare(comparison)) = self.peek().map(|token| token.kind.clone()) else {
            return Err(self.expected("a comparison (`<`, `<=`, `>`, `>=`, `==` or `!=`)"));
        };
        self.next += 1;
        Ok(comparison)
    }

    fn sum(&mut self) -> Result<Expr, ExpectFault> {
        let mut left = self.product()?;
        while let Some(sign) = self.sign(&['+', '-']) {
            let right = self.product()?;
            self.same_unit(&left, &right, if sign == '+' { "add" } else { "subtract" })?;
            let unit = left.unit;
            left = binary(sign, unit, left, right);
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Expr, ExpectFault> {
        use Unit::{Duration, Number, Rate};
        let mut left = self.atom()?;
        while let Some(sign) = self.sign(&['*', '/']) {
            let right = self.atom()?;
            let unit = match (sign, left.unit, right.unit) {
                ('*', Number, unit) | (_, unit, Number) => unit,
                ('*', Duration, Rate) | ('*', Rate, Duration) => Number,
                ('/', a, b) if a == b => Number,
                ('/', Number, Rate) => Duration,
                ('/', Number, Duration) => Rate,
                (_, a, b) => {
                    let verb = if sign == '*' { "multiply" } else { "divide" };
                    let message = format!("cannot {verb} {a} by {b}");
                    let help = "divide a duration by a duration, or either by a bare number";
                    return Err(fault(left.from, right.to, message, help));
                }
            };
            // Durations are nanoseconds and rates are per second, so where the two meet the
            // factor is 10⁹.
            let mixed = match (left.unit, right.unit, unit) {
                (Duration, Rate, _) | (Rate, Duration, _) => Some('/'),
                (Number, Rate, Duration) | (Number, Duration, Rate) => Some('*'),
                _ => None,
            };
            let (from, to) = (left.from, right.to);
            left = binary(sign, unit, left, right);
            if let Some(scale) = mixed {
                let node = Node::Literal(1e9);
                left = binary(scale, unit, left, Expr { unit: Number, from, to, node });
            }
        }
        Ok(left)
    }

    fn atom(&mut self) -> Result<Expr, ExpectFault> {
        let Some(Token { kind, from, to }) = self.take() else {
            return Err(self.expected("a measure or a value"));
        };
        match kind {
            Kind::Literal(value, unit) => Ok(Expr { unit, from, to, node: Node::Literal(value) }),
            Kind::Name(name) => self.measure(&name, from, to),
            Kind::Sign('(') if self.depth < MAX_DEPTH => {
                self.depth += 1;
                let mut inner = self.sum()?;
                self.depth -= 1;
                if self.sign(&[')']).is_none() {
                    return Err(self.expected("`)`"));
                }
                inner.from = from;
                Ok(inner)
            }
            Kind::Sign('(') => {
                let message = format!("more than {MAX_DEPTH} parentheses are open");
                Err(fault(from, to, message, "write fewer"))
            }
            Kind::Sign(_) | Kind::Compare(_) => {
                self.next -= 1;
                Err(self.expected("a measure or a value"))
            }
        }
    }

    /// A plain measure, or a function of one.
    fn measure(&mut self, name: &str, from: usize, to: usize) -> Result<Expr, ExpectFault> {
        if self.sign(&['(']).is_none() {
            let measure = measure::plain(name).map_err(|(m, help)| fault(from, to, m, help))?;
            return Ok(Expr { unit: measure.unit(), from, to, node: Node::Measure(measure) });
        }
        let argument = match self.peek() {
            Some(Token { kind: Kind::Name(argument), .. }) => argument.clone(),
            _ => return Err(self.expected("the name of a measure")),
        };
        let (at, end) = (self.tokens[self.next].from, self.tokens[self.next].to);
        self.next += 1;
        if self.sign(&[')']).is_none() {
            return Err(self.expected("`)`"));
        }
        let measure = measure::applied(name, &argument).map_err(|wrong| match wrong {
            measure::Wrong::Function(message, help) => fault(from, to, message, help),
            measure::Wrong::Argument(message, help) => fault(at, end, message, help),
        })?;
        let to = self.tokens[self.next - 1].to;
        Ok(Expr { unit: measure.unit(), from, to, node: Node::Measure(measure) })
    }

    fn same_unit(&self, left: &Expr, right: &Expr, verb: &str) -> Result<(), ExpectFault> {
        if left.unit == right.unit {
            return Ok(());
        }
        let text = |side: &Expr| self.slice(side.from, side.to);
        let message = format!(
            "cannot {verb} `{}` with `{}`: {} with {}",
            text(left),
            text(right),
            left.unit,
            right.unit
        );
        let (bare, unit) =
            if left.unit == Unit::Number { (left, right.unit) } else { (right, left.unit) };
        let help = match (&bare.node, bare.unit, unit) {
            (Node::Literal(_), Unit::Number, Unit::Duration) => {
                format!("write `{0}s` or `{0}ms`", text(bare))
            }
            (Node::Literal(_), Unit::Number, Unit::Rate) => {
                format!("write `{0}/s` or `{0}/min`", text(bare))
            }
            (Node::Literal(_), Unit::Number, Unit::Money) => format!("write `${}`", text(bare)),
            _ => "both sides must be of one kind".to_owned(),
        };
        let at = if left.measures() { right } else { left };
        Err(fault(at.from, at.to, message, help))
    }
}

fn binary(sign: char, unit: Unit, left: Expr, right: Expr) -> Expr {
    let (from, to) = (left.from, right.to);
    Expr { unit, from, to, node: Node::Binary(sign, Box::new((left, right))) }
}
