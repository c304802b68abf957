"""The works of bench/updates.mjs and bench/cnn.mjs in PyTorch, on one thread or as many as the argument says.

Reads one JSON request a line from stdin and writes one JSON answer a line to stdout; the first line it writes says
which engine it is, or why there is none. It is written for PyTorch 1.13 and newer.
"""

import ctypes
import json
import math
import os
import random
import re
import sys
import time

answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)  # whatever a library prints must not land among the answers


def answer(**fields):
    answers.write(json.dumps(fields) + "\n")


threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
# read by the libraries when they load; torch.set_num_threads does not reach OpenBLAS's own threads
for name in ("OMP", "OPENBLAS", "MKL", "BLIS"):
    os.environ[f"{name}_NUM_THREADS"] = str(threads)

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from torch import nn
    from torchNetworks import cnn
except ImportError as error:
    answer(unavailable=f"{sys.executable} cannot import torch and numpy ({error})")
    sys.exit(0)

torch.set_num_threads(threads)
try:
    torch.set_num_interop_threads(1)
except RuntimeError:
    pass  # already set by the environment
torch.manual_seed(0)
random.seed(0)
rng = np.random.default_rng(0)


def loaded_blas():
    """Paths of the BLAS libraries in this process."""
    torch.mm(torch.ones(8, 8), torch.ones(8, 8))  # what is loaded late is loaded now
    with open("/proc/self/maps") as maps:
        return {os.path.realpath(line.split()[-1]) for line in maps if "blas" in line}


def openblas_core():
    """The processor that OpenBLAS chose its kernels for, or None without OpenBLAS."""
    for path in loaded_blas():
        name = getattr(ctypes.CDLL(path), "openblas_get_corename", None)
        if name:
            name.restype = ctypes.c_char_p
            return name().decode()
    return None


def restart_with_fast_kernels():
    """OpenBLAS takes a processor newer than itself for a Prescott of 2004, four times slower: names a fitting one."""
    if "OPENBLAS_CORETYPE" in os.environ or openblas_core() != "Prescott":
        return
    with open("/proc/cpuinfo") as cpuinfo:
        flags = set(next((line for line in cpuinfo if line.startswith("flags")), "").split())
    if "avx2" not in flags:
        return
    os.environ["OPENBLAS_CORETYPE"] = "SkylakeX" if {"avx512f", "avx512bw", "avx512vl"} <= flags else "Haswell"
    os.dup2(answers.fileno(), 1)
    os.execv(sys.executable, [sys.executable, *sys.argv])


def blas():
    """What does the matrix products: Debian's torch takes the library that is installed, and it decides the speed."""
    built = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    if built and built[1] != "generic":
        return f"BLAS {built[1]}"
    restart_with_fast_kernels()
    if core := openblas_core():
        return f"OpenBLAS for {core}"
    for name in ("BLIS", "ATLAS", "MKL"):
        if any(name.lower() in path for path in loaded_blas()):
            return name
    return "reference BLAS: slow, install libopenblas0-pthread for a fair comparison"


def network(hidden, activation):
    return nn.Sequential(
        nn.Linear(4, hidden), activation(), nn.Linear(hidden, hidden), activation(), nn.Linear(hidden, 2)
    )


class DQN:
    def __init__(self, hidden, activation, eps, double):
        self.double = double
        self.online = network(hidden, activation)
        self.target = network(hidden, activation)
        self.copy_to_target()
        try:
            self.adam = torch.optim.Adam(self.online.parameters(), lr=1e-3, eps=eps, fused=True)
        except RuntimeError:  # before PyTorch 2.4 the CPU has no fused Adam
            self.adam = torch.optim.Adam(self.online.parameters(), lr=1e-3, eps=eps, foreach=True)

    def copy_to_target(self):
        self.target.load_state_dict(self.online.state_dict())

    def update(self, batch):
        """One update from numpy arrays: obs and next_obs (batch, 4), action (batch, 1), reward and discount (batch, 1)."""
        obs, action, reward, discount, next_obs = map(torch.from_numpy, batch)
        with torch.no_grad():
            next_q = self.target(next_obs)
            if self.double:
                next_value = next_q.gather(1, self.online(next_obs).argmax(1, keepdim=True))
            else:
                next_value = next_q.amax(1, keepdim=True)
            y = torch.addcmul(reward, discount, next_value)
        q = self.online(obs).gather(1, action)
        loss = F.smooth_l1_loss(q, y)
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()

    def act(self, obs):
        """The greedy action, a plain int, of one observation (4,)."""
        with torch.inference_mode():
            return self.online(torch.from_numpy(obs).unsqueeze(0)).argmax().item()


