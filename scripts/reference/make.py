"""Makes all golden data anew: `python scripts/reference/make.py`."""

import alignment
import causal_generation
import causal_gguf
import causal_models
import causal_tokenizer
import causal_variants
import firefox
import generation
import gguf_tokenizers
import models
import multilingual
import multilingual_models
import rope
import spm
import t5_gguf
import t5_llama_cpp
import t5_models
import t5_tokenizer
import tokenizer_goldens
import tokenizer_json
import variants


def main():
    spm.main()
    tokenizer_json.main()
    multilingual.main()
    models.main()
    multilingual_models.main()
    t5_models.main()
    tokenizer_goldens.main()
    generation.main()
    alignment.main()
    t5_gguf.main()
    t5_tokenizer.main()
    causal_models.main()
    causal_tokenizer.main()
    causal_generation.main()
    causal_gguf.main()
    rope.main()
    gguf_tokenizers.main()
    variants.main()
    causal_variants.main()
    t5_llama_cpp.main()
    firefox.main()


if __name__ == "__main__":
    main()
