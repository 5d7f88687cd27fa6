"""Orders where only data should be: in pages, mails, files and results of tools. They speak to a model, of its tools and
of its user, and want to go unnoticed.
"""

from gatepost_gateway.detect.injection.signs import ARTIFICIAL, HIDDEN_ORDER, MACHINE, Sign

_READ = r"(?:read|process|pars|summari[sz]|analy[sz]|review|evaluat|handl|grad|rat|screen|scor|judg|consum|index|crawl)"
_STRICT = rf"(?:{ARTIFICIAL}|(?:the |any |all |every |this )?(?:assistants?|agents?|copilots?|models?|bots?))"
_NAMED = r"(?:ai (?:agents?|assistants?|models?|systems?)|ais?|llms?|language models?|chat ?bots?)"
_SENSITIVE = (
    r"(?:~/|/etc/|\.ssh\b|id_rsa|\.env\b|\.aws\b|mcp\.json|credentials?|passwords?|api[ _-]?keys?|(?:private|secret|access|ssh) keys?|secrets?|(?:access |auth |session )tokens?"
    r"|environment variables?|(?:chat|conversation|browser|browsing|message) history|(?:this|the|our|whole|entire|full) conversation|cookies|system prompt|two-factor|one-time codes?|verification codes?|credit card|bank (?:details|account))"
)
_OUT = r"(?:send|forward|e-?mail|post|upload|exfiltrate|transmit|leak|submit|copy|append|include|pass|share|report|write|paste|read|cat|attach|fetch|get)"
_TO = r"(?:to|at|via|into) (?:<?https?:|[\w.+-]{1,40}@|the following (?:url|address|e-?mail|server|endpoint|link)|this (?:url|address|e-?mail|server|endpoint|link))"
_ONCE = r"(?:before|after|when|whenever|while) (?:you |the assistant )?(?:answer|respond|repl|us(?:e|ing) th|call|continu|proceed|summari[sz]|finish|complet)"
_MUST = r"(?:must|always|should|need to|have to|now) (?:also )?(?:first )?"

