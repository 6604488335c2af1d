//! The words of a command line as options. An option that is not known is refused, never passed over.

use crate::failure::Failure;
use std::{collections::BTreeMap, str::FromStr};

/// Options by name and the words between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    options: BTreeMap<String, String>,
    words: Vec<String>,
}

impl Arguments {
    /// Reads `--name value` and `--name=value` for the known names, and at most `most` other words.
    pub fn read(words: &[String], known: &[&str], most: usize) -> Result<Self, Failure> {
        let mut arguments = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix("--") else {
                arguments.words.push(word.clone());
                continue;
            };
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (option, words.next().cloned()),
            };
            if !known.contains(&name) {
                let list: Vec<String> = known.iter().map(|name| format!("--{name}")).collect();
                return Err(Failure::Usage(format!("--{name} is not known here; known are {}", list.join(", "))));
            }
            let Some(value) = value else { return Err(Failure::Usage(format!("--{name} needs a value"))) };
            if arguments.options.insert(name.to_owned(), value).is_some() {
                return Err(Failure::Usage(format!("--{name} is there twice")));
            }
        }
        match arguments.words.get(most) {
            Some(word) => Err(Failure::Usage(format!("'{word}' is not understood; --help shows examples"))),
            None => Ok(arguments),
        }
    }

    /// An option that must be there.
    pub fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.optional(name).ok_or_else(|| Failure::Usage(format!("--{name} is needed; --help shows examples")))
    }

    /// An option that may be there.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// A whole number that must be there.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<T, Failure> {
        let text = self.needed(name)?;
        text.parse().map_err(|_| Failure::Usage(format!("--{name} is '{text}'; it must be a whole number")))
    }

    /// A word that is no option, by its place.
    pub fn word(&self, at: usize) -> Option<&str> {
        self.words.get(at).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, Failure> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Arguments::read(&words, &["spec", "out"], 1)
    }

    #[test]
    fn options_are_read_in_both_forms() {
        let arguments = read("prepare --spec a.yaml --out=b").unwrap();
        assert_eq!((arguments.word(0), arguments.optional("spec")), (Some("prepare"), Some("a.yaml")));
        assert_eq!(arguments.needed("out").unwrap(), "b");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for line in ["--sepc a", "--spec", "--spec a --spec b", "one two"] {
            assert_eq!(read(line).unwrap_err().code(), 2, "{line}");
        }
    }
}
