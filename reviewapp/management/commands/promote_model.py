from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reviewapp.models import ModelVersion
from reviewapp.services.model_versions import ModelRefused
from reviewapp.services.promotions import GateNotPassed, promote
from worker.tasks.classify import wake_workers


class Command(BaseCommand):
    help = "Let a registered model classify from now on; the one before retires."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--reason", default="", help="why, where the gate has not passed it")

    def handle(self, *, name: str, reason: str, **options: Any) -> None:
        version = ModelVersion.objects.filter(name=name).first()
        if version is None:
            known = ", ".join(ModelVersion.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no model {name}. Registered: {known}.")
        try:
            promote(version=version, reason=reason, now=timezone.now())
        except (ModelRefused, GateNotPassed) as refused:
            raise CommandError(str(refused)) from refused
        wake_workers()
        self.stdout.write(f"{name} classifies from now on.")
