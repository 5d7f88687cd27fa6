"""Signs of an attempt to take a model over, by class, in English; what it is told to drop is in overrides.py, orders in
data in hidden.py, personas in jailbreaks.py, other languages in languages.py.

A sign has a weight: 1 is enough by itself, less asks for company. Sources are RE2's syntax over plain text (views.py):
lower case, single blanks.
"""

from msgspec import Struct


class Sign(Struct, frozen=True):
    kind: str
    weight: float
    source: str
    hint: str = ""
    """What every match holds, without gaps, and so cheap to look for among many; empty: `source` itself."""
    unless: str = ""
    """Words that mean something else: the rest of the text is read as if they were not there."""
    once: str = ""
    """Signs of one name say the same, in several languages: the heaviest counts."""


OVERRIDE = "OVERRIDE"
EXTRACTION = "EXTRACTION"
DELIMITER = "DELIMITER"
JAILBREAK = "JAILBREAK"
ENCODING = "ENCODING"
AUTHORITY = "AUTHORITY"
HIDDEN_ORDER = "HIDDEN_ORDER"
ORDERS, ORDERS_ALONE = "orders", "orders alone"
"""What `once` knows."""

_PROMPT = r"(?:prompts?|instructions?|messages?|directives?|guidelines?|rules|configuration|programming|constraints|text|context)"
_TELL = (
    r"(?:reveal|show|print|repeat|output|display|tell|give|share|disclose|leak|expose|dump|recite|copy|provide|write|summari[sz]e|list|paste"
    r"|return|translate|spell|echo|describe|explain|read|type|say|reproduce|present|quote|paraphrase|encode|convert|include|send|email|what(?:'s| is| are| was| were))"
)
MACHINE = r"(?:ai|assistant|chatgpt|gpt(?:-?\d)?|claude|gemini|llama|(?:large )?language model|llm|chatbot|bot|model)"

ARTIFICIAL = r"(?:ais?|(?:ai|a\.i\.) (?:assistants?|agents?|models?|systems?)|(?:large )?language models?|llms?|chat ?bots?|chatgpt|gpts?|claude|gemini)"

_AND_NO_MORE = r"\b(?: (?:this|here|that|me|my|the first|your first|and|in|verbatim|word|as|exactly|starting|into|using|line|message|to|it)\b|[.,:;!?\"')\]]|$)"
_FOREGOING = r"\b(?:above|before|prior|preceding|previous|at the (?:top|start|beginning)|up to (?:here|this))"
_ORDERED = (
    r"(?:words|text|message|prompt|instructions|rules|sentence|directives|guidelines|constraints|information|content)"
)
_OF_PROMPTS = r"(?:system|initial) (?:prompt|message)s? (?:concept|engineering|templates?|design|examples?|fields?|parameter|work|for (?:my|a|an|our))|\bfirst (?:message|text) (?:of|in|from)|\b(?:what|how) (?:is|are|does|do) (?:an? |the )?(?:system|initial) (?:prompt|message)"
_OF_PASSWORDS = r"password (?:requirements?|polic\w+|managers?|reset|rules?|strength|length|generators?|fields?|hash\w*|page|forms?|protect\w*|security|change)"

