"""mBART-50's tokenizer over SentencePiece itself: `MBart50Tokenizer` as transformers 4 has it
(`models/mbart50/tokenization_mbart50.py` of v4.57). Release 5 kept only the conversion to the tokenizers library,
whose Unigram decides ties otherwise than SentencePiece and keeps white space that SentencePiece drops. And NLLB's, which
is the same with its own languages (`models/nllb/tokenization_nllb.py` of v4.57)."""

import sentencepiece
from transformers import AddedToken
from transformers.models.mbart50.tokenization_mbart50 import FAIRSEQ_LANGUAGE_CODES
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES as NLLB_LANGUAGE_CODES
from transformers.tokenization_python import PreTrainedTokenizer


class MBart50(PreTrainedTokenizer):
    vocab_files_names = {"vocab_file": "sentencepiece.bpe.model"}
    codes = FAIRSEQ_LANGUAGE_CODES

    def __init__(self, vocab_file, src_lang="en_XX", **kwargs):
        self.model = sentencepiece.SentencePieceProcessor(model_file=str(vocab_file))
        self.ids = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
        first = len(self.model) + 1
        self.ids |= {code: first + i for i, code in enumerate(self.codes)}
        self.ids["<mask>"] = first + len(self.codes)
        self.names = {index: name for name, index in self.ids.items()}
        self.src_lang = src_lang
        super().__init__(
            bos_token="<s>",
            eos_token="</s>",
            unk_token="<unk>",
            pad_token="<pad>",
            mask_token=AddedToken("<mask>", lstrip=True, rstrip=False, special=True),
            extra_special_tokens=list(self.codes),
            **kwargs,
        )

    @property
    def vocab_size(self):
        return len(self.model) + len(self.codes) + 2

    def get_vocab(self):
        return {self.convert_ids_to_tokens(i): i for i in range(self.vocab_size)}

    def _tokenize(self, text):
        return self.model.encode(text, out_type=str)

    def _convert_token_to_id(self, token):
        if token in self.ids:
            return self.ids[token]
        piece = self.model.piece_to_id(token)
        return piece + 1 if piece else 3

    def _convert_id_to_token(self, index):
        return self.names.get(index) or self.model.id_to_piece(index - 1)

    def convert_tokens_to_string(self, tokens):
        return self.model.decode(tokens).strip()

    def build_inputs_with_special_tokens(self, token_ids_0, token_ids_1=None):
        return [self.ids[self.src_lang], *token_ids_0, 2]


class Nllb(MBart50):
    codes = NLLB_LANGUAGE_CODES
