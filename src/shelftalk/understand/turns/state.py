"""What a conversation has come to while its turns are read: the topic spoken of, those before it, and the picks last shown."""

from __future__ import annotations

from dataclasses import replace

from shelftalk.understand.reading import Reading, Shown
from shelftalk.understand.turns.topics import Topic
from shelftalk.values import Intent


class Talk:
    """The state of a conversation between two turns."""

    def __init__(self) -> None:
        self.topic: Topic | None = None
        self.past: list[Topic] = []
        self.picks: list[Shown] = []
        self.focus: list[Shown] = []
        self.followed = False  # the last turn asks about products shown
        self.back = False  # the turn only goes back to an earlier topic

    @property
    def reading(self) -> Reading | None:
        """What is wanted so far, None before anything was."""
        if self.topic is None:
            return None
        return Reading(self.topic.intent, self.topic.thrifty, earlier=tuple(self.topic.said))

    def without(self, reading: Reading) -> tuple[frozenset[str], ...]:
        """What is taken back, for each turn of the topic and for the one read last."""
        gone = next(iter(reading.without), frozenset())
        held = self.topic.without if self.topic is not None else []
        return (*(w | gone for w in held), gone)

    def listed(self, picks: list[Shown]) -> None:
        """An answer showed these. One about products shown leaves the list as it is, but several of them that it tells of in an order
        of its own ("which is the lightest?") have their places in that order."""
        if self.followed and picks:
            told = {p.id for p in picks}
            if len(picks) > 1 and told <= {p.id for p in self.picks}:
                after = [p for p in self.picks if p.id not in told]
                self.picks = [replace(p, rank=n) for n, p in enumerate([*picks, *after], 1)]
            self.focus = [next((p for p in self.picks if p.id == q.id), q) for q in picks]
        elif picks:
            self.picks, self.focus = picks, []

    def given(self, intent: Intent) -> None:
        """The shopper said what is meant by editing it."""
        self.topic, self.followed = Topic(intent), False

    def follow(self, content: str, reading: Reading) -> None:
        """A user turn was read as this."""
        self.followed = reading.follow_up is not None
        back, self.back = self.back, False
        if reading.cleared:
            self._leave()
            self.topic, self.picks, self.focus = None, [], []
        if back or not reading.intent.shopping or self.followed:
            return
        content = content if reading.said is None else reading.said
        if reading.merged and self.topic is not None:
            said, without = [*self.topic.said, content], list(self.without(reading))
            self.topic = Topic(reading.intent, reading.thrifty, said, without)
            return
        self._leave()
        self.topic = Topic(reading.intent, reading.thrifty, [content], [frozenset()])
        self.picks, self.focus = [], []

    def turn_back(self, topic: Topic) -> None:
        """The shopper goes back to an earlier topic."""
        self.past.remove(topic)
        self._leave()
        self.topic, self.picks, self.focus, self.followed = topic, topic.picks, [], False

    def _leave(self) -> None:
        if self.topic is not None:
            self.past.append(replace(self.topic, picks=self.picks))
