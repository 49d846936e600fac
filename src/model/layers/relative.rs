use candle_core::{Result, Tensor};

/// Positions as a bias on attention scores that depends on the distance of two tokens alone
/// (Raffel et al. 2020, 2.1; transformers `T5Attention.compute_bias`). Distances share buckets:
/// one each while they are small, then ever wider ones.
#[derive(Debug, Clone)]
pub struct RelativePositions {
    /// A row for each distance of key to query from the longest one back, `-(limit - 1)`, to the
    /// longest one ahead, which is 0 where a query sees the past only: `[distances, heads]`.
    biases: Tensor,
    limit: usize,
    heads: usize,
}

impl RelativePositions {
    /// * `table`: `[buckets, heads]`
    /// * `max_distance`: distances from there on share the last bucket
    /// * `bidirectional`: whether a query sees what is ahead of it
    /// * `limit`: longest sequence
    ///
    /// # Errors
    /// When there are too few buckets or the device fails.
    pub fn new(
        table: &Tensor,
        max_distance: usize,
        bidirectional: bool,
        limit: usize,
    ) -> Result<Self> {
        let (buckets, heads) = table.dims2()?;
        let half = if bidirectional { buckets / 2 } else { buckets };
        if half < 2 || max_distance <= half / 2 {
            candle_core::bail!("{buckets} buckets for distances up to {max_distance}");
        }
        let back = (0..limit).rev().map(|distance| bucket(distance, half, max_distance));
        let ahead = (1..if bidirectional { limit } else { 1 })
            .map(|distance| half + bucket(distance, half, max_distance));
        let ids: Vec<u32> = back.chain(ahead).map(|bucket| bucket as u32).collect();
        let biases = table.index_select(&Tensor::new(ids, table.device())?, 0)?;
        Ok(Self { biases, limit, heads })
    }

    /// From every token to every token: `[1, heads, time, time]`.
    ///
    /// # Errors
    /// When the sequence is too long, a query sees the past only, or the device fails.
    pub fn square(&self, time: usize) -> Result<Tensor> {
        // Each query has the distances of the one before it, shifted by one.
        let rows = (0..time)
            .map(|query| self.biases.narrow(0, self.limit - 1 - query, time))
            .collect::<Result<Vec<_>>>()?;
        Tensor::stack(&rows, 0)?.permute((2, 0, 1))?.contiguous()?.unsqueeze(0)
    }

    /// From the token at `position` to those up to it: `[1, heads, 1, position + 1]`.
    ///
    /// # Errors
    /// When the sequence is too long or the device fails.
    pub fn step(&self, position: usize) -> Result<Tensor> {
        let keys = position + 1;
        let biases = self.biases.narrow(0, self.limit - keys, keys)?;
        biases.t()?.contiguous()?.reshape((1, self.heads, 1, keys))
    }
}

/// The bucket of a distance: its own below half of them, then by its logarithm. In single
/// precision, as there.
fn bucket(distance: usize, buckets: usize, max_distance: usize) -> usize {
    let exact = buckets / 2;
    if distance < exact {
        return distance;
    }
    let octaves = (max_distance as f64 / exact as f64).ln() as f32;
    let share = (distance as f32 / exact as f32).ln() / octaves;
    #[allow(clippy::cast_sign_loss)] // the distance is at least `exact`
    let wide = exact + (share * (buckets - exact) as f32) as usize;
    wide.min(buckets - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where each bucket starts.
    fn starts(buckets: usize, max_distance: usize) -> Vec<usize> {
        let at = |distance| bucket(distance, buckets, max_distance);
        (0..512).filter(|d| *d == 0 || at(*d) != at(d - 1)).collect()
    }

    #[test]
    fn buckets_start_where_those_of_transformers_do() {
        // `T5Attention._relative_position_bucket` with 32 buckets and 128, both ways and back.
        let both_ways = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91];
        assert_eq!(starts(16, 128), both_ways);
        let back: Vec<usize> = (0..16)
            .chain([16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113])
            .collect();
        assert_eq!(starts(32, 128), back);
        assert_eq!(starts(6, 30), [0, 1, 2, 3, 7, 14]);
        assert_eq!(starts(12, 30), [0, 1, 2, 3, 4, 5, 6, 8, 11, 14, 18, 23]);
    }
}
