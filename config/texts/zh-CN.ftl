# 用户看到的全部中文。简短、亲切、准确。
#
# BOLD()、ITALIC()、CODE() 标出要突出的部分，由各渠道以自己的方式显示，不用标记语言。
# 金额类参数（$price、$left 等）自带单位；日期、时长、大小已经写好。
# 有测试保证两种语言的条目与参数一致。

### 单位

credits = { $count } 积分
pictures = { $count } 张图
requests = { $count } 个请求
date = { $month }月{ $day }日
moment = { $date } { $time }
seconds = { $count } 秒
minutes = { $count } 分钟
hours = { $count } 小时
weekday = { $day ->
    [1] 周一
    [2] 周二
    [3] 周三
    [4] 周四
    [5] 周五
    [6] 周六
   *[7] 周日
}
weekdays = { $first }至{ $last }
hours-more = { $first }、{ $second }
city = { $name ->
    [Shanghai] 北京时间
    [UTC] 世界标准时间
   *[other] { $name } 时间
}

### 选项

quality-low = 快速
quality-medium = 标准
quality-high = 高清
background-opaque = 不透明背景
background-transparent = 透明背景
part = 第 { $number } 张，共 { $count } 张

### 初次见面与命令

welcome = 欢迎来到 { BOLD($product) }。想看什么，说给我听，我来画；发照片配上一句话，我来改。
welcome-trial = 送你 { BOLD($trial) }，先试试看。
welcome-more = 我们留存什么：/privacy · 找真人：/support
welcome-first = 欢迎来到 { BOLD($product) }。
welcome-first-more = 我会做什么：/help · 我们留存什么：/privacy
help =
    { BOLD("直接写想看的画面") }，任何文字都行。
    { BOLD("发照片，配上一句话") }，我照着画。
help-reply = { BOLD("回复一张图") }，说说要改哪里。
help-button = { BOLD("点图下的“改一改…”") }，再说说要改哪里。
help-more =
    尺寸、形状等：/settings，也可以写在描述里，如 { CODE("--2k 横图 高清 4张") }

    /balance 余额
    /buy 充值
    /plan 套餐、退款
    /history 历史
    /link 绑定
    /cancel 取消
    /language 语言 / Language
    /privacy 隐私
    /support 人工

    直接发中文也行：余额、充值、历史、设置、人工、取消。

    没画成的，不收积分。
help-redeem = /redeem 加优惠码：兑换积分
help-invite = /invite 邀请
privacy =
    { BOLD("图片") }保存到收据上写的日期，到期删除。想早点删：点图下的 ⋯，再点“立即删除”。
    { BOLD("你的描述和照片") }会交给作画的图像服务；照片里的位置信息会先去掉。
    { BOLD("人工客服") }只有在你同意后，才看得到描述和图片。

    有疑问，或想全部删除：/support
privacy-url = 完整说明：{ $url }
pay-support =
    付款或退款的事，请发 /support，选“付款问题”。会有真人处理，并在这里回复你。
pay-support-terms = 服务条款：{ $url }
contact = 也可以从这里找到我们：{ $where }
balance = 可用 { BOLD($left) }
balance-shared = 与你的网站账户共用；在网站上的消费请在网站查看。
balance-pending = 另有 { $pending }预留给进行中的 { $requests }
balance-pending-of-others = 另有 { $pending }预留给先前绑定的聊天所要的图
balance-held = { $credits }：{ ITALIC($prompt) }
balance-below = 有一笔付款被撤回，所以余额为负，补足之前不能画图。可以找人工：{ $support }
balance-line = { $date } · { $change } · { $reason ->
    [trial] 新人赠送
    [by_hand] 我们赠送
    [owed_expired] 图未能送达，已退回
    [merged] 绑定转入转出
    [parted] 撤销绑定
    [picture] 画图
    [pack] 购买积分
    [plan] 套餐
    [lapsed] 到期
    [refund_failed] 退款未成，已退回
    [promo] 优惠码
    [inviting] 邀请奖励
    [invited] 受邀奖励
    [refunded] 钱已退回
    [reclaimed] 钱已退回
   *[other] 更正
}
settings =
    { BOLD("每张图都这样画，除非描述里另有说明：") }
    { $options }
