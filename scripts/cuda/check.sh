#!/usr/bin/env bash
# Checks that the program compiles with the feature `cuda`, on a machine without CUDA: types and
# lints, no kernels and no linking. A stand-in takes the place of nvcc and writes empty files.
set -euo pipefail
cd "$(dirname "$0")/../.."
stub=$(mktemp -d)
trap 'rm -rf "$stub"' EXIT
mkdir -p "$stub/bin" "$stub/include" "$stub/lib64"
echo '#define CUDA_VERSION 12080' > "$stub/include/cuda.h"
cat > "$stub/bin/nvcc" <<'NVCC'
#!/usr/bin/env bash
[[ " $* " == *" --version "* ]] && cat <<'VERSION'
nvcc: NVIDIA (R) Cuda compiler driver
Copyright (c) 2005-2025 NVIDIA Corporation
Built on a machine without CUDA
Cuda compilation tools, release 12.8, V12.8.93
VERSION
[[ " $* " == *" --list-gpu-code "* ]] && printf 'sm_80\nsm_90\n'
out=; dir=.; sources=()
while [ $# -gt 0 ]; do
  case $1 in
    -o | --output-file) out=$2; shift ;;
    --output-directory) dir=$2; shift ;;
    *.cu) sources+=("$1") ;;
  esac
  shift
done
if [ -n "$out" ]; then : > "$out"; else
  for source in "${sources[@]}"; do : > "$dir/$(basename "$source" .cu).ptx"; done
fi
NVCC
chmod +x "$stub/bin/nvcc"
export CUDA_HOME=$stub CUDA_PATH=$stub CUDA_ROOT=$stub CUDA_TOOLKIT_ROOT_DIR=$stub NVCC=$stub/bin/nvcc
export PATH=$stub/bin:$PATH CUDA_COMPUTE_CAP=80
cargo clippy --lib --bins --features cuda --locked -- -D warnings
