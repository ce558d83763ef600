"""Stage 2: a smaller copy of the teacher that gives the teacher's own vectors for short English texts."""

import copy
import json
import sys
import time
from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from transformers import BertModel

from settings import CACHE, CONTEXT_LENGTH, SEED
from teacher import load_teacher, load_tokenizer, pad, teacher_folder
from towers import TextTower
from vocabulary import choose_pieces, write_pruned

VOCABULARY = 9_000
LAYERS = (0, 2, 5)
BATCH = 256
# Queries are short: long definitions would take most of the time and teach little.
LONGEST = 16
STEPS = 900


def build_student(kept: list[int]) -> TextTower:
    """The teacher's own weights: the kept rows of its tables and three of its layers."""
    teacher = load_teacher()
    config = copy.deepcopy(teacher.config)
    config.vocab_size, config.num_hidden_layers, config.max_position_embeddings = len(kept), len(LAYERS), CONTEXT_LENGTH
    bert = BertModel(config, add_pooling_layer=False)
    weights = {k: v for k, v in teacher.state_dict().items() if not k.startswith("encoder.layer.") and "position_ids" not in k and "token_type_ids" not in k}
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][kept]
    weights["embeddings.position_embeddings.weight"] = weights["embeddings.position_embeddings.weight"][:CONTEXT_LENGTH]
    for new, old in enumerate(LAYERS):
        prefix = f"encoder.layer.{old}."
        weights |= {f"encoder.layer.{new}.{k.removeprefix(prefix)}": v for k, v in teacher.state_dict().items() if k.startswith(prefix)}
    missing = [k for k in bert.load_state_dict(weights, strict=False).missing_keys if "_ids" not in k]
    assert not missing, missing
    return TextTower(bert)


def prune_vocabulary() -> list[int]:
    """Writes the student's tokenizer; texts about concepts count more than plain English."""
    texts = json.loads((CACHE / "texts.json").read_text())
    about = set(np.load(CACHE / "said.npy")[:, 0].tolist())
    tokenizer = load_tokenizer(teacher_folder() / "tokenizer.json")
    kept = choose_pieces(tokenizer, texts, [5 if i in about else 1 for i in range(len(texts))], VOCABULARY)
    write_pruned(teacher_folder() / "tokenizer.json", CACHE / "tokenizer.json", kept)
    (CACHE / "pieces.json").write_text(json.dumps(kept))
    return kept


def kept_pieces() -> list[int]:
    """The teacher's ids of the student's pieces."""
    return json.loads((CACHE / "pieces.json").read_text())


def endless_batches(rows: list[list[int]], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Random batches whose texts are about equally long."""
    lengths = np.array([len(row) for row in rows])
    while True:
        order = np.argsort(lengths + rng.random(len(rows)) * 3)
        batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
        rng.shuffle(batches)
        yield from batches


def distil(steps: int = STEPS, learning_rate: float = 4e-4) -> None:
    """Trains the student to point where the teacher points, and to see the same neighbours; writes text-student.pt."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    student = build_student(prune_vocabulary()).train()
    texts, target = json.loads((CACHE / "texts.json").read_text()), np.load(CACHE / "teacher.npy")
    rows = [e.ids for e in load_tokenizer(CACHE / "tokenizer.json").encode_batch(texts)]
    short = rng.permutation([i for i, row in enumerate(rows) if len(row) <= LONGEST])
    held_out, training = short[:2000], short[2000:]
    for module in student.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    optimiser = torch.optim.AdamW(student.bert.parameters(), lr=learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, steps, pct_start=0.06)
    start = time.time()
    for step, batch in zip(range(1, steps + 1), endless_batches([rows[i] for i in training], rng)):
        chosen = training[batch]
        ids, mask = pad([rows[i] for i in chosen])
        with torch.autocast("cpu", torch.bfloat16):
            pooled = student.pooled(ids, mask)
        mine, theirs = F.normalize(pooled.float(), dim=-1), torch.from_numpy(target[chosen]).float()
        loss = (1 - (mine * theirs).sum(-1)).mean() + 2 * F.mse_loss(mine @ mine.T, theirs @ theirs.T)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            print(f"step {step}/{steps} loss {loss.item():.4f} {time.time() - start:.0f} s", flush=True)
        if step % 300 == 0 or step == steps:
            torch.save(student.state_dict(), CACHE / "text-student.pt")
    print(f"cosine with the teacher on texts not trained on: {agreement(student, rows, target, held_out):.4f}")


@torch.inference_mode()
def agreement(student: TextTower, rows: list[list[int]], target: np.ndarray, which: np.ndarray) -> float:
    """Mean cosine between student and teacher."""
    ids, mask = pad([rows[i] for i in which])
    mine = F.normalize(student.eval().pooled(ids, mask), dim=-1)
    return float((mine * torch.from_numpy(target[which]).float()).sum(-1).mean())


if __name__ == "__main__":
    distil(*(int(a) for a in sys.argv[1:]))
