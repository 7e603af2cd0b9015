//! Cells in aligned columns. When the screen is too narrow the widest column of text gives way.

use super::layout;

const GAP: &str = "  ";

/// No column of text is made narrower than this.
const NARROWEST: usize = 3;

/// A cell that starts with this is written as it is, over the edge if need be: a command to copy.
/// Escaped text never holds this character.
pub(crate) const VERBATIM: char = '\u{fdd0}';

/// What happens to a cell that is wider than its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Narrow {
    Cut,
    Wrap,
}

/// Rows of cells, already escaped and coloured.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    pub(crate) rows: Vec<Vec<String>>,
    /// Which columns are aligned to the right; they hold numbers and never give way.
    pub(crate) right: Vec<bool>,
}

impl Grid {
    pub(crate) fn lines(&self, columns: Option<usize>, narrow: Narrow) -> Vec<String> {
        let widths = self.widths(columns);
        self.rows
            .iter()
            .flat_map(|row| self.row(row, &widths, narrow))
            .collect()
    }

    fn widths(&self, columns: Option<usize>) -> Vec<usize> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..count)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                let cells = cells.filter(|cell| !cell.starts_with(VERBATIM));
                cells.map(|cell| layout::width(cell)).max().unwrap_or(0)
            })
            .collect();
        let Some(columns) = columns else {
            return widths;
        };
        let room = columns.saturating_sub(count.saturating_sub(1) * GAP.len());
        while let Some(excess) = widths.iter().sum::<usize>().checked_sub(room + 1) {
            let Some(widest) = self.widest(&widths) else {
                break;
            };
            if let Some(width) = widths.get_mut(widest) {
                *width -= (excess + 1).min(*width - NARROWEST);
            }
        }
        widths
    }

    /// The widest column that can still give way; of equal ones the last.
    fn widest(&self, widths: &[usize]) -> Option<usize> {
        widths
            .iter()
            .enumerate()
            .filter(|(column, width)| !self.is_right(*column) && **width > NARROWEST)
            .max_by_key(|(_, width)| **width)
            .map(|(column, _)| column)
    }

    fn is_right(&self, column: usize) -> bool {
        self.right.get(column).copied().unwrap_or(false)
    }

    /// One row as the lines it takes.
    fn row(&self, row: &[String], widths: &[usize], narrow: Narrow) -> Vec<String> {
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| match narrow {
                _ if cell.starts_with(VERBATIM) => vec![cell.replace(VERBATIM, "")],
                Narrow::Cut => vec![layout::shorten(cell, *width)],
                Narrow::Wrap => layout::wrap(cell, *width),
            })
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        (0..height)
            .map(|line| self.line(&cells, widths, line))
            .collect()
    }

    fn line(&self, cells: &[Vec<String>], widths: &[usize], line: usize) -> String {
        let padded: Vec<String> = cells
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                let text = cell.get(line).map_or("", String::as_str);
                layout::pad(text, *width, self.is_right(column))
            })
            .collect();
        padded.join(GAP).trim_end_matches(' ').to_owned()
    }
}
