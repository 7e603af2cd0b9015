//! A bounded list that remembers how many came before, so that a follower can pick up where it was.

use std::collections::VecDeque;

#[derive(Debug, Clone)]
pub(in crate::sim) struct Ring<T> {
    kept: usize,
    next: u64,
    items: VecDeque<(u64, T)>,
}

impl<T> Ring<T> {
    pub(super) fn new(kept: usize) -> Self {
        Self {
            kept,
            next: 0,
            items: VecDeque::new(),
        }
    }

    /// Adds one. When the ring is full the oldest expendable item goes, or else the oldest.
    pub(super) fn push(&mut self, item: T, expendable: impl Fn(&T) -> bool) {
        if self.items.len() >= self.kept {
            let victim = self.items.iter().position(|(_, item)| expendable(item));
            self.items.remove(victim.unwrap_or(0));
        }
        self.items.push_back((self.next, item));
        self.next += 1;
    }

    /// The number the next item will get: a follower that starts here sees only news.
    pub(in crate::sim) fn end(&self) -> u64 {
        self.next
    }

    pub(in crate::sim) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter().map(|(_, item)| item)
    }

    /// What was added at or after `serial`, oldest first.
    pub(in crate::sim) fn since(&self, serial: u64) -> impl Iterator<Item = &T> {
        let start = self.items.partition_point(|(at, _)| *at < serial);
        self.items.iter().skip(start).map(|(_, item)| item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expendable_items_go_first_and_serials_stay() {
        let mut ring = Ring::new(3);
        for item in ["kept", "noise 1", "noise 2", "news", "more"] {
            ring.push(item, |item| item.starts_with("noise"));
        }
        assert_eq!(ring.iter().collect::<Vec<_>>(), [&"kept", &"news", &"more"]);
        assert_eq!(ring.since(4).collect::<Vec<_>>(), [&"more"]);
        ring.push("last", |_| false);
        assert_eq!(ring.iter().collect::<Vec<_>>(), [&"news", &"more", &"last"]);
        assert_eq!(ring.end(), 6);
    }
}
