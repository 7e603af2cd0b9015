//! Makes text out of bytes: colour codes and control characters go, bytes that are no text
//! become `�`.

use std::str::Chars;

/// Valid UTF-8 without control characters other than tab and newline.
pub(in crate::engine) fn scrub(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            rest = after_escape(rest);
        } else if !c.is_control() || c == '\t' || c == '\n' {
            clean.push(c);
        }
    }
    clean
}

/// What follows an escape sequence. One that never ends is none: then only its first character
/// goes, and the text behind it stays readable.
fn after_escape(rest: Chars<'_>) -> Chars<'_> {
    let mut after = rest.clone();
    match after.next() {
        Some('[') => after_control_sequence(after).unwrap_or(rest),
        Some(']' | 'P' | 'X' | '^' | '_') => after_string(after).unwrap_or(rest),
        Some(' '..='/') => after_intermediates(after).unwrap_or(rest),
        Some('0'..='~') => after,
        _ => rest,
    }
}

/// `ESC [ 1 ; 31 m`
fn after_control_sequence(mut rest: Chars<'_>) -> Option<Chars<'_>> {
    loop {
        match rest.next()? {
            ' '..='?' => {}
            '@'..='~' => return Some(rest),
            _ => return None,
        }
    }
}

/// `ESC ] 0 ; title BEL`, or ended by `ESC \`.
fn after_string(mut rest: Chars<'_>) -> Option<Chars<'_>> {
    loop {
        match rest.next()? {
            '\u{7}' => return Some(rest),
            '\u{1b}' => return (rest.next()? == '\\').then_some(rest),
            '\n' => return None,
            _ => {}
        }
    }
}

/// `ESC ( B`
fn after_intermediates(mut rest: Chars<'_>) -> Option<Chars<'_>> {
    loop {
        match rest.next()? {
            ' '..='/' => {}
            '0'..='~' => return Some(rest),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn colours_titles_and_charsets_go() {
        assert_eq!(
            scrub(b"\x1b[1;31mfailed\x1b[0m \x1b[38;5;196mred"),
            "failed red"
        );
        assert_eq!(
            scrub(b"\x1b]0;a title\x07text\x1b]8;;http://x\x1b\\link"),
            "textlink"
        );
        assert_eq!(scrub(b"\x1b(Bplain\x1b7\x1b=."), "plain.");
    }

    #[test]
    fn an_escape_without_an_end_takes_no_text_with_it() {
        assert_eq!(scrub(b"\x1b]0;never ended"), "]0;never ended");
        assert_eq!(scrub(b"\x1b[12"), "[12");
        assert_eq!(scrub(b"\x1b"), "");
    }

    #[test]
    fn controls_go_and_tabs_stay() {
        assert_eq!(scrub(b"a\0b\x08c\td\x7f\xc2\x9be\n"), "abc\tde\n");
    }

    #[test]
    fn bytes_that_are_no_text_are_marked() {
        assert_eq!(scrub(b"caf\xe9 \xff"), "caf\u{fffd} \u{fffd}");
    }
}
