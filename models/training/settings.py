"""Where things are and the few numbers that the stages share."""

import os
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = Path(os.environ.get("TRAINING_PACKAGES", HERE / "node_modules"))
CACHE = Path(os.environ.get("TRAINING_CACHE", HERE / ".cache"))
MODEL = Path(os.environ.get("MODEL_DIR", HERE.parent / "demo"))

SEED = 20261121
DIMENSIONS = 256
PICTURE_SIZE = 64
CONTEXT_LENGTH = 64
HELD_OUT_PACK = "fluent-emoji-flat"

# Pixels are centred, not matched to any other model's statistics: white becomes +1, black -1.
PIXEL_MEAN = 0.5
PIXEL_STD = 0.5
