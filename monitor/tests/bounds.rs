//! Methods on what they cannot compare, on the edges of their formulas, and their names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use dropout_model::random::Stream;
use dropout_monitor::method::{
    Labels, Method, Numbers, Sample, Unscorable, default_method, homogeneity, is_drifted, jensen_shannon, ks, score,
    sweep, total_variation, two_proportions, wasserstein,
};

fn numbers(values: &[f64]) -> Sample {
    Sample::Numbers(Numbers::new(values.to_vec()))
}

fn labels(values: &[&str]) -> Sample {
    Sample::Labels(Labels::new(values))
}

#[test]
fn every_method_has_both_names_and_the_name_of_its_json() {
    let mut seen = 0;
    for method in Method::all() {
        assert_eq!(Method::from_name(method.short_name()), Some(method));
        assert_eq!(Method::from_name(method.display_name()), Some(method));
        assert_eq!(serde_json::to_value(method).unwrap(), method.short_name());
        seen += 1;
    }
    assert_eq!(seen, 18);
    assert_eq!(Method::from_name("custom function 'mine'"), None);
    assert_eq!(Method::from_name(""), None);
}

#[test]
fn limits_are_on_the_side_that_evidently_takes() {
    let at_limit = |method: Method| is_drifted(method, 0.1, 0.1);
    let drifted: Vec<Method> = Method::all().filter(|method| at_limit(*method)).collect();
    let expected = ["ks", "wasserstein", "psi", "kl_div", "jensenshannon", "hellinger", "cramer_von_mises"];
    assert_eq!(drifted.iter().map(|method| method.short_name()).collect::<Vec<_>>(), expected);
    assert!(Method::all().all(|method| !is_drifted(method, f64::NAN, 0.1)));
    assert!(Method::all().all(|method| is_drifted(method, 0.0, 0.1) == method.is_p_value()));
}

#[test]
fn what_cannot_be_compared_is_refused_by_name() {
    let (some, none, words) = (numbers(&[1.0, 2.0, 3.0]), numbers(&[f64::NAN]), labels(&["a", "b"]));
    for method in Method::all() {
        assert_eq!(score(method, &some, &none), Err(Unscorable::Empty), "{method:?}");
        assert_eq!(score(method, &none, &some), Err(Unscorable::Empty), "{method:?}");
        assert_eq!(score(method, &some, &words), Err(Unscorable::Types), "{method:?}");
    }
    let for_numbers =
        ["ks", "wasserstein", "anderson", "cramer_von_mises", "es", "mannw", "t_test", "ed", "empirical_mmd"];
    let refusing: Vec<&str> = Method::all()
        .filter(|method| score(*method, &words, &words) == Err(Unscorable::NeedsNumbers))
        .map(Method::short_name)
        .collect();
    assert_eq!(refusing, for_numbers);
    let for_categories: Vec<&str> = Method::all()
        .filter(|method| score(*method, &some, &some) == Err(Unscorable::NeedsCategories))
        .map(Method::short_name)
        .collect();
    assert_eq!(for_categories, ["g_test", "fisher_exact", "TVD"]);
    assert_eq!(default_method(&some, &words), Err(Unscorable::Types));
    let far = numbers(&(0..30).map(|at| if at == 0 { -1.7e308 } else { f64::from(at) * 5e306 }).collect::<Vec<_>>());
    let further = numbers(&[1.7e308]);
    assert_eq!(score(Method::Psi, &far, &further), Err(Unscorable::TooWide));
    let many = numbers(&(0..4001).map(f64::from).collect::<Vec<_>>());
    assert_eq!(score(Method::EmpiricalMmd, &many, &some), Err(Unscorable::TooMany));
}

#[test]
fn nothing_ends_in_a_panic_on_one_value_a_side() {
    for method in Method::all() {
        for (a, b) in
            [(numbers(&[1.0]), numbers(&[1.0])), (numbers(&[1.0]), numbers(&[2.0])), (labels(&["a"]), labels(&["b"]))]
        {
            if let Ok(score) = score(method, &a, &b) {
                assert!(!score.is_nan(), "{method:?}");
            }
        }
    }
}

