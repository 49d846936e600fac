//! Every kernel that this CPU can run, against plain code.

use std::sync::Arc;

use candle_core::quantized::k_quants::{BlockQ8_0, matmul};
use candle_core::quantized::{GgmlDType, GgmlType, QTensor};
use candle_core::{Device, Tensor};
use tarjoman::kernels::{
    Attend, Bend, Blocks, Epilogue, Int8Matrix, Isa, Seen, by_heads, reference,
};

/// Numbers that look random and are the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.0 >> 33
    }

    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| (self.next() % 20_001) as f32 / 10_000.0 - 1.0).collect()
    }

    fn bytes(&mut self, count: usize) -> Vec<i8> {
        (0..count).map(|_| (self.next() % 255) as i8).map(|byte| byte.max(-127)).collect()
    }
}

/// Below, at and above the tiles of all kernels: rows by 4 and 6, outputs by 16 and 64, inputs by
/// 2 and 4.
const ROWS: &[usize] = &[1, 2, 3, 4, 5, 6, 7, 12, 13];
const OUTPUTS: &[usize] = &[1, 15, 16, 17, 63, 64, 65, 130];
const INPUTS: &[usize] = &[1, 2, 3, 4, 5, 31, 64, 257];

#[test]
fn every_int8_kernel_gives_what_the_reference_gives() {
    let mut numbers = Numbers(1);
    for &inputs in INPUTS {
        for &outputs in OUTPUTS {
            let weights = numbers.bytes(outputs * inputs);
            let scales: Vec<f32> = numbers.floats(outputs).iter().map(|x| x.abs()).collect();
            let bias = numbers.floats(outputs);
            let matrices: Vec<Int8Matrix> = Isa::available()
                .into_iter()
                .map(|isa| Int8Matrix::pack_for(isa, &weights, &scales).expect("it is packed"))
                .collect();
            for &rows in ROWS {
                let x = numbers.floats(rows * inputs);
                for (bias, bend) in [
                    (None, Bend::Nothing),
                    (None, Bend::Swish),
                    (Some(&bias), Bend::Nothing),
                    (Some(&bias), Bend::Relu),
                    (Some(&bias), Bend::Swish),
                ] {
                    let epilogue = Epilogue { bias: bias.map(Vec::as_slice), bend };
                    let expected = reference::int8_product(&x, rows, &weights, &scales, epilogue);
                    for matrix in &matrices {
                        let found = matrix.product(&x, epilogue);
                        assert_eq!(found, expected, "{matrix:?}, {rows} rows, {bend:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_product_of_many_rows_over_many_threads_gives_what_the_reference_gives() {
    let mut numbers = Numbers(2);
    // More rows than fit the cache at once; enough work for several threads.
    let (rows, outputs, inputs) = (700, 200, 512);
    let weights = numbers.bytes(outputs * inputs);
    let scales = numbers.floats(outputs);
    let x = numbers.floats(rows * inputs);
    let expected = reference::int8_product(&x, rows, &weights, &scales, Epilogue::default());
    for isa in Isa::available() {
        let matrix = Int8Matrix::pack_for(isa, &weights, &scales).expect("it is packed");
        assert!(matrix.product(&x, Epilogue::default()) == expected, "{matrix:?}");
    }
}

#[test]
fn the_largest_inputs_and_weights_do_not_overflow() {
    let inputs = 4096;
    let (x, weights) = (vec![1.0; inputs], vec![-127; inputs]);
    for isa in Isa::available() {
        let matrix = Int8Matrix::pack_for(isa, &weights, &[1.0]).expect("it is packed");
        let sum = matrix.product(&x, Epilogue::default())[0];
        assert!((sum + 127.0 * 4096.0).abs() < 1.0, "{matrix:?}: {sum}");
    }
}

#[test]
fn inputs_that_are_all_zero_or_no_numbers_do_no_harm() {
    for isa in Isa::available() {
        let matrix = Int8Matrix::pack_for(isa, &[3; 8], &[1.0; 2]).expect("it is packed");
        let product = |x: f32| matrix.product(&[x, 1e-40, 0.0, 0.0], Epilogue::default());
        assert!(product(0.0).iter().all(|value| value.abs() < 1e-30), "{matrix:?}");
        assert!(product(f32::NAN).iter().all(|value| value.is_nan()), "{matrix:?}");
        assert!(product(f32::INFINITY).iter().all(|value| !value.is_finite()), "{matrix:?}");
    }
}

#[test]
fn a_row_of_a_packed_matrix_is_the_row_that_went_in() {
    let mut numbers = Numbers(3);
    let (outputs, inputs) = (70, 33);
    let weights = numbers.floats(outputs * inputs);
    let mut row = vec![0.0; inputs];
    let matrix = Int8Matrix::quantize(&weights, outputs).expect("it is packed");
    for (index, expected) in weights.chunks(inputs).enumerate() {
        matrix.row(index, &mut row);
        let largest = expected.iter().fold(0f32, |largest, x| largest.max(x.abs()));
        for (found, expected) in row.iter().zip(expected) {
            assert!((found - expected).abs() <= largest / 254.0 + 1e-6, "{found} for {expected}");
        }
    }
}

#[test]
fn some_rows_of_a_matrix_give_these_outputs_alone() {
    let mut numbers = Numbers(5);
    let (outputs, inputs) = (70, 33);
    let (weights, scales) = (numbers.bytes(outputs * inputs), numbers.floats(outputs));
    let (x, ids) = (numbers.floats(2 * inputs), [69, 0, 17, 16, 3]);
    for isa in Isa::available() {
        let matrix = Int8Matrix::pack_for(isa, &weights, &scales).expect("it is packed");
        let all = matrix.product(&x, Epilogue::default());
        let expected: Vec<f32> =
            all.chunks(outputs).flat_map(|row| ids.iter().map(|id| row[*id as usize])).collect();
        let some = matrix.select(&ids).expect("there are such rows");
        assert_eq!(some.product(&x, Epilogue::default()), expected, "{some:?}");
        assert!(matrix.select(&[70]).is_err());
    }
}

#[test]
fn attention_over_rows_and_by_heads_is_a_weighted_mean_of_what_is_seen() {
    let mut numbers = Numbers(4);
    // Below, at and above the channels that are added up at once.
    for (heads, head_dim) in [(2, 5), (3, 32), (2, 64), (1, 100)] {
        let channels = heads * head_dim;
        let lengths = [7, 1, 40];
        let tokens: usize = lengths.iter().sum();
        let [queries, keys, values] = [(); 3].map(|()| numbers.floats(tokens * channels));
        let first = |row: usize| if row < 7 { 0 } else { 7 + usize::from(row > 7) };
        let length = |row: usize| lengths[usize::from(row > 6) + usize::from(row > 7)];
        let seen: Vec<Vec<u32>> = (0..tokens)
            .map(|row| (first(row) as u32..(first(row) + length(row)) as u32).collect())
            .collect();
        let scale = 0.3;
        let sorted = [&keys, &values].map(|x| by_heads(x, &lengths, heads, channels));
        let [mut by_rows, mut by_blocks] = [(); 2].map(|()| vec![f32::NAN; tokens * channels]);
        let attend =
            Attend { queries: &queries, keys: &keys, values: &values, heads, channels, scale };
        attend.run(|row| Seen::Rows(&seen[row]), &mut by_rows);
        let [keys_by_heads, values_by_heads] = &sorted;
        Attend { keys: keys_by_heads, values: values_by_heads, ..attend }
            .run(|row| Seen::ByHeads(first(row), length(row)), &mut by_blocks);
        assert_eq!(by_rows, by_blocks);
        for row in 0..tokens {
            for channel in 0..channels {
                let head = channel / head_dim * head_dim..(channel / head_dim + 1) * head_dim;
                let part = |x: &[f32], row: usize| x[row * channels..][head.clone()].to_vec();
                let weights: Vec<f64> = seen[row]
                    .iter()
                    .map(|key| {
                        let pairs = part(&queries, row).into_iter().zip(part(&keys, *key as usize));
                        let dot: f64 = pairs.map(|(a, b)| f64::from(a) * f64::from(b)).sum();
                        (dot * f64::from(scale)).exp()
                    })
                    .collect();
                let mean: f64 = seen[row]
                    .iter()
                    .zip(&weights)
                    .map(|(key, w)| w * f64::from(values[*key as usize * channels + channel]))
                    .sum::<f64>()
                    / weights.iter().sum::<f64>();
                let found = f64::from(by_rows[row * channels + channel]);
                assert!((found - mean).abs() < 1e-5, "{found} for {mean}");
            }
        }
    }
}

const FORMATS: [GgmlDType; 10] = [
    GgmlDType::Q4_0,
    GgmlDType::Q4_1,
    GgmlDType::Q5_0,
    GgmlDType::Q5_1,
    GgmlDType::Q8_0,
    GgmlDType::Q2K,
    GgmlDType::Q3K,
    GgmlDType::Q4K,
    GgmlDType::Q5K,
    GgmlDType::Q6K,
];

/// Bytes that are aligned as a mapped file is, with some before the matrix.
fn in_a_file(bytes: &[u8]) -> (Arc<Vec<u8>>, usize) {
    let mut file = vec![0; bytes.len() + 128];
    let start = 64 + file.as_ptr().align_offset(64);
    file[start..start + bytes.len()].copy_from_slice(bytes);
    (Arc::new(file), start)
}

#[test]
fn products_of_blocks_in_a_file_are_those_of_their_values_but_for_the_rounding_of_inputs() {
    let mut numbers = Numbers(5);
    // Below, at and above four outputs and sixteen rows, which candle does at a time.
    for kind in FORMATS {
        for outputs in [1, 3, 4, 5, 11] {
            let inputs = 512;
            let floats = numbers.floats(outputs * inputs);
            let tensor =
                Tensor::from_vec(floats, (outputs, inputs), &Device::Cpu).expect("a tensor");
            let quantised = QTensor::quantize(&tensor, kind).expect("blocks");
            let (file, start) = in_a_file(&quantised.data().expect("bytes"));
            let blocks = Blocks::new(file, start, kind, [outputs, inputs]).expect("a matrix");
            let values = quantised.dequantize(&Device::Cpu).expect("floats");
            let values: Vec<f32> = values.flatten_all().and_then(|v| v.to_vec1()).expect("floats");
            let ids: Vec<u32> = (0..outputs as u32).rev().collect();
            let rows: Vec<f32> = values.rchunks(inputs).flatten().copied().collect();
            assert_eq!(blocks.rows(&ids).expect("rows"), rows, "{kind:?}");
            for rows in [0, 1, 2, 15, 16, 17] {
                let x = numbers.floats(rows * inputs);
                let found = blocks.product(&x).expect("a product");
                let expected = x.chunks(inputs).flat_map(|x| {
                    let dot = |row: &[f32]| row.iter().zip(x).map(|(a, b)| a * b).sum::<f32>();
                    values.chunks(inputs).map(dot).collect::<Vec<_>>()
                });
                let expected: Vec<f32> = expected.collect();
                assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(&expected) {
                    // 512 products of numbers of about a half each, rounded to 8 bits.
                    assert!((found - expected).abs() < 0.2, "{kind:?}: {found} for {expected}");
                }
            }
        }
    }
}

#[test]
fn products_of_q8_0_are_those_of_candle_to_the_bit() {
    let mut numbers = Numbers(6);
    for (outputs, inputs) in [(1, 32), (3, 96), (4, 512), (9, 512), (700, 1024)] {
        let floats = numbers.floats(outputs * inputs);
        let mut values = vec![BlockQ8_0::zeros(); floats.len() / 32];
        BlockQ8_0::from_float(&floats, &mut values);
        let tensor = Tensor::from_vec(floats, (outputs, inputs), &Device::Cpu).expect("a tensor");
        let quantised = QTensor::quantize(&tensor, GgmlDType::Q8_0).expect("blocks");
        let (file, start) = in_a_file(&quantised.data().expect("bytes"));
        let blocks =
            Blocks::new(file, start, GgmlDType::Q8_0, [outputs, inputs]).expect("a matrix");
        for rows in [1, 2, 3, 8, 9] {
            let x = numbers.floats(rows * inputs);
            let mut expected = vec![0.0; rows * outputs];
            matmul((rows, inputs, outputs), &x, &values, &mut expected).expect("a product");
            assert!(blocks.product(&x).expect("a product") == expected, "{rows} by {outputs}");
        }
    }
}

#[test]
fn blocks_of_any_bytes_have_exact_products() {
    // Every value of a byte, also -128, which ggml never writes; all scales are 1.
    let weights: Vec<i8> = (0..1024).map(|at| (at * 37 % 256 - 128) as i8).collect();
    let mut bytes = Vec::new();
    for block in weights.chunks(32) {
        bytes.extend([0x00, 0x3c]);
        bytes.extend(block.iter().map(|weight| weight.cast_unsigned()));
    }
    let (file, start) = in_a_file(&bytes);
    let blocks = Blocks::new(file, start, GgmlDType::Q8_0, [4, 256]).expect("a matrix");
    for x in [127.0, -127.0] {
        // Of one size, so that nothing is rounded.
        let x: Vec<f32> = (0..256).map(|at| if at % 3 == 0 { -x } else { x }).collect();
        let dot = |row: &[i8]| row.iter().zip(&x).map(|(a, b)| f32::from(*a) * b).sum::<f32>();
        let expected: Vec<f32> = weights.chunks(256).map(dot).collect();
        assert_eq!(blocks.product(&x).expect("a product"), expected);
    }
}

#[test]
fn blocks_that_are_not_all_there_are_refused() {
    let kind = GgmlDType::Q8_0;
    let tensor = Tensor::zeros((4, 64), candle_core::DType::F32, &Device::Cpu).expect("a tensor");
    let quantised = QTensor::quantize(&tensor, kind).expect("blocks");
    let (file, start) = in_a_file(&quantised.data().expect("bytes"));
    let whole = |start, shape| Blocks::new(file.clone(), start, kind, shape);
    let matrix = whole(start, [4, 64]).expect("a matrix");
    assert!(matrix.rows(&[4]).is_err());
    assert!(matrix.product(&[0.0; 63]).is_err());
    let refused = |found: candle_core::Result<Blocks>, word: &str| {
        let error = found.expect_err("it is refused").to_string();
        assert!(error.contains(word), "{error}");
    };
    refused(whole(start + 1, [4, 64]), "not aligned");
    refused(whole(start, [400, 64]), "beyond");
    refused(whole(usize::MAX - 1, [4, 64]), "beyond");
    refused(whole(start, [usize::MAX / 2, 64]), "beyond");
    refused(whole(start, [4, 63]), "blocks of 32");
    refused(whole(start, [4, 0]), "blocks of 32");
    refused(Blocks::new(file, start, GgmlDType::Q8_1, [4, 64]), "Q8_1");
}
