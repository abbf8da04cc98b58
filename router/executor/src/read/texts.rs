//! Objects of one answer, found by their texts.

use crate::prepare::PositionId;
use crate::tree::ObjectId;

/// How much of a text decides where it is looked for, if no `}` comes before. Keys of entities stand at the beginning mostly.
const PREFIX: usize = 64;
/// The longest text that is kept. What differs at its very end is compared as a whole, once for each level of nesting.
const LONGEST: usize = 64 * 1024;

/// The objects that have been read so far, the latest of those that begin alike. What is forgotten is merely read again.
#[derive(Debug)]
pub(super) struct Texts<'a> {
    input: &'a [u8],
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    key: u64,
    start: u32,
    /// 0: nothing is here.
    len: u32,
    object: ObjectId,
}

impl<'a> Texts<'a> {
    /// No objects of `input`, which is shorter than 4 GiB.
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self { input, entries: Vec::new() }
    }

    /// What objects have in common that may be one, and something of what they differ in.
    #[inline]
    pub(super) fn key(&self, start: usize, depth: u32, position: PositionId) -> u64 {
        let prefix = &self.input[start..self.input.len().min(start + PREFIX)];
        let mut key = u64::from(position) << 32 | u64::from(depth);
        for word in prefix.chunks_exact(8) {
            let word = word.try_into().map_or(0, u64::from_le_bytes);
            let (word, is_end) = up_to_brace(word);
            key = (key.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            if is_end {
                break;
            }
        }
        key
    }

    /// The object whose text stands at `start` once more, and the text's length.
    #[inline]
    pub(super) fn find(&self, key: u64, start: usize) -> Option<(usize, ObjectId)> {
        let entry = self.entries.get(self.place(key))?;
        let len = entry.len as usize;
        let before = entry.start as usize;
        let is_same = entry.key == key
            && len > 0
            && self.input.get(start..start + len) == Some(&self.input[before..before + len]);
        is_same.then_some((len, entry.object))
    }

    /// Keeps an object whose text is `start..end`.
    pub(super) fn add(&mut self, key: u64, start: usize, end: usize, object: ObjectId) {
        let len = end - start;
        if len > LONGEST {
            return;
        }
        if self.entries.is_empty() {
            let places = (self.input.len() / 64).next_power_of_two().clamp(16, 4096);
            self.entries = vec![Entry { key: 0, start: 0, len: 0, object: 0 }; places];
        }
        let place = self.place(key);
        self.entries[place] = Entry { key, start: start as u32, len: len as u32, object };
    }

    /// The number of entries is a power of two.
    fn place(&self, key: u64) -> usize {
        (key >> 32) as usize & self.entries.len().wrapping_sub(1)
    }
}

/// The bytes of `word` up to its first `}`, and whether it has one.
#[inline]
const fn up_to_brace(word: u64) -> (u64, bool) {
    const ONES: u64 = u64::MAX / 255;
    let other = word ^ (ONES * b'}' as u64);
    // The high bit of bytes that are zero; exact for the first of them.
    let found = other.wrapping_sub(ONES) & !other & (ONES * 0x80);
    if found == 0 { (word, false) } else { (word & (u64::MAX >> (63 - found.trailing_zeros())), true) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_behind_a_brace_does_not_count() {
        for at in 0..8 {
            let mut word = *b"a\"z{|~\xff\x80";
            word[at] = b'}';
            let (kept, is_end) = up_to_brace(u64::from_le_bytes(word));
            let mut expected = [0; 8];
            expected[..=at].copy_from_slice(&word[..=at]);
            assert_eq!((kept.to_le_bytes(), is_end), (expected, true), "{at}");
        }
        let plain = u64::from_le_bytes(*b"a\"z{|~\xff\x80");
        assert_eq!(up_to_brace(plain), (plain, false));
    }

    #[test]
    fn an_object_is_found_by_its_text_at_its_position_and_depth() {
        let input = br#"[{"id":"1"},{"id":"2"},{"id":"1"},{"id":"1","more":0}]        "#;
        let mut texts = Texts::new(input);
        let key = texts.key(1, 1, 7);
        assert_eq!(texts.find(key, 1), None);
        texts.add(key, 1, 11, 42);
        assert_eq!(texts.find(texts.key(12, 1, 7), 12), None, "another id");
        assert_eq!(texts.find(texts.key(23, 1, 7), 23), Some((10, 42)));
        assert_eq!(texts.find(texts.key(34, 1, 7), 34), None, "more fields");
        assert_eq!(texts.find(texts.key(23, 1, 8), 23), None, "another position");
        assert_eq!(texts.find(texts.key(23, 2, 7), 23), None, "another depth");
    }
}