#[test]
fn gap_is_told_where_it_is_with_its_ties() {
    let (a, b) = (Numbers::new(vec![1.0, 2.0, 2.0, 3.0]), Numbers::new(vec![2.0, 3.0, 3.0, 3.0]));
    let result = ks(&a, &b);
    assert_eq!((result.d, result.at, result.is_exact), (0.5, 2.0, true));
    assert_eq!(ks(&b, &a), result);
    // 1 at 1..2 of 1/4 and at 2..3 of 1/2.
    assert_eq!(wasserstein(&a, &b), 0.75 / a.deviation());
    let same = ks(&a, &a);
    assert_eq!((same.d, same.p, wasserstein(&a, &a)), (0.0, 1.0, 0.0));
    let far = Numbers::new((0..900).map(|at| f64::from(at) + 5000.0).collect());
    let near = Numbers::new((0..901).map(f64::from).collect());
    assert_eq!((ks(&near, &far).p, ks(&near, &far).is_exact), (0.0, true));
    let none = ks(&a, &Numbers::default());
    assert!(none.d.is_nan() && none.p.is_nan() && wasserstein(&a, &Numbers::default()).is_nan());
}

/// The share of all ways to deal pooled values to both sides whose gap is at least as large: what exact means.
#[test]
fn exact_p_is_the_share_of_all_deals() {
    let stream = Stream::new(3);
    for (at, (n, m)) in [(3, 4), (4, 4), (2, 9), (6, 5), (1, 7)].into_iter().enumerate() {
        let values: Vec<f64> = (0..n + m).map(|value| stream.part(at as u64).unit(value)).collect();
        let deal = |mask: u32| {
            let side = |wanted: bool| {
                let of = values.iter().enumerate().filter(|(place, _)| (mask >> place & 1 == 1) == wanted);
                Numbers::new(of.map(|(_, value)| *value).collect())
            };
            sweep(&side(true), &side(false)).ks()
        };
        let deals: Vec<u32> = (0..1 << (n + m)).filter(|mask: &u32| u64::from(mask.count_ones()) == n).collect();
        let gaps: Vec<f64> = deals.iter().map(|mask| deal(*mask).d).collect();
        for mask in &deals {
            let result = deal(*mask);
            let share = gaps.iter().filter(|gap| **gap >= result.d - 1e-12).count() as f64 / gaps.len() as f64;
            assert!((result.p - share).abs() < 1e-12, "{n}/{m} {} {share}", result.p);
        }
    }
}

#[test]
fn permutation_p_of_two_categories_is_the_hypergeometric_one_within_sampling_error() {
    let words = |yes: usize, no: usize| Sample::Labels(Labels::new([vec!["yes"; yes], vec!["no"; no]].concat()));
    for (a, b) in [((12, 18), (20, 10)), ((15, 15), (16, 14)), ((30, 40), (9, 31))] {
        let p = score(Method::Tvd, &words(a.0, a.1), &words(b.0, b.1)).unwrap();
        let exact = hypergeometric(a, b);
        let error = (exact * (1.0 - exact) / 1000.0).sqrt();
        assert!((p - exact).abs() <= 4.0 * error + 1e-12, "{p} instead of {exact}");
        assert_eq!(score(Method::Tvd, &words(a.0, a.1), &words(b.0, b.1)), Ok(p), "the seed is fixed");
    }
}

/// P of a difference of shares at least as large, with both margins given.
fn hypergeometric(a: (usize, usize), b: (usize, usize)) -> f64 {
    let (n, m, yes) = (a.0 + a.1, b.0 + b.1, a.0 + b.0);
    let log = |n: usize| (1..=n).map(|each| (each as f64).ln()).sum::<f64>();
    let ways = |n: usize, k: usize| log(n) - log(k) - log(n - k);
    let gap = |first: usize| (first as f64 / n as f64 - (yes - first) as f64 / m as f64).abs();
    let all = yes.saturating_sub(m)..=yes.min(n);
    let chance = |first: usize| (ways(yes, first) + ways(n + m - yes, n - first) - ways(n + m, n)).exp();
    let sum: f64 = all.filter(|first| gap(*first) >= gap(a.0) - 1e-12).map(chance).sum();
    sum.min(1.0)
}

