"""The sandbox's knowledge base: what a small shop for tea ware and household appliances tells its customers, in both languages,
and one thing that it tells only its own."""

from dataclasses import dataclass

from hub.actions.context import Context
from hub.actions.knowledge.categories import add_category
from hub.actions.knowledge.write import Facts, new_article, publish
from hub.model.articles import Visibility
from hub.model.people import HUB
from storage import knowledge as stored
from storage.knowledge import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An article. `zh` None: it is not translated yet."""

    category: str
    en: Words
    zh: Words | None
    tags: tuple[str, ...]
    visibility: Visibility = Visibility.PUBLIC


CATEGORIES = {"orders": ("Orders and delivery", "订单与配送"), "returns": ("Returns and refunds", "退换货与退款"),
              "care": ("Using and caring", "使用与保养")}  # fmt: skip

ARTICLES = (
    Sample(
        category="orders",
        en=Words(
            title="Where is my parcel?",
            summary="How to follow a parcel, and what to do when it does not move.",
            body=(
                "Every parcel has a tracking number. It is in the letter that we send when it leaves, and under **My orders**.\n\n"
                "## It has not moved for days\n\n1. Wait three working days: carriers often scan late.\n"
                "2. Look whether a neighbour or a pick-up station has it.\n3. Then write to us with your order number. "
                "We ask the carrier and send a new one if it is lost.\n\n> Around the Spring Festival everything takes up to a week longer."
            ),
        ),
        zh=Words(
            title="我的包裹到哪里了？",
            summary="如何查询物流，以及物流长时间不更新怎么办。",
            body=(
                "每个包裹都有运单号，可在发货通知或**我的订单**中查看。\n\n## 物流多日没有更新\n\n1. 请先等待三个工作日，快递扫描常有延迟。\n"
                "2. 看看是否由邻居或驿站代收。\n3. 仍未更新，请带上订单号联系我们。我们会向快递核实，丢件则补发。\n\n> 春节前后配送最多可能延迟一周。"
            ),
        ),
        tags=("delivery", "物流"),
    ),
    Sample(
        category="orders",
        en=Words(
            title="How to get an invoice",
            summary="Electronic invoices come by e-mail within a few minutes.",
            body=(
                "Open **My orders**, choose the order and press **Invoice**. Give the name of the company and its tax number if "
                "you need a company's invoice.\n\n- Electronic invoices come within minutes; look into the spam folder too.\n"
                "- A wrong title can be changed once, within 30 days."
            ),
        ),
        zh=Words(
            title="如何开具发票",
            summary="电子发票几分钟内发送到您的邮箱。",
            body=(
                "打开**我的订单**，选择订单后点击**申请发票**。如需公司发票，请填写公司名称和税号。\n\n- 电子发票几分钟内送达，也请查看垃圾邮件箱。\n"
                "- 抬头有误可在 30 天内更改一次。"
            ),
        ),
        tags=("invoice", "发票"),
    ),
    Sample(
        category="returns",
        en=Words(
            title="How to return something",
            summary="Within 30 days, with a free label.",
            body=(
                "You may return whatever is unused within 30 days.\n\n1. Open **My orders** and press **Return**.\n"
                "2. Print the label, or show its code at the counter.\n3. Hand the parcel in within a week.\n\n"
                "The money is back within five working days after we have it.\n\n"
                "| What | Can it be returned? |\n|---|---|\n| Unused tea ware | yes |\n| Opened tea | no |\n| Broken on arrival | yes, we pay |"
            ),
        ),
        zh=Words(
            title="如何退货",
            summary="30 天内可退，运费由我们承担。",
            body=(
                "未使用的商品可在 30 天内退货。\n\n1. 打开**我的订单**，点击**申请退货**。\n2. 打印面单，或在网点出示取件码。\n3. 一周内寄出。\n\n"
                "收到退货后五个工作日内退款。\n\n| 商品 | 能否退货 |\n|---|---|\n| 未使用的茶具 | 可以 |\n| 已拆封的茶叶 | 不可以 |\n| 收到时已破损 | 可以，运费我们承担 |"
            ),
        ),
        tags=("refund", "退款"),
    ),
    Sample(
        category="returns",
        en=Words(
            title="When does a refund arrive?",
            summary="Within five working days after your parcel has reached us.",
            body=(
                "- Cards: three to five working days\n- Alipay, WeChat Pay: at once\n- Bank transfer: up to seven working days\n\n"
                "You get a letter when it leaves us. Is it missing after that time? Write to us, we look for it."
            ),
        ),
        zh=None,
        tags=("refund",),
    ),
    Sample(
        category="care",
        en=Words(
            title="Descaling an electric kettle",
            summary="Once a month, with vinegar or citric acid.",
            body=(
                "1. Fill it half with water and put in two spoons of citric acid.\n2. Let it boil, then wait for 20 minutes.\n"
                "3. Pour it out and boil clear water twice.\n\nWhite spots that come off with a cloth are lime, not damage."
            ),
        ),
        zh=Words(
            title="电水壶如何除水垢",
            summary="每月一次，用白醋或柠檬酸。",
            body=(
                "1. 加半壶水，放入两勺柠檬酸。\n2. 烧开后静置 20 分钟。\n3. 倒掉，再用清水烧开两次。\n\n能用布擦掉的白色斑点是水垢，不是损坏。"
            ),
        ),
        tags=("kettle", "水壶"),
    ),
    Sample(
        category="returns",
        en=Words(
            title="Goodwill: what we may give without asking",
            summary="For colleagues: up to 50 yuan, once in six months.",
            body=(
                "- A voucher of 50 yuan at the most, once in six months for each customer\n"
                "- A new part instead of a repair below 200 yuan\n- Everything else: ask the supervisor first"
            ),
        ),
        zh=Words(
            title="补偿权限说明",
            summary="内部：50 元以内，每半年一次。",
            body="- 每位客户半年内最多补偿一次 50 元以内的优惠券\n- 200 元以下的维修可直接换新配件\n- 其他情况请先请示主管",
        ),
        tags=("goodwill",),
        visibility=Visibility.INTERNAL,
    ),
)


async def write_articles(ctx: Context) -> None:
    """All of them, where there is none yet."""
    if await ctx.database.read(stored.categories):
        return
    numbers = {
        name: await add_category(ctx, title_en=english, title_zh=chinese, actor=HUB)
        for name, (english, chinese) in CATEGORIES.items()
    }
    for sample in ARTICLES:
        facts = Facts(visibility=sample.visibility, category_id=numbers[sample.category], tags=sample.tags)
        made = await new_article(ctx, language="en", text=sample.en, facts=facts, actor=HUB)
        for language, version, text in (("en", 1, sample.en), ("zh_CN", 0, sample.zh)):
            if text is not None:
                await publish(
                    ctx,
                    article_id=made,
                    language=language,
                    version=version,
                    text=text,
                    visibility=sample.visibility,
                    actor=HUB,
                )
