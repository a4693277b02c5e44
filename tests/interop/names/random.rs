//! Numbers that look random and are the same in every run.

/// SplitMix64.
pub struct Random(u64);

impl Random {
    /// The start of the sequence.
    pub fn new() -> Self {
        Self(0)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // The high bits are the better ones, and fit any usize.
        ((z ^ (z >> 31)) >> 33) as usize % end
    }

    /// True this often in a thousand.
    pub fn chance(&mut self, thousandths: usize) -> bool {
        self.below(1000) < thousandths
    }

    /// One of them.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// One character of them.
    pub fn letter(&mut self, from: &str) -> char {
        let at = self.below(from.chars().count());
        from.chars().nth(at).expect("a character")
    }
}
