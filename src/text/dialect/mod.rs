//! How each place writes: what must be escaped, how much fits, how long text is cut so that its
//! head and its tail survive. What a message looks like there is `write`'s business.

mod escape;
mod fit;

pub use fit::{fit, split};

/// A place that shows text to people, and what it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A file, a pipe, an e-mail: no colour and no edge.
    Plain,
    Terminal {
        colour: bool,
        /// Columns of the screen.
        width: usize,
    },
    /// As GitHub and GitLab read it.
    Markdown,
    Html,
    Slack,
    Discord,
}

/// Narrower screens are treated as this wide: below it nothing can be laid out.
const NARROWEST: usize = 24;

/// What a place takes, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One message.
    pub message: usize,
    /// One block of text inside a message: a section, an embed's description.
    pub block: usize,
    /// One value beside a label.
    pub field: usize,
    pub title: usize,
    pub button: usize,
}

const UNLIMITED: Limits = Limits {
    message: usize::MAX,
    block: usize::MAX,
    field: usize::MAX,
    title: usize::MAX,
    button: usize::MAX,
};

/// Slack takes longer messages and then cuts them by itself; this much it promises to show.
const SLACK: Limits = Limits {
    message: 4000,
    block: 3000,
    field: 2000,
    title: 150,
    button: 75,
};

const DISCORD: Limits = Limits {
    message: 2000,
    block: 4096,
    field: 1024,
    title: 256,
    button: 80,
};

impl Dialect {
    /// Foreign text made harmless: it reads the same and means nothing to the place that shows it.
    pub fn escape(&self, text: &str) -> String {
        match self {
            Self::Plain | Self::Terminal { .. } => escape::plain(text),
            Self::Markdown => escape::markdown(text),
            Self::Html => escape::html(text),
            Self::Slack => escape::slack(text),
            Self::Discord => escape::discord(text),
        }
    }

    /// Escaped, and with its escapes no longer than `limit`. No escape is cut in two.
    pub fn escape_to_fit(&self, text: &str, limit: usize) -> String {
        let mut room = limit;
        loop {
            let escaped = self.escape(&fit(text, room));
            let length = escaped.chars().count();
            if length <= limit || room == 0 {
                return escaped;
            }
            // Escapes are spread evenly enough for this to settle in a few rounds.
            room = (room * limit / length).min(room - 1);
        }
    }

    /// Text inside a code block or code span, where only the end of the code has a meaning.
    pub fn escape_code(&self, text: &str) -> String {
        match self {
            Self::Plain | Self::Terminal { .. } => escape::plain(text),
            Self::Markdown => escape::visible(text),
            Self::Html => escape::html(text),
            Self::Slack => escape::without_fence(&escape::slack(text)),
            Self::Discord => escape::without_fence(&escape::visible(text)),
        }
    }

    pub fn limits(&self) -> Limits {
        match self {
            Self::Slack => SLACK,
            Self::Discord => DISCORD,
            Self::Plain | Self::Terminal { .. } | Self::Markdown | Self::Html => UNLIMITED,
        }
    }

    /// Where a line has to end, for places that do not wrap text themselves.
    pub fn width(&self) -> Option<usize> {
        match self {
            Self::Terminal { width, .. } => Some((*width).max(NARROWEST)),
            _ => None,
        }
    }

    pub fn has_colour(&self) -> bool {
        matches!(self, Self::Terminal { colour: true, .. })
    }
}
