"""Every stored enumeration. Imports nothing from the project."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ProductStatus(TextChoices):
    """Where a product stands on its way to the right category."""

    WAITING = "waiting", _("Waiting for classification")
    IN_REVIEW = "in_review", _("In review")
    LISTED = "listed", _("Listed")


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


class ReviewReason(TextChoices):
    """Why a product is in front of a moderator."""

    LOW_CONFIDENCE = "low_confidence", _("Low confidence")
    DISAGREEMENT = "disagreement", _("The models disagree")
    MISSING_INPUT = "missing_input", _("Missing text or picture")
    BUYER_REPORT = "buyer_report", _("Reported by a buyer")
    AUDIT = "audit", _("Random audit")
    SUSPECT_LABEL = "suspect_label", _("Suspect label")
    SELLER_APPEAL = "seller_appeal", _("Seller's appeal")
    SECOND_OPINION = "second_opinion", _("Second opinion")
    GOLD = "gold", _("Known answer")
    FAILED = "failed", _("Could not be classified")


class ServedBy(TextChoices):
    """How a review item was picked for the moderator who answered it."""

    RANK = "rank", _("By rank")
    RANDOM = "random", _("By lot")
    BULK = "bulk", _("In a grid of near duplicates")


class EstimateSource(TextChoices):
    MEASURED = "measured", _("measured")
    PRIOR = "prior", _("assumed until enough is measured")


class Measured(TextChoices):
    SECONDS = "seconds", _("Median seconds of a review")
    VIEWS = "views", _("Views of a listed product a day")


class SkillKind(TextChoices):
    """How a moderator stands to a category family."""

    ONLY = "only", _("Only this family")
    STRONG = "strong", _("Strong in it: comes first")


class FailureCode(TextChoices):
    """Why a product could not be classified; stored in Route.details."""

    NO_MODEL = "no_model", _("No usable model was there in time")
    ERROR = "error", _("The models failed on this product")
    WORKER_DIED = "worker_died", _("The worker died while it classified this product")


class ReviewStatus(TextChoices):
    PENDING = "pending", _("Waiting")
    CLAIMED = "claimed", _("With a moderator")
    RESOLVED = "resolved", _("Resolved")


class Verdict(TextChoices):
    """A moderator's answer. UNDONE withdraws an earlier one, which stays on record."""

    CONFIRMED = "confirmed", _("Confirmed")
    CORRECTED = "corrected", _("Corrected")
    SKIPPED = "skipped", _("Skipped")
    ESCALATED = "escalated", _("Escalated")
    UNDONE = "undone", _("Undone")


class SkipReason(TextChoices):
    UNCLEAR = "unclear", _("The product is unclear")
    NOT_MY_FIELD = "not_my_field", _("Not my field")
    NO_CATEGORY_FITS = "no_category_fits", _("No category fits")
    BAD_PICTURE = "bad_picture", _("The picture is missing or wrong")
    OTHER = "other", _("Another reason")


class ReportStatus(TextChoices):
    OPEN = "open", _("Being looked at")
    UPHELD = "upheld", _("Upheld: the category was wrong")
    DISMISSED = "dismissed", _("Dismissed: the category was right")
    EXPIRED = "expired", _("Closed without a look")
    VOIDED = "voided", _("Set aside")


class CaseStatus(TextChoices):
    """State of a ReportCase."""

    COLLECTING = "collecting", _("Collecting evidence")
    IN_REVIEW = "in_review", _("In review")
    CLOSED = "closed", _("Closed")


class RingSign(TextChoices):
    """What makes reports look agreed upon."""

    SAME_FAMILY = "same_family", _("many on one family of categories within seconds")
    SAME_NETWORK = "same_network", _("several from one network")
    SAME_PRODUCT = "same_product", _("many on one product within seconds")


class RingStatus(TextChoices):
    """State of a ReportRing; also what a RingEvent records."""

    HELD = "held", _("Held")
    VOIDED = "voided", _("Voided")
    RELEASED = "released", _("Released")


class AppealStatus(TextChoices):
    OPEN = "open", _("Being looked at")
    UPHELD = "upheld", _("Upheld: the category was changed")
    DISMISSED = "dismissed", _("Dismissed: the category stands")


