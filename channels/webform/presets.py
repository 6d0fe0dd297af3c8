"""Forms to begin with, in both languages. A form that nobody has built is `usual`."""

from collections.abc import Callable, Mapping

from channels.webform.fields import (
    FormDefinition,
    FormField,
    Kind,
    Option,
    Said,
    When,
)
from channels.webform.words import WORDS

_MOST = {"order_number": 100}
"""Characters, where they are fewer than usual."""
_KINDS = ("enquiry", "feedback", "complaint", "request")


def usual(ticket_kind: str = "", *, files: bool = True) -> FormDefinition:
    """Who you are, what it is about, a message, files. What it is about is not asked where `ticket_kind` says so already."""
    fields = (
        _name(),
        *_contact(),
        *(() if ticket_kind else (_kind(),)),
        _line("subject", Kind.SHORT, "subject", half=True),
        _line("order_number", Kind.SHORT, "order_number", half=True),
        _line("message", Kind.LONG, "message", required=True),
        *((_line("files", Kind.FILE),) if files else ()),
    )
    return FormDefinition(fields=fields, contact="either")


def complaint() -> FormDefinition:
    """What has to be known of a complaint, so that nobody needs to ask: what and when, with which order or product, the
    evidence, and what would put it right."""
    return FormDefinition(
        contact="either",
        fields=(
            FormField(
                key="about",
                kind=Kind.CHOICE,
                label=Said(en="What is your complaint about?", zh="您要投诉哪方面的问题？"),
                required=True,
                means="topic",
                options=_options(
                    ("product", "A product", "产品"),
                    ("delivery", "The delivery", "配送"),
                    ("service", "Service or staff", "服务或人员"),
                    ("bill", "A bill or a payment", "账单或付款"),
                    ("other", "Something else", "其他"),
                ),
            ),
            _field(
                "what_happened", Kind.LONG, "What happened?", "发生了什么？", means="message", required=True
            ),
            _field("happened_on", Kind.DATE, "When did it happen?", "发生时间", required=True, half=True),
            _field("order_number", Kind.ORDER, "Order number", "订单号", means="order_number", half=True),
            _field(
                "product",
                Kind.PRODUCT,
                "Which product?",
                "涉及的产品",
                help_en="Its name or number, as on the box or the bill.",
                help_zh="名称或型号，见包装或账单。",
                when=When(field="about", test="is", value="product"),
            ),
            _field(
                "evidence",
                Kind.FILE,
                "Evidence",
                "证据材料",
                help_en="Photos, the bill, letters: whatever shows what happened.",
                help_zh="照片、账单、聊天记录等能说明情况的材料。",
            ),
            FormField(
                key="remedy",
                kind=Kind.CHOICE,
                label=Said(en="What would put it right?", zh="您希望如何解决？"),
                required=True,
                options=_options(
                    ("repair", "A repair", "维修"),
                    ("replacement", "Another one in its place", "换货"),
                    ("refund", "My money back", "退款"),
                    ("apology", "An explanation or an apology", "说明或道歉"),
                    ("other", "Something else", "其他"),
                ),
            ),
            _field(
                "remedy_words",
                Kind.SHORT,
                "What exactly?",
                "具体要求",
                required=True,
                when=When(field="remedy", test="is", value="other"),
            ),
            _name(required=True),
            *_contact(),
        ),
        next=Said(
            en="A member of our staff reads your complaint, looks into what happened, and writes to you with what we "
            "found and what we offer.",
            zh="我们的工作人员会阅读您的投诉，核实情况，并告知您调查结果和解决方案。",
        ),
    )


def feedback() -> FormDefinition:
    """A mark from 1 to 5 and why. Nobody has to say who they are."""
    return FormDefinition(
        fields=(
            _field("rating", Kind.RATING, "How did you like it?", "您是否满意？", required=True),
            _field("message", Kind.LONG, "What should we keep, what should we change?", "哪些好，哪些需要改进？",
                   means="message"),
            _name(),
            _line("email", Kind.EMAIL, "email", half=True),
        )
    )  # fmt: skip


def request() -> FormDefinition:
    """A repair, a return, another service: with what it takes to begin."""
    return FormDefinition(
        contact="either",
        fields=(
            FormField(
                key="wish",
                kind=Kind.CHOICE,
                label=Said(en="What do you need?", zh="您需要什么服务？"),
                required=True,
                means="topic",
                options=_options(
                    ("return", "To return something", "退货"),
                    ("repair", "A repair", "维修"),
                    ("other", "Something else", "其他"),
                ),
            ),
            _field("order_number", Kind.ORDER, "Order number", "订单号", means="order_number", half=True),
            _field("product", Kind.PRODUCT, "Product", "产品", half=True),
            FormField(
                key="why_back",
                kind=Kind.CHOICE,
                label=Said(en="Why do you return it?", zh="退货原因"),
                required=True,
                when=When(field="wish", test="is", value="return"),
                options=_options(
                    ("faulty", "It is faulty", "有质量问题"),
                    ("wrong", "It is not what I ordered", "与订单不符"),
                    ("not_wanted", "I do not want it any more", "不想要了"),
                ),
            ),
            _field("fault", Kind.LONG, "What is broken?", "故障描述", required=True,
                   when=When(field="wish", test="is", value="repair")),
            _field("message", Kind.LONG, "Anything else we should know", "其他说明", means="message"),
            _line("files", Kind.FILE),
            _name(),
            *_contact(),
        ),
    )  # fmt: skip


PRESETS: Mapping[str, Callable[[], FormDefinition]] = {
    "contact": usual,
    "complaint": complaint,
    "feedback": feedback,
    "request": request,
}


def _said(word: str) -> Said:
    return Said(en=WORDS["en"][word], zh=WORDS["zh_CN"][word])


def _line(key: str, kind: Kind, means: str = "", *, required: bool = False, half: bool = False) -> FormField:
    """One whose words are those of every form."""
    return FormField(
        key=key,
        kind=kind,
        label=_said(key),
        means=means,
        required=required,
        half=half,
        most=_MOST.get(key, 0),
    )


def _field(
    key: str,
    kind: Kind,
    en: str,
    zh: str,
    *,
    means: str = "",
    required: bool = False,
    half: bool = False,
    help_en: str = "",
    help_zh: str = "",
    when: When | None = None,
) -> FormField:
    return FormField(
        key=key,
        kind=kind,
        label=Said(en=en, zh=zh),
        help=Said(en=help_en, zh=help_zh),
        means=means,
        required=required,
        half=half,
        when=when,
    )


def _name(*, required: bool = False) -> FormField:
    return _line("name", Kind.SHORT, "name", required=required)


def _contact() -> tuple[FormField, FormField]:
    return _line("email", Kind.EMAIL, "email", half=True), _line("phone", Kind.PHONE, "phone", half=True)


def _kind() -> FormField:
    return FormField(
        key="kind",
        kind=Kind.CHOICE,
        label=_said("kind"),
        means="kind",
        options=tuple(Option(value=one, label=_said(f"kind_{one}")) for one in _KINDS),
    )


def _options(*rows: tuple[str, str, str]) -> tuple[Option, ...]:
    return tuple(Option(value=value, label=Said(en=en, zh=zh)) for value, en, zh in rows)
