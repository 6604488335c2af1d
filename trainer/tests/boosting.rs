//! What must hold of boosted trees whoever grows them: the same bits, the right losses, the constraints kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::{
    bundle::logistic,
    manifest::Monotone,
    metric::{Scored, rank::roc_auc},
    random::Stream,
    rows::Rows,
    trees::{Ensemble, Node},
};
use dropout_trainer::{
    boosting::{BoostingError, BoostingParams, best_rounds},
    logistic::dataset,
    worlds::{World, rows},
};
use linfa::{DatasetBase, ParamGuard, traits::Fit};
use ndarray::{Array1, Array2, Axis, concatenate};

type Records = DatasetBase<Array2<f64>, Array1<bool>>;

/// Rows of a world; a tenth of the values is missing, more often where the label is positive.
fn records(n: usize) -> Records {
    let known = rows(World::Nonlinear, 3, 0, n);
    let (mut values, stream) = (known.values, Stream::new(9));
    for ((row, column), value) in values.indexed_iter_mut() {
        let often = if known.labels[row] { 0.12 } else { 0.08 };
        if stream.unit((row * 16 + column) as u64) < often {
            *value = f64::NAN;
        }
    }
    dataset(values, &known.labels)
}

fn fit(params: &BoostingParams, records: &Records) -> Ensemble {
    let fitted: Result<_, BoostingError> = params.fit(records);
    fitted.unwrap()
}

fn risk(ensemble: &Ensemble, row: &[f64]) -> f64 {
    logistic(ensemble.logit(&row.iter().map(|value| *value as f32).collect::<Vec<_>>()))
}

fn risks(ensemble: &Ensemble, values: &Array2<f64>) -> Vec<f64> {
    values.rows().into_iter().map(|row| risk(ensemble, &row.to_vec())).collect()
}

fn auc(risks: Vec<f64>, labels: &[bool]) -> f64 {
    let rows = Rows { label: labels.to_vec(), landmark: vec![0; labels.len()], ..Rows::default() };
    let even = vec![1.0; labels.len()];
    roc_auc(&Scored::new(risks, &Rows { patient: (0..labels.len() as u32).collect(), ..rows }), &even)
}

fn plain() -> BoostingParams {
    BoostingParams::default().row_share(1.0).column_share(1.0)
}

#[test]
fn any_number_of_threads_and_any_fit_gives_the_same_bits() {
    let records = records(70_000);
    let params = BoostingParams::default().rounds(6).depth(6).seed(4);
    let one = fit(&params.clone().threads(1), &records);
    for threads in [2, 3, 8] {
        assert_eq!(fit(&params.clone().threads(threads), &records), one, "{threads} threads");
    }
}

#[test]
fn twenty_fits_are_one_and_another_seed_is_another() {
    let records = records(3_000);
    let params = BoostingParams::default().rounds(20);
    let first = fit(&params, &records);
    for _ in 0..20 {
        assert_eq!(fit(&params, &records), first);
    }
    assert_ne!(fit(&params.clone().seed(1), &records), first);
    assert_eq!(first.trees.len(), 20);
}

#[test]
fn the_order_of_rows_does_not_change_a_bit_without_sampling() {
    let records = records(2_000);
    let turned = dataset(
        records.records.select(Axis(0), &(0..2_000).rev().collect::<Vec<_>>()),
        &records.targets.iter().rev().copied().collect::<Vec<_>>(),
    );
    assert_eq!(fit(&plain(), &records), fit(&plain(), &turned));
}

#[test]
fn a_row_that_weighs_two_is_a_row_twice() {
    let mut once = records(1_500);
    // Quantiles count rows, not weights; columns with fewer values than bins are the same for both.
    once.records.mapv_inplace(|value| (value / 3.0).round().min(200.0));
    let doubled: Vec<usize> = (0..1_500).filter(|row| row % 3 == 0).collect();
    let weights = Array1::from_iter((0..1_500).map(|row| if row % 3 == 0 { 2.0_f32 } else { 1.0 }));
    let twice = dataset(
        concatenate![Axis(0), once.records, once.records.select(Axis(0), &doubled)],
        &once.targets.iter().copied().chain(doubled.iter().map(|row| once.targets[*row])).collect::<Vec<_>>(),
    );
    let values = once.records.clone();
    let (weighed, repeated) = (fit(&plain(), &once.with_weights(weights)), fit(&plain(), &twice));
    assert_eq!(weighed.base_score, repeated.base_score);
    let pairs = risks(&weighed, &values).into_iter().zip(risks(&repeated, &values));
    let most = pairs.fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
    assert!(most < 1e-6, "{most:e}");
}

