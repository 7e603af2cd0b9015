//! Forms as Discord shows them: what it refuses in one, and what it sends when somebody has filled
//! one in, untouched fields with what stood in them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fake_discord::{FakeDiscord, Shown};

const TEXT: u64 = 4;
const MENU: u64 = 3;

fn labels(form: &Value) -> &Vec<Value> {
    form["components"].as_array().unwrap()
}

/// What Discord refuses in a form, beyond what its description says.
pub(super) fn broken(form: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    if !(1..=5).contains(&labels(form).len()) {
        broken.push(format!("{} fields in a form", labels(form).len()));
    }
    let mut ids = BTreeSet::new();
    for label in labels(form) {
        let component = &label["component"];
        if label["type"] != 18 || !ids.insert(component["custom_id"].to_string()) {
            broken.push(format!("a field that is none, or there twice: {label}"));
        }
        // a label says what a text is about, so the text has none of its own
        if component.get("label").is_some() {
            broken.push(format!("two labels for one field: {label}"));
        }
        if component["type"] == MENU {
            broken.extend(menu(component));
        }
    }
    broken
}

fn menu(component: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let all = options(component);
    let once: BTreeSet<&String> = all.iter().collect();
    let (least, most) = (
        component["min_values"].as_u64().unwrap_or(1),
        component["max_values"].as_u64().unwrap_or(1),
    );
    if once.len() != all.len() {
        broken.push(format!("an option that is there twice: {component}"));
    }
    if most > all.len() as u64 || least > most || preset(component).len() as u64 > most {
        broken.push(format!("more than can be picked: {component}"));
    }
    if component["required"] != false && least == 0 {
        broken.push(format!("it is required and may be empty: {component}"));
    }
    broken
}

/// The field of a parameter.
pub(crate) fn field(form: &Value, name: &str) -> Value {
    let id = format!("value|{name}");
    let components = labels(form).iter().map(|label| &label["component"]);
    let mut named = components.filter(|component| component["custom_id"] == id.as_str());
    let found = named.next();
    found
        .unwrap_or_else(|| panic!("no field `{name}` in {form:#}"))
        .clone()
}

/// What can be picked in a menu.
pub(crate) fn options(component: &Value) -> Vec<String> {
    let all = component["options"].as_array().cloned().unwrap_or_default();
    all.iter()
        .map(|option| option["value"].as_str().unwrap().to_owned())
        .collect()
}

/// What is picked as long as nobody picks anything.
pub(crate) fn preset(component: &Value) -> Vec<String> {
    let all = component["options"].as_array().cloned().unwrap_or_default();
    all.iter()
        .filter(|option| option["default"] == true)
        .map(|option| option["value"].as_str().unwrap().to_owned())
        .collect()
}

fn answer(component: &Value, given: Option<&[&str]>) -> Value {
    let id = &component["custom_id"];
    if component["type"] == TEXT {
        let stood = component["value"].as_str().unwrap_or_default();
        let text = given.map_or(stood.to_owned(), <[&str]>::concat);
        return json!({ "type": TEXT, "id": 2, "custom_id": id, "value": text });
    }
    let values = match given {
        None => preset(component),
        Some(values) => {
            let all = options(component);
            let known = values
                .iter()
                .all(|value| all.contains(&(*value).to_owned()));
            assert!(known, "{values:?} are not all among {all:?}");
            values.iter().map(|value| (*value).to_owned()).collect()
        }
    };
    json!({ "type": MENU, "id": 2, "custom_id": id, "values": values })
}

impl FakeDiscord {
    /// A form that was filled in; what is not named stays as it stood there.
    pub(crate) fn filled_in(
        &self,
        user: &str,
        channel: &str,
        form: &Value,
        answers: &[(&str, &[&str])],
    ) -> Value {
        let components: Vec<Value> = labels(form)
            .iter()
            .map(|label| {
                let component = &label["component"];
                let id = component["custom_id"].as_str().unwrap();
                let name = id.strip_prefix("value|").unwrap_or(id);
                let given = answers.iter().find(|(field, _)| *field == name);
                let answer = answer(component, given.map(|(_, values)| *values));
                json!({ "type": 18, "id": 1, "component": answer })
            })
            .collect();
        let data = json!({ "custom_id": form["custom_id"], "components": components });
        self.interaction(user, channel, 5, &data)
    }

    /// The form of a single question, about a message.
    pub(crate) fn filled(&self, user: &str, message: &Shown, view: &Value, text: &str) -> Value {
        let payload = self.filled_in(user, &message.channel, view, &[("answer", &[text])]);
        self.about(payload, message)
    }
}
