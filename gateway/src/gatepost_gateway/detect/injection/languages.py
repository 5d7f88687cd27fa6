"""The same two wishes, to drop its orders and to tell them, in other languages: a verb near a word for orders."""

from gatepost_gateway.detect.injection.signs import AUTHORITY, ENCODING, EXTRACTION, JAILBREAK, OVERRIDE, Sign

# Verbs for ignoring, words for orders or for what went before.
_OVERRIDES = (
    # Spanish, Portuguese, French, Italian
    (
        r"\b(?:ignor\w*|olvid\w*|descart\w*|haz caso omiso|omit\w*|no (?:sigas|hagas caso)|pas\w* por alto|anul\w*)",
        r"\b(?:instruc\w+|indicaci\w+|[oó]rdenes|reglas|directrices|anterior\w*|previ[oa]s?|arriba|funci[oó]n|p[aá]gina|art[ií]culo|curr[ií]culum|pol[ií]ticas?)",
    ),
    (
        r"\b(?:ignor\w*|esque[cç]\w*|desconsider\w*|descart\w*|n[aã]o sig\w*|desrespeit\w*)",
        r"\b(?:instru[cç]\w+|orienta[cç]\w+|ordens|regras|diretrizes|anterior\w*|pr[eé]vi[oa]s?|acima|comandos?|fun[cç][aã]o|p[aá]gina|artigo|curr[ií]culo)",
    ),
    (
        r"\b(?:ignor\w*|oubli\w*|n[eé]glig\w*|ne (?:tiens|tenez) (?:pas|aucun)|fais abstraction|faites abstraction|passe outre|outrepass\w*)",
        r"(?:\binstructions?|\bconsignes?|\bordres?|\br[eè]gles?|\bdirectives?|pr[eé]c[eé]dent\w*|ant[eé]rieur\w*|ci-dessus|\bfonction|\bpage|\barticle|\bcv\b|avant)",
    ),
    (
        r"\b(?:ignor\w*|dimentic\w*|trascur\w*|non (?:seguire|considerare)|tralasci\w*)",
        r"\b(?:istruzion\w+|indicazion\w+|ordini|regole|direttive|precedent\w*|sopra|comandi|funzione|pagina|articolo|curriculum)",
    ),
    # German, Dutch, Swedish, Danish, Norwegian
    (
        r"\b(?:ignorier\w*|vergiss|vergessen?|missacht\w*|befolge (?:nicht|keine)|verwirf|[uü]bergeh\w*|au[sß]er acht)",
        r"(?:anweisung|instruktion|befehl|regel|richtlinie|vorgabe|vorherig|bisherig|obig|zuvor|davor|oben|funktion|webseite|artikel|lebenslauf|aufgabe)",
    ),
    (
        r"\b(?:negeer\w*|vergeet|ignorer\w*|glem|gl[oö]m|bortse|strunta|se bort fra|sla \w+ over)",
        r"(?:instruct|instruk|opdracht|regels|regler|vorige|voorgaande|eerdere|bovenstaande|tidigare|ovan|forrige|tidligere|f[oö]reg)",
    ),
    # Slavic, Hungarian, Romanian, Finnish, Greek
    (
        r"(?:игнорир|проигнорир|забудь|забудьте|не обращай|не следуй|отмени|пропусти|ігнору|забудь)",
        r"(?:инструкц|указани|правил|команд|предыдущ|прежн|выше|ранее|систем|контекст|функци|резюме|стать|інструкц|попередн|страниц)",
    ),
    (
        r"\b(?:zignoruj\w*|ignoruj\w*|zapomn\w*|pomi[nń]\w*|nie przestrzegaj|zanedb\w*|opomi\w*|ignor[aă]\w*|uit[aă]\w*|unohda|[aä]l[aä] v[aä]lit[aä]|hagyd figyelmen|felejts\w*)",
        r"(?:instrukc|polece|zasad|poprzedni|wcze[sś]niejsz|powy[zż]sz|pokyn|p[rř]edchoz|instruc|anterior|precedent|ohje|aiemm|aikaisemm|edellis|utas[ií]t|kor[aá]bb)",
    ),
    (r"(?:αγνόησ|ξέχασ|αγνοήσ)", r"(?:οδηγί|εντολ|προηγούμεν|παραπάνω|κανόν)"),
    # Turkish, Indonesian, Malay, Vietnamese, Tagalog
    (
        r"(?:yok say|g[oö]rmezden gel|unut|dikkate alma|g[oö]z ard[ıi] et|bo[sş] ver|ihmal et)",
        r"(?:talimat|y[oö]nerge|komut|kural|[oö]nceki|yukar[ıi]daki|fonksiyon|i[sş]lev|sayfa|makale|[oö]zge[cç]mi[sş])",
    ),
    (
        r"\b(?:abaikan|lupakan|hiraukan|jangan (?:ikuti|hiraukan|pedulikan)|kesampingkan)",
        r"(?:instruksi|perintah|petunjuk|arahan|aturan|sebelumnya|di atas|terdahulu|fungsi|halaman|artikel|resume)",
    ),
    (
        r"(?:bỏ qua|phớt lờ|quên|làm ngơ|lờ đi|không tuân theo)",
        r"(?:hướng dẫn|chỉ thị|chỉ dẫn|lệnh|quy tắc|trước|trên|phía trên|hàm|chức năng|trang|bài báo|sơ yếu)",
    ),
    (
        r"\b(?:huwag (?:pansinin|sundin|mong)|kalimutan|balewalain|isawalang[- ]bahala|ipagwalang[- ]bahala|hindi pansinin|kaligtaan|iwanan)",
        r"(?:tagubilin|utos|panuto|instruksi|patakaran|nakaraan|nauna|naunang|sa itaas|dati|function|artikulo|resume|pahina)",
    ),
    # Arabic, Persian, Urdu, Hebrew
    (
        r"(?:تجاهل|انس\b|انسى|تغاض|اهمل|أهمل|لا تتبع|نادیده بگیر|فراموش کن|نظر انداز|بھول جا|התעלם|שכח|תשכח)",
        r"(?:تعليمات|التوجيهات|الأوامر|أوامر|القواعد|السابق|أعلاه|سابق|الوظيفة|الدالة|الصفحة|المقال|السيرة|دستور|قبلی|ہدایات|پچھلی|ההוראות|הוראות|הקודמ|לעיל)",
    ),
    # Hindi, Bengali, other Indic
    (
        r"(?:अनदेखा|नज़रअंदाज़|नजरअंदाज|अनदेखी|अवहेलना|अनसुना|भूल जा|भुला|ध्यान न दें|उपेक्षा|इग्नोर|উপেক্ষা|ভুলে যা|অগ্রাহ্য|এড়িয়ে|புறக்கணி|மறந்து|విస్మరించ|మర్చిపో)",
        r"(?:निर्देश|आदेश|नियम|अनुदेश|पिछल|पूर्व|पहले|ऊपर|उपरोक्त|फ़ंक्शन|फंक्शन|पृष्ठ|लेख|रिज्यूम|संदर्भ|নির্দেশ|আদেশ|আগের|পূর্ব|উপরের|নিয়ম|ফাংশন|பொத்தான்|வழிமுறை|முந்தைய|సూచన|మునుపటి)",
    ),
    # Chinese, Japanese, Korean, Thai
    (
        r"(?:忽略|无视|忽视|忘记|忘掉|不要理会|不理会|跳过|無視|忽視|忘記|不管)",
        r"(?:指令|指示|说明|說明|命令|规则|規則|提示|之前|以上|上面|先前|前面|所有|功能|函数|文章|页面|简历|内容)",
    ),
    (
        r"(?:無視し|無視す|忘れて|忘れろ|無効に|従わない|破棄し)",
        r"(?:指示|命令|ルール|プロンプト|以前|これまで|上記|前の|今まで|関数|機能|記事|ページ|履歴書|内容|指針|文脈)",
    ),
    (
        r"(?:무시|잊어|잊고|따르지 마|무효|잊으)",
        r"(?:지시|명령|지침|규칙|프롬프트|이전|앞의|위의|모든|함수|기능|기사|페이지|이력서|내용|설명)",
    ),
    (
        r"(?:เพิกเฉย|อย่าไปสนใจ|ละเว้น|ลืม|ไม่สนใจ|อย่าสนใจ|ไม่ต้องสนใจ|มองข้าม|ไม่ต้องทำตาม|ละเลย)",
        r"(?:คําสั่ง|คำสั่ง|คําแนะนํา|คำแนะนำ|กฎ|ก่อนหน้า|ข้างต้น|ด้านบน|ที่ผ่านมา|ฟังก์ชัน|หน้า|บทความ|ประวัติ)",
    ),
)
_EXTRACTIONS = (
    r"(?:mu[eé]str\w*|revel\w*|repit\w*|imprim\w*|dime|d[ií]game|comparte|escrib\w*|mostr\w*|diga|cu[aá]l(?:es)? (?:es|son|era)|quais?|qual).{0,50}(?:prompt|instruc\w+ (?:inicial|del sistema|anterior|oculta|secreta|originales)|contrase[nñ]a|clave secreta|tus instrucciones|suas instru|sua senha|senha)",
    r"(?:montr\w*|r[eé]v[eè]l\w*|r[eé]p[eè]t\w*|affich\w*|dis-moi|donne\w*|partage\w*|quel(?:le)?s? (?:est|sont|[eé]tai)).{0,50}(?:prompt|instructions (?:initiales|syst[eè]me|pr[eé]c[eé]dentes|secr[eè]tes)|tes instructions|vos instructions|mot de passe|cl[eé] secr[eè]te)",
    r"(?:zeig\w*|verrat\w*|wiederhol\w*|nenn\w*|gib|sag\w*|teil\w*|was (?:ist|sind|war)|wie lautet).{0,50}(?:system-?prompt|systemprompt|deine anweisungen|ihre anweisungen|anf[aä]nglich\w* anweisung|passwort|kennwort|\bprompt)",
    r"(?:mostr\w*|rivel\w*|ripet\w*|stamp\w*|dimmi|condivid\w*|qual [eè]|quali (?:sono|erano)|conferm\w*).{0,50}(?:prompt|istruzioni (?:iniziali|di sistema|precedenti|segrete)|le tue istruzioni|password|chiave segreta)",
    r"(?:покажи|раскрой|повтори|выведи|скажи|сообщи|поделись|какой|какие|каков|назови).{0,50}(?:промпт|системн\w+ (?:сообщени|инструкци|запрос)|твои инструкции|ваши инструкции|начальн\w+ инструкц|пароль|секретн\\w+ ключ)",
    r"(?:显示|告诉我|重复|输出|透露|打印|泄露|说出|分享|提供|什么是你的|你的).{0,30}(?:系统提示|系统指令|初始指令|提示词|初始提示|密码|密钥|上面的(?:所有)?(?:内容|文字))",
    r"(?:システムプロンプト|初期(?:指示|プロンプト)|あなたの指示|パスワード|最初の指示).{0,40}(?:教えて|表示|出力|見せ|繰り返|開示|共有|何)",
    r"(?:시스템 프롬프트|초기 (?:지침|지시|프롬프트)|당신의 (?:지시|지침)|비밀번호|암호).{0,40}(?:알려|보여|출력|반복|공개|공유|말해|무엇)",
    r"(?:أظهر|اعرض|كرر|اكشف|أخبرني|شارك|ما هي|ما هو|اطبع).{0,50}(?:موجه النظام|تعليماتك|التعليمات الأولية|كلمة المرور|كلمة السر|المطالبة)",
    r"(?:सिस्टम प्रॉम्प्ट|प्रारंभिक निर्देश|आपके निर्देश|अपने निर्देश|पासवर्ड|गुप्त कुंजी|গোপন নির্দেশ|পাসওয়ার্ড).{0,60}(?:बता|दिखा|दोहरा|साझा|प्रकट|क्या|শেয়ার|বল|দেখা|কি)",
    r"(?:tampilkan|ungkapkan|ulangi|beri ?tahu|bagikan|sebutkan|apa|tunjukkan).{0,50}(?:prompt|instruksi (?:awal|sistem|anda)|kata sandi|password)",
    r"(?:hiển thị|tiết lộ|lặp lại|cho tôi biết|chia sẻ|in ra).{0,50}(?:lời nhắc|hướng dẫn (?:ban đầu|hệ thống)|hệ thống|mật khẩu)",
    r"(?:g[oö]ster|a[cç][ıi]kla|tekrarla|s[oö]yle|payla[sş]|yazd[ıi]r|nedir|ifşa).{0,50}(?:istem|sistem (?:mesaj|komut|istem)|talimatlar|parola|[sş]ifre)|(?:sistem istemi|talimatlar[ıi]n[ıi]|parola\w*|[sş]ifre\w*).{0,40}(?:g[oö]ster|a[cç][ıi]kla|tekrarla|s[oö]yle|payla[sş]|nedir)",
    r"(?:แสดง|เปิดเผย|บอก|ทวน|แชร์|พิมพ์|คืออะไร).{0,50}(?:พรอมต์|คําสั่งระบบ|คำสั่งเริ่มต้น|คําสั่งเริ่มต้น|รหัสผ่าน)",
    r"(?:ipakita|ibunyag|ulitin|sabihin|ibahagi|ibigay|ano ang).{0,50}(?:prompt|tagubilin|password)",
)
_ORDERS_AND_KEYS = (
    "prompt|contrase[nñ]a|clave secreta|instruc|senha|instructions|mot de passe|cl[eé] secr[eè]te|anweisung|passwort|kennwort|istruzioni"
    "|password|chiave segreta|промпт|систем|инструкц|пароль|секрет|系统|初始|提示|密码|密钥|上面|プロンプト|指示|パスワード|프롬프트|지침"
    "|지시|비밀번호|암호|النظام|تعليمات|كلمة|المطالبة|प्रॉम्प्ट|निर्देश|पासवर्ड|गुप्त|নির্দেশ|পাসওয়ার্ড|instruksi|kata sandi|lời nhắc|hướng dẫn|hệ thống"
    "|mật khẩu|istem|sistem|talimat|parola|[sş]ifre|พรอมต์|คําสั่ง|คำสั่ง|รหัสผ่าน|tagubilin"
)
_MODES = (
    r"(?:modo (?:dios|desarrollador|sistema|mantenimiento|administrador|manutenzione|manuten[cç][aã]o|deus|sviluppatore|divino)|mode (?:dieu|d[eé]veloppeur|syst[eè]me|maintenance|administrateur|tuhan|pengembang|sistem|pemeliharaan)"
    r"|modalit[aà] (?:di )?(?:manutenzione|sviluppatore|sistema|dio|amministratore)|(?:gott|system|entwickler|wartungs|administrator)-?modus|modus (?:tuhan|sistem|pengembang)"
    r"|режим (?:бога|разработчика|системы|обслуживания|администратора)|(?:системный|режим) режим|系统模式|上帝模式|开发者模式|维护模式|管理员模式|システムモード|神モード|ゴッドモード|開発者モード|メンテナンスモード"
    r"|시스템 모드|신 모드|개발자 모드|유지 ?보수 모드|관리자 모드|وضع (?:النظام|الإله|المطور|الصيانة)|(?:सिस्टम|भगवान|गॉड|डेवलपर|रखरखाव|व्यवस्थापक|ईश्वर) (?:मोड|मॉडल)"
    r"|(?:সিস্টেম|ঈশ্বর|গড|ডেভেলপার) মোড|โหมด(?:ระบบ|พระเจ้า|ผู้พัฒนา|นักพัฒนา|บำรุงรักษา|บํารุงรักษา)|chế độ (?:hệ thống|thần|nhà phát triển|bảo trì|chúa)|(?:sistem|tanr[ıi]|geli[sş]tirici|bak[ıi]m|y[oö]netici) modu)"
)
_OVERRIDE_MODES = (
    r"(?:(?:override|オーバーライド|ओवरराइड|ওভাররাইড|오버라이드|覆盖|超控|ghi đè|แทนที่|تجاوز).{0,12}(?:mode\b|modus|モード|मोड|মোড|모드|模式|chế độ|โหมด|وضع)"
    r"|(?:\bmode|\bmodo|\bmodalit[aà]|\bmodus|режим\w*|chế độ|وضع|โหมด).{0,25}(?:override|d'annulation|anulaci[oó]n|prioritaire|sovrascrittura|переопредел|обход|ghi đè|timpa|تجاوز|แทนที่|substitui)"
    r"|(?:[uü]berschreibungs|override-|verifi[sz]ierungs)modus)"
)
_YOUR_MAKER = (
    r"(?:\b(?:tu|su|vuestro) (?:desarrollador|creador|administrador|programador)|\b(?:ton|votre) (?:d[eé]veloppeur|cr[eé]ateur|administrateur|programmeur)"
    r"|\b(?:dein|ihr|euer) (?:entwickler|sch[oö]pfer|administrator|programmierer)|\b(?:il )?(?:tuo|vostro) (?:sviluppatore|creatore|amministratore|programmatore)"
    r"|\bseu (?:desenvolvedor|criador|administrador|programador)|(?:ваш|твой) (?:разработчик|создател|администратор|программист)|你的(?:开发者|创造者|管理员|开发人员)|您的(?:开发者|创造者|管理员|开发人员)"
    r"|あなたの(?:開発者|作成者|管理者)|(?:당신의|너의) (?:개발자|창조자|관리자)|(?:आपका|तुम्हारा) (?:डेवलपर|निर्माता|व्यवस्थापक)|আপনার (?:ডেভেলপার|নির্মাতা|বিকাশকারী)"
    r"|(?:pengembang|pencipta|administrator) (?:anda|kamu)\b|nhà phát triển của bạn|geli[sş]tiricin\w*|yarat[ıi]c[ıi]n\w*|ผู้พัฒนาของคุณ|นักพัฒนาของคุณ|\biyong (?:developer|tagalikha)|مطورك|مطوّرك|المطور الخاص بك)"
)
_DECODE = (
    r"(?:d[eé]cod|descod|decif|d[eé]chiffr|dekod|entschl[uü]ssel|декод|расшифр|解码|解碼|デコード|解読|디코딩|디코드|해독|فك شفرة|فك تشفير|تفك|डीकोड|ডিকোড|ถอดรหัส|giải mã"
    r"|[cç][oö]z|i-?decode|mendekode|memecahkan)"
)
_CIPHER = (
    r"(?:rot-?13|mors|c[aä]esar|c[eé]sar|cesare|base ?64|hexad|bin[aá]r|binari|seser|سيزر|قيصر|مورس|سداسي|ثنائي|मोर्स|सीज़र|सीजर|बाइनरी|हेक्स|মোর্স|সিজার|বাইনারি|হেক্স|シーザー|モールス"
    r"|バイナリ|16進|카이사르|시저|모스|이진|16진|凯撒|摩尔斯|摩斯|二进制|十六进制|морз|цезар|двоичн|шестнадц|มอร์ส|ซีซาร์|ไบนารี|ฐานสิบหก|nhị phân|thập lục|sezar|ikili|onalt[ıi]l[ıi]|biner|heksa)"
)
_KEYWORD = (
    r"(?:contrase[nñ]a|clave secreta|\bsenha|mot de passe|cl[eé] secr[eè]te|passwort|kennwort|chiave segreta|la password|пароль|密码|密碼|密钥|パスワード|비밀번호|암호|كلمة المرور|كلمة السر"
    r"|पासवर्ड|गुप्त कुंजी|পাসওয়ার্ড|kata sandi|mật khẩu|parola|[sş]ifre|รหัสผ่าน|ang password)"
)
_ASK = (
    r"(?:comparti|confirm|cu[aá]l es|dime|qual [eé]|qual [eè]|partag|quel(?:le)? est|donne|teil|best[aä]tig|was ist|wie lautet|condivid|dimmi|поделит|подтверд|какой|скажи|сообщ|какие|что такое"
    r"|分享|确认|是什么|告诉|教えて|共有|確認し|は\?|何です|공유|확인해|무엇|뭐|알려|شارك|تؤكد|تأكيد|ما هي|أخبرن|साझा|पुष्टि|क्या है|क्या होगा|बता|শেয়ার|নিশ্চিত|কি\b|বল|bagikan|konfirmasi|apa|chia sẻ|xác nhận"
    r"|là gì|payla[sş]|onayla|nedir|s[oö]yle|แชร์|ยืนยัน|คืออะไร|บอก|ibahagi|kumpirma|ano)"
)
_GAP = 60


