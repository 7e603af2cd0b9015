//! Whatever is said fits into Discord's embeds, and nothing in it calls anybody.

use dogwatch::say;
use dogwatch::text::{Action, Ask, Card, Clean, Line, Message, Style, Table, embeds};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::any_message::{clean, message};
use crate::support::fake_discord_rules::message as broken_rules;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_message_keeps_every_limit(message in message()) {
        prop_assert_eq!(broken_rules(&body(&embeds(&message))), Vec::<String>::new());
    }

    #[test]
    fn nothing_foreign_is_markup(message in message()) {
        let card = embeds(&message);
        for embed in card.embeds() {
            // footers are plain text to Discord
            for text in markdown(embed) {
                let text = without_code(&text);
                for call in ["<@", "<#", "<:", "<t:", "@everyone", "@here", "]("] {
                    let at = text.match_indices(call).find(|(at, _)| !text.split_at(*at).0.ends_with('\\'));
                    prop_assert!(at.is_none(), "{} in {}", call, text);
                }
                let small = text.lines().find(|line| line.starts_with(['#', '>']) || line.starts_with("-#"));
                prop_assert!(small.is_none(), "{:?}", small);
            }
        }
    }
}

fn body(card: &Card) -> Value {
    json!({
        "embeds": card.embeds(),
        "components": card.components(),
        "allowed_mentions": { "parse": [] },
    })
}

fn markdown(embed: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = embed["fields"].as_array().cloned().unwrap_or_default();
    let sides = fields
        .iter()
        .flat_map(|field| [text(&field["name"]), text(&field["value"])]);
    [text(&embed["title"]), text(&embed["description"])]
        .into_iter()
        .chain(sides)
        .collect()
}

/// In code nothing is markup but its end.
fn without_code(text: &str) -> String {
    let outside: Vec<&str> = text.split("```").step_by(2).collect();
    let text = outside.join("\n");
    let mut plain = String::new();
    let mut in_code = false;
    let mut escaped = false;
    for c in text.chars() {
        match c {
            '`' if !escaped => in_code = !in_code,
            c if !in_code => plain.push(c),
            _ => {}
        }
        escaped = c == '\\' && !escaped && !in_code;
    }
    plain
}

#[test]
fn a_long_answer_keeps_its_head_and_its_tail_and_spills() {
    let lines: Vec<Clean> = (0..2000).map(|n| clean(&format!("line {n}"))).collect();
    let message = Message::new().heading("logs of api").code(lines);
    let card = embeds(&message);
    let text = serde_json::to_string(card.embeds()).unwrap();
    assert!(
        text.contains("line 0\\n") && text.contains("line 1999\\n"),
        "{text}"
    );
    assert!(text.contains("left out here"));
    assert!(card.spilled().unwrap().contains("line 1000\n"));
    assert_eq!(embeds(&Message::new().line("short")).spilled(), None);
}

#[test]
fn a_message_is_laid_out_as_an_embed() {
    let mut table = Table::new(&["service", ">restarts"]);
    table.row([Line::from("api"), Line::from("3")]);
    let person = Line::new()
        .dim("asked by ")
        .styled(Style::Person, "discord:1001")
        .plain(clean(" (not <@666> or discord:666)"));
    let long = say!(
        "logs {} --tail 50",
        dogwatch::text::Name::new(&"x".repeat(120))
    );
    let message = Message::new()
        .heading(clean("🔴 shop/db was *killed*"))
        .line(person)
        .table(table)
        .fields(vec![("cause".into(), Line::new().code("oom-killed"))])
        .line(Line::new().dim(clean("report 01K9 · 9 containers_looked_at")))
        .action(
            Action::new("Approve: type shop", "approve 01K9")
                .style(Style::Bad)
                .ask(Ask::Word("shop".into())),
        )
        .action(Action::new("Logs", long));
    let card = embeds(&message);
    assert_eq!(card.title(), "🔴 shop/db was *killed*");
    insta::assert_json_snapshot!(body(&card), @r#"
    {
      "allowed_mentions": {
        "parse": []
      },
      "components": [
        {
          "components": [
            {
              "custom_id": "0|word|shop|approve 01K9",
              "label": "Approve: type shop",
              "style": 4,
              "type": 2
            }
          ],
          "type": 1
        }
      ],
      "embeds": [
        {
          "color": 14300723,
          "description": "asked by <@1001> (not \\<@666\\> or discord:666)\n```\nservice  restarts\napi             3\n```",
          "fields": [
            {
              "inline": true,
              "name": "cause",
              "value": "`oom-killed`"
            }
          ],
          "footer": {
            "text": "report 01K9 · 9 containers_looked_at"
          },
          "title": "🔴 shop/db was \\*killed\\*"
        },
        {
          "color": 14300723,
          "description": "Logs: `logs xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx --tail 50`"
        }
      ]
    }
    "#);
}

#[test]
fn only_whom_we_call_is_called() {
    let ours = Line::new()
        .styled(Style::Call, "discord-role:789")
        .plain(" ")
        .styled(Style::Call, "discord:1001")
        .styled(Style::Call, "slack:U123")
        .styled(Style::Person, "discord:1002");
    let theirs = Line::new().plain(clean("discord-role:666 <@&666> @everyone"));
    let card = embeds(&Message::new().line(ours).line(theirs));
    assert_eq!(card.calls().people, ["1001"]);
    assert_eq!(card.calls().roles, ["789"]);
    let shown = card.embeds()[0]["description"].as_str().unwrap();
    // what keeps a word from calling everybody has no width of its own
    insta::assert_snapshot!(shown.replace('\u{200b}', "|"), @r"
    <@&789> <@1001>slack:U123<@1002>
    discord-role:666 \<@&666\> @|everyone
    ");
}
