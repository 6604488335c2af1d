//! Solving a symmetric positive definite system, in fixed order so that every processor gives the same bits.

/// Solves `matrix` x = `right` by Cholesky's factor. `matrix` is row-major and square; only its lower triangle is read.
/// None if the matrix is not positive definite.
pub fn solve(matrix: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    solve_by(&factor(matrix, right.len())?, right)
}

/// The inverse of a matrix as in [`solve`], row-major and whole.
pub fn inverse(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let factor = factor(matrix, n)?;
    let column = |at: usize| {
        let unit: Vec<f64> = (0..n).map(|row| f64::from(u8::from(row == at))).collect();
        solve_by(&factor, &unit)
    };
    let columns: Vec<Vec<f64>> = (0..n).map(column).collect::<Option<_>>()?;
    Some(columns.concat())
}

/// The lower triangle whose product with its transpose is the matrix, row by row.
fn factor(matrix: &[f64], n: usize) -> Option<Vec<Vec<f64>>> {
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
    Some(factor)
}

fn solve_by(factor: &[Vec<f64>], right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
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
    fn inverse_times_matrix_is_one() {
        let whole = [4.0, 2.0, 1.0, 2.0, 5.0, 3.0, 1.0, 3.0, 6.0];
        let inverse = inverse(&whole, 3).unwrap();
        for (row, column) in (0..9).map(|at| (at / 3, at % 3)) {
            let entry: f64 = (0..3).map(|k| inverse[row * 3 + k] * whole[k * 3 + column]).sum();
            assert!((entry - f64::from(u8::from(row == column))).abs() < 1e-12);
        }
    }

    #[test]
    fn solve_refuses_a_matrix_that_is_not_positive_definite() {
        assert_eq!(solve(&[1.0, 0.0, 2.0, 1.0], &[1.0, 1.0]), None);
        assert_eq!(solve(&[f64::NAN], &[1.0]), None);
    }
}
