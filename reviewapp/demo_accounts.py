"""The accounts of the demo. They exist only where BONRAYON_DEMO is set."""

from reviewapp.choices import Role

# Shown on the log-in page of the demo: not a secret.
DEMO_PASSWORD = "bon-rayon-demo"  # noqa: S105
DEMO_USERNAMES = {role: role.value for role in Role}


def shown_accounts() -> list[dict[str, str]]:
    """Rows for the log-in page: role, user name, password."""
    return [
        {"role": str(role.label), "username": username, "password": DEMO_PASSWORD}
        for role, username in DEMO_USERNAMES.items()
    ]
