# Everything picdesk says, in English. Short, warm and exact.
#
# BOLD(), ITALIC() and CODE() make a part stand out: in the channel's own way, never as markup.
# Amounts ($price, $left …) come with their unit; dates, durations and sizes come formatted.
# A test sees to it that both languages have the same texts with the same arguments.

### Units

credits = { $count ->
    [one] { $count } credit
   *[other] { $count } credits
}
pictures = { $count ->
    [one] { $count } picture
   *[other] { $count } pictures
}
requests = { $count ->
    [one] { $count } request
   *[other] { $count } requests
}
date = { $day } { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
}
moment = { $date }, { $time }
seconds = { $count } s
minutes = { $count } min
hours = { $count } h
weekday = { $day ->
    [1] Mon
    [2] Tue
    [3] Wed
    [4] Thu
    [5] Fri
    [6] Sat
   *[7] Sun
}
weekdays = { $first }–{ $last }
hours-more = { $first }, { $second }
city = { $name } time

### Options

quality-low = low
quality-medium = medium
quality-high = high
background-opaque = filled background
background-transparent = transparent background
part = picture { $number } of { $count }

### First contact and commands

welcome = Welcome to { BOLD($product) }. Say in your own words what you want to see, and I make the picture. Send a photo with words, and I change it.
welcome-trial = You have { BOLD($trial) } to begin with.
welcome-more = What we keep: /privacy · A person: /support
welcome-first = Welcome to { BOLD($product) }.
welcome-first-more = What I can do: /help · What we keep: /privacy
help =
    { BOLD("Write what you want to see.") } Any text is a prompt.
    { BOLD("Send photos with words,") } and I work from them.
help-reply = { BOLD("Reply to a picture") } with what to change.
help-button = { BOLD("Press “Change…” under a picture,") } then say what to change.
help-more =
    Size, shape and the like: /settings, or in the prompt, for example { CODE("--2k --16:9 --high --x4") }

    /balance your credits
    /buy more credits
    /plan your plan, refunds
    /history your pictures
    /link your other chats
    /cancel take a request back
    /language English or 中文
    /privacy what we keep
    /support ask a person

    A picture that fails costs nothing.
help-redeem = /redeem and a promo code
help-invite = /invite others
privacy =
    { BOLD("Pictures") } are kept until the date on their receipt, then deleted. You can delete one sooner: ⋯ under it, then “Delete now”.
    { BOLD("Your prompt and your photos") } go to the image service that makes the picture. Location data is removed first.
    { BOLD("People who help you") } see a prompt or a picture only if you say yes.

    For questions, or to have everything deleted: /support
privacy-url = In full: { $url }
pay-support =
    About a payment or a refund: send /support and choose “A payment”. A person looks at it and answers you in this chat.
pay-support-terms = Terms: { $url }
contact = Or reach us here: { $where }
balance = { BOLD($left) } to spend
balance-shared = Shared with your account on the website; what you spend there is listed there.
balance-pending = { $pending } set aside for { $requests } under way
balance-pending-of-others = { $pending } set aside for what a chat asked for that was linked here before
balance-held = { $credits }: { ITALIC($prompt) }
balance-below = It is below zero because a payment was taken back; no picture can be made until there are credits again. A person can help: { $support }
balance-line = { $date } · { $change } · { $reason ->
    [trial] welcome credits
    [by_hand] from us
    [owed_expired] given back: not handed over in time
    [merged] chats linked
    [parted] a link undone
    [picture] a picture
    [pack] credits bought
    [plan] your plan
    [lapsed] time was up
    [refund_failed] given back: a refund came to nothing
    [promo] a promo code
    [inviting] for an invitation
    [invited] welcome: you were invited
    [refunded] money went back
    [reclaimed] money went back
   *[other] correction
}
settings =
    { BOLD("Every picture, unless your prompt says otherwise:") }
    { $options }