settings-hint = 点按钮修改，或写在描述里：{ CODE("--2k 横图 高清 4张") }
choose-language = 用哪种语言？ · Which language?
language-changed = 好，以后说中文。
history = 共保存 { BOLD($pictures) }，新的在前。点编号打开。
history-line = { $number }. { ITALIC($prompt) } · { $made } · 保存到 { $until }
history-gallery = 全部图片在你的私人页面：{ $url }
history-empty = 还没有图。写下想看的画面，第一张就会出现在这里。
expire-soon = { $count ->
    [1] 你有一张图保存到 { BOLD($moment) }，到期就会删除。想留下请及时下载。
   *[other] 你有 { BOLD($pictures) }快到期了，最早的到 { BOLD($moment) } 删除。想留下的请及时下载。
}
buy-packs = { BOLD("积分包，一次付清") }
buy-plans = { BOLD("套餐") }，到期自动续费，随时可停：/plan
buy-line = { $name }：{ $credits } · { $price }
buy-plan-line = { $period ->
    [year] { $name }：每年 { $credits } · { $price }
   *[month] { $name }：每月 { $credits } · { $price }
}
plan-terms = 最高 { $resolution } · 可排队 { $waiting } 个 · 一次 { $pictures } 张 · 保存 { $days } 天
plan-terms-lapse = 没用完的积分 { $days } 天后失效
plan-renews = { $period ->
    [year] 每年自动续费，随时可停：/plan
   *[month] 每月自动续费，随时可停：/plan
}
plan-credits-stay = 剩下的积分仍归您。
plan-credits-lapse = 套餐里没用完的积分，在每次付款 { $days } 天后失效；其他积分仍归您。
buy-how = 想要哪个，告诉我们：{ $support }
buy-choose = 在下面选一个。有问题：{ $support }
buy-nothing = 这里暂时还不能充值，可以找人工：{ $support }
nothing-to-cancel = 没有可以取消的。
in-private-only = 这事只能私下说，请点开我的头像，给我发私信。
prompt-empty = 想看什么画面？比如：{ ITALIC("清晨雪地里的一只狐狸") }
no-such-choice = 没有编号是 { $number } 的选项。想画图的话，用几个字说说画面。
prompt-too-long = 你写了 { BOLD($chars) } 个字，描述最多 { $most } 个字。没有扣积分，请缩短后再发。
alarm = { BOLD("需要有人看一下：") }{ $what }。详情见日志，一小时内不再重复提醒。
came-to-nothing = 你在这里发的有一条，我每次处理都出错，只好先放下了，已经通知了负责的人。没有扣积分，换个说法也许可以。
could-not-say = 有话要告诉你，可每次发送都在我们这边出错，所以不再试了。
not-let-through = 有话要告诉你，可这个聊天没有让它发出来。已经告诉负责的人。
slow-down = 发得有点快，最后发的没有处理，请过一分钟再发一次。没有扣积分。

### 收到的图片

tray = 收到 { $count } 张图，要怎么处理？
tray-cleared = 已清空，没有待处理的图了。
too-many-references = 你发了 { $count } 张，一次最多用 { $most } 张，我用前 { $most } 张。
most-references = 一次最多用 { $most } 张图，我取前 { $most } 张。
reference-too-large = 这张图有 { BOLD($size) }，太大了，最多收 { $most }。没有扣积分，请发小一点的。
reference-too-large-named = { ITALIC($name) } 有 { BOLD($size) }，太大了，最多收 { $most }。没有扣积分，请发小一点的。
reference-too-large-unmeasured = 这张图太大了，最多收 { $most }。没有扣积分，请发小一点的。
no-references = 这里只能按文字画，用不了参考图。没有扣积分，请写下想看的画面。
cannot-use-audio = 我听不了声音，请写下想看的画面。
cannot-use-video = 我用不了视频。请截一张图发来，说说要怎么画。
cannot-use-sticker = 我用不了贴纸。请发图片，或写下想看的画面。
cannot-use-file = 这个文件我读不了。我收图片：JPEG、PNG 或 WebP。
cannot-use-location = 我用不了地图位置，请写下想看那里的什么。
cannot-use-contact = 我用不了名片，也不会留存。请写下想看的画面。
cannot-use-something = 这个我用不了。请写下想看的画面，或发一张图。
late-album-part = 前面 { $count } 张已经开始画了，这张来晚了，没有用上。想用它，请回复这张图并写上要求。

### 请求

