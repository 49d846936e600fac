use std::collections::BTreeMap;
use std::ops::Range;

use super::Reader;

/// The version of the format, `BINARY_FILE_VERSION`.
const VERSION: u64 = 1;
/// The item that holds the options of the network.
const OPTIONS: &str = "special:model.yml";
/// What Marian puts before names while it runs.
const NAMESPACE: &str = "F0::";

/// How the numbers of an item are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `float32`
    Float32,
    /// `float16`
    Float16,
    /// `int8`: text.
    Bytes,
    /// `intgemm8`: a matrix in 8 bits, then the factor by which it was multiplied (`f32`). The
    /// shape is that of the matrix, but its columns are stored one after the other, as the rows of
    /// the transposed matrix would be; only embeddings are stored by rows.
    Intgemm8,
    /// `intgemm16`: the same in 16 bits.
    Intgemm16,
}

impl Kind {
    /// From the numbers of `marian::Type`.
    fn of(number: u64) -> Option<Self> {
        Some(match number {
            0x0404 => Self::Float32,
            0x0402 => Self::Float16,
            0x0101 => Self::Bytes,
            0x4101 => Self::Intgemm8,
            0x4102 => Self::Intgemm16,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::Bytes | Self::Intgemm8 => 1,
            Self::Float16 | Self::Intgemm16 => 2,
            Self::Float32 => 4,
        }
    }

    /// Bytes behind the numbers that belong to them.
    fn behind(self) -> usize {
        if matches!(self, Self::Intgemm8 | Self::Intgemm16) { 4 } else { 0 }
    }
}

struct Item {
    kind: Kind,
    shape: Vec<usize>,
    data: Range<usize>,
}

/// Numbers with their shape, as they are in the file.
#[derive(Debug, Clone, Copy)]
pub struct Array<'a> {
    /// How they are kept.
    pub kind: Kind,
    /// Rows and columns, mostly.
    pub shape: &'a [usize],
    /// Little endian; as many as the shape has.
    pub data: &'a [u8],
    /// What the numbers were multiplied with; 1 for those in floating point.
    pub factor: f32,
}

/// A binary file of Marian: named arrays of numbers.
///
/// ```text
/// version, count                                    u64 each
/// name length, type, shape length, data length      u64 each, for each item
/// names, each with a zero at its end
/// shapes                                            i32
/// n: u64, n bytes of padding, data of all items
/// ```
pub struct Container {
    bytes: Vec<u8>,
    items: BTreeMap<String, Item>,
}

impl Container {
    /// Reads the list of items. Takes no memory beyond what the list has in `bytes`.
    ///
    /// # Errors
    /// When the file is cut off, of another version, or an item is of a type that is not known or
    /// shorter than its shape.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let mut reader = Reader(&bytes);
        let cut = || "it is cut off".to_string();
        let version = reader.u64().ok_or_else(cut)?;
        if version != VERSION {
            return Err(format!(
                "it is no Marian model of version {VERSION}: it starts with {version:#x}"
            ));
        }
        let count = reader.u64().ok_or_else(cut)?;
        let headers = reader.take(count.checked_mul(32).ok_or_else(cut)?).ok_or_else(cut)?;
        let headers: Vec<[u64; 4]> = headers
            .as_chunks::<32>()
            .0
            .iter()
            .map(|header| {
                let mut fields = Reader(header);
                std::array::from_fn(|_| fields.u64().unwrap_or_default())
            })
            .collect();
        let names = headers
            .iter()
            .map(|[length, ..]| name(reader.take(*length).ok_or_else(cut)?))
            .collect::<Result<Vec<_>, _>>()?;
        let shapes = headers
            .iter()
            .zip(&names)
            .map(|([_, _, length, _], name)| {
                let bytes = length.checked_mul(4).ok_or_else(cut)?;
                shape(reader.take(bytes).ok_or_else(cut)?)
                    .ok_or_else(|| format!("{name} has a shape that makes no sense"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let padding = reader.u64().ok_or_else(cut)?;
        reader.take(padding).ok_or_else(cut)?;

        let mut items = BTreeMap::new();
        for (([_, number, _, length], name), shape) in headers.into_iter().zip(names).zip(shapes) {
            let kind = Kind::of(number)
                .ok_or_else(|| format!("{name} is of type {number:#06x}, which is not known"))?;
            let start = bytes.len() - reader.0.len();
            let data = reader.take(length).ok_or_else(cut)?;
            let elements = shape.iter().try_fold(1usize, |product, n| product.checked_mul(*n));
            let needed = elements
                .and_then(|elements| elements.checked_mul(kind.bytes())?.checked_add(kind.behind()))
                .filter(|needed| *needed <= data.len())
                .ok_or_else(|| format!("{name} has fewer numbers than its shape {shape:?}"))?;
            let item = Item { kind, shape, data: start..start + needed };
            if items.insert(name.clone(), item).is_some() {
                return Err(format!("{name} is there twice"));
            }
        }
        Ok(Self { bytes, items })
    }

    /// The `model.yml` inside: the options with which the network was trained.
    ///
    /// # Errors
    /// When there is none, or it is no text.
    pub fn options(&self) -> Result<&str, String> {
        let array = self.get(OPTIONS).ok_or(format!("it has no {OPTIONS}"))?;
        let text = array.data.split(|byte| *byte == 0).next().unwrap_or_default();
        match array.kind {
            Kind::Bytes => std::str::from_utf8(text)
                .map_err(|error| format!("its {OPTIONS} is no text: {error}")),
            other => Err(format!("its {OPTIONS} is of type {other:?}")),
        }
    }

    /// An item by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Array<'_>> {
        let Item { kind, shape, data } = self.items.get(name)?;
        let data = &self.bytes[data.clone()];
        let (data, behind) = data.split_at(data.len() - kind.behind());
        let factor = behind.first_chunk().map_or(1.0, |bytes| f32::from_le_bytes(*bytes));
        Some(Array { kind: *kind, shape, data, factor })
    }

    /// Whether any matrix has 8 bits.
    #[must_use]
    pub fn is_int8(&self) -> bool {
        self.items.values().any(|item| item.kind == Kind::Intgemm8)
    }

    /// The names of all items, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.items.keys().map(String::as_str)
    }
}

fn name(bytes: &[u8]) -> Result<String, String> {
    let text = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    let text = std::str::from_utf8(text).map_err(|_| "a name in it is no text".to_string())?;
    Ok(text.strip_prefix(NAMESPACE).unwrap_or(text).to_string())
}

fn shape(bytes: &[u8]) -> Option<Vec<usize>> {
    super::numbers(bytes, i32::from_le_bytes)
        .into_iter()
        .map(|length| usize::try_from(length).ok().filter(|length| *length > 0))
        .collect()
}
