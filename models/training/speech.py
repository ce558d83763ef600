"""Draws, at every step, one text for every concept, and says which concepts each text is true of."""

import json

import numpy as np
import torch

from settings import CACHE
from texts import KINDS

# How often a concept is called by each kind of text.
SHARES = {"name": 0.35, "name template": 0.2, "keyword": 0.12, "keyword template": 0.05, "pair": 0.13, "definition": 0.15}


class Speech:
    """The texts of all concepts, with the teacher's vectors."""

    def __init__(self) -> None:
        said = np.load(CACHE / "said.npy")
        said = said[np.lexsort((said[:, 2], said[:, 1]))]
        used, self.text = np.unique(said[:, 0], return_inverse=True)
        self.text_ids = used
        self.concepts = json.loads((CACHE / "concepts.json").read_text())
        self.vectors = torch.from_numpy(np.load(CACHE / "teacher.npy")[used]).float()
        self.said = said
        self.true_of = np.zeros((len(self.concepts), len(used)), bool)
        self.true_of[said[:, 1], self.text] = True
        self.ends = np.searchsorted(said[:, 1], np.arange(len(self.concepts)), side="right")
        self.cumulative = np.cumsum(self._weights(said))
        self.likeness = self._likeness(said)

    def _weights(self, said: np.ndarray) -> np.ndarray:
        """Each concept's texts add up to one; a concept without definitions shares theirs among the rest."""
        share = np.array([SHARES[k] for k in KINDS])
        size = np.zeros((len(self.concepts), len(KINDS)))
        np.add.at(size, (said[:, 1], said[:, 2]), 1)
        weight = share[said[:, 2]] / size[said[:, 1], said[:, 2]]
        total = np.bincount(said[:, 1], weight, len(self.concepts))
        return weight / total[said[:, 1]]

    def _likeness(self, said: np.ndarray) -> torch.Tensor:
        """How much two concepts mean the same, 0 to 1, by the teacher: those are not to be pushed apart hard."""
        means = torch.zeros(len(self.concepts), self.vectors.shape[1])
        weights = torch.from_numpy(np.diff(self.cumulative, prepend=0)).float()
        means.index_add_(0, torch.from_numpy(said[:, 1]), self.vectors[self.text] * weights[:, None])
        means = torch.nn.functional.normalize(means, dim=-1)
        return ((means @ means.T - 0.75) / 0.25).clamp(0, 1)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One text (a row of `vectors`) for each concept."""
        at = np.searchsorted(self.cumulative, np.arange(len(self.concepts)) + rng.random(len(self.concepts)), side="right")
        return self.text[np.minimum(at, self.ends - 1)]

    def targets(self, pictured: np.ndarray, drawn: np.ndarray) -> torch.Tensor:
        """[pictures, concepts], rows add up to one: mostly the picture's own text, a little whatever else is true of it."""
        return self._share_out(pictured, torch.from_numpy(self.true_of[pictured][:, drawn]))

    def said_targets(self, concepts: np.ndarray, drawn: np.ndarray) -> torch.Tensor:
        """[texts, concepts], rows add up to one: mostly the concept the text was drawn for, a little the others it is true of."""
        return self._share_out(concepts, torch.from_numpy(self.true_of[:, drawn].T))

    def likely(self, concepts: np.ndarray) -> torch.Tensor:
        """[pictures, concepts], rows add up to one: the picture's own concept, and a little of those that mean the same."""
        return self._share_out(concepts, torch.zeros(()))

    def _share_out(self, concepts: np.ndarray, shared: torch.Tensor) -> torch.Tensor:
        own = torch.from_numpy(np.arange(len(self.concepts)) == concepts[:, None])
        weight = own.float() + 0.25 * shared.float() + 0.15 * self.likeness[concepts]
        return weight / weight.sum(1, keepdim=True)
