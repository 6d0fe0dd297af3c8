"""How subjects of automatic answers begin, in the languages of mail programs and providers. Data only.

Every pattern stands at the beginning: a person may well write of an automatic reply. None begins with `Re:`, for a person
who answers an automatic answer does.
"""

# ruff: noqa: E501 - word lists of many languages read better unbroken
import re

_TAIL = r"[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{0,14}"
"""The rest of a word whose stem stands in the list; Chinese, Japanese and Korean write on without a gap."""
_AFTER = (
    r"(?=\s{0,2}(?:[^\w\s]|$|(?:re|to|from|for|by|of|until|till|von|vom|bis|de|du|des|da|do|del|van|tot|fra|til|fr[åa]n|na|od|от|до|message|reply|response|notif\w{0,8}|assist\w{0,5}|auto\w{0,6})\b)"
    r"|(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])\s)"
)
"""What follows such a beginning. `Automatic reply does not work` is a person's."""
PREFIX = re.compile(
    r"""(?ix)^[\W_]{0,6}(?:(?:
      auto(?:matic|mated)?[\s_-]{0,2}(?:re(?:ply|sponse|sponder|spond)|email\sresponse|answer|mail\sresponse|reply\smessage|responding) | auto[-\s]?respon[dst] | auto(?:matic)?[-\s]?ack(?:nowledge?ment)?
      | out[\s-]of[\s-](?:the[\s-])?office(?!\shours) | ooo\b | (?:currently\s)?(?:on|auf)\s(?:vacation|annual\sleave|maternity\sleave|holidays?|urlaub) | away\sfrom\s(?:the\s|my\s)?(?:office|desk|mail|e-?mail|computer) | vacation\s(?:reply|response|notice) | away\s(?:notice|message) | holiday\s(?:reply|notice) | not\sin\s(?:the\s)?office
      | automatische?r?\s(?:antwort|r[üu]ckmeldung|abwesenheit|empfangsbest|eingangsbest) | automatisch(?:e|es)?\santwoord | auto-?antwort | abwesenheit(?:s(?:notiz|nachricht|meldung|benachr|assist|info|hinweis|agent|mail)|\b) | nicht\sim\sb[üu]ro | au(?:ß|ss)er\shaus | urlaubs(?:notiz|meldung|benachr) | abwesend
      | r[ée]ponse\sautomatique | absen(?:ce|te?)\sd[ue]\s(?:mon\s|notre\s)?bureau | message\s(?:automatique|d'absence) | accus[ée]\sde\sr[ée]ception\sautomatique
      | respuesta\s(?:autom[áa]tica|de\sausencia) | auto-?respuesta | contestaci[óo]n\sautom | fuera\s(?:de\s(?:la\s)?)oficina | ausente\sde\sla\soficina | mensaje\sautom[áa]tico
      | risposta\sautomatica | risponditore\sautom | fuori\s(?:sede|ufficio) | messaggio\sautomatico | assenza\sdall'ufficio
      | resposta\s(?:autom[áa]tica|de\saus[êe]ncia) | auto-?resposta | fora\s(?:do|de)\sescrit[óo]rio | mensagem\sautom[áa]tica | ausente\sdo\sescrit[óo]rio
      | automatiskt\s(?:svar|meddelande) | autosvar | fr[åa]nvaro | inte\sp[åa]\skontoret | automatisk\s(?:svar|besvarelse) | ikke\s(?:p[åa]\skontoret|til\s?stede) | frav[æa]r | automaattinen\s(?:vastaus|viesti) | poissa\s(?:toimistolta|paikalta) | poissaoloviesti | sj[áa]lfvirkt\ssvar
      | afwezig | automatisch\sbericht | niet\s(?:op|in|aanwezig\sop)\s(?:het\s|mijn\s)?kantoor | buiten\skantoor
      | automatick[áaéey]\w?\s(?:odpov|zpr|spr[áa]v) | mimo\s(?:kancel[áa][řr]|pracovi) | odpowied[źz]\sautomatyczna | automatyczna\s(?:odpowied|wiadomo) | autoodpowied | poza\sbiurem | automatikus\sv[áa]lasz | h[áa]zon\sk[íi]v[üu]l | irod[áa]n\sk[íi]v[üu]l
      | r[ăa]spuns\sautomat | absen[țt]\s[îi]n\sbirou | otomatik\s(?:yan[ıi]t|cevap|mesaj) | ofis\sd[ıi][şs][ıi]nda | automatski\s(?:odgovor|odziv) | samode?j(?:ni|en)\sodgovor
      | автоматический\sответ | авто-?ответ | автоматическое\s(?:сообщение|уведомление) | вне\sофис | автоматична\sвідповідь | автовідповідь | автоматичен\sотговор | автоматски\sодговор | αυτόματη\sαπάντηση | εκτός\sγραφείου
      | תשובה\sאוטומטית | מענה\sאוטומטי | תגובה\sאוטומטית | מחוץ\sלמשרד | (?:ال)?رد\s(?:ال)?(?:تلقائي|آلي|اوتوماتيكي|أوتوماتيكي) | خارج\sالمكتب | پاسخ\sخودکار | स्वचालित\s(?:उत्तर|जवाब) | (?:การ)?ตอบกลับอัตโนมัติ | ไม่อยู่ที่สำนักงาน | trả\slời\stự\sđộng | tự\sđộng\s(?:trả\slời|phản\shồi) | (?:balasan|jawapan|respons)\sotomatis | balas(?:an)?\sautomatik | di\sluar\skantor
      | (?:系统)?自动(?:回[复覆信]|答[复覆]|应答|回应) | (?:系統)?自動(?:回[覆複复信]|返信|応答|答[覆复]|回應|送信|應答)(?:メール|メッセージ)? | 不在(?:通知|の(?:お知らせ|連絡|ご連絡)|届|連絡) | 外出(?:通知|自动回复|中自动回复) | 我?(?:正在)?(?:休假|外出|出差|度假)(?:中|期间)?(?:自动回复|通知) | 休暇(?:中|のお知らせ) | 長期休暇のお知らせ
      | 자동\s?(?:응답|회신|답장|답변) | 부재\s?중(?:\s?(?:응답|회신|알림|메시지|안내))?
    )"""
    + _TAIL
    + _AFTER
    + r"""
    | i\s?(?:am|'m)\s(?:currently\s)?(?:out\sof\s(?:the\s|my\s)?office|away\sfrom\s(?:the\s|my\s)|on\s(?:vacation|holiday|annual\sleave)) | ich\sbin\s(?:nicht\sim\sb[üu]ro|au(?:ß|ss)er\shaus|im\surlaub) | je\ssuis\s(?:absente?|en\scong[ée]) | auto\s?:\s?(?:re|aw|antw|fw)\s?: | я\sв\sотпуске | 不在にして | 休暇のため
    )"""
)
"""What only programs begin a subject with."""

PERHAPS = re.compile(
    r"""(?ix)^[\W_]{0,6}(?:(?:re|aw|antw|sv|vs|回复|答复|回覆)\s?[:：]\s{0,3})?(?:
      auto(?:matic|mated)?\b | out\s?of\s?(?:the\s)?office | ooo\b | vacation\b | holiday\b | away\b | absen[ct] | abwesen | urlaub | on\s(?:leave|vacation|holiday) | (?:thank\syou|thanks|danke|merci|gracias)\s(?:for|f[üu]r|pour|por)\b | your\s(?:message|mail|e-?mail|request)\s(?:to|has\sbeen\sreceived|was\sreceived)
      | automatis | automatyc | respuesta\sauto | r[ée]ponse\sauto | 自动 | 自動 | 不在 | 休暇 | 자동 | 부재
    )"""
)
"""Subjects that count when something else says that a program wrote as well."""
