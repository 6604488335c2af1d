//! Ensembles: their document, their contributions against Shapley's own formula, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{Numbers, ensemble, leaf, row, split, stump, ubj};
use dropout_model::trees::{self, Ensemble, Forest, Node, Tree, TreesError};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

fn document(ensemble: &Ensemble) -> Value {
    serde_json::to_value(ensemble).unwrap()
}

/// Both forms of a document with something changed are read, or refused with the same words.
fn read_changed(pointer: &str, value: Value) -> Result<Ensemble, TreesError> {
    let mut document = document(&stump());
    *document.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
    let read = trees::read(document.to_string().as_bytes());
    assert_eq!(trees::read(&ubj(&document)), read, "{pointer}");
    read
}

#[test]
fn a_document_is_the_one_that_xgboost_writes() {
    let tree = json!({
        "base_weights": [0.0, -1.0, 2.0], "categories": [], "categories_nodes": [], "categories_segments": [],
        "categories_sizes": [], "default_left": [0, 0, 0], "id": 0, "left_children": [1, -1, -1],
        "loss_changes": [1.5, 0.0, 0.0], "parents": [2147483647, 0, 0], "right_children": [2, -1, -1],
        "split_conditions": [1.25, -1.0, 2.0], "split_indices": [0, 0, 0], "split_type": [0, 0, 0],
        "sum_hessian": [4.0, 3.0, 1.0],
        "tree_param": {"num_deleted": "0", "num_feature": "1", "num_nodes": "3", "size_leaf_vector": "1"},
    });
    let parameters = json!({
        "base_score": "5E-1", "boost_from_average": "1", "num_class": "0", "num_feature": "1", "num_target": "1",
    });
    let wanted = json!({
        "learner": {
            "attributes": {}, "feature_names": ["c0"], "feature_types": [],
            "gradient_booster": {
                "model": {
                    "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "1"},
                    "iteration_indptr": [0, 1], "tree_info": [0], "trees": [tree],
                },
                "name": "gbtree",
            },
            "learner_model_param": parameters,
            "objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}},
        },
        "version": [2, 1, 4],
    });
    assert_eq!(serde_json::to_string(&stump()).unwrap(), wanted.to_string());
}

proptest! {
    #[test]
    fn an_ensemble_comes_back_from_its_json_and_ubj(seed in any::<u64>(), columns in 1_usize..9, depth in 0_usize..8) {
        let ensemble = ensemble(seed, columns, depth);
        let text = serde_json::to_vec(&ensemble).unwrap();
        prop_assert_eq!(trees::read(&text), Ok(ensemble.clone()));
        prop_assert_eq!(trees::read(&ubj(&document(&ensemble))), Ok(ensemble.clone()));
        prop_assert_eq!(serde_json::to_vec(&trees::read(&text).unwrap()).unwrap(), text);
    }

    #[test]
    fn contributions_are_shapley_values_and_add_up(seed in any::<u64>(), columns in 1_usize..6, depth in 0_usize..8) {
        let ensemble = ensemble(seed, columns, depth);
        let row = row(&mut Numbers(seed), columns);
        let (found, expected) = ensemble.contributions(&row);
        let logit = ensemble.logit(&row);
        prop_assert_eq!(logit.to_bits(), Forest::of(&ensemble).unwrap().logit(&row).to_bits());
        prop_assert!((expected + found.iter().sum::<f64>() - logit).abs() < 1e-9);
        prop_assert!((expected - worth(&ensemble, &row, 0)).abs() < 1e-9);
        for (column, found) in found.iter().enumerate() {
            prop_assert!((found - shapley(&ensemble, &row, column)).abs() < 1e-9);
        }
    }
}

/// Shapley's value of a column by his formula, over all coalitions of the others.
fn shapley(ensemble: &Ensemble, row: &[f32], column: usize) -> f64 {
    let count = row.len() as u32;
    let factorial = |most: u32| (1..=most).map(f64::from).product::<f64>();
    let coalitions = (0..1_u32 << count).filter(|coalition| (coalition >> column) & 1 == 0);
    let gain = |coalition: u32| worth(ensemble, row, coalition | (1 << column)) - worth(ensemble, row, coalition);
    let weight = |size: u32| factorial(size) * factorial(count - size - 1) / factorial(count);
    coalitions.map(|coalition| weight(coalition.count_ones()) * gain(coalition)).sum()
}

/// The mean logit if only the columns of a coalition are known.
fn worth(ensemble: &Ensemble, row: &[f32], coalition: u32) -> f64 {
    let base = (ensemble.base_score / (1.0 - ensemble.base_score)).ln();
    ensemble.trees.iter().fold(base, |sum, tree| sum + mean(tree, 0, (row, coalition)))
}