no-words = 一张图
making = 正在画 { ITALIC($prompt) } · { $options } · { BOLD($price) }{ $rest }
making-all = 正在画 { ITALIC($prompt) } · { $options } · { $count } 张合计 { BOLD($price) }{ $rest }
making-part = 正在画 { ITALIC($prompt) } · { $part } · { $options } · { $count } 张合计 { BOLD($price) }{ $rest }
making-references = 参考 { $count } 张图
making-next = 下一个就是你
making-place = 排第 { $place } 位
making-wait = 约 { $time }
making-place-wait = { $place }，约 { $time }
making-cancel = 不想画了？发“取消”就行。
making-reduced = 设置里选的超出了你目前可用的，先按可用的画。
drawing = 正在落笔 { ITALIC($prompt) }，不能取消了。
drawing-part = 正在落笔 { ITALIC($prompt) } · { $part }。不能取消了。
confirm-price = { ITALIC($prompt) } · { $options }：{ BOLD($price) }。你有 { $left }，要画吗？
confirm-price-group = { ITALIC($prompt) } · { $options }：{ BOLD($price) }。要画吗？
cheaper = 省一点：{ $options }，只要 { BOLD($price) }。
out-of-credits = 这张需要 { BOLD($price) }，你有 { $left }。请求先替你留着。
out-of-credits-group = 这张需要 { BOLD($price) }，你的积分不够。请求先替你留着。
out-of-credits-private = 想充值，请给我发私信：/buy
not-in-plan = 你目前最高可用 { $included }，这里还没有包含 { BOLD($wanted) } 的套餐。没有扣积分。可以找人工：{ $support }
not-in-plan-but = { BOLD($wanted) } 需要 { BOLD($plan) } 套餐，你目前最高可用 { $included }。没有扣积分。
count-not-in-plan = 你要 { $count } 张，一次最多 { $included } 张。没有扣积分。可以找人工：{ $support }
count-not-in-plan-but = 你要 { $count } 张，目前一次最多 { $included } 张，{ BOLD($plan) } 套餐可以更多。没有扣积分。
not-in-plan-instead = 现在可以做：{ $options }，{ BOLD($price) }。
line-full = 你有 { $count } 个请求在排队，最多排 { $most } 个。没有扣积分。等画好一个再发，或用 /cancel 取消一个。
line-full-drawing = 最多排 { $most } 个请求，现在的已经在画了。没有扣积分。等画好一个再发。
request-changed = 好，按新的描述画。
changed-too-late = 已经开始画了，只能按原来的描述。画好后回复那张图，说说要改哪里。
cancelled = 已取消，没有扣积分，还有 { $left }。
cancelled-group = 已取消，没有扣积分。
cancelled-going = 有 { $count } 张已经在画了，不能取消。
cancelled-rest = 其余的已取消，没有扣积分，还有 { $left }。
cancelled-rest-group = 其余的已取消，没有扣积分。
credits-arrived = { BOLD($credits) }已到账，现在有 { $left }。
credits-arrived-making = { BOLD($credits) }已到账，这就开始画。
request-waits = { ITALIC($prompt) } 还在等积分：{ BOLD($price) }。现在画吗？
plan-paid-until = { BOLD($plan) } 已付款，有效期到 { BOLD($date) }。
plan-paid = { BOLD($plan) } 已付款。
plan-billed-beside = 你还同时在付 { BOLD($plan) }，两个都会续费。不想要的那个，请停掉。
plan-billed-beside-for = 你还同时在付 { BOLD($plan) }，每期 { BOLD($price) }，两个都会续费。不想要的那个，请停掉。
plan-past-due = { BOLD($plan) } 这次扣款没有成功，接下来几天会再试，期间套餐照常使用。请看一下您的卡。
plan-ending-on = { BOLD($plan) } 到 { BOLD($date) } 结束，不再续费。在那之前照常使用。
plan-ending = { BOLD($plan) } 不再续费，用到本期结束。
plan-paused = { BOLD($plan) } 已暂停。
plan-unpaid = { BOLD($plan) } 没能扣款，先停在这里。
plan-ended = { BOLD($plan) } 已结束。
plan-goes-on = { BOLD($plan) } 继续使用。
plan-none = 还没有套餐。
plan-looked-at = 你的套餐付款正在核对，不用再付一次，有结果就在这里告诉你。
plan-is = { BOLD($plan) }
plan-is-renewed = { BOLD($plan) }，{ BOLD($date) } 续费
plan-is-ending-on = { BOLD($plan) }，用到 { BOLD($date) }，到期不再续费
plan-is-ending = { BOLD($plan) }，用到本期结束，不再续费
plan-is-past-due = { BOLD($plan) }，上次付款没有成功，会再试，请检查付款卡
plan-is-paused = { BOLD($plan) }，已暂停
plan-is-unpaid = { BOLD($plan) }，因未能付款已停用
plan-is-over = { BOLD($plan) }，已结束
plan-brings = 每期 { $credits }，{ $price }
plan-beside = 你还同时在付另一个套餐。先停掉上面这个，再发 /plan 就能停这一个。
plan-in-stars = 用 Telegram Stars 付款。想换一个，请先停掉这个。
plan-choose = 现在是 { BOLD($plan) }。换成哪个？
plan-exchange = 把 { BOLD($from) } 换成 { BOLD($to) }：每期 { BOLD($price) }，{ $credits }。
plan-exchange-difference = 现在只收剩余天数的差价，积分按差价给。已有的积分不变。
plan-exchange-nothing = 马上换，现在不收钱，也不退钱，已有的积分不变。
plan-exchange-next = 从 { $date } 起每期 { $price }，部分地区另加税。
plan-exchanged = 现在是 { BOLD($plan) } 了。
plan-exchanged-difference = 差价付清后，剩余天数的积分就到。
plan-exchanged-nothing = 已有的积分不变。
plan-cancel-ask-on = 要结束 { BOLD($plan) } 吗？可以用到 { BOLD($date) }，到期不再续费，到期前可以反悔。
plan-cancel-ask = 要结束 { BOLD($plan) } 吗？可以用到本期结束，不再续费，到期前可以反悔。
plan-cancel-which = 停的是 { BOLD($price) } 的那个，另一个照常续费。
plan-asking = 正在联系支付平台。它要是没有回应，我会一直试，有结果就在这里告诉你。
plan-busy = 正在改，改好了在这里告诉你。
plan-refused = 支付平台没有接受。套餐不变，没有扣款。
plan-unanswered = 支付平台没有回应。过一会儿再看看套餐：它若已收到，就会照办，我也会告诉你。
credits-lapse-on = { $date } 前用完：{ $credits }
credits-lapse-soon = 套餐里的 { BOLD($credits) }到 { BOLD($date) } 为止，画图会先用这些。
credits-lapsed = 套餐里的 { BOLD($credits) }已到期，现在有 { $left }。
refund-choose = 是哪一笔付款？
refund-line = { $number }. { $price } · { $date } · { $credits }
refund-ask = { $date } 付的 { BOLD($price) }，连税原路退回，{ BOLD($credits) }随之收回。
refund-ask-stars = { $date } 付的 { BOLD($price) } 会在 Telegram 里退还给你，{ BOLD($credits) }随之收回。
refund-ends = { BOLD($plan) } 也随之结束。
refund-at-once = 现在就退吗？
refund-by-people = 会有真人看过后在这里答复。要申请吗？
refund-sent = { BOLD($price) } 正在原路退回，{ BOLD($credits) }已随之收回。银行要几天。
refund-pending = { BOLD($price) } 正在退款，{ BOLD($credits) }已随之收回。银行还没有确认；到账或退不成，都会在这里告诉你。
refund-failed = 这笔钱暂时没能退成，{ BOLD($credits) }还给你了。会有人查看，也可以找人工。
refund-with-people = { $date } 申请退款 { $price }：有人在处理，编号 { $code }
refund-under-way = { $date } 申请退款 { $price }：处理中
refund-is-declined = { $date } 申请退款 { $price }：经人工查看未予退款，编号 { $code }
refund-is-pending = { $date } 申请退款 { $price }：已发起，等银行确认
refund-is-sent = { $date } 申请退款 { $price }：已退回
refund-is-failed = { $date } 申请退款 { $price }：没能退成
money-back = 钱已退回，{ BOLD($credits) }也随之收回，现在有 { $left }。
money-disputed = 您的银行收回了一笔付款，{ BOLD($credits) }也随之收回，现在有 { $left }。
checking = 正在检查…
checkout-coming = 正在准备付款链接…
checkout-ready = { BOLD($item) }，{ BOLD($price) }。
checkout-ready-for = { BOLD($item) }，{ BOLD($price) }，记到 { BOLD($buyer) } 名下。
checkout-how = 部分地区另加税。付款后积分会自动到这里。有问题：{ $support }
checkout-how-stars = 用 Telegram Stars 付款，付款后积分会自动到这里。有问题请找 { $support }
checkout-how-stars-plan = 用 Telegram Stars 按月付款，随时可以在 Telegram 设置里停掉。付款后积分会自动到这里。有问题请找 { $support }
invoice-pack = { $product } 的 { $credits }，付款后自动到这个聊天里。
invoice-plan = { $product } 每月 { $credits }，每 30 天续一次，随时可停。付款后自动到这个聊天里。
no-deal-unknown = 现在没法付款，没有扣钱。请发 /buy 重新选购。
no-deal-paid = 这一笔已经付过了。还想要的话，请发 /buy。
no-deal-somebody-else = 这一单是给别人的。请给我发 /buy，另开一单。
no-deal-has-plan = 你已经有套餐了，再付就会两个都续费，所以没有扣钱。请发 /plan 查看或停掉它。
no-deal-stale = 这一单太旧了，或者价格变了，没有扣钱。请发 /buy 重新选购。
stars-refund-coming = 你的上一笔付款正在退回，到了我会在这里告诉你。
stars-refund-by-people = 这一笔要由真人决定：可能积分用过一些、时间太久，或者没有付款。请找 { $support }
stars-refund-failed = 这笔付款现在退不回去，会有真人处理，不会丢。
stars-renew = 现在可以重新续订了。Telegram 需要你自己来操作：打开 Telegram 设置里的“我的 Stars”，找到这个套餐。在那之前，它仍会按说好的日期结束。
desk-refund-coming = 上一笔付款 { BOLD($price) } 正在退回，退到后顾客会收到通知。
desk-nothing-to-refund = 这位顾客没有可以退的 Stars 付款。
checkout-failed = 付款链接暂时没能生成，没有扣款。请稍后再试，或找人工。
too-late-to-cancel = 已经在画了，不能取消。
request-lapsed = 等得太久，这个请求先放下了，没有扣积分。想画随时再发。
request-gave-way = 有更新的请求在等，这个先放下了，没有扣积分。想画随时再发。
spending-stopped = 你的积分账目在我们这边对不上，查清之前先不动用你的积分。积分不会少，这次也没有扣。我们已经知道了，想问真人请发 /support。
receipt-charged = { BOLD($price) }
receipt-free = { BOLD("免费") }
receipt-pictures = { $asked } 张画成 { $made } 张
receipt-left = 余 { $left }
receipt-kept = 保存到 { $date }

