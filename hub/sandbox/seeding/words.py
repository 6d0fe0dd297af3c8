"""What made-up customers and agents say. Data only: sentences with places for products, numbers, places, sums and days."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing that customers write about. `queue_words`: part of a queue's name that fits, where there is one."""

    kind: str
    queue_words: tuple[str, ...]
    tag: str
    titles: tuple[str, ...]
    openings: tuple[str, ...]
    answers: tuple[str, ...]


ZH = (
    Subject(
        kind="enquiry", queue_words=("enquir", "general"), tag="物流",
        titles=("订单 {order} 还没收到", "{product}什么时候发货", "物流三天没有更新", "请查一下快递到哪里了"),
        openings=(
            "您好，我{day}下的订单 {order} 到现在还没有收到，请问现在到哪里了？",
            "订单 {order} 的物流信息停在{place}已经三天了，麻烦帮我催一下快递。",
            "我买的{product}显示已签收，但是我没有收到，也没有放在驿站，请核实。",
            "请问{product}什么时候可以发货？我{day}要出差，赶不上就帮我改寄到{place}。",
            "预售的{product}说好{day}发货，页面上一直是待出库，能给个准信吗？",
        ),
        answers=(
            "您好，已为您查询，包裹目前在{place}中转站，预计{day}送达，请保持电话畅通。",
            "非常抱歉让您久等了，我们已联系快递加急处理，有进展会第一时间告诉您。",
            "已经为您登记催件，单号 {track}，如果{day}前仍未收到，我们给您补发。",
        ),
    ),
    Subject(
        kind="complaint", queue_words=("complain",), tag="质量",
        titles=("{product}收到就是坏的", "质量太差，要求退款", "{product}用了两天就不工作了", "投诉：商品与描述不符"),
        openings=(
            "收到的{product}外壳碎了一角，包装也是破的，非常失望，要求退款或者重新寄一套。",
            "{product}才用了两天就不通电了，按说明书重置也没有反应，这样的质量怎么卖的？",
            "页面写的是304不锈钢，收到的{product}明显不是，要求按规定赔付，否则我会向12315投诉。",
            "{product}漏水，把厨房地板都泡了，损失谁来承担？请主管回电 {phone}。",
            "同一个问题我已经反映三次了，每次都说{day}回复，结果一直没有人联系我。",
        ),
        answers=(
            "非常抱歉给您带来不好的体验，麻烦您拍照发给我们，我们核实后马上为您处理。",
            "已为您提交退货申请，运费由我们承担，快递员会在{day}上门取件。",
            "已升级给品质部门，赔付 {money} 元会在三个工作日内原路退回，请您留意。",
        ),
    ),
    Subject(
        kind="request", queue_words=("service", "request"), tag="安装",
        titles=("预约上门安装{product}", "申请维修{product}", "更换配件", "想改约安装时间"),
        openings=(
            "我想预约{day}上门安装{product}，地址在{place}，联系电话 {phone}。",
            "{product}的滤芯到期了，请问怎么购买和更换？需要师傅上门吗？",
            "师傅{day}没有来，也没有打电话，请帮我重新安排时间，最好是周末上午。",
            "{product}还在保修期内，申请维修，故障代码是 E{small}，订单号 {order}。",
            "搬家到{place}了，需要移机，请问费用是多少，能约到哪天？",
        ),
        answers=(
            "已为您预约{day}上午，师傅出发前会给您打电话，请保持电话畅通。",
            "{product}的保修期是两年，本次上门免费，配件费用以师傅检测为准。",
            "好的，已经为您改到{day}，如需再调整请提前一天告诉我们。",
        ),
    ),
    Subject(
        kind="request", queue_words=("billing", "finance", "service"), tag="发票",
        titles=("申请开具发票", "发票抬头写错了", "退款还没到账", "多扣了一笔钱"),
        openings=(
            "麻烦给订单 {order} 开一张增值税专用发票，抬头：{company}，税号稍后发给您。",
            "发票抬头写错了，应该是{company}，请作废重开，谢谢。",
            "退款 {money} 元说好三天到账，现在一周了银行卡里还没有，请财务核对。",
            "同一个订单 {order} 扣了我两次款，每次 {money} 元，请尽快退回多扣的那一笔。",
            "优惠券没有用上，付款的时候少减了 {small} 元，能补给我吗？",
        ),
        answers=(
            "电子发票已发送到您的邮箱，请注意查收，如有问题请随时联系我们。",
            "财务已核对，{money} 元将在1至3个工作日内原路退回。",
            "已为您作废原发票并重新开具，抬头为{company}，请查收。",
        ),
    ),
    Subject(
        kind="feedback", queue_words=("feedback", "general"), tag="表扬",
        titles=("表扬客服", "给{product}提个建议", "服务很好", "希望改进包装"),
        openings=(
            "你们的客服很耐心，问题当天就解决了，特此表扬。",
            "{product}很好用，建议下一代增加静音模式，另外电源线可以再长一点。",
            "安装师傅准时到达，讲解很清楚，还把包装垃圾带走了，给五星。",
            "包装可以少用一点泡沫，环保一些，茶叶的礼盒也太占地方了。",
            "会员日的活动规则写得太复杂了，看了半天不知道怎么凑单。",
        ),
        answers=(
            "感谢您的认可，我们会转达给同事，祝您生活愉快！",
            "谢谢您的建议，已转给产品部门，后续有消息会告诉您。",
        ),
    ),
    Subject(
        kind="enquiry", queue_words=("enquir", "general"), tag="售前",
        titles=("{product}适合多大的厨房", "请问有没有现货", "想了解企业采购", "會員積分怎麼用"),
        openings=(
            "请问{product}有现货吗？{place}的门店可以自提吗？",
            "我们公司想采购{small}台{product}作为员工福利，请问有没有企业价？公司是{company}。",
            "請問{product}寄到香港要多少運費？大概幾天可以收到？",
            "想问一下{product}和上一代有什么区别，噪音大不大，老人用方便吗？",
            "會員積分快到期了，請問可以兌換{product}的配件嗎？",
        ),
        answers=(
            "您好，{product}有现货，今天下单预计{day}送达，{place}门店也可以自提。",
            "企业采购{small}台以上可以享受专属价格，稍后由客户经理与您联系。",
            "新款噪音低于40分贝，按键更大，长辈使用很方便，支持七天无理由退货。",
        ),
    ),
)  # fmt: skip

