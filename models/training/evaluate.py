"""Stage 7: measures the exported files on a style that training never saw; writes models/demo/quality.json."""

import json
import re
import subprocess

import numpy as np
import onnxruntime

from concepts import words_of
from settings import CACHE, CONTEXT_LENGTH, HELD_OUT_PACK, HERE, MODEL, PICTURE_SIZE, PIXEL_MEAN, PIXEL_STD
from teacher import load_tokenizer, pad

GENDERED = re.compile(r"^(?:man|woman)-(.+)$")


def gallery(pack: str) -> tuple[list[str], np.ndarray]:
    """Names and pictures [n, 3, s, s] of a pack, drawn and read exactly as the product does."""
    folder = CACHE / "gallery"
    subprocess.run(["node", HERE / "render-gallery.mjs", pack, str(PICTURE_SIZE), folder], check=True)
    names = [icon["name"] for icon in json.loads((folder / f"{pack}.json").read_text())]
    pixels = np.fromfile(folder / f"{pack}.rgb", np.uint8).reshape(-1, PICTURE_SIZE, PICTURE_SIZE, 3)
    return names, ((pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255) - PIXEL_MEAN) / PIXEL_STD


def merged_name(name: str, names: set[str]) -> str:
    """'woman-pilot' and 'man-pilot' are 'pilot' where the pack has a plain one: one picture per concept."""
    match = GENDERED.match(name)
    plain = (f"person-{match[1]}", match[1]) if match else ()
    return next((p for p in plain if p in names), name)


class Model:
    """The exported files, run as the product runs them."""

    def __init__(self) -> None:
        self.text, self.image = (onnxruntime.InferenceSession(MODEL / f"{tower}.onnx", providers=["CPUExecutionProvider"]) for tower in ("text", "image"))
        self.tokenizer = load_tokenizer(MODEL / "tokenizer.json")

    def texts(self, texts: list[str]) -> np.ndarray:
        """One text at a time, at its own length."""
        return np.concatenate([self._text(e.ids[:CONTEXT_LENGTH]) for e in self.tokenizer.encode_batch(texts)])

    def _text(self, ids: list[int]) -> np.ndarray:
        row, mask = pad([ids])
        return self.text.run(None, {"input_ids": row.numpy(), "attention_mask": mask.numpy()})[0]

    def images(self, pixels: np.ndarray) -> np.ndarray:
        return np.concatenate([self.image.run(None, {"pixel_values": pixels[i : i + 64]})[0] for i in range(0, len(pixels), 64)])


def evaluate() -> dict:
    model = Model()
    names, pixels = gallery(HELD_OUT_PACK)
    known = set(names)
    kept = [i for i, name in enumerate(names) if merged_name(name, known) == name]
    images, shown = model.images(pixels[kept]), [names[i] for i in kept]

    scores = model.texts([words_of(name) for name in shown]) @ images.T
    ranks = (scores > np.diag(scores)[:, None]).sum(1)
    phrases = json.loads((HERE / "phrases.json").read_text())
    order = np.argsort(-(model.texts([p["phrase"] for p in phrases]) @ images.T), axis=1)
    outcomes = []
    for phrase, best in zip(phrases, order):
        relevant = {merged_name(name, known) for name in phrase["relevant"]}
        rank = next(i for i, row in enumerate(best) if shown[row] in relevant)
        outcomes.append({"phrase": phrase["phrase"], "firstRightRank": rank + 1, "top5": [shown[row] for row in best[:5]]})
    found = sum(o["firstRightRank"] <= 5 for o in outcomes)
    return {
        "heldOutStyle": HELD_OUT_PACK,
        "gallery": len(shown),
        "nameToPicture": {f"recallAt{k}": round(float((ranks < k).mean()), 4) for k in (1, 5, 10)},
        "phrases": {"count": len(phrases), "rightInTop5": found, "share": round(found / len(phrases), 4)},
        "phraseResults": outcomes,
        "worstNames": [shown[i] for i in np.argsort(-ranks)[:40]],
    }


if __name__ == "__main__":
    quality = evaluate()
    (MODEL / "quality.json").write_text(json.dumps(quality, indent=2) + "\n")
    print(json.dumps({k: v for k, v in quality.items() if k not in ("phraseResults", "worstNames")}, indent=2))
    for outcome in quality["phraseResults"]:
        print("ok " if outcome["firstRightRank"] <= 5 else "-- ", outcome["firstRightRank"], outcome["phrase"], outcome["top5"])
