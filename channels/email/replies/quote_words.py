"""The words by which mail programs announce old text, by language. Only data; quote_marks.py and signatures.py read it.

Collected from what the programs print: the attribution line ("On … wrote:"), the names of the heads that Outlook and its
kin repeat above an old letter, the titles of separators, the footers of phones, and the formal closings of letters.
All lower case; sets of names hold no inner space for Chinese, Japanese and Korean, because programs pad them ("主　题").
"""

# ruff: noqa: E501 - word lists and wire text read better unbroken

WROTE = (
    # Verbs that end an attribution, or stand before the name in the languages that do so.
    "wrote", "writes", "wrote the following", "schrieb", "schreibt", "geschrieben", "schreef", "schreven", "a écrit",
    "écrit", "escribió", "escribio", "escribió lo siguiente", "ha escrito", "escribe", "ha scritto", "scrisse", "scritto", "scrive", "escreveu", "escreve", "skrev",
    "skreiv", "skriver", "kirjoitti", "kirjoittaa", "napsal", "napsal(a)", "napsala", "napísal", "napísal(a)", "napisał",
    "napisał(a)", "napisała", "pisze", "написал", "написала", "написал(а)", "написала(а)", "пишет", "написав", "написала(в)",
    "написав(ла)", "пише", "yazdı", "şunu yazdı", "írta", "ezt írta", "a scris", "scris", "έγραψε", "כתב", "כתבה", "כתב/ה",
    "כתב(ה)", "كتب", "كتبت", "đã viết", "viết", "เขียนว่า", "เขียน", "menulis", "skrifaði", "va escriure", "написа",
    "kirjutas", "rakstīja", "parašė", "je napisao", "napisao", "је написао", "pisao", "shkroi", "写道", "寫道", "写到", "撰写",
    "撰寫", "來信", "来信", "发表", "書きました", "書いた", "のメッセージ", "のメール", "님이 작성", "님이 작성함", "작성",
    "작성했습니다", "님이 쓴 글", "님의 말", "님의 말씀", "のメッセージを書きました",
)  # fmt: skip
SAID = ("said", "sent", "posted", "replied", "responded", "commented", "verzond")
"""Verbs that stand in other sentences, too: "<a@b.example>: host mx said:"."""

MIDDLE = ("schrieb", "schreef", "skrev", "heeft", "hat", "napisał", "schrijft", "pisze", "пишет", "kirjoitti")
"""Verbs after which name and address may follow."""

QUOTING = (
    "quoting",
    "zitat von",
    "citando",
    "citando a",
    "en réponse à",
    "citazione",
    "in reply to",
    "citát od",
    "cytowanie",
    "quoting from",
)
"""Words before name and address where no verb stands."""

BEFORE_DATE = (
    # Words before the date of an attribution.
    "on", "at", "am", "le", "el", "il", "il giorno", "em", "no dia", "op", "den", "på", "dnia", "w dniu", "dne", "dňa", "pe", "în data de", "în", "ในวันที่",
    "la", "vào", "vào lúc", "lúc", "ngày", "pada", "pada tanggal", "tanggal", "เมื่อ", "ใน", "στις", "в", "у", "от", "بتاريخ", "في", "ב", "בתאריך", "ב-",
    "ma", "ti", "ke", "to", "su", "kl.", "tir.", "ons.", "tor.", "fre.", "man.", "lør.", "søn.", "mån", "tis", "fre", "lör", "sön", "tors", "a las",
    "el día", "in data", "dana", "na", "á", "в отговор на", "在", "於", "于",
)  # fmt: skip
DAYS = (
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "tues", "thur", "thurs", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    "mo", "di", "mi", "do", "fr", "sa", "so", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag",
    "lun", "mar", "mer", "jeu", "ven", "sam", "dim", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
    "mié", "jue", "vie", "sáb", "dom", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "gio", "giovedì",
    "seg", "ter", "qua", "qui", "sex", "maandag", "zaterdag", "zondag", "пн", "вт", "ср", "чт", "пт", "сб", "вс",
    "понедельник", "вторник", "среда", "среду", "четверг", "пятница", "пятницу", "суббота", "субботу", "воскресенье", "нд",
    "pon", "wt", "śr", "czw", "pt", "sob", "niedz", "po", "út", "st", "čt", "pá", "ne",
)  # fmt: skip
SELF = (
    "i", "we", "you", "he", "she", "they", "your", "ich", "wir", "sie", "je", "nous", "vous", "yo", "usted", "eu", "io", "ik", "wij", "u", "jag", "jeg",
    "vi", "ja", "я", "мы", "вы",
)  # fmt: skip
"""A person speaking of themselves or to the reader writes no attribution: "On 3 May I wrote:"."""

