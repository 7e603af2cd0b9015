//! Small forms: what a press still has to ask before its line is done.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::live::Place;
use crate::text::{Ask, Dialect, Redactor};

/// Where a filled-in form has its answer.
pub(super) const ANSWER: &str = "/view/state/values/answer/answer/value";
const LONGEST: usize = 300;

/// What a form is about. It travels through Slack with the form, so it holds no secret; what it
/// says is checked again like any line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Form {
    pub(super) line: String,
    /// What has to be typed; anything where there is none.
    pub(super) word: Option<String>,
    pub(super) channel: String,
    pub(super) thread: Option<String>,
}

impl Form {
    pub(super) fn new(line: String, ask: &Ask, place: &Place) -> Self {
        Self {
            line,
            word: match ask {
                Ask::Word(word) => Some(word.to_string()),
                Ask::Reason => None,
            },
            channel: place.channel.clone(),
            thread: place.thread.clone(),
        }
    }

    pub(super) fn read(metadata: &str) -> Option<Self> {
        serde_json::from_str(metadata).ok()
    }

    /// What is wrong with an answer, as Slack shows it at the field.
    pub(super) fn objection(&self, text: &str) -> Option<Value> {
        let word = self.word.as_deref().filter(|word| *word != text)?;
        let why = format!("type exactly {word}, or close this to leave everything as it is");
        Some(json!({ "response_action": "errors", "errors": { "answer": why } }))
    }

    /// The whole line, as if it were typed.
    pub(super) fn finished(&self, text: &str) -> String {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return self.line.clone();
        }
        match self.word {
            Some(_) => format!("{} {text}", self.line),
            None => format!("{} \"{}\"", self.line, text.replace(['"', '\\'], "'")),
        }
    }

    pub(super) fn view(&self, about: &str) -> Value {
        let about =
            Dialect::Slack.escape_to_fit(Redactor::shapes_only().clean(about).as_str(), 500);
        let (title, submit, label) = match &self.word {
            Some(word) => (
                "Are you sure?",
                "Approve",
                format!("Type {word} to let it go"),
            ),
            None => ("Deny", "Deny", "Why? (may stay empty)".to_owned()),
        };
        let plain = |text: &str| json!({ "type": "plain_text", "text": text });
        json!({
            "type": "modal",
            "callback_id": "line",
            "private_metadata": serde_json::to_string(self).unwrap_or_default(),
            "title": plain(title),
            "submit": plain(submit),
            "close": plain("Back"),
            "blocks": [
                { "type": "section", "text": { "type": "mrkdwn", "text": about } },
                {
                    "type": "input",
                    "block_id": "answer",
                    "optional": self.word.is_none(),
                    "label": plain(&label),
                    "element": {
                        "type": "plain_text_input",
                        "action_id": "answer",
                        "max_length": LONGEST,
                    },
                },
            ],
        })
    }
}