ZH_MORE = (
    "好的，谢谢。", "请尽快处理。", "已经拍了照片，见附件。", "电话是 {phone}，下午三点以后方便。",
    "订单号是 {order}，快递单号 {track}。", "我再等等看，{day}之前没有消息我就申请退款了。",
    "收到了，问题解决了，辛苦了！", "还是不行，{product}的指示灯一直闪红灯。", "可以换一个颜色吗？",
    "麻烦发到我的邮箱 {email}。", "你们{place}的门店说要找线上客服处理。", "金额是 {money} 元，不是 {small} 元。",
)  # fmt: skip
ZH_ABOUT = ("", "关于您的订单 {order}：", "您好，订单 {order} 的情况是这样的：")
ZH_NOTES = (
    "已电话联系客户，{day}再跟进。", "客户要求主管回电，情绪比较激动。", "仓库确认{product}缺货，预计{day}到货。",
    "退款单已提交财务，单号 {track}。", "核实过订单 {order}，属实。",
)  # fmt: skip

EN = (
    Subject(
        kind="enquiry", queue_words=("enquir", "general"), tag="delivery",
        titles=("Where is my order {order}?", "Parcel stuck in {place}", "Delivery date for the {product}", "Tracking"),
        openings=(
            "Hello, I ordered a {product} on {day} and it still has not arrived. The order number is {order}.",
            "The tracking page has said 'in transit' in {place} for four days. Could you please find out where my parcel is?",
            "According to the courier my {product} was delivered on {day}, but nobody here has seen it.",
            "Can you deliver to {place} before {day}? I need the {product} for a birthday.",
            "Please change the address of order {order} to my office in {place}, if it is not too late.",
        ),
        answers=(
            "Thank you for writing. Your parcel is at the depot in {place} and should reach you on {day}.",
            "I am sorry for the wait. I have asked the courier to look into it; the case number is {track}.",
            "We have sent a replacement today; the new tracking number is {track}.",
        ),
    ),
    Subject(
        kind="complaint", queue_words=("complain",), tag="quality",
        titles=("{product} arrived broken", "Very disappointed", "Refund for order {order}", "Still waiting for an answer"),
        openings=(
            "The {product} I bought from you broke after two days and I want my money back.",
            "The {product} leaks and has ruined my worktop. Please call me on {phone} today.",
            "What I received is not what the page shows. This is unacceptable, and I expect a refund of {money}.",
            "I have written three times about order {order} and nobody answers. Who is in charge there?",
            "The glass of the {product} was shattered when I opened the box; photographs are attached.",
        ),
        answers=(
            "I am very sorry about this. Could you send us a photograph, so that we can settle it at once?",
            "A courier will collect the {product} on {day}; you pay nothing for the return.",
            "We have refunded {money} today. It takes three to five working days to show on your account.",
        ),
    ),
    Subject(
        kind="request", queue_words=("service", "request"), tag="repair",
        titles=("Repair of the {product}", "Appointment for installation", "Spare part", "Warranty claim"),
        openings=(
            "Please send a technician: the {product} shows error E{small} and the door does not close any more.",
            "I would like to book the installation of the {product} for {day}, address in {place}.",
            "The {product} is still under warranty. How do I get a new seal? Order {order}.",
            "Your technician did not come on {day}. Please give me another appointment, in the morning if possible.",
        ),
        answers=(
            "You are booked for {day}; the technician calls half an hour before arriving.",
            "The part for the {product} is in stock and leaves the warehouse today.",
            "Your warranty runs for two years, so this visit is free of charge.",
        ),
    ),
    Subject(
        kind="request", queue_words=("billing", "finance", "service"), tag="invoice",
        titles=("Invoice for order {order}", "Charged twice", "Wrong company name", "Refund has not arrived"),
        openings=(
            "Could you send me the invoice for order {order}? It should be made out to {company}.",
            "I was charged {money} twice for the same order {order}. Please return one of the payments.",
            "The refund of {money} that was promised on {day} has not arrived.",
            "Our accounts department at {company} needs the VAT number on the invoice.",
        ),
        answers=(
            "The corrected invoice is attached; please let us know if anything else is missing.",
            "Our finance team has confirmed the refund of {money}; it will be with you by {day}.",
        ),
    ),
    Subject(
        kind="feedback", queue_words=("feedback", "general"), tag="praise",
        titles=("Thank you", "A suggestion for the {product}", "Great service", "Your packaging"),
        openings=(
            "Just a word of thanks: your colleague solved it within the hour. Excellent service.",
            "The {product} is lovely, but the cable could be longer and the lid is hard to clean.",
            "Please use less plastic in the parcels; everything else was perfect.",
        ),
        answers=("Thank you, that is good to read. I will pass it on.", "A good idea; it is with our product team now."),
    ),
    Subject(
        kind="enquiry", queue_words=("enquir", "general"), tag="presales",
        titles=("Is the {product} in stock?", "Question about the {product}", "Order for our company", "Opening hours"),
        openings=(
            "Could you tell me your opening hours in {place}, and whether the shop is open on Sunday?",
            "Is the {product} suitable for an induction hob, and is it dishwasher safe?",
            "We at {company} would like to buy {small} pieces of the {product}. Is there a business price?",
            "What is the difference between the {product} and last year's model?",
        ),
        answers=(
            "Yes, it is in stock; ordered today it arrives by {day}.",
            "From {small} pieces on there is a business price; an account manager will contact you.",
            "The shop in {place} is open from ten to eight, on Sundays from noon.",
        ),
    ),
)  # fmt: skip

