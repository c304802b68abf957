"""The updates of bench/gpu/updates.mjs in PyTorch with CUDA, eager and as a CUDA graph; prints one line of JSON."""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))


def network(torch, name):
    from torchNetworks import cnn

    if name != "mlp":
        return cnn(name)
    nn = torch.nn
    return nn.Sequential(nn.Linear(8, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 6))


def learner(torch, name, batch, device, capturable):
    shape = {"mlp": (8,), "minatar": (4, 10, 10), "nature": (4, 84, 84)}[name]
    online = network(torch, name).to(device)
    target = network(torch, name).to(device)
    target.load_state_dict(online.state_dict())
    adam = torch.optim.Adam(online.parameters(), lr=1e-4, capturable=capturable)
    obs, next_obs = torch.rand(batch, *shape, device=device), torch.rand(batch, *shape, device=device)
    action = torch.randint(6, (batch, 1), device=device)
    reward, discount = torch.randn(batch, 1, device=device), torch.full((batch, 1), 0.99, device=device)

    def update():
        with torch.no_grad():
            y = torch.addcmul(reward, discount, target(next_obs).amax(1, keepdim=True))
        loss = torch.nn.functional.smooth_l1_loss(online(obs).gather(1, action), y)
        adam.zero_grad(set_to_none=not capturable)
        loss.backward()
        adam.step()

    return update


def rate(update, synchronize, seconds):
    """Calls a second, the median of three runs."""
    for _ in range(5):
        update()
    synchronize()
    began = time.perf_counter()
    update()
    synchronize()
    count = max(1, int(seconds / 3 / max(time.perf_counter() - began, 1e-6)))
    rates = []
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(count):
            update()
        synchronize()
        rates.append(count / (time.perf_counter() - began))
    return sorted(rates)[1]


def captured(torch, update):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            update()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        update()
    return graph.replay


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--networks", default="mlp,minatar,nature")
    parser.add_argument("--batches", default="32,512")
    parser.add_argument("--device", default="cuda", help="cpu tries the script out")
    options = parser.parse_args()
    try:
        import torch
    except ImportError as error:
        return {"available": False, "reason": str(error)}
    is_cuda = options.device == "cuda"
    if is_cuda and not torch.cuda.is_available():
        return {"available": False, "reason": f"PyTorch {torch.__version__} finds no CUDA"}
    synchronize = torch.cuda.synchronize if is_cuda else lambda: None
    rows = []
    for name in options.networks.split(","):
        for batch in map(int, options.batches.split(",")):
            row = {"network": name, "batch": batch}
            row["eager"] = rate(learner(torch, name, batch, options.device, False), synchronize, options.seconds)
            if is_cuda:
                update = learner(torch, name, batch, options.device, True)
                row["graph"] = rate(captured(torch, update), synchronize, options.seconds)
            rows.append(row)
    device = torch.cuda.get_device_name() if is_cuda else "cpu"
    return {"available": True, "version": torch.__version__, "device": device, "rows": rows}


print(json.dumps(main()))
