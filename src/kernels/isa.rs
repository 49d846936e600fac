use std::sync::OnceLock;

/// Names the path to take in place of the best one.
pub const VARIABLE: &str = "TARJOMAN_ISA";

/// A set of instructions that kernels are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust, on every CPU.
    Portable,
    /// aarch64: widening multiplications of Advanced SIMD.
    Neon,
    /// aarch64: `sdot` of Armv8.2.
    NeonDot,
    /// `x86_64`: `vpmaddwd` on weights widened in registers.
    Avx2,
    /// `x86_64`: `vpdpbusd` on 256 bits.
    AvxVnni,
    /// `x86_64`: `vpdpbusd` on 512 bits.
    Avx512Vnni,
}

impl Isa {
    /// All, the slowest first.
    const ALL: [Self; 6] =
        [Self::Portable, Self::Neon, Self::NeonDot, Self::Avx2, Self::AvxVnni, Self::Avx512Vnni];

    /// The name that `TARJOMAN_ISA` takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Neon => "neon",
            Self::NeonDot => "neon-dot",
            Self::Avx2 => "avx2",
            Self::AvxVnni => "avx-vnni",
            Self::Avx512Vnni => "avx512-vnni",
        }
    }

    /// Whether this CPU has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[cfg(target_arch = "aarch64")]
            Self::NeonDot => std::arch::is_aarch64_feature_detected!("dotprod"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => Self::Avx2.is_available() && is_x86_feature_detected!("avxvnni"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vnni")
            }
            #[allow(unreachable_patterns)] // those of the other architectures
            _ => false,
        }
    }

    /// Those that this CPU has, the slowest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|isa| isa.is_available()).collect()
    }

    /// The fastest that this CPU has, or the one that `TARJOMAN_ISA` names. A name that is
    /// unknown or that the CPU lacks is passed over: what is asked for is never run without a
    /// check.
    #[must_use]
    pub fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| {
            let asked = std::env::var(VARIABLE).unwrap_or_default();
            let available = Self::available();
            let named = available.iter().find(|isa| isa.name() == asked);
            named.or(available.last()).copied().unwrap_or(Self::Portable)
        })
    }
}