#[test]
fn positive_weight_is_the_weight_of_each_positive_row() {
    let records = records(1_500);
    let mut by_params = fit(&plain().positive_weight(3.0), &records);
    assert_eq!(by_params.positive_weight.take(), Some(3.0));
    let weights = records.targets.mapv(|label| if label { 3.0_f32 } else { 1.0 });
    assert_eq!(fit(&plain(), &records.with_weights(weights)), by_params);
    assert!(by_params.base_score > 0.5, "{}", by_params.base_score);
}

#[test]
fn missing_values_go_the_way_that_lowers_the_loss() {
    // Whoever has no value drops out, as those above 0 do; or as those below 0 do.
    for is_high in [true, false] {
        let value = |row: usize| if row.is_multiple_of(3) { f64::NAN } else { (row % 2) as f64 * 2.0 - 1.0 };
        let label = |row: usize| if row.is_multiple_of(3) { is_high } else { row % 2 == 1 };
        let labels: Vec<bool> = (0..600).map(label).collect();
        let values = Array2::from_shape_fn((600, 1), |(row, _)| value(row));
        let ensemble = fit(&plain().rounds(60).rate(0.3), &dataset(values, &labels));
        let found = [f64::NAN, -1.0, 1.0].map(|value| risk(&ensemble, &[value]) > 0.5);
        assert_eq!(found, [is_high, false, true]);
        let Node::Split { missing_left, below, .. } = ensemble.trees[0].nodes[0] else { panic!("no split") };
        assert_eq!((missing_left, below), (!is_high, 0.0));
    }
}

#[test]
fn missing_alone_can_be_asked_for_and_without_missing_the_way_is_left() {
    let labels: Vec<bool> = (0..400).map(|row| row % 4 == 0).collect();
    let values = Array2::from_shape_fn((400, 1), |(row, _)| if row % 4 == 0 { f64::NAN } else { 5.0 });
    let ensemble = fit(&plain().rounds(40).rate(0.3), &dataset(values, &labels));
    assert!(risk(&ensemble, &[f64::NAN]) > 0.9 && risk(&ensemble, &[5.0]) < 0.1);
    let full = rows(World::Linear, 1, 0, 2_000);
    let ensemble = fit(&plain(), &dataset(full.values, &full.labels));
    let is_left = |node: &Node| matches!(node, Node::Leaf { .. } | Node::Split { missing_left: true, .. });
    assert!(ensemble.trees.iter().flat_map(|tree| &tree.nodes).all(is_left));
}

#[test]
fn a_monotone_column_never_moves_the_risk_the_other_way() {
    let known = rows(World::Nonlinear, 5, 0, 6_000);
    let sweep = |ensemble: &Ensemble, column: usize, falls: bool| {
        let mut moved = false;
        for row in known.values.rows().into_iter().take(200) {
            let mut row = row.to_vec();
            let swept: Vec<f64> = (0..100)
                .map(|step| {
                    row[column] = f64::from(step);
                    risk(ensemble, &row)
                })
                .collect();
            let is_wrong = |pair: &[f64]| if falls { pair[1] > pair[0] } else { pair[1] < pair[0] };
            if swept.windows(2).any(is_wrong) {
                return None;
            }
            moved |= swept[0] != swept[99];
        }
        Some(moved)
    };
    let params = BoostingParams::default().rounds(80).depth(5).rate(0.2).least_cover(1.0);
    let (age, events) = (0, 3);
    let free = fit(&params, &dataset(known.values.clone(), &known.labels));
    // The risk is U-shaped in age, so a free model goes both ways.
    assert_eq!((sweep(&free, age, true), sweep(&free, age, false), sweep(&free, events, false)), (None, None, None));
    let held = params.monotone(vec![Some(Monotone::Decreasing), None, None, Some(Monotone::Increasing)]);
    let held = fit(&held, &dataset(known.values.clone(), &known.labels));
    assert_eq!((sweep(&held, age, true), sweep(&held, events, false)), (Some(true), Some(true)));
}

