"""The sandbox's customers and what they have to say to a small shop for tea ware and household appliances.

Data only, the same in every run. How it is said over a channel is in `letters` and `visit`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Door(StrEnum):
    """The way a customer comes in."""

    LETTER = "letter"
    FORM = "form"
    CHAT = "chat"
    TELEGRAM = "telegram"


class Dress(StrEnum):
    """What a letter looks like on the wire."""

    PLAIN = "plain"
    QQ_HTML = "qq_html"
    GB18030 = "gb18030"
    WITH_PHOTO = "with_photo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A customer. `telegram_id` 0 and `email` "": they do not use it."""

    key: str
    name: str
    language: str
    email: str = ""
    telegram_id: int = 0
    username: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One thing a person says. `kind` as a reader would say: complaint, feedback, enquiry or request.

    `follows` is the key of the person's own earlier story that this one continues, on the same thread.
    `answer` is what the person says once an agent has answered; "" ends it there.
    """

    key: str
    person: Person
    door: Door
    kind: str
    text: str
    subject: str = ""
    answer: str = ""
    dress: Dress = Dress.PLAIN
    follows: str = ""


WANG = Person(key="wang", name="王丽华", language="zh", email="lihua.wang@mail.example")
CHEN = Person(key="chen", name="陈国强", language="zh", email="guoqiang.chen@post.example")
LIN = Person(key="lin", name="林小满", language="zh", email="10086123@qqmail.example")
ZHAO = Person(key="zhao", name="赵敏", language="zh", email="min.zhao@office.example")
LIU = Person(key="liu", name="刘洋", language="zh", telegram_id=700100201, username="liuyang_tea")
SUN = Person(key="sun", name="孙悦", language="zh", telegram_id=700100202)
HE = Person(key="he", name="何志远", language="zh", email="zhiyuan.he@mail.example")
XU = Person(key="xu", name="徐静", language="zh")
MA = Person(key="ma", name="马晓东", language="zh")
ADA = Person(key="ada", name="Ada Whitfield", language="en", email="ada.whitfield@letters.example")
TOM = Person(key="tom", name="Tom Okafor", language="en", email="tom.okafor@studio.example")
ELENA = Person(key="elena", name="Elena Marchetti", language="en", email="elena@marchetti.example")
JONAS = Person(key="jonas", name="Jonas Bergström", language="en", email="jonas.bergstrom@nord.example")
PRIYA = Person(key="priya", name="Priya Nair", language="en", telegram_id=700100301, username="priyanair")
SAM = Person(key="sam", name="Sam Doyle", language="en", telegram_id=700100302, username="samdoyle")
GRACE = Person(key="grace", name="Grace Lin", language="en", email="grace.lin@letters.example")
OLIVER = Person(key="oliver", name="Oliver Hart", language="en")
NOOR = Person(key="noor", name="Noor Haddad", language="en")

STORIES = (
    Story(
        key="broken-gaiwan",
        person=WANG,
        door=Door.LETTER,
        kind="complaint",
        subject="订单 TW-20418：盖碗收到时已碎，要求退款",
        text="你好：\n\n11 月 18 日收到的青瓷盖碗，打开盒子就是碎的，里面只垫了一层纸。\n"
        "我非常失望，这是送给长辈的生日礼物。请退款，或者本周内重新寄一套。\n\n王丽华",
        answer="谢谢，那就重新寄一套吧，请用厚一点的泡沫。地址不变。",
        dress=Dress.WITH_PHOTO,
    ),
    Story(
        key="kettle-leaks",
        person=ADA,
        door=Door.LETTER,
        kind="complaint",
        subject="My K3 kettle leaks from the base",
        text="Hello,\n\nThe K3 kettle I bought from you in October has started to leak from the base. "
        "There was\n"
        "water under it again this morning, right next to the plug. That is dangerous and not "
        "acceptable for\n"
        "something two months old. I would like it repaired or replaced.\n\nOrder TW-20377.\n\nAda "
        "Whitfield",
        answer="Thank you for the quick reply. A replacement would be best. Do I have to send the old one "
        "back first?",
    ),
    Story(
        key="where-is-parcel",
        person=LIU,
        door=Door.TELEGRAM,
        kind="enquiry",
        text="你好，我的订单 TW-20455 三天没有物流更新了，现在到哪里了？",
        answer="好的，收到了我告诉你们。",
    ),
    Story(
        key="chat-size",
        person=OLIVER,
        door=Door.CHAT,
        kind="enquiry",
        text="Hi! How many millilitres does the small Yixing teapot hold? The page only gives the height.",
        answer="Perfect, that is what I needed. Thanks!",
    ),
    Story(
        key="form-praise",
        person=GRACE,
        door=Door.FORM,
        kind="feedback",
        subject="Lovely packaging",
        text="Just to say that the gift set arrived beautifully packed, and the hand-written card made my "
        "mother "
        "cry a little. Please pass my thanks on to whoever wrote it.",
    ),
    Story(
        key="repair-visit",
        person=HE,
        door=Door.FORM,
        kind="request",
        subject="申请上门维修：净水器不出水",
        text="净水器型号 JS-500，去年 12 月购买，昨天开始不出水，指示灯一直红色闪烁。请安排师傅上门维修，"
        "周末都在家。",
        answer="周六上午可以，请师傅来之前打个电话。",
    ),
    Story(
        key="qq-invoice",
        person=LIN,
        door=Door.LETTER,
        kind="request",
        subject="麻烦补开发票",
        text="您好，订单 TW-20390 请补开一张增值税普通发票，抬头：杭州清和茶叶有限公司，发到这个邮箱就可以。"
        "谢谢！",
        answer="收到，发票没有问题，谢谢。",
        dress=Dress.QQ_HTML,
    ),
    Story(
        key="tg-voltage",
        person=PRIYA,
        door=Door.TELEGRAM,
        kind="enquiry",
        text="Hello, does the K3 kettle work on 110 V? I am moving to Canada in January.",
        answer="Pity. Is there another model that does?",
    ),
    Story(
        key="gb-wholesale",
        person=CHEN,
        door=Door.LETTER,
        kind="enquiry",
        subject="咨询批发价格",
        text="贵店：\n\n我在苏州开一家茶馆，想咨询紫砂壶和公道杯的批发价，首批约 60 套。\n"
        "请问起订量是多少？能不能印我们的店名？\n\n陈国强 138 0013 0000",
        answer="价格可以接受。请先寄两套样品，运费我付。",
        dress=Dress.GB18030,
    ),
    Story(
        key="chat-coupon",
        person=XU,
        door=Door.CHAT,
        kind="enquiry",
        text="在吗？新客户的优惠券结账的时候用不了，显示“不符合条件”，是什么原因？",
        answer="明白了，原来要满 200 才行，谢谢。",
    ),
    Story(
        key="wrong-colour",
        person=TOM,
        door=Door.LETTER,
        kind="complaint",
        subject="Wrong colour sent (order TW-20402)",
        text="Hi,\n\nI ordered four cups in celadon green and received four in white. The packing slip "
        "says green,\n"
        "so somebody did not look. I need the right ones before the 5th, they are for a shoot.\n\nTom",
        answer="The 3rd works. Please send me the tracking number as soon as you have it.",
    ),
    Story(
        key="tg-descaling",
        person=SAM,
        door=Door.TELEGRAM,
        kind="request",
        text="Could you send me the descaling instructions for the K2 kettle? I threw the manual away.",
        answer="Got it, thanks a lot 👍",
    ),
    Story(
        key="form-shipping-fee",
        person=ZHAO,
        door=Door.FORM,
        kind="complaint",
        subject="多收了运费",
        text="页面写着满 299 元包邮，我的订单 328 元，还是扣了 15 元运费。问了两次客服都没有人处理，"
        "请尽快退还。",
        answer="已经收到 15 元，希望以后不要再出这样的错。",
    ),
    Story(
        key="broken-gaiwan-again",
        person=WANG,
        door=Door.LETTER,
        kind="complaint",
        subject="Re: 订单 TW-20418：盖碗收到时已碎，要求退款",
        text="补充一点：外箱的一角也压扁了，快递员说出库时就是这样的。照片在上一封信里。",
        follows="broken-gaiwan",
    ),
    Story(
        key="newsletter-address",
        person=ELENA,
        door=Door.LETTER,
        kind="request",
        subject="Please change my delivery address",
        text="Good morning,\n\nplease change the delivery address of order TW-20461 to\nVia dei Mille 14, "
        "10123 Torino.\n"
        "I moved last week and forgot to change it in the shop.\n\nElena Marchetti",
        answer="Thank you, and greetings from Torino!",
    ),
    Story(
        key="tg-praise",
        person=SUN,
        door=Door.TELEGRAM,
        kind="feedback",
        text="茶盘收到了，做工比想象的还好，木头味道很舒服。给你们点个赞！",
    ),
    Story(
        key="chat-return",
        person=NOOR,
        door=Door.CHAT,
        kind="request",
        text="I would like to return a rice cooker, unopened, bought six days ago. How do I do that?",
        answer="Great, I will take it to the parcel shop tomorrow.",
    ),
    Story(
        key="form-business-hours",
        person=JONAS,
        door=Door.FORM,
        kind="enquiry",
        subject="Opening hours of the showroom",
        text="Is the showroom open on Saturdays, and may I bring my own tea to try the pots with?",
        answer="See you on Saturday, then.",
    ),
    Story(
        key="charged-twice",
        person=JONAS,
        door=Door.LETTER,
        kind="complaint",
        subject="Charged twice for TW-20399",
        text="Hello,\n\nmy card was charged twice for order TW-20399, 46.80 each time. Please refund one "
        "of them. This is\n"
        "the second time I write about this and nobody has answered.\n\nJonas Bergström",
        answer="The refund has arrived. Thank you for sorting it out.",
    ),
    Story(
        key="tg-parcel-again",
        person=LIU,
        door=Door.TELEGRAM,
        kind="enquiry",
        text="对了，快递要是放驿站，能不能改成送货上门？我腿受伤了不方便。",
        follows="where-is-parcel",
    ),
    Story(
        key="chat-noise",
        person=MA,
        door=Door.CHAT,
        kind="complaint",
        text="新买的破壁机噪音大得吓人，和宣传的“静音”完全不符，我要退货。",
        answer="可以，今天下午取件就行。",
    ),
    Story(
        key="form-suggestion",
        person=CHEN,
        door=Door.FORM,
        kind="feedback",
        subject="一个小建议",
        text="建议在商品页写清楚茶壶的容量和出水时间，买壶的人都关心这个。其他都很好。",
    ),
    Story(
        key="letter-thanks",
        person=ELENA,
        door=Door.LETTER,
        kind="feedback",
        subject="A compliment for your repair workshop",
        text="Dear all,\n\nmy old cast-iron kettle came back from your workshop yesterday and looks like "
        "new. I had not\n"
        "expected that much care. Well done!\n\nElena",
    ),
    Story(
        key="tg-missing-lid",
        person=PRIYA,
        door=Door.TELEGRAM,
        kind="complaint",
        text="The travel tea set came without the lid of the caddy. I am quite annoyed, it is a present "
        "for Friday.",
        answer="Express would be wonderful, thank you.",
    ),
    Story(
        key="letter-filter",
        person=ZHAO,
        door=Door.LETTER,
        kind="request",
        subject="想订购净水器滤芯",
        text="你好，\n\nJS-500 的滤芯用了快一年，想订购两支，另外请告诉我怎么更换，需要师傅上门吗？\n\n赵敏",
        answer="自己换就好，视频很清楚。请帮我下单两支。",
    ),
    Story(
        key="form-warranty",
        person=TOM,
        door=Door.FORM,
        kind="enquiry",
        subject="Warranty on refurbished kettles",
        text="Do refurbished kettles come with the same two-year warranty as new ones?",
        answer="Thanks, then I will take one.",
    ),
)
"""In the order in which they are told."""
