"""Signing in to the API and out again."""

from typing import Any

from django.contrib.auth import authenticate
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from knox.models import AuthToken
from rest_framework import serializers, status
from rest_framework.exceptions import AuthenticationFailed, ParseError, Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from reviewapp.api.errors import problems
from reviewapp.models import User
from reviewapp.network import client_address
from reviewapp.services import limits
from reviewapp.services.networks import host_of
from reviewapp.services.tokens import SIGN_IN, issue_token


class LogInSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096, trim_whitespace=False)


class TokenSerializer(serializers.Serializer[Any]):
    """Send it along as `Authorization: Token <token>`."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class LogIn(APIView):
    """Exchange name and password for a token. Only failures count towards the limit."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        request=LogInSerializer,
        responses={200: TokenSerializer, **problems(400, 401, 429)},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        form = LogInSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = self._user(request, form.validated_data)
        issued = issue_token(user=user, lifetime=SIGN_IN)
        return Response({"token": issued.secret, "expires_at": issued.row.expiry})

    def _user(self, request: Request, given: Any) -> User:
        network = host_of(client_address(request._request))
        try:
            limits.count_log_in(username=given["username"], network=network)
        except limits.LimitReached as reached:
            raise Throttled(wait=reached.retry_after) from reached
        user = authenticate(request._request, **given)
        if not isinstance(user, User):
            raise AuthenticationFailed(_("Name or password is wrong."))
        limits.forgive_log_in(username=given["username"], network=network)
        return user

    def get_authenticate_header(self, request: Request) -> str:
        return "Token"


class LogOut(APIView):
    """End the token that the request came with."""

    @extend_schema(
        request=None, responses={204: OpenApiResponse(description="Ended."), **problems(400, 401)}
    )
    def post(self, request: Request) -> Response:
        if not isinstance(request.auth, AuthToken):
            raise ParseError(_("This request came without a token; there is nothing to end."))
        request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