settings-hint = Tap to change, or write it in a prompt: { CODE("--2k --16:9 --high --x4") }
choose-language = Which language? · 用哪种语言？
language-changed = English it is.
history = { BOLD($pictures) } kept, newest first. Tap a number to open one.
history-line = { $number }. { ITALIC($prompt) } · { $made } · kept until { $until }
history-gallery = All of them on a private page: { $url }
history-empty = No pictures yet. Write what you want to see, and the first one will be here.
expire-soon = { $count ->
    [one] One of your pictures is kept until { BOLD($moment) } and then deleted. Save it if you want to keep it.
   *[other] { BOLD($pictures) } of yours will be deleted soon, the first on { BOLD($moment) }. Save what you want to keep.
}
buy-packs = { BOLD("Packs, paid once") }
buy-plans = { BOLD("Plans") }, renewed by themselves until you end them: /plan
buy-line = { $name }: { $credits } · { $price }
buy-plan-line = { $period ->
    [year] { $name }: { $credits } a year · { $price }
   *[month] { $name }: { $credits } a month · { $price }
}
plan-terms = up to { $resolution } · { $waiting } in line · { $pictures } at a time · kept { $days ->
    [one] { $days } day
   *[other] { $days } days
}
plan-terms-lapse = { $days ->
    [one] unused credits lapse after { $days } day
   *[other] unused credits lapse after { $days } days
}
plan-renews = { $period ->
    [year] It is paid each year anew until you end it: /plan
   *[month] It is paid each month anew until you end it: /plan
}
plan-credits-stay = The credits you have left stay yours.
plan-credits-lapse = { $days ->
    [one] What is left of its credits lapses { $days } day after each payment. Other credits stay yours.
   *[other] What is left of its credits lapses { $days } days after each payment. Other credits stay yours.
}
buy-how = Tell us which you would like: { $support }
buy-choose = Choose one below. Questions: { $support }
buy-nothing = Credits cannot be bought here yet. A person can help: { $support }
nothing-to-cancel = There is nothing to cancel.
in-private-only = That is between you and me: open my profile and write to me in private.
prompt-empty = What would you like to see? For example: { ITALIC("a fox in the snow at first light") }
no-such-choice = No choice here has the number { $number }. For a picture, tell me in a few words what to show.
prompt-too-long = That is { BOLD($chars) } characters, and a prompt can have { $most }. Nothing was charged. Please send it again, shorter.
alarm = { BOLD("Somebody should look at this:") } { $what }. The log says more. You will not hear of it again for an hour.
came-to-nothing = Something you sent here breaks on our side each time I try, so I have stopped trying. Nothing was charged; other words may work.
could-not-say = I had something to tell you here, but it breaks on our side each time I try to send it, so I have stopped trying. The people who run this have been told.
not-let-through = I had something to tell you here, but the chat itself did not let my words through. The people who run this have been told.
slow-down = That was a lot at once, so I left out the last of it. Please send it again in a minute. Nothing was charged.

### Pictures that come in

tray = { $count ->
    [one] { $count } picture waiting. What shall I do with it?
   *[other] { $count } pictures waiting. What shall I do with them?
}
tray-cleared = Cleared. No picture is waiting.
too-many-references = You sent { $count } pictures, and one request can use { $most }. I take the first { $most }.
most-references = One request can use { $most } pictures. I take the first { $most }.
reference-too-large = This picture is too large for me: { BOLD($size) }, and I can take { $most }. Nothing was charged. Please send a smaller one.
reference-too-large-named = { ITALIC($name) } is too large for me: { BOLD($size) }, and I can take { $most }. Nothing was charged. Please send a smaller one.
reference-too-large-unmeasured = This picture is too large for me: I can take { $most }. Nothing was charged. Please send a smaller one.
no-references = I can only work from words here, not from pictures. Nothing was charged. Write what you want to see.
cannot-use-audio = I cannot listen, only read. Please write what you want to see.
cannot-use-video = I cannot work from a video. Send a picture of the right moment, with what to do.
cannot-use-sticker = I cannot work from a sticker. Send a picture, or write what you want to see.
cannot-use-file = I cannot read this file. I take pictures: JPEG, PNG or WebP.
cannot-use-location = I cannot work from a place on a map. Write what you want to see there.
cannot-use-contact = I cannot work from a contact, and I do not keep it. Write what you want to see.
cannot-use-something = I cannot work from that. Write what you want to see, or send a picture.
late-album-part = { $count ->
    [one] This one came after I had begun with { $count } picture, so it is not used. To use it, reply to it with your words.
   *[other] This one came after I had begun with { $count } pictures, so it is not used. To use it, reply to it with your words.
}

### A request