### 没画成

failed-refused = 安全审核没有通过，换个说法也许可以。
failed-overloaded = 图像服务太忙，过几分钟也许就好。
failed-reference-unreadable = 第 { $number } 张参考图读不出来，可能坏了。请换成 JPEG、PNG 或 WebP 再发。
failed-reference-too-large = 第 { $number } 张参考图太大了，最多收 { $most }。请发小一点的。
failed-reference-too-many-pixels = 第 { $number } 张参考图像素太多了。请缩小后再发。
failed-reference-wrong-kind = 第 { $number } 张参考图的格式打不开。请换成 JPEG、PNG 或 WebP 再发。
failed-references = 有一张参考图用不了，但不知道是哪张。请换成 JPEG、PNG 或 WebP 再发。
failed-reference-gone = 第 { $number } 张参考图取不到了，请再发一次。
failed-prompt = 图像服务不接受这段描述，可能太长了，请改一改。
failed-options = 图像服务画不了这个尺寸或背景，请到 /settings 换一个。
failed-out-of-service = 我们这边出了故障，已经通知负责的人，请晚些再试。
failed-provider = 图像服务出错，没画成，再试一次也许可以。
failed-no-picture = 图像服务送回来的不是图片，再试一次也许可以。
uncertain = 途中断了连接，不知道画成没有。如果图后来到了，免费给你。
not-handed-over = 图画好了，但没能送到就已经删除。
not-charged = 没有扣积分。
not-charged-left = 没有扣积分，还有 { BOLD($left) }。
failed-part = 第 { BOLD($number) } 张，共 { $count } 张：
late-picture = 图还是到了，这张免费。

### 图片

