//! How weights come into the order of a kernel, part by part, so that what they were before is
//! never in memory as a whole; and how packed ones leave and come back.

use std::ops::Range;
use std::sync::Arc;

use candle_core::Result;
use memmap2::MmapMut;
use rayon::prelude::*;

use super::Isa;
use super::dispatch::dispatched;
use super::int8::{Int8Matrix, Layout, Lines};
use super::pages::large_pages;
use super::tile::quantize_row;

/// Most inputs of a product: sums of so many products of bytes fit 32 bits.
const MOST_INPUTS: usize = 1 << 16;

/// Weights of a part: with what they are made from, they stay in the second-level cache.
const PART: usize = 1 << 14;

/// Bytes of a matrix that fill a large page.
const LARGE: usize = 2 << 20;

/// Goes up when bytes are arranged in another way than [`Layout`] says.
const VERSION: u32 = 1;

/// Packed weights: made here, or kept by others, such as a file.
pub(super) enum Data {
    Own(Lines),
    Kept(Arc<dyn AsRef<[u8]> + Send + Sync>, Range<usize>),
}

impl Data {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(lines) => lines.bytes(),
            Self::Kept(owner, range) => &owner.as_ref().as_ref()[range.clone()],
        }
    }
}

/// What is in an [`Int8Matrix`]: enough to make it again, on a CPU with the same
/// [`Int8Matrix::layout_name`].
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    /// Rows.
    pub outputs: usize,
    /// Columns.
    pub inputs: usize,
    /// In the order of the kernel, whole cache lines.
    pub weights: &'a [u8],
    /// What a weight of 1 stands for, an output; padded.
    pub scales: &'a [f32],
}

/// Bytes of packed weights, and how many scales there are.
fn sizes(layout: Layout, outputs: usize, inputs: usize) -> Option<(usize, usize)> {
    let padded = outputs.checked_next_multiple_of(layout.columns)?;
    let bytes = padded.checked_mul(inputs.checked_next_multiple_of(layout.step)?)?;
    Some((bytes.checked_next_multiple_of(64)?, padded))
}

impl Int8Matrix {
    /// Rounds `weights` `[outputs, inputs]` to 8 bits, the largest of an output to 127.
    ///
    /// # Errors
    /// When the sizes do not fit, or there are too many inputs.
    pub fn quantize(weights: &[f32], outputs: usize) -> Result<Self> {
        let inputs = inputs_of(weights.len(), outputs)?;
        Self::pack_parts(outputs, inputs, |rows, mut part| {
            part.round(&weights[rows.start * inputs..rows.end * inputs]);
            Ok(())
        })
    }

    /// Packs `weights` `[outputs, inputs]`, of which each stands for `scales` `[outputs]` times
    /// as much, for the best kernel of this CPU.
    ///
    /// # Errors
    /// When the sizes do not fit, or there are too many inputs.
    pub fn pack(weights: &[i8], scales: &[f32]) -> Result<Self> {
        Self::pack_for(Isa::best(), weights, scales)
    }

    /// As [`Int8Matrix::pack`], for a kernel of choice.
    ///
    /// # Errors
    /// As there, and when this CPU can't run it.
    pub fn pack_for(isa: Isa, weights: &[i8], scales: &[f32]) -> Result<Self> {
        let outputs = scales.len();
        let inputs = inputs_of(weights.len(), outputs)?;
        pack_parts_for(isa, outputs, inputs, |rows, part| {
            part.weights.copy_from_slice(&weights[rows.start * inputs..rows.end * inputs]);
            part.scales.copy_from_slice(&scales[rows]);
            Ok(())
        })
    }

    /// Packs a matrix `[outputs, inputs]` for the best kernel of this CPU. `fill` is asked for some
    /// rows at a time, by many threads, in any order.
    ///
    /// # Errors
    /// When the sizes are none of a matrix, there are too many inputs, or `fill` fails.
    pub fn pack_parts(
        outputs: usize,
        inputs: usize,
        fill: impl Fn(Range<usize>, Part<'_>) -> Result<()> + Sync,
    ) -> Result<Self> {
        pack_parts_for(Isa::best(), outputs, inputs, fill)
    }

    /// How the best kernel of this CPU wants its weights. Packed ones fit where this is the same.
    #[must_use]
    pub fn layout_name() -> String {
        let isa = Isa::best();
        format!("{} {VERSION} {:?}", isa.name(), Layout::of_isa(isa))
    }

    /// What it is made of.
    #[must_use]
    pub fn packed(&self) -> Packed<'_> {
        let (outputs, inputs) = (self.outputs, self.inputs);
        Packed { outputs, inputs, weights: self.data.bytes(), scales: &self.scales }
    }

    /// A matrix `[outputs, inputs]` of what [`Int8Matrix::packed`] gave where
    /// [`Int8Matrix::layout_name`] was the same. The weights stay where they are.
    ///
    /// # Errors
    /// When the sizes do not fit.
    pub fn from_packed(
        [outputs, inputs]: [usize; 2],
        owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
        weights: Range<usize>,
        scales: Vec<f32>,
    ) -> Result<Self> {
        let isa = Isa::best();
        let layout = Layout::of_isa(isa);
        let found = owner.as_ref().as_ref().get(weights.clone()).map(<[u8]>::len);
        let fits = (1..=MOST_INPUTS).contains(&inputs)
            && sizes(layout, outputs, inputs)
                .is_some_and(|(bytes, padded)| found == Some(bytes) && scales.len() == padded);
        if !fits {
            candle_core::bail!("these are no packed weights of [{outputs}, {inputs}]");
        }
        Ok(Self { isa, outputs, inputs, layout, data: Data::Kept(owner, weights), scales })
    }
}

