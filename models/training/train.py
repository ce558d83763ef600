"""From packages to models/demo in one command. A stage whose files exist is not run again: delete them to repeat it."""

import subprocess
import sys
import time

from settings import CACHE, HERE, MODEL

# Each stage: what it writes, and how.
STAGES = (
    (CACHE / "icons" / "icons.json", ["node", "render-icons.mjs", str(CACHE / "icons")]),
    (CACHE / "words.json", ["node", "read-words.mjs", str(CACHE / "words.json")]),
    (CACHE / "teacher.npy", [sys.executable, "corpus.py"]),
    (CACHE / "pieces.json", [sys.executable, "text_tower.py"]),
    (CACHE / "image.pt", [sys.executable, "train_image.py"]),
    (CACHE / "text.pt", [sys.executable, "text_memory.py"]),
    (MODEL / "model.json", [sys.executable, "export.py"]),
    (CACHE / "expected-tokens.json", [sys.executable, "check_export.py"]),
    (MODEL / "quality.json", [sys.executable, "evaluate.py"]),
)


def main() -> None:
    repeated = False
    for written, command in STAGES:
        # Once one stage has run, everything after it is out of date.
        if written.exists() and not repeated:
            continue
        repeated = True
        start = time.time()
        print(f"== {command[1]}", flush=True)
        subprocess.run(command, cwd=HERE, check=True)
        print(f"   {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