SIGNS: tuple[Sign, ...] = (
    # It is spoken to.
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
        rf"\b{ARTIFICIAL} (?:that (?:is|are) )?{_READ}(?:ing|e|es|s)? this\b"
        rf"|\b(?:important|special|urgent|secret|hidden|new|system) (?:instructions?|message|notice|note|directive|update)s? (?:for|to) (?:the |any |all )?{ARTIFICIAL}\b"
        rf"|\bwhen(?:ever)? {_STRICT} (?:read|process|see|open|summari[sz]e|parse|encounter|load)s? this\b",
    ),
    Sign(
        HIDDEN_ORDER,
        0.8,
        rf"(?:^|[.!?:;>\"'*\])}}-] ?)(?:\[?(?:hidden |secret )?(?:note|notice|message|instructions?|attention|important|todo|memo|reminder|update|directive)s?) (?:for|to) {_STRICT}\]?(?: (?:\w+ ){{1,3}})?[:,.-]"
        rf"|<!-- ?{_STRICT}\b|(?:^|[.!?>*] ?){_NAMED} (?:instructions?|notes?|directives?|only)s?:|(?:^|[.!?>*] ?)to (?:all |any |every ){{0,2}}{_NAMED}(?: \w+)?[:,]|\bif (?:an?|any|the) {ARTIFICIAL} (?:is |are )?{_READ}(?:ing|es?|s) this\b|\bto the (?:ai|llm|language)(?: model)?s? (?:that is )?{_READ}(?:ing|e|s)\b",
        rf"(?:for|to) {_STRICT}|<!-- ?{_STRICT}|{_NAMED} (?:instructions?|notes?|directives?|only)s?:|to (?:all |any |every ){{0,2}}{_NAMED}|if (?:an?|any|the) {ARTIFICIAL}|to the (?:ai|llm|language)",
    ),
    Sign(
        HIDDEN_ORDER,
        0.6,
        rf"(?:^|[.!?>\"*-] ?|\bnow,? (?:as the )?)(?:assistant|ai|ai agent|agent|llm|chat ?bot|claude|chatgpt|copilot|gemini)[,:]? (?:you |please )?(?:must|should|need to|have to|will now|now|are (?:required|instructed|ordered) to)\b"
        rf"|\bautomated (?:instruction|message|order)s? (?:for|to) {_STRICT}\b|\b(?:for|to) {_STRICT} only\b",
        r"\b(?:assistant|ai|agent|llm|chat ?bot|claude|chatgpt|copilot|gemini)s?\b|automated|only\b",
    ),
    Sign(
        HIDDEN_ORDER,
        0.5,
        rf"\b(?:ai|llm|automated|gpt|machine)[ -](?:reviewer|grader|judge|evaluator|screener|recruiter|reader|moderator)s?\b|\b(?:ai|language model|llm|model|assistant) (?:that is )?{_READ}(?:ing|es?|s) (?:this|the|my)\b",
    ),
    Sign(
        HIDDEN_ORDER,
        0.4,
        r"\b(?:give|rate|assign|award|score|grade|recommend|mark)\b.{0,40}\b(?:full marks|10/10|100/100|(?:five|5) stars?|(?:highest|maximum|top|best|perfect) (?:score|rating|grade|marks?)|acceptance|(?:only )?positive(?:ly)?|regardless of)",
        r"full marks|10/10|100/100|(?:five|5) stars?|(?:highest|maximum|top|best|perfect) (?:score|rating|grade|mark)|acceptance|positive|regardless of",
    ),
    # It is to go unnoticed.
    Sign(
        HIDDEN_ORDER,
        0.6,
        r"\b(?:do not|don'?t|never|without|not to|avoid) (?:tell|inform|mention|notify|alert|reveal|show|disclos|let|warn|ask)(?:ing|e|ting|ying)?(?: (?:this|it|that|about (?:this|it)))?(?: (?:step|action|fact|task))?(?: to)? (?:the |your |any |its )?(?:end )?(?:users?|humans?|customers?|owner|person|anyone|anybody)\b"
        r"|\b(?:do not|don'?t|never) (?:mention|reveal|disclose|talk about|show|tell (?:anyone|anybody|them)(?: about)?) (?:this|it|these|the) (?:\w+ )?(?:instructions?|messages?|notes?|steps?|actions?|orders?|in the diff|to the user|to anyone)\b",
        r"\b(?:do not|don'?t|never|without|not to|avoid) (?:tell|inform|mention|notify|alert|reveal|show|disclos|let|warn|ask|talk)",
    ),
    Sign(
        HIDDEN_ORDER,
        0.6,
        r"\b(?:silently|secretly|covertly|quietly|in the background|discreetly) (?:\w+ )?(?:send|fetch|forward|upload|call|read|execute|run|post|copy|add|delete|visit|open|insert|append|transfer)\b|\b(?:do not|don'?t) (?:show|mention|include) (?:it|this) in the (?:diff|summary|answer|output|response)\b",
    ),
    Sign(
        HIDDEN_ORDER,
        0.3,
        r"\b(?:do not|don'?t|without|no need to|never) (?:ask(?:ing)?(?: \w+)? for (?:confirmation|permission|approval)|(?:confirm|verify)(?:ing)? with|confirmation|approval)\b|\b(?:already|pre-?) ?(?:approved|authori[sz]ed|confirmed|consented|agreed)\b",
    ),
    # It is to do what its tools can.
    Sign(
        HIDDEN_ORDER,
        0.4,
        rf"\b{_ONCE}\w*\b.{{0,50}}\b(?:first|must|always|also|need to|have to|,|required)|\b{_MUST} (?:call|use|invoke|run|execute|read|access|open|fetch)\b.{{0,40}}\b(?:tool|function|file|command|script|endpoint|/\w|~/)",
        rf"\b{_ONCE}|\b{_MUST} (?:call|use|invoke|run|execute|read|access|open|fetch)\b",
    ),
    Sign(HIDDEN_ORDER, 0.4, rf"\b{_OUT}\b.{{0,60}}{_SENSITIVE}", _SENSITIVE),
    Sign(HIDDEN_ORDER, 0.5, rf"\b{_OUT}\b.{{0,60}}{_SENSITIVE}.{{0,60}}\b{_TO}", _SENSITIVE),
    Sign(
        HIDDEN_ORDER,
        0.5,
        rf"\b(?:send|forward|e-?mail|post|upload|exfiltrate|transmit|leak)\b.{{0,60}}\b(?:data|contents?|inbox|records?|history|files?|documents?|directory|messages|contacts|it)\b.{{0,60}}\b{_TO}",
        r"\b(?:send|forward|e-?mail|post|upload|exfiltrate|transmit|leak)\b",
    ),
    Sign(
        HIDDEN_ORDER,
        0.9,
        r"!\[[^\]]{0,80}\]\(https?://[^)]{0,200}(?:\{|\$|\?[a-z_]{1,20}=(?:\[|\{|<|data|secret|prompt|conversation))",
        r"\]\(https?://",
    ),
    Sign(
        HIDDEN_ORDER,
        0.5,
        r"\b(?:tell|ask|instruct|convince|persuade|direct|encourage|urge) (?:the |your )?(?:user|customer|reader|human)s? (?:to|for)\b.{0,40}\b(?:log ?in|sign in|click|visit|enter|credit card|password|download|install|pay|verify|reset|their (?:\w+ )?(?:number|details|credentials|password|address))\b",
        r"(?:user|customer|reader|human)s? (?:to|for)\b",
    ),
    Sign(
        HIDDEN_ORDER,
        0.4,
        r"\b(?:include|append|add|insert|put|place) the following (?:link|url|text|sentence|image|code|line|backdoor|phrase|message)\b|\b(?:include|append|add|insert) (?:this|the) (?:link|url|image) (?:to|in|at|into)\b|<(?:important|critical|urgent|override|hidden|secret)>|\bbefore using this tool\b",
    ),
)
