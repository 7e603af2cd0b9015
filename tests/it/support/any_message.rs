//! Any message that can be said, with text that is trouble: what a chat is shown has to keep its
//! limits whatever is in it.

use dogwatch::text::{Action, Clean, Line, Message, Redactor, Style, Table};
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) fn clean(text: &str) -> Clean {
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

pub(crate) fn message() -> impl Strategy<Value = Message> {
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
