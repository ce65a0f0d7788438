#!/usr/bin/env bash
# The life of one customer in mails, with nothing but curl: sign up and confirm, welcome, a cart that is left and bought, tips, a request
# for a review, "we miss you"; a push message that waits for the morning; a campaign with its dry run; one-click unsubscribe. It moves the
# shop's clock by about three months. Reads the address from $API (default http://localhost:8080); start `make run` first.
set -euo pipefail
API=${API:-http://localhost:8080}
run=$(date +%s%N)
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# pick EXPRESSION reads JSON from standard input as `d` and prints the value of a JavaScript expression.
pick() { node -e '
  let t = ""; process.stdin.on("data", x => t += x).on("end", () => { const d = JSON.parse(t);
    const v = eval(process.argv[1]); console.log(v === undefined ? "" : typeof v === "object" ? JSON.stringify(v) : v); })' "$1"; }
call() { curl --silent --show-error --fail-with-body -H 'Content-Type: application/json' "$@"; }
expect() { [ "$1" = "$2" ] || { echo "expected $3 to be $2, got $1" >&2; exit 1; }; echo "  $3: $1"; }
# A token is for an hour of the shop's time, so it is taken anew for each call.
as() { printf 'Authorization: Bearer %s' "$(call -X POST "$API/dev/token" -d "{\"sub\":\"$1-1\",\"groups\":[\"$1\"]}" | pick d.access_token)"; }
advance() { call -X POST "$API/dev/clock" -d "{\"advance\":\"$1\"}" | pick 'd.now' | sed 's/^/  it is /'; }
# until HH:MM moves the clock to the next such time in Seoul.
until_() { call -X POST "$API/dev/clock" -d "{\"to\":\"$(call "$API/dev/clock" | pick "(() => { const [h, m] = '$1'.split(':').map(Number);
  const now = new Date(d.now), at = new Date(now); at.setUTCHours(h - 9, m, 0, 0); while (at <= now) at.setUTCDate(at.getUTCDate() + 1);
  return at.toISOString(); })()")\"}" | pick 'd.now' | sed 's/^/  it is /'; }
# count TEXT says how many mails to the customer have it in their subject; show prints the newest.
inbox() { call "$API/inbox.json?to=$email"; }
count() { inbox | pick "d.messages.filter(m => m.subject.includes('$1')).length"; }
show() { inbox | pick "(d.messages.find(m => m.subject.includes('$1')) || {}).subject" | sed 's/^/  mail: /'; }
expect_mail() { [ "$(count "$1")" = "$2" ] || { echo "expected $2 mails with \"$1\", got $(count "$1"):" >&2
  inbox | pick 'd.messages.map(m => m.at + " " + m.subject).join("\n")' >&2; exit 1; }; [ "$2" = 0 ] && echo "  no mail with \"$1\"" || show "$1"; }
dry_run() { call -X POST "$API/outreach/sequences/$1/dry-run" -H "$(as merchant)" \
  -d "{\"email\":\"$2\",\"data\":{\"cartId\":\"c\",\"orderId\":\"o\",\"replenishAt\":\"2099-01-01\"}}"; }

say "1. A dry run says whom the series would leave out, to measure what they bring"
for n in $(seq 40); do
  email="mina-$n-$run@example.com"; held=no
  for series in welcome abandoned_cart usage_tips review_request win_back; do
    case "$(dry_run $series "$email")" in *'"holdout"'*) held=yes; break ;; esac
  done
  [ $held = no ] && break
done
expect $held no "held out"
dry_run welcome "$email" | pick 'd.messages.map(m => "  would get " + m.step + ": " + m.reason).join("\n")'

say "2. She signs up; nothing is sent before she confirms from her mailbox"
call -X POST "$API/outreach/sign-ups" -d "{\"email\":\"$email\",\"language\":\"ko\",\"country\":\"KR\",\"source\":\"footer_form\",\"textVersion\":\"2026-01\"}" >/dev/null
advance 2m
expect_mail "(광고)" 0
confirm=$(inbox | pick 'd.messages.map(m => (m.text.match(/https?:\S+\/outreach\/confirm\/\S+/) || [])[0]).find(Boolean)')
curl --silent --show-error --fail-with-body -o /dev/null "$confirm" # looking at the page changes nothing
curl --silent --show-error --fail-with-body -o /dev/null -X POST "$confirm"
advance 2m
welcome=$(inbox | pick '(d.messages.find(m => m.subject.startsWith("(광고) ")) || {}).id')
expect "${welcome:+yes}" yes "welcome mail with the label"

say "3. Her browser agrees to push messages"
preferences=$(inbox | pick 'd.messages.map(m => (m.text.match(/\/outreach\/preferences\/(\S+)/) || [])[1]).find(Boolean)')
browser=$(call -X POST "$API/dev/push/browsers")
call -X POST "$API/outreach/push/subscriptions" -d "$(pick "({token: '$preferences', endpoint: d.endpoint, keys: d.keys, textVersion: 'push-1'})" <<<"$browser")" >/dev/null
pushes() { call "$API/dev/push/browsers/$(pick d.id <<<"$browser")" | pick "$1"; }

say "4. At eight in the evening she leaves a cart; two hours later the first mail comes"
until_ 20:00
variant=$(call "$API/products/tiger-soap" | pick 'd.variants[0].id')
made=$(call -X POST "$API/carts" -d '{"currency":"KRW","language":"ko"}')
cart=$(pick d.cart.id <<<"$made"); secret=$(pick d.token <<<"$made")
call -X POST "$API/carts/$cart/lines" -H "Cart-Token: $secret" -d "{\"variantId\":\"$variant\",\"quantity\":1}" >/dev/null
call -X PUT "$API/carts/$cart/contact" -H "Cart-Token: $secret" -d "{\"email\":\"$email\",\"language\":\"ko\"}" >/dev/null
advance 125m
expect_mail "장바구니에 담아 두신" 1

say "5. A day later, at ten in the evening, a push message is due; it waits until eight in the morning"
advance 24h
expect "$(pushes 'd.messages.length')" 0 "push messages at night"
until_ 07:59
expect "$(pushes 'd.messages.length')" 0 "push messages before eight"
until_ 08:02
pushes 'd.messages.map(m => "  push at " + m.at + ": " + m.body.title).join("\n")'
expect "$(pushes 'd.messages.length')" 1 "push messages"

say "6. She buys; the series is over on every device"
call -X PUT "$API/carts/$cart/address" -H "Cart-Token: $secret" -d '{"name":"김미나","line1":"서울특별시 성동구 왕십리로 83","postalCode":"04769","country":"KR"}' >/dev/null
call -X PUT "$API/carts/$cart/shipping-method" -H "Cart-Token: $secret" -d '{"methodId":"standard"}' >/dev/null
order=$(call -X POST "$API/carts/$cart/checkout" -H "Cart-Token: $secret" -H "Idempotency-Key: outreach-$run" \
  -d "{\"paymentMethod\":\"pm_card_visa\",\"returnUrl\":\"$API/docs\"}" | pick 'd.orderId')
before=$(count "장바구니")
advance 96h
expect "$(count "장바구니")" "$before" "cart mails, as many as before the purchase"

say "7. The parcel arrives: tips, then a request for a review"
call -X POST "$API/orders/$order/fulfillments" -H "$(as agent)" -d '{"carrier":"cj","trackingNumber":"6890-1234-5678"}' >/dev/null
call -X POST "$API/orders/$order/fulfillments/1/delivered" -H "$(as agent)" >/dev/null
advance 96h
expect_mail "사용" 1
advance 144h
expect_mail "써 보시니" 1
expect_mail "무엇부터 시작할지" 0 # who has bought needs no help with a first purchase

say "8. Two months without a purchase: the shop misses her"
advance 1300h
expect_mail "$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).composed.win_back.subject' "$(dirname "$0")/../shared/mail/texts/ko.json")" 1
unlabeled=$(inbox | pick 'd.messages.filter(m => (m.headers || []).some(h => h.name === "List-Unsubscribe") && !m.subject.startsWith("(광고) ")).length')
expect "$unlabeled" 0 "advertisements without their label"

say "9. A campaign: who would get what and why, then sent"
words='{"subject":"봄이 왔습니다","heading":"봄","body":["봄입니다."],"button":"보기"}'
local=$(call "$API/dev/clock" | pick 'new Date(new Date(d.now).getTime() + 9*3600e3 + 600e3).toISOString().slice(0, 16)')
campaign=$(call -X POST "$API/outreach/campaigns" -H "$(as merchant)" -d "{\"name\":\"Spring\",\"topic\":\"news\",\"local\":\"$local\",\"by\":\"shop\",
  \"maxLatenessMinutes\":600,\"url\":\"$API/spring\",\"variants\":[{\"id\":\"a\",\"texts\":{\"ko\":$words,\"en\":$words}}]}" | pick d.id)
dry=$(call -X POST "$API/outreach/campaigns/$campaign/dry-run" -H "$(as merchant)")
pick '"  " + d.people + " people, " + d.mails + " mails, " + JSON.stringify(d.reasons)' <<<"$dry"
call -X POST "$API/outreach/campaigns/$campaign/schedule" -H "$(as merchant)" >/dev/null
advance 30m
report=$(call "$API/outreach/campaigns/$campaign" -H "$(as merchant)")
expect "$(pick d.campaign.status <<<"$report")" finished "campaign"
expect "$(pick d.progress.sent <<<"$report")" "$(pick d.mails <<<"$dry")" "mails sent, as the dry run said"
expect "$(pick d.progress.sesSent <<<"$report")" "$(pick d.progress.sent <<<"$report")" "mails that SES counts"
expect_mail "봄이 왔습니다" 1

say "10. She unsubscribes at the address in the header (RFC 8058)"
url=$(inbox | pick 'd.messages.find(m => m.subject.includes("봄이 왔습니다")).headers.find(h => h.name === "List-Unsubscribe").value.slice(1, -1)')
curl --silent --show-error --fail-with-body -o /dev/null "$url" # GET changes nothing
expect "$(dry_run welcome "$email" | pick 'd.messages[0]?.reason ?? d.entered')" reentry "after GET"
curl --silent --show-error --fail-with-body -o /dev/null -d 'List-Unsubscribe=One-Click' "$url"
advance 2m
show "수신"
lookup=$(call -X POST "$API/outreach/contacts/lookup" -H "$(as merchant)" -d "{\"email\":\"$email\"}")
expect "$(pick d.consent.email.answer <<<"$lookup")" refused "consent to e-mail"
pick '"  " + d.messages.length + " messages in all, the newest because of " + d.messages[0].reason' <<<"$lookup"
say "Done. Mails: $API/inbox"
