"""Many tunnels at once. `core` is the agent's own namespace."""
tunnel = core.module("hailer.tunnel")
failure = core.module("hailer.failure")
reach = core.module("hailer.reach")
setops = core.module("hailer.setops")
ErrorResult = failure.ErrorResult

if core.PY2:
    from collections import OrderedDict as ordered
else:
    ordered = dict


class GroupResult(ordered):
    """host -> its result, or an ErrorResult; in the order of the group."""

    def successful(self):
        """(host, result) of those that went well."""
        return iter([(host, value) for host, value in self.items() if not isinstance(value, ErrorResult)])

    def failures(self):
        """(host, ErrorResult) of the others."""
        return iter([(host, value) for host, value in self.items() if isinstance(value, ErrorResult)])

    def raise_failures(self):
        """Raises one RemoteException that tells all failures, if there are any."""
        failed = list(self.failures())
        if failed:
            words = "".join("\n\n[%s] %s" % (host, error.msg) for host, error in failed)
            raise failure.RemoteException("%d/%d hosts had failures:%s" % (len(failed), len(self), words))

    def iteritems(self):
        return iter(self.items())

    def __repr__(self):
        return "GroupResult({%s})" % ", ".join("%r: %r" % pair for pair in self.items())

    def __reduce__(self):
        return GroupResult, (), None, None, iter(self.items())


class Group(setops.SetOps):
    """Tunnels; each is there once, in the order given. A string is a host over ssh."""

    def __init__(self, hosts):
        self.tunnels = []
        self.connection_errors = {}  # host -> ErrorResult; told in every result until connect() is called
        for host in [hosts] if isinstance(hosts, (str, core.text_type)) else hosts:
            for one in host._members() if isinstance(host, setops.SetOps) else [tunnel.SSH(host)]:
                if one not in self.tunnels:
                    self.tunnels.append(one)

    @classmethod
    def _of(cls, tunnels, *origins):
        """A group of these tunnels, with what is known of their failures."""
        group = cls(tunnels)
        names = group._names()
        for origin in origins:
            for name, error in getattr(origin, "connection_errors", {}).items():
                if name in names:
                    group.connection_errors[name] = error
        return group

    def _members(self):
        return list(self.tunnels)

    def _names(self):
        """What each tunnel is called in results: its host, and more where two hosts have one name."""
        names = [one.host for one in self.tunnels]
        for ways in (lambda one: "/".join(one._way()), repr):
            names = [ways(one) if names.count(name) > 1 else name for name, one in zip(names, self.tunnels)]
        return names

    def __repr__(self):
        return "Group(%r)" % (self.tunnels,)

    def __len__(self):
        return len(self.tunnels)

    def __iter__(self):
        return iter(self.tunnels)

    # ------------------------------------------------ open and close

    def connect(self):
        """Opens all that are not open, those that failed before too; failures are in `connection_errors`."""
        self.connection_errors = {}
        self._each(lambda one: one._connect())
        return self

    def close(self):
        """Closes all at once; waits for that no longer than for one."""
        for one in self.tunnels:
            one._cancel_opening()
        tunnel.wait_all([request for one in self.tunnels for request in one._start_close()])

    def __enter__(self):
        return self.connect()

    def __exit__(self, *info):
        self.close()

    # ------------------------------------------------ what all do

    def call(self, function, *args, **keywords):
        """A GroupResult of what the function returns on each host. A function that cannot be shipped raises here."""
        shipped = core.module("hailer.ship").request(function, args, keywords)
        return self._each(lambda one: one._call(shipped))

    def put(self, local_path, remote_path=None, mode=0o644):
        """A GroupResult of the dicts of each host's put."""
        transfer = core.module("hailer.transfer")
        return self._each(lambda one: transfer.put(one, local_path, remote_path, mode))

    def fetch(self, remote_path, local_path=None):
        """A GroupResult of the dicts of each host's fetch. `{host}` in the local path is the name of the host."""
        return self._each(self._fetching(remote_path, local_path))

    def _fetching(self, remote_path, local_path):
        transfer = core.module("hailer.transfer")
        places = dict.fromkeys(self.tunnels)
        if local_path is not None:
            for name, one in zip(self._names(), self.tunnels):
                places[one] = local_path.format(host=name.replace("/", "_"))
            if len(set(places.values())) < len(places):
                raise ValueError("local_path %r does not give each host a path of its own: use {host}" % (local_path,))
        return lambda one: transfer.fetch(one, remote_path, places[one])

    def filter(self, predicate, exclude=False):
        """A group of those hosts where the predicate holds; with `exclude`, of the others."""
        results = self.call(predicate)
        results.raise_failures()
        chosen = [one for name, one in zip(self._names(), self.tunnels) if bool(results[name]) is not bool(exclude)]
        return Group._of(chosen, self)

    def _each(self, steps):
        """A GroupResult of the steps that this makes for each tunnel, all at once."""
        return reach.finish(self._all(steps))

    def _all(self, steps):
        """Steps of the same, for a queue."""
        names = self._names()
        tasks = {}
        for name, one in zip(names, self.tunnels):
            if name not in self.connection_errors:
                tasks[name] = reach.Task(steps(one))
        yield reach.Several(list(tasks.values()))
        results = GroupResult()
        for name, one in zip(names, self.tunnels):
            task = tasks.get(name)
            if task is None:
                results[name] = self.connection_errors[name]
            elif task.error is None:
                results[name] = task.value
            else:
                results[name] = ErrorResult.of(task.error, name)
                if not one.connected and unreached(task.error):
                    self.connection_errors[name] = results[name]
        yield reach.Result(results)


def unreached(error):
    return getattr(error, "stage", None) is not None or isinstance(error, failure.DepthLimitExceeded)
