#!/usr/bin/env bash
# Builds the release for NVIDIA GPUs. Needs nvcc (CUDA 12 or 13, CUDA_HOME or on the path) and its
# libraries, but no GPU; the machine that runs it needs the driver and the same libraries.
#
#   scripts/cuda/build.sh        for compute capability 8.0 (A100) and later
#   scripts/cuda/build.sh 75     for 7.5 (T4, RTX 20) and later; 86: A10, RTX 30; 89: L4, RTX 40; 90: H100
#
# Kernels are compiled to PTX of that capability, which the driver turns into code of the GPU at hand
# when the program first runs; those of GGUF weights are for that capability alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v nvcc > /dev/null || export PATH="${CUDA_HOME:?nvcc is not on the path: name the toolkit in CUDA_HOME}/bin:$PATH"
CUDA_COMPUTE_CAP=${1:-80} cargo build --release --locked --features cuda
echo "built target/release/tarjoman; try: tarjoman translate seeds/article.fa.txt --device cuda"
