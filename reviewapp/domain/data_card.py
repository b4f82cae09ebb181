"""The data card of a snapshot: what it holds, how it was chosen, what it must not be used for. Pure.

After T. Gebru et al., "Datasheets for Datasets" (Communications of the ACM 64(12), 2021). All
figures come from the manifest, so that the same snapshot gives the same card.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from reviewapp.choices import LabelSource, ReviewReason, Split
from reviewapp.domain.snapshots import Filters


def data_card(manifest: Mapping[str, Any], digest: str, language: str) -> str:
    """Return the card in Markdown, in "fr" or "en"."""
    with translation.override(language):
        sections = [
            _what(manifest, digest),
            _sampling(manifest),
            _counts(manifest, language),
            _biases(manifest),
            _persons(),
            _licence(),
        ]
    return "\n".join("\n".join(lines) + "\n" for lines in sections)


def _what(manifest: Mapping[str, Any], digest: str) -> list[str]:
    first, last = (moment[:10] for moment in manifest["decided"])
    return [
        "# " + _("Data card: product categories decided by people"),
        "",
        _item(_("Content"), f"`{digest}`"),
        _item(_("Rows"), manifest["rows"]),
        _item(_("Classes"), len(manifest["classes"])),
        _item(_("Taxonomy"), f"`{manifest['taxonomy'][:16]}`"),
        _item(_("First label given"), f"{first} (UTC)"),
        _item(_("Last label given"), f"{last} (UTC)"),
        _item(_("People who gave them"), manifest["moderators"]),
        _item(_("Without a picture"), manifest["rows_that_are"]["without_picture"]),
        "",
        _(
            "Each row is one product of the marketplace with its text and picture as they were, and"
            " the one category that a person gave it. Label and product are frozen: later"
            " corrections are in later snapshots."
        ),
    ]


def selection(filters: Filters) -> str:
    """Say in the reader's language which labels a snapshot was to hold."""
    words = [str(LabelSource(source).label) for source in filters.sources]
    if filters.is_blind_only:
        words.append(_("blind answers only"))
    if filters.decided_from:
        words.append(_("from %(day)s") % {"day": filters.decided_from.isoformat()})
    if filters.decided_until:
        words.append(_("until %(day)s") % {"day": filters.decided_until.isoformat()})
    return ", ".join(words) or _("all live labels of products as they are now")


def _sampling(manifest: Mapping[str, Any]) -> list[str]:
    lines = [
        "## " + _("How the rows were chosen"),
        "",
        _("Selection asked for: %(filters)s.")
        % {"filters": selection(Filters.from_json(manifest["filters"]))},
        _("Why the products were in front of a person; a product may have several reasons:"),
        "",
    ]
    lines += [
        _item(str(ReviewReason(reason).label), number)
        for reason, number in manifest["reasons"].items()
    ]
    lines += ["", _("Where the labels come from:"), ""]
    lines += [
        _item(str(LabelSource(source).label), number)
        for source, number in manifest["label_sources"].items()
    ]
    blind = {"number": manifest["rows_that_are"]["blind"]}
    lines += ["", _("Decided before the models' answers were shown (blind): %(number)s.") % blind]
    if manifest["model_versions"]:
        named = ", ".join(f"{one['name']} ({one['rows']})" for one in manifest["model_versions"])
        lines.append(_("Models whose answers stood beside: %(models)s.") % {"models": named})
    return lines


def _counts(manifest: Mapping[str, Any], language: str) -> list[str]:
    name = f"name_{language}"
    splits = [str(split) for split in Split]
    heads = [_("code"), _("category"), _("rows"), *(str(Split(split).label) for split in splits)]
    lines = [
        "## " + _("Counts"),
        "",
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
    ]
    for entry in manifest["classes"]:
        code = str(entry["code"])
        parts = [str(manifest["splits"][split].get(code, 0)) for split in splits]
        cells = [code, entry[name].replace("|", "\\|"), str(manifest["counts"][code]), *parts]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        _(
            "Near duplicates (same normalised title, or pictures that look alike) share a split. A"
            " product once in the test stays there in every later snapshot."
        ),
    ]
    return lines


def _biases(manifest: Mapping[str, Any]) -> list[str]:
    flags, weights = manifest["rows_that_are"], manifest["weights"]
    return [
        "## " + _("Known biases"),
        "",
        "- "
        + _(
            "Corrections are a biased sample: people look at what the models doubt and at what"
            " buyers report. Accuracy counted on these rows says nothing about the whole catalogue"
            " unless each row is weighted by the inverse of its inclusion probability."
        ),
        "- "
        + _(
            "Weights are cut at %(limit)s; %(clipped)s rows are. The weighted rows tell as much as"
            " %(rows)s rows drawn at random."
        )
        % {
            "limit": weights["limit"],
            "clipped": flags["weight_clipped"],
            "rows": weights["effective_rows"],
        },
        "- "
        + _(
            "A person who sees a model's suggestion tends to follow it; rows decided blindly are"
            " free of that. Here the label differs from FUSION's answer in %(against)s of"
            " %(predicted)s rows with one."
        )
        % {"against": flags["against_prediction"], "predicted": flags["predicted"]},
        "- "
        + _(
            "Imported labels come without a known inclusion probability; they count once and must"
            " not enter an estimate over all products."
        ),
        "- " + _languages(manifest),
    ]


def _languages(manifest: Mapping[str, Any]) -> str:
    counts = manifest.get("languages")
    if counts is None:
        return _(
            "The languages of the texts were not counted when this snapshot was made. Rare"
            " categories have few rows, see the counts."
        )
    by_number = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    words = [
        _("%(language)s %(share)s%% (%(rows)s rows)")
        % {
            "language": _("unknown") if language == "unknown" else language,
            "share": round(100 * rows / manifest["rows"], 1),
            "rows": rows,
        }
        for language, rows in by_number
    ]
    return _(
        "The texts are in these languages, as far as recognised: %(languages)s. Rare categories"
        " have few rows, see the counts."
    ) % {"languages": ", ".join(words)}


def _persons() -> list[str]:
    return [
        "## " + _("Personal data"),
        "",
        _(
            "Moderators appear under a pseudonym that only this installation's key can tie to an"
            " account; it remains personal data under the GDPR. Buyers who report are not in the"
            " data. Texts and pictures are the sellers' own and may name people: check before you"
            " publish, and answer requests for erasure in copies as well."
        ),
    ]


def _licence() -> list[str]:
    return [
        "## " + _("Licence"),
        "",
        _("Not stated. The operator of the marketplace has to fill this in before passing it on."),
    ]


def _item(label: str, value: object) -> str:
    return "- " + _("%(label)s: %(value)s") % {"label": label, "value": value}
