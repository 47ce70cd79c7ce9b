"""The network of the demo models (torch) and its export to ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from pathlib import Path


def _unit(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm3d(outputs, momentum=0.05),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two convolutions around a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _unit(width, width)
        self.second = nn.Sequential(
            nn.Conv3d(width, width, 3, padding=1, bias=False), nn.BatchNorm3d(width, momentum=0.05)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x plus what was learnt."""
        return torch.relu(x + self.second(self.first(x)))


class Net(nn.Module):
    """Residual U-Net that works at half resolution, because full resolution costs eight times as much.

    The last layer writes the eight voxels that each position stands for.
    """

    def __init__(self, inputs: int, widths: tuple[int, int, int, int] = (16, 32, 56, 72)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.stem = nn.Sequential(_unit(inputs, a, 2), Residual(a))
        self.down1 = nn.Sequential(_unit(a, b, 2), Residual(b))
        self.down2 = nn.Sequential(_unit(b, c, 2), Residual(c))
        self.down3 = nn.Sequential(_unit(c, d, 2), Residual(d))
        self.up3, self.merge3 = nn.ConvTranspose3d(d, c, 2, stride=2), _unit(2 * c, c)
        self.up2, self.merge2 = nn.ConvTranspose3d(c, b, 2, stride=2), _unit(2 * b, b)
        self.up1, self.merge1 = nn.ConvTranspose3d(b, a, 2, stride=2), _unit(2 * a, a)
        self.last = nn.ConvTranspose3d(a, 1, 2, stride=2)
        nn.init.constant_(self.last.bias, -3.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, 1, d, h, w) for channels (n, c, d, h, w); sizes are multiples of 16."""
        s0 = self.stem(x)
        s1 = self.down1(s0)
        s2 = self.down2(s1)
        y = self.down3(s2)
        y = self.merge3(torch.cat([self.up3(y), s2], 1))
        y = self.merge2(torch.cat([self.up2(y), s1], 1))
        y = self.merge1(torch.cat([self.up1(y), s0], 1))
        return self.last(y)


class _Probability(nn.Module):
    def __init__(self, net: Net, shift: float, width: float) -> None:
        super().__init__()
        self.net, self.shift, self.width = net, shift, width

    def forward(self, ct: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid((self.net(ct) + self.shift) / self.width)


def exported(net: Net, inputs: int, path: Path, shift: float = 0.0, width: float = 1.0) -> None:
    """Write the network with its sigmoid as ONNX: `ct` (n, c, d, h, w) → `prob` (n, 1, d, h, w), sizes free.

    Logits are moved by `shift` and divided by `width` first. Outlines then lie where the network is sure to another
    degree, yet at 0.5, where bringing them back to finer voxels neither widens nor narrows them.
    """
    net.eval()
    free = {0: "n", 2: "d", 3: "h", 4: "w"}
    torch.onnx.export(
        _Probability(net, shift, width),
        (torch.zeros(1, inputs, 32, 32, 32),),
        str(path),
        input_names=["ct"],
        output_names=["prob"],
        dynamic_axes={"ct": free, "prob": free},
        opset_version=17,
        dynamo=False,
    )
    net.train()


def start_from(net: Net, path: Path, patches: torch.Tensor) -> None:
    """Give a new network the weights of an exported one.

    The export folded every normalisation into the convolution before it; here the normalisations are set so that
    `patches` (n, c, d, h, w) are answered alike.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    stored = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
    nodes = [n for n in graph.node if n.op_type in ("Conv", "ConvTranspose")]
    layers: list[nn.Module] = []
    watched = [m for m in net.modules() if isinstance(m, nn.Conv3d | nn.ConvTranspose3d)]
    hooks = [m.register_forward_pre_hook(lambda m, _: layers.append(m)) for m in watched]
    net.eval()
    with torch.no_grad():
        net(patches[:1, :, :16, :16, :16])
    for hook in hooks:
        hook.remove()
    shifts: dict[nn.Module, torch.Tensor] = {}
    for layer, node in zip(layers, nodes, strict=True):
        layer.weight.data = stored[node.input[1]]
        if layer.bias is None:
            shifts[layer] = stored[node.input[2]]
        else:
            layer.bias.data = stored[node.input[2]]
    before: dict[nn.Module, torch.Tensor] = {}
    for unit in net.modules():
        if isinstance(unit, nn.Sequential):
            parts = list(unit)
            for first, second in zip(parts, parts[1:], strict=False):
                if isinstance(second, nn.BatchNorm3d):
                    before[second] = shifts[first]

    def settle(norm: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        mean, variance = given[0].mean((0, 2, 3, 4)), given[0].var((0, 2, 3, 4), unbiased=False)
        norm.weight.data, norm.bias.data = torch.sqrt(variance + norm.eps), before[norm] + mean
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)

    hooks = [norm.register_forward_pre_hook(settle) for norm in before]
    net.train()
    with torch.no_grad():
        net(patches)
    for hook in hooks:
        hook.remove()
