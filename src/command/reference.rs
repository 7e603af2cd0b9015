//! The reference page of words, made from the list that parsing and help read.

use super::words::{WORDS, Word};

/// The page as Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "# Words\n\nWhat can be typed in the console and in chat. Generated from the program; do not edit.\n\n\
         A target is `[HOST:][STACK/]SERVICE`; `@GROUP` names a group; several may be given. Quotes keep words together.\n\n",
    );
    for word in WORDS {
        page.push_str(&section(word));
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn section(word: &Word) -> String {
    let flags: Vec<String> = word
        .flags
        .iter()
        .map(|flag| format!("- `--{}`: {}\n", flag.name, flag.about))
        .collect();
    let flags = if flags.is_empty() {
        String::new()
    } else {
        format!("{}\n", flags.concat())
    };
    format!(
        "## {}\n\n{}. Risk: {}.\n\n    {}\n\n{flags}Example: `{}`\n\n",
        word.name,
        capital(word.about),
        word.risk.word(),
        word.usage(),
        word.example,
    )
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}