class JobStatus(TextChoices):
    """State of an import, a snapshot or an export."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class ImportFormat(TextChoices):
    CSV = "csv", _("CSV, challenge layout")
    JSONL = "jsonl", _("JSON Lines")
    PARQUET = "parquet", _("Parquet")


class ExportFormat(TextChoices):
    CSV = "csv", _("CSV, challenge layout")
    NPY = "npy", _("NPY arrays")
    JSONL = "jsonl", _("JSON Lines")
    PARQUET = "parquet", _("Parquet")
    IMAGEFOLDER = "imagefolder", _("Hugging Face image folder")
    LABEL_STUDIO = "label_studio", _("Label Studio JSON")


class Split(TextChoices):
    """Which part of a dataset a product belongs to, for good."""

    TRAIN = "train", _("Training")
    VALIDATION = "validation", _("Validation")
    TEST = "test", _("Test")


class Likeness(TextChoices):
    """How near two products lie to each other."""

    NEARLY_THE_SAME = "nearly_the_same", _("nearly the same")
    VERY_ALIKE = "very_alike", _("very alike")
    ALIKE = "alike", _("alike")
    LITTLE_ALIKE = "little_alike", _("little alike")


class LabelSource(TextChoices):
    """Where a FeedbackLabel comes from."""

    MODERATOR = "moderator", _("Moderator")
    IMPORTED = "imported", _("Imported from another tool")


class ComparisonKind(TextChoices):
    """What a moderator's answer is held against; an answer that differs is "off"."""

    GOLD = "gold", _("Known answer")
    SECOND_OPINION = "second", _("A colleague's blind answer")
    SHOWN = "shown", _("FUSION, shown to the moderator")
    BLIND = "blind", _("FUSION, hidden from the moderator")
    FAR = "far", _("FUSION's first five")


class WatchStream(TextChoices):
    """Comparisons that are weighed together when carelessness is looked for."""

    TRUTH = "truth", _("Known answers and second opinions")
    SUGGESTION = "suggestion", _("FUSION's answer")
    FAR = "far", _("FUSION's first five")


class MeasureKind(TextChoices):
    """What is measured of the team and of each moderator."""

    ALPHA = "alpha", _("Agreement beyond chance (alpha)")
    AGREEMENT = "agreement", _("Agreement with colleagues")
    ANCHORING = "anchoring", _("Anchoring gap")
    COMPETENCE = "competence", _("Competence")
    GOLD = "gold", _("Known answers right")


class KnownAnswerSource(TextChoices):
    """What settled a known answer."""

    UNANIMOUS = "unanimous", _("Several people gave it, each without knowing of the others")
    ADJUDICATED = "adjudicated", _("A lead decided between two answers")


class KnownAnswerEnd(TextChoices):
    """Why a known answer is no longer used."""

    DISPUTE_UPHELD = "dispute_upheld", _("A moderator disputed it, and a lead agreed")
    CHANGED = "changed", _("The product or its label has changed")
    UNDONE = "undone", _("An answer that it rests on was taken back")


class DisagreementKind(TextChoices):
    """How two differing answers came together."""

    SECOND_OPINION = "second_opinion", _("Second opinion")
    DISPUTE = "dispute", _("Disputed known answer")


class AdjudicationCause(TextChoices):
    """Why two people answered differently."""

    AMBIGUOUS = "ambiguous", _("The product is ambiguous")
    GUIDELINE_GAP = "guideline_gap", _("The guideline has a gap")
    MODEL_MISLED = "model_misled", _("The models misled")
    SLIP = "slip", _("A slip")


class Queue(TextChoices):
    """The Celery queues, by name."""

    INFERENCE = "inference", _("Classification")
    DEFAULT = "default", _("Imports, exports and upkeep")
    TRAINING = "training", _("Training")


class Theme(TextChoices):
    AUTO = "auto", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Role(TextChoices):
    """The groups; their permissions are set by `reviewapp.services.accounts.ensure_roles`."""

    SELLER = "seller", _("Seller")
    BUYER = "buyer", _("Buyer")
    MODERATOR = "moderator", _("Moderator")
    ADMIN = "admin", _("Administrator")