no-words = a picture
making = Making { ITALIC($prompt) } · { $options } · { BOLD($price) }{ $rest }
making-all = Making { ITALIC($prompt) } · { $options } · { BOLD($price) } for all { $count }{ $rest }
making-part = Making { ITALIC($prompt) } · { $part } · { $options } · { BOLD($price) } for all { $count }{ $rest }
making-references = { $count ->
    [one] from { $count } picture
   *[other] from { $count } pictures
}
making-next = next in line
making-place = { NUMBER($place, type: "ordinal") ->
    [one] { $place }st in line
    [two] { $place }nd in line
    [few] { $place }rd in line
   *[other] { $place }th in line
}
making-wait = about { $time }
making-place-wait = { $place }, about { $time }
making-cancel = Changed your mind? Write “cancel”.
making-reduced = Your settings ask for more than you can have now, so I make the most there is.
drawing = Drawing { ITALIC($prompt) } now, so it cannot be cancelled any more.
drawing-part = Drawing { ITALIC($prompt) } now, { $part }. It cannot be cancelled any more.
confirm-price = { ITALIC($prompt) } · { $options }: { BOLD($price) }. You have { $left }. Shall I make it?
confirm-price-group = { ITALIC($prompt) } · { $options }: { BOLD($price) }. Shall I make it?
cheaper = Cheaper: { $options } for { BOLD($price) }.
out-of-credits = This one is { BOLD($price) }, you have { $left }. I keep it for you.
out-of-credits-group = This one is { BOLD($price) }, more than you have. I keep it for you.
out-of-credits-private = To get more, write to me in private: /buy
not-in-plan = You can go up to { $included }; no plan here has { BOLD($wanted) }. Nothing was charged. A person can help: { $support }
not-in-plan-but = { BOLD($wanted) } comes with { BOLD($plan) }; for now you can go up to { $included }. Nothing was charged.
count-not-in-plan = You asked for { $count } pictures, and you can have { $included } at a time. Nothing was charged. A person can help: { $support }
count-not-in-plan-but = You asked for { $count } pictures. For now you can have { $included } at a time, and more with { BOLD($plan) }. Nothing was charged.
not-in-plan-instead = I can make { $options } for { BOLD($price) }.
line-full = { $most ->
    [one] Your request in line comes first; there is room for one. Nothing was charged. Send this again when it is done, or /cancel it.
   *[other] You have { $count } requests in line; there is room for { $most }. Nothing was charged. Send this again when one is done, or /cancel one.
}
line-full-drawing = { $most ->
    [one] Your picture is being made, and there is room for one request. Nothing was charged. Send this again when it is done.
   *[other] Your pictures are being made, and there is room for { $most } requests. Nothing was charged. Send this again when one is done.
}
request-changed = I use your new words.
changed-too-late = The picture was already being made, so the first words count. Reply to it with what to change.
cancelled = Cancelled. Nothing was charged, { $left } left.
cancelled-group = Cancelled. Nothing was charged.
cancelled-going = { $count ->
    [one] { $count } picture is being drawn already and cannot be taken back.
   *[other] { $count } pictures are being drawn already and cannot be taken back.
}
cancelled-rest = The rest is cancelled and costs nothing, { $left } left.
cancelled-rest-group = The rest is cancelled and costs nothing.
credits-arrived = { BOLD($credits) } arrived. You have { $left } now.
credits-arrived-making = { BOLD($credits) } arrived. Making your picture now.
request-waits = { ITALIC($prompt) } waits for credits: { BOLD($price) }. Shall I make it?
plan-paid-until = { BOLD($plan) } is paid until { BOLD($date) }.
plan-paid = { BOLD($plan) } is paid.
plan-billed-beside = You also pay for { BOLD($plan) }, and it is billed beside this one. Please end the one you do not want.
plan-billed-beside-for = You also pay for { BOLD($plan) }, { BOLD($price) } a period, and it is billed beside this one. Please end the one you do not want.
plan-past-due = The last payment for { BOLD($plan) } did not go through. It is tried again in the next days, and your plan goes on meanwhile. Please see to your card.
plan-ending-on = { BOLD($plan) } ends on { BOLD($date) } and is not renewed. It goes on until then.
plan-ending = { BOLD($plan) } is not renewed. It goes on until its period ends.
plan-paused = { BOLD($plan) } is paused.
plan-unpaid = { BOLD($plan) } could not be paid, so it rests.
plan-ended = { BOLD($plan) } has ended.
plan-goes-on = { BOLD($plan) } goes on as before.
plan-none = You have no plan.
plan-looked-at = Your payment for a plan is being looked at. Nothing more needs to be paid; you hear of it here.
plan-is = { BOLD($plan) }
plan-is-renewed = { BOLD($plan) }, renewed on { BOLD($date) }
plan-is-ending-on = { BOLD($plan) }, ends on { BOLD($date) } and is not renewed
plan-is-ending = { BOLD($plan) }, ends with its period and is not renewed
plan-is-past-due = { BOLD($plan) }, the last payment did not go through and is tried again. Please see to your card.
plan-is-paused = { BOLD($plan) }, paused
plan-is-unpaid = { BOLD($plan) }, resting because it could not be paid
plan-is-over = { BOLD($plan) }, over
plan-brings = { $credits } a period for { $price }
plan-beside = You pay for another one beside it. Once the first is ended, /plan ends this one too.
plan-in-stars = It is paid in Telegram Stars. To take another one, end this one first.
plan-choose = You have { BOLD($plan) }. Which one instead?
plan-exchange = { BOLD($to) } instead of { BOLD($from) }: { BOLD($price) } and { $credits } a period.
plan-exchange-difference = Only the difference for the days left is taken now, and credits come in proportion to it. Those you have stay as they are.
plan-exchange-nothing = It changes at once. Nothing is taken now and nothing is paid back; the credits you have stay as they are.
plan-exchange-next = From { $date } on it is { $price } a period; tax may be added.
plan-exchanged = You have { BOLD($plan) } now.
plan-exchanged-difference = The credits for the days left come as soon as their payment is through.
plan-exchanged-nothing = The credits you have stay as they are.
plan-cancel-ask-on = End { BOLD($plan) }? It goes on until { BOLD($date) } and is not renewed, and until then you can take it back.
plan-cancel-ask = End { BOLD($plan) }? It goes on until its period ends and is not renewed, and until then you can take it back.
plan-cancel-which = It is the one for { BOLD($price) }; the other one goes on.
plan-asking = I am asking the payment provider. If it is away I keep trying, and tell you here.
plan-busy = This is being changed; I tell you here when it is done.
plan-refused = The payment provider did not accept that. Your plan is as it was, and nothing was charged.
plan-unanswered = The payment provider does not answer. Look at your plan in a while: what it took in goes on, and I tell you of it.
credits-lapse-on = To be used by { $date }: { $credits }
credits-lapse-soon = { BOLD($credits) } of your plan lapse on { BOLD($date) }. They are spent first.
credits-lapsed = The time of { BOLD($credits) } of your plan was up. You have { $left } now.
refund-choose = Which payment is it about?
refund-line = { $number }. { $price } · { $date } · { $credits }
refund-ask = { BOLD($price) } of { $date } would go back to how it was paid, with tax, and { BOLD($credits) } with it.
refund-ask-stars = { BOLD($price) } of { $date } would go back to you in Telegram, and { BOLD($credits) } with it.
refund-ends = { BOLD($plan) } ends with it.
refund-at-once = Shall it go back now?
refund-by-people = A person looks at it and answers you here. Shall I ask?
refund-sent = { BOLD($price) } is on its way back to how it was paid, and { BOLD($credits) } went with it. Banks take a few days.
refund-pending = { BOLD($price) } is being given back, and { BOLD($credits) } went with it. The bank has not confirmed it yet; I tell you here when it has, or if it cannot be done.
refund-failed = The payment could not be given back just now, so { BOLD($credits) } are yours again. Somebody looks at it; you can also ask a human.
refund-with-people = Refund of { $price }, asked for on { $date }: with our people, case { $code }
refund-under-way = Refund of { $price }, asked for on { $date }: under way
refund-is-declined = Refund of { $price }, asked for on { $date }: our people decided not to give it, case { $code }
refund-is-pending = Refund of { $price }, asked for on { $date }: begun, waiting for the bank
refund-is-sent = Refund of { $price }, asked for on { $date }: it went back
refund-is-failed = Refund of { $price }, asked for on { $date }: could not be given
money-back = Your money went back, and { BOLD($credits) } with it. You have { $left } now.
money-disputed = Your bank took a payment back, and { BOLD($credits) } with it. You have { $left } now.
checking = Checking…
checkout-coming = Making your payment link…
checkout-ready = { BOLD($item) } for { BOLD($price) }.
checkout-ready-for = { BOLD($item) } for { BOLD($price) }, credited to { BOLD($buyer) }.
checkout-how = Tax may be added where you live. Your credits arrive here by themselves once it is paid. Questions: { $support }
checkout-how-stars = You pay in Telegram Stars. Your credits arrive here by themselves once it is paid. Questions: { $support }
checkout-how-stars-plan = You pay in Telegram Stars, each month anew; Telegram's settings stop it whenever you like. Your credits arrive here by themselves once it is paid. Questions: { $support }
invoice-pack = { $credits } for { $product }. They arrive in this chat by themselves once it is paid.
invoice-plan = { $credits } a month for { $product }, renewed every 30 days until you stop it. They arrive in this chat by themselves.
no-deal-unknown = This cannot be paid just now. Nothing was charged. Please send /buy for a new offer.
no-deal-paid = This is paid already. Send /buy if you would like more.
no-deal-somebody-else = This was made for somebody else. Send me /buy for an offer of your own.
no-deal-has-plan = You have a plan already, and both would be billed. Nothing was charged. /plan shows it and ends it.
no-deal-stale = This offer is too old, or its price has changed. Nothing was charged. Please send /buy for a new one.
stars-refund-coming = Your last payment is on its way back. I tell you here when it has arrived.
stars-refund-by-people = A person decides about this one: some of its credits are spent, it is too long ago, or there is none. Ask here: { $support }
stars-refund-failed = The payment could not be given back just now. A person sees to it; nothing is lost.
stars-renew = It may be renewed again. Telegram asks you yourself for that: open My Stars in its settings, and there this plan. Until then it ends as it was said.
desk-refund-coming = The last payment, { BOLD($price) }, goes back. The customer hears of it when it has.
desk-nothing-to-refund = This customer has no payment in Stars that could go back.
checkout-failed = The payment link could not be made just now. Nothing was charged. Try again in a moment, or ask a human.
too-late-to-cancel = It is being drawn already and cannot be taken back.
request-lapsed = This request waited a long time, so I let it go. Nothing was charged. Send it again whenever you like.
request-gave-way = Newer requests are waiting, so I let this one go. Nothing was charged. Send it again whenever you like.
spending-stopped = Something about your credits does not add up on our side, so I spend none of them until that is put right. None are lost, and nothing was charged. We know of it already; to ask a person: /support
receipt-charged = { BOLD($price) }
receipt-free = { BOLD("free") }
receipt-pictures = { $made } of { $asked } pictures
receipt-left = { $left } left
receipt-kept = kept until { $date }

