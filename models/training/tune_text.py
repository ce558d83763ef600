"""Stage 4: a small head on the language teacher's vectors learns where the pictures of each text really ended up."""

import math
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from settings import CACHE, SEED
from speech import Speech
from towers import TextHead
from train_image import PictureModel, soft_cross_entropy

TEXTS_PER_STEP = 512
STEPS = 900
LEARNING_RATE = 2e-3
# Stands for what pruning and rounding do to the teacher, and for words never trained on.
NOISE = 0.25
# How much lying at the centre counts against telling it from its neighbours.
PULL = 20.0


def load_picture_model() -> PictureModel:
    state = torch.load(CACHE / "image.pt")
    model = PictureModel(len(state["centres"]))
    model.load_state_dict(state)
    return model.to(memory_format=torch.channels_last).eval()


def tune(steps: int = STEPS) -> None:
    """Writes text.pt: the head."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    speech, model = Speech(), load_picture_model()
    centres, scale = F.normalize(model.centres.detach(), dim=-1), model.scale.item()
    share = np.array([0.4 if c["is_flag"] else 1.0 for c in speech.concepts])
    head = TextHead()
    head.project.weight.data.copy_(model.project_text.weight.data)
    optimiser = torch.optim.AdamW(head.parameters(), lr=LEARNING_RATE, weight_decay=0.05)
    start = time.time()
    for step in range(1, steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * min(1, step / 50) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        concepts = rng.choice(len(share), TEXTS_PER_STEP, replace=False, p=share / share.sum())
        drawn = speech.draw(rng)[concepts]
        asked = speech.vectors[drawn]
        asked = F.normalize(asked + torch.randn_like(asked) * (NOISE / math.sqrt(asked.shape[1])), dim=-1)
        target, answer = speech.said_targets(concepts, drawn), head(asked)
        # Being nearest among the training pictures is not enough: in another style only the centre's own direction holds.
        away = 1 - (answer * F.normalize(target @ centres, dim=-1)).sum(-1).mean()
        loss = PULL * away + soft_cross_entropy(scale * answer @ centres.T, target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if step % 100 == 0:
            print(f"step {step}/{steps} loss {loss.item():.3f} {time.time() - start:.0f} s", flush=True)
        if step % 500 == 0 or step == steps:
            torch.save(head.state_dict(), CACHE / "text.pt")


if __name__ == "__main__":
    tune(*(int(a) for a in sys.argv[1:]))
