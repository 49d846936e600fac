use std::hint::black_box;
use std::time::{Duration, Instant};

use candle_core::{Device, Tensor};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernels::{Epilogue, Int8Matrix, Isa};

/// How long each kind of work is repeated.
const SPAN: Duration = Duration::from_millis(300);

/// Rows, inputs and outputs of the products: large enough that starting threads does not count.
const SIZE: (usize, usize, usize) = (512, 1024, 1024);

/// Bytes that are read for the memory bandwidth: more than caches hold.
const READ: usize = 256 << 20;

/// What a machine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// As the processor calls itself.
    pub cpu: String,
    /// Threads that run at the same time.
    pub cores: usize,
    /// All of it, where the system says so.
    pub memory_bytes: Option<u64>,
    /// The instructions of 8-bit products.
    pub isa: String,
    /// Operating system and processor family.
    pub system: String,
}

impl Machine {
    /// The one that this runs on.
    #[must_use]
    pub fn here() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let kibibytes = field(&read("/proc/meminfo"), "MemTotal")
            .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        Self {
            cpu: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: kibibytes.map(|kibibytes| kibibytes * 1024),
            isa: Isa::best().name().to_owned(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        }
    }
}

/// What so many threads of this machine do at best. The best of some repetitions: what else runs on
/// the machine only slows them down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// Threads.
    pub threads: usize,
    /// 10^9 operations a second of a large product in 8 bits, by our kernel.
    pub int8_gops: f64,
    /// The same in 32-bit floats, by candle's.
    pub f32_gops: f64,
    /// 10^9 bytes a second, read one after another.
    pub read_gbs: f64,
}

impl Peak {
    /// Measures, for about a second.
    ///
    /// # Errors
    /// When there are no threads, or no memory for the products.
    pub fn measure(threads: usize) -> candle_core::Result<Self> {
        let pool = ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
        let pool = pool.map_err(candle_core::Error::wrap)?;
        let (rows, inputs, outputs) = SIZE;
        let operations = 2.0 * (rows * inputs * outputs) as f64;

        let weights: Vec<i8> = (0..inputs * outputs).map(|at| (at * 31 % 127) as i8).collect();
        let matrix = Int8Matrix::pack(&weights, &vec![0.01; outputs])?;
        let x: Vec<f32> = (0..rows * inputs).map(|at| (at * 37 % 101) as f32 - 50.0).collect();
        let mut out = vec![0.0; rows * outputs];
        let int8 = pool
            .install(|| best(|| matrix.product_into(black_box(&x), Epilogue::default(), &mut out)));

        let a = Tensor::from_vec(x, (rows, inputs), &Device::Cpu)?;
        let b = Tensor::rand(-1f32, 1f32, (outputs, inputs), &Device::Cpu)?.t()?;
        // The first one says whether it works at all.
        a.matmul(&b)?;
        let f32 = pool.install(|| {
            best(|| {
                black_box(a.matmul(black_box(&b)).ok());
            })
        });

        let numbers = vec![1u64; READ / size_of::<u64>()];
        let part = numbers.len().div_ceil(8 * threads.max(1));
        let sum = |part: &[u64]| part.iter().fold(0u64, |sum, number| sum.wrapping_add(*number));
        let read = pool.install(|| {
            best(|| {
                let sums = black_box(&numbers).par_chunks(part).map(sum);
                black_box(sums.reduce(|| 0, u64::wrapping_add));
            })
        });
        Ok(Self {
            threads,
            int8_gops: operations / int8 / 1e9,
            f32_gops: operations / f32 / 1e9,
            read_gbs: READ as f64 / read / 1e9,
        })
    }

    /// The better of both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            threads: self.threads,
            int8_gops: self.int8_gops.max(other.int8_gops),
            f32_gops: self.f32_gops.max(other.f32_gops),
            read_gbs: self.read_gbs.max(other.read_gbs),
        }
    }
}

/// Seconds of the fastest of many calls.
pub(super) fn best(mut f: impl FnMut()) -> f64 {
    f();
    let (begin, mut fastest) = (Instant::now(), f64::INFINITY);
    while begin.elapsed() < SPAN {
        let start = Instant::now();
        f();
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    fastest
}
