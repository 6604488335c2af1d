//! A column of numbers, sorted once so that every method is a pass over it. It holds no missing value.

/// Finite numbers in rising order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    sorted: Vec<f64>,
    /// Whether the column holds integers by type; bins of Evidently's methods are then at least 1 wide (numpy 2).
    pub is_whole: bool,
}

const SIGN: u64 = 1 << 63;

/// The number as an integer of the same order; negative zero becomes zero.
fn key(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn number(key: u64) -> f64 {
    f64::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN })
}

impl Numbers {
    /// Drops what is not finite and sorts the rest, as integers of the same order: n log n.
    pub fn new(numbers: Vec<f64>) -> Self {
        let mut keys: Vec<u64> = numbers.into_iter().filter(|number| number.is_finite()).map(key).collect();
        keys.sort_unstable();
        Self { sorted: keys.into_iter().map(number).collect(), is_whole: false }
    }

    /// Takes numbers that are in rising order already; if they are not, or not finite, they are sorted first.
    pub fn from_sorted(sorted: Vec<f64>) -> Self {
        let is_plain = |number: &f64| number.is_finite() && (*number != 0.0 || number.is_sign_positive());
        if sorted.is_sorted() && sorted.iter().all(is_plain) {
            return Self { sorted, is_whole: false };
        }
        Self::new(sorted)
    }

    /// The same numbers, of a column that holds integers by type.
    pub fn whole(self) -> Self {
        Self { is_whole: true, ..self }
    }

    /// The numbers in rising order.
    pub fn values(&self) -> &[f64] {
        &self.sorted
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The smallest; none without numbers.
    pub fn smallest(&self) -> Option<f64> {
        self.sorted.first().copied()
    }

    /// The largest; none without numbers.
    pub fn largest(&self) -> Option<f64> {
        self.sorted.last().copied()
    }

    /// How many different numbers there are.
    pub fn distinct(&self) -> usize {
        let steps = self.sorted.iter().zip(self.sorted.iter().skip(1)).filter(|(a, b)| a != b).count();
        steps + usize::from(!self.is_empty())
    }

    /// The mean; NaN without numbers.
    pub fn mean(&self) -> f64 {
        self.sorted.iter().sum::<f64>() / self.len() as f64
    }

    /// The standard deviation of the numbers taken as the whole population (divided by n); NaN without numbers.
    pub fn deviation(&self) -> f64 {
        libm::sqrt(self.squares() / self.len() as f64)
    }

    /// The sum of squared distances from the mean.
    pub(super) fn squares(&self) -> f64 {
        let mean = self.mean();
        self.sorted.iter().map(|number| (number - mean) * (number - mean)).sum()
    }

    /// How many numbers are below `bound`: log n.
    pub fn below(&self, bound: f64) -> usize {
        self.sorted.partition_point(|number| *number < bound)
    }

    /// How many numbers are at or below `bound`: log n.
    pub fn up_to(&self, bound: f64) -> usize {
        self.sorted.partition_point(|number| *number <= bound)
    }

    /// Each different number with its count, rising.
    pub fn counted(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.sorted.chunk_by(|a, b| a == b).filter_map(|run| run.first().map(|number| (*number, run.len() as u64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sorted_and_what_is_not_finite_is_dropped() {
        let numbers = Numbers::new(vec![2.0, f64::NAN, -1.5, f64::INFINITY, -0.0, 0.0, -3e300, f64::NEG_INFINITY, 2.0]);
        assert_eq!(numbers.values(), [-3e300, -1.5, 0.0, 0.0, 2.0, 2.0]);
        assert!(numbers.values().iter().all(|number| *number != 0.0 || number.is_sign_positive()));
        assert_eq!(numbers.distinct(), 4);
        assert_eq!(numbers.counted().last(), Some((2.0, 2)));
        assert_eq!(Numbers::from_sorted(vec![3.0, 1.0]).values(), [1.0, 3.0]);
        assert_eq!(Numbers::default().distinct(), 0);
    }

    #[test]
    fn deviation_divides_by_the_count() {
        let numbers = Numbers::new(vec![1.0, 3.0]);
        assert_eq!((numbers.mean(), numbers.deviation()), (2.0, 1.0));
    }
}
