//! From the document that was read to an ensemble that can be scored; what cannot be scored is refused by its name.

use super::{
    Ensemble, MAX_NODES, MAX_TREES, Node, Tree, TreesError,
    check::{OUTSIDE, reach},
    document::{self, Document, Learner},
    error::short,
};

impl TryFrom<Document> for Ensemble {
    type Error = TreesError;

    fn try_from(Document { learner }: Document) -> Result<Self, TreesError> {
        check_kind(&learner)?;
        check_counts(&learner)?;
        let trees = learner.gradient_booster.model.trees.into_iter().enumerate();
        let ensemble = Self {
            base_score: base_score(&learner.learner_model_param.base_score.0)?,
            positive_weight: positive_weight(&learner.objective.reg_loss_param.scale_pos_weight.0)?,
            columns: learner.feature_names,
            trees: trees.map(|(at, tree)| admit(at, tree)).collect::<Result<_, _>>()?,
        };
        ensemble.check()?;
        Ok(ensemble)
    }
}

fn check_kind(learner: &Learner) -> Result<(), TreesError> {
    match learner.gradient_booster.name.as_str() {
        "gbtree" => {}
        "" => return Err(TreesError::Absent("learner.gradient_booster")),
        other => return Err(TreesError::Booster(short(other))),
    }
    match learner.objective.name.as_str() {
        "binary:logistic" => {}
        "" => return Err(TreesError::Absent("learner.objective")),
        other => return Err(TreesError::Objective(short(other))),
    }
    check_outputs(learner)?;
    let splits_categories = |tree: &document::Tree| tree.split_type.iter().any(|kind| *kind != 0);
    let is_categorical = learner.feature_types.iter().any(|kind| kind == "c");
    if is_categorical || learner.gradient_booster.model.trees.iter().any(splits_categories) {
        return Err(TreesError::Categorical);
    }
    Ok(())
}

fn check_outputs(learner: &Learner) -> Result<(), TreesError> {
    let (param, model) = (&learner.learner_model_param, &learner.gradient_booster.model);
    let several = [
        (param.num_class.is_above(1), "num_class"),
        (param.num_target.is_above(1), "num_target"),
        (model.trees.iter().any(|tree| tree.tree_param.size_leaf_vector.is_above(1)), "size_leaf_vector"),
        (model.tree_info.iter().any(|output| *output != 0), "tree_info"),
    ];
    let several = several.into_iter().find(|(is_several, _)| *is_several);
    several.map_or(Ok(()), |(_, what)| Err(TreesError::Outputs(what)))
}

fn check_counts(learner: &Learner) -> Result<(), TreesError> {
    let (names, model) = (learner.feature_names.len(), &learner.gradient_booster.model);
    if names == 0 {
        return Err(TreesError::Unnamed);
    }
    let said = &learner.learner_model_param.num_feature;
    if said.count() != Some(names) {
        return Err(TreesError::Columns { names, said: short(&said.0) });
    }
    let (trees, said) = (model.trees.len(), &model.gbtree_model_param.num_trees);
    if said.count() != Some(trees) {
        return Err(TreesError::Count { trees, said: short(&said.0) });
    }
    if trees > MAX_TREES {
        return Err(TreesError::Bound("trees"));
    }
    check_stopped(learner)
}

/// `Booster.predict` takes all trees and `XGBClassifier.predict_proba` those up to the best iteration: whoever evaluated
/// the model may have seen either.
fn check_stopped(learner: &Learner) -> Result<(), TreesError> {
    let model = &learner.gradient_booster.model;
    let rounds = model.trees.len() / model.gbtree_model_param.num_parallel_tree.count().unwrap_or(1).max(1);
    match learner.attributes.best_iteration.count().map(|best| best.saturating_add(1)) {
        Some(best) if best < rounds => Err(TreesError::Stopped { best, rounds }),
        Some(_) | None => Ok(()),
    }
}

/// A probability such as "2.4E-1", and since XGBoost 3.1 a list of one such as "[2.4E-1]". XGBoost keeps an f32.
fn base_score(text: &str) -> Result<f64, TreesError> {
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let base: f32 = text.trim().parse().map_err(|_| TreesError::BaseScore)?;
    Ok(f64::from(base))
}

fn positive_weight(text: &str) -> Result<Option<f64>, TreesError> {
    if text.is_empty() {
        return Ok(None);
    }
    let weight: f64 = text.parse().map_err(|_| TreesError::PositiveWeight)?;
    Ok(Some(weight).filter(|weight| *weight != 1.0))
}

/// A tree without the nodes that XGBoost deleted: they stay in its arrays, but nothing leads to them.
fn admit(at: usize, tree: document::Tree) -> Result<Tree, TreesError> {
    check_arrays(at, &tree)?;
    let count = tree.left_children.len();
    let reached = reach(at, count, |node| tree.children(node))?;
    let mut places = Vec::with_capacity(count);
    let mut next = 0_u32;
    for is_reached in &reached {
        places.push(next);
        next += u32::from(*is_reached);
    }
    let place = |node: usize| places.get(node).copied().unwrap_or_default();
    let nodes = reached.iter().enumerate().filter(|(_, is_reached)| **is_reached);
    let nodes = nodes.map(|(node, _)| tree.node(node, place)).collect::<Option<_>>();
    nodes.map(|nodes| Tree { nodes }).ok_or(TreesError::Tree { tree: at, what: LENGTHS })
}

const LENGTHS: &str = "has arrays of different lengths";

fn check_arrays(at: usize, tree: &document::Tree) -> Result<(), TreesError> {
    let count = tree.left_children.len();
    let lengths = [
        tree.right_children.len(),
        tree.split_indices.len(),
        tree.split_conditions.len(),
        tree.default_left.len(),
        tree.loss_changes.len(),
        tree.sum_hessian.len(),
    ];
    if lengths.iter().any(|length| *length != count) || tree.tree_param.num_nodes.count() != Some(count) {
        return Err(TreesError::Tree { tree: at, what: LENGTHS });
    }
    if count > MAX_NODES {
        return Err(TreesError::Bound("nodes in a tree"));
    }
    let is_in_place = tree.id.is_none_or(|id| usize::try_from(id) == Ok(at));
    is_in_place.then_some(()).ok_or(TreesError::Tree { tree: at, what: "has the id of another tree" })
}

impl document::Tree {
    fn children(&self, node: usize) -> Result<Option<[usize; 2]>, &'static str> {
        let (left, right) = (self.left_children.get(node), self.right_children.get(node));
        match (left.copied().unwrap_or(-1), right.copied().unwrap_or(-1)) {
            (-1, -1) => Ok(None),
            (-1, _) | (_, -1) => Err("has one child instead of two"),
            (left, right) => {
                let place = |child: i32| usize::try_from(child).map_err(|_| OUTSIDE);
                Ok(Some([place(left)?, place(right)?]))
            }
        }
    }

    /// The node with its children at their places.
    fn node(&self, node: usize, place: impl Fn(usize) -> u32) -> Option<Node> {
        let (number, cover) = (*self.split_conditions.get(node)?, *self.sum_hessian.get(node)?);
        let Some([left, right]) = self.children(node).ok()? else {
            return Some(Node::Leaf { value: number, cover });
        };
        Some(Node::Split {
            column: *self.split_indices.get(node)?,
            below: number,
            missing_left: *self.default_left.get(node)?,
            left: place(left),
            right: place(right),
            gain: *self.loss_changes.get(node)?,
            cover,
        })
    }
}
