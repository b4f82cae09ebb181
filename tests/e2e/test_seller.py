"""A seller in a real browser: add a product, watch it, import many."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.choices import MemberChoice, ProductStatus, ReviewReason, RouteOutcome
from reviewapp.models import CatalogueImport, ClassificationRequest, Product, Route
from reviewapp.services.imports.run import run_import
from tests.factories import (
    NOW,
    CategoryFactory,
    ModelVersionFactory,
    PredictionFactory,
    RoutingPolicyFactory,
    SellerFactory,
)
from tests.pictures import jpeg

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def seller(sign_in):
    seller = SellerFactory(language="en")
    sign_in(seller)
    return seller


def classify(product):
    """What the inference worker would leave behind."""
    CategoryFactory(code=1560, name_en="Furniture"), CategoryFactory(code=10, name_en="Used books")
    version = ModelVersionFactory()
    for member, confidence in ((MemberChoice.CNN, 0.4), (MemberChoice.FUSION, 0.62)):
        category = CategoryFactory(code=2060, name_en="Decoration", name_fr="Décoration")
        PredictionFactory(
            product=product,
            member=member,
            model_version=version,
            input_digest=product.input_digest,
            category=category,
            confidence=confidence,
            top=[[2060, confidence], [1560, 0.2], [10, 0.1]],
        )
    Route.objects.create(
        product=product,
        policy=RoutingPolicyFactory(),
        outcome=RouteOutcome.REVIEW,
        reasons=[ReviewReason.LOW_CONFIDENCE],
        inclusion_probability=1.0,
        created_at=NOW,
    )
    Product.objects.filter(pk=product.pk).update(status=ProductStatus.IN_REVIEW, predicted_at=NOW)
    ClassificationRequest.objects.filter(product=product).update(status="done")


def test_a_product_is_added_and_its_answer_appears_by_itself(
    page, live_server, seller, faults, tmp_path
):
    picture = tmp_path / "lamp.jpg"
    picture.write_bytes(jpeg(size=(200, 150)))
    page.goto(f"{live_server.url}/seller/")
    page.get_by_role("link", name="Add a product").first.click()
    page.get_by_label("Title").fill("Lampe de chevet")
    page.get_by_label("Picture").set_input_files(picture)
    expect(page.get_by_alt_text("Preview of the chosen picture")).to_be_visible()
    page.get_by_role("button", name="Add", exact=True).click()

    expect(page.get_by_text("Waiting for classification")).to_be_visible()
    classify(Product.objects.get())

    expect(page.get_by_text("Low confidence")).to_be_visible()
    expect(page.get_by_text("62%")).to_be_visible()
    assert faults == []


def test_an_import_is_dropped_followed_and_reported(page, live_server, seller, faults, tmp_path):
    table = tmp_path / "products.csv"
    table.write_text("sku,name\n" + "".join(f"{n},Produit {n}\n" for n in range(40)) + "oops\n")
    page.goto(f"{live_server.url}/imports/")
    page.get_by_label("Table of products").set_input_files(table)
    page.get_by_role("button", name="Import", exact=True).click()

    page.wait_for_url("**/imports/*/")
    expect(page.get_by_text("reading the file")).to_be_visible()
    job = CatalogueImport.objects.get()
    run_import(import_id=job.pk, clock=timezone.now, on_batch=lambda job: None)

    expect(page.get_by_text("Done")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Report, row by row").click()
    report = download.value.path().read_text(encoding="utf-8-sig")
    assert report.count("created") == 40
    assert report.count("refused") == 1
    assert faults == []


def test_a_refused_import_says_why_in_place(page, live_server, seller, tmp_path):
    document = tmp_path / "products.docx"
    document.write_text("x")
    page.goto(f"{live_server.url}/imports/")
    page.get_by_label("Table of products").set_input_files(document)
    page.get_by_role("button", name="Import", exact=True).click()

    expect(page.get_by_text("The name must end in")).to_be_visible()
    expect(page.get_by_text("Please check the form")).to_be_visible()
    assert page.url == f"{live_server.url}/imports/"


def test_files_dropped_together_find_their_fields(page, live_server, seller):
    page.goto(f"{live_server.url}/imports/")

    page.evaluate(
        """() => {
          const held = new DataTransfer();
          for (const name of ["X_train.csv", "Y_train.csv", "images.zip"]) {
            held.items.add(new File(["x"], name));
          }
          const form = document.getElementById("import-form");
          form.dispatchEvent(new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true }));
        }"""
    )

    chosen = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("#import-form input[type=file]")]
          .map((input) => [input.name, [...input.files].map((file) => file.name).join()]))"""
    )
    assert chosen == {
        "table": "X_train.csv",
        "labels": "Y_train.csv",
        "images_zip": "images.zip",
        "images_npy": "",
    }
