//! Small forms: what a press still has to ask before its line is done.

use serde_json::{Value, json};

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
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return self.line.clone();
        }
        match self.word {
            Some(_) => format!("{} {text}", self.line),
            None => format!("{} {}", self.line, super::typed::quoted(&text)),
        }
    }

    /// As the answer to a press.
    pub(super) fn view(&self, about: &str) -> Value {
        let (title, label) = match &self.word {
            Some(word) => (
                format!("Approve: {about}"),
                format!("Type {word} to let it go"),
            ),
            None => (format!("Deny: {about}"), "Why? (may stay empty)".to_owned()),
        };
        let input = json!({
            "type": 4,
            "custom_id": ANSWER,
            "style": 1,
            "label": cut(&label, TITLE),
            "placeholder": cut(self.word.as_deref().unwrap_or("a reason, for whoever asked"), HINT),
            "max_length": LONGEST,
            "required": self.word.is_some(),
        });
        json!({
            "type": 9,
            "data": {
                "custom_id": self.id(),
                "title": cut(&title, TITLE),
                "components": [{ "type": 1, "components": [input] }],
            },
        })
    }
}

fn cut(text: &str, most: usize) -> String {
    crate::text::fit(text, most)
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
