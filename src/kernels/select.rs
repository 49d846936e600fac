//! Rows of packed weights, taken out again.

use candle_core::Result;

use super::int8::{Int8Matrix, Layout};

impl Int8Matrix {
    /// Row `index` as floats, into `to` `[inputs]`: what an embedding is.
    ///
    /// # Panics
    /// When there is no such row or `to` is of another size.
    pub fn row(&self, index: usize, to: &mut [f32]) {
        assert!(to.len() == self.inputs(), "a row of the matrix");
        let scale = self.scales[index];
        self.each(index, |at, weight| to[at] = f32::from(weight) * scale);
    }

    /// A matrix of these rows, in this order.
    ///
    /// # Errors
    /// When there is no such row, or there are none.
    pub fn select(&self, rows: &[u32]) -> Result<Self> {
        if let Some(row) = rows.iter().find(|row| **row as usize >= self.outputs()) {
            candle_core::bail!("row {row} of a matrix of {} rows", self.outputs());
        }
        let mut weights = vec![0i8; rows.len() * self.inputs()];
        for (row, to) in rows.iter().zip(weights.chunks_exact_mut(self.inputs())) {
            self.each(*row as usize, |at, weight| to[at] = weight);
        }
        let scales: Vec<f32> = rows.iter().map(|row| self.scales[*row as usize]).collect();
        Self::pack_for(self.isa, &weights, &scales)
    }

    /// The weights of a row, one after another.
    fn each(&self, index: usize, mut take: impl FnMut(usize, i8)) {
        assert!(index < self.outputs(), "a row of the matrix");
        let Layout { columns, group, step, offset } = self.layout;
        let panel_bytes = self.inputs().next_multiple_of(step) * columns;
        let (panel, column) = (index / columns, index % columns);
        let panel = &self.data.bytes()[panel * panel_bytes..(panel + 1) * panel_bytes];
        let flip = if offset == 0 { 0 } else { 0x80 };
        for (first, groups) in (0..self.inputs()).step_by(group).zip(panel.chunks(columns * group))
        {
            let weights = groups[column * group..].iter().take(group.min(self.inputs() - first));
            for (at, byte) in (first..).zip(weights) {
                take(at, (byte ^ flip).cast_signed());
            }
        }
    }
}
