//! The normal distribution, as far as intervals need it.

/// The standard normal deviate that is passed with probability `tail`, 0 (excluded) to 0.5; 0 for a larger tail.
///
/// Found by halving on the complementary error function, to the last bit but a few; an interval needs it once.
pub fn deviate(tail: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if 0.5 * libm::erfc(middle / std::f64::consts::SQRT_2) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    #[test]
    fn deviates_are_those_of_printed_tables() {
        let table = [(0.5, 0.0), (0.1, 1.281_551_565_545), (0.025, 1.959_963_984_540), (0.000_1, 3.719_016_485_456)];
        for (tail, expected) in table {
            assert!((super::deviate(tail) - expected).abs() < 1e-10, "{tail}");
        }
    }
}
