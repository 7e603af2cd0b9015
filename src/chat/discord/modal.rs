//! Small forms: what a press still has to ask before its line is done.

use serde_json::{Value, json};

use crate::chat::ask::{Question, answered};
use crate::text::fit;

/// Where a filled-in form has its answer.
const ANSWER: &str = "answer";
const LONGEST: u32 = 300;
const TITLE: usize = 45;
const HINT: usize = 100;

/// What a form is about. It travels through Discord as the form's id, so it holds no secret; what it
/// says is checked again like any line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) line: String,
    /// What has to be typed; anything where there is none.
    pub(super) word: Option<String>,
}

impl Form {
    fn id(&self) -> String {
        let word = self.word.as_deref().unwrap_or_default();
        format!("form|{word}|{}", self.line)
    }

    pub(super) fn read(id: &str) -> Option<Self> {
        let (word, line) = id.strip_prefix("form|")?.split_once('|')?;
        Some(Self {
            line: line.to_owned(),
            word: (!word.is_empty()).then(|| word.to_owned()),
        })
    }

    /// What is wrong with an answer.
    pub(super) fn objection(&self, text: &str) -> Option<&str> {
        self.word.as_deref().filter(|word| *word != text)
    }

    /// The whole line, as if it were typed.
    pub(super) fn finished(&self, text: &str) -> String {
        answered(&self.line, self.word.as_deref(), text)
    }

    /// As the answer to a press.
    pub(super) fn view(&self, about: &str) -> Value {
        let question = Question::new(&self.line, self.word.as_deref());
        let hint = self.word.as_deref().unwrap_or("a reason, for whoever asks");
        let input = json!({
            "type": 4,
            "custom_id": ANSWER,
            "style": 1,
            "placeholder": fit(hint, HINT),
            "max_length": LONGEST,
            "required": question.required,
        });
        let title = format!("{}: {about}", question.does);
        let label = json!({ "type": 18, "label": fit(&question.asks, TITLE), "component": input });
        json!({
            "type": 9,
            "data": {
                "custom_id": self.id(),
                "title": fit(&title, TITLE),
                "components": [label],
            },
        })
    }
}

/// The answer of a form, wherever it stands in it.
pub(super) fn answer(value: &Value) -> Option<String> {
    match value {
        Value::Array(values) => values.iter().find_map(answer),
        Value::Object(fields) => {
            if fields.get("custom_id").and_then(Value::as_str) == Some(ANSWER) {
                let text = fields.get("value").and_then(Value::as_str);
                return Some(text.unwrap_or_default().trim().to_owned());
            }
            fields.values().find_map(answer)
        }
        _ => None,
    }
}