def adam_of(module):
    parameters = list(module.parameters())
    try:
        return torch.optim.Adam(parameters, lr=1e-3, fused=True)
    except RuntimeError:  # before PyTorch 2.4 the CPU has no fused Adam
        return torch.optim.Adam(parameters, lr=1e-3, foreach=True)


class LateActionQ(nn.Module):
    """Three numbers of observation; one of action joins behind the first hidden layer."""

    def __init__(self, hidden):
        super().__init__()
        self.first = nn.Linear(3, hidden)
        self.second = nn.Linear(hidden + 1, hidden)
        self.last = nn.Linear(hidden, 1)

    def forward(self, obs, action):
        features = torch.cat((F.relu(self.first(obs)), action), 1)
        return self.last(F.relu(self.second(features)))


def deterministic_policy(hidden):
    return nn.Sequential(
        nn.Linear(3, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1), nn.Tanh()
    )


class DDPG:
    def __init__(self, hidden):
        self.policy, self.target_policy = deterministic_policy(hidden), deterministic_policy(hidden)
        self.q, self.target_q = LateActionQ(hidden), LateActionQ(hidden)
        self.online = [*self.policy.parameters(), *self.q.parameters()]
        self.targets = [*self.target_policy.parameters(), *self.target_q.parameters()]
        with torch.no_grad():
            torch._foreach_zero_(self.targets)
            torch._foreach_add_(self.targets, self.online)
        self.policy_parameters = list(self.policy.parameters())
        self.actor_adam, self.critic_adam = adam_of(self.policy), adam_of(self.q)

    def update(self, batch):
        obs, action, reward, discount, next_obs = map(torch.from_numpy, batch)
        with torch.no_grad():
            y = torch.addcmul(reward, discount, self.target_q(next_obs, 2 * self.target_policy(next_obs)))
        loss = F.mse_loss(self.q(obs, action), y)
        self.critic_adam.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_adam.step()
        actor_loss = -self.q(obs, 2 * self.policy(obs)).mean()
        # only the policy's gradients: those of the q-function's weights are not computed
        for parameter, gradient in zip(
            self.policy_parameters, torch.autograd.grad(actor_loss, self.policy_parameters)
        ):
            parameter.grad = gradient
        self.actor_adam.step()
        with torch.no_grad():
            torch._foreach_mul_(self.targets, 1 - 5e-3)
            torch._foreach_add_(self.targets, self.online, alpha=5e-3)


class ConvolutionalDQN(DQN):
    def __init__(self, network):
        self.double = False
        self.online, self.target = cnn(network), cnn(network)
        self.adam = adam_of(self.online)
        self.copy_to_target()


class CartPole:
    """Gymnasium's CartPole: scalar arithmetic, float32 observations, episodes of at most 200 steps."""

    gravity, mass_cart, mass_pole, length, force_size, tau = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
    total_mass = mass_pole + mass_cart
    polemass_length = mass_pole * length
    theta_limit = 12 * 2 * math.pi / 360
    x_limit = 2.4

    def reset(self):
        self.state = tuple(random.uniform(-0.05, 0.05) for _ in range(4))
        self.steps = 0
        return np.array(self.state, dtype=np.float32)

    def step(self, action):
        x, x_dot, theta, theta_dot = self.state
        force = self.force_size if action == 1 else -self.force_size
        costheta, sintheta = math.cos(theta), math.sin(theta)
        temp = (force + self.polemass_length * theta_dot * theta_dot * sintheta) / self.total_mass
        thetaacc = (self.gravity * sintheta - costheta * temp) / (
            self.length * (4.0 / 3.0 - self.mass_pole * costheta * costheta / self.total_mass)
        )
        xacc = temp - self.polemass_length * thetaacc * costheta / self.total_mass
        x, x_dot = x + self.tau * x_dot, x_dot + self.tau * xacc
        theta, theta_dot = theta + self.tau * theta_dot, theta_dot + self.tau * thetaacc
        self.state = (x, x_dot, theta, theta_dot)
        self.steps += 1
        terminated = abs(x) > self.x_limit or abs(theta) > self.theta_limit
        return np.array(self.state, dtype=np.float32), 1.0, terminated, not terminated and self.steps >= 200


