"""Stage 4: gives the text tower its memory of names: nothing is trained, it is read off the teacher and the image tower."""

import sys

import numpy as np
import torch
import torch.nn.functional as F

from settings import CACHE
from speech import Speech
from texts import KINDS
from towers import TextMemory


def remember(image_checkpoint: str = "image.pt") -> None:
    """Writes text.pt: the memory."""
    speech, state = Speech(), torch.load(CACHE / image_checkpoint)
    said = speech.said[speech.said[:, 2] == KINDS.index("name")]
    names = speech.vectors[np.searchsorted(speech.text_ids, said[:, 0])]
    memory = TextMemory(len(said), len(speech.concepts))
    directions = torch.linalg.svd(names, full_matrices=False)[2]
    with torch.no_grad():
        memory.reduce.copy_(directions[: memory.reduce.shape[1]].T)
        memory.keys.copy_(F.normalize(names @ memory.reduce, dim=-1).T)
        memory.centres.copy_(F.normalize(state["centres"], dim=-1))
        memory.project.weight.copy_(state["project_text.weight"])
    memory.concept_of = torch.from_numpy(said[:, 1].astype(np.int64))
    torch.save(memory.state_dict(), CACHE / "text.pt")
    print(f"{len(said)} names of {len(speech.concepts)} concepts")


if __name__ == "__main__":
    remember(*sys.argv[1:])
