//! Splits a line into words. Quotes group, a backslash takes the next character as it is, and
//! nothing is ever expanded. What phones and chat clients make of quotes and dashes is undone.

use thiserror::Error;

/// The longest line that is read; longer ones are somebody's paste.
pub const LONGEST_LINE: usize = 8 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LexError {
    #[error(
        "the quote opened at character {at} is never closed; close it or write it as `\\{quote}`"
    )]
    OpenQuote { at: usize, quote: char },
    #[error("the line ends in the middle of an escape; remove the last `\\` or write `\\\\`")]
    OpenEscape,
}

/// One word and where it started (in characters, from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub at: usize,
    /// At least a part of it was quoted, so `"--x"` is text and not a flag.
    pub quoted: bool,
}

/// Splits the whole line.
pub fn lex(line: &str) -> Result<Vec<Token>, LexError> {
    let mut lexer = Lexer::default();
    let mut chars = line.chars().enumerate();
    while let Some((index, c)) = chars.next() {
        match (lexer.quote, straight(c)) {
            (None, c) if c.is_whitespace() => lexer.finish(),
            (None, c @ ('"' | '\'')) => lexer.open(c, index),
            (Some((open, _)), c) if c == open => lexer.quote = None,
            (Some(('\'', _)), c) => lexer.push(c, index),
            (_, '\\') => match chars.next() {
                Some((_, escaped)) => lexer.push(escaped, index),
                None => return Err(LexError::OpenEscape),
            },
            (None, _) => lexer.push(c, index),
            (Some(_), c) => lexer.push(c, index),
        }
    }
    if let Some((quote, at)) = lexer.quote {
        return Err(LexError::OpenQuote { at: at + 1, quote });
    }
    lexer.finish();
    Ok(lexer.tokens.into_iter().map(undo_dashes).collect())
}

/// One word that is read back as exactly this text, whatever is in it.
pub fn quoted(text: &str) -> String {
    let bare = |c: char| c.is_alphanumeric() || c == ' ';
    let inside: String = text
        .chars()
        .flat_map(|c| (!bare(c)).then_some('\\').into_iter().chain([c]))
        .collect();
    format!("\"{inside}\"")
}

#[derive(Default)]
struct Lexer {
    tokens: Vec<Token>,
    current: Option<Token>,
    quote: Option<(char, usize)>,
}

impl Lexer {
    fn token(&mut self, index: usize) -> &mut Token {
        self.current.get_or_insert_with(|| Token {
            text: String::new(),
            at: index + 1,
            quoted: false,
        })
    }

    fn push(&mut self, c: char, index: usize) {
        self.token(index).text.push(c);
    }

    fn open(&mut self, quote: char, index: usize) {
        self.token(index).quoted = true;
        self.quote = Some((quote, index));
    }

    fn finish(&mut self) {
        self.tokens.extend(self.current.take());
    }
}

/// Curly quotes come from keyboards that mean well.
fn straight(c: char) -> char {
    match c {
        '\u{201c}' | '\u{201d}' | '\u{201e}' => '"',
        '\u{2018}' | '\u{2019}' => '\'',
        c => c,
    }
}

/// `—since` was typed as `--since`.
fn undo_dashes(mut token: Token) -> Token {
    if !token.quoted
        && let Some(rest) = token.text.strip_prefix(['\u{2014}', '\u{2013}'])
    {
        token.text = format!("--{rest}");
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        lex(line)
            .unwrap()
            .into_iter()
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn splits_and_groups() {
        assert_eq!(
            words(r#"logs api --grep "out of memory" it\'s"#),
            ["logs", "api", "--grep", "out of memory", "it's"]
        );
        assert_eq!(words("a '' b"), ["a", "", "b"]);
        assert_eq!(words("  \t "), Vec::<String>::new());
        assert_eq!(words(r#"'a\b' "a\"b""#), [r"a\b", "a\"b"]);
    }

    #[test]
    fn undoes_what_keyboards_do() {
        assert_eq!(
            words("logs api —since 5m"),
            ["logs", "api", "--since", "5m"]
        );
        assert_eq!(words("note 7 “all is well”"), ["note", "7", "all is well"]);
    }

    proptest::proptest! {
        #[test]
        fn what_was_quoted_is_one_word_again(text in "\\PC*") {
            proptest::prop_assert_eq!(words(&format!("deny 7 {}", quoted(&text))), ["deny", "7", text.as_str()]);
        }
    }

    #[test]
    fn says_where_a_quote_was_left_open() {
        assert_eq!(
            lex("logs \"api").unwrap_err(),
            LexError::OpenQuote { at: 6, quote: '"' }
        );
        assert_eq!(lex("logs \\").unwrap_err(), LexError::OpenEscape);
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_keeps_quoted_text(text in ".{0,40}") {
            let _unused = lex(&text);
            let quoted: String = text.chars().flat_map(|c| ['\\', c]).collect();
            let tokens = lex(&quoted).unwrap();
            let together: String = tokens.iter().map(|token| token.text.as_str()).collect();
            let expected = if text.starts_with(['\u{2014}', '\u{2013}']) { together.clone() } else { text };
            proptest::prop_assert_eq!(together, expected);
        }
    }
}