#[test]
fn watched_losses_are_those_of_the_first_trees_and_change_no_tree() {
    let (training, watched) = (records(3_000), rows(World::Nonlinear, 3, 9_000, 1_000));
    let params = BoostingParams::default().rounds(30);
    let labels = watched.labels.as_slice();
    let (ensemble, losses) =
        params.check_ref().unwrap().fit_watched(&training, Some((&watched.values, labels))).unwrap();
    assert_eq!(ensemble, fit(&params, &training));
    assert_eq!(losses.len(), 31);
    for (rounds, loss) in losses.iter().enumerate() {
        let first = Ensemble { trees: ensemble.trees[..rounds].to_vec(), ..ensemble.clone() };
        let each = risks(&first, &watched.values).into_iter().zip(labels);
        let again = each.map(|(risk, label)| -(if *label { risk } else { 1.0 - risk }).ln()).sum::<f64>() / 1_000.0;
        assert!((loss - again).abs() < 1e-12, "{rounds}: {loss} {again}");
    }
    let shorter = fit(&params.rounds(7), &training);
    assert_eq!(shorter.trees, ensemble.trees[..7]);
}

#[test]
fn the_best_number_of_rounds_is_that_of_the_least_loss_over_all_folds() {
    assert_eq!(best_rounds(&[(10, vec![0.7, 0.5, 0.4, 0.6]), (30, vec![0.7, 0.6, 0.6, 0.5])]), 3);
    assert_eq!(best_rounds(&[(10, vec![0.1, 0.5, 0.5])]), 1);
    assert_eq!(best_rounds(&[]), 0);
    // Labels that no column tells: more trees only learn noise.
    let stream = Stream::new(8);
    let noise = |n: usize| Array2::from_shape_fn((n, 4), |(row, column)| stream.unit((row * 8 + column) as u64));
    let labels: Vec<bool> = (0..600).map(|row| stream.unit(row * 8 + 7) < 0.3).collect();
    let (training, fresh) =
        (dataset(noise(600), &labels), (noise(600), labels.iter().rev().copied().collect::<Vec<_>>()));
    let params = BoostingParams::default().rounds(100).rate(0.3).check().unwrap();
    let (_, losses) = params.fit_watched(&training, Some((&fresh.0, &fresh.1))).unwrap();
    assert!(best_rounds(&[(600, losses.clone())]) < 20, "{losses:?}");
}

#[test]
fn covers_and_gains_are_those_of_the_rows() {
    let ensemble = fit(&plain().rounds(3), &records(2_000));
    for tree in &ensemble.trees {
        let cover = |node: u32| match tree.nodes[node as usize] {
            Node::Leaf { cover, .. } | Node::Split { cover, .. } => cover,
        };
        for node in &tree.nodes {
            let Node::Split { left, right, cover: whole, gain, .. } = node else { continue };
            assert!((cover(*left) + cover(*right) - whole).abs() < 1e-3 && *gain > 0.0);
            assert!(cover(*left) >= 5.0 && cover(*right) >= 5.0);
        }
    }
    let Node::Split { cover, .. } = ensemble.trees[0].nodes[0] else { panic!("no split") };
    let share = ensemble.base_score;
    assert!((f64::from(cover) - 2_000.0 * share * (1.0 - share)).abs() < 0.01, "{cover}");
}

