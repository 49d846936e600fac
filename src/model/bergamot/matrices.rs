use std::sync::Arc;

use candle_core::{DType, Device, Error, Result, Tensor};

use super::super::layers::{Linear, StudentMatrix};
use super::{Array, Container, Kind, numbers};

/// Layers from the items of a file.
pub(in crate::model) struct Matrices<'a> {
    pub(in crate::model) container: &'a Container,
    pub(in crate::model) device: &'a Device,
}

impl Matrices<'_> {
    /// `[length]`, from an item `[1, length]` or `[length]`.
    ///
    /// # Errors
    /// When it is missing or of another shape.
    pub(in crate::model) fn vector(&self, name: &str, length: usize) -> Result<Tensor> {
        let array = self.get(name)?;
        if array.shape.iter().product::<usize>() != length {
            candle_core::bail!("{name} has the shape {:?}, not [1, {length}]", array.shape);
        }
        self.floats(&array, name)?.reshape(length)
    }

    /// A product with the item `name` `[input, output]`.
    ///
    /// # Errors
    /// When it is missing or of another shape.
    pub(in crate::model) fn linear(
        &self,
        name: &str,
        bias: Option<&str>,
        input: usize,
        output: usize,
    ) -> Result<Linear> {
        let array = self.matrix(name, [input, output])?;
        let bias = bias.map(|bias| self.vector(bias, output)).transpose()?;
        Ok(match array.kind {
            Kind::Intgemm8 => {
                let alpha = self.alpha(name)?;
                let matrix = StudentMatrix::new(
                    &int8(&array),
                    [output, input],
                    factor(&array, name)?,
                    alpha,
                )?;
                return Linear::Student { weight: Arc::new(matrix), bias: None }.with_bias(bias);
            }
            Kind::Intgemm16 => {
                let weight = self.floats(&array, name)?.reshape((output, input))?;
                Linear::Float { weight, bias }
            }
            _ => Linear::Float { weight: self.floats(&array, name)?.t()?.contiguous()?, bias },
        })
    }

    /// An embedding `[tokens, channels]`, of which rows are taken; and the same matrix for the
    /// product at the end, which has 8 bits where those of the other layers have.
    ///
    /// # Errors
    /// When it is missing or of another shape.
    pub(in crate::model) fn embedding(
        &self,
        name: &str,
        tokens: usize,
        channels: usize,
    ) -> Result<(Linear, Linear)> {
        let shape = [tokens, channels];
        let array = self.matrix(name, shape)?;
        let table = if array.kind == Kind::Intgemm8 {
            let factor = factor(&array, name)?;
            let matrix = StudentMatrix::new(&int8(&array), shape, factor, self.alpha(name)?)?;
            let table = Linear::Student { weight: Arc::new(matrix), bias: None };
            return Ok((table.clone(), table));
        } else {
            self.floats(&array, name)?
        };
        let float = Linear::Float { weight: table.clone(), bias: None };
        if !self.container.is_int8() {
            return Ok((float.clone(), float));
        }
        let values: Vec<f32> = table.flatten_all()?.to_vec1()?;
        let matrix = StudentMatrix::quantise(&values, shape, self.alpha(name)?)?;
        Ok((float, Linear::Student { weight: Arc::new(matrix), bias: None }))
    }

    /// The factor by which the inputs of a product are multiplied before they are rounded, where
    /// one was measured when the model was made. The last product has its own, or `none`: Marian
    /// lost the name of that matrix once a shortlist was applied to it.
    fn alpha(&self, name: &str) -> Result<Option<f32>> {
        let own = format!("{name}_QuantMultA");
        let others = if name.ends_with("Wemb") { &["none_QuantMultA"][..] } else { &[] };
        let mut names = std::iter::once(own.as_str()).chain(others.iter().copied());
        let Some(name) = names.find(|name| self.container.get(name).is_some()) else {
            return Ok(None);
        };
        let alpha = self.vector(name, 1)?.to_vec1::<f32>()?[0];
        if !(alpha.is_finite() && alpha > 0.0) {
            candle_core::bail!("{name} is {alpha}");
        }
        Ok(Some(alpha))
    }

    fn matrix(&self, name: &str, shape: [usize; 2]) -> Result<Array<'_>> {
        let array = self.get(name)?;
        if array.shape != shape {
            candle_core::bail!("{name} has the shape {:?}, not {shape:?}", array.shape);
        }
        Ok(array)
    }

    fn get(&self, name: &str) -> Result<Array<'_>> {
        self.container
            .get(name)
            .ok_or_else(|| Error::CannotFindTensor { path: name.to_string() }.bt())
    }

    /// The values, in the order of the file.
    fn floats(&self, array: &Array<'_>, name: &str) -> Result<Tensor> {
        match array.kind {
            Kind::Float32 => {
                Tensor::from_vec(numbers(array.data, f32::from_le_bytes), array.shape, self.device)
            }
            Kind::Float16 => {
                Tensor::from_raw_buffer(array.data, DType::F16, array.shape, self.device)?
                    .to_dtype(DType::F32)
            }
            Kind::Intgemm16 => {
                let step = 1.0 / factor(array, name)?;
                let values = numbers(array.data, i16::from_le_bytes);
                let values = values.into_iter().map(|value| f32::from(value) * step).collect();
                Tensor::from_vec(values, array.shape, self.device)
            }
            // What has the name of an embedding in its own: its `QuantMultA`, a single number.
            Kind::Intgemm8 => {
                let step = 1.0 / factor(array, name)?;
                let values = int8(array).into_iter().map(|value| f32::from(value) * step).collect();
                Tensor::from_vec(values, array.shape, self.device)
            }
            Kind::Bytes => candle_core::bail!("{name} is text"),
        }
    }
}

fn int8(array: &Array<'_>) -> Vec<i8> {
    array.data.iter().map(|byte| byte.cast_signed()).collect()
}

fn factor(array: &Array<'_>, name: &str) -> Result<f32> {
    if !(array.factor.is_finite() && array.factor > 0.0) {
        candle_core::bail!("the factor of {name} is {}", array.factor);
    }
    Ok(array.factor)
}