/// Rows of a matrix in 8 bits, to be filled.
#[derive(Debug)]
pub struct Part<'a> {
    /// `[rows, inputs]`, in `-127..=127`.
    pub weights: &'a mut [i8],
    /// `[rows]`: what 1 stands for.
    pub scales: &'a mut [f32],
}

impl Part<'_> {
    /// Rounds `rows` `[rows, inputs]` into it, the largest of a row to 127.
    ///
    /// # Panics
    /// When they are more or fewer.
    pub fn round(&mut self, rows: &[f32]) {
        assert_eq!(rows.len(), self.weights.len(), "as many rows");
        round(rows, self.weights, self.scales);
    }
}

#[inline(always)]
fn round_body(x: &[f32], to: &mut [i8], scales: &mut [f32]) {
    let inputs = (to.len() / scales.len().max(1)).max(1);
    let rows = x.chunks_exact(inputs).zip(to.chunks_exact_mut(inputs));
    for ((x, to), scale) in rows.zip(scales) {
        *scale = quantize_row(x, to).0;
    }
}

dispatched! {
    /// Rounds rows of `x` into `to`, as many as there are scales.
    fn round(x: &[f32], to: &mut [i8], scales: &mut [f32]) = round_body
}

fn inputs_of(weights: usize, outputs: usize) -> Result<usize> {
    match weights.checked_div(outputs) {
        Some(inputs) if inputs > 0 && inputs * outputs == weights => Ok(inputs),
        _ => candle_core::bail!("{weights} weights for {outputs} outputs"),
    }
}

fn pack_parts_for(
    isa: Isa,
    outputs: usize,
    inputs: usize,
    fill: impl Fn(Range<usize>, Part<'_>) -> Result<()> + Sync,
) -> Result<Int8Matrix> {
    if inputs > MOST_INPUTS {
        candle_core::bail!("{inputs} inputs of an int8 product; at most {MOST_INPUTS}");
    }
    if !isa.is_available() {
        candle_core::bail!("this CPU has no {}", isa.name());
    }
    let layout = Layout::of_isa(isa);
    let (Some((bytes, padded)), 1.., 1..) = (sizes(layout, outputs, inputs), outputs, inputs)
    else {
        candle_core::bail!("no matrix of {outputs} by {inputs}");
    };
    let mut data = Room::new(bytes)?;
    let mut scales = vec![0f32; padded];
    let Layout { columns, step, .. } = layout;
    let panel_bytes = inputs.next_multiple_of(step) * columns;
    // Whole panels a part.
    let panels = (PART / panel_bytes).max(1);
    let part = |weights: &mut Vec<i8>, (index, to, scales): (usize, &mut [u8], &mut [f32])| {
        let first = index * panels * columns;
        let rows = first..(first + scales.len()).min(outputs);
        weights.resize(rows.len() * inputs, 0);
        let scales = &mut scales[..rows.len()];
        fill(rows, Part { weights, scales })?;
        let panels = to.chunks_exact_mut(panel_bytes);
        for (to, rows) in panels.zip(weights.chunks(columns * inputs)) {
            // With a group that the compiler knows it is some times as fast.
            match layout.group {
                2 => panel(layout, 2, inputs, rows, to),
                4 => panel(layout, 4, inputs, rows, to),
                group => panel(layout, group, inputs, rows, to),
            }
        }
        Ok::<(), candle_core::Error>(())
    };
    data.bytes_mut()[..padded / columns * panel_bytes]
        .par_chunks_mut(panels * panel_bytes)
        .zip(scales.par_chunks_mut(panels * columns))
        .enumerate()
        .map(|(index, (to, scales))| (index, to, scales))
        .try_for_each_init(Vec::new, part)?;
    Ok(Int8Matrix { isa, outputs, inputs, layout, data: data.done()?, scales })
}

/// Where weights are packed to.
enum Room {
    Lines(Lines),
    Pages(MmapMut),
}

impl Room {
    fn new(bytes: usize) -> Result<Self> {
        Ok(if bytes < LARGE {
            Self::Lines(Lines::zeros(bytes))
        } else {
            Self::Pages(large_pages(bytes)?)
        })
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Lines(lines) => lines.bytes_mut(),
            Self::Pages(pages) => pages,
        }
    }

    fn done(self) -> Result<Data> {
        Ok(match self {
            Self::Lines(lines) => Data::Own(lines),
            Self::Pages(pages) => {
                let bytes = 0..pages.len();
                Data::Kept(Arc::new(pages.make_read_only()?), bytes)
            }
        })
    }
}

/// Brings `rows` `[columns or fewer, inputs]` into the order of a kernel.
#[inline(always)]
fn panel(layout: Layout, group: usize, inputs: usize, rows: &[i8], to: &mut [u8]) {
    let Layout { columns, offset, .. } = layout;
    to.fill(offset.cast_unsigned() as u8);
    let byte = |weight: i8| (i32::from(weight) + offset).cast_unsigned() as u8;
    for (column, row) in rows.chunks_exact(inputs).enumerate() {
        let (groups, rest) = (row.chunks_exact(group), row.len() / group);
        let last = groups.remainder();
        for (weights, to) in groups.zip(to.chunks_exact_mut(columns * group)) {
            let to = &mut to[column * group..(column + 1) * group];
            for (to, weight) in to.iter_mut().zip(weights) {
                *to = byte(*weight);
            }
        }
        for (at, weight) in last.iter().enumerate() {
            to[(rest * columns + column) * group + at] = byte(*weight);
        }
    }
}
