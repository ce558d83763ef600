"""The two towers: a small residual network for pictures, a pruned copy of the teacher for texts."""

import torch
import torch.nn.functional as F
from torch import nn
from transformers import BertModel

from settings import DIMENSIONS
from teacher import mean_pool


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


class TextTower(nn.Module):
    """Token ids to unit vectors [n, 256]: some of the teacher's layers, the mean over tokens, a projection."""

    def __init__(self, bert: BertModel, width: int = 384):
        super().__init__()
        self.bert = bert
        self.project = nn.Linear(width, DIMENSIONS, bias=False)

    def pooled(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return mean_pool(hidden.float(), attention_mask)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.project(self.pooled(input_ids, attention_mask)), dim=-1)
