"""Networks that several benchmarks build in PyTorch."""

from torch import nn


def cnn(network):
    """MinAtar's network (Young & Tian 2019) for 10×10×4, or Nature DQN's (Mnih et al. 2015) for 4×84×84, 6 actions."""
    if network == "minatar":
        return nn.Sequential(
            nn.Conv2d(4, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(1024, 128), nn.ReLU(), nn.Linear(128, 6)
        )
    return nn.Sequential(
        nn.Conv2d(4, 32, 8, 4),
        nn.ReLU(),
        nn.Conv2d(32, 64, 4, 2),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(3136, 512),
        nn.ReLU(),
        nn.Linear(512, 6),
    )
