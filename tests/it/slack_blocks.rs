//! Whatever is said fits into Slack's blocks, and nothing in it calls anybody.

use dogwatch::text::{Clean, Line, Message, Style, block_kit};
use proptest::prelude::*;
use serde_json::json;

use crate::support::any_message::{clean, message};
use crate::support::fake_slack_rules::message as broken_rules;

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