#[test]
fn a_constant_column_is_never_asked_about_and_separable_rows_end_in_finite_leaves() {
    let labels: Vec<bool> = (0..200).map(|row| row >= 100).collect();
    let values = Array2::from_shape_fn((200, 2), |(row, column)| if column == 0 { 7.0 } else { row as f64 });
    let params = plain().penalty(0.0).least_cover(0.0).rate(1.0).rounds(300).depth(8);
    let ensemble = fit(&params, &dataset(values, &labels));
    for node in ensemble.trees.iter().flat_map(|tree| &tree.nodes) {
        match node {
            Node::Leaf { value, .. } => assert!(value.is_finite(), "{node:?}"),
            Node::Split { column, .. } => assert_eq!(*column, 1),
        }
    }
    assert!(risk(&ensemble, &[7.0, 10.0]) < 1e-6 && risk(&ensemble, &[7.0, 190.0]) > 1.0 - 1e-6);
    let constant = fit(&plain().rounds(2), &dataset(Array2::ones((200, 2)), &labels));
    assert!(constant.trees.iter().all(|tree| tree.nodes.len() == 1));
    assert_eq!(risk(&constant, &[1.0, 1.0]), 0.5);
}

#[test]
fn no_model_beats_the_truth_and_each_comes_near_it() {
    for (world, bayes, near) in [(World::Linear, 0.7351, 0.012), (World::Nonlinear, 0.7896, 0.006)] {
        let (training, fresh) = (rows(world, 1, 0, 100_000), rows(world, 1, 10_000_000, 100_000));
        let params = plain().rounds(100).depth(5).rate(0.1);
        let ensemble = fit(&params, &dataset(training.values, &training.labels));
        let (ours, best) = (auc(risks(&ensemble, &fresh.values), &fresh.labels), auc(fresh.p_true, &fresh.labels));
        println!("{world:?}: {ours:.4}, truth {best:.4} on these rows, {bayes} on all");
        assert!((best - bayes).abs() < 0.004 && ours > best - near && ours < best + 0.002, "{ours} {best}");
    }
}

#[test]
fn what_cannot_be_learned_from_is_refused_with_its_place() {
    let said = |params: BoostingParams, records: &Records| {
        let fitted: Result<Ensemble, BoostingError> = params.fit(records);
        fitted.unwrap_err().to_string()
    };
    let good = || dataset(Array2::from_shape_fn((4, 2), |(row, _)| row as f64), &[true, false, true, false]);
    let named = |names: &[&str]| plain().columns(names.iter().map(|name| (*name).to_owned()).collect());
    assert!(said(plain().depth(13), &good()).contains("the depth is 13; it must be 1 to 12"));
    assert!(said(plain().rate(0.0), &good()).contains("learning rate is 0"));
    assert!(said(plain().penalty(f64::NAN), &good()).contains("penalty is NaN"));
    assert!(said(plain().threads(0), &good()).contains("number of threads is 0"));
    assert!(said(named(&["age"]), &good()).contains("2 columns, but 1 are named"));
    assert!(said(plain().monotone(vec![None; 3]), &good()).contains("2 columns, but 3 are named"));
    assert!(said(plain(), &dataset(Array2::zeros((3, 1)), &[true; 3])).contains("3 of 3 rows are positive"));
    assert!(said(plain(), &dataset(Array2::zeros((0, 1)), &[])).contains("0 of 0 rows are positive"));
    assert!(said(plain(), &dataset(Array2::zeros((2, 0)), &[true, false])).contains("0 columns"));
    assert!(
        said(plain(), &dataset(Array2::zeros((2, 1)), &[true, false, true])).contains("2 rows, 3 labels and 0 weights")
    );
    let weighed = |weights: &[f32]| good().with_weights(Array1::from(weights.to_vec()));
    assert!(said(plain(), &weighed(&[1.0, -1.0, 1.0, 1.0])).contains("weight of row 2"));
    assert!(said(plain(), &weighed(&[1.0, 0.0, 1.0, 0.0])).contains("2 of 2 rows are positive"));
    assert!(said(plain(), &weighed(&[1.0])).contains("4 rows, 4 labels and 1 weights"));
    let mut infinite = good();
    infinite.records[[2, 1]] = f64::INFINITY;
    assert!(said(named(&["age", "visits"]), &infinite).contains("column visits has a value that is infinite"));
    let watched = plain().check().unwrap().fit_watched(&good(), Some((&Array2::zeros((3, 1)), &[true; 3])));
    assert!(watched.unwrap_err().to_string().contains("3 watched rows of 1 columns"));
}