### When it fails

failed-refused = The safety check said no to this one. Other words may pass.
failed-overloaded = The image service is overloaded. In a few minutes it may work.
failed-reference-unreadable = I could not read reference picture { $number }; it may be damaged. Please send it again, as JPEG, PNG or WebP.
failed-reference-too-large = Reference picture { $number } is too large for me: I can take { $most }. Please send a smaller one.
failed-reference-too-many-pixels = Reference picture { $number } has too many pixels for me. Please send it smaller.
failed-reference-wrong-kind = Reference picture { $number } is of a kind that I cannot open. Please send it as JPEG, PNG or WebP.
failed-references = One of the reference pictures cannot be used, and I was not told which. Please send them again, as JPEG, PNG or WebP.
failed-reference-gone = I could not fetch reference picture { $number } again. Please send it once more.
failed-prompt = The image service does not take these words; they may be too long. Please change them.
failed-options = The image service does not make this size or background. Please choose another in /settings.
failed-out-of-service = Something is broken on our side. The people who run this have been told; please try later.
failed-provider = The image service had a fault and could not make it. Trying again may help.
failed-no-picture = What came back from the image service was no picture. Trying again may help.
uncertain = The connection was lost on the way, so I do not know whether it was made. If the picture still comes, it is free.
not-handed-over = The picture was made, but I could not hand it over before it was deleted.
not-charged = Nothing was charged.
not-charged-left = Nothing was charged, { BOLD($left) } left.
failed-part = Picture { BOLD($number) } of { $count }:
late-picture = It came after all, and this one is free.

