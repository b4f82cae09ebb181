from django.urls import path

from reviewapp.views.review import answers, decisions, desk, guidance, history, team, work

app_name = "review"
urlpatterns = [
    path("", desk.desk, name="desk"),
    path("claim/", desk.claim, name="claim"),
    path("heartbeat/", desk.heartbeat, name="heartbeat"),
    path("leave/", desk.leave, name="leave"),
    path("unskip/", desk.unskip, name="unskip"),
    path("counts/", desk.counts, name="counts"),
    path("guide/", desk.guide, name="guide"),
    path("items/<int:item_id>/decide/", answers.decide, name="decide"),
    path("items/<int:item_id>/skip/", answers.skip, name="skip"),
    path("items/<int:item_id>/escalate/", answers.escalate, name="escalate"),
    path("items/<int:item_id>/neighbours/", guidance.neighbours, name="neighbours"),
    path("items/<int:item_id>/explanation/", guidance.explanation, name="explanation"),
    path("undo/", answers.undo, name="undo"),
    path("work/", work.work, name="work"),
    path("history/", history.history, name="history"),
    path("decisions/", decisions.decisions, name="decisions"),
    path("team/", team.team, name="team"),
    path("team/<int:user_id>/", team.member, name="member"),
    path("team/alarms/<int:alarm_id>/close/", team.close, name="close-alarm"),
    path("products/<int:product_id>/", history.provenance, name="provenance"),
]
