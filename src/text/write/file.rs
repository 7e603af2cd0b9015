//! The file beside a message that does not show everything: the whole text, up to what chats take as
//! a file.

use std::collections::VecDeque;

use super::write;
use crate::text::{Dialect, Message};

/// Discord takes ten MiB, other parts of the request among them.
const LARGEST: usize = 8 * 1024 * 1024;

/// All of a message, where not all of it is shown.
pub(super) fn beside(message: &Message, all_is_shown: bool) -> Option<String> {
    let is_part = message.whole.is_some() || !all_is_shown;
    is_part.then(|| within(write(message, &Dialect::Plain).into_string(), LARGEST))
}

/// Whole lines of the beginning and of the end.
fn within(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let mut left_out: VecDeque<&str> = text.lines().collect();
    let (mut head, mut tail) = (Vec::new(), VecDeque::new());
    let mut room = most / 2;
    while let Some(line) = left_out.front().filter(|line| line.len() < room) {
        room -= line.len() + 1;
        head.extend(left_out.pop_front());
    }
    room = most / 2;
    while let Some(line) = left_out.back().filter(|line| line.len() < room) {
        room -= line.len() + 1;
        tail.push_front(left_out.pop_back().unwrap_or_default());
    }
    let note = format!(
        "… {} lines are left out here: no chat takes a file so large",
        left_out.len()
    );
    head.push(&note);
    head.extend(tail);
    head.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_no_chat_takes_the_beginning_and_the_end_stay() {
        let lines: Vec<String> = (0..1000)
            .map(|number| format!("line {number:03} é"))
            .collect();
        let text = lines.join("\n") + "\n";
        assert_eq!(within(text.clone(), text.len()), text);
        let kept = within(text, 400);
        assert!(kept.len() <= 500, "{}", kept.len());
        assert!(kept.starts_with("line 000 é\nline 001 é\n"), "{kept}");
        assert!(kept.ends_with("line 998 é\nline 999 é\n"), "{kept}");
        let shown = kept.lines().count() - 1;
        assert!(
            kept.contains(&format!("… {} lines are left out here", 1000 - shown)),
            "{kept}"
        );
        let one = "x".repeat(1000);
        assert!(within(one, 400).contains("1 lines are left out"));
    }
}
