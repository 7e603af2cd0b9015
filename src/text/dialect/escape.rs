//! What each place gives a meaning to, and how it is taken away. No markup of our own is made here.

/// Breaks up a mention or a fence without changing how it reads.
const ZERO_WIDTH: char = '\u{200b}';

const REPLACEMENT: char = '\u{fffd}';

/// Control characters as pictures; what turns the reading direction or is reserved for programs
/// as a replacement mark. Tabs and line breaks stay.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\r' || chars.peek() != Some(&'\n') {
            shown.push(visible_char(c));
        }
    }
    shown
}

fn visible_char(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(REPLACEMENT),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{fdd0}'..='\u{fdef}' => REPLACEMENT,
        c => c,
    }
}

/// A tab is as wide as where it stands, so it becomes spaces.
pub(super) fn plain(text: &str) -> String {
    visible(text).replace('\t', "    ")
}

pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// `&`, `<` and `>` make links and mentions in Slack; the names after `@` only in old clients.
pub(super) fn slack(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in without_mentions(&visible(text)).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c => escaped.push(c),
        }
    }
    escaped
}

pub(super) fn discord(text: &str) -> String {
    backslashed(&without_mentions(&visible(text)), "\\`*_~|<>[]")
}

pub(super) fn markdown(text: &str) -> String {
    backslashed(&visible(text), "\\`*_~|<>[]&")
}

/// A backslash before every special character, and before what means something at a line's start.
fn backslashed(text: &str, special: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            escaped.push('\n');
        }
        backslash_line(line, special, &mut escaped);
    }
    escaped
}

fn backslash_line(line: &str, special: &str, escaped: &mut String) {
    // Four spaces at the start would make a code block of it; one keeps words apart.
    if line.starts_with([' ', '\t']) {
        escaped.push(' ');
    }
    let line = line.trim_start_matches([' ', '\t']);
    let number = line.chars().take_while(char::is_ascii_digit).count();
    let mut before = None;
    let mut chars = line.chars().enumerate().peekable();
    while let Some((index, c)) = chars.next() {
        let after = chars.peek().map(|(_, c)| *c);
        let opens_line = match c {
            '#' | '=' => index == 0,
            // `-#` makes small print in Discord
            '+' | '-' => index == 0 && (is_space(after) || after == Some(c) || after == Some('#')),
            '.' | ')' => index == number && number > 0 && is_space(after),
            _ => false,
        };
        let inside_word = c == '_' && is_word(before) && is_word(after);
        if opens_line || (special.contains(c) && !inside_word) {
            escaped.push('\\');
        }
        escaped.push(c);
        before = Some(c);
    }
}

fn is_space(c: Option<char>) -> bool {
    c.is_none_or(char::is_whitespace)
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

/// `@everyone`, `@here` and `@channel` call nobody.
fn without_mentions(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (index, piece) in text.split('@').enumerate() {
        if index > 0 {
            shown.push('@');
            if ["everyone", "here", "channel"]
                .iter()
                .any(|name| starts_with(piece, name))
            {
                shown.push(ZERO_WIDTH);
            }
        }
        shown.push_str(piece);
    }
    shown
}

fn starts_with(text: &str, name: &str) -> bool {
    text.get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// A code block ends where we end it: three backticks in a row are taken apart.
pub(super) fn without_fence(text: &str) -> String {
    text.replace("``", &format!("`{ZERO_WIDTH}`"))
}