change-how = 要改哪里？你的下一句话就用在这张图上。
change-by-reply = 要改哪里？请回复这条消息告诉我。
which-picture = 你说的是哪一张？请直接回复那张图，说说要改哪里。
which-picture-button = 你说的是哪一张？先点图下面的编号，再点“改一改…”。
new-words-by-reply = 请回复这条消息，换个说法，我再画。
new-words = 换个说法写给我，我再画。
more = 这张图还可以：
deleted = 已删除，我们不再保存这张图。
gone = 这张图已经不再保存。
words-gone = 这个请求的描述已经不再保存，请再写一遍。
original = 原图，一个字节都没动。
original-link = 这里发不了原图文件，请打开链接下载：{ $url }
picture-link = 图画好了，但在这里显示不了，请打开链接：{ $url }
picture-links = 图都画好了，但在这里显示不了，请打开链接：
did-it-arrive = 不确定你收到了没有。没看到的话，我再发一次，不另收积分。
missed = 联系不上你的时候：
missed-failed = 有 { $count } 张没画成，没有扣积分。
missed-expired = 有 { $count } 张一直没能送到，已经过期，退回 { $credits }。
missed-left = 现在有 { BOLD($left) }。
owed = 这张早就画好了，之前没能送到。不另收积分。

### 人工

support-cause = 是哪方面的事？
support-words = 请说说情况，也可以发图。
support-consent = 可以让客服看这次的描述、你附上的图片和画好的图吗？
support-opened = 收到，会有真人在这里回复你。
support-when = 我们{ $hours }（{ $city }）在，一般 { $promise }内回复。
support-when-hours = 我们{ $hours }（{ $city }）在。
support-when-promise = 一般 { $promise }内回复。
support-closed = 现在没有人在，{ $moment } 回来。
support-code = 编号 { BOLD($code) }。
support-more-by-reply = ↩ 要补充，请回复这条消息；直接发的内容，会先问是补充还是要画的。
support-more-by-command = 要补充：发 { CODE("/support") } 加上你的话；直接发的内容，会先问是补充还是要画的。
support-once-you-write = 在这里我只能在你发消息时回复。要看真人的回复，过后在这里发“你好”。
support-meant = { $count ->
    [one] 这是发给人工（{ $code }）的，还是要画的内容？
   *[other] 这 { $count } 条是发给人工（{ $code }）的，还是要画的内容？
}
support-passed-on = 已转达，回复会发到这里。
support-taken = 已有真人接待，你发的内容都能看到。
support-elsewhere = 真人在这里：{ $where }
support-nowhere = 这里暂时联系不到真人，请到你找到我的地方问一问。
or = { $first } 或 { $second }
answer = { BOLD($name) }
answer-by-reply = ↩ 要回答，请回复这条消息。
answer-by-command = 要回答：发 { CODE("/support") } 加上你的话。
support-done = { BOLD($code) } 已处理完。还有事请发 /support

### 绑定的聊天

link-ways =
    { BOLD("绑定后共用一个账户：") }积分、套餐、图片都一样。
    在这里生成绑定码，到另一个聊天里输入；或把那边生成的绑定码输在这里，例如 { CODE("BCDF-GHJK") }
link-ways-site = 也可以用网站的账户登录：在哪个聊天登录，哪个就用同一个账户。
link-signed-in = 已登录：{ BOLD($who) }
link-line = { $number }. { $channel } · { $name }
link-line-here = { $number }. { $channel } · { $name } · 本聊天
link-nameless = 某位用户
link-code =
    { CODE($code) }
    请在 { $time } 内到另一个聊天里输入。只能用一次；谁输入了它，谁就能用你的积分、看你的图片，请不要告诉别人。
link-wait = 试得够多了，请过 { $time } 再试。
link-code-wrong = { $left ->
    [0] 绑定码无效：输错了、用过了或已过期。请过一会儿再试。
   *[other] 绑定码无效：输错了、用过了或已过期。还可以再试 { $left } 次。
}
link-code-wanted = 请把网站上显示的绑定码写在这里，例如 { CODE("BCDF-GHJK") }
link-code-gone = 网站上的那个绑定码用过了或已过期。请在那里重新生成，再写在这里。
link-code-in-group = 绑定码请在私聊里输入，免得被别人看到。刚才若是绑定码，现已作废：请用 /link 重新生成。
link-already = 本聊天已经是那个账户的了。
link-two-people = 两边登录的不是同一个人，不能绑定。要绑定，请先在其中一边解绑：/unlink
link-confirm =
    把本聊天和 { $channel } 上的 { BOLD($name) } 绑定吗？
    之后两边共用一个账户，图片和积分都一样（这边带来 { $brings }）。只有那边是你本人、绑定码是你刚刚在那边生成的，才点“是”。
link-confirm-signed-in =
    把本聊天和 { $channel } 上的 { BOLD($name) }（已登录：{ BOLD($who) }）绑定吗？
    之后两边共用一个账户，图片和积分都一样（这边带来 { $brings }）。只有那边是你本人、绑定码是你刚刚在那边生成的，才点“是”。
link-confirm-site =
    把本聊天登录为 { BOLD($who) } 吗？
    之后这里的积分和图片归那个账户。只有那是你本人、而且是你刚刚登录的，才点“是”。
