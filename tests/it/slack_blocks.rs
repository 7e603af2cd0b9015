//! Whatever is said fits into Slack's blocks, and nothing in it calls anybody.

use dogwatch::text::{Action, Clean, Line, Message, Redactor, Style, Table, block_kit};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use crate::support::fake_slack_rules::message as broken_rules;

fn clean(text: &str) -> Clean {
    Redactor::shapes_only().clean(text)
}

/// Text that is trouble: markup, mentions, long lines, what grows when it is escaped.
fn text() -> impl Strategy<Value = Clean> {
    prop_oneof![
        "\\PC{0,80}",
        "[<>&!@a-z`*_~]{0,120}",
        Just("<!channel> <!here> <@U123> @everyone".to_owned()),
        "[&<>]{2900,3100}",
        "[a-z ]{1,40}",
    ]
    .prop_map(|text| clean(&text))
}

fn line() -> impl Strategy<Value = Line> {
    let style = prop_oneof![
        Just(Style::Plain),
        Just(Style::Strong),
        Just(Style::Code),
        Just(Style::Dim),
        Just(Style::Bad),
    ];
    vec((style, text()), 0..4).prop_map(|spans| {
        spans
            .into_iter()
            .fold(Line::new(), |line, (style, text)| line.styled(style, text))
    })
}

fn message() -> impl Strategy<Value = Message> {
    let part = prop_oneof![
        line().prop_map(|line| Message::new().heading(line)),
        line().prop_map(|line| Message::new().line(line)),
        vec(line(), 0..30).prop_map(|lines| Message::new().list(lines)),
        vec((text(), line()), 0..25).prop_map(|pairs| Message::new().fields(pairs)),
        vec(text(), 0..60).prop_map(|lines| Message::new().code(lines)),
        vec(line(), 0..20).prop_map(|cells| {
            let mut table = Table::new(&["what", ">how"]);
            for cell in cells {
                table.row([cell, Line::from("x")]);
            }
            Message::new().table(table)
        }),
    ];
    let actions = vec(text(), 0..30);
    (vec(part, 1..20), actions).prop_map(|(parts, actions)| {
        let mut all = Message::new().line("something");
        for part in parts {
            all.blocks.extend(part.blocks);
        }
        all.actions = actions
            .into_iter()
            .map(|label| Action::new(label, "status"))
            .collect();
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_message_keeps_every_limit(message in message()) {
        let posting = block_kit(&message);
        let body = json!({ "text": posting.text(), "blocks": posting.blocks() });
        prop_assert_eq!(broken_rules(&body), Vec::<String>::new());
    }

    #[test]
    fn nothing_foreign_is_markup(message in message()) {
        let posting = block_kit(&message);
        // labels of buttons are plain text to Slack
        let read_as_markup = posting.blocks().iter().filter(|block| block["type"] != "actions");
        let blocks = serde_json::to_string(&read_as_markup.collect::<Vec<_>>()).unwrap();
        for call in ["<!", "<@", "<#", "<http"] {
            prop_assert!(!blocks.contains(call), "{}", blocks);
            prop_assert!(!posting.text().contains(call));
        }
    }
}

#[test]
fn a_long_answer_keeps_its_head_and_its_tail_and_spills() {
    let lines: Vec<Clean> = (0..2000).map(|n| clean(&format!("line {n}"))).collect();
    let message = Message::new().heading("logs of api").code(lines);
    let posting = block_kit(&message);
    let blocks = serde_json::to_string(posting.blocks()).unwrap();
    assert!(
        blocks.contains("line 0\\n") && blocks.contains("line 1999\\n"),
        "{blocks}"
    );
    assert!(blocks.contains("left out here"));
    let whole = posting.spilled().unwrap();
    assert!(whole.contains("line 1000\n"));
    assert_eq!(block_kit(&Message::new().line("short")).spilled(), None);
}

#[test]
fn people_are_named_only_where_we_say_so() {
    let ours = Line::new()
        .dim("asked by ")
        .styled(Style::Person, "slack:U123");
    let theirs = Line::new().plain(clean("asked by slack:U666 <@U666>"));
    let posting = block_kit(&Message::new().line(ours).line(theirs));
    insta::assert_json_snapshot!(posting.blocks(), @r#"
    [
      {
        "elements": [
          {
            "text": "asked by <@U123>",
            "type": "mrkdwn"
          }
        ],
        "type": "context"
      },
      {
        "text": {
          "text": "asked by slack:U666 &lt;@U666&gt;",
          "type": "mrkdwn"
        },
        "type": "section"
      }
    ]
    "#);
}
