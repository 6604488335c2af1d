//! The groups that a column makes, while a file is read. It never takes a column of identifiers for one of groups.

use super::Groups;
use crate::input::{BadInput, Reason};
use std::collections::HashMap;

/// Most groups of a column.
const MAX_GROUPS: usize = 64;

/// A column whose groups are being found.
pub struct Grouping<'a> {
    column: &'a str,
    /// The groups by name, numbered in the order of their first row that counts.
    numbers: HashMap<String, u16>,
    group: Vec<u16>,
}

impl<'a> Grouping<'a> {
    /// A column of which no row was seen.
    pub fn new(column: &'a str) -> Self {
        Self { column, numbers: HashMap::new(), group: Vec::new() }
    }

    /// Takes the group of the next row that counts. Of too many groups one more than allowed is kept, so that a column of
    /// identifiers costs nothing.
    pub fn push(&mut self, name: &str) {
        let next = self.numbers.len().min(MAX_GROUPS) as u16;
        let number = self.numbers.get(name).copied().unwrap_or(next);
        if self.numbers.len() <= MAX_GROUPS && number == next {
            self.numbers.insert(name.to_owned(), number);
        }
        self.group.push(number);
    }

    /// Refuses a column with too many groups.
    pub fn check(&self, file: &str) -> Result<(), BadInput> {
        if self.numbers.len() <= MAX_GROUPS {
            return Ok(());
        }
        let message = format!(
            "{file}, column '{}': it has more than {MAX_GROUPS} different values, but a slice is for groups; take the column out of spec.gate.slices or name one of groups",
            self.column
        );
        Err(BadInput::new(Reason::ManyGroups, message))
    }

    /// The groups, sorted by name.
    pub fn finished(self) -> Groups {
        let mut names: Vec<(String, u16)> = self.numbers.into_iter().collect();
        names.sort();
        let mut place = vec![0; names.len()];
        for ((_, number), at) in names.iter().zip(0..) {
            if let Some(slot) = place.get_mut(usize::from(*number)) {
                *slot = at;
            }
        }
        let group = self.group.iter().map(|number| place.get(usize::from(*number)).copied().unwrap_or_default());
        Groups {
            column: self.column.to_owned(),
            group: group.collect(),
            names: names.into_iter().map(|(name, _)| name).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_sorted_and_the_empty_cell_is_one() {
        let mut grouping = Grouping::new("site");
        ["B", "", "A", "B", ""].into_iter().for_each(|name| grouping.push(name));
        let groups = grouping.finished();
        assert_eq!(groups.names, ["", "A", "B"]);
        assert_eq!(groups.group, [2, 0, 1, 2, 0]);
    }

    #[test]
    fn sixty_four_groups_are_taken_and_sixty_five_refused() {
        let mut grouping = Grouping::new("site");
        (0..64).for_each(|n| grouping.push(&format!("S{n}")));
        assert_eq!(grouping.check("f.csv"), Ok(()));
        (0..100).for_each(|n| grouping.push(&format!("S{n}")));
        let bad = grouping.check("f.csv").unwrap_err();
        assert_eq!(bad.reason, Reason::ManyGroups);
        assert!(bad.message.starts_with("f.csv, column 'site': it has more than 64 different values"), "{bad}");
    }
}
