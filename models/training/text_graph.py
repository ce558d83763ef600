"""The text tower as a plain graph: only what inference needs, so that the exported file is small and easy to read."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from transformers import BertModel

from towers import TextMemory

HEADS = 12


class Layer(nn.Module):
    """One encoder layer with its three input projections joined into one."""

    def __init__(self, source: nn.Module):
        super().__init__()
        attention, out = source.attention, source.attention.output
        parts = (attention.self.query, attention.self.key, attention.self.value)
        self.join = _linear(torch.cat([p.weight for p in parts]), torch.cat([p.bias for p in parts]))
        self.out, self.out_norm = out.dense, out.LayerNorm
        self.grow, self.shrink, self.norm = source.intermediate.dense, source.output.dense, source.output.LayerNorm

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        q, k, v = self.join(x).view(batch, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        attention = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(width // HEADS) + hidden, dim=-1)
        x = self.out_norm(x + self.out((attention @ v).transpose(1, 2).reshape(batch, length, width)))
        return self.norm(x + self.shrink(F.gelu(self.grow(x))))


class TextGraph(nn.Module):
    """The pruned teacher and its memory; padding never leaks into a text's vector."""

    def __init__(self, bert: BertModel, memory: TextMemory):
        super().__init__()
        tables = bert.embeddings
        self.words = nn.Parameter(tables.word_embeddings.weight.detach())
        self.positions = nn.Parameter((tables.position_embeddings.weight + tables.token_type_embeddings.weight[0]).detach())
        self.norm = tables.LayerNorm
        self.layers = nn.ModuleList(Layer(source) for source in bert.encoder.layer)
        self.memory = memory

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        mask = attention_mask.to(torch.float32)
        hidden = (1.0 - mask)[:, None, None, :] * -1e9
        x = self.norm(self.words[input_ids] + self.positions[: input_ids.shape[1]])
        for layer in self.layers:
            x = layer(x, hidden)
        pooled = (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1.0)
        return self.memory(pooled / pooled.norm(dim=-1, keepdim=True))


def _linear(weight: torch.Tensor, bias: torch.Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = nn.Parameter(weight.detach()), nn.Parameter(bias.detach())
    return layer