HEADS = {
    "from": "from von de da van från fra od от від kimden gönderen lähettäjä expéditeur remitente mittente remetente nadawca "
    "odesílatel odosielateľ feladó avsender afsender absender expeditor από מאת من từ จาก dari pengirim "
    "发件人 發件人 发信人 寄件者 寄件人 差出人 送信者 送信元 発信者 보낸사람 발신자 발신",
    "sent": "sent gesendet envoyé envoyéle dated'envoi enviado enviadoel enviadoem enviada enviadaem inviato verzonden skickat sendt "
    "lähetetty odesláno odoslané wysłano wysłane datawysłania отправлено датаотправки надіслано gönderildi göndermetarihi elküldve "
    "trimis εστάλη נשלח أرسلت تمالإرسال đãgửi ส่งแล้ว terkirim dikirim 发送时间 发送日期 发件时间 发件日期 寄件时间 已发送 發送時間 寄件日期 傳送日期 傳送時間 送信日時 送信 보낸날짜 보낸시간",
    "date": "date datum fecha data dato päiväys päivämäärä pvm дата tarih dátum ημερομηνία תאריך التاريخ ngày วันที่ tanggal 日期 时间 時間 日時 날짜 일시",
    "to": "to an à a para aan till til do komu кому kime kenelle vastaanottaja címzett către catre προς אל إلى đến tới ถึง kepada ke "
    "destinataire destinatario destinatário 收件人 收件者 收信人 至 致 宛先 받는사람 받은사람 수신자 수신",
    "cc": "cc bcc cci kopie kopia kopi kopio копия копія másolat bilgi 抄送 抄送人 抄送至 副本 密送 参照 참조",
    "subject": "subject betreff objet asunto oggetto assunto onderwerp ämne emne aihe předmět predmet temat тема konu tárgy subiect θέμα נושא sujet naslov predmet onderw. "
    "الموضوع موضوع chủđề tiêuđề เรื่อง หัวข้อ subjek perihal 主题 主旨 主題 标题 標題 件名 제목",
    "reply": "reply-to antwortan répondreà respondera risposta rispondia antwoordaan svartil 回复 答复 返信先",
}
"""Names of heads by what they say, inner spaces taken out."""

FORWARDED = (
    "forwarded message", "begin forwarded message", "forwarded by", "forwarded mail", "forwarded email", "weitergeleitete nachricht", "anfang der weitergeleiteten",
    "weitergeleitete e-mail", "weitergeleitet von", "message transféré", "début du message transféré", "début du message réexpédié", "courriel transféré",
    "mensaje reenviado", "inicio del mensaje reenviado", "messaggio inoltrato", "inizio messaggio inoltrato", "mensagem encaminhada",
    "início da mensagem reencaminhada", "doorgestuurd bericht", "begin doorgestuurd bericht", "vidarebefordrat", "vidarebefordrade", "vidarebefordrat brev",
    "videresendt", "videresend", "välitetty viesti", "edelleenlähetetty", "přeposlaná zpráva", "preposlaná správa", "przekazana wiadomość",
    "wiadomość przekazana", "treść przekazanej", "пересылаемое сообщение", "пересланное сообщение", "начало переадресованного", "переслане повідомлення",
    "iletilen ileti", "yönlendirilen", "iletilmiş mesaj", "továbbított üzenet", "mesaj redirecționat", "הודעה שהועברה", "رسالة مُعاد توجيهها", "الرسالة المعاد توجيهها",
    "tin nhắn được chuyển tiếp", "thư được chuyển tiếp", "ข้อความที่ส่งต่อ", "pesan terusan", "pesan yang diteruskan", "转发邮件", "转发的邮件", "转发邮件信息", "轉寄郵件",
    "轉寄的郵件", "以下是转发的邮件", "开始转发的邮件", "轉寄的訊息", "下面是被转发的邮件", "转发的原邮件", "転送メッセージ", "転送されたメッセージ", "転送メール", "転送されたメール", "전달된 메일", "전달된 메시지", "전달 메시지",
)  # fmt: skip
ORIGINAL = (
    "original message", "original mail", "original email", "original e-mail", "original appointment", "original", "originalmail", "reply message", "replied message",
    "previous message", "ursprüngliche nachricht", "ursprungliche nachricht", "ursprüngliche mail", "ursprüngliche e-mail", "original-nachricht", "originalnachricht",
    "originalnachr", "message d'origine", "message d’origine", "message original", "message initial", "courriel original", "mail original", "mensaje original",
    "messaggio originale", "messaggio original", "mensagem original", "oorspronkelijk bericht", "oorspronkelijke bericht", "origineel bericht", "originele bericht",
    "ursprungligt meddelande", "originalmeddelande", "oprindelig meddelelse", "oprindelig besked", "original besked", "opprinnelig melding", "original melding",
    "originalmelding", "alkuperäinen viesti", "původní zpráva", "původní e-mail", "pôvodná správa", "wiadomość oryginalna", "oryginalna wiadomość",
    "oryginalny e-mail", "исходное сообщение", "исходное письмо", "оригинальное сообщение", "первоначальное сообщение", "оригінальне повідомлення",
    "orijinal mesaj", "orijinal ileti", "özgün ileti", "eredeti üzenet", "mesaj original", "mesajul original", "αρχικό μήνυμα", "הודעה מקורית", "الرسالة الأصلية", "رسالة أصلية",
    "thư gốc", "tin nhắn gốc", "ข้อความต้นฉบับ", "ข้อความเดิม", "pesan asli", "原始邮件", "原始郵件", "原邮件", "原郵件", "回复的原邮件", "回复的邮件", "回复邮件",
    "答复的邮件", "答复邮件", "邮件原件", "邮件原文", "原邮件内容", "原始邮件内容", "返信元メッセージ", "原始邮件信息", "原信", "元のメッセージ", "元のメール", "原メッセージ", "オリジナルメッセージ", "原文", "원본 메시지", "원본 메일", "원본메일", "원본 이메일", "원래 메시지",
)  # fmt: skip
REPLY_ABOVE = (
    "reply above this line", "type your reply above", "please type your reply above", "please reply above this line", "write above this line", "please reply above", "reply above. do not remove", "oberhalb dieser zeile antworten",
    "antworten sie oberhalb", "répondre au-dessus de cette ligne", "responda por encima de esta línea", "请在此线以上回复", "请在此行以上回复", "在此线以上回复", "回复请写在此线上方",
)  # fmt: skip
