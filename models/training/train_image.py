"""Stage 3: the image tower learns to say what the teacher says about each picture."""

import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from augment import augmented, may_flip, premultiplied
from corpus import read_icons
from settings import CACHE, DIMENSIONS, PICTURE_SIZE, SEED
from speech import Speech
from towers import ImageTower
from workers import WORKERS, Average, Schedule, run_workers

CONCEPTS_PER_STEP = 72
SMALL_SIZE = 48
# The first part of training sees smaller pictures: cheaper, and good for judging shapes from afar.
SMALL_UNTIL = 0.7
LEARNING_RATE = 2e-3
STEPS = 6_000
# A further leg goes on from an earlier result that was put here.
START = CACHE / "start.pt"


class PictureModel(nn.Module):
    """The image tower, the projection of the teacher's space that it meets texts in, a centre for each concept, the temperature."""

    def __init__(self, concepts: int, teacher_width: int = 384):
        super().__init__()
        self.tower = ImageTower()
        self.project_text = nn.Linear(teacher_width, DIMENSIONS, bias=False)
        nn.init.orthogonal_(self.project_text.weight)
        # Texts about one concept differ at every step; a centre that stays teaches the tower faster. Not exported.
        self.centres = nn.Parameter(torch.randn(concepts, DIMENSIONS) * 0.06)
        self.log_scale = nn.Parameter(torch.tensor(math.log(10.0)))

    def texts(self, vectors: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.project_text(vectors), dim=-1)

    @property
    def scale(self) -> torch.Tensor:
        return self.log_scale.exp().clamp(max=60)


class IconSampler:
    """Two pictures of each of some concepts, from different packs where there are two."""

    def __init__(self, speech: Speech, rng: np.random.Generator):
        self.icons, self.rng = premultiplied(read_icons()), rng
        self.rows = [np.array(c["icons"]) for c in speech.concepts]
        self.flips = np.array([may_flip(c["label"], c["is_flag"]) for c in speech.concepts])
        # Flags and concepts that a single pack draws are learnt less often.
        share = np.array([(0.4 if c["is_flag"] else 1.0) * (0.6 if len(c["icons"]) == 1 else 1.0) for c in speech.concepts])
        self.share = share / share.sum()

    def draw(self, size: int) -> tuple[np.ndarray, torch.Tensor]:
        concepts = self.rng.choice(len(self.rows), CONCEPTS_PER_STEP, replace=False, p=self.share)
        pairs = [self.rng.choice(self.rows[c], 2, replace=len(self.rows[c]) < 2) for c in concepts]
        rows, others = np.array(pairs).T.reshape(-1), np.array([p[::-1] for p in pairs]).T.reshape(-1)
        concepts = np.tile(concepts, 2)
        return concepts, augmented(self.icons[rows], self.icons[others], torch.from_numpy(self.flips[concepts]), size)


def soft_cross_entropy(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return -(target * F.log_softmax(logits, dim=-1)).sum(-1).mean()


def losses(model: PictureModel, pictures: torch.Tensor, concepts: np.ndarray, drawn: np.ndarray, speech: Speech) -> torch.Tensor:
    """Picture to text and to centre among all concepts, text to picture and picture to picture within the batch."""
    with torch.autocast("cpu", torch.bfloat16):
        images = model.tower(pictures.to(memory_format=torch.channels_last))
    texts = model.texts(speech.vectors[drawn])
    target = speech.targets(concepts, drawn)
    logits = model.scale * images @ texts.T
    seen = torch.from_numpy(np.unique(concepts))
    back = target[:, seen].T
    to_text = soft_cross_entropy(logits, target)
    to_centre = soft_cross_entropy(model.scale * images @ F.normalize(model.centres, dim=-1).T, speech.likely(concepts))
    to_picture = soft_cross_entropy(logits[:, seen].T, back / back.sum(1, keepdim=True))
    own = torch.eye(len(images), dtype=torch.bool)
    same = torch.from_numpy(concepts[:, None] == concepts[None, :]) & ~own
    alike = (model.scale * images @ images.T).masked_fill(own, -1e4)
    return to_text + to_centre + 0.5 * to_picture + 0.3 * soft_cross_entropy(alike, same.float() / same.sum(1, keepdim=True))


def optimiser_of(model: nn.Module) -> torch.optim.Optimizer:
    """Weight decay on matrices and filters only."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}], betas=(0.9, 0.98))


def work(worker: int, steps: int, minutes: float) -> None:
    """One worker's share of the training; the first one keeps and writes the average."""
    torch.manual_seed(SEED)
    speech = Speech()
    model = PictureModel(len(speech.concepts)).to(memory_format=torch.channels_last).train()
    if START.exists():
        model.load_state_dict(torch.load(START))
    torch.manual_seed(SEED + worker)
    rng = np.random.default_rng(SEED + worker)
    sampler, optimiser, average = IconSampler(speech, rng), optimiser_of(model), Average(model)
    schedule, shown = Schedule(steps, minutes), 0.0
    while schedule.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = schedule.cosine(LEARNING_RATE, warm_up=0.04)
        concepts, pictures = sampler.draw(SMALL_SIZE if schedule.progress < SMALL_UNTIL else PICTURE_SIZE)
        loss = losses(model, pictures, concepts, speech.draw(rng), speech)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimiser.step()
        shown += (loss.item() - shown) * max(0.02, 1 / (schedule.step + 1))
        if schedule.advance():
            schedule.meet(model)
            average.update(model)
            if worker == 0:
                report(schedule, shown, model, average)


def report(schedule: Schedule, loss: float, model: PictureModel, average: Average) -> None:
    """A line now and then, and the file often enough that little is lost."""
    if schedule.step % 80 == 0:
        rate = schedule.step * WORKERS * CONCEPTS_PER_STEP * 2 / schedule.seconds
        print(f"step {schedule.step} {schedule.progress:.1%} loss {loss:.3f} scale {model.scale.item():.1f} {rate:.0f} pictures/s", flush=True)
    if schedule.step % 200 == 0 or schedule.progress == 1:
        torch.save(average.state, CACHE / "image.pt")


def train(steps: int = STEPS, minutes: float = math.inf) -> None:
    """Writes image.pt: the averaged model."""
    run_workers(work, steps, minutes)


if __name__ == "__main__":
    train(*(int(a) for a in sys.argv[1:]))
