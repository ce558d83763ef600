"""The two towers: a small residual network for pictures, a memory on the language teacher for texts."""

import torch
import torch.nn.functional as F
from torch import nn

from settings import DIMENSIONS


class Block(nn.Module):
    """Two 3×3 convolutions round a shortcut, with a channel gate (squeeze and excitation)."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs),
        )  # fmt: skip
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(outputs, outputs // 8, 1), nn.ReLU(inplace=True), nn.Conv2d(outputs // 8, outputs, 1), nn.Sigmoid()
        )
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else nn.Sequential(nn.AvgPool2d(stride), nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.body(x)
        return F.relu(y * self.gate(y) + self.shortcut(x))


class ImageTower(nn.Module):
    """Pixels [n, 3, 64, 64] to unit vectors [n, 256]."""

    def __init__(self, stem: int = 32, widths: tuple[int, ...] = (64, 128, 256), blocks: tuple[int, ...] = (1, 2, 2), head: int = 512):
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, stem, 3, 2, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU(inplace=True)]
        channels = stem
        for width, count in zip(widths, blocks):
            layers += [Block(channels if i == 0 else width, width, 2 if i == 0 else 1) for i in range(count)]
            channels = width
        layers += [nn.Conv2d(channels, head, 1, bias=False), nn.BatchNorm2d(head), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        self.features = nn.Sequential(*layers)
        self.project = nn.Linear(head, DIMENSIONS)

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.project(self.features(pixel_values)).float(), dim=-1)


class BothWays(nn.Module):
    """A picture and its mirror image, averaged: which way a thing faces says little about what it is."""

    def __init__(self, tower: ImageTower):
        super().__init__()
        self.tower = tower

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        vectors = self.tower(torch.cat([pixel_values, pixel_values.flip(3)]))
        as_is, mirrored = vectors.view(2, -1, DIMENSIONS).unbind(0)
        return _unit(as_is + mirrored)


class TextMemory(nn.Module):
    """The teacher's unit vectors [n, 384] to unit vectors [n, 256]: where the pictures of the nearest names are.

    A text attends over all names that training knew, compared in a few directions of the teacher's space, and gets the
    mean of what their pictures look like. A plain projection is added: it decides where no name is near.
    """

    # How sharply the nearest names stand out, and how much the projection counts beside them.
    sharpness = 20.0
    projection_share = 0.5

    def __init__(self, names: int, concepts: int, directions: int = 96, width: int = 384):
        super().__init__()
        self.reduce = nn.Parameter(torch.zeros(width, directions))
        self.keys = nn.Parameter(torch.zeros(directions, names))
        self.centres = nn.Parameter(torch.zeros(concepts, DIMENSIONS))
        self.project = nn.Linear(width, DIMENSIONS, bias=False)
        self.register_buffer("concept_of", torch.zeros(names, dtype=torch.long))

    def forward(self, unit: torch.Tensor) -> torch.Tensor:
        share = torch.softmax(self.sharpness * _unit(unit @ self.reduce) @ self.keys, dim=-1)
        vector = share @ self.centres[self.concept_of] + self.projection_share * _unit(self.project(unit))
        return _unit(vector)


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    return vectors / vectors.norm(dim=-1, keepdim=True)
