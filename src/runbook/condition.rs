//! Conditions: CEL over the parameters and over what came of earlier steps. They answer yes or no
//! and can do nothing else. The only home of the CEL library.

use std::collections::BTreeMap;

use cel::{Context, Program, Value};
use serde_json::Value as Json;

/// Longer ones nobody can read at night, and their nesting stays bearable for the parser.
const LONGEST: usize = 400;
const DEEPEST: usize = 24;

/// What a condition can see, by name.
pub type Facts = BTreeMap<String, Json>;

#[derive(Debug)]
pub struct Condition {
    program: Program,
    text: String,
}

impl Condition {
    pub fn compile(text: &str) -> Result<Self, String> {
        if text.chars().count() > LONGEST {
            return Err(format!("it is longer than {LONGEST} characters"));
        }
        if depth(text) > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        let program = Program::compile(text).map_err(|errors| {
            let first = errors.errors.first();
            first.map_or_else(|| "it cannot be read".to_owned(), |error| error.msg.clone())
        })?;
        Ok(Self {
            program,
            text: text.to_owned(),
        })
    }

    /// Whether it holds. What it cannot find out is an error, never a no.
    pub fn holds(&self, facts: &Facts) -> Result<bool, String> {
        let mut context = Context::default();
        for (name, value) in facts {
            let value = cel::to_value(value).map_err(|error| error.to_string())?;
            context.add_variable_from_value(name.clone(), value);
        }
        match self.program.execute(&context) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(_) => Err(format!("`{}` is neither true nor false", self.text)),
            Err(error) => Err(format!("`{}` cannot be answered: {error}", self.text)),
        }
    }

    /// The names it looks at, sorted.
    pub fn variables(&self) -> Vec<String> {
        let references = self.program.references();
        let bound = self.bound();
        let mut names: Vec<String> = references
            .variables()
            .into_iter()
            .filter(|name| !name.starts_with('@') && !bound.iter().any(|bound| bound == name))
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }

    /// Names that a macro makes for itself: the `x` of `list.all(x, x > 1)`.
    fn bound(&self) -> Vec<String> {
        const MACROS: [&str; 6] = [
            ".all(",
            ".exists(",
            ".exists_one(",
            ".map(",
            ".filter(",
            ".existsOne(",
        ];
        let mut bound = Vec::new();
        for name in MACROS {
            for after in self.text.split(name).skip(1) {
                bound.extend(after.split(',').next().map(|name| name.trim().to_owned()));
            }
        }
        bound
    }

    /// `outcomes.restart` as (`outcomes`, `restart`), for every such pair that is written out.
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for of in ["outcomes", "params"] {
            let mut rest = self.text.as_str();
            while let Some((before, after)) = rest.split_once(of) {
                let begins = !before.ends_with(|c: char| c.is_alphanumeric() || "_.".contains(c));
                if begins && let Some(field) = after.strip_prefix('.') {
                    let name: String = field
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    found.push((of.to_owned(), name));
                }
                rest = after;
            }
        }
        found
    }
}

/// How deep brackets and signs go; what is in quotes counts too, which only makes it stricter.
fn depth(text: &str) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    let mut signs = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => now += 1,
            ')' | ']' | '}' => now = now.saturating_sub(1),
            '!' | '-' | '?' => signs += 1,
            _ => {}
        }
        most = most.max(now);
    }
    most.max(signs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(text: &str) -> Result<bool, String> {
        let facts = json!({
            "params": { "service": "api", "port": 5432 },
            "outcomes": { "restart": { "state": "done" } },
            "outcome": { "unhealthy": ["db"], "exit_code": 0 },
        });
        let facts: Facts = serde_json::from_value(facts).unwrap();
        Condition::compile(text)?.holds(&facts)
    }

    #[test]
    fn answers_yes_or_no_or_says_why_not() {
        assert_eq!(holds("outcomes.restart.state == 'done'"), Ok(true));
        assert_eq!(holds("outcome.unhealthy.size() == 0"), Ok(false));
        assert_eq!(
            holds("params.port > 1024 && outcome.exit_code == 0"),
            Ok(true)
        );
        assert_eq!(holds("outcome.unhealthy.all(x, x == 'db')"), Ok(true));
        assert_eq!(holds("has(outcomes.other)"), Ok(false));
        insta::assert_snapshot!(holds("1 + 1").unwrap_err(), @"`1 + 1` is neither true nor false");
        insta::assert_snapshot!(holds("nothing").unwrap_err(), @"`nothing` cannot be answered: Undeclared reference to 'nothing'");
        assert!(holds("1 +").is_err() && holds(&"(".repeat(100)).is_err());
    }

    #[test]
    fn tells_what_it_names() {
        let condition = Condition::compile("outcomes.a.state == x && l.all(y, y > z)").unwrap();
        assert_eq!(condition.variables(), ["l", "outcomes", "x", "z"]);
        assert_eq!(condition.fields(), [("outcomes".into(), "a".into())]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_it(text in "[a-z0-9_.()\\[\\]{}'\"!<>=&|?:, +*/%-]{0,80}") {
            let _answer = holds(&text);
        }
    }
}
