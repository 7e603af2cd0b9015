//! What we want to say, before anybody has decided where: blocks of styled, clean text.
//! A `Dialect` writes it for a terminal, Slack or Discord; nothing here knows markup.

use jiff::Timestamp;

use super::{Clean, Name, Redactor};

/// How a moment is written for whoever's clock is not known.
pub const MOMENT: &str = "%Y-%m-%d %H:%M UTC";

/// How a piece of text is meant. Places without colour show it by weight or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    #[default]
    Plain,
    Strong,
    Dim,
    Code,
    /// Somebody, as `slack:U123`: a place that knows them may write the name it shows.
    Person,
    /// The same, and they are to notice: a person, or a group as `discord-role:789`.
    Call,
    /// A moment, as `Line::time` writes it: a place that knows its reader's clock shows that.
    Time,
    Good,
    Warn,
    Bad,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub text: Clean,
    pub style: Style,
}

/// One line of styled pieces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line(pub Vec<Span>);

impl Line {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn plain(self, text: impl Into<Clean>) -> Self {
        self.styled(Style::Plain, text)
    }

    #[must_use]
    pub fn strong(self, text: impl Into<Clean>) -> Self {
        self.styled(Style::Strong, text)
    }

    #[must_use]
    pub fn dim(self, text: impl Into<Clean>) -> Self {
        self.styled(Style::Dim, text)
    }

    #[must_use]
    pub fn code(self, text: impl Into<Clean>) -> Self {
        self.styled(Style::Code, text)
    }

    #[must_use]
    pub fn time(self, at: Timestamp) -> Self {
        let text = at.strftime(MOMENT).to_string();
        self.styled(Style::Time, Redactor::shapes_only().clean(&text))
    }

    #[must_use]
    pub fn styled(mut self, style: Style, text: impl Into<Clean>) -> Self {
        self.0.push(Span {
            text: text.into(),
            style,
        });
        self
    }
}

impl<T: Into<Clean>> From<T> for Line {
    fn from(text: T) -> Self {
        Self::new().plain(text)
    }
}

/// Rows under headings. Columns are as wide as they need to be; the last one gives way first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Line>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub title: &'static str,
    pub right: bool,
}

impl Table {
    /// A title that starts with `>` is aligned to the right.
    pub fn new(titles: &[&'static str]) -> Self {
        let column = |title: &&'static str| match title.strip_prefix('>') {
            Some(title) => Column { title, right: true },
            None => Column {
                title,
                right: false,
            },
        };
        Self {
            columns: titles.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = Line>) {
        self.rows.push(cells.into_iter().collect());
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Heading(Line),
    Line(Line),
    /// Bulleted lines.
    List(Vec<Line>),
    /// Label and value, one pair a line.
    Fields(Vec<(Clean, Line)>),
    Table(Table),
    /// Text as it is, line by line: logs, diffs, commands.
    Code(Vec<Clean>),
}

/// What a person can do next with one press: it types a line for them, so it needs the same rights.
/// Places without buttons leave it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub label: Clean,
    /// `Good` is the usual way on, `Bad` deletes something.
    pub style: Style,
    pub line: Clean,
    pub ask: Option<Ask>,
}

/// What has to be written before an action is done; it is added to its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Exactly this word, to show that it is meant.
    Word(Name),
    /// Words of the person's own; may stay empty.
    Reason,
}

impl Action {
    pub fn new(label: impl Into<Clean>, line: impl Into<Clean>) -> Self {
        Self {
            label: label.into(),
            style: Style::Plain,
            line: line.into(),
            ask: None,
        }
    }

    #[must_use]
    pub fn style(self, style: Style) -> Self {
        Self { style, ..self }
    }

    #[must_use]
    pub fn ask(self, ask: Ask) -> Self {
        Self {
            ask: Some(ask),
            ..self
        }
    }
}

/// One answer. The first block is the answer itself; the rest is detail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    pub blocks: Vec<Block>,
    pub actions: Vec<Action>,
    /// The run that the actions are about: they end when it is decided or too old.
    pub about: Option<Name>,
    /// Everything, where the blocks leave something out: chats add it as a file, other places show it
    /// instead.
    pub whole: Option<Box<Message>>,
}

impl Message {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    #[must_use]
    pub fn out_of(self, whole: Self) -> Self {
        Self {
            whole: Some(Box::new(whole)),
            ..self
        }
    }

    #[must_use]
    pub fn about(self, run: Name) -> Self {
        Self {
            about: Some(run),
            ..self
        }
    }

    #[must_use]
    pub fn heading(mut self, line: impl Into<Line>) -> Self {
        self.blocks.push(Block::Heading(line.into()));
        self
    }

    #[must_use]
    pub fn line(mut self, line: impl Into<Line>) -> Self {
        self.blocks.push(Block::Line(line.into()));
        self
    }

    #[must_use]
    pub fn list(mut self, lines: Vec<Line>) -> Self {
        self.blocks.push(Block::List(lines));
        self
    }

    #[must_use]
    pub fn fields(mut self, pairs: Vec<(Clean, Line)>) -> Self {
        self.blocks.push(Block::Fields(pairs));
        self
    }

    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.blocks.push(Block::Table(table));
        self
    }

    #[must_use]
    pub fn code(mut self, lines: Vec<Clean>) -> Self {
        self.blocks.push(Block::Code(lines));
        self
    }
}
