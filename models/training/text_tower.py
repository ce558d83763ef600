"""Stage 2: the language teacher with a vocabulary a third as large; nothing is trained, its layers stay as they are."""

import copy
import json

import numpy as np
from transformers import BertModel

from settings import CACHE, CONTEXT_LENGTH
from teacher import load_teacher, load_tokenizer, teacher_folder
from vocabulary import choose_pieces, write_pruned

VOCABULARY = 8_000


def prune_vocabulary() -> None:
    """Writes tokenizer.json and pieces.json (the teacher's ids of the kept pieces); texts about concepts count more."""
    texts = json.loads((CACHE / "texts.json").read_text())
    about = set(np.load(CACHE / "said.npy")[:, 0].tolist())
    tokenizer = load_tokenizer(teacher_folder() / "tokenizer.json")
    kept = choose_pieces(tokenizer, texts, [5 if i in about else 1 for i in range(len(texts))], VOCABULARY)
    write_pruned(teacher_folder() / "tokenizer.json", CACHE / "tokenizer.json", kept)
    (CACHE / "pieces.json").write_text(json.dumps(kept))


def pruned_teacher() -> BertModel:
    """The teacher's own weights, with the kept rows of its tables."""
    kept, teacher = json.loads((CACHE / "pieces.json").read_text()), load_teacher()
    config = copy.deepcopy(teacher.config)
    config.vocab_size, config.max_position_embeddings = len(kept), CONTEXT_LENGTH
    weights = {k: v for k, v in teacher.state_dict().items() if "_ids" not in k}
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][kept]
    weights["embeddings.position_embeddings.weight"] = weights["embeddings.position_embeddings.weight"][:CONTEXT_LENGTH]
    bert = BertModel(config, add_pooling_layer=False)
    missing = [k for k in bert.load_state_dict(weights, strict=False).missing_keys if "_ids" not in k]
    assert not missing, missing
    return bert.eval()


if __name__ == "__main__":
    prune_vocabulary()