EN_MORE = (
    "Thanks, that helps.", "Any news on this?", "The photographs are attached.", "My number is {phone}; after three is best.",
    "The order number is {order} and the parcel {track}.", "It works now, thank you very much!",
    "No, the {product} still blinks red.", "Could I have it in another colour?", "Please write to {email} instead.",
    "If I hear nothing by {day} I will cancel the order.",
)  # fmt: skip
EN_ABOUT = (
    "",
    "About your order {order}: ",
    "Dear customer, thank you for your patience with order {order}. ",
)
EN_NOTES = (
    "Called the customer; will try again on {day}.", "Warehouse says the {product} is back in stock on {day}.",
    "Refund handed to finance, reference {track}.", "Checked order {order}: the complaint is justified.",
    "Customer wants to speak to a supervisor.",
)  # fmt: skip

PRODUCTS_ZH = tuple(
    f"{make}{thing}"
    for make in ("青瓷", "紫砂", "玻璃", "智能", "便携", "静音", "双层", "迷你", "不锈钢", "恒温")
    for thing in (
        "茶壶", "盖碗", "电水壶", "咖啡机", "破壁机", "空气炸锅", "洗碗机", "净水器", "豆浆机", "保温杯", "烤箱", "加湿器",
        "茶叶罐", "扫地机", "蒸箱",
    )
)  # fmt: skip
PRODUCTS_EN = tuple(
    f"{make} {thing}"
    for make in ("porcelain", "compact", "glass", "silent", "steel", "travel", "smart", "classic", "twin", "cordless")
    for thing in (
        "teapot", "kettle", "coffee grinder", "blender", "air fryer", "dishwasher", "water filter", "toaster", "flask", "oven",
        "humidifier", "tea caddy", "vacuum cleaner", "steamer", "scale",
    )
)  # fmt: skip
PLACES_ZH = (
    "北京朝阳", "上海浦东", "广州天河", "深圳南山", "杭州西湖", "成都武侯", "武汉江汉", "南京鼓楼", "苏州工业园", "西安雁塔",
    "重庆渝中", "青岛市南", "厦门思明", "长沙岳麓", "昆明盘龙", "哈尔滨道里", "沈阳和平", "郑州金水", "合肥蜀山", "福州台江",
    "珠海横琴", "香港沙田", "台北信義", "贵阳观山湖", "乌鲁木齐天山",
)  # fmt: skip
PLACES_EN = (
    "Leeds", "Bristol", "Glasgow", "Dublin", "Toronto", "Vancouver", "Auckland", "Perth", "Singapore", "Cape Town", "Boston",
    "Seattle", "Austin", "Chicago", "Berlin", "Rotterdam", "Lyon", "Ghent", "Malmö", "Kuala Lumpur",
)  # fmt: skip
DAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日", "明天", "后天", "月底", "下周三", "国庆前")
DAYS_EN = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "the 3rd",
    "the 14th",
    "the 28th",
    "next week",
)

