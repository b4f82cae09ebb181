import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from reviewapp.choices import Role

pytestmark = pytest.mark.django_db


def test_a_new_site_has_its_roles_and_an_old_one_gets_what_is_missing():
    Group.objects.get(name=Role.SELLER.value).delete()
    moderators = Group.objects.get(name=Role.MODERATOR.value)
    moderators.permissions.clear()

    call_command("migrate", verbosity=0)

    assert Group.objects.filter(name=Role.SELLER.value).exists()
    assert moderators.permissions.filter(codename="add_decision").exists()
