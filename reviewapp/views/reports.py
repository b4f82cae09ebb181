from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from reviewapp.forms.reports import MailForm, ReportForm
from reviewapp.models import Product
from reviewapp.network import client_address, count_person
from reviewapp.selectors import reports as selectors
from reviewapp.selectors import shop
from reviewapp.selectors.pages import CursorInvalid
from reviewapp.services import limits
from reviewapp.services.mail import has_confirmed
from reviewapp.services.reports import ReportRefused, submit_report
from reviewapp.types import UserRequest
from reviewapp.views.limits import too_many
from reviewapp.views.shop import product_context


@login_required
@require_GET
def mine(request: UserRequest) -> HttpResponse:
    """A person's own reports with their outcome."""
    user = request.user
    return mine_page(
        request, MailForm(initial={"wants_mail": user.wants_mail, "email": user.email})
    )


def mine_page(request: UserRequest, form: MailForm, status: int = 200) -> HttpResponse:
    """A person's reports, and the choice of mail beside them."""
    after = request.GET.get("after", "")
    try:
        page = selectors.reports_of(reporter=request.user, cursor=after)
    except CursorInvalid as error:
        raise Http404 from error
    context = {
        "reports": page.rows,
        "older": page.older,
        "after": after,
        "mail_form": form,
        "has_confirmed": has_confirmed(request.user),
    }
    return render(request, "reports/mine.html", context, status=status)


@login_required
@permission_required("reviewapp.add_misclassificationreport", raise_exception=True)
def submit(request: UserRequest, product_id: int) -> HttpResponse:
    """Show the report box, or take a report. Works as a page and as a fragment of one."""
    product = get_object_or_404(shop.listed_products(), pk=product_id)
    if request.method != "POST":
        return redirect("shop:product", product_id=product.pk)
    form = ReportForm(request.POST)
    try:
        # What is refused is an attempt, too, as over the API.
        count_person(request, "reports")
        if not form.is_valid():
            return _answer(request, product, form, status=422)
        submit_report(
            product=product,
            reporter=request.user,
            suggested_category=form.cleaned_data["suggested_category"],
            comment=form.cleaned_data["comment"],
            now=timezone.now(),
            address=client_address(request),
        )
    except limits.LimitReached as reached:
        return _too_many(request, product, form, reached)
    except ReportRefused as refused:
        form.add_error(None, refused.message)
        return _answer(request, product, form, status=422)
    if not request.htmx:
        messages.success(
            request, _("Thank you. Your report counts; its outcome will stand among your reports.")
        )
        return redirect("shop:product", product_id=product.pk)
    return _answer(request, product, form=None, status=200)


def _too_many(
    request: HttpRequest, product: Product, form: ReportForm, reached: limits.LimitReached
) -> HttpResponse:
    """Answer 429; in place, with what was typed."""
    if not getattr(request, "htmx", False):
        return too_many(request, reached)
    words = _("Too many reports. The next one is possible in %(seconds)s seconds.")
    form.add_error(None, words % {"seconds": reached.retry_after})
    answer = _answer(request, product, form, status=429)
    answer["Retry-After"] = str(reached.retry_after)
    return answer


def _answer(
    request: HttpRequest, product: Product, form: ReportForm | None, status: int
) -> HttpResponse:
    context = product_context(request, product)
    if form is not None:
        context["form"] = form
    fragment = getattr(request, "htmx", False)
    template = "shop/_report.html" if fragment else "shop/product.html"
    return render(request, template, context, status=status)
