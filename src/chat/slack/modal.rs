//! Forms in Slack: what a press still has to ask before its line is done, and the values that a
//! runbook wants. How a field looks is `fields`' business.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields;
use crate::bot::Answers;
use crate::chat::ask::{About, Question, answered};
use crate::live::Place;
use crate::text::{Ask, Clean, Dialect, Form, Message, Objection, write};

/// Where the answer to a single question is.
const ANSWER: &str = "/state/values/answer/answer/value";
const LONGEST: usize = 300;
/// Slack takes 3000.
const LONGEST_METADATA: usize = 2900;
const TITLE: usize = 24;

/// What a form is about. It travels through Slack with the form, so it holds no secret; what it
/// says is checked again like any line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sheet {
    pub(super) line: String,
    pub(super) wants: Wants,
    pub(super) channel: String,
    pub(super) thread: Option<String>,
}

/// What is to be filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Wants {
    /// Exactly this.
    Word(String),
    /// Anything, or nothing.
    Reason,
    /// Values for a runbook.
    Values,
}

/// What was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filled {
    Text(String),
    Values(Answers),
}

impl Sheet {
    pub(super) fn asking(line: String, ask: &Ask, place: &Place) -> Self {
        let wants = match ask {
            Ask::Word(word) => Wants::Word(word.to_string()),
            Ask::Reason => Wants::Reason,
        };
        Self::new(line, wants, place)
    }

    pub(super) fn new(line: String, wants: Wants, place: &Place) -> Self {
        Self {
            line,
            wants,
            channel: place.channel.clone(),
            thread: place.thread.clone(),
        }
    }

    /// A form that came back, with its answers.
    pub(super) fn read(view: &Value) -> Option<(Self, Filled)> {
        let metadata = view.get("private_metadata").and_then(Value::as_str)?;
        let sheet: Self = serde_json::from_str(metadata).ok()?;
        let filled = if sheet.wants == Wants::Values {
            Filled::Values(fields::answers(view))
        } else {
            let text = view.pointer(ANSWER).and_then(Value::as_str);
            Filled::Text(text.unwrap_or_default().trim().to_owned())
        };
        Some((sheet, filled))
    }

    /// The whole line of a single question, as if it were typed, or what Slack is to show at it.
    pub(super) fn finished(&self, text: &str) -> Result<String, Value> {
        if let Wants::Word(word) = &self.wants
            && word != text
        {
            let why = format!("type exactly {word}, or close this to leave everything as it is");
            return Err(json!({ "response_action": "errors", "errors": { "answer": why } }));
        }
        Ok(answered(&self.line, self.word(), text))
    }

    fn word(&self) -> Option<&str> {
        match &self.wants {
            Wants::Word(word) => Some(word),
            Wants::Reason | Wants::Values => None,
        }
    }

    /// `None`: more than Slack carries.
    fn metadata(&self) -> Option<String> {
        let text = serde_json::to_string(self).ok()?;
        (text.len() <= LONGEST_METADATA).then_some(text)
    }

    /// The form of a single question. An answer may be left out where the line is whole without it.
    pub(super) fn question(&self, about: &About) -> Option<Value> {
        let question = Question::new(&self.line, self.word());
        let title = match &self.wants {
            Wants::Word(_) => "Are you sure?",
            _ => &question.does,
        };
        let input = json!({
            "type": "input",
            "block_id": "answer",
            "optional": !question.required,
            "label": fields::plain(&question.asks, LONGEST),
            "element": {
                "type": "plain_text_input",
                "action_id": "answer",
                "max_length": LONGEST,
            },
        });
        let message = Message::new().line(about.line());
        let about = write(&message, &Dialect::Slack);
        let about = mrkdwn(about.as_str().trim_end());
        self.view(title, &question.does, &[about, input])
    }

    /// The form of a runbook's values.
    pub(super) fn values(&self, form: &Form) -> Option<Value> {
        let mut blocks = vec![section(&form.about)];
        blocks.extend(fields::inputs(&form.fields)?);
        self.view(form.title.as_str(), form.submit.as_str(), &blocks)
    }

    fn view(&self, title: &str, submit: &str, blocks: &[Value]) -> Option<Value> {
        Some(json!({
            "type": "modal",
            "callback_id": "line",
            "private_metadata": self.metadata()?,
            "title": fields::plain(title, TITLE),
            "submit": fields::plain(submit, TITLE),
            "close": fields::plain("Back", TITLE),
            "blocks": blocks,
        }))
    }
}

fn section(about: &Clean) -> Value {
    mrkdwn(&Dialect::Slack.escape_to_fit(about.as_str(), 500))
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// What is wrong with answers, as Slack shows it at their fields.
pub(super) fn objected(objections: &[Objection]) -> Value {
    let errors: serde_json::Map<String, Value> = objections
        .iter()
        .map(|objection| {
            let field = objection.field.as_str().to_owned();
            (field, objection.why.as_str().into())
        })
        .collect();
    json!({ "response_action": "errors", "errors": errors })
}
