"""What people might type for each concept, and plain English to learn the language from."""

import json
import random
import re

import numpy as np

from concepts import Concept
from settings import HERE, SEED
from wordnet import Sense

NAME_TEMPLATES = (
    "{a}", "{a} icon", "{t} icon", "{t} emoji", "a picture of {a}", "a photo of {a}", "an icon of {a}",
    "a drawing of {a}", "the {t}", "my {t}", "show me {a}", "find {a}", "{t} symbol", "some {t}", "image of {a}",
)  # fmt: skip
KEYWORD_TEMPLATES = ("{a}", "something {t}", "{t} things", "someone is {t}", "{t} icon", "it is {t}", "picture of {t}", "I feel {t}")
PAIR_TEMPLATES = ("{x} {y}", "{x} and {y}", "{x}, {y}", "{x} with {y}", "{y} for {x}", "{a} for {y}", "{x} of {y}")
STOP_WORDS = set("a an the of to in on at for with and is it my i me some something someone you that this be by one do not".split())
KINDS = ("name", "name template", "keyword", "keyword template", "pair", "definition")


def content_words(text: str) -> frozenset[str]:
    """The words that carry meaning, to tell near copies of a text."""
    return frozenset(re.findall(r"[a-z0-9]+", text.lower())) - STOP_WORDS


def evaluation_words() -> list[frozenset[str]]:
    """The evaluation phrases, as content words."""
    return [content_words(p["phrase"]) for p in json.loads((HERE / "phrases.json").read_text())]


def is_near_copy(text: str, forbidden: list[frozenset[str]]) -> bool:
    """True when a training text says an evaluation phrase again: three quarters of all their words are shared."""
    words = content_words(text)
    return any(len(words & f) >= 0.75 * len(words | f) for f in forbidden if words & f)


def _with_article(text: str) -> str:
    return text if re.match(r"(a|an|the|two|three|people|men|women|no) ", text) else ("an " if text[0] in "aeiou" else "a ") + text


def _fill(template: str, text: str) -> str:
    return template.format(t=text, a=_with_article(text))


def _fill_pair(template: str, x: str, y: str) -> str:
    return template.format(x=x, y=y, a=_with_article(x))


def concept_texts(concept: Concept, definitions: list[str], colour: str | None, rng: random.Random) -> list[tuple[str, str]]:
    """(kind, text) of everything that is said about a concept."""
    label, keywords = concept.label.replace(":", ""), concept.keywords
    names = [label, *(n for n in concept.names if not re.search(r"\d", n))]
    out = [("name", n) for n in names]
    out += [("name template", _fill(t, label)) for t in rng.sample(NAME_TEMPLATES, 9)]
    out += [("name template", _fill(rng.choice(NAME_TEMPLATES), n)) for n in names[1:] for _ in range(2)]
    out += [("keyword", k) for k in keywords]
    out += [("keyword template", _fill(rng.choice(KEYWORD_TEMPLATES), k)) for k in keywords]
    for _ in range(min(10, len(keywords))):
        x, y = rng.choice([label, rng.choice(keywords)]), rng.choice(keywords)
        if x != y:
            out.append(("pair", _fill_pair(rng.choice(PAIR_TEMPLATES), x, y)))
    if colour:
        out += [("name template", text) for text in (f"{colour} {label}", f"a {colour} {label}")]
    out += [("definition", d) for d in definitions]
    return out


def plain_english(senses: list[Sense], count: int) -> list[str]:
    """Definitions, words and example sentences of WordNet: the language outside the world of pictograms."""
    rng = random.Random(SEED)
    pool = []
    for sense in senses:
        word = rng.choice(sense.words).lower()
        pool.append(sense.definition if rng.random() < 0.5 else f"{word}: {sense.definition}")
        pool.append(_fill(rng.choice(("{t}", *NAME_TEMPLATES)), word))
        pool += sense.examples
    rng.shuffle(pool)
    return pool[:count]


COLOURS = {
    "red": (214, 48, 49), "orange": (245, 140, 40), "yellow": (253, 208, 70), "green": (80, 160, 70), "blue": (45, 120, 210),
    "light blue": (130, 200, 240), "purple": (140, 80, 180), "pink": (245, 140, 180), "brown": (130, 85, 60),
    "black": (40, 40, 40), "gray": (140, 145, 150), "white": (240, 240, 240),
}  # fmt: skip


def dominant_colour(rgba: np.ndarray) -> str | None:
    """The named colour of most of an icon's opaque pixels, if one has a clear majority."""
    opaque = rgba[rgba[..., 3] > 200][:, :3].astype(np.float32)
    if len(opaque) < 100:
        return None
    distance = ((opaque[:, None] - np.array(list(COLOURS.values()), np.float32)) ** 2).sum(-1)
    counts = np.bincount(distance.argmin(1), minlength=len(COLOURS)) / len(opaque)
    return list(COLOURS)[counts.argmax()] if counts.max() > 0.45 else None