#[test]
fn mean_discrepancy_sees_a_shift_and_not_its_absence() {
    let stream = Stream::new(11);
    let draw =
        |part: u64, shift: f64| numbers(&(0..120).map(|at| stream.part(part).unit(at) + shift).collect::<Vec<_>>());
    let p = |shift: f64, part: u64| score(Method::EmpiricalMmd, &draw(0, 0.0), &draw(part, shift)).unwrap();
    assert_eq!(p(0.5, 1), 0.0);
    // Ten samples without a shift: the mean of p is 0.5 with an error of 0.1.
    let mean = (2..12).map(|part| p(0.0, part)).sum::<f64>() / 10.0;
    assert!((0.2..0.8).contains(&mean), "{mean}");
}

#[test]
fn long_sums_of_the_asymptotic_p_are_those_of_every_term() {
    // The one-sided tail by all terms, for a size at which it is taken in strides.
    let n = 60_000.0_f64;
    let whole = |d: f64| {
        let term = |j: f64| {
            let ways = libm::lgamma(n + 1.0) - libm::lgamma(j + 1.0) - libm::lgamma(n - j + 1.0);
            (ways + (n - j) * (1.0 - d - j / n).ln() + (j - 1.0) * (d + j / n).ln()).exp()
        };
        2.0 * d * (0..).map(f64::from).take_while(|j| *j < n * (1.0 - d)).map(term).sum::<f64>()
    };
    let size = 120_000;
    for shift in [1000, 2000, 4000, 8000] {
        let a = Numbers::new((0..size).map(f64::from).collect());
        let b = Numbers::new((0..size).map(|at| f64::from(at + shift)).collect());
        let result = ks(&a, &b);
        let expected = whole(result.d);
        assert!((result.p / expected - 1.0).abs() < 1e-8, "{} {} instead of {expected}", result.d, result.p);
        assert!(!result.is_exact);
    }
}

#[test]
fn homogeneity_pools_what_is_rare_and_is_exact_for_few_patients() {
    let many = |counts: &[(&str, u64)]| {
        Labels::from_counts(counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect())
    };
    let result =
        homogeneity(&many(&[("a", 50), ("b", 40), ("c", 2), ("d", 1)]), &many(&[("a", 30), ("b", 60), ("e", 3)]));
    assert_eq!((result.pooled_rare, result.is_exact), (3, false));
    let pooled = homogeneity(&many(&[("a", 50), ("b", 40), ("rare", 3)]), &many(&[("a", 30), ("b", 60), ("rare", 3)]));
    assert_eq!(result.p, pooled.p);
    // Fisher's tea: 3 of 4 cups, p = 34 / 70.
    let tea = homogeneity(&many(&[("milk", 3), ("tea", 1)]), &many(&[("milk", 1), ("tea", 3)]));
    assert!(tea.is_exact && (tea.p - 34.0 / 70.0).abs() < 1e-14, "{tea:?}");
    let one = homogeneity(&many(&[("a", 5)]), &many(&[("a", 7)]));
    assert_eq!((one.p, one.statistic), (1.0, None));
    assert_eq!(homogeneity(&many(&[("a", 5)]), &Labels::default()).p, 1.0);
}

#[test]
fn distances_of_categories_stay_in_their_range() {
    let (a, b) = (Labels::new(["x", "y"]), Labels::new(["z"]));
    assert_eq!(total_variation(&a, &b), 1.0);
    assert!((jensen_shannon(&a, &b) - 2.0_f64.ln().sqrt()).abs() < 1e-15);
    assert_eq!((total_variation(&a, &a), jensen_shannon(&a, &a)), (0.0, 0.0));
    assert!(total_variation(&a, &Labels::default()).is_nan() && jensen_shannon(&a, &Labels::default()).is_nan());
    assert_eq!(two_proportions((0, 0), (3, 4)), 1.0);
    assert_eq!(two_proportions((0, 10), (0, 20)), 1.0);
    assert!(two_proportions((0, 300), (66, 300)) < 1e-15);
}