# Below the question whether two chats become one account.
link-owes-here = 本聊天有一笔付款被撤回，欠 { BOLD($owed) }，会先从两边的积分里扣。
link-owes-there = 那个账户有一笔付款被撤回，欠 { BOLD($owed) }，会先从两边的积分里扣。
link-email-wanted = 你在网站上用的是哪个邮箱？请写在这里。
link-email-sent = 如果这个邮箱在我们这里有账户，验证码正在路上，可能要一分钟。收到后写在这里，不要告诉别人。
link-email-wrong = 这不是邮箱地址。请再写一遍，或 /cancel。
link-later = 现在暂时不能登录，什么都没有改变，请过几分钟再试。
link-signed-in-now = 本聊天现已登录为 { BOLD($who) }。
link-signed-in-shares =
    本聊天现已登录为 { BOLD($who) }。
    之后这里的图用你网站账户的积分支付，本聊天的积分也会转过去。发 /balance 可以查看。
link-signed-in-elsewhere = 你的账户现已登录为 { BOLD($who) }，之后用同一身份登录的聊天也共用它。不是你本人？请马上退出登录。
link-signed-out = 本账户已不再登录为 { BOLD($who) }。
link-signed-out-shared =
    本账户已不再登录为 { BOLD($who) }。
    积分仍在网站账户里，重新登录后可在这里使用。
link-browser =
    请在 { $time } 内打开下面的链接登录，再把那里显示的绑定码写在这里：
    { $url }
    请自己打开，不要发给别人。
link-declined = 没有绑定，绑定码已作废。
linked = 绑定好了。两边现在共用一个账户，可用 { BOLD($left) }。
linked-elsewhere = 有一个聊天绑定到了本账户：{ $channel } 上的 { BOLD($name) }，之后共用积分和图片。不是你本人？请马上撤销。
linked-owed = 另一边有一笔付款被撤回，欠 { BOLD($owed) }，会先从两边的积分里扣；撤销绑定后各算各的。
link-undone = 绑定已撤销，两边各用各的账户。
link-undone-returned = 绑定已撤销，两边各用各的账户，{ BOLD($returned) } 已退回那边。
link-undone-elsewhere = 你的一个绑定已撤销，两边各用各的账户。
unlink-which =
    要解绑哪个聊天？
    它会从头开始，积分和图片留在账户里；绑定未满一天的，带来的随它拿回。
unlink-billed = { BOLD($plan) } 留在原账户，照常续费。
unlink-billed-for = { BOLD($plan) }（每期 { BOLD($price) }）留在原账户，照常续费。
unlink-nothing = 没有绑定别的聊天。要绑定：/link
unlinked = 已解绑 { $channel } 上的 { BOLD($name) }，它从此看不到本账户的任何内容。
unlinked-here = 本聊天已解绑，现在有自己的账户，里面还什么都没有。
unlinked-here-billed = { BOLD($plan) } 留在原来的账户，照常续费。想停掉，请在那个账户的聊天里操作，或找人工。
unlinked-here-billed-for = { BOLD($plan) }（每期 { BOLD($price) }）留在原来的账户，照常续费。想停掉，请在那个账户的聊天里操作，或找人工。
unlink-undo-first = 这样一来，只剩下 24 小时内才绑定的聊天，你的积分和图片会留给它们。请改为撤销那些绑定：两边各自拿回自己的。
link-too-new = 本聊天绑定还不满一天，暂时不能这样做。{ $time } 后就可以；你原来的聊天现在就能做。
link-spends-too-much = 本聊天绑定还不满一天，暂时不能花这么多积分。{ $time } 后就可以；你原来的聊天现在就能用。
link-spends-too-much-left = 本聊天绑定还不满一天，目前最多还能花 { BOLD($left) }。{ $time } 后就不受限制；你原来的聊天现在就能用。
channel = { $channel ->
    [telegram] Telegram
    [wecom-kf] 微信
    [wecom-app] 企业微信
    [wecom-bot] 企业微信机器人
   *[other] 别的应用
}

### 优惠码与邀请

redeem-how = 请把优惠码写在命令后面，例如 { CODE("/redeem WELCOME") }
promo-wrong = { $left ->
    [0] 没有这个优惠码。请过一会儿再试。
   *[other] 没有这个优惠码。还可以再试 { $left } 次。
}
promo-had = 这个优惠码你已经用过了，每人只能用一次。
promo-over = 这个优惠码已经过期了。
promo-used-up = 这个优惠码已经被领完了。
promo-not-new = 这个优惠码只给最近 { $days } 天内新来的朋友。
redeemed = 优惠码有效。
invite = { BOLD("把这个发给还没来过的朋友：") }
invite-link = { $url }
invite-when = 朋友第一次付款，{ $days } 天后没有退款：
invite-you = 你得 { BOLD($credits) }
invite-they = 朋友得 { BOLD($credits) }
invite-most = 30 天内最多奖励 { $most } 次，多出来的往后顺延。
invite-nobody = 还没有人从这里来过。
invite-so-far = 到现在：来了 { $came } 位，付款 { $bought } 位，奖励 { $rewarded } 次。
invite-no-link = 暂时还没有可以给你的链接，请过几分钟再试。
invite-not-new = 这个邀请是给新朋友的。你已经在这里了，欢迎回来。
invited = 有朋友邀请了你：第一次付款后，{ $days } 天内没有退款，再送你 { BOLD($credits) }。
reward-inviting = 你邀请的朋友留下来了，谢谢你！
reward-invited = 你是受邀来的，这是给你的奖励。

### 客服台

