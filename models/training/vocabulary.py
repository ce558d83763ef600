"""Keeps the word pieces that matter here, so that the text tower's largest table is a third of the teacher's."""

import json
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
# The teacher's table is sorted by how common a piece is in English: its first whole words are kept whatever the texts say.
COMMON = 4_500


def choose_pieces(tokenizer: Tokenizer, texts: list[str], weights: list[int], size: int) -> list[int]:
    """Old ids of the pieces to keep, in the teacher's order."""
    vocabulary = tokenizer.get_vocab()
    counts: Counter[int] = Counter()
    for encoding, weight in zip(tokenizer.encode_batch(texts), weights):
        for piece in encoding.ids:
            counts[piece] += weight
    # ASCII characters alone and inside a word: with them no English text is ever out of vocabulary.
    kept = {i for piece, i in vocabulary.items() if piece in SPECIAL or (len(piece.removeprefix("##")) == 1 and piece.isascii())}
    by_id = sorted((i, piece) for piece, i in vocabulary.items())
    kept |= {i for i, piece in [(i, p) for i, p in by_id if p.isascii() and p.isalnum() and len(p) > 1][:COMMON]}
    for piece, _ in counts.most_common():
        if len(kept) >= size:
            break
        kept.add(piece)
    return sorted(kept)


def write_pruned(source: Path, target: Path, kept: list[int]) -> None:
    """The teacher's tokenizer file with only the kept pieces, renumbered from 0."""
    spec = json.loads(source.read_text())
    new_id = {old: new for new, old in enumerate(kept)}
    spec["model"]["vocab"] = {piece: new_id[i] for piece, i in spec["model"]["vocab"].items() if i in new_id}
    spec["added_tokens"] = [t | {"id": new_id[t["id"]]} for t in spec["added_tokens"] if t["id"] in new_id]
    for token in spec["post_processor"]["special_tokens"].values():
        token["ids"] = [new_id[i] for i in token["ids"]]
    spec["truncation"] = spec["padding"] = None
    target.write_text(json.dumps(spec, ensure_ascii=False))
