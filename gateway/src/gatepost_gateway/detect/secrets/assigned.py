"""What is called a secret where it stands: `api_key = ...`, `Authorization: Bearer ...`, a service's name and a key."""

import binascii
from base64 import b64decode

from gatepost_gateway.detect.expressions import Expression
from gatepost_gateway.detect.patterns import Found, Pattern
from gatepost_gateway.detect.secrets.values import entropy, is_identity, is_random, stands_in

_BETWEEN = r"(?:[ _.-]?[\w.\[\]-]{0,24}?)[\\\"'`\])]{0,4}\s{0,4}(?::=|=>|[:=]|\||,|\(|\s)[\s\"'`\\=:(\[{>,-]{0,16}"
_VALUE = r"([A-Za-z0-9+/_.=~!@#$%^&*-]{8,200})"
_NAMES = (
    r"(?:secret|passphrase|credentials?|(?:private|signing|encryption)[_ -]?(?:key|token)?"
    r"|(?:access|api|auth|client|app|account|master|service|admin|consumer"
    r"|license|integration|project|sample|subscription)[_ .-]?"
    r"(?:key|token|secret|pass)|token|tkn|bearer|[a-z0-9.]{2,30}[_ .-]?(?:key|access|pat)|auth)"
    r"(?:[ _-](?:key|token|secret|access))?"
)
_OTHERWISE_NAMED = Expression(
    r"(?i)public|pubkey|csrf|foreign|bucket|hash|checksum|chksum|md5|sha-?\d|integrity|digest|commit|revision|srcrev|keyword|keyboard"
    r"|schema|sequence|monkey|turkey|keying|accessor\b|accessib|randomaccess|primary[_-]?key|jsonweb|keyframe|authenticity|signature"
    r"|(?:[a-z]id|[_-]id|ids|ID|version|author|source|url|file|name|length|size|chars?|str|location|vault\w{0,12}|uwp)[^a-z0-9]{0,16}$"
)


def _name(found: Found) -> bytes:
    """What the value is called: the last words before it."""
    name = found.before.rstrip(" \t\"'`=:,({[<>-")
    for mark in "\n;,{&":
        name = name.rpartition(mark)[2]
    return name[-40:].encode("utf-8", "replace")


def _is_assigned(found: Found) -> float:
    """Random characters behind a word that says they are secret."""
    text = found.text.rstrip(".")
    if _OTHERWISE_NAMED.search(_name(found)) or found.after[:1] in ("(", "[", "@", "{"):
        return 0.0
    if text.startswith(("http:", "https:", "$", "/", "@", "%", "&", "./", "*")) or text.endswith(
        ("()", ".com", ".json", ".pem", ".p12")
    ):
        return 0.0
    return 0.8 if is_random(text.strip("=")) and not found.text.endswith("...") else 0.0


ASSIGNED = Pattern(
    "ASSIGNED_SECRET",
    rf"(?i){_NAMES}{_BETWEEN}{_VALUE}",
    hint=r"(?i)(?:secret|passphrase|credential|key|token|tkn|bearer|pat|auth|private|signing|encryption|access)",
    check=_is_assigned,
    margin=40,
    opening=rf"(?i){_NAMES}",
)


def _is_dense(found: Found) -> float:
    """Of capitals, small letters and digits in no order, and not a digest."""
    text = found.text.strip("=")
    if _OTHERWISE_NAMED.search(_name(found)) or is_identity(text) or not is_random(text):
        return 0.0
    if found.after[:1] in ("(", "[", "@", "{", ".") or found.before[-1:] in ("/", "&", "?"):
        return 0.0
    kinds = (str.isupper, str.islower, str.isdecimal)
    return 0.7 if all(any(map(kind, text)) for kind in kinds) and entropy(text) > 3.9 else 0.0