card = { BOLD($code) } · { $cause }
card-who = { BOLD($name) } · { $channel } · { $plan }
card-no-plan = 无套餐
card-plan = { $plan } 套餐
card-reclaimed = 已花掉又被撤回的付款：{ $credits }
card-credits = 可用 { $left }，预留 { $pending }
card-earlier = 以往工单：{ $count }
card-strikes = 内容审核拒绝：{ $count } 次
card-requests = 最近的请求：
card-no-requests = 还没有请求。
card-request = { $moment } · { $price } · { $outcome }
card-outcome = { $outcome ->
    [held] 排队中
    [claimed] 排队中
    [submitting] 正在画
    [submitted] 正在画
    [made] 画好，待送达
    [delivered] 已送达
    [failed] 没画成
    [overloaded] 没画成：服务过载
    [out_of_service] 没画成：我们这边的问题
    [reference] 没画成：参考图的问题
    [provider] 没画成：服务商的问题
    [uncertain] 不确定画成没有
    [cancelled] 已取消
    [asking] 等待确认
    [unpaid] 等待积分
    [checking] 检查中
    [open] 进行中
    [settled] 已结束
    [lapsed] 已放下
    [owed] 画好，还没送达
    [refused] 被服务商拒绝
   *[other] { $outcome }
}
card-outcome-of = { $count } 张{ $outcome }
card-outcomes = { $first }；{ $second }
card-consent = 可看描述和图片：{ BOLD("是") }
card-no-consent = 可看描述和图片：{ BOLD("否") }
card-help = 回复客户的消息，或 /r 加内容，会发给客户；其他文字只是备注。/done 结束工单。
card-help-by-code = 回复客户：/r { $code } 加内容。/done { $code } 结束工单。
customer-wrote = { BOLD($name) }
relay-waiting = 发送中…
relay-delivered = ✓ 已送达
relay-blocked = ✗ 未送达：对方屏蔽了机器人。
relay-refused = ✗ 未送达：渠道不接受。
relay-held = ✗ 还没送达：等对方再发消息时送出。
relay-partly = ✗ { $count } 条里只送达了 { $arrived } 条。
relay-unknown = ? 可能没送到：连接断了。重发前请先问一句。
not-shown = 对方发来的内容有一条无法在这里显示，多半是一张已无法转发的图片。请让对方重新发一次。
shared-reference = 随描述附上的图片
topic-anew = 这个工单原来的话题已被删除，里面的对话也没有了。下面是最初的内容，以及没能送到那里的消息。
desk-help =
    { CODE("/r …") } 或回复客户的消息：发给客户
    { CODE("/done") } 结束工单
    其他文字只是内部备注。
desk-help-by-code =
    { CODE("/r S-12 …") } 发给工单 S-12 的客户
    { CODE("/done S-12") } 结束工单
    只有一个未结的工单时可以不写编号。其他文字不会发出。
desk-closed = 工单已结束。
desk-handed = 同事正在企业微信里接待这位客户，请在那里回复。{ CODE("/done") } 结束工单，并把对话交还机器人。
not-an-operator = 只有客服可以在这里回复。由负责人用 { CODE("picdesk operator add") } 添加。客户没有收到这条。

### 点按回应

# 没有做成的事，下面加这一句。
tap-human = 可以找人工：/support
not-yours = 这个按钮是别人的。
stale = 这个按钮过期了，请用新的，或直接写给我。
done = 好了。

### 按钮

label-chosen = ✓ { $label }
label-cancel = 取消
label-again = 再来一次
label-change = 改一改…
label-larger = 更大 · { $price }
label-larger-not-in-plan = 更大…
label-original = 原图
label-more = ⋯
label-make-four = 画 4 张 · { $price }
label-use-as-reference = 作参考图
label-delete-now = 立即删除
label-ask-human = 找人工
label-ask-human-about = 这张找人工
label-try-again = 再试一次
label-change-words = 换个说法
label-clear-tray = 清空
label-confirm = 画吧 · { $price }
label-take-cheaper = { $resolution } { $quality } · { $price }
label-take-cheaper-several = { $count } 张 { $resolution } { $quality } · { $price }
label-example-1 = 雪地里的狐狸
label-example-2 = 夜色中的灯塔
label-balance = 余额
label-buy = 充值
label-buy-item = { $name } · { $price }
label-pay = 付款
label-refund-stars = 退回上一笔付款
label-privacy = 隐私
label-settings = 设置
label-shape-square = 方图 1:1
label-shape-landscape = 横图 3:2
label-shape-portrait = 竖图 2:3
label-shape-wide = 宽屏 16:9
label-shape-tall = 长图 9:16
label-quality-low = 快速
label-quality-medium = 标准
label-quality-high = 高清
label-count = { $count } 张
label-background-auto = 背景不限
label-background-opaque = 不透明
label-background-transparent = 透明
label-cause-plan-choice = 选套餐
label-cause-payment-failure = 付款问题
label-cause-sign-in-recovery = 登录不了
label-cause-resolution-access = 想要更大的图
label-cause-generation-error = 没画成
label-cause-privacy = 隐私
label-cause-other = 其他
label-show-plan = 我的套餐
label-plan-change = 换套餐
label-plan-cancel = 结束套餐
label-plan-end = 结束 { $name }
label-plan-end-for = 结束 { $name } · { $price }
label-plan-resume = 继续使用
label-plan-exchange-yes = 好，换吧
label-plan-cancel-yes = 好，结束
label-plan-keep = 不变
label-portal = 付款卡和发票
label-refund = 退款
label-refund-of = { $number } · { $price }
label-refund-yes = 好，退款
label-for-the-person = 发给人工
label-for-a-picture = 画成图片
label-yes = 可以
label-no = 不可以
label-send-again = 再发一次
label-older = 较早 ›
label-newer = ‹ 较新
label-gallery = 打开图库
label-support-link = 联系我们
label-case-done = 结束工单
label-make-code = 生成绑定码
label-link-yes = 是，那是我
label-link-no = 不是
label-undo-link = 撤销绑定
label-unlink-one = 解绑…
label-unlink-number = 解绑 { $number }
label-sign-in-by-email = 邮箱登录
label-sign-in-in-browser = 浏览器登录
label-sign-out = 退出登录

