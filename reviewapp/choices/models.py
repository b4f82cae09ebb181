"""Words of models, their predictions, thresholds and measures."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RequestStatus(TextChoices):
    """State of a ClassificationRequest."""

    WAITING = "waiting", _("Waiting")
    CLAIMED = "claimed", _("With a worker")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class MemberChoice(TextChoices):
    """The members of the fusion; the same words as `classifier.types.Member`."""

    CNN = "cnn", _("CNN (image)")
    BERT = "bert", _("BERT (text)")
    LEXICAL = "lexical", _("Lexical (words)")
    FUSION = "fusion", _("FUSION (both)")


class AbsenceChoice(TextChoices):
    """Why a member has no answer; the same words as `classifier.types.Absence`."""

    NO_IMAGE = "no_image", _("no picture")
    NO_TEXT = "no_text", _("no text")
    UNREADABLE_IMAGE = "unreadable_image", _("unreadable picture")
    NO_INPUT = "no_input", _("neither text nor picture")


class ModelStage(TextChoices):
    CANDIDATE = "candidate", _("Candidate")
    SHADOW = "shadow", _("Shadow")
    CHAMPION = "champion", _("Champion")
    RETIRED = "retired", _("Retired")


class SampleSource(TextChoices):
    """Where products of known category come from, on which thresholds are chosen."""

    LIVE = "live", _("Decisions on live products")
    HELD_OUT = "held_out", _("Products kept out of training")


class RouteOutcome(TextChoices):
    LISTED = "listed", _("Listed automatically")
    REVIEW = "review", _("Sent to review")


class Certainty(TextChoices):
    """A calibrated probability in a seller's words; `domain.previews` says from where on."""

    ALMOST_CERTAIN = "almost_certain", _("almost certain")
    LIKELY = "likely", _("likely")
    POSSIBLE = "possible", _("possible")
    GUESS = "guess", _("no more than a guess")


class FailureCode(TextChoices):
    """Why a product could not be classified; stored in Route.details."""

    NO_MODEL = "no_model", _("No usable model was there in time")
    ERROR = "error", _("The models failed on this product")
    WORKER_DIED = "worker_died", _("The worker died while it classified this product")


class EstimateSource(TextChoices):
    MEASURED = "measured", _("measured")
    PRIOR = "prior", _("assumed until enough is measured")


class Measured(TextChoices):
    SECONDS = "seconds", _("Median seconds of a review")
    VIEWS = "views", _("Views of a listed product a day")


class MeasureKind(TextChoices):
    """What is measured of the team and of each moderator."""

    ALPHA = "alpha", _("Agreement beyond chance (alpha)")
    AGREEMENT = "agreement", _("Agreement with colleagues")
    ANCHORING = "anchoring", _("Anchoring gap")
    COMPETENCE = "competence", _("Competence")
    GOLD = "gold", _("Known answers right")
    BULK = "bulk", _("Grids confirmed by colleagues")


class GateTest(TextChoices):
    """What a candidate must show before it may take the champion's place."""

    MACRO_F1 = "macro_f1", _("Macro F1 not worse")
    COST = "cost", _("Costs less")
    CATEGORIES = "categories", _("No category much worse")
    NEGATIVE_FLIPS = "negative_flips", _("Few right answers lost")
    CALIBRATION = "calibration", _("Confidences hold")
    LATENCY = "latency", _("Quick enough")
    FAIRNESS = "fairness", _("Fair to all groups")
    GAPS = "gaps", _("No gap between groups wider")


class GateVerdict(TextChoices):
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")
    NOT_JUDGED = "not_judged", _("Not judged: too few products")


class PromotionKind(TextChoices):
    """By which road a version became the champion."""

    FIRST = "first", _("First model")
    GATE = "gate", _("Passed the gate")
    OVERRIDE = "override", _("In spite of the gate")
    ROLLBACK = "rollback", _("Rolled back")


class RescoringPhase(TextChoices):
    """What is asked anew after a promotion, in this order."""

    REVIEW = "review", _("Open review items")
    CATALOGUE = "catalogue", _("The rest of the catalogue")
    DONE = "done", _("Done")
