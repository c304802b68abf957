"""Gymnasium environments for a Kusari process: frames in on stdin (and fd 3, the same pipe without blocking), out on stdout.

A frame is a header of 8 bytes (uint32 length of what follows it, uint8 kind, 3 bytes) and a body. The first request is
JSON and says what to make, its answer is JSON and tells spaces and spec. A step's body holds the actions of all n
environments; its answer rewards (n float64), terminated and truncated (n bytes each, padded to 8), the observations,
where an episode ended and another began in one message the final observations, and infos as JSON where there are any.
Elements of a space are laid out leaf by leaf: all n of the first Discrete or Box in it, padded to 8 bytes, and so on.

Needs Python 3.8, NumPy, and Gymnasium 0.29 or newer.
"""

import base64
import copy
import fcntl
import importlib
import importlib.util
import json
import math
import os
import signal
import struct
import sys
import time
import traceback
import zlib

STEP, RESET, SAVE, LOAD, RENDER = range(5)
OK, ERROR, WITH_FINAL = range(3)

# seconds a request is waited for without sleeping: a process that sleeps takes some 40 µs to wake
PATIENCE = 50e-6
# bytes a pipe may hold; 64 KiB unless told
PIPE_SIZE = 1 << 20
# a call that takes longer than this many seconds may be broken off by Ctrl-C
STUCK = 5.0
# bytes of actions that are kept of an episode, so that a resumed run can play it again
RECORD_LIMIT = 1 << 26
# numbers of an array that are passed on in an info; larger ones are described
INFO_ARRAY_LIMIT = 1024

# imported when it is sure that a parent is there to be told of their absence
np = gymnasium = None

# modules that register a namespace which is not called after them
MODULES = {"ALE": "ale_py"}


class Unsupported(Exception):
    """What the bridge cannot carry."""


