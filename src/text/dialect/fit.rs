//! Making long text short, or several pieces of it. Lengths are characters, as the chats count.

/// At most `limit` characters. Of longer text head and tail remain, with a mark between them that
/// says how much is missing.
pub fn fit(text: &str, limit: usize) -> String {
    let total = text.chars().count();
    if total <= limit {
        return text.to_owned();
    }
    let mark = mark(total, limit);
    let kept = limit - mark.chars().count();
    let tail = kept / 2;
    let mut short: String = text.chars().take(kept - tail).collect();
    short.push_str(&mark);
    short.extend(text.chars().skip(total - tail));
    short
}

/// The mark names a number that depends on its own length. Where it would leave no room, only
/// dots remain, and nothing where nothing fits.
fn mark(total: usize, limit: usize) -> String {
    let mut missing = total - limit;
    loop {
        let mark = format!(" …[{missing} characters left out]… ");
        let length = mark.chars().count();
        if length + 2 > limit {
            return "…".chars().take(limit).collect();
        }
        let really = total - (limit - length);
        if really == missing {
            return mark;
        }
        missing = really;
    }
}

/// Pieces of at most `limit` characters that make the whole text again when joined. They end at
/// line breaks where one is near enough, else between characters. A limit of 0 counts as 1.
pub fn split(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(1);
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        let line_length = line.chars().count();
        if length + line_length > limit && length > 0 {
            pieces.push(std::mem::take(&mut piece));
            length = 0;
        }
        for c in line.chars() {
            if length == limit {
                pieces.push(std::mem::take(&mut piece));
                length = 0;
            }
            piece.push(c);
            length += 1;
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}
