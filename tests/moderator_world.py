"""Invented teams of moderators, one of them careless, and the evidence their answers leave."""

import random
from collections import defaultdict
from dataclasses import dataclass

from reviewapp.choices import EvidenceKind
from reviewapp.domain.carelessness import Tally, Watch, after_answer, tolerated

CATEGORIES = 27
GOLD_SHARE = 0.02
SECOND_OPINION_SHARE = 0.05
BLIND_SHARE = 0.10


@dataclass(frozen=True)
class Person:
    """How often he or she errs, and how often an answer is drawn from all categories."""

    error: float
    random_share: float = 0.0


@dataclass(frozen=True)
class Found:
    """After how many of his or her decisions each person was reported; None: never."""

    careless: list[int | None]
    careful: list[int | None]


class World:
    """Products whose difficulty depends on their category, and a model of middling quality."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.model_error = [chance.uniform(0.05, 0.35) for _ in range(CATEGORIES)]
        self.confusing = [chance.uniform(0.5, 2.0) for _ in range(CATEGORIES)]

    def suggestions(self, truth: int) -> list[int]:
        """The model's first five; the truth is first, or among them, or (1 in 6 errors) absent."""
        others = self.chance.sample([c for c in range(CATEGORIES) if c != truth], 5)
        if self.chance.random() >= self.model_error[truth]:
            return [truth, *others[:4]]
        if self.chance.random() < 1 / 6:
            return others
        return [others[0], truth, *others[1:4]]

    def answer(self, person: Person, truth: int, five: list[int]) -> int:
        if self.chance.random() < person.random_share:
            return self.chance.randrange(CATEGORIES)
        if self.chance.random() < person.error * self.confusing[truth]:
            # A slip stays near: mostly one of the plausible categories.
            near = self.chance.random() < 0.8
            return self.chance.choice(five) if near else self.chance.randrange(CATEGORIES)
        return truth


class Desk:
    """Books evidence as it comes, and watches every person against all the others."""

    def __init__(self, people: int) -> None:
        self.watches = [Watch() for _ in range(people)]
        self.tallies: dict[tuple[int, EvidenceKind, int], Tally] = defaultdict(Tally)
        self.totals: dict[tuple[EvidenceKind, int], Tally] = defaultdict(Tally)
        self.kinds: dict[EvidenceKind, Tally] = defaultdict(Tally)
        self.own: dict[tuple[int, EvidenceKind], Tally] = defaultdict(Tally)

    def book(self, person: int, kind: EvidenceKind, category: int, *, is_off: bool) -> None:
        bound = tolerated(
            peers=self.kinds[kind] - self.own[person, kind],
            peers_here=self.totals[kind, category] - self.tallies[person, kind, category],
        )
        if bound is not None:
            self.watches[person] = after_answer(
                self.watches[person],
                kind=kind,
                is_off=is_off,
                bound=bound,
                categories=CATEGORIES,
            )
        one = Tally(1, int(is_off))
        self.kinds[kind] += one
        self.own[person, kind] += one
        self.totals[kind, category] += one
        self.tallies[person, kind, category] += one


def run(*, seed: int, careful: int = 8, careless: int = 1, decisions: int = 150) -> Found:
    """Let a team decide side by side, `decisions` each, after the careful have done 300 before.

    The careful err in 1 to 6 % of cases, each in his or her own measure. The careless are new.
    """
    chance = random.Random(seed)
    world = World(chance)
    people = [Person(chance.uniform(0.01, 0.06)) for _ in range(careful)]
    people += [Person(chance.uniform(0.01, 0.06), 0.2) for _ in range(careless)]
    desk = Desk(len(people))
    found: list[int | None] = [None] * len(people)
    for number in range(-300, decisions):
        for index, person in enumerate(people):
            if number < 0 and index >= careful:
                continue
            _decide(world, desk, people, index, person)
            done = number + 1 + (300 if index < careful else 0)
            if found[index] is None and desk.watches[index].is_alarm:
                found[index] = done
    return Found(careless=found[careful:], careful=found[:careful])


def _decide(world: World, desk: Desk, people: list[Person], index: int, person: Person) -> None:
    chance = world.chance
    truth = chance.randrange(CATEGORIES)
    five = world.suggestions(truth)
    answer = world.answer(person, truth, five)
    is_blind = chance.random() < BLIND_SHARE
    kind = EvidenceKind.BLIND if is_blind else EvidenceKind.SHOWN
    desk.book(index, kind, five[0], is_off=answer != five[0])
    desk.book(index, EvidenceKind.FAR, five[0], is_off=answer not in five)
    if chance.random() < GOLD_SHARE:
        desk.book(index, EvidenceKind.GOLD, truth, is_off=answer != truth)
    if chance.random() < SECOND_OPINION_SHARE:
        other = chance.choice([i for i in range(len(people)) if i != index])
        second = world.answer(people[other], truth, five)
        for who in (index, other):
            desk.book(who, EvidenceKind.SECOND_OPINION, five[0], is_off=answer != second)
