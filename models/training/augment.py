"""Many pictures out of few icons: every step draws each icon anew, bent, coloured and laid on a background."""

import re

import numpy as np
import torch
import torch.nn.functional as F

from settings import PIXEL_MEAN, PIXEL_STD

# Mirrored, these would say something else.
HANDED = re.compile(
    r"left|right|button|letter|keycap|digit|oclock|o'clock|o’clock|thirty|arrow|moon|sign|japanese|facing|index|100|hundred|sos|zzz|input|symbol|mark|flag|number|text|logo"
)


def may_flip(label: str, is_flag: bool) -> bool:
    return not is_flag and not HANDED.search(label)


def _uniform(n: int, low: float, high: float) -> torch.Tensor:
    return torch.empty(n).uniform_(low, high)


def _grid(flips: torch.Tensor, size: int) -> torch.Tensor:
    """Where each output pixel looks: turned, sheared, stretched, moved, mirrored and warped like rubber."""
    n = len(flips)
    angle, shear = _uniform(n, -0.22, 0.22), _uniform(n, -0.12, 0.12)
    scale = torch.where(torch.rand(n) < 0.85, _uniform(n, 0.88, 1.15), _uniform(n, 1.15, 1.5))
    stretch = _uniform(n, -0.16, 0.16).exp()
    flip = torch.where(flips & (torch.rand(n) < 0.5), -1.0, 1.0)
    room = (scale - 1).clamp(min=0.06)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = flip * scale * stretch * angle.cos(), scale * (shear - angle.sin())
    theta[:, 1, 0], theta[:, 1, 1] = flip * scale * angle.sin(), scale / stretch * angle.cos()
    theta[:, :, 2] = torch.empty(n, 2).uniform_(-1, 1) * room[:, None]
    grid = F.affine_grid(theta, [n, 4, size, size], align_corners=False)
    bend = torch.randn(n, 2, 4, 4) * _uniform(n, 0.0, 0.07).view(n, 1, 1, 1)
    return grid + F.interpolate(bend, (size, size), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)


def _colour(rgb: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """Small shifts of hue, larger ones of saturation, contrast and brightness; some pictures without colour."""
    n = len(rgb)
    grey = rgb.mean(1, keepdim=True)
    saturation = torch.where(torch.rand(n) < 0.04, torch.zeros(n), _uniform(n, 0.55, 1.5)).view(n, 1, 1, 1)
    gain = (torch.randn(n, 3, 1, 1) * 0.08).exp() * _uniform(n, 0.75, 1.25).view(n, 1, 1, 1)
    lift = _uniform(n, -0.1, 0.12).view(n, 1, 1, 1)
    out = torch.lerp(grey, rgb, saturation).mul_(gain).addcmul_(lift, alpha)
    return torch.minimum(out.clamp_(min=0), alpha)


def _thicken(x: torch.Tensor) -> torch.Tensor:
    """Grows light or dark strokes in some pictures: packs differ in their outlines."""
    which = torch.rand(len(x))
    light, dark = which < 0.08, which > 0.92
    x[light] = F.max_pool2d(x[light], 3, 1, 1)
    x[dark] = -F.max_pool2d(-x[dark], 3, 1, 1)
    return x


def _background(n: int, size: int) -> torch.Tensor:
    """White most often; else a plain colour, light more often than dark, or a soft slope between two."""
    first = torch.rand(n, 3, 1, 1) ** 0.5
    second = torch.where(torch.rand(n, 1, 1, 1) < 0.5, first, torch.rand(n, 3, 1, 1))
    slope = torch.linspace(0, 1, size).view(1, 1, size, 1)
    plain = first + (second - first) * torch.where(torch.rand(n, 1, 1, 1) < 0.5, slope, slope.transpose(2, 3))
    return torch.where(torch.rand(n, 1, 1, 1) < 0.8, torch.ones(()), plain)


def _blur(x: torch.Tensor) -> torch.Tensor:
    which = torch.rand(len(x)) < 0.12
    some = x[which]
    x[which] = torch.lerp(some, F.avg_pool2d(some, 3, 1, 1, count_include_pad=False), torch.rand(len(some), 1, 1, 1))
    return x


def _erase(x: torch.Tensor) -> torch.Tensor:
    """A block of noise over a small part of some pictures."""
    size = x.shape[-1]
    for i in (torch.rand(len(x)) < 0.04).nonzero().flatten().tolist():
        h, w = (int(v) for v in torch.randint(size // 8, size // 3, (2,)))
        top, left = int(torch.randint(0, size - h, (1,))), int(torch.randint(0, size - w, (1,)))
        x[i, :, top : top + h, left : left + w] = torch.rand(3, 1, 1)
    return x


def normalise(x: torch.Tensor) -> torch.Tensor:
    return (x - PIXEL_MEAN) / PIXEL_STD


def premultiplied(rgba: np.ndarray) -> torch.Tensor:
    """Icons uint8 [n, h, w, 4] as [n, 4, h, w] with colour multiplied by opacity, so that edges blend without halos."""
    out = rgba.transpose(0, 3, 1, 2).copy()
    out[:, :3] = (out[:, :3].astype(np.uint16) * out[:, 3:] // 255).astype(np.uint8)
    return torch.from_numpy(out)


def augmented(icons: torch.Tensor, others: torch.Tensor, flips: torch.Tensor, size: int) -> torch.Tensor:
    """Pictures [n, 3, size, size] of premultiplied icons; some are blends with `others`, the same concepts in another pack."""
    x = icons.float().mul_(1 / 255)
    blended = (torch.rand(len(x)) < 0.2).nonzero().flatten()
    share = _uniform(len(blended), 0.0, 0.6).view(-1, 1, 1, 1)
    x[blended] = torch.lerp(x[blended], others[blended].float() / 255, share)
    x = F.grid_sample(x, _grid(flips, size), mode="bilinear", padding_mode="zeros", align_corners=False)
    alpha = x[:, 3:].contiguous()
    picture = _colour(x[:, :3].contiguous(), alpha).addcmul_(_background(len(x), size), 1 - alpha)
    return normalise(_erase(_blur(_thicken(picture))).clamp_(0, 1))
