"""Signs of an attempt to take a model over, by class, in English; personas are in jailbreaks.py, other languages in
languages.py.

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


OVERRIDE = "OVERRIDE"
EXTRACTION = "EXTRACTION"
DELIMITER = "DELIMITER"
JAILBREAK = "JAILBREAK"
ENCODING = "ENCODING"
AUTHORITY = "AUTHORITY"
HIDDEN_ORDER = "HIDDEN_ORDER"

_IGNORE = (
    r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|ing)|bypass(?:ing)?|neglect|skip|discard|dismiss|abandon|cancel"
    r"|erase|overlook|delete|set aside|throw away|void|nullify|reset|clear|drop|unlearn|do not (?:follow|obey|listen to|adhere)"
    r"|don'?t (?:follow|obey|listen to|adhere)|stop (?:following|obeying)|pay no attention to|no longer (?:follow|obey|bound by))\b"
)
_EARLIER = r"(?:previous(?:ly)?|prior|above|earlier|preceding|former|original|initial|existing|past|foregoing|before|system|default|other|last|first)"
_ORDERS = (
    r"(?:instructions?|prompts?|directives?|rules?|guidelines?|commands?|orders?|contexts?|messages?|constraints?|programming|training|tasks?"
    r"|inputs?|conversations?|polic(?:y|ies)|restrictions?|sentences?|requests?|text|content|statements?|directions?|limitations?|safeguards?|filters?)"
)
_TOLD = r"(?:previous|prior|above|earlier|preceding|initial|system) (?:instructions?|prompts?|directives?|rules|guidelines|commands?|orders?|ones)"
_VOID = r"(?:void|invalid|irrelevant|fake|a (?:test|joke|lie|trick)|cancell?ed|null|no longer (?:valid|active|relevant)|not (?:valid|real|relevant)|to be ignored)\b"
_PROMPT = r"(?:prompts?|instructions?|messages?|directives?|guidelines?|rules|configuration|programming|constraints|text|context)"
_TELL = (
    r"(?:reveal|show|print|repeat|output|display|tell|give|share|disclose|leak|expose|dump|recite|copy|provide|write|summari[sz]e|list|paste"
    r"|return|translate|spell|echo|describe|explain|read|type|say|reproduce|present|quote|paraphrase|encode|convert|include|send|email|what(?:'s| is| are| was| were))"
)
_SAY = r"(?:say|state|print|output|declare|claim|admit|return|write|tell|respond|answer|reply|report|conclude|recommend|rate|give|add|mention|send|execute|run|do)"
MACHINE = r"(?:ai|assistant|chatgpt|gpt(?:-?\d)?|claude|gemini|llama|(?:large )?language model|llm|chatbot|bot|model)"

_ARTIFICIAL = r"(?:ais?|(?:ai|a\.i\.) (?:assistants?|agents?|models?|systems?)|(?:large )?language models?|llms?|chat ?bots?|chatgpt|gpts?|claude|gemini)"

SIGNS: tuple[Sign, ...] = (
    # Telling it to drop what it was told.
    Sign(OVERRIDE, 1.0, rf"{_IGNORE}.{{0,40}}\b{_EARLIER}\b.{{0,30}}\b{_ORDERS}\b", _IGNORE),
    Sign(
        OVERRIDE,
        1.0,
        rf"{_IGNORE} (?:(?:all|any|every|each|the|these|those|your|my|his|of|what|everything) ){{0,4}}{_ORDERS} (?:above|before|so far|you (?:were|have|had|received|got))\b",
        _IGNORE,
    ),
    Sign(OVERRIDE, 0.9, rf"{_IGNORE} (?:all )?(?:of )?(?:your|its) (?:\w+ ){{0,2}}{_ORDERS}\b", _IGNORE),
    Sign(
        OVERRIDE,
        1.0,
        rf"{_IGNORE} (?:everything|all|anything|whatever|what)(?: that)?(?: (?:was|i|you|we|has been|have been|is|were))?.{{0,20}}\b(?:above|before|previously|prior|said|told|told you|know|learned|so far|written|rules)\b",
        _IGNORE,
    ),
    Sign(
        OVERRIDE,
        0.9,
        rf"{_IGNORE} (?:the )?(?:above|previous|prior|preceding|foregoing)\b(?: (?:and|but)|[.,!;:]|$)",
        _IGNORE,
    ),
    Sign(
        OVERRIDE,
        0.9,
        rf"{_IGNORE} (?:the|this|that|these|all|any|my|his|her)(?: \w+){{1,4}}[,.;:]? (?:and|instead|then|but)(?: (?:just|instead|only|simply|please))? {_SAY}\b",
        _IGNORE,
    ),
    Sign(
        OVERRIDE,
        0.9,
        rf"\b(?:regardless of|irrespective of|notwithstanding|contrary to|in spite of|despite|instead of) (?:all |any |your |the |my |these |those |whatever ){{0,3}}{_EARLIER} (?:\w+ )?{_ORDERS}\b",
        r"regardless of|irrespective of|notwithstanding|contrary to|in spite of|despite|instead of",
    ),
    Sign(
        OVERRIDE,
        0.6,
        r"\b(?:new|updated|real|actual|revised|additional|important|urgent|secret) (?:instructions?|task|rules?|directives?|objective|orders?)(?: (?:is|are|follow)|:)",
    ),
    Sign(
        OVERRIDE,
        0.9,
        rf"\b{_TOLD} (?:are|is|were|was|have been|has been) (?:now |all |just |only )?{_VOID}|\b{_TOLD} (?:no longer|do not|does not|don't|doesn't) (?:apply|applies|count|matter|hold)\b",
        rf"(?:are|is|were|was|been) (?:now |all |just |only )?{_VOID}|(?:no longer|do not|does not|don't|doesn't) (?:apply|applies|count|matter|hold)",
    ),
    Sign(
        OVERRIDE,
        0.9,
        rf"\b(?:everything|anything|all)(?: \w+){{0,3}} (?:before|above|prior to|until|up to) (?:this|here|now|that)(?: \w+){{0,2}} (?:is|was|are|were) (?:now |all |just |only )?{_VOID}",
        rf"(?:is|was|are|were) (?:now |all |just |only )?{_VOID}",
    ),
    Sign(
        OVERRIDE,
        0.6,
        r"\bforget (?:all (?:of )?(?:that|this|it|about)|everything|about (?:all|everything))\b|\bfollow (?:only )?my (?:instructions|orders|commands|rules)\b",
    ),
    Sign(OVERRIDE, 0.4, r"\bfrom now on,? (?:you|your|i)\b"),
    Sign(
        OVERRIDE,
        0.5,
        r"\byour (?:new|only|real|true) (?:instructions?|task|role|purpose|objective|job|goal|name|identity) (?:is|are|will)\b",
    ),
    Sign(
        OVERRIDE,
        0.5,
        r"\binstead,? (?:of (?:that|answering|summari[sz]ing|doing)|(?:just )?(?:say|print|output|respond|reply|answer|tell|return))\b",
    ),
    Sign(OVERRIDE, 0.9, r"\b(?:start|begin) (?:over|fresh|anew|again) with (?:new|these|the following)\b"),
    # Asking for what it was told.
    Sign(
        EXTRACTION,
        1.0,
        rf"\b{_TELL}\b.{{0,50}}\b(?:your|the|its|this|all|full|entire|exact|complete|any|hidden|secret|previous)\b.{{0,20}}\b(?:system|initial|original|hidden|secret|starting|base|developer|internal|pre|underlying|confidential|first) ?-?{_PROMPT}\b.{{0,30}}",
        rf"(?:system|initial|original|hidden|secret|starting|base|developer|internal|pre|underlying|confidential|first) ?-?{_PROMPT}",
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
        r"\b(?:repeat|print|output|copy|show|recite|echo|return|translate|display|write|say|summari[sz]e|encode|spell|reveal)\b.{0,40}\b(?:everything|all|the (?:text|words|sentence|paragraph|message|content|lines?)|anything|whatever)\b.{0,20}\b(?:above|before|prior|preceding|previous(?:ly)?|at the (?:top|start|beginning)|up to (?:here|this))\b",
        r"\b(?:above|before|prior|preceding|previous|at the (?:top|start|beginning)|up to (?:here|this))",
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
        r"\b(?:your|the) (?:system|initial|original|hidden|secret) (?:prompt|instructions|message)\b.{0,20}(?:\?|:$|is:|begins?|starts? with)",
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
        r"\b(?:text|words|message|content|information|instructions) you were (?:given|told|provided|shown)\b",
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
        r"\[/?inst\]|<</?sys>>|\[/?system\]|<start_of_turn>|</?\|?(?:system|sys|system_prompt|instructions?|admin|developer)\|?>",
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
    Sign(DELIMITER, 0.8, r"`{3} ?system\b|\{\{? ?(?:system|admin|developer) ?:"),
    Sign(DELIMITER, 0.6, r"#{2,} ?(?:instructions?|human|response|user|input) ?:"),
    Sign(DELIMITER, 0.8, r"\"?role\"? ?: ?\"system\""),
    # Orders in a cipher.
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
        r"\bas (?:your|the) (?:creator|developer|administrator|admin|owner|master|programmer|maker|god|supervisor|boss)\b",
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
    # Orders where only data should be.
    Sign(
        HIDDEN_ORDER,
        0.9,
        rf"\b(?:attention|important|note(?: to)?|hey|hello|dear|hi|to)[:,!]? (?:the |any |all |this )?{MACHINE}s?\b.{{0,60}}\b(?:you|please|must|should|ignore|instead|do not|reading|processing|summari[sz]ing)\b",
        rf"\b{MACHINE}s?\b",
    ),
    Sign(
        HIDDEN_ORDER,
        0.9,
        rf"\bif you(?:'re| are) (?:an? )?{MACHINE}\b|\bwhen (?:summari[sz]ing|answering|processing|reading|analy[sz]ing) (?:this|the) (?:page|document|email|text|file|article|message|resume|cv)\b",
    ),
    Sign(
        HIDDEN_ORDER,
        0.8,
        rf"\b{_ARTIFICIAL} (?:that (?:is|are) )?(?:reading|processing|parsing|summari[sz]ing|analy[sz]ing|reviewing|evaluating|handling) this\b|\b(?:important|special|urgent|secret|hidden) (?:instructions?|message|notice|note|directive) (?:for|to) (?:the |any |all )?{_ARTIFICIAL}\b",
        r"(?:reading|processing|parsing|summari[sz]ing|analy[sz]ing|reviewing|evaluating|handling) this|(?:instructions?|message|notice|note|directive) (?:for|to)",
    ),
    Sign(
        HIDDEN_ORDER,
        0.9,
        r"!\[[^\]]{0,80}\]\(https?://[^)]{0,200}(?:\{|\$|\?[a-z_]{1,20}=(?:\[|\{|<|data|secret|prompt|conversation))",
        r"\]\(https?://",
    ),
    Sign(
        HIDDEN_ORDER,
        0.8,
        r"\b(?:send|forward|email|post|upload|exfiltrate|transmit|leak)\b.{0,60}\b(?:conversation|chat history|history|data|password|credentials|contents?|secrets|keys?|inbox|records?|report)\b.{0,60}\b(?:to|at|via) (?:https?:|[\w.+-]{1,40}@|the following|this (?:url|address|email))",
        r"\b(?:send|forward|email|post|upload|exfiltrate|transmit|leak)\b",
    ),
)