### 命令菜单与简介

command-imagine = 画图：/imagine 加上描述
command-settings = 尺寸、形状、画质
command-balance = 余额
command-buy = 充值
command-plan = 套餐和退款
command-redeem = 兑换优惠码
command-invite = 邀请朋友，得积分
command-history = 我的图片
command-link = 绑定别的聊天
command-unlink = 解绑
command-cancel = 取消请求
command-support = 找人工
command-language = 语言 / Language
command-privacy = 我们留存什么
command-paysupport = 付款与退款
command-help = 我会做什么
command-r = 回复客户：/r 加内容
command-done = 结束工单
command-refund = 退回上一笔 Stars 付款
bot-description =
    { $product }：把你的话变成图。

    写下想看的画面，或发照片说说要改哪里。动笔之前先看到价格，没画成不收积分。
bot-about = 把你的话变成图。没画成，不收积分。
# What an AI bot's answer says until there is something to say.
wecom-bot-opening = 稍等，正在看你的话……
# What it says in the end when nothing is left in it, and when nothing came in time.
wecom-bot-taken-back = 已撤回。
wecom-bot-unanswered = 没能及时回复你。发一句话给我，我接着来。可以找人工：{ $support }
# Beside the name of a button that was pressed, on its card.
wecom-bot-pressed = 稍后发消息回复你
wecom-bot-write-instead = 这个按钮在这里回复不了，请直接发文字给我。

### 页面

page-gallery = 我的图片
page-count = { $count } 张图
page-private = 这是你的私人页面，链接在 { $moment } 前有效。
page-download = 下载
page-download-all = 全部下载
page-kept-until = 保存到 { $date }
page-expired = 这个页面已过期。请在聊天里发 /history 重新打开。
page-empty = 没有保存的图。
page-open-chat = 在聊天中打开
page-older = 更早的图
page-newest = 最新的图
page-close = 关闭
page-not-found = 这里没有东西，或者已经不在了。
page-paid = 谢谢！积分稍后会自动到聊天里。
page-not-paid = 如果已经付款，积分稍后会自动到聊天里；如果没有，就没有扣款，聊天里的链接仍然有效。
page-portal = 付款卡和发票
page-portal-note = 由支付平台保管。点按钮打开你在那里的账户，网址请不要转给别人。
page-portal-open = 打开
page-portal-later = 支付平台暂时没有回应，请稍后再试。
page-portal-expired = 此页面已过期。请在聊天里发 /plan 重新获取。
page-skip = 跳到图片
page-alt = { $date }画的图
page-link = 为聊天登录
page-link-asked = { $channel } 上的这个聊天要求登录：
page-link-warn = 只有那个聊天是你本人的，才继续。在那里写下绑定码之前，什么都不会绑定。
page-link-google = 用 Google 继续
page-link-email = 邮箱
page-link-send = 发送验证码
page-link-sent = 如果这个邮箱在我们这里有账户，验证码正在路上，可能要一分钟。
page-link-code = 邮件里的验证码
page-link-check = 继续
page-link-done = 请在聊天里写下
page-link-done-more = 几分钟内有效，只能用一次，而且只在要求登录的那个聊天里有效。
page-link-wrong = 没有成功，什么都没有改变。
page-link-wait = 试得够多了，请稍后再试。
page-link-later = 现在暂时不能登录，请过几分钟再试。
page-link-expired = 这个页面已失效。请在聊天里发 /link 重新打开。
page-link-again = 重新开始

### 新绑定的通知邮件

page-letter = 这个聊天是你的吗？
page-letter-chat = { $channel } 上的一个聊天加入了你的账户：
page-letter-more = 如果是你本人，不用做什么。如果不是，请撤销：那个聊天马上不能再用你的账户和积分。
page-letter-undo = 不是我，撤销
page-letter-undone = 已撤销
page-letter-undone-more = 那个聊天已与你的账户无关。如果对方知道你的邮箱密码，请修改密码。
page-letter-over = 那个聊天已不再绑定
page-letter-over-more = 没有需要撤销的了：这个绑定先前已经解除。在你的聊天里发 /link，可以看到已绑定的聊天。
page-letter-pressed = 正在撤销
page-letter-pressed-more = 已经记下，稍等片刻。在你的聊天里发 /link，可以看到那个聊天是否还在。
page-letter-expired = 这个页面已失效。在你的聊天里发 /link，可以看到已绑定的聊天。
letter-subject = { $channel } 上的一个聊天加入了你在 { $product } 的账户
letter-body =
    { $moment }，{ $channel } 上的一个聊天加入了你在 { $product } 的账户：{ $name }

    它可以使用你的积分，也能看到你的图片。如果是你本人，不用做什么。

    如果不是你，请在七天内打开这个页面撤销：
    { $url }
