//! The fields of a form as Block Kit's inputs, within its limits, and the answers that come back.
//! A field's block is called by its parameter, so that an objection finds it.

use serde_json::{Value, json};

use crate::bot::Answers;
use crate::text::{Choice, Clean, Dialect, Field, Input};

/// Slack takes 100 blocks in a form; some are for what stands above the fields.
const FIELDS: usize = 90;
/// In one list, and lists in one menu.
const OPTIONS: usize = 100;
/// What one option may be called and hold.
const OPTION: usize = 75;
const LABEL: usize = 150;
const PLACEHOLDER: usize = 150;
const HELP: usize = 500;
const LONGEST: usize = 1000;
const VALUE: &str = "value";

/// Text that Slack shows as it is: no markup, no mention, no emoji.
pub(super) fn plain(text: &str, most: usize) -> Value {
    let text = Dialect::Plain.escape(text).replace('\n', " ");
    let text: String = text.chars().take(most).collect();
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// `None`: more fields than Slack shows.
pub(super) fn inputs(fields: &[Field]) -> Option<Vec<Value>> {
    (fields.len() <= FIELDS).then(|| fields.iter().map(input).collect())
}

fn input(field: &Field) -> Value {
    let mut block = json!({
        "type": "input",
        "block_id": field.name.as_str(),
        "optional": !field.required,
        "label": plain(field.name.as_str(), LABEL),
        "element": element(field),
    });
    if !field.help.is_empty() {
        set(&mut block, "hint", plain(field.help.as_str(), HELP));
    }
    block
}

fn element(field: &Field) -> Value {
    let mut element = match &field.input {
        Input::Text { like } => text(field, like),
        Input::Whole { min, max } => whole(field, *min, *max),
        Input::YesOrNo => yes_or_no(field),
        Input::Choice { of, many } => {
            menu(field, of, *many).unwrap_or_else(|| text(field, &Clean::default()))
        }
    };
    set(&mut element, "action_id", VALUE.into());
    element
}

fn set(value: &mut Value, key: &str, to: Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(key.to_owned(), to);
    }
}

fn text(field: &Field, like: &Clean) -> Value {
    let mut element = json!({ "type": "plain_text_input", "max_length": LONGEST });
    if !like.is_empty() {
        set(
            &mut element,
            "placeholder",
            plain(like.as_str(), PLACEHOLDER),
        );
    }
    preset(&mut element, field);
    element
}

fn preset(element: &mut Value, field: &Field) {
    let preset = Clean::join(&field.preset, ",");
    if !preset.is_empty() && preset.as_str().chars().count() <= LONGEST {
        set(element, "initial_value", preset.as_str().into());
    }
}

fn whole(field: &Field, min: Option<i64>, max: Option<i64>) -> Value {
    let mut element = json!({ "type": "number_input", "is_decimal_allowed": false });
    for (key, limit) in [("min_value", min), ("max_value", max)] {
        if let Some(limit) = limit {
            set(&mut element, key, limit.to_string().into());
        }
    }
    preset(&mut element, field);
    element
}

fn yes_or_no(field: &Field) -> Value {
    let options = [option("true", "yes"), option("false", "no")];
    let mut element = json!({ "type": "radio_buttons", "options": options });
    if let Some(first) = field.preset.first()
        && let Some(chosen) = options
            .iter()
            .find(|option| option[VALUE] == first.as_str())
    {
        set(&mut element, "initial_option", chosen.clone());
    }
    element
}

fn option(value: &str, label: &str) -> Value {
    json!({ "text": plain(label, OPTION), "value": value })
}

/// Everything there is to choose from, or `None` where Slack could not hold it: half a list would
/// look like a whole one.
fn menu(field: &Field, of: &[Choice], many: bool) -> Option<Value> {
    let too_long = |choice: &Choice| choice.value.as_str().chars().count() > OPTION;
    let groups: Vec<&[Choice]> = of
        .chunk_by(|one, next| one.under == next.under)
        .flat_map(|group| group.chunks(OPTIONS))
        .collect();
    if of.iter().any(too_long) || groups.len() > OPTIONS {
        return None;
    }
    let kind = if many {
        "multi_static_select"
    } else {
        "static_select"
    };
    let mut element = json!({ "type": kind });
    let bare = |choice: &Choice| option(choice.value.as_str(), choice.value.as_str());
    match groups.as_slice() {
        [only] => set(&mut element, "options", only.iter().map(bare).collect()),
        groups => {
            let group = |group: &&[Choice]| {
                let under = group.first().map(|choice| choice.under.as_str());
                let label = under.filter(|under| !under.is_empty()).unwrap_or("others");
                json!({
                    "label": plain(label, OPTION),
                    "options": group.iter().map(bare).collect::<Vec<_>>(),
                })
            };
            set(
                &mut element,
                "option_groups",
                groups.iter().map(group).collect(),
            );
        }
    }
    let chosen = of
        .iter()
        .filter(|choice| field.preset.contains(&choice.value));
    let chosen: Vec<Value> = chosen.map(bare).collect();
    match (many, chosen.first()) {
        (true, Some(_)) => set(&mut element, "initial_options", chosen.into()),
        (false, Some(first)) => set(&mut element, "initial_option", first.clone()),
        (_, None) => {}
    }
    Some(element)
}

/// What came back, by the blocks' names; what stayed empty is not there.
pub(super) fn answers(view: &Value) -> Answers {
    let values = view.pointer("/state/values").and_then(Value::as_object);
    let answer = |(name, block): (&String, &Value)| {
        let values = given(block.get(VALUE)?);
        (!values.is_empty()).then(|| (name.clone(), values))
    };
    values.into_iter().flatten().filter_map(answer).collect()
}

fn given(state: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let chosen = |option: &Value| option.get(VALUE).and_then(text);
    let typed = state.get(VALUE).and_then(text);
    let one = state.get("selected_option").and_then(chosen);
    let several = state.get("selected_options").and_then(Value::as_array);
    let several = several.into_iter().flatten().filter_map(chosen);
    typed.into_iter().chain(one).chain(several).collect()
}