### A picture

change-how = What shall I change? Your next words go for this picture.
change-by-reply = What shall I change? Reply to this message with it.
which-picture = Which picture do you mean? Reply to the picture itself with what to change.
which-picture-button = Which picture do you mean? Press its number under the pictures, then Change….
new-words-by-reply = Reply to this message with other words, and I try again.
new-words = Write it in other words, and I try again.
more = More about this picture:
deleted = Deleted. We do not keep this picture any more.
gone = This picture is not kept any more.
words-gone = The words of this request are not kept any more. Please write them once more.
original = The original, exactly as it was made.
original-link = The original cannot be sent here as a file. Download it: { $url }
picture-link = The picture is made, but I could not show it here. It is yours at this address: { $url }
picture-links = The pictures are made, but I could not show them here. They are yours at these addresses:
did-it-arrive = I do not know whether it reached you. If you do not see it, I send it again; it costs nothing.
missed = While I could not reach you:
missed-failed = { $count ->
    [one] { $count } picture was not made. Nothing was charged for it.
   *[other] { $count } pictures were not made. Nothing was charged for them.
}
missed-expired = { $count ->
    [one] { $count } picture waited for you until its time was up. { $credits } came back.
   *[other] { $count } pictures waited for you until their time was up. { $credits } came back.
}
missed-left = You have { BOLD($left) } now.
owed = This one was ready, but could not reach you before. It costs nothing more.

### A human

support-cause = What is it about?
support-words = Tell us in your own words. Pictures help too.
support-consent = May the person helping you see this request: the prompt, the pictures you gave with it and those that were made?
support-opened = Thank you. A person will answer you here.
support-when = We answer { $hours } ({ $city }), usually within { $promise }.
support-when-hours = We answer { $hours } ({ $city }).
support-when-promise = We usually answer within { $promise }.
support-closed = Nobody is there right now. We are back on { $moment }.
support-code = Case { BOLD($code) }.
support-more-by-reply = ↩ Reply to this message to add something. Of other words we ask whether they are for this or for a picture.
support-more-by-command = To add something: { CODE("/support") } and your words. Of other words we ask whether they are for this or for a picture.
support-once-you-write = I may speak here only when you write. To read the answer, write { CODE("hi") } here later.
support-meant = { $count ->
    [one] Is this for the person helping you with { $code }, or a picture to make?
   *[other] Are these { $count } messages for the person helping you with { $code }, or a picture to make?
}
support-passed-on = Passed on. The answer comes here.
support-taken = A person has taken this chat and reads what you write.
support-elsewhere = A person answers here: { $where }
support-nowhere = Nobody can be reached from this chat yet. Please ask where you found this bot.
or = { $first } or { $second }
answer = { BOLD($name) }
answer-by-reply = ↩ Reply to this message to answer.
answer-by-command = To answer: { CODE("/support") } and your words.
support-done = Case { BOLD($code) } is closed. If anything is left to settle: /support

### Chats that are linked

link-ways =
    { BOLD("Linked chats have one account:") } the same credits, plan and pictures.
    Make a code here and type it in your other chat. Or type here the code that you made there, for example { CODE("BCDF-GHJK") }
link-ways-site = Or sign in as on our website: then every chat in which you do has that account.
link-signed-in = You are signed in as { BOLD($who) }.
link-line = { $number }. { $channel } · { $name }
link-line-here = { $number }. { $channel } · { $name } · this chat
link-nameless = somebody
link-code =
    { CODE($code) }
    Type this in your other chat within { $time }. It works once, and whoever types it shares your credits and pictures: tell it to nobody.
link-wait = That was often enough for now. Please try again in { $time }.
link-code-wrong = { $left ->
    [0] That code does not work: it was mistyped, used or is too old. Please wait a while before you try again.
    [one] That code does not work: it was mistyped, used or is too old. You can try { $left } more time.
   *[other] That code does not work: it was mistyped, used or is too old. You can try { $left } more times.
}
link-code-wanted = Write here the code that our website shows you, for example { CODE("BCDF-GHJK") }
link-code-gone = The code on our website is used up or too old. Make a new one there, and write it here.
link-code-in-group = A code belongs in a private chat, where nobody reads along. If this was one, it does not work any more: make a new one with /link.
link-already = This chat has that account already.
link-two-people = The two chats are signed in as different people, so they stay apart. To link them, unlink one first: /unlink
link-confirm =
    Link this chat to { BOLD($name) } on { $channel }?
    From then on both have one account, with the same pictures and credits ({ $brings } from here). Say yes only if that chat is yours and you have just made the code there.
link-confirm-signed-in =
    Link this chat to { BOLD($name) } on { $channel }, signed in as { BOLD($who) }?
    From then on both have one account, with the same pictures and credits ({ $brings } from here). Say yes only if that chat is yours and you have just made the code there.
