//! Models in 8 bits: from floats, and from files that hold 8 bits.

use std::collections::HashMap;
use std::path::Path;

use candle_core::Device;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tarjoman::kernels::reference;
use tarjoman::model::{ComputeType, FileData, ModelFiles, Seq2Seq, families};

use crate::decode::{cases, files, golden, options, run};

/// A copy of a golden model's weights with its matrices in 8 bits, as `export.py --int8` makes it.
fn write_int8(folder: &str, to: &Path) {
    let bytes = std::fs::read(golden(folder).join("model.safetensors")).expect("the golden");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let mut made: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    for (name, view) in tensors.tensors() {
        let matrix = view.shape().len() == 2 && name.ends_with(".weight");
        if !matrix || name.contains("embed_positions") {
            made.push((name, view.dtype(), view.shape().to_vec(), view.data().to_vec()));
            continue;
        }
        assert_eq!(view.dtype(), Dtype::F32);
        let floats: Vec<f32> = view
            .data()
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")))
            .collect();
        let (mut weights, mut scales) = (Vec::new(), Vec::new());
        for row in floats.chunks(view.shape()[1]) {
            let (rounded, scale) = reference::int8_round(row);
            weights.extend(rounded.iter().map(|weight| weight.cast_unsigned()));
            scales.extend(scale.to_le_bytes());
        }
        made.push((format!("{name}_scale"), Dtype::F32, vec![view.shape()[0]], scales));
        made.push((name, Dtype::I8, view.shape().to_vec(), weights));
    }
    let views: HashMap<&str, TensorView<'_>> = made
        .iter()
        .map(|(name, dtype, shape, data)| {
            (name.as_str(), TensorView::new(*dtype, shape.clone(), data).expect("a tensor"))
        })
        .collect();
    safetensors::serialize_to_file(views, None, to).expect("it is written");
}

fn load(files: &ModelFiles, compute_type: ComputeType) -> Box<dyn Seq2Seq> {
    families::load_as(files, &Device::Cpu, compute_type).expect("it loads")
}

#[test]
fn weights_rounded_at_load_and_weights_rounded_in_the_file_give_the_same_tokens_and_scores() {
    for folder in ["marian-tiny", "marian-separate", "m2m100-tiny", "mbart-tiny"] {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("model.safetensors");
        write_int8(folder, &path);
        let floats = files(folder, &["model.safetensors"]);
        let bytes = ModelFiles { weights: vec![FileData::Path(path)], ..floats.clone() };
        let (rows, cases) = cases(folder);
        let options = options(&cases[0]);
        let expected = run(load(&floats, ComputeType::Int8).as_ref(), &rows, &options);
        let found = run(load(&bytes, ComputeType::Int8).as_ref(), &rows, &options);
        assert_eq!(found, expected, "{folder}");
        let automatic = run(load(&bytes, ComputeType::Auto).as_ref(), &rows, &options);
        assert_eq!(automatic, expected, "{folder}");
    }
}

#[test]
fn a_file_in_8_bits_can_be_computed_in_floats() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("model.safetensors");
    write_int8("marian-tiny", &path);
    let floats = files("marian-tiny", &["model.safetensors"]);
    let bytes = ModelFiles { weights: vec![FileData::Path(path)], ..floats.clone() };
    let (rows, cases) = cases("marian-tiny");
    let case = cases.iter().find(|case| case.name == "beam4").expect("the default case");
    let options = options(case);
    // Nothing but the weights is rounded, which is little: most first candidates stay the same.
    let expected = run(load(&floats, ComputeType::F32).as_ref(), &rows, &options);
    let found = run(load(&bytes, ComputeType::F32).as_ref(), &rows, &options);
    let same = found.iter().zip(&expected).filter(|(a, b)| a[0].tokens == b[0].tokens).count();
    assert!(same * 2 > rows.len(), "{same} of {}", rows.len());
}

#[test]
fn a_matrix_in_8_bits_without_its_scales_is_an_error() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("model.safetensors");
    let bytes = std::fs::read(golden("marian-tiny/model.safetensors")).expect("the golden");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let name = "model.encoder.layers.0.fc1.weight";
    let shape = tensors.tensor(name).expect("it is there").shape().to_vec();
    let zeros = vec![0; shape.iter().product()];
    let mut views: HashMap<String, TensorView<'_>> = tensors.tensors().into_iter().collect();
    views.insert(name.into(), TensorView::new(Dtype::I8, shape, &zeros).expect("a tensor"));
    safetensors::serialize_to_file(views, None, &path).expect("it is written");
    let files = ModelFiles { weights: vec![FileData::Path(path)], ..files("marian-tiny", &[]) };
    for compute_type in [ComputeType::F32, ComputeType::Int8] {
        let error = families::load_as(&files, &Device::Cpu, compute_type).err().expect("an error");
        let cause = std::error::Error::source(&error).expect("a cause").to_string();
        assert!(cause.contains("fc1.weight_scale"), "{cause}");
    }
}
