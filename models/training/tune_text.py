"""Stage 4: the text tower learns where the pictures really ended up, without forgetting the teacher's English."""

import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

from augment import augmented, may_flip, premultiplied
from corpus import read_icons
from settings import CACHE, PICTURE_SIZE, SEED
from speech import Speech
from teacher import load_tokenizer, pad
from text_student import LONGEST, build_student, endless_batches, kept_pieces
from towers import TextTower
from train_image import PictureModel, soft_cross_entropy
from workers import Schedule, run_workers

VIEWS = 4
TEXTS_PER_STEP = 112
PLAIN_PER_STEP = 40
STEPS = 600
LEARNING_RATE = 1.5e-4
# How much staying with the teacher counts against fitting the pictures.
TEACHER_SHARE = 4.0


def load_picture_model() -> PictureModel:
    state = torch.load(CACHE / "image.pt")
    model = PictureModel(len(state["centres"]))
    model.load_state_dict(state)
    return model.to(memory_format=torch.channels_last).eval()


@torch.inference_mode()
def view_vectors(model: PictureModel, speech: Speech) -> torch.Tensor:
    """[views, icons, 256]: every icon as the finished image tower sees it, augmented a few times."""
    torch.manual_seed(SEED)
    icons = premultiplied(read_icons())
    flips = torch.zeros(len(icons), dtype=torch.bool)
    for concept in speech.concepts:
        flips[concept["icons"]] = may_flip(concept["label"], concept["is_flag"])
    views = []
    for _ in range(VIEWS):
        parts = []
        for start in range(0, len(icons), 256):
            rows = slice(start, start + 256)
            pictures = augmented(icons[rows], icons[rows], flips[rows], PICTURE_SIZE)
            with torch.autocast("cpu", torch.bfloat16):
                parts.append(model.tower(pictures.to(memory_format=torch.channels_last)))
        views.append(torch.cat(parts))
    return torch.stack(views)


class Fitting:
    """The texts of one step against one picture of every concept."""

    def __init__(self, speech: Speech, views: torch.Tensor, rows: list[list[int]], scale: float):
        self.speech, self.views, self.rows, self.scale = speech, views, rows, scale
        self.icons = [np.array(c["icons"]) for c in speech.concepts]
        share = np.array([0.4 if c["is_flag"] else 1.0 for c in speech.concepts])
        self.share = share / share.sum()

    def loss(self, tower: TextTower, rng: np.random.Generator) -> torch.Tensor:
        speech = self.speech
        concepts = rng.choice(len(self.icons), TEXTS_PER_STEP, replace=False, p=self.share)
        drawn = speech.draw(rng)[concepts]
        concepts, drawn = self._shorter(concepts, drawn)
        shown = torch.tensor([rng.choice(icons) for icons in self.icons])
        pictures = self.views[rng.integers(len(self.views)), shown]
        ids, mask = pad([self.rows[speech.text_ids[t]] for t in drawn])
        with torch.autocast("cpu", torch.bfloat16):
            pooled = tower.pooled(ids, mask)
        vectors = F.normalize(tower.project(pooled.float()), dim=-1)
        target = speech.said_targets(concepts, drawn)
        stay = 1 - F.cosine_similarity(pooled.float(), speech.vectors[drawn]).mean()
        return soft_cross_entropy(self.scale * vectors @ pictures.T, target) + TEACHER_SHARE * stay

    def _shorter(self, concepts: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Without the few longest texts, which would make the whole batch long."""
        length = np.array([len(self.rows[self.speech.text_ids[t]]) for t in drawn])
        keep = length <= 24
        return concepts[keep], drawn[keep]


def prepare() -> None:
    """Writes views.pt, once for all workers."""
    torch.save(view_vectors(load_picture_model(), Speech()), CACHE / "views.pt")


def start_tower(model: PictureModel) -> TextTower:
    """The distilled student, seen through the projection that the pictures were trained with."""
    tower = build_student(kept_pieces())
    tower.load_state_dict(torch.load(CACHE / "text-student.pt"))
    tower.project.weight.data.copy_(model.project_text.weight.data)
    return tower


def away_from_teacher(tower: TextTower, rows: list[list[int]], target: np.ndarray) -> torch.Tensor:
    """One minus the mean cosine between student and teacher."""
    ids, mask = pad(rows)
    with torch.autocast("cpu", torch.bfloat16):
        pooled = tower.pooled(ids, mask)
    return 1 - F.cosine_similarity(pooled.float(), torch.from_numpy(target).float()).mean()


def work(worker: int, steps: int, minutes: float) -> None:
    """One worker's share of the tuning; the first one writes the result."""
    torch.manual_seed(SEED + worker)
    rng = np.random.default_rng(SEED + worker)
    speech, model = Speech(), load_picture_model()
    target, texts = np.load(CACHE / "teacher.npy"), json.loads((CACHE / "texts.json").read_text())
    rows = [e.ids for e in load_tokenizer(CACHE / "tokenizer.json").encode_batch(texts)]
    tower = start_tower(model)
    fitting = Fitting(speech, torch.load(CACHE / "views.pt"), rows, model.scale.item())
    plain = np.setdiff1d([i for i, row in enumerate(rows) if len(row) <= LONGEST], speech.text_ids)
    plain_batches = endless_batches([rows[i] for i in plain], rng)
    optimiser = torch.optim.AdamW(tower.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    schedule = Schedule(steps, minutes)
    while schedule.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = schedule.cosine(LEARNING_RATE, warm_up=0.05)
        chosen = plain[next(plain_batches)][:PLAIN_PER_STEP]
        fit, stay = fitting.loss(tower, rng), away_from_teacher(tower, [rows[i] for i in chosen], target[chosen])
        optimiser.zero_grad(set_to_none=True)
        (fit + TEACHER_SHARE / 2 * stay).backward()
        optimiser.step()
        if schedule.advance():
            schedule.meet(tower)
            if worker == 0 and schedule.step % 40 == 0:
                print(f"step {schedule.step} {schedule.progress:.0%} loss {fit.item():.3f} away from the teacher {stay.item():.3f} {schedule.seconds:.0f} s", flush=True)
    if worker == 0:
        torch.save(tower.state_dict(), CACHE / "text.pt")


def tune(steps: int = STEPS, minutes: float = math.inf) -> None:
    """Writes text.pt."""
    prepare()
    run_workers(work, steps, minutes)


if __name__ == "__main__":
    tune(*(int(a) for a in sys.argv[1:]))
