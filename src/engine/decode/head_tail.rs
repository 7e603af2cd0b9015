//! Keeps the beginning and the end of something too long, in bounded memory.

use std::collections::VecDeque;

/// The first `HEAD` and the last `TAIL` bytes of everything pushed.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct HeadTail<const HEAD: usize, const TAIL: usize> {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl<const HEAD: usize, const TAIL: usize> HeadTail<HEAD, TAIL> {
    pub(in crate::engine) fn push(&mut self, bytes: &[u8]) {
        let room = (HEAD - self.head.len()).min(bytes.len());
        let (to_head, to_tail) = bytes.split_at(room);
        self.head.extend_from_slice(to_head);
        let (passing, kept) = to_tail.split_at(to_tail.len().saturating_sub(TAIL));
        self.tail.extend(kept);
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
        self.left_out += (passing.len() + surplus) as u64;
    }

    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// How many bytes between head and tail are gone.
    pub(in crate::engine) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Everything pushed, or, when some is gone, head and tail apart.
    pub(in crate::engine) fn into_parts(self) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut head = self.head;
        if self.left_out == 0 {
            head.extend(self.tail);
            (head, None)
        } else {
            (head, Some(self.tail.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(chunks: &[&str]) -> (String, Option<String>, u64) {
        let mut bytes = HeadTail::<3, 2>::default();
        for chunk in chunks {
            bytes.push(chunk.as_bytes());
        }
        let left_out = bytes.left_out();
        let (head, tail) = bytes.into_parts();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(head), tail.map(text), left_out)
    }

    #[test]
    fn what_fits_stays_whole() {
        assert_eq!(kept(&["ab", "", "cde"]), ("abcde".to_owned(), None, 0));
    }

    #[test]
    fn of_more_the_ends_stay_however_it_comes() {
        let expected = ("abc".to_owned(), Some("yz".to_owned()), 4);
        assert_eq!(kept(&["abc1234yz"]), expected);
        assert_eq!(kept(&["a", "bc12", "34y", "z"]), expected);
        assert_eq!(kept(&["abc12", "34yz"]), expected);
    }
}
