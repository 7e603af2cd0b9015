//! What a person can press in Discord: rows of buttons, each with the line it types in its id.

use serde_json::{Value, json};

use crate::say;
use crate::text::{Action, Ask, Dialect, Line, Style};

const IN_A_ROW: usize = 5;
const ROWS: usize = 5;
const LABEL: usize = 80;
const ID: usize = 100;

/// The rows, and a line of text for each action that no button can hold.
pub(super) fn rows(actions: &[Action]) -> (Vec<Value>, Vec<Line>) {
    let mut buttons = Vec::new();
    let mut untold = Vec::new();
    for action in actions {
        let id = id(buttons.len(), action);
        if id.chars().count() <= ID && buttons.len() < IN_A_ROW * ROWS {
            buttons.push(button(action, &id));
        } else {
            let label = Line::new().dim(say!("{}: ", action.label));
            untold.push(label.code(action.line.clone()));
        }
    }
    let row = |buttons: &[Value]| json!({ "type": 1, "components": buttons });
    (buttons.chunks(IN_A_ROW).map(row).collect(), untold)
}

/// `PLACE|KIND|WORD|LINE`. Its place makes it unlike any other of the message; the line stands last,
/// so that anything may be in it.
fn id(index: usize, action: &Action) -> String {
    let (kind, word) = match &action.ask {
        None => ("line", ""),
        Some(Ask::Reason) => ("reason", ""),
        Some(Ask::Word(word)) => ("word", word.as_str()),
    };
    format!("{index}|{kind}|{word}|{}", action.line)
}

fn button(action: &Action, id: &str) -> Value {
    let label = Dialect::Plain.escape(action.label.as_str());
    let label: String = label.chars().take(LABEL).collect();
    let style = match action.style {
        Style::Good => 3,
        Style::Bad => 4,
        _ => 2,
    };
    json!({ "type": 2, "style": style, "label": label, "custom_id": id })
}