DENSE = Pattern(
    "HIGH_ENTROPY",
    r"(?:[A-Za-z][\w.-]{1,40}[\"']?\s{0,3}[=:]\s{0,3}[\"']|\b[A-Z][A-Z0-9_]{1,40} ?[=:] ?)([A-Za-z0-9+/_=-]{24,200})",
    hint=r"[=:]\s{0,3}[\"']?[A-Za-z0-9+/_=-]{24}",
    check=_is_dense,
    margin=24,
    opening=r"[A-Za-z][\w.-]{1,40}[\"']?\s{0,3}[=:]",
)
_SERVICES = (
    "adobe|adyen|airbrake|algolia|alibaba|amplitude|anthropic|apify|apilayer|asana|atlassian|auth0|aws|azure|bitbucket|bitly|blazemeter"
    "|box|braintree|browserstack|bugsnag|buildkite|chargebee|chartmogul|circleci|clarifai|clearbit|clickup|clockify|cloudflare"
    "|cloudinary|codecov|cohere|coinbase|contentful|coveralls|datadog|deepai|deepgram|deepl|deepseek|digitalocean|discord|docusign"
    "|dropbox|elastic|elevenlabs|etherscan|facebook|fastly|figma|firebase|freshdesk|gemini|github|gitlab|gitter|google|grafana"
    "|hellosign|helpscout|heroku|honeybadger|honeycomb|hubspot|huggingface|infura|intercom|ipinfo|jenkins|jfrog|jira|jumpcloud|kraken"
    "|kucoin|launchdarkly|linear|linkedin|livechat|logdna|loggly|mailchimp|mailgun|mailjet|mapbox|messagebird|mistral|mixpanel|monday"
    "|moralis|mux|netlify|newrelic|nexmo|ngrok|notion|nylas|okta|onesignal|openai|openweather|opsgenie|optimizely|pagerduty|papertrail"
    "|paypal|pinecone|pingdom|pipedrive|plaid|planetscale|polygon|postman|postmark|posthog|pusher|quicknode|rapidapi|razorpay|replicate"
    "|ringcentral|rollbar|salesforce|sauce|scaleway|scrapingbee|segment|semaphore|sendbird|sendgrid|sentry|serpapi|shippo|shodan"
    "|shopify|slack|snowflake|snyk|sonarcloud|sonarqube|sourcegraph|splunk|spotify|square|squarespace|stripe|supabase|surge|tavily"
    "|telegram|telnyx|terraform|together|travis|trello|twilio|twitch|twitter|typeform|unsplash|vercel|virustotal|vonage|vultr|wakatime"
    "|wandb|weatherstack|webflow|wistia|yandex|yelp|youtube|zapier|zendesk|zenhub|zoho|zoom"
)
BESIDE_SERVICE = Pattern(
    "SERVICE_KEY",
    rf"(?i)\b(?:{_SERVICES})[\w.-]{{0,20}}[\"']?[\s:=\"'-]{{1,4}}([A-Za-z0-9_=+/.-]{{16,200}})",
    hint=rf"(?i)\b(?:{_SERVICES})",
    check=lambda found: 0.0 if found.after[:1] in ("(", "@") else _is_assigned(found),
    margin=24,
    opening=rf"(?i)\b(?:{_SERVICES})",
)
CURL_USER = Pattern(
    "BASIC_AUTH",
    r"(?:-u|--user)[ =][\"']?[^\s:\"']{1,80}:([^\s\"']{6,120})",
    check=lambda found: float(not stands_in(found.text) and any(not mark.isalpha() for mark in found.text)),
    opening=r"(?:-u|--user)[ =]",
)


def _is_password(found: Found) -> float:
    """People choose these: a digit or a sign among letters is enough."""
    text = found.text.strip("\"'`")
    name = found.before.rpartition("\n")[2].lower()
    if (
        len(text) < 5
        or stands_in(text)
        or any(word in name for word in ("hash", "length", "policy", "field", "variable"))
    ):
        return 0.0
    if text[0] in "$<{%([&*#@/\\" or text.endswith((")", "(", "]", "};", "):")) or found.after[:1] in ("(", "["):
        return 0.0
    marked = any(not mark.isalpha() for mark in text) and any(mark.isalpha() for mark in text)
    plain = text.replace("_", "").replace(".", "").replace("-", "").isalpha()
    return 0.8 if marked and not plain else 0.0


PASSWORD = Pattern(
    "PASSWORD",
    r"(?i)(?:pass(?:word|wd|code)?|pwd|passw)[\w-]{0,16}[\"'`]?"
    r"[ \t]{0,3}(?::=|=>|=|:|\bis\b)[ \t]{0,3}[\"'`]?([^\s\"'`,;<>]{5,80})",
    hint=r"(?i)(?:pass|pwd)[\w-]{0,20}[\"'`]?[ \t]{0,3}(?:=|:|is\b)",
    check=_is_password,
    margin=24,
)


_NO_PASSWORD = Expression(
    "^(?:password|passwort|passphrase|passwd|contraseña|username|userpass|string|boolean|integer|number|required|optional"
    "|undefined|disabled|enabled|unknown|default|example|hidden|invalid|incorrect|missing|changeme)$"
)