_REGARDLESS = (
    r"(?:independentemente d|independientemente de|sin importar|a pesar de|apesar d|ind[eé]pendamment de|malgr[eé]|quelles que soient|unabh[aä]ngig von|ungeachtet|trotz|indipendentemente da"
    r"|nonostante|независимо от|несмотря на|вопреки|ongeacht|terlepas dari|bất kể|bağımsız olarak|rağmen|不管|无论|無論|に関係なく|に関わらず|상관없이|بغض النظر عن|के बावजूद|की परवाह किए बिना|โดยไม่คำนึงถึง|sa kabila ng|অগ্রাহ্য)"
)
_TASKS = (
    r"(?:tarefas?|instru[cç]|instruc|tareas?|t[aâ]ches?|consignes|instructions|anweisung|aufgabe|istruzion|compit|инструкц|задач|указани|opdracht|tugas|instruksi|hướng dẫn|nhiệm vụ|talimat|g[oö]rev"
    r"|指令|指示|任务|任務|タスク|지시|작업|تعليمات|المهام|निर्देश|कार्य|คำสั่ง|คําสั่ง|งาน|tagubilin|gawain|নির্দেশ|কাজ)"
)


def _overrides() -> list[Sign]:
    """The order of words differs from language to language."""
    return [
        Sign(OVERRIDE, 1.0, f"(?:{verb}.{{0,{_GAP}}}{orders}|{orders}.{{0,{_GAP}}}{verb})", verb.replace(r"\w*", ""))
        for verb, orders in _OVERRIDES
    ]


SIGNS: tuple[Sign, ...] = (
    *_overrides(),
    Sign(OVERRIDE, 0.8, f"(?:{_REGARDLESS}.{{0,30}}{_TASKS}|{_TASKS}.{{0,30}}{_REGARDLESS})", _REGARDLESS),
    *(Sign(EXTRACTION, 1.0, source, _ORDERS_AND_KEYS) for source in _EXTRACTIONS),
    Sign(EXTRACTION, 0.8, f"(?:{_KEYWORD}.{{0,40}}{_ASK}|{_ASK}.{{0,40}}{_KEYWORD})", _KEYWORD),
    Sign(ENCODING, 0.9, f"(?:{_DECODE}.{{0,60}}{_CIPHER}|{_CIPHER}.{{0,60}}{_DECODE})", _CIPHER),
    Sign(JAILBREAK, 0.9, _MODES),
    Sign(AUTHORITY, 0.8, _OVERRIDE_MODES),
    Sign(AUTHORITY, 0.8, _YOUR_MAKER),
)
