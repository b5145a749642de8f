"""The residual networks: sizes, every layer by hand, refusals."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torch.nn.utils.parametrize import is_parametrized

from ebmrepro.energies import build_energy
from ebmrepro.energies.blocks import (
    EPSILON,
    ResidualBlock,
    SelfAttention,
    average_halved,
    build_norm,
    constrained_convolution,
)
from ebmrepro.energies.conditional import heads


def _size(energy) -> int:
    return sum(parameter.numel() for parameter in energy.parameters())


def _conv(a: int, b: int, kernel: int = 3) -> int:
    return kernel * kernel * a * b + b


def _network(channels: int, stem: int, layers: list, classes: int = 0) -> int:
    """Parameters of a network as the table of the paper's code states it: (in, out) is a block that halves,
    a number is a block that does not, "attention" is at the width before it."""
    total, width = _conv(channels, stem), stem
    for layer in layers:
        if layer == "attention":
            total += 2 * _conv(width, width // 8, 1) + _conv(width, width, 1) + 1
            continue
        width, out = layer if isinstance(layer, tuple) else (layer, None)
        total += 2 * (_conv(width, width) + 2 * width)
        total += 2 * 2 * width * (classes + 1) if classes else 0
        if out is not None:
            total += _conv(width, out)
            width = out
    return total + width + 1


CIFAR = [
    (64, [64, (64, 64), 64, (64, 128), "attention", 128, (128, 256), 256, (256, 512)]),
    (64, [64, (64, 64), 64, (64, 128), 128, (128, 256)]),
    (64, [64, (64, 64), 64, (64, 128)]),
]
CELEBA128 = [
    (64, [(64, 128), (128, 128), (128, 128), (128, 256), 256, (256, 512), "attention", 512, (512, 1024)]),
    (128, [(128, 128), (128, 128), (128, 128), (128, 256), 256, (256, 512)]),
    (128, [(128, 128), (128, 128), (128, 128), (128, 256)]),
]
CELEBA64 = [
    (64, [(64, 128), (128, 128), (128, 256), 256, (256, 512), "attention", 512, (512, 1024)]),
    (128, [(128, 128), (128, 128), (128, 256), 256, (256, 512)]),
    (128, [(128, 128), (128, 128), (128, 256)]),
]
MNIST = [(64, [(64, 128), (128, 256), (256, 512)])]
MNIST_SWITCHES = {"layout": "mnist", "scales": 1, "attention": False}


@pytest.mark.parametrize(
    ("changes", "shape", "table", "attends"),
    [
        ({}, (3, 32, 32), CIFAR, (128, 8, 8)),
        ({"layout": "celeba128", "width": 128}, (3, 128, 128), CELEBA128, (512, 4, 4)),
        ({"layout": "celeba64", "width": 128}, (3, 64, 64), CELEBA64, (512, 4, 4)),
        (MNIST_SWITCHES, (1, 28, 28), MNIST, None),
    ],
    ids=["cifar", "celeba128", "celeba64", "mnist"],
)
@pytest.mark.parametrize("classes", [None, 10])
def test_networks_of_the_papers_size(changes, shape, table, attends, classes, residual):
    """On the meta device: every layer has its shape, no number is computed."""
    config = residual(**changes, condition=None if classes is None else "label")
    seen = []
    with torch.device("meta"):
        energy = build_energy(config, shape, classes)
        for module in energy.modules():
            if isinstance(module, SelfAttention):
                module.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape)))
        x = torch.empty(6, *shape)
        condition = () if classes is None else (torch.empty(6, classes),)
        assert energy(x, *condition).shape == (6,)
        assert energy.heads(x, *condition).shape == (6, len(table))
    assert set(seen) == (set() if attends is None else {(6, *attends)})
    expected = sum(_network(shape[0], stem, layers, classes or 0) for stem, layers in table)
    assert _size(energy) == expected


def test_the_unconditional_cifar_network_has_the_stated_number_of_parameters(residual):
    with torch.device("meta"):
        assert _size(build_energy(residual(), (3, 32, 32))) == 6_564_196


def test_every_switch_changes_the_network_as_it_says(residual):
    def size(**changes):
        with torch.device("meta"):
            return _size(build_energy(residual(**changes), (3, 32, 32)))

    one, two = (sum(_network(3, *row) for row in CIFAR[:scales]) for scales in (1, 2))
    assert (size(scales=1), size(scales=2)) == (one, two)
    assert size() - size(attention=False) == 2 * (128 * 16 + 16) + 128 * 128 + 128 + 1
    # The norms' gains and biases: two norms a block; 4 + 2 + 2, 4 + 2 and 4 blocks of 64, 128 and 256.
    assert size() - size(normalise=False) == 4 * (12 * 64 + 4 * 128 + 2 * 256)
    assert size(spectral_norm=True) == size()
    assert size(members=3) == 3 * size()


def _standardised(weight: np.ndarray) -> np.ndarray:
    """Qiao et al. (2019), filter by filter."""
    filters = []
    for row in weight:
        mean = row.sum() / row.size
        std = np.sqrt(((row - mean) ** 2).sum() / (row.size - 1))
        filters.append((row - mean) / (std + EPSILON))
    return np.stack(filters)


def test_weight_standardisation_by_hand():
    convolution = constrained_convolution(5, spectral=False).double()
    raw = convolution.parametrizations.weight.original.detach().numpy()
    found = convolution.weight.detach().numpy()
    assert found == pytest.approx(_standardised(raw), abs=1e-12)
    assert found.std(axis=(1, 2, 3), ddof=1) == pytest.approx(np.ones(5), abs=2e-3)
    with torch.no_grad():
        convolution.parametrizations.weight.original.fill_(0.3)
    assert (convolution.weight == 0).all()


def test_only_the_convolutions_inside_blocks_are_constrained(small):
    energy = build_energy(small(), (3, 16, 16))
    found = {name for name, module in energy.named_modules() if is_parametrized(module)}
    inside = {name for name, _ in energy.named_modules() if ".convolutions." in name}
    assert found == {name for name in inside if "parametrizations" not in name} and found


@pytest.mark.parametrize("width", [4, 64, 128])
def test_norm_of_narrow_maps_is_instance_norm(width):
    x = 3 + 2 * torch.randn(3, width, 5, 4, dtype=torch.float64)
    norm, torchs = build_norm(width).double(), torch.nn.InstanceNorm2d(width, affine=True).double()
    with torch.no_grad():
        for mine, theirs in zip(norm.parameters(), torchs.parameters(), strict=True):
            theirs.copy_(mine.normal_())
    torch.testing.assert_close(norm(x), torchs(x), atol=1e-12, rtol=0)


def test_norm_of_wide_maps_has_32_groups():
    x = 3 + 2 * torch.randn(2, 256, 3, 3, dtype=torch.float64)
    groups = x.view(2, 32, 8 * 9)
    expected = (groups - groups.mean(2, keepdim=True)) / (
        groups.var(2, correction=0, keepdim=True) + 1e-5
    ).sqrt()
    torch.testing.assert_close(build_norm(256).double()(x), expected.view_as(x), atol=1e-12, rtol=0)


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("classes", [None, 3])
@pytest.mark.parametrize(
    ("out", "halve"), [(6, False), (6, True), (12, True)], ids=["block", "down", "widen"]
)
def test_a_block_by_hand(out, halve, classes, normalise):
    block = ResidualBlock(6, out, halve, normalise, False, classes).double()
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.normal_(0, 0.5)
    x = torch.randn(4, 6, 7, 9, dtype=torch.float64)
    condition = F.one_hot(torch.tensor([0, 2, 1, 2]), 3).double()
    # In the order in which they stand: both convolutions (bias, raw weight), norms, FiLM layers, halving.
    values = [parameter.detach() for parameter in block.parameters()]
    y = x
    for k in range(2):
        bias, raw = values[2 * k], values[2 * k + 1]
        y = F.conv2d(y, torch.from_numpy(_standardised(raw.numpy())), bias, padding=1)
        if normalise:
            mean, variance = y.mean((2, 3), keepdim=True), y.var((2, 3), correction=0, keepdim=True)
            gain, bias = (values[4 + 2 * k + j].view(1, 6, 1, 1) for j in (0, 1))
            y = gain * (y - mean) / (variance + 1e-5).sqrt() + bias
        if classes is not None:
            weight, bias = values[4 + 4 * normalise + 2 * k : 6 + 4 * normalise + 2 * k]
            modulation = condition @ weight.T + bias
            y = modulation[:, :6, None, None] * y + modulation[:, 6:, None, None]
        y = y / (1 + torch.exp(-y))
    y = x + y
    if halve:
        y = F.conv2d(y, values[-2], values[-1], padding=1)
        y = F.pad(y, (1, 1, 1, 1)).unfold(2, 3, 2).unfold(3, 3, 2).sum((4, 5)) / 9
        y = y * torch.sigmoid(y)
        assert y.shape == (4, out, 4, 5)
    torch.testing.assert_close(block(x, condition), y, atol=1e-10, rtol=1e-10)


def test_attention_by_hand():
    attention = SelfAttention(16).double()
    x = torch.randn(3, 16, 4, 5, dtype=torch.float64)
    assert torch.equal(attention(x), x)
    with torch.no_grad():
        attention.gamma.fill_(0.7)
    pixels = x.flatten(2).numpy()
    layers = [
        (layer.weight.detach().numpy()[:, :, 0, 0], layer.bias.detach().numpy()[:, None])
        for layer in (attention.query, attention.key, attention.value)
    ]
    assert [weight.shape for weight, _ in layers] == [(2, 16), (2, 16), (16, 16)]
    expected = pixels.copy()
    for image in range(3):
        query, key, value = (weight @ pixels[image] + bias for weight, bias in layers)
        for i in range(20):
            scores = np.array([query[:, i] @ key[:, j] for j in range(20)])
            weights = np.exp(scores - scores.max())
            expected[image, :, i] += 0.7 * value @ (weights / weights.sum())
    assert attention(x).detach().flatten(2).numpy() == pytest.approx(expected, abs=1e-12)


def test_attention_of_a_narrow_map_has_one_channel():
    assert SelfAttention(4).query.weight.shape == (1, 4, 1, 1)


@pytest.mark.parametrize("shape", [(3, 16, 16), (1, 9, 13)])
def test_scales_are_separate_networks_on_pooled_images(shape, small):
    energy = build_energy(small(attention=False), shape).double()
    images = [torch.rand(5, *shape, dtype=torch.float64)]
    for _ in range(2):
        padded = F.pad(images[-1], (1, 1, 1, 1))
        images.append(padded.unfold(2, 3, 2).unfold(3, 3, 2).sum((4, 5)) / 9)
    torch.testing.assert_close(average_halved(images[0]), images[1], atol=1e-14, rtol=0)
    parts = [network(image) for network, image in zip(energy.networks, images, strict=True)]
    torch.testing.assert_close(energy.heads(images[0]), torch.stack(parts, 1), atol=1e-12, rtol=0)
    torch.testing.assert_close(energy(images[0]), sum(parts), atol=1e-12, rtol=0)
    assert torch.equal(heads(energy, images[0]), energy.heads(images[0]))


def test_an_energy_of_one_network_has_one_head():
    x = torch.randn(4, 3)
    assert torch.equal(heads(lambda x: x.sum(1), x), x.sum(1)[:, None])


def test_a_whole_network_by_hand(residual):
    """Stem, blocks, swish, mean, linear unit: the MNIST-like network from its own blocks."""
    energy = build_energy(residual(**MNIST_SWITCHES, width=4), (1, 10, 10)).double()
    network = energy.networks[0]
    x = torch.rand(3, 1, 10, 10, dtype=torch.float64)
    features = F.silu(F.conv2d(x, network.stem.weight, network.stem.bias, padding=1))
    for block in network.blocks:
        features = block(features)
    assert features.shape == (3, 32, 2, 2)
    features = (features * torch.sigmoid(features)).flatten(2).mean(2)
    expected = (features * network.linear.weight).sum(1) + network.linear.bias
    torch.testing.assert_close(energy(x), expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("output", "function"), [("square", torch.square), ("sigmoid", torch.sigmoid)])
def test_output_options_act_on_each_network(output, function, small):
    plain, changed = (build_energy(small(output=name), (3, 16, 16)) for name in ("linear", output))
    changed.load_state_dict(plain.state_dict())
    x = torch.rand(4, 3, 16, 16)
    torch.testing.assert_close(changed.heads(x), function(plain.heads(x)))


@pytest.mark.parametrize("changes", [{}, {"spectral_norm": True}, {"normalise": False}])
def test_rows_do_not_see_each_other(changes, small):
    energy = build_energy(small(**changes), (3, 16, 16)).double().eval()
    x = torch.rand(4, 3, 16, 16, dtype=torch.float64)
    torch.testing.assert_close(energy(x)[1:2], energy(x[1:2]), atol=1e-10, rtol=0)


@pytest.mark.parametrize(
    ("changes", "shape", "reason"),
    [
        ({}, (2,), "needs images"),
        ({"width": 8}, (3, 8, 8), "to attend to: too few pixels"),
        ({"width": 8}, (3, 32, 8), "to attend to: too few pixels"),
        ({"width": 8, "attention": False}, (3, 8, 8), "full resolution, whose norm"),
        ({"layout": "small", "width": 4}, (1, 4, 4), "to attend to"),
        ({"layout": "small", "width": 4, "attention": False}, (1, 4, 4), "quarter resolution, whose norm"),
    ],
)
def test_images_too_small_are_refused_with_the_reason(changes, shape, reason, residual):
    with pytest.raises(ValueError, match=reason):
        build_energy(residual(**changes), shape)


@pytest.mark.parametrize(
    ("changes", "shape"),
    [
        ({"attention": False}, (1, 8, 8)),
        ({"attention": False, "normalise": False}, (1, 4, 4)),
        ({"attention": False, "scales": 1}, (1, 4, 4)),
        ({}, (1, 8, 8)),
    ],
)
def test_small_images_that_are_just_large_enough(changes, shape, small):
    energy = build_energy(small(**changes), shape)
    assert energy(torch.rand(3, *shape)).isfinite().all()
