/// How inputs of a product become whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Rounding {
    /// The largest of a row to 127, halves to the even one.
    #[default]
    Largest,
    /// As intgemm (<https://github.com/kpu/intgemm>) does it for Marian: inputs are multiplied with
    /// a factor, cut at 127 and rounded, halves to the even one; sums are divided by the factors of
    /// both sides.
    Marian {
        /// The factor of inputs; without it, what makes the largest of a row 127. (Marian measures
        /// the whole batch: results depend on the neighbours there.)
        alpha: Option<f32>,
        /// The factor of weights. What weights stand for is in it; their scales are 1.
        weights: f32,
    },
}

/// What happens to a product on its way out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Epilogue<'a> {
    /// `[outputs]`, added.
    pub bias: Option<&'a [f32]>,
    /// The non-linearity, last.
    pub bend: Bend,
}

/// A non-linearity that products have on their way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bend {
    /// None.
    #[default]
    Nothing,
    /// What is below 0 becomes 0.
    Relu,
    /// `x * sigmoid(x)`
    Swish,
}
