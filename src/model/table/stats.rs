//! What the numbers of a column come to.

use serde::Serialize;

/// The footer of a numeric column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Stats {
    /// How many numbers there are.
    pub count: usize,
    /// The smallest.
    pub min: f64,
    /// The one in the middle, or half-way between the two there.
    pub median: f64,
    /// The smallest one that at least 95 of 100 do not exceed.
    pub p95: f64,
    /// The largest.
    pub max: f64,
}

impl Stats {
    /// Of these numbers, NaNs left out; none where no number is left.
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut numbers: Vec<f64> = numbers.into_iter().filter(|number| !number.is_nan()).collect();
        numbers.sort_by(f64::total_cmp);
        let count = numbers.len();
        let (min, max) = (*numbers.first()?, *numbers.last()?);
        let median = f64::midpoint(numbers[(count - 1) / 2], numbers[count / 2]);
        let p95 = numbers[(count * 95).div_ceil(100) - 1];
        Some(Self { count, min, median, p95, max })
    }
}
