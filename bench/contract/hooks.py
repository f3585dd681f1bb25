"""What the tool cannot know from the description of the API."""

import json
import re
import unicodedata
from urllib.parse import quote, unquote

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

BEYOND_CONTROLS = re.compile("[^\x00-\x1f\x7f-\x9f]")


def without_unassigned(text):
    r"""The tool reads \p{C} of a pattern as the control characters; it also means what Unicode has not assigned."""
    return BEYOND_CONTROLS.sub(lambda found: "a" if unicodedata.category(found[0]).startswith("C") else found[0], text)


def within(value):
    """The same in all texts of a body."""
    if isinstance(value, dict):
        return {name: within(part) for name, part in value.items()}
    if isinstance(value, list):
        return [within(part) for part in value]
    return without_unassigned(value) if isinstance(value, str) else value


@schemathesis.serializer("text/csv")
def as_it_is(context, value):
    """Left to itself, the tool sends nothing of binary data that is called a text."""
    return value.data if hasattr(value, "data") else value if isinstance(value, bytes) else str(value).encode()


def in_the_past(text):
    """That a time has passed cannot be described."""
    return re.sub(r"^\d{4}", lambda year: min(year[0], "2020"), text) if isinstance(text, str) else text


def since_1970(text):
    return re.sub(r"^\d{4}", lambda year: min(max(year[0], "1971"), "2020"), text)


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool)


# Rows of a history say themselves when they were true; nobody keeps who said so, nor of posts; profiles are not of one.
UNFIT = {"profiles": ["of"], "posts": ["source"], "history": ["observedAt", "source"]}


def whom(body):
    """That somebody is named, and that somebody can tell of them."""
    body["ids"] = [str(1_000_001 + place) for place in range(len(body.get("ids", [])) + 1)]
    body.pop("range", None)


def make_room(base_url):
    """There are a hundred rules at most."""
    address = f"{base_url.rstrip('/')}/v1/alerts/rules"
    for rule in requests.get(address, timeout=20).json()["rules"][:-50]:
        requests.delete(f"{address}/{rule['id']}", timeout=20)


def meant(case, location, container):
    """What was changed is checked anew by the tool, which finds wrong what has been encoded, and every form with bytes in it."""
    case._meta.update_validated_hash(location, case._hash_container(container))


def valid_tracking(case, path, body):
    if path in ["/v1/tracking", "/v1/tracking/remove"] and isinstance(body, dict):
        whom(body)
        if "interval" in body:
            body["interval"] = max(body["interval"], 86_400)
    if path == "/v1/points":
        for point in body["points"]:
            point["id"] = "youtube:somebody"
            point["time"] = since_1970(point["time"])
            point["followers"] = 1
    if path == "/v1/alerts/rules" and isinstance(body, dict):
        make_room(case.operation.base_url)
        body["webhook"] = "https://example.com/hook"
        if "ids" in body.get("scope", {}):
            body["scope"]["ids"] = ["youtube:somebody"]
    if path.startswith(("/v1/influencers/", "/influencer_analytics/")) and not path.endswith("/live"):
        case.path_parameters["id"] = "youtube:somebody"
        # That one follows the other cannot be described.
        if "start_time" in case.query:
            case.query["start_time"] = min(int(case.query["start_time"]), int(case.query["end_time"]))
        if "from" in case.query or "to" in case.query:
            case.query.update({"from": "2026-01-01", "to": "2026-02-01"})
    if path == "/v1/alerts" and "influencer" in case.query:
        case.query["influencer"] = "youtube:somebody"


def whose_posts(case):
    """The tool takes the user of a tenant for an author."""
    if ":" not in unquote(case.path_parameters["id"]):
        case.path_parameters["id"] = "youtube:somebody"


def valid_post(body):
    """That author and id are of one platform, and that times have passed, cannot be described."""
    body["author"] = "youtube:somebody"
    if "id" in body:
        body["id"] = "youtube:" + body["id"].split(":", 1)[1]
    for name in ["publishedAt", "observedAt"]:
        if name in body:
            body[name] = since_1970(body[name])
    if "url" in body:
        body["url"] = "https://example.com/post"


def valid_outreach(case, path, body):
    # The tool does not keep to the pattern of headers.
    if path.startswith("/v1/users/") and "if-match" in case.headers:
        case.headers["if-match"] = '"1"'
    # What is the query of a search, an address or a time to come cannot be described, nor which channels there are.
    if path.startswith("/v1/campaigns") and isinstance(body, dict):
        given = {"channel": "file", "webhook": "https://example.com/hook", "sendAt": {"local": "2099-01-01T09:00", "zone": "UTC"}}
        body.update({name: value for name, value in given.items() if name in body})
    if path.startswith("/v1/users") and isinstance(body, dict) and "createdAt" in body:
        body["createdAt"] = in_the_past(body["createdAt"])
    if path.startswith("/v1/campaigns") and isinstance(body, dict) and "query" in body.get("audience", {}):
        body["audience"]["query"] = "q=travel"


@schemathesis.hook
def before_call(context, case, kwargs):
    path, body = case.operation.path, case.body
    valid = case.meta is not None and case.meta.generation.mode.value == "positive"

    if path == "/v1/discoveries" and isinstance(body, dict):
        # Ten million profiles would take the rest of the day.
        if is_count(body.get("count")) and 20 < body["count"] <= 10_000_000:
            body["count"] = 20
        # The one source that needs no network.
        if valid and "source" in body:
            body["source"] = "synthetic"

    if path.endswith("/live"):
        # A stream of what is to come has no end.
        case.path_parameters["id"] = "youtube:nobody" if path.startswith("/v1/influencers/") else "nothing"

    if path == "/v1/imports" and isinstance(body, dict):
        # The order of a form's fields cannot be described: the file is its last.
        if "file" in body:
            body["file"] = body.pop("file")
        # An object would leave no trace in a form, so nobody could refuse it.
        for name in [] if valid else body:
            if body[name] == {}:
                body[name] = json.dumps(body[name])

    if valid:
        if isinstance(body, dict) and path != "/v1/imports":
            case.body = body = within(body)
        if "id" in case.path_parameters:
            known = unquote(case.path_parameters["id"])
            if without_unassigned(known) != known:
                case.path_parameters["id"] = quote(without_unassigned(known), safe="")
                meant(case, ParameterLocation.PATH, case.path_parameters)
        if path.startswith("/v1/users/{id}/posts"):
            whose_posts(case)
        if path == "/v1/posts" and isinstance(body, dict):
            for post in body.get("posts", [body]):
                valid_post(post)
        valid_tracking(case, path, body)
        valid_outreach(case, path, body)
        holders = [holder for holder in [body, case.query] if path == "/v1/imports" and isinstance(holder, dict)]
        kind = next((holder["kind"] for holder in holders if "kind" in holder), "profiles")
        for holder in holders:
            if "kind" in holder:
                holder["kind"] = kind
            for name in UNFIT[kind]:
                holder.pop(name, None)
            if "of" in holder:
                holder["of"] = "youtube:somebody"
        for holder in [case.query, body, *(body["profiles"] if path == "/v1/profiles" else [])]:
            if isinstance(holder, dict) and "observedAt" in holder:
                holder["observedAt"] = in_the_past(holder["observedAt"])
        if path == "/v1/imports" and isinstance(body, dict):
            meant(case, ParameterLocation.BODY, body)
        # A cursor is what an earlier answer gave, not any text.
        if "cursor" in case.query:
            del case.query["cursor"]