link-confirm-site =
    Sign this chat in as { BOLD($who) }?
    Its credits and pictures then belong to that account. Say yes only if that is you and you have just signed in yourself.
# Below the question whether two chats become one account.
link-owes-here = This chat owes { BOLD($owed) }, since a payment was taken back. What both have pays that first.
link-owes-there = That account owes { BOLD($owed) }, since a payment was taken back. What both have pays that first.
link-email-wanted = Which e-mail address do you use on our website? Write it here.
link-email-sent = If that address has an account with us, a code is on its way to it, which can take a minute. Write the code here, and tell it to nobody else.
link-email-wrong = That is no e-mail address. Please write it again, or /cancel.
link-later = Nobody can sign in at this moment. Nothing was changed: please try again in a few minutes.
link-signed-in-now = This chat is signed in as { BOLD($who) } now.
link-signed-in-shares =
    This chat is signed in as { BOLD($who) } now.
    Pictures here are paid with the credits of your account on the website from now on, and the credits of this chat go there too. /balance shows them.
link-signed-in-elsewhere = Your account is signed in as { BOLD($who) } now, and every chat that signs in so will have it too. Was that not you? Then sign it out.
link-signed-out = This account is not signed in as { BOLD($who) } any more.
link-signed-out-shared =
    This account is not signed in as { BOLD($who) } any more.
    The credits stay with the account on the website. Sign in again to spend them here.
link-browser =
    Sign in here within { $time }, and then write here the code that is shown to you there:
    { $url }
    Open it yourself and send it to nobody.
link-declined = Nothing was linked, and the code does not work any more.
linked = Linked. Both chats have one account now, with { BOLD($left) } to spend.
linked-elsewhere = A chat was linked to this account: { BOLD($name) } on { $channel }. It has the same credits and pictures from now on. Was that not you? Then undo it.
linked-owed = The other side owed { BOLD($owed) }, since a payment was taken back. What both have pays that first; undo the link, and each has its own again.
link-undone = The link is undone. Each side has its own account again.
link-undone-returned = The link is undone. Each side has its own account again, and { BOLD($returned) } went back with it.
link-undone-elsewhere = A link between your chats was undone. Each side has its own account again.
unlink-which =
    Which chat do you want to unlink?
    It starts anew. The credits and pictures stay with the account; within a day of the link, what it brought goes with it.
unlink-billed = { BOLD($plan) } stays with the account and is billed on.
unlink-billed-for = { BOLD($plan) }, { BOLD($price) } a period, stays with the account and is billed on.
unlink-nothing = No other chat is linked to this one. To link one: /link
unlinked = { BOLD($name) } on { $channel } is unlinked. It sees nothing of this account from now on.
unlinked-here = This chat is unlinked. It has an account of its own now, and nothing in it yet.
unlinked-here-billed = { BOLD($plan) } stays with the account that it was linked to, and is billed on there. To end it, write from a chat of that account, or ask a human.
unlinked-here-billed-for = { BOLD($plan) }, { BOLD($price) } a period, stays with the account that it was linked to, and is billed on there. To end it, write from a chat of that account, or ask a human.
unlink-undo-first = Only chats that were linked in the last 24 hours would be left, and they would have your credits and pictures. Undo those links instead: then each side keeps what is its own.
link-too-new = This chat was linked less than a day ago, so it cannot do that yet. It can in { $time }, and your other chats can now.
link-spends-too-much = This chat was linked less than a day ago and cannot spend that much yet. It can in { $time }, and your other chats can now.
link-spends-too-much-left = This chat was linked less than a day ago and can spend { BOLD($left) } until then. It can spend everything in { $time }, and your other chats can now.
channel = { $channel ->
    [telegram] Telegram
    [wecom-kf] WeChat
    [wecom-app] WeCom
    [wecom-bot] the WeCom bot
   *[other] another app
}

### Promo codes and invitations

redeem-how = Send the code behind the command, for example { CODE("/redeem WELCOME") }
promo-wrong = { $left ->
    [0] There is no such code. Please wait a while before you try again.
    [one] There is no such code. You can try { $left } more time.
   *[other] There is no such code. You can try { $left } more times.
}
promo-had = You have had this code already. Everybody gets its credits once.
promo-over = The time of this code is over.
promo-used-up = This code is used up: as many as could have had it.
promo-not-new = { $days ->
    [one] This code is for people who came within the last day.
   *[other] This code is for people who came within the last { $days } days.
}
redeemed = That code works.
invite = { BOLD("Send this to somebody who is new here:") }
invite-link = { $url }
invite-when = { $days ->
    [one] When they buy for the first time, and that payment still stands { $days } day later:
   *[other] When they buy for the first time, and that payment still stands { $days } days later:
}
invite-you = { BOLD($credits) } for you
invite-they = { BOLD($credits) } for them
invite-most = { $most ->
    [one] At most { $most } reward in 30 days; more wait for their turn.
   *[other] At most { $most } rewards in 30 days; more wait for their turn.
}
invite-nobody = Nobody has come by it yet.
invite-so-far = So far: { $came } came, { $bought } bought, { $rewarded } rewarded.
invite-no-link = There is no link to give you just now. Please ask again in a few minutes.
invite-not-new = This invitation is for people who are new here. You are most welcome as you are.
invited = { $days ->
    [one] Somebody invited you: { BOLD($credits) } come on top { $days } day after your first purchase, if its payment stands.
   *[other] Somebody invited you: { BOLD($credits) } come on top { $days } days after your first purchase, if its payment stands.
}
reward-inviting = Somebody you invited is here to stay. Thank you!
reward-invited = You came by an invitation, and this is what it brings you.

