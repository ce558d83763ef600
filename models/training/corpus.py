"""Stage 1: all texts with the teacher's vectors, and which text may stand for which concept."""

import json
import random
from collections import Counter

import numpy as np

from concepts import Concept, read_concepts
from settings import CACHE, SEED
from teacher import encode
from texts import KINDS, concept_texts, dominant_colour, evaluation_words, is_near_copy, plain_english
from wordnet import Sense, by_word, read_senses

ICON_SIZE = 72
PLAIN_ENGLISH = 110_000
# Below this the sense found is another meaning of the word ("crane" the bird, "crane" the machine).
SENSE_SIMILARITY = 0.35


def read_icons() -> np.ndarray:
    """Every rendered training icon, uint8 [n, 72, 72, 4], mapped from disk."""
    return np.memmap(CACHE / "icons" / "icons.rgba", np.uint8, "r").reshape(-1, ICON_SIZE, ICON_SIZE, 4)


def _definitions(concepts: list[Concept], senses: list[Sense]) -> list[list[str]]:
    """For each concept the definitions and examples of the senses that the teacher finds closest to its keywords."""
    index = by_word(senses)
    found = []
    for concept in concepts:
        words = dict.fromkeys(w for n in (concept.label, *concept.names) for w in (n, n.replace(" face", ""), n.replace(" button", "")))
        candidates = {id(s): (w, s) for w in words for s in index.get(w, [])}
        found.append(list(candidates.values()))
    contexts = encode([", ".join([c.label, *c.keywords[:12]]) for c in concepts])
    flat = [(row, word, sense) for row, candidates in enumerate(found) for word, sense in candidates]
    vectors = encode([f"{word}: {sense.definition}" for _, word, sense in flat])
    scored = [[] for _ in concepts]
    for (row, _, sense), vector in zip(flat, vectors):
        scored[row].append((float(contexts[row].astype(np.float32) @ vector.astype(np.float32)), sense))
    out = []
    for candidates in scored:
        best = sorted((c for c in candidates if c[0] > SENSE_SIMILARITY), key=lambda c: -c[0])[:2]
        out.append([t for _, s in best for t in (s.definition, f"{s.words[0].lower()}: {s.definition}", *s.examples[:2])])
    return out


def _colour(icons: np.ndarray, concept: Concept) -> str | None:
    colours = Counter(dominant_colour(icons[row]) for row in concept.icons)
    colour, votes = colours.most_common(1)[0]
    return colour if votes * 2 > len(concept.icons) else None


def build_corpus() -> None:
    """Writes concepts.json, texts.json, said.npy (text, concept, kind) and teacher.npy."""
    rng, forbidden = random.Random(SEED), evaluation_words()
    concepts, icons, senses = read_concepts(), read_icons(), read_senses()
    definitions = _definitions(concepts, senses)
    texts, said = {}, set()
    for row, concept in enumerate(concepts):
        colour = None if concept.is_flag else _colour(icons, concept)
        for kind, text in concept_texts(concept, definitions[row], colour, rng):
            if not is_near_copy(text, forbidden):
                said.add((texts.setdefault(text, len(texts)), row, KINDS.index(kind)))
    for text in plain_english(senses, PLAIN_ENGLISH):
        if not is_near_copy(text, forbidden):
            texts.setdefault(text, len(texts))
    (CACHE / "concepts.json").write_text(json.dumps([vars(c) | {"is_flag": c.is_flag} for c in concepts]))
    (CACHE / "texts.json").write_text(json.dumps(list(texts)))
    np.save(CACHE / "said.npy", np.array(sorted(said)))
    np.save(CACHE / "teacher.npy", encode(list(texts)))
    print(f"{len(concepts)} concepts, {len(said)} texts about them, {len(texts)} texts in all")


if __name__ == "__main__":
    build_corpus()