SURNAMES = (
    *"王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文单",
    "欧阳", "司马", "诸葛", "上官",
)  # fmt: skip
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰鹏飞雪梅建国志华玉龙海燕晓东红梓涵浩宇欣怡子轩雨泽思"
    "远嘉琪文博诗雅俊熙若曦"
)
FIRST = (
    "James", "Mary", "Robert", "Patricia", "John", "Jennifer", "Michael", "Linda", "David", "Elizabeth", "William", "Barbara",
    "Aisha", "Omar", "Priya", "Arjun", "Sofia", "Mateo", "Chloé", "Lucas", "Freya", "Oliver", "Amelia", "Noah", "Isla", "Leo",
    "Ava", "Ethan", "Zoe", "Nils", "Ingrid", "Yusuf", "Fatima", "Kofi", "Amara", "Hugo", "Elena", "Marek", "Greta", "Tomás",
)  # fmt: skip
LAST = (
    "Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Wilson", "Anderson", "Taylor", "Thomas",
    "Moore", "Martin", "Jackson", "Thompson", "White", "Harris", "Clark", "Lewis", "Walker", "Hall", "Young", "King", "Wright",
    "Scott", "Green", "Baker", "Adams", "Nelson", "Okafor", "Mensah", "Patel", "Sharma", "Khan", "Silva", "Novak", "Larsen",
    "Dubois", "Rossi", "O'Brien", "MacLeod", "van Dijk", "Schneider",
)  # fmt: skip
COMPANY_ZH = (
    "星河",
    "云帆",
    "海棠",
    "恒信",
    "远景",
    "蓝鲸",
    "青禾",
    "万象",
    "金石",
    "晨曦",
    "百川",
    "华茂",
    "同和",
    "锦绣",
)
COMPANY_ZH_KIND = (
    "科技有限公司",
    "贸易有限公司",
    "餐饮管理公司",
    "酒店集团",
    "文化传媒有限公司",
    "物业服务公司",
    "第一中学",
)
COMPANY_EN = (
    "Harbour",
    "Northwind",
    "Bluebell",
    "Granite",
    "Oakfield",
    "Silverline",
    "Meadow",
    "Beacon",
    "Cobalt",
    "Juniper",
)
COMPANY_EN_KIND = (
    "Foods Ltd",
    "Hotels Group",
    "Trading Co",
    "Catering Ltd",
    "Studios",
    "Logistics Inc",
    "Primary School",
)
MAIL_HOSTS = ("163.example", "qq.example", "126.example", "mail.example", "post.example", "inbox.example")