### At the desk

card = { BOLD($code) } · { $cause }
card-who = { BOLD($name) } · { $channel } · { $plan }
card-no-plan = no plan
card-plan = plan { $plan }
card-reclaimed = Payments went back though spent: { $credits }
card-credits = { $left }, { $pending } set aside
card-earlier = Earlier cases: { $count }
card-strikes = Refused by screening: { $count }
card-requests = Last requests:
card-no-requests = No requests yet.
card-request = { $moment } · { $price } · { $outcome }
card-outcome = { $outcome ->
    [held] in line
    [claimed] in line
    [submitting] being made
    [submitted] being made
    [made] made, on its way
    [delivered] delivered
    [failed] failed
    [overloaded] failed: the service was overloaded
    [out_of_service] failed: on our side
    [reference] failed: a reference picture
    [provider] failed: at the provider
    [uncertain] unknown whether made
    [cancelled] cancelled
    [asking] waits for a yes
    [unpaid] waits for credits
    [checking] being checked
    [open] under way
    [settled] over
    [lapsed] let go
    [owed] made, not yet delivered
    [refused] refused by the provider
   *[other] { $outcome }
}
card-outcome-of = { $count } { $outcome }
card-outcomes = { $first }; { $second }
card-consent = May see prompt and pictures: { BOLD("yes") }
card-no-consent = May see prompt and pictures: { BOLD("no") }
card-help = A reply to a message of theirs goes out, and so does /r with your words. Plain lines stay notes. /done closes the case.
card-help-by-code = Answer with /r { $code } and your words. /done { $code } closes the case.
customer-wrote = { BOLD($name) }
relay-waiting = On its way…
relay-delivered = ✓ Delivered
relay-blocked = ✗ Not delivered: they have blocked the bot.
relay-refused = ✗ Not delivered: the channel does not take it.
relay-held = ✗ Not delivered yet: the channel takes it when they write again.
relay-partly = ✗ Only { $arrived } of { $count } messages delivered.
relay-unknown = ? It may not have arrived: the connection was lost. Ask before you repeat it.
not-shown = Something of theirs cannot be shown here, most likely a picture that cannot be passed on any more. Ask them to send it again.
shared-reference = A picture given with the prompt
topic-anew = This case had another topic, which is gone, and what was said there with it. What the case began with and what did not arrive there follows.
desk-help =
    { CODE("/r …") } or a reply to a message of theirs: goes to the customer
    { CODE("/done") } closes the case
    Anything else stays a note among you.
desk-help-by-code =
    { CODE("/r S-12 …") } goes to the customer of case S-12
    { CODE("/done S-12") } closes the case
    While one case alone is open, its code can be left out. Anything else goes nowhere.
desk-closed = The case is closed.
desk-handed = People have this chat in WeCom: answer there. { CODE("/done") } closes the case and gives the chat back to the bot.
not-an-operator = Only operators can answer here. The owner adds one with { CODE("picdesk operator add") }. Nothing went to the customer.

### Answers to taps

# Below whatever did not come about.
tap-human = A person can help: /support
not-yours = This button belongs to somebody else.
stale = This button is out of date. Use a newer one, or write to me.
done = Done.

### Buttons

label-chosen = ✓ { $label }
label-cancel = Cancel
label-again = Again
label-change = Change…
label-larger = Larger · { $price }
label-larger-not-in-plan = Larger…
label-original = Original
label-more = ⋯
label-make-four = Make 4 · { $price }
label-use-as-reference = Use as reference
label-delete-now = Delete now
label-ask-human = Ask a human
label-ask-human-about = Ask about this one
label-try-again = Try again
label-change-words = Change the words
label-clear-tray = Clear
label-confirm = Make it · { $price }
label-take-cheaper = { $resolution } { $quality } · { $price }
label-take-cheaper-several = { $count } × { $resolution } { $quality } · { $price }
label-example-1 = A fox in the snow
label-example-2 = A lighthouse at night
label-balance = Balance
label-buy = Buy credits
label-buy-item = { $name } · { $price }
label-pay = Pay
label-refund-stars = Return my last payment
label-privacy = Privacy
label-settings = Settings
label-shape-square = Square 1:1
label-shape-landscape = Landscape 3:2
label-shape-portrait = Portrait 2:3
label-shape-wide = Wide 16:9
label-shape-tall = Tall 9:16
label-quality-low = Low
label-quality-medium = Medium
label-quality-high = High
label-count = × { $count }
label-background-auto = Any background
label-background-opaque = Filled
label-background-transparent = Transparent
label-cause-plan-choice = Choosing a plan
label-cause-payment-failure = A payment
label-cause-sign-in-recovery = Signing in
label-cause-resolution-access = Larger pictures
label-cause-generation-error = A failed picture
label-cause-privacy = Privacy
label-cause-other = Something else
label-show-plan = My plan
label-plan-change = Change plan
label-plan-cancel = End plan
label-plan-end = End { $name }
label-plan-end-for = End { $name } · { $price }
label-plan-resume = Keep my plan
label-plan-exchange-yes = Yes, change it
label-plan-cancel-yes = Yes, end it
label-plan-keep = Leave it
label-portal = Card, invoices
label-refund = Refund
label-refund-of = { $number } · { $price }
label-refund-yes = Yes, please
label-for-the-person = For the person
label-for-a-picture = Make a picture
label-yes = Yes
label-no = No
label-send-again = Send again
label-older = Older ›
label-newer = ‹ Newer
label-gallery = Open gallery
label-support-link = Talk to us
label-case-done = Close case
label-make-code = Code for another chat
label-link-yes = Yes, that is mine
label-link-no = No
label-undo-link = Undo the link
label-unlink-one = Unlink…
label-unlink-number = Unlink { $number }
label-sign-in-by-email = Sign in by e-mail
label-sign-in-in-browser = Sign in in the browser
label-sign-out = Sign out

