"""Invented teams of moderators, one of them careless, and the evidence their answers leave."""

import random
from dataclasses import dataclass

from reviewapp.choices import ReviewReason
from reviewapp.domain.comparisons import AnswerFacts, Given, Ledger, comparisons_of

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
        self.codes = range(1, CATEGORIES + 1)
        self.model_error = {code: chance.uniform(0.05, 0.35) for code in self.codes}
        self.confusing = {code: chance.uniform(0.5, 2.0) for code in self.codes}

    def suggestions(self, truth: int) -> list[int]:
        """The model's first five; the truth is first, or among them, or (1 in 6 errors) absent."""
        others = self.chance.sample([code for code in self.codes if code != truth], 5)
        if self.chance.random() >= self.model_error[truth]:
            return [truth, *others[:4]]
        if self.chance.random() < 1 / 6:
            return others
        return [others[0], truth, *others[1:4]]

    def answer(self, person: Person, truth: int, five: list[int]) -> int:
        if self.chance.random() < person.random_share:
            return self.chance.choice(self.codes)
        if self.chance.random() < person.error * self.confusing[truth]:
            # A slip stays near: mostly one of the plausible categories.
            near = self.chance.random() < 0.8
            return self.chance.choice(five) if near else self.chance.choice(self.codes)
        return truth


def run(*, seed: int, careful: int = 8, careless: int = 1, decisions: int = 150) -> Found:
    """Let a team decide side by side, `decisions` each, after the careful have done 300 before.

    The careful err in 1 to 6 % of cases, each in his or her own measure. The careless are new.
    """
    chance = random.Random(seed)
    world = World(chance)
    people = [Person(chance.uniform(0.01, 0.06)) for _ in range(careful)]
    people += [Person(chance.uniform(0.01, 0.06), 0.2) for _ in range(careless)]
    ledger = Ledger(categories=CATEGORIES)
    found: list[int | None] = [None] * len(people)
    for number in range(-300, decisions):
        for index in range(len(people)):
            if number < 0 and index >= careful:
                continue
            for accused in _decide(world, ledger, people, index):
                done = number + 1 + (300 if accused < careful else 0)
                found[accused] = found[accused] or done
    return Found(careless=found[careful:], careful=found[:careful])


def _decide(world: World, ledger: Ledger, people: list[Person], index: int) -> list[int]:
    """One person answers one product; return who is accused upon that."""
    chance = world.chance
    truth = 1 + chance.randrange(CATEGORIES)
    five = world.suggestions(truth)
    answer = Given(index, world.answer(people[index], truth, five))
    first, known, reasons = None, None, {ReviewReason.LOW_CONFIDENCE}
    drawn = chance.random()
    if drawn < GOLD_SHARE:
        known, reasons = truth, {ReviewReason.GOLD}
    elif drawn < GOLD_SHARE + SECOND_OPINION_SHARE:
        other = chance.choice([i for i in range(len(people)) if i != index])
        first = Given(other, world.answer(people[other], truth, five))
        reasons = {ReviewReason.SECOND_OPINION}
    facts = AnswerFacts(
        answer,
        suggested=five[0],
        five=frozenset(five),
        reasons=frozenset(reasons),
        is_blind=chance.random() < BLIND_SHARE,
        known=known,
        first=first,
    )
    alarms = [ledger.book(comparison) for comparison in comparisons_of(facts)]
    return [alarm.moderator for alarm in alarms if alarm is not None]
