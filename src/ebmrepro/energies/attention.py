"""Self-attention over the positions of a map (SAGAN; Zhang et al., 2019)."""

import torch
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """x + gamma * attention(x): 1x1 queries and keys of an eighth of the channels, values of all of them.

    gamma is learnt from 0: at first the layer is the identity.
    """

    def __init__(self, width: int):
        super().__init__()
        narrow = max(1, width // 8)
        self.query = nn.Conv2d(width, narrow, 1)
        self.key = nn.Conv2d(width, narrow, 1)
        self.value = nn.Conv2d(width, width, 1)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """`x` (B, C, H, W), the same shape; the condition has no part in it.

        The products are not scaled by the square root of their length, as in SAGAN.
        """
        query, key, value = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))
        # Written out: the fused kernels cannot be differentiated twice, as the KL term of ICD needs.
        weights = torch.bmm(query.transpose(1, 2), key).softmax(2)
        return x + self.gamma * torch.bmm(value, weights.transpose(1, 2)).view_as(x)
