"""One concept per meaning: the same emoji, drawn by several packs under several names, is one concept."""

import json
import re
import unicodedata
from dataclasses import dataclass, field

from settings import CACHE

FLAG_GROUP = 9
COMPONENT_GROUP = 2
TONE = re.compile(r"-(?:light|medium-light|medium|medium-dark|dark)-skin-tone|-tone[1-5]")
PREFIX = re.compile(r"^flag-for-(?:flag-)?")
# Names that Unicode has since changed and that no package lists as an alias.
RENAMED = {
    "crazy-face": "zany-face",
    "direct-hit": "bullseye",
    "disappointed-but-relieved-face": "sad-but-relieved-face",
    "exclamation-mark": "red-exclamation-mark",
    "question-mark": "red-question-mark",
    "face-savouring-delicious-food": "face-savoring-food",
    "face-with-cold-sweat": "downcast-face-with-sweat",
    "face-with-open-mouth-and-cold-sweat": "anxious-face-with-sweat",
    "face-with-stuck-out-tongue": "face-with-tongue",
    "face-with-stuck-out-tongue-and-closed-eyes": "squinting-face-with-tongue",
    "face-with-stuck-out-tongue-and-winking-eye": "winking-face-with-tongue",
    "knocked-out-face": "face-with-crossed-out-eyes",
    "left-pointing-magnifying-glass": "magnifying-glass-tilted-left",
    "right-pointing-magnifying-glass": "magnifying-glass-tilted-right",
    "pouting-face": "enraged-face",
    "smiling-face-with-open-mouth": "grinning-face-with-big-eyes",
    "smiling-face-with-open-mouth-and-closed-eyes": "grinning-squinting-face",
    "smiling-face-with-open-mouth-and-cold-sweat": "grinning-face-with-sweat",
    "smiling-face-with-open-mouth-and-smiling-eyes": "grinning-face-with-smiling-eyes",
}


@dataclass
class Concept:
    """A meaning: what it is called, the words people use for it, and which icons draw it."""

    label: str
    group: int | None = None
    names: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    icons: list[int] = field(default_factory=list)

    @property
    def is_flag(self) -> bool:
        return self.group == FLAG_GROUP


def slug(text: str) -> str:
    """'Flag: Côte d’Ivoire' -> 'flag-cote-divoire', the way icon packs name their files."""
    plain = unicodedata.normalize("NFKD", text.replace("&", "and")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"['’().!]", "", plain)).strip("-")


def words_of(name: str) -> str:
    """'ice_cream-cone' -> 'ice cream cone'."""
    return re.sub(r"[\s_-]+", " ", name).strip()


def _spellings(name: str) -> list[str]:
    bare = TONE.sub("", name)
    return [RENAMED.get(bare, bare), PREFIX.sub("flag-", bare), PREFIX.sub("", bare), bare.replace("heavy-", ""), bare.replace("-face", "")]


def _emoji_concepts() -> tuple[list[Concept], dict[str, Concept]]:
    entries = [e for e in json.loads((CACHE / "words.json").read_text()) if e["group"] != COMPONENT_GROUP]
    concepts, by_slug = [], {}
    for entry in entries:
        shortcodes = [words_of(s) for s in entry["shortcodes"] if len(s) > 2]
        keywords = [words_of(k) for k in entry["keywords"] if k.isascii() and words_of(k)]
        concepts.append(Concept(entry["label"].lower(), entry["group"], shortcodes, keywords))
    for concept in concepts:
        by_slug.setdefault(slug(concept.label), concept)
    for concept in concepts:
        for shortcode in concept.names:
            by_slug.setdefault(slug(shortcode), concept)
    return concepts, by_slug


def _find(by_slug: dict[str, Concept], names: list[str]) -> Concept | None:
    return next((by_slug[s] for name in names for s in _spellings(name) if s in by_slug), None)


def read_concepts() -> list[Concept]:
    """All concepts that at least one training icon draws; `icons` are rows of the rendered pictures."""
    concepts, by_slug = _emoji_concepts()
    for row, icon in enumerate(json.loads((CACHE / "icons" / "icons.json").read_text())):
        names = [icon["name"], *icon["aliases"]]
        concept = _find(by_slug, names)
        if concept is None:
            concept = Concept(words_of(TONE.sub("", icon["name"])))
            concepts.append(concept)
            by_slug[slug(concept.label)] = concept
        concept.icons.append(row)
        concept.names += [words_of(PREFIX.sub("flag-", TONE.sub("", name))) for name in names]
    drawn = [c for c in concepts if c.icons]
    labels = {c.label for c in drawn}
    for concept in drawn:
        # "dog" is a short name of "dog face" too: where it is another concept's label it is only a keyword here.
        concept.keywords += [n for n in concept.names if n in labels]
        concept.names = list(dict.fromkeys(n for n in concept.names if n not in labels))
        concept.keywords = list(dict.fromkeys(k.lower() for k in concept.keywords if k.lower() != concept.label))
    return drawn