fn mean(tree: &Tree, at: u32, (row, coalition): (&[f32], u32)) -> f64 {
    let cover = |at: u32| match tree.nodes[at as usize] {
        Node::Leaf { cover, .. } | Node::Split { cover, .. } => f64::from(cover),
    };
    let (column, below, missing_left, left, right) = match tree.nodes[at as usize] {
        Node::Leaf { value, .. } => return f64::from(value),
        Node::Split { column, below, missing_left, left, right, .. } => (column, below, missing_left, left, right),
    };
    let value = row[column as usize];
    let goes_left = if value.is_nan() { missing_left } else { value < below };
    let (is_known, both) = ((coalition >> column) & 1 == 1, cover(left) + cover(right));
    let share = match is_known {
        true => f64::from(u8::from(goes_left)),
        false if both == 0.0 => 0.5,
        false => cover(left) / both,
    };
    share * mean(tree, left, (row, coalition)) + (1.0 - share) * mean(tree, right, (row, coalition))
}

#[test]
fn a_base_score_is_read_in_every_form() {
    let base = "/learner/learner_model_param/base_score";
    for form in [json!("2.4E-1"), json!("[2.4E-1]"), json!("0.24"), json!(0.24)] {
        assert_eq!(read_changed(base, form.clone()).unwrap().base_score, f64::from(0.24_f32), "{form}");
    }
    let refused = ["0", "1", "-0.5", "2", "NaN", "inf", "", "[]", "[2.4E-1,3E-1]", "1e-9", "0.99999999", "half"];
    for form in refused {
        assert_eq!(read_changed(base, json!(form)), Err(TreesError::BaseScore), "{form}");
    }
}

#[test]
fn a_positive_weight_is_told_and_written_back() {
    let weight = "/learner/objective/reg_loss_param/scale_pos_weight";
    let read = read_changed(weight, json!("3.5")).unwrap();
    assert_eq!(read, Ensemble { positive_weight: Some(3.5), ..stump() });
    assert_eq!(read.logit(&[0.0]), stump().logit(&[0.0]));
    assert_eq!(document(&read).pointer(weight), Some(&json!("3.5E0")));
    for refused in ["0", "-1", "NaN", "inf", "much"] {
        assert_eq!(read_changed(weight, json!(refused)), Err(TreesError::PositiveWeight), "{refused}");
    }
}

#[test]
fn a_value_is_compared_as_f32_and_a_missing_one_goes_its_own_way() {
    let mut stump = stump();
    stump.trees[0].nodes[0] = split(0, 0.1, 1);
    // 0.1 as an f64 is less than 0.1 as an f32.
    assert_eq!([0.1_f64 as f32, 0.099, f32::NAN].map(|value| stump.logit(&[value])), [2.0, -1.0, 2.0]);
    stump.trees[0].nodes[0] =
        Node::Split { column: 0, below: 0.1, missing_left: true, left: 1, right: 2, gain: 0.0, cover: 4.0 };
    assert_eq!(stump.logit(&[f32::NAN]), -1.0);
    assert_eq!(stump.logit(&[]), -1.0);
}

#[test]
fn another_kind_of_model_is_refused_by_its_name() {
    let model = "/learner/gradient_booster/model";
    let at = |key: &str| format!("{model}/{key}");
    let cases = [
        ("/learner/gradient_booster/name".into(), json!("dart"), TreesError::Booster("dart".into())),
        ("/learner/gradient_booster".into(), json!({}), TreesError::Absent("learner.gradient_booster")),
        ("/learner/objective/name".into(), json!("x".repeat(99)), TreesError::Objective("x".repeat(32))),
        ("/learner/objective".into(), json!({}), TreesError::Absent("learner.objective")),
        ("/learner/feature_types".into(), json!(["c"]), TreesError::Categorical),
        (at("trees/0/split_type"), json!([1, 0, 0]), TreesError::Categorical),
        ("/learner/learner_model_param/num_class".into(), json!("3"), TreesError::Outputs("num_class")),
        ("/learner/learner_model_param/num_target".into(), json!("2"), TreesError::Outputs("num_target")),
        (at("trees/0/tree_param/size_leaf_vector"), json!("2"), TreesError::Outputs("size_leaf_vector")),
        (at("tree_info"), json!([1]), TreesError::Outputs("tree_info")),
        ("/learner/feature_names".into(), json!([]), TreesError::Unnamed),
        ("/learner/feature_names".into(), json!(["a", "b"]), TreesError::Columns { names: 2, said: "1".into() }),
        ("/learner/feature_names".into(), json!([""]), TreesError::Name(0)),
        ("/learner/attributes".into(), json!({"best_iteration": "0"}), TreesError::Stopped { best: 1, rounds: 2 }),
        (at("gbtree_model_param/num_trees"), json!("7"), TreesError::Count { trees: 2, said: "7".into() }),
        (at("gbtree_model_param"), json!({}), TreesError::Count { trees: 2, said: String::new() }),
    ];
    let two = Ensemble { trees: [stump().trees, stump().trees].concat(), ..stump() };
    for (pointer, value, wanted) in cases {
        let mut document = document(&two);
        *document.pointer_mut(&pointer).unwrap() = value;
        assert_eq!(trees::read(document.to_string().as_bytes()), Err(wanted.clone()), "{pointer}");
        assert_eq!(trees::read(&ubj(&document)), Err(wanted), "{pointer}");
    }
    assert_eq!(trees::read(b"binf"), Err(TreesError::Format));
    assert_eq!(trees::read(b""), Err(TreesError::Format));
    assert_eq!(trees::read(b"{}"), Err(TreesError::Absent("learner.gradient_booster")));
}