### The command menu and the profile

command-imagine = Make a picture: /imagine and your words
command-settings = Size, shape, quality
command-balance = Your credits
command-buy = More credits
command-plan = Your plan, refunds
command-redeem = Redeem a promo code
command-invite = Invite others, for credits
command-history = Your pictures
command-link = Link your other chats
command-unlink = Unlink a chat
command-cancel = Take a request back
command-support = Ask a person
command-language = English or 中文
command-privacy = What we keep
command-paysupport = Payments and refunds
command-help = What I can do
command-r = Answer the customer: /r and your words
command-done = Close the case
command-refund = Give the last payment in Stars back
bot-description =
    { $product } makes pictures from your words.

    Write what you want to see, or send a photo and say what to change. You see the price before anything is made, and a picture that fails costs nothing.
bot-about = Pictures from your words. A picture that fails costs nothing.
# What an AI bot's answer says until there is something to say.
wecom-bot-opening = One moment …
# What it says in the end when nothing is left in it, and when nothing came in time.
wecom-bot-taken-back = Taken back.
wecom-bot-unanswered = I could not answer in time. Send me a word, and I go on from there. A person can help: { $support }
# Beside the name of a button that was pressed, on its card.
wecom-bot-pressed = the answer comes as a message
wecom-bot-write-instead = I cannot answer this button here. Please write to me instead.

### Pages

page-gallery = Your pictures
page-count = { $count ->
    [one] { $count } picture
   *[other] { $count } pictures
}
page-private = This page is private. Its address works until { $moment }.
page-download = Download
page-download-all = Download all
page-kept-until = Kept until { $date }
page-expired = This page has expired. Send /history in the chat for a new one.
page-empty = No pictures are kept.
page-open-chat = Open in chat
page-older = Older pictures
page-newest = Newest pictures
page-close = Close
page-not-found = There is nothing here, or not any more.
page-paid = Thank you. Your credits arrive in the chat by themselves in a moment.
page-not-paid = If you have paid, your credits arrive in the chat by themselves in a moment. If not, nothing was charged, and the link in the chat still works.
page-portal = Card and invoices
page-portal-note = They are with our payment provider. The button opens your account there; please do not pass addresses of it on.
page-portal-open = Open
page-portal-later = The payment provider does not answer just now. Please try again in a moment.
page-portal-expired = This page has expired. Send /plan in the chat for a new one.
page-skip = Skip to the pictures
page-alt = Picture made on { $date }
page-link = Sign in for your chat
page-link-asked = Asked for on { $channel } by
page-link-warn = Go on only if that chat is yours. Nothing is linked before a code is written there.
page-link-google = Go on with Google
page-link-email = E-mail address
page-link-send = Send me a code
page-link-sent = If that address has an account with us, a code is on its way to it, which can take a minute.
page-link-code = Code from the e-mail
page-link-check = Go on
page-link-done = Now write this in your chat
page-link-done-more = It works for a few minutes, once, and only in the chat that asked for it.
page-link-wrong = That did not work. Nothing was changed.
page-link-wait = That was often enough for now. Please try again later.
page-link-later = Nobody can sign in at this moment. Please try again in a few minutes.
page-link-expired = This page works no more. Send /link in the chat for a new one.
page-link-again = Begin again

### The letter about a new link

page-letter = Is this chat yours?
page-letter-chat = A chat on { $channel } came to your account:
page-letter-more = If it is, there is nothing to do. If not, undo it: the chat loses the account and its credits at once.
page-letter-undo = It is not mine, undo it
page-letter-undone = It is undone
page-letter-undone-more = The chat has no part in your account any more. If that chat knew your e-mail’s password, change it.
page-letter-over = That chat is linked no more
page-letter-over-more = There is nothing left to undo: this link was over before. Send /link in a chat of yours to see what is linked.
page-letter-pressed = It is being undone
page-letter-pressed-more = Your answer is written down and takes a moment. Send /link in a chat of yours to see whether that chat is gone.
page-letter-expired = This page works no more. Send /link in a chat of yours to see what is linked.
letter-subject = A chat on { $channel } came to your account at { $product }
letter-body =
    On { $moment } a chat on { $channel } came to your account at { $product }: { $name }

    It can spend your credits and sees your pictures. If that was you, there is nothing to do.

    If it was not you, open this page within seven days and undo it:
    { $url }