class Connection:
    def __init__(self):
        self.source, self.polled, self.sink = os.dup(0), 3, os.dup(1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        # what an environment prints must not get among the frames
        os.dup2(2, 1)
        self.buffer = bytearray(1 << 16)
        try:
            # a picture fits at once (F_SETPIPE_SZ, Linux)
            fcntl.fcntl(self.sink, 1031, PIPE_SIZE)
        except OSError:
            pass
        self.patience = PATIENCE if (os.cpu_count() or 1) > 1 and hasattr(os, "sched_yield") else 0
        self.busy_since = None
        signal.signal(signal.SIGINT, self.interrupted)
        signal.signal(signal.SIGTERM, self.interrupted)

    def interrupted(self, number, frame):
        # the parent ends in its own time, and this process after it
        if self.busy_since is not None and time.monotonic() - self.busy_since > STUCK:
            raise KeyboardInterrupt

    def read_some(self, view):
        if self.patience:
            end = time.perf_counter() + self.patience
            while True:
                try:
                    return os.readv(self.polled, [view])
                except BlockingIOError:
                    if time.perf_counter() > end:
                        break
                    # where both ends share a processor, the parent goes on at once
                    os.sched_yield()
        return os.readv(self.source, [view])

    def receive(self):
        """The kind and the body of the next request, or None when the parent is gone. The body is valid until then."""
        self.busy_since = None
        view = memoryview(self.buffer)
        got = 0
        size = 8
        while got < size:
            count = self.read_some(view[got:])
            if count == 0:
                return None
            if got < 8 <= got + count:
                size = 8 + struct.unpack_from("<I", view)[0]
                if size > len(view):
                    larger = bytearray(size)
                    larger[: got + count] = view[: got + count]
                    view = memoryview(larger)
            got += count
        self.busy_since = time.monotonic()
        return view[4], view[8:size]

    def send(self, frame):
        view = memoryview(frame)
        while view:
            view = view[os.write(self.sink, view) :]

    def send_body(self, kind, body):
        self.send(struct.pack("<IB3x", len(body), kind) + body)

    def send_json(self, value):
        self.send_body(OK, json.dumps(value).encode())

    def send_error(self, error, making=False):
        if making and isinstance(error, ImportError):
            kind = "missing"
        elif isinstance(error, Unsupported):
            kind = "unsupported"
        elif gymnasium is not None and isinstance(error, gymnasium.error.UnregisteredEnv):
            kind = "unknown"
        else:
            kind = "raised"
            traceback.print_exception(type(error), error, error.__traceback__)
            sys.stderr.flush()
        message = {"kind": kind, "type": type(error).__name__, "message": str(error)}
        self.send_body(ERROR, json.dumps(message).encode())


# --- spaces -----------------------------------------------------------------------------------------------------------


def bound(values):
    """The bounds of a Box: one number where all are equal, infinities by name."""
    flat = [float(value) for value in np.asarray(values).ravel()]
    named = [value if math.isfinite(value) else ("inf" if value > 0 else "-inf") for value in flat]
    return named[0] if named and all(value == named[0] for value in named) else named


def wire_dtype(space):
    """The type a Box's numbers travel in: one that JavaScript has a typed array for and that holds them."""
    name = np.dtype(space.dtype).name
    if name in ("float32", "float64", "int8", "int16", "int32", "uint8", "uint16", "uint32"):
        return name
    if name in ("float16", "bool"):
        return {"float16": "float32", "bool": "uint8"}[name]
    if name in ("int64", "uint64"):
        low, high = int(np.min(space.low)), int(np.max(space.high))
        if -(2**31) <= low and high < 2**31:
            return "int32"
        return "uint32" if 0 <= low and high < 2**32 else "float64"
    raise Unsupported(f"a Box of {name}")


def described(space):
    """A space as JSON."""
    spaces = gymnasium.spaces
    if isinstance(space, spaces.Discrete):
        return {"type": "Discrete", "n": int(space.n), "start": int(space.start)}
    if isinstance(space, spaces.Box):
        box = {"type": "Box", "dtype": wire_dtype(space), "shape": list(space.shape)}
        return {**box, "low": bound(space.low), "high": bound(space.high)}
    if isinstance(space, spaces.MultiBinary):
        return {"type": "MultiBinary", "shape": list(space.shape)}
    if isinstance(space, spaces.MultiDiscrete):
        start = getattr(space, "start", np.zeros_like(space.nvec))
        return {"type": "MultiDiscrete", "nvec": space.nvec.ravel().tolist(), "start": np.ravel(start).tolist()}
    if isinstance(space, spaces.Text):
        charset = "".join(sorted(space.character_set))
        return {"type": "Text", "minLength": space.min_length, "maxLength": space.max_length, "charset": charset}
    if isinstance(space, spaces.Tuple):
        return {"type": "Tuple", "spaces": [described(part) for part in space.spaces]}
    if isinstance(space, spaces.Dict):
        return {"type": "Dict", "spaces": [[str(name), described(part)] for name, part in space.spaces.items()]}
    raise Unsupported(f"a {type(space).__name__} space")


class Layout:
    """Where the elements of a space stand in a buffer."""

    def __init__(self, space, n):
        self.leaves = []  # (dtype, shape)
        self.store, self.fetch = self.plan(space)
        self.n = n
        self.offsets = []
        self.size = 0
        for dtype, shape in self.leaves:
            self.offsets.append(self.size)
            self.size += -(-n * np.dtype(dtype).itemsize * math.prod(shape) // 8) * 8

    def views(self, buffer, offset):
        """An array (n, …shape) for each leaf."""
        pairs = zip(self.leaves, self.offsets)
        return [np.ndarray((self.n, *shape), dtype, buffer, offset + start) for (dtype, shape), start in pairs]

    def row(self, views, i):
        """The bytes of the i-th element."""
        return b"".join([view[i].tobytes() for view in views])

    def rows(self, record):
        """The elements whose bytes were strung together."""
        size = sum(np.dtype(dtype).itemsize * math.prod(shape) for dtype, shape in self.leaves)
        for start in range(0, len(record), size):
            views = []
            for dtype, shape in self.leaves:
                views.append(np.ndarray((1, *shape), dtype, record, start))
                start += views[-1].nbytes
            yield self.fetch(views, 0)

    def plan(self, space):
        """Functions that write an element to row i of the views, and read it there."""
        spaces = gymnasium.spaces
        k = len(self.leaves)
        if isinstance(space, spaces.Discrete):
            self.leaves.append(("float64", ()))

            def store(views, i, value):
                views[k][i] = value

            return store, lambda views, i: int(views[k][i])
        if isinstance(space, (spaces.Box, spaces.MultiBinary, spaces.MultiDiscrete)):
            is_choice = isinstance(space, spaces.MultiDiscrete)
            dtype = wire_dtype(space) if isinstance(space, spaces.Box) else "int32" if is_choice else "int8"
            shape = tuple(space.shape)
            self.leaves.append((dtype, shape))
            own = space.dtype

            def store(views, i, value):
                if np.shape(value) != shape:
                    raise ValueError(f"it returned an array of shape {np.shape(value)} for a space of shape {shape}")
                views[k][i] = value

            # a copy: the environment may keep it
            return store, lambda views, i: views[k][i].astype(own)
        if isinstance(space, spaces.Text):
            length = space.max_length
            self.leaves.append(("uint32", (length + 1,)))

            def store(views, i, value):
                row = views[k][i]
                row[0] = len(value)
                row[1 : 1 + len(value)] = [ord(letter) for letter in value]

            def fetch(views, i):
                row = views[k][i]
                return "".join(map(chr, row[1 : 1 + int(row[0])]))

            return store, fetch
        if isinstance(space, spaces.Tuple):
            parts = [self.plan(part) for part in space.spaces]

            def store(views, i, value):
                for (put, _), element in zip(parts, value):
                    put(views, i, element)

            return store, lambda views, i: tuple([take(views, i) for _, take in parts])
        named = {name: self.plan(part) for name, part in space.spaces.items()}

        def store(views, i, value):
            for name, (put, _) in named.items():
                put(views, i, value[name])

        return store, lambda views, i: {name: take(views, i) for name, (_, take) in named.items()}


# --- infos ------------------------------------------------------------------------------------------------------------


def plain(value):
    """JSON of what stands in an info; what has no such form is described."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        value = value.item()
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, np.ndarray):
        if value.size <= INFO_ARRAY_LIMIT and value.dtype.kind in "biuf":
            return plain(value.tolist())
        return f"<array {value.shape} of {value.dtype}>"
    return f"<{type(value).__name__}>"


# --- environments -----------------------------------------------------------------------------------------------------


def make_one(request):
    """gymnasium.make; where the id's namespace is unknown, the module that may register it is imported first."""
    name, kwargs = request["id"], dict(request["kwargs"])
    module, _, rest = name.rpartition(":")
    if module:
        importlib.import_module(module)
    namespace = rest.split("/")[0] if "/" in rest else None
    wanted = MODULES.get(namespace, namespace)
    if wanted in MODULES.values():
        importlib.import_module(wanted)

    def made():
        if request["unlimited"]:
            spec = copy.deepcopy(gymnasium.spec(rest))
            spec.max_episode_steps = None
            return gymnasium.make(spec, **kwargs)
        if request["maxEpisodeSteps"] is not None:
            kwargs["max_episode_steps"] = request["maxEpisodeSteps"]
        return gymnasium.make(rest, **kwargs)

    try:
        return made()
    except gymnasium.error.UnregisteredEnv:
        if wanted is None or not wanted.isidentifier() or importlib.util.find_spec(wanted) is None:
            raise
        importlib.import_module(wanted)
        return made()


class Episode:
    """How the running episode of an environment came about: enough to play it again."""

    def __init__(self):
        self.start = None
        self.actions = bytearray()
        self.over = True


class Server:
    def __init__(self, connection, request):
        self.connection = connection
        self.n = request["n"]
        self.autoreset = request["autoreset"]
        self.envs = [make_one(request) for _ in range(self.n)]
        env = self.envs[0]
        observation_space, action_space = described(env.observation_space), described(env.action_space)
        self.obs = Layout(env.observation_space, self.n)
        self.act = Layout(env.action_space, self.n)
        flags = -(-2 * self.n // 8) * 8
        first = 8 + 8 * self.n + flags
        self.plain_size = first + self.obs.size
        self.frame = bytearray(self.plain_size + self.obs.size)
        self.rewards = np.ndarray((self.n,), "float64", self.frame, 8)
        self.terminated = np.ndarray((self.n,), "uint8", self.frame, 8 + 8 * self.n)
        self.truncated = np.ndarray((self.n,), "uint8", self.frame, 8 + 9 * self.n)
        self.views = self.obs.views(self.frame, first)
        self.final_views = self.obs.views(self.frame, self.plain_size)
        # requests of another size come in a buffer of their own
        if 8 + self.act.size > len(connection.buffer):
            connection.buffer = bytearray(8 + self.act.size)
        self.action_views = self.act.views(connection.buffer, 8)
        self.episodes = [Episode() for _ in self.envs]
        spec = env.spec
        connection.send_json(
            {
                "observationSpace": observation_space,
                "actionSpace": action_space,
                "spec": {
                    "id": spec.id if spec else request["id"],
                    "maxEpisodeSteps": spec.max_episode_steps if spec else None,
                    "rewardThreshold": spec.reward_threshold if spec else None,
                    "nondeterministic": bool(spec.nondeterministic) if spec else False,
                },
                "renderFps": plain((env.metadata or {}).get("render_fps")),
                "renderMode": env.render_mode,
                "gymnasium": gymnasium.__version__,
            }
        )

    def send(self, infos, with_final=False):
        """The answer to a step or reset, from what stands in the frame."""
        size = len(self.frame) if with_final else self.plain_size
        text = json.dumps([plain(info) for info in infos]).encode() if any(infos) else b""
        struct.pack_into("<IB", self.frame, 0, size - 8 + len(text), WITH_FINAL if with_final else OK)
        frame = memoryview(self.frame)[:size]
        self.connection.send(bytes(frame) + text if text else frame)

    def begin(self, i, seed=None, options=None):
        """Resets an environment and notes what its episode starts from."""
        env, episode = self.envs[i], self.episodes[i]
        episode.start = {"seed": seed, "options": options, "random": random_state(env) if seed is None else None}
        episode.actions.clear()
        obs, info = env.reset(seed=seed, options=options)
        self.obs.store(self.views, i, obs)
        episode.over = False
        return info

    def reset(self, request):
        infos = [{}] * self.n
        for i, (wanted, seed) in enumerate(zip(request["mask"], request["seeds"])):
            if wanted:
                infos[i] = self.begin(i, seed, request["options"])
                self.terminated[i] = self.truncated[i] = False
        self.rewards.fill(0)
        self.send(infos)

    def play(self, i, action):
        """One step of one environment; the observation is stored."""
        obs, reward, terminated, truncated, info = self.envs[i].step(action)
        self.obs.store(self.views, i, obs)
        self.rewards[i] = reward
        self.terminated[i] = terminated
        self.truncated[i] = truncated
        self.episodes[i].over = bool(terminated or truncated)
        return info

    def step(self):
        infos = []
        with_final = False
        for i, episode in enumerate(self.episodes):
            if episode.over and self.autoreset == "nextStep":
                self.rewards[i] = 0
                self.terminated[i] = self.truncated[i] = False
                infos.append(self.begin(i))
                continue
            if len(episode.actions) < RECORD_LIMIT:
                episode.actions += self.act.row(self.action_views, i)
            info = self.play(i, self.act.fetch(self.action_views, i))
            if episode.over and self.autoreset == "sameStep":
                with_final = True
                for final, view in zip(self.final_views, self.views):
                    final[i] = view[i]
                info = {**self.begin(i), "final_info": info}
            infos.append(info)
        self.send(infos, with_final)

    def save(self):
        saved = []
        for i, episode in enumerate(self.episodes):
            state = {"random": random_state(self.envs[i]), "start": episode.start, "over": episode.over}
            if not episode.over:
                state["actions"] = base64.b64encode(episode.actions).decode()
                state["whole"] = len(episode.actions) < RECORD_LIMIT
                state["crc"] = zlib.crc32(self.obs.row(self.views, i))
            saved.append(state)
        self.connection.send_json(saved)

    def load(self, saved):
        """Plays the episodes again that were running. Answers for each why it could not, or null."""
        lost = []
        for i, state in enumerate(saved):
            episode = self.episodes[i]
            reason = None
            if not state["over"]:
                try:
                    reason = self.replay(i, state)
                except Exception as error:
                    reason = f"{type(error).__name__}: {error}"
            if state["over"] or reason is not None:
                restore_random(self.envs[i], state["random"])
                episode.over = True
            lost.append(reason)
        self.connection.send_json(lost)

    def replay(self, i, state):
        if not state["whole"]:
            return f"it was longer than {RECORD_LIMIT} bytes of actions"
        start = state["start"]
        restore_random(self.envs[i], start["random"])
        self.begin(i, start["seed"], start["options"])
        episode = self.episodes[i]
        episode.start = start
        actions = bytearray(base64.b64decode(state["actions"]))
        for action in self.act.rows(actions):
            if episode.over:
                return "it ended earlier when played again"
            self.play(i, action)
        episode.actions = actions
        if episode.over or zlib.crc32(self.obs.row(self.views, i)) != state["crc"]:
            return "it took another course when played again"
        return None

    def render(self):
        """The picture of the first environment: its shape as two uint32 and RGB bytes; an empty answer for none."""
        picture = self.envs[0].render()
        if not isinstance(picture, np.ndarray) or picture.ndim != 3 or picture.shape[2] != 3:
            self.connection.send_body(OK, b"")
            return
        height, width = picture.shape[:2]
        self.connection.send_body(OK, struct.pack("<II", height, width) + picture.astype(np.uint8).tobytes())

    def serve(self):
        connection = self.connection
        while (request := connection.receive()) is not None:
            kind, body = request
            try:
                if kind == STEP:
                    self.step()
                elif kind == RESET:
                    self.reset(json.loads(bytes(body)))
                elif kind == SAVE:
                    self.save()
                elif kind == LOAD:
                    self.load(json.loads(bytes(body)))
                else:
                    self.render()
            except (Exception, KeyboardInterrupt) as error:
                connection.send_error(error)
        for env in self.envs:
            env.close()


def random_state(env):
    """The state of an environment's stream as JSON, or None where it is none of NumPy's that goes into JSON."""
    try:
        state = env.unwrapped.np_random.bit_generator.state
        json.dumps(state)
        return state
    except (AttributeError, TypeError):
        return None


def restore_random(env, state):
    if state is not None:
        env.unwrapped.np_random.bit_generator.state = state


def main():
    global np, gymnasium
    connection = Connection()
    request = connection.receive()
    if request is None:
        return
    try:
        # a module beside the program is found as from its folder
        sys.path.insert(0, os.getcwd())
        import numpy as np
        import gymnasium

        server = Server(connection, json.loads(bytes(request[1])))
    except (Exception, KeyboardInterrupt) as error:
        connection.send_error(error, making=True)
        return
    server.serve()


main()
