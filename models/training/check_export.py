"""Stage 6: checks the exported files: padding and batching change nothing, vectors are unit, Node cuts texts alike."""

import json
import subprocess
import time

import numpy as np

from evaluate import Model
from settings import CACHE, DIMENSIONS, HERE, MODEL, PICTURE_SIZE
from teacher import pad

TEXTS = ("dog", "a red car", "a rocket flying to space", "someone is sick and stays in bed with a hot drink", "naïve café, déjà vu!", "x")


def text_batch(model: Model, length: int | None = None) -> np.ndarray:
    """All texts in one batch, padded to the longest or to `length`."""
    ids, mask = pad([e.ids for e in model.tokenizer.encode_batch(list(TEXTS))])
    extra = ((0, 0), (0, max(0, (length or 0) - ids.shape[1])))
    return model.text.run(None, {"input_ids": np.pad(ids.numpy(), extra), "attention_mask": np.pad(mask.numpy(), extra)})[0]


def check_tokenizer(model: Model) -> None:
    """Python and Node must cut texts alike."""
    model.tokenizer.no_truncation()
    texts = [*TEXTS, *json.loads((CACHE / "texts.json").read_text())[::50], "", "日本語", "an 🚀 emoji", "ALL CAPS!!!", "don't", "a_b-c  d\te", "x" * 120]
    expected = [{"text": text, "ids": e.ids} for text, e in zip(texts, model.tokenizer.encode_batch(texts))]
    file = CACHE / "expected-tokens.json"
    file.write_text(json.dumps(expected))
    subprocess.run(["node", HERE / "check-tokenizer.mjs", MODEL / "tokenizer.json", file], check=True)


def median_ms(run, times: int = 200) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken) * 1000)


def check() -> None:
    model = Model()
    alone = model.texts(list(TEXTS))
    assert alone.shape == (len(TEXTS), DIMENSIONS)
    assert np.allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-5)
    for length in (None, 40, 64):
        worst = (alone * text_batch(model, length)).sum(1).min()
        assert worst >= 0.9999, f"padding to {length} changes a text: cosine {worst}"
    check_tokenizer(model)
    pixels = np.random.default_rng(0).normal(size=(5, 3, PICTURE_SIZE, PICTURE_SIZE)).astype(np.float32)
    single = np.concatenate([model.images(pixels[i : i + 1]) for i in range(5)])
    assert np.allclose(np.linalg.norm(single, axis=1), 1, atol=1e-5)
    assert (single * model.images(pixels)).sum(1).min() >= 0.9999
    size = sum((MODEL / name).stat().st_size for name in ("text.onnx", "image.onnx", "tokenizer.json"))
    assert size <= 15_000_000, f"{size} bytes"
    text_ms, image_ms = median_ms(lambda: model.texts(["a dog playing in the deep snow"])), median_ms(lambda: model.images(pixels[:1]))
    print(f"{size} bytes; one text {text_ms:.2f} ms, one image {image_ms:.2f} ms")


if __name__ == "__main__":
    check()
