"""Keys and tokens that their issuer gave a form of their own. Each line is a service, a kind, and what it looks like.

The forms are documented by the services themselves; docs/detectors.md lists them by name.
"""

from gatepost_gateway.detect.patterns import Found, Pattern
from gatepost_gateway.detect.pii.near import joins
from gatepost_gateway.detect.secrets.values import entropy, is_name, stands_in

_W = "[A-Za-z0-9_-]"
_B = "[A-Za-z0-9]"
_H = "[0-9a-fA-F]"
_S = "[A-Za-z0-9+/]"
_UUID = rf"{_H}{{8}}-{_H}{{4}}-{_H}{{4}}-{_H}{{4}}-{_H}{{12}}"

FORMATS: tuple[tuple[str, str], ...] = (
    ("AWS_ACCESS_KEY", r"(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA|ANVA)[A-Z2-7]{16}"),
    ("AWS_BEDROCK_KEY", rf"ABSK{_S}{{109,269}}={{0,2}}|bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t{_S}{{0,400}}"),
    ("AWS_MWS_KEY", rf"amzn\.mws\.{_UUID}"),
    ("ALIBABA_KEY", rf"LTAI{_B}{{12,20}}"),
    ("TENCENT_KEY", rf"AKID{_B}{{32}}"),
    ("GOOGLE_API_KEY", rf"AIza{_W}{{35}}"),
    ("GOOGLE_OAUTH", rf"GOCSPX-{_W}{{28}}|ya29\.{_W}{{20,400}}|1//0{_W}{{30,200}}"),
    ("AZURE_STORAGE_KEY", rf"(?:AccountKey|SharedAccessKey|SharedSecretValue)=({_S}{{43,100}}={{0,2}})"),
    ("AZURE_SAS", r"[?&]sig=([A-Za-z0-9%]{40,120})"),
    ("AZURE_AD_SECRET", r"[A-Za-z0-9_~.]{3}8Q~[A-Za-z0-9_~.-]{34}"),
    ("AZURE_DEVOPS_PAT", rf"{_B}{{52}}JQQJ9{_B}{{3}}AZDO{_B}{{4}}|{_B}{{60,78}}AZDO{_B}{{4}}"),
    ("DIGITALOCEAN_TOKEN", rf"do[opr]_v1_{_H}{{64}}"),
    ("HEROKU_KEY", rf"HRKU-{_W}{{36,60}}"),
    ("FLY_TOKEN", rf"fo1_{_W}{{43}}|fm[12][ar]?_{_S}{{100,400}}={{0,3}}"),
    ("SCALEWAY_KEY", r"SCW[A-Z0-9]{17}"),
    ("HASHICORP_TOKEN", rf"hv[sbr]\.{_W}{{24,300}}|{_B}{{14}}\.atlasv1\.[A-Za-z0-9=_-]{{60,70}}|s\.{_B}{{24}}"),
    ("PULUMI_TOKEN", r"pul-[0-9a-f]{40}"),
    ("DOPPLER_TOKEN", rf"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{{2,35}}\.)?{_B}{{40,44}}"),
    (
        "ONEPASSWORD_TOKEN",
        rf"ops_eyJ{_S}{{200,900}}={{0,3}}|A3-[A-Z0-9]{{6}}-(?:[A-Z0-9]{{11}}|[A-Z0-9]{{6}}-[A-Z0-9]{{5}})(?:-[A-Z0-9]{{5}}){{3}}",
    ),
    ("INFRACOST_KEY", rf"ico-{_B}{{32}}"),
    ("OPENSHIFT_TOKEN", rf"sha256~{_W}{{43}}"),
    ("DATABRICKS_TOKEN", r"dapi[0-9a-f]{32}(?:-\d)?"),
    ("SNOWFLAKE_TOKEN", rf"ver:\d-hint:\d{{1,20}}-ETMsDgAAA{_S}{{100,400}}"),
    ("PLANETSCALE_TOKEN", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9=._-]{32,64}"),
    ("SUPABASE_KEY", rf"sb[ps]_[A-Za-z0-9_]{{30,60}}|sb_secret_{_W}{{20,60}}"),
    ("NEON_KEY", rf"napi_{_B}{{40,80}}"),
    ("CLICKHOUSE_KEY", rf"4b1d{_B}{{38}}"),
    ("GITHUB_TOKEN", rf"gh[pousr]_{_B}{{36,255}}|github_pat_{_B}{{22}}_{_B}{{59}}|v1\.[0-9a-f]{{40}}"),
    (
        "GITLAB_TOKEN",
        (
            rf"gl(?:pat|dt|ft|rt|cbt|wt)-{_W}{{20}}|glcbt-{_B}{{1,5}}_{_W}{{20}}|glimt-{_W}{{25}}|gl(?:soat|agent|ffct)-{_W}{{20,50}}"
            rf"|glptt-[0-9a-f]{{40}}|gloas-{_W}{{64}}|gl(?:pat|rt|cbt)-[A-Za-z0-9_.-]{{27,300}}|GR1348941{_W}{{20}}"
            r"|_gitlab_session=[0-9a-z]{32}"
        ),
    ),
    ("BITBUCKET_TOKEN", r"ATBB[A-Za-z0-9]{32}|ATCTT3xFf[A-Za-z0-9+/=_-]{60,250}"),
    ("ATLASSIAN_TOKEN", r"ATATT3[A-Za-z0-9_=+/-]{80,250}"),
    ("CIRCLECI_TOKEN", rf"CCIPAT_{_B}{{22}}_[0-9a-f]{{40}}"),
    ("BUILDKITE_TOKEN", r"bkua_[0-9a-f]{40}"),
    ("HARNESS_KEY", rf"[ps]at\.{_W}{{22}}\.{_B}{{24}}\.{_B}{{20}}"),
    ("NPM_TOKEN", rf"npm_{_B}{{36}}"),
    ("NPM_AUTH", rf"//[a-z0-9.-]{{1,60}}/?:_(?:authToken|auth|password)=({_W}{{10,80}}|npm_{_B}{{5,60}})"),
    ("PYPI_TOKEN", rf"pypi-AgE{_W}{{90,600}}"),
    ("RUBYGEMS_KEY", r"rubygems_[0-9a-f]{48}"),
    ("DOCKER_TOKEN", rf"dckr_(?:pat|oat)_{_W}{{27,40}}"),
    ("ARTIFACTORY_KEY", rf"AKCp{_B}{{10,73}}|cmVmdGtu{_B}{{56}}|AP[0-9A-F]{_B}{{8,40}}"),
    ("CLOJARS_TOKEN", r"CLOJARS_[0-9a-zA-Z]{60}"),
    ("NUGET_KEY", r"oy2[a-z0-9]{43}"),
    ("SONAR_TOKEN", r"sq[pua]_[0-9a-f]{40}"),
    ("SONAR_TOKEN", r"(?i:sonar[._-]?login)[\"']?[\s:=,\"'>-]{1,8}([0-9a-f]{40})"),
    ("SENTRY_TOKEN", r"sntry[su]_[A-Za-z0-9+/=_-]{60,300}"),
    ("SENTRY_TOKEN", r"//([0-9a-f]{32}(?::[0-9a-f]{32})?)@[a-z0-9.-]{1,50}\.sentry\.io/\d"),
    ("SOURCEGRAPH_TOKEN", rf"sgp_(?:{_H}{{16}}_|local_)?{_H}{{40}}|slk_[0-9a-f]{{64}}"),
    ("POSTMAN_KEY", rf"PMAK-{_H}{{24}}-{_H}{{34}}"),
    ("LAUNCHDARKLY_KEY", rf"(?:api|sdk)-{_UUID}"),
    (
        "SLACK_TOKEN",
        r"xox[abeoprs]-[0-9A-Za-z]{6,20}-[0-9A-Za-z-]{8,250}|xoxe(?:\.xox[bp])?-\d-[A-Za-z0-9]{120,200}|xapp-\d-[A-Z0-9]{8,15}-\d{10,15}-[a-z0-9]{60,70}|xwfp-[0-9A-Za-z-]{20,250}",
    ),
    ("SLACK_WEBHOOK", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,70}"),
    ("DISCORD_TOKEN", rf"[MNO]{_W}{{23,25}}\.{_W}{{6}}\.{_W}{{27,38}}|{_W}{{24,28}}\.{_W}{{6}}\.{_W}{{38}}"),
    ("DISCORD_WEBHOOK", rf"discord(?:app)?\.com/api/webhooks/\d{{17,20}}/{_W}{{60,75}}"),
    (
        "TEAMS_WEBHOOK",
        r"(?:[a-z0-9-]{1,40}\.webhook|outlook)\.office(?:365)?\.com/webhook(?:b2)?/[a-z0-9@-]{60,80}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9-]{36}",
    ),
    ("TELEGRAM_TOKEN", rf"(?:bot)?\d{{8,10}}:AA{_W}{{33}}"),
    ("ZAPIER_WEBHOOK", r"hooks\.zapier\.com/hooks/catch/[A-Za-z0-9]{5,20}(?:/[A-Za-z0-9]{5,20})?"),
    ("TWILIO_KEY", r"(?:SK|AC)[0-9a-f]{32}"),
    ("SENDGRID_KEY", rf"SG\.{_W}{{20,24}}\.{_W}{{39,50}}"),
    ("SENDINBLUE_KEY", r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    ("MAILGUN_KEY", r"(?:key|pubkey)-[0-9a-f]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}"),
    ("MAILCHIMP_KEY", r"[0-9a-f]{32}-us\d{1,2}"),
    ("STRIPE_KEY", r"(?:sk|rk)_(?:live|test|prod)_[0-9A-Za-z]{10,99}|whsec_[A-Za-z0-9+/=]{32,64}"),
    ("SQUARE_TOKEN", rf"sq0[a-z]{{3}}-{_W}{{22,43}}|EAAA[A-Za-z0-9_-]{{60}}"),
    ("PAYPAL_TOKEN", r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    ("PLAID_TOKEN", rf"access-(?:sandbox|development|production)-{_UUID}"),
    ("SHOPIFY_TOKEN", rf"shp(?:at|ca|pa|ss)_{_H}{{32}}"),
    ("SHIPPO_TOKEN", r"shippo_(?:live|test)_[0-9a-f]{40}"),
    ("EASYPOST_KEY", r"EZ[AT]K[A-Za-z0-9]{54}"),
    ("DUFFEL_TOKEN", r"duffel_(?:live|test)_[A-Za-z0-9_=-]{43}"),
    ("FLUTTERWAVE_KEY", r"FLW(?:SECK|PUBK)(?:_TEST)?-[0-9a-z]{32}(?:-[0-9a-z]{8,16})?-X"),
    ("PAGARME_KEY", rf"[ae]k_live_{_B}{{20,40}}"),
    ("RAZORPAY_KEY", rf"rzp_(?:live|test)_{_B}{{14}}"),
    ("INTERCOM_TOKEN", r"dG9r[OQ][A-Za-z0-9+/=]{50,70}"),
    ("HUBSPOT_TOKEN", rf"pat-(?:na|eu)\d-{_UUID}"),
    ("NEW_RELIC_KEY", r"NR(?:AK|JS|II|AA)-[A-Za-z0-9]{15,40}|[0-9a-f]{36}NRAL"),
    ("GRAFANA_TOKEN", rf"glsa_{_B}{{32}}_{_H}{{8}}|glc_[A-Za-z0-9+/]{{32,400}}={{0,2}}|eyJrIjoi{_S}{{60,200}}={{0,2}}"),
    ("DYNATRACE_TOKEN", r"dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("HONEYCOMB_KEY", rf"hc[a-z]ik_{_B}{{50,64}}"),
    ("SPLUNK_TOKEN", rf"splunkd?_?token[=: ]{{1,3}}({_UUID})"),
    ("LINEAR_KEY", rf"lin_(?:api|oauth)_{_B}{{40,64}}"),
    ("NOTION_TOKEN", rf"ntn_{_B}{{40,50}}|secret_{_B}{{43}}"),
    ("AIRTABLE_TOKEN", rf"pat{_B}{{14}}\.[0-9a-f]{{64}}"),
    ("ASANA_TOKEN", r"\d/\d{16}(?:/\d{16})?:[0-9a-f]{32}"),
    ("CONTENTFUL_TOKEN", rf"CFPAT-{_W}{{43,64}}"),
    ("FIGMA_TOKEN", rf"figd_{_W}{{40,60}}"),
    ("TYPEFORM_TOKEN", r"tfp_[A-Za-z0-9_.=-]{40,64}"),
    ("README_KEY", r"rdme_[a-z0-9]{70}"),
    ("PREFECT_KEY", rf"pn[bu]_{_B}{{36}}"),
    ("FRAMEIO_TOKEN", r"fio-u-[A-Za-z0-9_=-]{64}"),
    ("STACKHAWK_KEY", rf"hawk\.{_W}{{20}}\.{_W}{{20}}"),
    ("UBIDOTS_TOKEN", r"BBF[FA]-[A-Za-z0-9]{30,40}"),
    (
        "SERVICE_PREFIXED",
        rf"flb_live_{_B}{{20}}|shltm_{_W}{{40}}|supernotes_sk-[A-Z0-9]{{40,60}}|storecove_{_W}{{30,60}}",
    ),
    ("OKTA_TOKEN", rf"00{_W}{{20}}_{_W}{{19}}|SSWS (00{_W}{{40}})"),
    ("OKTA_TOKEN", rf"(?:\b|_)(?i:okta)[\w .-]{{0,20}}[\"']?\s{{0,3}}[:=][\s\"']{{0,3}}(00{_W}{{40}})"),
    ("AUTH0_TOKEN", r"auth0_[A-Za-z0-9_-]{40,64}"),
    ("ANTHROPIC_KEY", rf"sk-ant-(?:api|admin)\d\d-{_W}{{85,100}}AA|sk-ant-(?:sid|oat)\d\d-{_W}{{60,120}}"),
    (
        "OPENAI_KEY",
        rf"sk-(?:proj|svcacct|admin|None)-{_W}{{20,74}}T3BlbkFJ{_W}{{20,74}}|sk-{_B}{{20}}T3BlbkFJ{_B}{{20}}|sk-(?:proj|svcacct|admin)-{_W}{{60,180}}|sess-{_B}{{40}}",
    ),
    ("SK_KEY", rf"sk-(?:or-v1-|lf-|[a-z]{{2,6}}-)?{_B}{{32,64}}|sk_[0-9a-f]{{40,60}}"),
    ("HUGGINGFACE_TOKEN", rf"(?:hf|api_org)_{_B}{{34}}"),
    ("REPLICATE_TOKEN", rf"r8_{_B}{{37,46}}"),
    ("GROQ_KEY", rf"gsk_{_B}{{48,56}}"),
    ("XAI_KEY", rf"xai-{_W}{{70,90}}"),
    ("PERPLEXITY_KEY", rf"pplx-{_B}{{48}}"),
    ("FIREWORKS_KEY", rf"fw_{_B}{{22,26}}"),
    ("NVIDIA_KEY", rf"nvapi-{_W}{{60,70}}"),
    ("LANGSMITH_KEY", r"ls(?:v2_(?:pt|sk)|__)_[0-9a-f]{32}(?:_[0-9a-f]{10})?"),
    ("TAVILY_KEY", rf"tvly-(?:dev-|prod-)?{_B}{{32}}"),
    ("PINECONE_KEY", r"pcsk_[A-Za-z0-9_]{50,80}"),
    ("VERCEL_TOKEN", rf"vc[pka]_{_B}{{50,60}}"),
    ("NETLIFY_TOKEN", rf"nfp_{_B}{{36}}"),
    ("CLOUDFLARE_KEY", rf"v1\.0-[0-9a-f]{{24}}-[0-9a-f]{{146}}|cf(?:ut|at|k)_{_B}{{40,60}}"),
    ("AGE_KEY", r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    ("FACEBOOK_TOKEN", rf"EAA[A-Za-z0-9]{{60,250}}|\d{{15,16}}\|{_W}{{27,40}}"),
    ("LINKEDIN_SECRET", rf"WPL_AP1\.{_B}{{16}}\.{_S}{{8}}"),
    ("INTRA42_SECRET", r"s-s4t2(?:ud|af)-[0-9a-f]{64}"),
    ("DROPBOX_TOKEN", rf"sl\.(?:u\.)?{_W}{{130,152}}"),
    ("TEAMWORK_TOKEN", r"tkn\.v1_[A-Za-z0-9=]{60,100}"),
    ("TELNYX_KEY", r"KEY[A-Za-z0-9]{12,16}[A-Za-z0-9_-]{40,60}"),
    ("OCTOPUS_KEY", r"API-[A-Z0-9]{26}"),
    ("SETTLEMINT_TOKEN", rf"sm_(?:pat|aat|sat)_{_B}{{16}}"),
    ("ADAFRUIT_KEY", rf"aio_{_B}{{28}}"),
    ("ADOBE_SECRET", rf"p8e-{_W}{{32}}"),
    ("AWS_SESSION_TOKEN", r"(?:FwoGZXIvYXdzE|FQoGZXIvYXdzE|IQoJb3JpZ2luX2)[A-Za-z0-9/+=]{100,1000}"),
    ("AWS_APPSYNC_KEY", r"da2-[a-z0-9]{26}"),
    # Each service of Azure's marks its keys near their end.
    (
        "AZURE_KEY",
        (
            rf"{_B}{{52}}JQQJ9[9DH]{_B}[A-L]{_B}{{16}}[A-Za-z]{_B}{{7}}(?:{_B}{{2}}==)?|{_W}{{44}}AzFu{_W}{{5}}[AQgw]==|{_B}{{42}}AzSe[A-D]{_B}{{5}}"
            rf"|{_S}{{42}}\+ACR[A-D]{_S}{{5}}|{_S}{{76}}(?:APIM|ACDb|\+(?:ABa|AMC|ASt)){_S}{{5}}[AQgw]==|{_S}{{33}}(?:AIoT|\+(?:ASb|AEh|ARm))[A-P]{_S}{{5}}="
        ),
    ),
    ("GOOGLE_FCM_KEY", rf"AAAA{_W}{{7}}:{_W}{{140}}"),
    ("CRATES_TOKEN", rf"cio{_B}{{32}}"),
    ("TAILSCALE_KEY", rf"tskey-[a-z]{{3,9}}-{_B}{{10,20}}-{_B}{{20,40}}"),
    ("MAPBOX_TOKEN", rf"[st]k\.eyJ1{_W}{{40,110}}\.{_W}{{22}}"),
    ("TRELLO_TOKEN", rf"ATTA{_H}{{64,72}}"),
    ("CLICKUP_TOKEN", r"pk_\d{5,9}_[A-Z0-9]{32}"),
    ("CLOSE_KEY", rf"api_{_B}{{22}}\.{_B}{{22}}"),
    ("TOGETHER_KEY", rf"tgp_v1_{_W}{{43}}"),
    ("CEREBRAS_KEY", r"csk-[a-z0-9]{48}"),
    ("VOYAGE_KEY", rf"pa-{_W}{{43}}"),
    ("JINA_KEY", rf"jina_[0-9a-f]{{32}}{_W}{{28}}"),
    ("FIRECRAWL_KEY", r"fc-[0-9a-f]{32}"),
    ("LANGFUSE_KEY", rf"sk-lf-{_UUID}"),
    ("E2B_KEY", r"e2b_[0-9a-f]{40}"),
    ("RESEND_KEY", rf"re_{_B}{{8}}_{_B}{{24}}"),
    ("RENDER_KEY", rf"rnd_{_B}{{28,32}}"),
    ("MONGODB_SECRET", rf"mdb_sa_sk_{_W}{{40}}"),
    ("COCKROACH_KEY", rf"CCDB1_{_B}{{22}}_{_B}{{40}}"),
    ("AKAMAI_TOKEN", r"akab-[a-z0-9]{16}-[a-z0-9]{16}"),
    ("AXIOM_TOKEN", rf"xa[ap]t-{_UUID}"),
    ("POSTHOG_KEY", rf"phx_{_B}{{43,48}}"),
    ("PUBNUB_KEY", r"sec-c-[A-Za-z0-9+/=]{44,52}"),
    ("ONESIGNAL_KEY", r"os_v2_(?:app|org)_[a-z2-7]{90,110}"),
    ("STYTCH_SECRET", rf"secret-(?:live|test)-{_W}{{36,40}}="),
    ("JETBRAINS_TOKEN", rf"perm[:-][A-Za-z0-9+/=]{{6,60}}\.[A-Za-z0-9+/=]{{2,40}}\.{_B}{{30,50}}"),
    ("RANCHER_TOKEN", r"token-[a-z0-9]{5}:[a-z0-9]{54}"),
    ("DBT_TOKEN", rf"dbt[cu]_{_W}{{40,80}}"),
    ("WOOCOMMERCE_SECRET", r"cs_[0-9a-f]{40}"),
    ("ADYEN_KEY", r"AQE[a-z]hm[A-Za-z0-9+/=-]{60,200}"),
    ("XENDIT_KEY", rf"xnd_(?:production|development)_{_B}{{40,90}}"),
    ("MIDTRANS_KEY", rf"(?:SB-)?Mid-server-{_W}{{16,32}}"),
    ("DEEPL_KEY", rf"{_UUID}:fx"),
    ("DEPENDENCY_TRACK_KEY", r"odt_[A-Za-z0-9_]{32,50}"),
    ("WALLET_KEY", r"[xyztuv]prv[1-9A-HJ-NP-Za-km-z]{107,108}"),
    ("BITWARDEN_TOKEN", rf"0\.{_UUID}\.{_B}{{30}}:{_S}{{22}}=="),
    ("INFISICAL_TOKEN", r"st\.[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}"),
    ("TWITCH_TOKEN", r"oauth:[a-z0-9]{30}"),
    ("INSTAGRAM_TOKEN", rf"IGQ{_W}{{60,250}}"),
    ("CHECKLY_KEY", r"cu_[0-9a-f]{32}"),
    ("KLAVIYO_KEY", r"pk_[0-9a-f]{34}"),
    ("ELASTIC_KEY", r"essu_[A-Za-z0-9+/=_-]{40,100}"),
    ("TRUENAS_KEY", rf"\d{{1,3}}-{_B}{{64}}"),
    ("ABLY_KEY", rf"{_W}{{6}}\.{_W}{{6}}:{_W}{{43}}"),
    ("PRIVATE_KEY_JWK", rf"\"d\" ?: ?\"({_W}{{40,350}})\""),
)


def _is_token(found: Found) -> float:
    text, after = found.text, found.after
    ends = after[:1] == "_" and not text.startswith("gl")
    if (
        joins(found.before[-1:])
        or (joins(after[:1]) and not ends)
        or after.startswith("...")
        or (text[-1] == "-" and text[0] == "x")
    ):
        return 0.0
    if (
        stands_in(text)
        or text.endswith("EXAMPLE")
        or (text.startswith("sk-proj-") and len(text) < 60 and "T3Blbk" not in text)
    ):
        return 0.0
    body = text[6:]
    plain = not any(mark.isdecimal() for mark in body) and (is_name(body) or body.islower() or body.isupper())
    return 0.0 if plain or entropy(body) < min(2.8, 1.2 + len(body) / 20) else 1.0


_OPENINGS = {
    "AWS_BEDROCK_KEY": "ABSK|bedrock-api-key-",
    "GOOGLE_OAUTH": r"GOCSPX-|ya29\.|1//0",
    "FLY_TOKEN": "fo1_|fm[12]",
    "HASHICORP_TOKEN": rf"hv[sbr]\.|{_B}{{14}}\.atlasv1|s\.[A-Za-z0-9]",
    "ONEPASSWORD_TOKEN": "ops_eyJ|A3-",
    "SNOWFLAKE_TOKEN": r"ver:\d",
    "GITHUB_TOKEN": r"gh[pousr]_|github_pat_|v1\.",
    "GITLAB_TOKEN": "gl[a-z]{2,5}-|GR1348941|_gitlab_",
    "BITBUCKET_TOKEN": "AT(?:BB|CT)",
    "ATLASSIAN_TOKEN": "ATATT",
    "PYPI_TOKEN": "pypi-",
    "SENTRY_TOKEN": "sntry|//[0-9a-f]{32}",
    "SLACK_TOKEN": "xox[a-z]|xapp-|xwfp-",
    "TEAMS_WEBHOOK": r"[a-z0-9-]{1,40}\.(?:webhook|office)",
    "GRAFANA_TOKEN": "gl[sc]|eyJrIjoi",
    "ANTHROPIC_KEY": "sk-ant",
    "OPENAI_KEY": "sk-|sess-",
    "CLOUDFLARE_KEY": r"v1\.0|cf[uak]",
    "FACEBOOK_TOKEN": r"EAA|\d{15,16}\|",
    "DROPBOX_TOKEN": r"sl\.",
    "PRIVATE_KEY_JWK": '"d"',
    "AWS_SESSION_TOKEN": "FwoGZXIv|FQoGZXIv|IQoJb3Jp",
    "ADYEN_KEY": "AQE",
    "INSTAGRAM_TOKEN": "IGQ",
    "JETBRAINS_TOKEN": "perm[:-]",
}
"""How the wide ones begin."""


_HINTS = {
    "AZURE_AD_SECRET": "8Q~",
    "AZURE_DEVOPS_PAT": "AZDO",
    "AZURE_KEY": r"JQQJ9|AzFu|AzSe|APIM|ACDb|AIoT|\+(?:ACR|ABa|AMC|ASt|ASb|AEh|ARm)",
    "DEEPL_KEY": "[0-9a-fA-F]{4}:fx",
    "ABLY_KEY": r"[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{6}:[A-Za-z0-9_-]",
    "DISCORD_TOKEN": r"[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{8}",
    "TRUENAS_KEY": r"\b\d{1,3}-[A-Za-z0-9]{32}",
    "HASHICORP_TOKEN": r"hv[sbr]\.|\.atlasv1\.|s\.[A-Za-z0-9]{24}",
    "TEAMS_WEBHOOK": r"\.office(?:365)?\.com/webhook",
    "MAILGUN_KEY": "(?:key|pubkey)-[0-9a-f]{8}|[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}",
    "MAILCHIMP_KEY": r"[0-9a-f]-us\d",
    "NEW_RELIC_KEY": "NR(?:AK|JS|II|AA)-|NRAL",
    "ONEPASSWORD_TOKEN": "ops_eyJ|A3-[A-Z0-9]{6}-",
}
"""What is at hand in those that begin with anything: looked for from their start, they would take much of the room."""


def _pattern(kind: str, source: str) -> Pattern:
    return Pattern(kind, f"(?:{source})", _HINTS.get(kind), _is_token, margin=3, opening=_OPENINGS.get(kind))


PATTERNS = tuple(_pattern(kind, source) for kind, source in FORMATS)
