//! Which of the engine's events somebody should be told about, and in which words.

use crate::action::events::Event;
use crate::say;
use crate::text::{Clean, Line, Message, Name, Style};

/// The message for an event that means trouble or its end; `None` for everyday events.
pub fn alert(event: &Event) -> Option<Message> {
    let (what, style) = what(event)?;
    let at = Name::new(&event.at.strftime("%H:%M:%S").to_string());
    let mark = if style == Style::Good { "● " } else { "▲ " };
    let line = Line::new()
        .styled(style, mark)
        .dim(say!("{} ", at))
        .strong(name(event))
        .styled(style, say!(" {}", what));
    Some(Message::new().line(line))
}

fn what(event: &Event) -> Option<(Clean, Style)> {
    let code = event
        .attributes
        .get("exitCode")
        .and_then(|code| code.parse::<i64>().ok());
    Some(match (event.action.as_str(), code) {
        ("oom", _) => (say!("ran out of memory"), Style::Bad),
        ("die", Some(0)) => return None,
        ("die", Some(code)) => (say!("died with exit code {}", code), Style::Bad),
        ("health_status: unhealthy", _) => (say!("turned unhealthy"), Style::Bad),
        ("health_status: healthy", _) => (say!("is healthy again"), Style::Good),
        _ => return None,
    })
}

/// `shop/db`, or the container's name where there is no stack.
fn name(event: &Event) -> Clean {
    let label = |label: &str| event.attributes.get(label).map(|value| Name::new(value));
    match (
        label("com.docker.compose.project"),
        label("com.docker.compose.service"),
    ) {
        (Some(stack), Some(service)) => say!("{}/{}", stack, service),
        _ => label("name")
            .unwrap_or_else(|| Name::new(&event.actor))
            .into(),
    }
}
