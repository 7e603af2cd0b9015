//! Forms as Slack shows them: what it refuses in one, and what it sends when somebody has filled
//! one in, untouched fields with what stood in them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::fake_slack::FakeSlack;
use super::fake_slack_rules::length;

/// What Slack would refuse in a form.
pub(crate) fn broken(view: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    for key in ["title", "submit", "close"] {
        if length(&view[key]["text"]) > 24 || length(&view[key]["text"]) == 0 {
            broken.push(format!("the form's {key}"));
        }
    }
    if length(&view["private_metadata"]) > 3000 {
        broken.push("the form's metadata".to_owned());
    }
    let blocks = view["blocks"].as_array().unwrap();
    if blocks.len() > 100 {
        broken.push(format!("{} blocks in a form", blocks.len()));
    }
    let inputs: Vec<&Value> = blocks
        .iter()
        .filter(|block| block["type"] == "input")
        .collect();
    let names: BTreeSet<&str> = inputs
        .iter()
        .map(|input| input["block_id"].as_str().unwrap())
        .collect();
    if names.len() != inputs.len() {
        broken.push("two fields of one name".to_owned());
    }
    broken.extend(inputs.into_iter().flat_map(input));
    broken
}

fn input(block: &Value) -> Vec<String> {
    let name = block["block_id"].as_str().unwrap();
    let element = &block["element"];
    let mut broken = Vec::new();
    let mut limit = |what: &str, is: usize, most: usize| {
        if is > most {
            broken.push(format!("`{name}`: {what}: {is}, at most {most}"));
        }
    };
    limit(
        "no label",
        usize::from(length(&block["label"]["text"]) == 0),
        0,
    );
    limit("label", length(&block["label"]["text"]), 2000);
    limit("hint", length(&block["hint"]["text"]), 2000);
    limit("placeholder", length(&element["placeholder"]["text"]), 150);
    let groups = element["option_groups"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    limit("groups", groups.len(), 100);
    for group in &groups {
        limit("group label", length(&group["label"]["text"]), 75);
        limit("options", group["options"].as_array().unwrap().len(), 100);
    }
    limit(
        "options",
        element["options"].as_array().map_or(0, Vec::len),
        100,
    );
    let all = options(element);
    for option in &all {
        limit("option", length(&option["text"]["text"]), 75);
        limit("option's value", length(&option["value"]), 150);
    }
    for chosen in initial(element) {
        limit(
            "an initial option that is none",
            usize::from(!all.contains(&chosen)),
            0,
        );
    }
    match element["type"].as_str().unwrap() {
        "plain_text_input" => limit(
            "max_length",
            usize::try_from(element["max_length"].as_u64().unwrap_or(0)).unwrap(),
            3000,
        ),
        "number_input" => {
            for key in ["min_value", "max_value", "initial_value"] {
                let value = &element[key];
                limit(
                    key,
                    usize::from(
                        !value.is_null() && value.as_str().unwrap().parse::<i64>().is_err(),
                    ),
                    0,
                );
            }
        }
        "radio_buttons" => limit("radio buttons", all.len(), 10),
        "static_select" | "multi_static_select" => {
            limit("empty menus", usize::from(all.is_empty()), 0);
        }
        other => limit(other, 1, 0),
    }
    broken
}

fn options(element: &Value) -> Vec<Value> {
    let groups = element["option_groups"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let grouped = groups
        .iter()
        .flat_map(|group| group["options"].as_array().unwrap().clone());
    let own = element["options"].as_array().cloned().unwrap_or_default();
    own.into_iter().chain(grouped).collect()
}

fn initial(element: &Value) -> Vec<Value> {
    let one = element.get("initial_option").cloned();
    let several = element["initial_options"].as_array().cloned();
    one.into_iter().chain(several.unwrap_or_default()).collect()
}

/// What there is to choose from in a field, as people read it.
pub(crate) fn choices(view: &Value, field: &str) -> Vec<String> {
    let all = options(&block(view, field)["element"]);
    all.iter()
        .map(|option| option["text"]["text"].as_str().unwrap().to_owned())
        .collect()
}

pub(crate) fn block<'v>(view: &'v Value, field: &str) -> &'v Value {
    let blocks = view["blocks"].as_array().unwrap();
    let found = blocks.iter().find(|block| block["block_id"] == field);
    found.unwrap_or_else(|| panic!("no field `{field}` in {view:#}"))
}

impl FakeSlack {
    /// The payload of a form with one question that was filled in.
    pub(crate) fn filled(&self, user: &str, view: &Value, answer: &str) -> Value {
        self.filled_in(user, view, &[("answer", &[answer])])
    }

    /// The payload of a form that was filled in; what is not named stays as it stood there.
    pub(crate) fn filled_in(&self, user: &str, view: &Value, answers: &[(&str, &[&str])]) -> Value {
        let mut values = Map::new();
        for block in view["blocks"].as_array().unwrap() {
            if block["type"] != "input" {
                continue;
            }
            let name = block["block_id"].as_str().unwrap();
            let given = answers.iter().find(|(field, _)| *field == name);
            let state = state(&block["element"], given.map(|(_, values)| *values));
            let action = block["element"]["action_id"].as_str().unwrap();
            values.insert(name.to_owned(), json!({ action: state }));
        }
        for (field, _) in answers {
            block(view, field);
        }
        json!({
            "type": "view_submission", "user": { "id": user }, "trigger_id": self.trigger(),
            "view": {
                "id": "V1", "callback_id": view["callback_id"],
                "private_metadata": view["private_metadata"],
                "state": { "values": values },
            },
        })
    }
}

fn state(element: &Value, given: Option<&[&str]>) -> Value {
    let kind = element["type"].as_str().unwrap();
    let chosen = || match given {
        None => initial(element),
        Some(values) => {
            let all = options(element);
            let one = |value: &&str| {
                let found = all.iter().find(|option| option["value"] == **value);
                found
                    .unwrap_or_else(|| panic!("`{value}` cannot be chosen in {element:#}"))
                    .clone()
            };
            values.iter().map(one).collect()
        }
    };
    match kind {
        "plain_text_input" | "number_input" => {
            let value = given.map_or(element["initial_value"].clone(), |values| values[0].into());
            json!({ "type": kind, "value": value })
        }
        "multi_static_select" => json!({ "type": kind, "selected_options": chosen() }),
        _ => json!({ "type": kind, "selected_option": chosen().first() }),
    }
}
