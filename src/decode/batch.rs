//! Sentences that are decoded together.

use candle_core::{Device, Tensor};

use super::Result;

/// Sentences that are decoded together: ids and tokens, no text.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Whose sentences they are; the search does not look at them.
    pub ids: Vec<usize>,
    /// `[batch, source_time]`, `u32`, padded on the right.
    pub input_ids: Tensor,
    /// `[batch]`: tokens of each row without padding.
    pub lengths: Vec<usize>,
}

impl Batch {
    /// Pads rows to the longest of them.
    ///
    /// # Errors
    /// When the device fails.
    pub fn new(rows: &[(usize, &[u32])], pad: u32, device: &Device) -> Result<Self> {
        let time = rows.iter().map(|(_, tokens)| tokens.len()).max().unwrap_or(0);
        let mut flat = Vec::with_capacity(rows.len() * time);
        for (_, tokens) in rows {
            flat.extend_from_slice(tokens);
            flat.resize(flat.len() + time - tokens.len(), pad);
        }
        Ok(Self {
            ids: rows.iter().map(|(id, _)| *id).collect(),
            input_ids: Tensor::from_vec(flat, (rows.len(), time), device)?,
            lengths: rows.iter().map(|(_, tokens)| tokens.len()).collect(),
        })
    }
}

/// Groups sentences of like length so that no group, padding counted in, has more than
/// `max_tokens` source tokens (a longer sentence is a group of its own). Longest first: the
/// peak of memory comes at the start, and the last groups are short ones.
#[must_use]
pub fn plan(lengths: &[usize], max_tokens: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(lengths[*index]), *index));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut room = 0;
    for index in order {
        match groups.last_mut() {
            Some(group) if room > 0 => group.push(index),
            _ => {
                room = (max_tokens / lengths[index].max(1)).max(1);
                groups.push(vec![index]);
            }
        }
        room -= 1;
    }
    groups
}