#[test]
fn a_tree_that_is_none_is_refused_by_its_node() {
    let node = |node, what| TreesError::Node { tree: 0, node, what };
    let lengths = TreesError::Tree { tree: 0, what: "has arrays of different lengths" };
    let cases = [
        ("id", json!(1), TreesError::Tree { tree: 0, what: "has the id of another tree" }),
        ("sum_hessian", json!([4.0]), lengths.clone()),
        ("tree_param", json!({"num_nodes": "9223372036854775807"}), lengths),
        ("left_children", json!([0, -1, -1]), node(0, "is reached twice")),
        ("left_children", json!([2, -1, -1]), node(2, "is reached twice")),
        ("left_children", json!([3, -1, -1]), node(3, "has a child that is not in the tree")),
        ("left_children", json!([-7, -1, -1]), node(0, "has a child that is not in the tree")),
        ("left_children", json!([-1, -1, -1]), node(0, "has one child instead of two")),
        ("split_indices", json!([1, 0, 0]), node(0, "splits on a column without a name")),
        ("sum_hessian", json!([4.0, -3.0, 1.0]), node(1, "has a sum_hessian that is negative or not finite")),
    ];
    for (key, value, wanted) in cases {
        let pointer = format!("/learner/gradient_booster/model/trees/0/{key}");
        assert_eq!(read_changed(&pointer, value.clone()), Err(wanted), "{pointer} {value}");
    }
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let node = |node, what| Err(TreesError::Node { tree: 0, node, what });
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let changed = |at: usize, node: Node| {
            let mut stump = stump();
            stump.trees[0].nodes[at] = node;
            stump.check()
        };
        assert_eq!(changed(1, leaf(bad, 1.0)), node(1, "has a leaf value that is not finite"));
        assert_eq!(changed(2, leaf(1.0, bad)), node(2, "has a sum_hessian that is negative or not finite"));
        assert_eq!(changed(0, split(0, bad, 1)), node(0, "splits at a number that is not finite"));
    }
}

#[test]
fn bare_words_of_xgboost_are_read_and_refused_where_they_count() {
    let text = document(&Ensemble { columns: vec![r#"NaN \" NaN"#.into()], ..stump() }).to_string();
    assert!(trees::read(text.as_bytes()).is_ok());
    for word in ["NaN", "Infinity", "-Infinity"] {
        let changed = text.replace("[1.25,", &format!("[{word},"));
        let node = TreesError::Node { tree: 0, node: 0, what: "splits at a number that is not finite" };
        assert_eq!(trees::read(changed.as_bytes()), Err(node));
        let changed = changed.replace("\"split_type\":[0,", "\"split_type\":[1,");
        assert_eq!(trees::read(changed.as_bytes()), Err(TreesError::Categorical));
    }
}

#[test]
fn bounds_are_kept() {
    let one = |nodes| Ensemble { trees: vec![Tree { nodes }], ..stump() };
    assert_eq!(one(vec![]).check(), Err(TreesError::Tree { tree: 0, what: "has no node" }));
    let apart = TreesError::Node { tree: 0, node: 1, what: "is not reached from the root" };
    assert_eq!(one(vec![leaf(0.0, 0.0); 2]).check(), Err(apart));
    assert_eq!(one(vec![leaf(0.0, 0.0); 65_536]).check(), Err(TreesError::Bound("nodes in a tree")));
    let chain = |levels: u32| {
        let levels = (0..levels).flat_map(|at| [split(0, 0.0, 2 * at + 1), leaf(0.0, 1.0)]);
        one(levels.chain([leaf(1.0, 1.0)]).collect())
    };
    assert_eq!(chain(128).check(), Ok(()));
    assert_eq!(chain(129).check(), Err(TreesError::Bound("levels")));
    let (by_column, expected) = chain(128).contributions(&[1.0]);
    assert!((expected + by_column[0] - 1.0).abs() < 1e-9);
    let trees = vec![Tree { nodes: vec![leaf(0.0, 1.0)] }; 10_001];
    assert_eq!(Ensemble { trees, ..stump() }.check(), Err(TreesError::Bound("trees")));
    let columns = (0..1_025).map(|at| at.to_string()).collect();
    assert_eq!(Ensemble { columns, ..stump() }.check(), Err(TreesError::Bound("columns")));
    let columns = vec!["c0".to_owned(); 2];
    assert_eq!(Ensemble { columns, ..stump() }.check(), Err(TreesError::Name(1)));
}
