"""Tables, constraints and indexes; no workflow. The file name is the concept."""

from reviewapp.models.accounts import User
from reviewapp.models.catalog import (
    Category,
    CategoryConfusion,
    CategoryFamily,
    ClassificationRequest,
    Product,
    ProductImage,
)
from reviewapp.models.exports import DatasetExport
from reviewapp.models.feedback import FeedbackLabel
from reviewapp.models.guidance import Explanation, ProductEmbedding
from reviewapp.models.imports import CatalogueImport
from reviewapp.models.predictions import (
    ModelVersion,
    Prediction,
    Route,
    RoutingPolicy,
    WorkerHeartbeat,
)
from reviewapp.models.reports import MisclassificationReport
from reviewapp.models.review import Decision, ReviewItem

__all__ = [
    "CatalogueImport",
    "Category",
    "CategoryConfusion",
    "CategoryFamily",
    "ClassificationRequest",
    "DatasetExport",
    "Decision",
    "Explanation",
    "FeedbackLabel",
    "MisclassificationReport",
    "ModelVersion",
    "Prediction",
    "Product",
    "ProductEmbedding",
    "ProductImage",
    "ReviewItem",
    "Route",
    "RoutingPolicy",
    "User",
    "WorkerHeartbeat",
]
