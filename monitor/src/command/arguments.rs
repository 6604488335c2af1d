//! The words of a command line as options. An option that is not known is refused, never passed over.

use crate::failure::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// What a command understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Options with a value.
    pub options: &'static [&'static str],
    /// Options without one.
    pub flags: &'static [&'static str],
    /// Words besides options, at most.
    pub words: usize,
}

/// Options by name, and the words between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    options: BTreeMap<String, String>,
    flags: BTreeSet<String>,
    words: Vec<String>,
}

impl Arguments {
    /// Reads `--name value`, `--name=value` and `--flag` for the known names, and at most so many other words.
    pub fn read(words: &[String], known: Known) -> Result<Self, Failure> {
        let mut arguments = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix("--") else {
                arguments.words.push(word.clone());
                continue;
            };
            if known.flags.contains(&option) {
                arguments.flags.insert(option.to_owned());
                continue;
            }
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (option, words.next().cloned()),
            };
            arguments.set(name, value, known)?;
        }
        match arguments.words.get(known.words) {
            Some(word) => Err(Failure::Usage(format!("'{word}' is not understood; --help shows how"))),
            None => Ok(arguments),
        }
    }

    fn set(&mut self, name: &str, value: Option<String>, known: Known) -> Result<(), Failure> {
        if !known.options.contains(&name) {
            let list: Vec<String> = known.options.iter().chain(known.flags).map(|name| format!("--{name}")).collect();
            return Err(Failure::Usage(format!("--{name} is not known here; known are {}", list.join(", "))));
        }
        let value = value.ok_or_else(|| Failure::Usage(format!("--{name} needs a value")))?;
        match self.options.insert(name.to_owned(), value) {
            Some(_) => Err(Failure::Usage(format!("--{name} is there twice"))),
            None => Ok(()),
        }
    }

    /// Whether a flag is there.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }

    /// An option that must be there.
    pub fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.optional(name).ok_or_else(|| Failure::Usage(format!("--{name} is needed; --help shows how")))
    }

    /// An option that may be there.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
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
        Arguments::read(&words, Known { options: &["format", "out"], flags: &["decide"], words: 1 })
    }

    #[test]
    fn options_are_read_in_both_forms() {
        let arguments = read("a.json --format json --out=b").unwrap();
        assert_eq!((arguments.word(0), arguments.optional("format")), (Some("a.json"), Some("json")));
        assert_eq!((arguments.needed("out").unwrap(), arguments.word(1)), ("b", None));
        assert!(read("--decide a.json").unwrap().has("decide"));
        assert_eq!(read("").unwrap().needed("out").unwrap_err().code(), 2);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for line in ["--fromat a", "--decide=yes", "--out", "--out a --out b", "one two"] {
            assert_eq!(read(line).unwrap_err().code(), 2, "{line}");
        }
    }
}
