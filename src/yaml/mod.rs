//! Reading YAML that people write by hand, so that every problem in a file is reported at once,
//! each at its place. The only home of the YAML parser. What a file means is for its reader.

mod tree;
mod parse;
mod fill;
mod read;
mod value;
mod access;
mod mask;
mod problem;

use std::ops::Range;

use serde::de::DeserializeOwned;

pub use fill::Lookup;
pub use problem::{Problem, Problems, nearest};
pub use tree::{Entry, Node, Value};

/// One file on its way to becoming settings: the tree, and what was found wrong so far.
pub struct Document {
    file: String,
    text: String,
    root: Node,
    shades: Vec<mask::Shade>,
    problems: Vec<Problem>,
    /// Nodes that were reported already; they are read as if they were not there.
    rejected: read::Rejected,
}

impl Document {
    /// Fails only where the text is not YAML: nothing else can be said about it then.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        match parse::parse(text) {
            Ok(parse::Parsed {
                root,
                dropped,
                problems,
            }) => Ok(Self {
                file: file.to_owned(),
                text: text.to_owned(),
                shades: mask::shades(&root, &dropped, text),
                root,
                problems,
                rejected: read::Rejected::default(),
            }),
            Err(problem) => Err(Problems::unreadable(file, text, problem)),
        }
    }

    /// For files that hold no secrets: excerpts show their lines as they are.
    #[must_use]
    pub fn unmasked(mut self) -> Self {
        self.shades.clear();
        self
    }

    /// For files that are somebody else's: keys that nobody here knows are passed over.
    #[must_use]
    pub fn foreign(mut self) -> Self {
        self.rejected.takes_unknown = true;
        self
    }

    /// Puts the environment and files into the values that ask for them.
    pub fn fill(&mut self, lookup: &Lookup<'_>) {
        let mut missing = Vec::new();
        fill::fill(&mut self.root, &self.text, lookup, &mut missing);
        for (node, problem) in missing {
            self.rejected.add(node);
            self.problems.push(problem);
        }
    }

    /// Reads the tree as a `T`. What cannot be read is reported and left out, so the rest is
    /// still checked; `None` when not even the outermost shape fits.
    pub fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        read::read(&self.root, &mut self.rejected, &mut self.problems)
    }

    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Adds what the reader found by looking at several places together.
    pub fn report(&mut self, at: Range<usize>, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::new(at, message));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    /// All problems, or none.
    pub fn finish(self) -> Result<(), Problems> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(Problems::new(
            &self.file,
            &self.text,
            &self.shades,
            self.problems,
        ))
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Sheet {
        port: u16,
        offset: i64,
        ratio: f64,
        on: bool,
        steps: Vec<Step>,
        anything: Option<serde_json::Value>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "the test reads it through `Debug`")]
    enum Step {
        #[serde(rename = "pause")]
        Pause,
        #[serde(rename = "say")]
        Say(String),
        #[serde(rename = "wait")]
        Wait {
            #[serde(default)]
            seconds: u8,
        },
    }

    fn read(text: &str) -> Result<Sheet, Problems> {
        let mut document = Document::parse("sheet.yaml", text)?;
        let sheet = document.read();
        document.finish().map(|()| sheet.unwrap_or_default())
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let sheet = read(
            "port: 8080\noffset: -3\nratio: 1.5\non: true\n\
             steps: [pause, pause: , say: hi, wait: {seconds: 3}, wait: ]\n\
             anything: {a: [1, 1.5, true, ~, \"1\", x]}\n",
        );
        assert_snapshot!(format!("{:?}", sheet.unwrap()), @r#"Sheet { port: 8080, offset: -3, ratio: 1.5, on: true, steps: [Pause, Pause, Say("hi"), Wait { seconds: 3 }, Wait { seconds: 0 }], anything: Some(Object {"a": Array [Number(1), Number(1.5), Bool(true), Null, String("1"), String("x")]}) }"#);
    }

    #[test]
    fn every_value_of_the_wrong_kind_is_told() {
        let sheet = read(
            "port: 70000\noffset: 1.5\nratio: .nan\non: yes\nsteps:\n  - puase\n  \
             - wiat: {seconds: 3}\n  - wait: {seconds: 300, second: 1}\n  - say: [a]\n  \
             - pause: 3\n  - {say: a, wait: }\n  - wait: 3\n",
        );
        let told = sheet.unwrap_err();
        let told = told.iter().map(|problem| {
            let help = problem.help.clone().unwrap_or_default();
            let place = format!("{}:{}", problem.line, problem.column);
            [&place, problem.message.as_str(), &help]
                .join(" ")
                .trim_end()
                .to_owned()
                + "\n"
        });
        assert_snapshot!(told.collect::<String>(), @r#"
        1:7 expected a whole number from 0 to 65535
        2:9 expected a whole number
        3:8 expected a number
        4:5 expected `true` or `false`
        6:5 expected one of `pause`, `say`, `wait` did you mean `pause`?
        7:5 expected one of `pause`, `say`, `wait` did you mean `wait`?
        8:21 expected a whole number from 0 to 255
        8:26 unknown key `second` did you mean `seconds`?
        9:10 expected a text, found a list
        10:5 `pause` takes nothing after it
        11:5 expected one of `pause`, `say`, `wait`, found a section
        12:5 expected a section of `key: value` lines
        "#);
    }
}
