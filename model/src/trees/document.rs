//! The document that XGBoost's `save_model` writes, as it is read: everything in it is believed by nobody yet. Parts that
//! are not there are empty, so that a model of another kind is refused by the name of its kind.

use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use std::fmt;

/// The whole document.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    pub learner: Learner,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Learner {
    pub attributes: Attributes,
    pub feature_names: Vec<String>,
    pub feature_types: Vec<String>,
    pub gradient_booster: Booster,
    pub learner_model_param: ModelParam,
    pub objective: Objective,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Attributes {
    pub best_iteration: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Booster {
    pub name: String,
    pub model: Forest,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Forest {
    pub gbtree_model_param: ForestParam,
    pub tree_info: Vec<i64>,
    pub trees: Vec<Tree>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ForestParam {
    pub num_trees: Text,
    pub num_parallel_tree: Text,
}

/// One tree: arrays of the same length, one element for each node. A leaf has no children (-1) and its value is in
/// `split_conditions`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Tree {
    pub id: Option<i64>,
    pub left_children: Vec<i32>,
    pub right_children: Vec<i32>,
    pub split_indices: Vec<u32>,
    #[serde(deserialize_with = "numbers")]
    pub split_conditions: Vec<f32>,
    pub split_type: Vec<u8>,
    #[serde(deserialize_with = "flags")]
    pub default_left: Vec<bool>,
    #[serde(deserialize_with = "numbers")]
    pub loss_changes: Vec<f32>,
    #[serde(deserialize_with = "numbers")]
    pub sum_hessian: Vec<f32>,
    pub tree_param: TreeParam,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TreeParam {
    pub num_nodes: Text,
    pub size_leaf_vector: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ModelParam {
    pub base_score: Text,
    pub num_class: Text,
    pub num_feature: Text,
    pub num_target: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Objective {
    pub name: String,
    pub reg_loss_param: LossParam,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LossParam {
    pub scale_pos_weight: Text,
}

/// A parameter: XGBoost writes numbers as texts, such as "7" and "2.4E-1"; a number is taken as well. Empty if not there.
#[derive(Default)]
pub(super) struct Text(pub String);

impl Text {
    /// The whole number it says; none if it says none.
    pub fn count(&self) -> Option<usize> {
        self.0.parse().ok()
    }

    /// Whether it says a number above `most`, or something that is no number. What is not there says nothing.
    pub fn is_above(&self, most: usize) -> bool {
        !self.0.is_empty() && self.count().is_none_or(|count| count > most)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text or a number")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Text, E> {
        Ok(Text(format!("{number:E}")))
    }

    /// Widened first, 0.3 would get digits that nobody wrote.
    fn visit_f32<E>(self, number: f32) -> Result<Text, E> {
        Ok(Text(format!("{number:E}")))
    }
}

/// Numbers; null is NaN.
fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    deserializer.deserialize_seq(NumbersVisitor)
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Vec<f32>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<f32>, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = items.next_element::<Option<f32>>()? {
            numbers.push(number.unwrap_or(f32::NAN));
        }
        Ok(numbers)
    }
}

/// JSON with null for each NaN and Infinity that XGBoost writes as a bare word, such as at splits on categories: so that the
/// model is refused for what it is.
pub(super) fn without_bare_words(json: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(json.len());
    let (mut rest, mut is_text) = (json, false);
    while let [byte, after @ ..] = rest {
        let word = [&b"NaN"[..], b"Infinity", b"-Infinity"].into_iter().find(|word| !is_text && rest.starts_with(word));
        let (copied, taken) = match (word, byte, after) {
            (Some(word), _, _) => (&b"null"[..], word.len()),
            (None, b'\\', [_, ..]) => (rest.get(..2).unwrap_or(rest), 2),
            (None, _, _) => (rest.get(..1).unwrap_or(rest), 1),
        };
        is_text ^= *byte == b'"';
        plain.extend_from_slice(copied);
        rest = rest.get(taken..).unwrap_or_default();
    }
    plain
}

/// Answers of yes and no: 0 and 1 since XGBoost 1.6, true and false before.
fn flags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<bool>, D::Error> {
    deserializer.deserialize_seq(FlagsVisitor)
}

struct FlagsVisitor;

impl<'de> Visitor<'de> for FlagsVisitor {
    type Value = Vec<bool>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array of 0 and 1")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<bool>, A::Error> {
        let mut flags = Vec::new();
        while let Some(Flag(flag)) = items.next_element()? {
            flags.push(flag);
        }
        Ok(flags)
    }
}

struct Flag(bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("0 or 1")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Flag, E> {
        Ok(Flag(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Flag, E> {
        match number {
            0 => Ok(Flag(false)),
            1 => Ok(Flag(true)),
            _ => Err(E::custom("neither 0 nor 1")),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Flag, E> {
        self.visit_u64(number.try_into().map_err(E::custom)?)
    }
}
