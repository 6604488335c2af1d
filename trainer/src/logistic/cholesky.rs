//! Solving a symmetric positive definite system, in fixed order so that every processor gives the same bits.

/// Solves `matrix` x = `right` by Cholesky's factor. `matrix` is row-major and square; only its lower triangle is read.
/// None if the matrix is not positive definite.
pub fn solve(matrix: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(n);
    for row in matrix.chunks_exact(n) {
        let mut current: Vec<f64> = Vec::with_capacity(factor.len() + 1);
        for (earlier, entry) in factor.iter().zip(row) {
            let known = dot(&current, earlier);
            current.push((entry - known) / earlier.last()?);
        }
        let pivot = row.get(factor.len())? - dot(&current, &current);
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        current.push(libm::sqrt(pivot));
        factor.push(current);
    }
    let mut solution: Vec<f64> = Vec::with_capacity(n);
    for (row, value) in factor.iter().zip(right) {
        solution.push((value - dot(&solution, row)) / row.last()?);
    }
    for at in (0..n).rev() {
        let row = factor.get(at)?;
        let solved = solution.get(at)? / row.last()?;
        for (earlier, entry) in solution.iter_mut().take(at).zip(row) {
            *earlier -= solved * entry;
        }
        *solution.get_mut(at)? = solved;
    }
    Some(solution)
}

/// The product of the common beginning of two rows.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (x, y)| sum + x * y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solve_finds_the_solution_of_a_small_system() {
        let matrix = [4.0, 0.0, 0.0, 2.0, 5.0, 0.0, 1.0, 3.0, 6.0];
        let solution = solve(&matrix, &[11.0, 21.0, 25.0]).unwrap();
        for (found, wanted) in solution.iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - wanted).abs() < 1e-12, "{solution:?}");
        }
    }

    #[test]
    fn solve_refuses_a_matrix_that_is_not_positive_definite() {
        assert_eq!(solve(&[1.0, 0.0, 2.0, 1.0], &[1.0, 1.0]), None);
        assert_eq!(solve(&[f64::NAN], &[1.0]), None);
    }
}