class Replay:
    """A ring of transitions, one array a field; sampled uniformly with replacement."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.obs = np.zeros((capacity, 4), np.float32)
        self.next_obs = np.zeros((capacity, 4), np.float32)
        self.action = np.zeros((capacity, 1), np.int64)
        self.reward = np.zeros((capacity, 1), np.float32)
        self.discount = np.zeros((capacity, 1), np.float32)
        self.added = 0

    def append(self, obs, action, reward, discount, next_obs):
        i = self.added % self.capacity
        self.obs[i] = obs
        self.action[i] = action
        self.reward[i] = reward
        self.discount[i] = discount
        self.next_obs[i] = next_obs
        self.added += 1

    def sample(self, n):
        i = rng.integers(0, min(self.added, self.capacity), n)
        return self.obs[i], self.action[i], self.reward[i], self.discount[i], self.next_obs[i]


class Quickstart:
    def __init__(self):
        self.env = CartPole()
        self.agent = DQN(50, nn.Tanh, eps=1e-2, double=True)
        self.replay = Replay(1_000_000)
        self.obs = self.env.reset()
        self.updates = 0

    def step(self):
        action = random.randrange(2) if random.random() < 0.3 else self.agent.act(self.obs)
        next_obs, reward, terminated, truncated = self.env.step(action)
        self.replay.append(self.obs, action, reward, 0.0 if terminated else 0.95, next_obs)
        self.obs = self.env.reset() if terminated or truncated else next_obs
        if self.replay.added >= 500:
            self.agent.update(self.replay.sample(32))
            self.updates += 1
            if self.updates % 100 == 0:
                self.agent.copy_to_target()


def minibatches(batch, count=16):
    """Several minibatches, so that the numbers stay those of training: no loss runs into denormals."""

    def one():
        obs, next_obs = rng.standard_normal((2, batch, 4), dtype=np.float32)
        action = rng.integers(0, 2, (batch, 1))
        reward = rng.standard_normal((batch, 1), dtype=np.float32)
        discount = np.where(rng.random((batch, 1)) < 0.05, 0, 0.99).astype(np.float32)
        return obs, action, reward, discount, next_obs

    return [one() for _ in range(count)]


made = {}


def once(key, make):
    if key not in made:
        made[key] = make()
    return made[key]


def timed(repeat, body):
    began = time.perf_counter()
    for _ in range(repeat):
        body()
    return time.perf_counter() - began


def dqn_update(hidden, batch, double, repeat):
    agent, batches = once(
        ("update", hidden, batch, double),
        lambda: (DQN(hidden, nn.ReLU, eps=1e-8, double=double), minibatches(batch)),
    )
    began = time.perf_counter()
    for i in range(repeat):
        agent.update(batches[i % len(batches)])
    return time.perf_counter() - began


def ddpg_update(hidden, batch, repeat):
    def one():
        obs, next_obs = rng.standard_normal((2, batch, 3), dtype=np.float32)
        action, reward = rng.standard_normal((2, batch, 1), dtype=np.float32)
        discount = np.where(rng.random((batch, 1)) < 0.05, 0, 0.99).astype(np.float32)
        return obs, action, reward, discount, next_obs

    agent, batches = once(("ddpg", hidden, batch), lambda: (DDPG(hidden), [one() for _ in range(16)]))
    began = time.perf_counter()
    for i in range(repeat):
        agent.update(batches[i % len(batches)])
    return time.perf_counter() - began


def cnn_update(network, batch, repeat):
    def started():
        shape = (batch, 4, 10, 10) if network == "minatar" else (batch, 4, 84, 84)
        batches = []
        for _ in range(4):
            obs, next_obs = rng.random((2, *shape), dtype=np.float32)
            batches.append((obs, rng.integers(0, 6, (batch, 1)), *minibatches(batch, 1)[0][2:4], next_obs))
        return ConvolutionalDQN(network), batches

    agent, batches = once(("cnn", network, batch), started)
    began = time.perf_counter()
    for i in range(repeat):
        agent.update(batches[i % len(batches)])
    return time.perf_counter() - began


def act(repeat, hidden=64):
    agent = once(("act", hidden), lambda: DQN(hidden, nn.ReLU, eps=1e-8, double=False))
    obs = np.zeros(4, np.float32)
    return timed(repeat, lambda: agent.act(obs))


def gemm(m, k, n, repeat):
    a, b = once(("gemm", m, k, n), lambda: (torch.randn(m, k), torch.randn(k, n)))
    with torch.inference_mode():
        return timed(repeat, lambda: torch.mm(a, b))


def quickstart(steps):
    def started():
        state = Quickstart()
        while state.updates < 1:
            state.step()
        return state

    return timed(steps, once("quickstart", started).step)


works = {"dqnUpdate": dqn_update, "ddpgUpdate": ddpg_update, "cnnUpdate": cnn_update, "act": act, "gemm": gemm, "quickstart": quickstart}

answer(engine=f"PyTorch {torch.__version__}", details=f"{threads} thread{'s' * (threads > 1)}, {blas()}")
for line in sys.stdin:
    options = json.loads(line)
    try:
        seconds = works[options.pop("work")](**options)
        answer(seconds=seconds, repeat=options.get("repeat", options.get("steps")))
    except Exception as error:  # the driver shows it; the next request may still be answered
        answer(error=f"{type(error).__name__}: {error}")