SIGNS: tuple[Sign, ...] = (
    # Asking for what it was told.
    Sign(
        EXTRACTION,
        1.0,
        rf"\b{_TELL}\b.{{0,50}}\b(?:your|the|its|this|all|full|entire|exact|complete|any|hidden|secret|previous)\b.{{0,20}}\b(?:system|initial|original|hidden|secret|starting|base|developer|internal|pre|underlying|confidential|first) ?-?{_PROMPT}\b",
        rf"(?:system|initial|original|hidden|secret|starting|base|developer|internal|pre|underlying|confidential|first) ?-?{_PROMPT}",
        _OF_PROMPTS,
    ),
    Sign(
        EXTRACTION,
        0.9,
        rf"\b{_TELL}\b.{{0,30}}\byour (?:\w+ ){{0,3}}(?:prompt|instructions|directives|guidelines|programming|constraints|configuration)\b",
        _PROMPT,
    ),
    Sign(
        EXTRACTION,
        1.0,
        rf"\b(?:repeat|print|output|copy|show|recite|echo|return|display|reveal|dump|leak|spell|paste|type)\b.{{0,40}}\b(?:everything|all|the (?:text|words|sentence|paragraph|message|content|lines?)|anything|whatever)\b.{{0,20}}\b(?:above|before|prior|preceding|previous(?:ly)?|at the (?:top|start|beginning)|up to (?:here|this)){_AND_NO_MORE}",
        _FOREGOING,
    ),
    Sign(
        EXTRACTION,
        0.9,
        rf"\b(?:translate|summari[sz]e|encode|write|say)\b.{{0,20}}\b(?:everything|all|anything|whatever)\b.{{0,20}}\b(?:above|before|prior|preceding|at the (?:top|start|beginning)|up to (?:here|this)){_AND_NO_MORE}",
        _FOREGOING,
    ),
    Sign(
        EXTRACTION,
        0.9,
        r"\b(?:what|which|how) (?:were|was|are|have|had|did) (?:you|your|they|the)\b.{0,30}\b(?:told|instructed|programmed|configured|prompted|given|instructions|initial prompt|system prompt|system message|prompted with)\b",
        r"told|instructed|programmed|configured|prompt|given|instructions|system message",
    ),
    Sign(
        EXTRACTION,
        0.9,
        r"\b(?:system prompt|system message|initial prompt|hidden prompt|pre-?prompt|hidden instructions|secret instructions|initial instructions|original instructions)\b.{0,60}\b(?:verbatim|word for word|exactly|in full|as is|code ?block|markdown|in its entirety|complete|plain ?text|base64|rot13)\b",
        r"system prompt|system message|initial prompt|hidden prompt|pre-?prompt|(?:hidden|secret|initial|original) instructions",
    ),
    Sign(
        EXTRACTION,
        0.8,
        r"\b(?:verbatim|word for word)\b.{0,60}\b(?:prompt|instructions|above|conversation|begin)\b",
        r"verbatim|word for word",
    ),
    Sign(
        EXTRACTION,
        0.9,
        r"\b(?:your|the) (?:system|initial|original|hidden|secret) (?:prompt|instructions|message)\b.{0,20}(?:\?|:$|is:|begins?\b|starts? with)",
        r"(?:system|initial|original|hidden|secret) (?:prompt|instructions|message)",
    ),
    Sign(
        EXTRACTION,
        0.9,
        r"\byou are (?:chatgpt|an? (?:ai|assistant)).{0,30}\b(?:complete|continue|finish|begin)",
        r"you are (?:chatgpt|an? (?:ai|assistant))",
    ),
    Sign(
        EXTRACTION,
        0.8,
        r"\b(?:give|tell|reveal|share|what(?:'s| is)|confirm|provide|show)\b.{0,30}\b(?:the |your |me the )(?:secret |admin |hidden |access |master )?(?:password|passphrase|secret key|api key|secret code|passcode|flag|credentials)\b",
        r"password|passphrase|secret key|api key|secret code|passcode|\bflag\b|credentials",
        _OF_PASSWORDS,
    ),
    Sign(
        EXTRACTION,
        0.9,
        r"\b(?:repeat|print|output|show|reveal|display|recite|copy|paste|leak|dump|echo|return|list|give)(?: me)?(?: \w+){0,2} (?:above|previous|prior|given|initial|original|your) (?:\w+ )?(?:instructions?|prompts?|directives|rules)\b",
        r"(?:instructions?|prompts?|directives|rules)\b",
    ),
    Sign(
        EXTRACTION,
        0.9,
        r"\b(?:repeat|print|output|show|reveal|display|recite|copy|paste|leak|dump|echo) (?:\w+ ){0,2}(?:instructions?|prompts?|directives|text|words) (?:given|you (?:were|have been)|above|at the (?:start|beginning)|from (?:the|your) (?:start|beginning|developer))",
        r"(?:instructions?|prompts?|directives|text|words) (?:given|you (?:were|have been)|above|at the|from)",
    ),
    Sign(
        EXTRACTION,
        0.8,
        rf"\b{_ORDERED} (?:that )?you (?:were|are|have been|had been) (?:given|told|provided|shown|started|initiali[sz]ed|primed|loaded|set up|configured|prompted|programmed|launched|instructed)\b"
        rf"|\b{_ORDERED} (?:that )?(?:you (?:operate|work|run|act|function|live|go) (?:under|by|with|from|on)\b|(?:guide|govern|control|define|shape) (?:you\b|your (?:behavio|response|answer)))"
        rf"|\b{_ORDERED} (?:that )?(?:your|the) (?:\w+ )?(?:developer|creator|operator|maker|programmer|owner|company|system|admin)s? (?:gave|has given|have given|told|provided|set|wrote|imposed|programmed)\b",
        rf"{_ORDERED} (?:that )?(?:you|your|the|guide|govern|control|define|shape)\b",
    ),
    Sign(
        EXTRACTION,
        0.8,
        r"\b(?:what|which) (?:\w+ ){1,3}(?:were|are|have|had|did) you (?:been )?(?:told|instructed|given|configured|programmed|prompted|operating|following)\b"
        r"|\b(?:begin|start)(?:s|ning|ing)?(?: (?:your|the) (?:reply|answer|response|output|text))? (?:with|at|from) (?:the (?:words?|phrase|sentence) )?[\"'`]?you are\b",
        r"\b(?:were|are|have|had|did) you (?:been )?(?:told|instructed|given|configured|programmed|prompted|operating|following)\b"
        r"|(?:with|at|from) (?:the (?:words?|phrase|sentence) )?[\"'`]?you are\b",
    ),
    Sign(
        EXTRACTION,
        0.9,
        rf"\b(?:{_TELL}|put|dump|extract|format)\b.{{0,30}}\byour (?:\w+ ){{0,2}}(?:preamble|context window|pre-?prompt|hidden text|(?:initial|first|starting|opening) message|initiali[sz]ation)\b",
        r"preamble|context window|pre-?prompt|hidden text|(?:initial|first|starting|opening) message|initiali[sz]ation",
    ),
    Sign(
        EXTRACTION,
        0.9,
        r"\b(?:complete|finish|continue|start|begin)\b.{0,60}\b(?:my instructions|i (?:was|am|have been) (?:instructed|told|programmed|asked)|my (?:system )?prompt)\b",
        r"my instructions|(?:instructed|told|programmed|asked)|my (?:system )?prompt",
    ),
    Sign(
        EXTRACTION,
        0.8,
        r"\bwhat (?:are|were|is it) (?:you|that you are) (?:not|never|forbidden|prohibited)\b|\byou(?:'re| are) not (?:supposed|allowed|permitted) to (?:tell|say|share|reveal|disclose|talk|mention)",
    ),
    Sign(
        EXTRACTION,
        0.9,
        r"(?:log|print|echo|return|cat|show|output|display|get)[ (\"'.]{1,3}(?:self\.|this\.|my |the |your )?(?:system_?prompt|initial_?prompt|initiali[sz]ation string|system_?message)",
    ),
    Sign(
        EXTRACTION,
        0.8,
        r"\bwhat(?:'s| is| was| were| does| did)?\b.{0,30}\b(?:at|in) the (?:very )?(?:beginning|start|top) of (?:this|our|the|your) (?:conversation|chat|prompt|context|session|dialogu?e)\b|\b(?:i|we) (?:wrote|put|said|typed|gave|set) .{0,10}\bin (?:the|my|your) system (?:prompt|message)\b",
        r"(?:beginning|start|top) of (?:this|our|the|your) (?:conversation|chat|prompt|context|session|dialogu?e)|in (?:the|my|your) system (?:prompt|message)",
    ),
    Sign(
        EXTRACTION,
        0.9,
        rf"\b{_TELL}\b.{{0,30}}\byour (?:secret|hidden|private|confidential) (?:key|code|word|phrase|password|passcode|data|information|knowledge)\b",
        r"your (?:secret|hidden|private|confidential) (?:key|code|word|phrase|password|passcode|data|information|knowledge)",
    ),
    # Marks that only a frame around the conversation may use.
    Sign(
        DELIMITER,
        1.0,
        r"<\|(?:im_start|im_end|im_sep|system|user|assistant|endoftext|end_of_text|start_header_id|begin_of_text|eot_id|endofprompt)\|?>?",
    ),
    Sign(
        DELIMITER,
        1.0,
        r"\[/?inst\]|<</?sys>>|\[/?system\]|<(?:start|end)_of_turn>|</?\|?(?:system|sys|system[_-]?(?:prompt|message|instructions?|note)|instructions?|admin|developer)\|?>|</?(?:user|human)[_-](?:input|message|query|prompt|turn)>",
    ),
    Sign(
        DELIMITER,
        0.9,
        r"(?:#{2,}|={3,}|-{3,}|\*{3,}|~{3,}|`{3}|<!--|/\*)\s?(?:end|begin|start|new|stop|important|system|instructions?|prompt|override|ignore|admin)\b.{0,30}\b(?:of|prompt|instructions?|system|context|document|user|input|override|message|data|conversation)\b",
        r"(?:##|===|---|\*\*\*|~~~|`{3}|<!--|/\*)\s?(?:end|begin|start|new|stop|important|system|instructions?|prompt|override|ignore|admin)\b",
    ),
    Sign(
        DELIMITER,
        0.7,
        r"(?:^|[.!?\"'>\])}-] ?)(?:system|developer|admin|sysadmin|root) ?(?:message|prompt|note|override|notice|instruction|update)? ?:",
    ),
    Sign(
        DELIMITER,
        0.4,
        r"(?:^|[.!?\"'>] )(?:assistant|human|ai) ?: .{0,200}(?:human|user|assistant|system) ?:",
        r"(?:assistant|human|\bai) ?:",
    ),
    Sign(
        DELIMITER,
        1.0,
        r"[<\[({*] ?(?:system|god|admin|developer|dev|sudo|root|debug(?:ging)?|maintenance|unrestricted|jailbreak|dan|expert|override|master)[ _-]?mode",
    ),
    Sign(
        DELIMITER,
        0.9,
        r"\b(?:user|system|assistant|developer)(?:'s)? (?:message|instructions?|prompt|input) (?:has )?(?:terminat\w+|end(?:s|ed|ing)?|start(?:s|ed|ing)?|begin(?:s|ning)?|over)\b|\bend of (?:the )?(?:system|user|developer|assistant) (?:instructions?|message|prompt|input)\b",
        r"(?:user|system|assistant|developer)(?:'s)? (?:message|instructions?|prompt|input)",
    ),
    Sign(
        DELIMITER,
        0.7,
        r"\b(?:the )?(?:user|assistant|human) (?:has )?(?:left|exited|closed) the (?:chat|conversation|session)|\bassistant is (?:not functioning|offline|unavailable|disabled|down)\b",
    ),
    Sign(DELIMITER, 0.8, r"`{3} ?system\b|\{\{? ?(?:system|admin|developer) ?:|\{\{[#/]system|#{2,} ?system ?:"),
    Sign(DELIMITER, 0.6, r"#{2,} ?(?:instructions?|human|response|user|input|assistant) ?:"),
    Sign(DELIMITER, 0.8, r"</(?:assistant|user|human)> ?<(?:assistant|user|human|system)>"),
    Sign(
        DELIMITER,
        0.5,
        r"\bend of (?:document|file|page|email|article|transcript|context|data|input|prompt|text|content|conversation)\b",
    ),
    Sign(DELIMITER, 0.8, r"\"?role\"? ?: ?\"system\""),
    # Orders in a cipher, or without blanks.
    Sign(
        ENCODING,
        1.0,
        r"(?:ignor(?:e|ing)|disregard|forget|bypass|override)(?:all|any|of|the|these|those|your|my|every){0,4}(?:previous|prior|above|earlier|preceding|system|initial){0,2}(?:instructions?|prompts?|rules|guidelines|directives|constraints)"
        r"|(?:reveal|show|tell|print|repeat|give|output|leak)(?:me|us)?(?:your|the|all){0,2}(?:system|initial|hidden|secret|admin){0,2}(?:prompt|instructions?|password|directives)",
    ),
    Sign(
        ENCODING,
        0.9,
        r"\b(?:decod\w+|decipher|decrypt|deobfuscate|unscramble|translate|convert|interpret)\b.{0,40}\b(?:base ?64|base ?32|rot-?13|morse|binary|hex(?:adecimal)?|caesar|cipher|ascii|leet|l33t|reversed?|pig latin|unicode|encoded|emoji)\b.{0,120}[:'\"`]",
        r"base ?64|base ?32|rot-?13|morse|binary|\bhex|caesar|cipher|ascii|leet|l33t|reversed?|pig latin|unicode|encoded|emoji",
    ),
    Sign(
        ENCODING,
        0.9,
        r"\b(?:answer|respond|reply|write|output|print|encode|repeat|spell|give|translate)\b.{0,60}\b(?:in|into|as|to|using|with) (?:base ?64|rot-?13|morse(?: code)?|binary|hex|caesar cipher|leetspeak|pig latin)\b",
        r"(?:in|into|as|to|using|with) (?:base ?64|rot-?13|morse|binary|hex|caesar cipher|leetspeak|pig latin)",
    ),
    # Speaking as somebody it must obey.
    Sign(
        AUTHORITY,
        0.9,
        r"\bas (?:your|the) (?:creator|developer|administrator|admin|owner|master|programmer|maker|god|supervisor|boss)(?:,| i\b| you\b|\.|:|$)",
    ),
    Sign(
        AUTHORITY,
        0.8,
        r"\b(?:i am|i'm|this is|we are) (?:actually )?(?:your|the|an?|from)? ?(?:creator|developers?|administrator|system admin\w*|admin|owner|god|president of the|openai|anthropic|google|security team|authorized|ceo|engineer at)\b.{0,120}\b(?:you|need|must|test|verify|share|give|provide|access|password)\b",
        r"\b(?:i am|i'm|this is|we are) (?:actually )?(?:your|the|an?|from)? ?(?:creator|developers?|administrator|system admin\w*|admin|owner|god|president of the|openai|anthropic|google|security team|authorized|ceo|engineer at)",
    ),
    Sign(
        AUTHORITY,
        0.7,
        r"\b(?:maintenance|diagnostic|debug|debugging|admin|system|test|testing|privileged|superuser|root|safe|emergency|god|override|verification) mode\b|\bi(?:'m| am) your (?:developer|creator|administrator|admin|programmer|maker|owner|operator)\b",
    ),
    Sign(
        AUTHORITY,
        0.6,
        r"\b(?:authori[sz]ation|access|override|clearance) (?:code|level|granted|token|protocol)\b|\bsudo\b",
    ),
    Sign(
        AUTHORITY,
        0.6,
        r"\b(?:programmer|engineer|employee|developer|researcher|staff|administrator|admin|moderator|representative|tester)s? (?:at|of|from|for|with) (?:openai|anthropic|google|meta|microsoft|deepmind|mistral)\b|\b(?:openai|anthropic|deepmind) (?:employee|developer|engineer|staff|administrator|admin|programmer|team)",
        r"openai|anthropic|google|meta|microsoft|deepmind|mistral",
    ),
    Sign(
        AUTHORITY,
        0.6,
        r"\b(?:modify|modifying|update|updating|rewrite|rewriting|reprogram\w*|alter|altering|chang(?:e|ing)|overwrit\w+|fix(?:ing)?) (?:your|its|the ai's) (?:programming|code|rules|core|system|behaviou?r|guidelines|instructions)\b|\b(?:re)?program(?:ming)? you\b",
        r"(?:modify|modifying|updat|rewrit|program|alter|chang|overwrit|fix)",
    ),
)