def _is_word_used(found: Found) -> float:
    """A word for a password, where nothing but a password can stand."""
    text = found.text.lower().strip("_.-")
    name = found.before.rpartition("\n")[2].lower().rstrip(" \t\"'`=:,({[<>-")
    other = any(
        word in name[-30:] for word in ("hash", "policy", "field", "variable", "label", "hint", "length", "type")
    )
    if other or _NO_PASSWORD.search(text.encode()) or stands_in(found.text) or found.after[:1] in ("(", "[", "."):
        return 0.0
    return 0.7


_OF_PASSWORDS = Expression("(?i)pass(?:word|wd)|^(?:true|false|none|null|prompt|file|vault|keyring|empty|unset)$")


def _ends_there(found: Found) -> bool:
    """Nothing else stands in the value, and it is no name for one."""
    return found.after[:1] in ("", " ", "\t", "\r", "\n", "#", '"', "'", "`") and not _OF_PASSWORDS.search(
        found.text.encode()
    )


QUOTED = Pattern(
    "PASSWORD",
    r"(?i)(?:password|passwd|passwort|pwd)[\"'`]? ?(?::=|=>|=|:) ?[\"'`]([a-z][a-z_.-]{6,60}[a-z])[\"'`]",
    hint=r"(?i)(?:passw|pwd)[a-z]{0,4}[\"'`]? ?(?::=|=>|=|:) ?[\"'`]",
    check=_is_word_used,
    margin=40,
)
IN_ENVIRONMENT = Pattern(  # a word, where a shell or a file of variables gives it
    "PASSWORD",
    r"\b[A-Z][A-Z0-9_]{1,40}_(?:PASSWORD|PASSWD|PASS|PWD)=([A-Za-z][A-Za-z_.-]{4,40}[A-Za-z])",
    hint=r"_(?:PASSWORD|PASSWD|PASS|PWD)=[A-Za-z]",
    check=lambda found: _is_word_used(found) if _ends_there(found) else 0.0,
    margin=40,
)
BESIDE_USER = Pattern(
    "PASSWORD",
    r"(?i)\b(?:user(?:name|id| id)?|login)[\"'`]? ?[=:] ?[\"'`]?[^\s\"'`;,=]{2,40}[\"'`]?[\s;,&\"'+]{1,12}"
    r"(?:(?://|#)[^\r\n]{0,80}\s{1,8}){0,3}[$\"'`]{0,2}(?:password|passwd|pwd|pass)[\"'`]? ?[=:] ?"
    r"[\"'`]?([a-z0-9_.!@%*+-]{5,40}(?: [a-z]{3,12}[\"'`])?)[\"'`;,\s]",
    hint=r"(?i)(?:password|passwd|pwd|pass)[\"'`]? ?[=:] ?[\"'`]?[a-z0-9_.!@%*+-]{5}",
    check=lambda found: 0.0 if "." in found.text and "@" not in found.text else _is_word_used(found),
    margin=40,
    opening=r"(?i)\b(?:user(?:name|id| id)?|login)[\"'`]? ?[=:]",
)
LOGIN = Pattern(  # .netrc and its like
    "PASSWORD",
    r"(?i)\b(?:login|username|user)\s{1,4}[^\s]{1,60}\s{1,8}password\s{1,4}[\"']?([^\s\"']{5,80})",
    hint=r"(?i)\spassword\s",
    check=_is_password,
    margin=1,
    opening=r"(?i)\b(?:login|username|user)\s",
)


def _is_user_and_password(found: Found) -> float:
    """RFC 7617: Base64 of a name, a colon, a password."""
    try:
        user, colon, password = b64decode(found.text + "=" * (-len(found.text) % 4)).partition(b":")
    except (ValueError, binascii.Error):
        return 0.0
    return float(bool(colon) and len(user) < 100 and len(password) > 2 and (user + password).isascii())


BASIC = Pattern(
    "BASIC_AUTH",
    r"(?i)\bbasic ([A-Za-z0-9+/]{8,200}={0,2})",
    check=_is_user_and_password,
    margin=1,
    opening="(?i)basic ",
)
PATTERNS = (ASSIGNED, DENSE, BESIDE_SERVICE, PASSWORD, QUOTED, IN_ENVIRONMENT, BESIDE_USER, LOGIN, BASIC, CURL_USER)
