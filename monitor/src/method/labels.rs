//! A column of categories as counts. It holds no missing value and judges nothing.

use super::Numbers;
use std::{cmp::Ordering, collections::BTreeMap};

/// How often each category occurs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Counts by category.
    pub counts: BTreeMap<String, u64>,
    /// Whether the categories are numbers and have their order; else they are ordered as text.
    pub are_numbers: bool,
}

impl Labels {
    /// Counts categories; what is missing is left out by the caller.
    pub fn new<T: AsRef<str>>(labels: impl IntoIterator<Item = T>) -> Self {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for label in labels {
            match counts.get_mut(label.as_ref()) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(label.as_ref().to_owned(), 1);
                }
            }
        }
        Self { counts, are_numbers: false }
    }

    /// Takes counts; categories that do not occur are dropped.
    pub fn from_counts(counts: BTreeMap<String, u64>) -> Self {
        let counts = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        Self { counts, are_numbers: false }
    }

    /// Each different number as a category.
    pub fn from_numbers(numbers: &Numbers) -> Self {
        let counts = numbers.counted().map(|(number, count)| (number.to_string(), count)).collect();
        Self { counts, are_numbers: true }
    }

    /// All counts together.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// How many different categories there are.
    pub fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// How often a category occurs.
    pub fn count(&self, label: &str) -> u64 {
        self.counts.get(label).copied().unwrap_or_default()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }
}

/// Counts of the categories of either side, reference first, in the order of the categories.
pub(super) fn paired(reference: &Labels, window: &Labels) -> Vec<[u64; 2]> {
    let mut names: Vec<&String> = reference.counts.keys().collect();
    names.extend(window.counts.keys().filter(|name| !reference.counts.contains_key(*name)));
    let are_numbers = reference.are_numbers && window.are_numbers;
    names.sort_by(|a, b| if are_numbers { by_number(a, b) } else { a.cmp(b) });
    let counts = names.into_iter().map(|name| [reference.count(name), window.count(name)]);
    counts.filter(|[reference, window]| reference + window > 0).collect()
}

fn by_number(a: &str, b: &str) -> Ordering {
    let number = |label: &str| label.parse::<f64>().unwrap_or(f64::NAN);
    number(a).total_cmp(&number(b)).then_with(|| a.cmp(b))
}

/// The same for numbers, each different number a category.
pub(super) fn paired_numbers(reference: &Numbers, window: &Numbers) -> Vec<[u64; 2]> {
    let (mut left, mut right) = (reference.counted().peekable(), window.counted().peekable());
    let mut counts = Vec::new();
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return counts,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.total_cmp(b),
        };
        let take = |wanted: bool, side: &mut dyn Iterator<Item = (f64, u64)>| {
            if wanted { side.next().map_or(0, |(_, count)| count) } else { 0 }
        };
        counts.push([take(order.is_le(), &mut left), take(order.is_ge(), &mut right)]);
    }
}

/// How many different numbers both sides have together; counting stops at `most`.
pub(super) fn distinct(reference: &Numbers, window: &Numbers, most: usize) -> usize {
    let (a, b) = (reference.values(), window.values());
    let (mut i, mut j, mut count) = (0, 0, 0);
    let mut last = f64::NAN;
    while count < most {
        let next = match (a.get(i), b.get(j)) {
            (None, None) => return count,
            (Some(x), Some(y)) => x.min(*y),
            (Some(only), None) | (None, Some(only)) => *only,
        };
        count += usize::from(next != last);
        i += usize::from(a.get(i) == Some(&next));
        j += usize::from(b.get(j) == Some(&next));
        last = next;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_that_are_numbers_keep_their_order() {
        let reference = Labels::from_numbers(&Numbers::new(vec![10.0, 9.0, 9.0]));
        let window = Labels::from_numbers(&Numbers::new(vec![10.0, -1.0]));
        assert_eq!(paired(&reference, &window), [[0, 1], [2, 0], [1, 1]]);
        let numbers = |values: &[f64]| Numbers::new(values.to_vec());
        assert_eq!(paired_numbers(&numbers(&[10.0, 9.0, 9.0]), &numbers(&[10.0, -1.0])), [[0, 1], [2, 0], [1, 1]]);
        assert_eq!(distinct(&numbers(&[10.0, 9.0, 9.0]), &numbers(&[10.0, -1.0]), usize::MAX), 3);
        assert_eq!(distinct(&numbers(&[]), &numbers(&[2.0, 2.0, 1.0]), usize::MAX), 2);
        assert_eq!(distinct(&numbers(&[1.0, 2.0, 3.0]), &numbers(&[4.0]), 2), 2);
        let text = (Labels::new(["10", "9", "9"]), Labels::new(["10"]));
        assert_eq!(paired(&text.0, &text.1), [[1, 1], [2, 0]]);
    }
}
