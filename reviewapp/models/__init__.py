"""Tables, constraints and indexes; no workflow. The file name is the concept."""

from reviewapp.models.accounts import User
from reviewapp.models.appeals import Appeal
from reviewapp.models.catalog import (
    Category,
    CategoryConfusion,
    CategoryFamily,
    ClassificationRequest,
    GroupCursor,
    Product,
    ProductImage,
)
from reviewapp.models.checks import (
    Adjudication,
    Disagreement,
    KnownAnswer,
    KnownAnswerDraw,
    Recheck,
)
from reviewapp.models.dashboards import (
    AnswerTally,
    DelayTally,
    QueueState,
    ReportChange,
    ReportTally,
)
from reviewapp.models.drift import DriftAlarm, DriftReference, DriftWindow, WebhookMessage
from reviewapp.models.embedding import EmbeddingOrigin
from reviewapp.models.evaluations import Evaluation, GateReport, LiveMeasure
from reviewapp.models.exports import DatasetExport
from reviewapp.models.feedback import FeedbackLabel
from reviewapp.models.guidance import Explanation, ProductEmbedding
from reviewapp.models.imports import CatalogueImport, LabelImport
from reviewapp.models.mail import Mail
from reviewapp.models.predictions import (
    HeldOutAnswers,
    ModelVersion,
    Prediction,
    Route,
    RoutingPolicy,
    TrainingInputs,
    WorkerHeartbeat,
)
from reviewapp.models.previews import CategoryPreview, SellerSuggestion
from reviewapp.models.promotions import Promotion, Rescoring
from reviewapp.models.queues import FamilyViews, ModeratorSkill, QueueMeasure, SavedFilter
from reviewapp.models.reports import MisclassificationReport, ReportCase, ReportPolicy
from reviewapp.models.review import Decision, ReviewItem
from reviewapp.models.rings import NetworkSalt, ReportRing, RingEvent
from reviewapp.models.shadows import ShadowAnswer, ShadowRun
from reviewapp.models.shop import CatalogueEntry, CatalogueRollUp, CatalogueTally, CatalogueWord
from reviewapp.models.snapshots import DatasetSnapshot, SplitAssignment
from reviewapp.models.suspects import SuspectLabel, SuspectSearch
from reviewapp.models.takedowns import TakeDown
from reviewapp.models.team import (
    ComparisonCursor,
    ComparisonTally,
    GoldComparison,
    ModeratorAlarm,
    ModeratorWatch,
    TeamMeasure,
)
from reviewapp.models.training import TrainingPoint, TrainingRun, TrainingSchedule
from reviewapp.models.trust import CertificateAlarm, CertificateWatch, RollUpCursor, RouteTally

__all__ = [
    "Adjudication",
    "AnswerTally",
    "Appeal",
    "CatalogueEntry",
    "CatalogueImport",
    "CatalogueRollUp",
    "CatalogueTally",
    "CatalogueWord",
    "Category",
    "CategoryConfusion",
    "CategoryFamily",
    "CategoryPreview",
    "CertificateAlarm",
    "CertificateWatch",
    "ClassificationRequest",
    "ComparisonCursor",
    "ComparisonTally",
    "DatasetExport",
    "DatasetSnapshot",
    "Decision",
    "DelayTally",
    "Disagreement",
    "DriftAlarm",
    "DriftReference",
    "DriftWindow",
    "EmbeddingOrigin",
    "Evaluation",
    "Explanation",
    "FamilyViews",
    "FeedbackLabel",
    "GateReport",
    "GoldComparison",
    "GroupCursor",
    "HeldOutAnswers",
    "KnownAnswer",
    "KnownAnswerDraw",
    "LabelImport",
    "LiveMeasure",
    "Mail",
    "MisclassificationReport",
    "ModelVersion",
    "ModeratorAlarm",
    "ModeratorSkill",
    "ModeratorWatch",
    "NetworkSalt",
    "Prediction",
    "Product",
    "ProductEmbedding",
    "ProductImage",
    "Promotion",
    "QueueMeasure",
    "QueueState",
    "Recheck",
    "ReportCase",
    "ReportChange",
    "ReportPolicy",
    "ReportRing",
    "ReportTally",
    "Rescoring",
    "ReviewItem",
    "RingEvent",
    "RollUpCursor",
    "Route",
    "RouteTally",
    "RoutingPolicy",
    "SavedFilter",
    "SellerSuggestion",
    "ShadowAnswer",
    "ShadowRun",
    "SplitAssignment",
    "SuspectLabel",
    "SuspectSearch",
    "TakeDown",
    "TeamMeasure",
    "TrainingInputs",
    "TrainingPoint",
    "TrainingRun",
    "TrainingSchedule",
    "User",
    "WebhookMessage",
    "WorkerHeartbeat",
]
