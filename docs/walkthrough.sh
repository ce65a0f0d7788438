#!/usr/bin/env bash
# A first order and a first subscription with nothing but curl: browse, fill a guest's cart, log in, pay with a card that wants 3-D Secure,
# read the mail, ship, look at the order; subscribe with a trial, consent, and see it renew; subscribe with 3-D Secure; find both as the shop. The second part moves the shop's clock by 50
# days. Reads the address from $API (default http://localhost:8080); start `make run` first.
set -euo pipefail
API=${API:-http://localhost:8080}
run=$(date +%s%N)
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# field NAME reads JSON from standard input and prints the first value of that name.
field() { node -e '
  let text = ""; process.stdin.on("data", d => text += d).on("end", () => {
    const want = process.argv[1], seen = [JSON.parse(text)];
    while (seen.length) {
      const v = seen.shift();
      if (v === null || typeof v !== "object") continue;
      if (!Array.isArray(v) && want in v) { console.log(v[want]); return; }
      seen.push(...Object.values(v));
    }
    console.error("no " + want + " in " + text); process.exit(1);
  })' "$1"; }
call() { curl --silent --show-error --fail-with-body -H 'Content-Type: application/json' "$@"; }
expect() { [ "$1" = "$2" ] || { echo "expected $3 to be $2, got $1" >&2; exit 1; }; echo "$3: $1"; }
token() { call -X POST "$API/dev/token" -d "$1" | field access_token; }

say "1. Browse"
call "$API/products?limit=3&currency=KRW" -H 'Accept-Language: ko' | node -e '
  let t = ""; process.stdin.on("data", d => t += d).on("end", () => JSON.parse(t).products.forEach(p => console.log(" ", p.title, p.price.display)))'
call "$API/products?limit=1&facets=true&availability=in_stock" | node -e '
  let t="";process.stdin.on("data",d=>t+=d).on("end",()=>{const l=JSON.parse(t);console.log(`${l.total} products can be bought now:`,l.facets.categories.map(c=>`${c.label} ${c.products}`).join(", "))})'
soap=$(call "$API/products/tiger-soap" | node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>console.log(JSON.parse(t).variants[0].id))')
cream=$(call "$API/products/ginseng-cream" | node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>console.log(JSON.parse(t).variants[0].id))')

say "2. A guest fills a cart"
made=$(call -X POST "$API/carts" -d '{"currency":"KRW","language":"ko"}')
guest=$(field id <<<"$made"); secret=$(field token <<<"$made")
call -X POST "$API/carts/$guest/lines" -H "Cart-Token: $secret" -d "{\"variantId\":\"$soap\",\"quantity\":2,\"properties\":{\"engraving\":\"하늘\"}}" >/dev/null
call -X POST "$API/carts/$guest/lines" -H "Cart-Token: $secret" -d "{\"variantId\":\"$cream\",\"quantity\":1}" | field readyForCheckout | sed 's/^/ready for checkout: /'

say "3. The guest logs in; the carts become one"
ann=$(token "{\"sub\":\"ann-$run\",\"email\":\"ann-$run@example.com\"}")
as_ann=(-H "Authorization: Bearer $ann")
call -X POST "$API/carts/mine/merge" "${as_ann[@]}" -d "{\"cartId\":\"$guest\",\"token\":\"$secret\"}" >/dev/null
call -X PUT "$API/carts/mine/contact" "${as_ann[@]}" -d "{\"email\":\"ann-$run@example.com\",\"language\":\"ko\"}" >/dev/null
call -X PUT "$API/carts/mine/address" "${as_ann[@]}" -d '{"name":"김하늘","line1":"서울특별시 성동구 왕십리로 83","postalCode":"04769","country":"KR"}' >/dev/null
cart=$(call -X PUT "$API/carts/mine/shipping-method" "${as_ann[@]}" -d '{"methodId":"standard"}')
id=$(field id <<<"$cart")
expect "$(field readyForCheckout <<<"$cart")" true "ready for checkout"

say "4. Pay with a card that wants 3-D Secure"
pay() { call -X POST "$API/carts/$id/checkout" "${as_ann[@]}" -H "Idempotency-Key: walk-$run" \
  -d "{\"paymentMethod\":\"pm_card_threeDSecure2Required\",\"returnUrl\":\"$API/docs\"}"; }
checkout=$(pay)
expect "$(field state <<<"$checkout")" requires_action "checkout"
curl --silent --show-error -o /dev/null -X POST "$(field redirectUrl <<<"$checkout")" -d decision=approve
done=$(call -X POST "$API/checkouts/$(field id <<<"$checkout")/confirm" "${as_ann[@]}")
order=$(field orderId <<<"$done")
expect "$(field state <<<"$done")" completed "checkout"

say "5. The same checkout once more gives the same order"
expect "$(pay | field orderId)" "$order" "order"

say "6. The mail is in the inbox"
for _ in $(seq 50); do
  mails=$(call "$API/inbox.json?to=ann-$run@example.com")
  case "$mails" in *'"subject"'*) break ;; esac
  sleep 0.1
done
field subject <<<"$mails"

say "7. The shop ships"
agent=$(token '{"sub":"agent-1","groups":["agent"]}')
call -X POST "$API/orders/$order/fulfillments" -H "Authorization: Bearer $agent" -d '{"carrier":"cj","trackingNumber":"6890-1234-5678"}' | field state | sed 's/^/order: /'

say "8. The customer looks at the order"
call "$API/orders/$order" "${as_ann[@]}" | node -e '
  let t = ""; process.stdin.on("data", d => t += d).on("end", () => { const o = JSON.parse(t);
    console.log(" ", o.number, o.state, (o.totals?.total ?? o.total)?.display); o.timeline.forEach(e => console.log("   ", e.at, e.type)); })'

say "9. The shop finds the order and counts the day"
boss=$(token '{"sub":"boss-1","groups":["merchant"]}')
found=$(call "$API/admin/orders/search?email=ann-$run@example.com" -H "Authorization: Bearer $boss")
expect "$(field id <<<"$found")" "$order" "found by mail address"
call "$API/admin/sales" -H "Authorization: Bearer $boss" | node -e '
  let t = ""; process.stdin.on("data", d => t += d).on("end", () => console.log(" ", t.slice(0, 300)))'

say "10. Subscribe, with two weeks to try: the quote first"
# A token is for an hour of the shop's time, so each step after the clock has moved takes a new one.
as_bora() { printf 'Authorization: Bearer %s' "$(token "{\"sub\":\"bora-$run\",\"email\":\"bora-$run@example.com\"}")"; }
plan=$(call "$API/plans" | node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>console.log(JSON.parse(t).plans.find(p=>p.trialDays).id))')
quote=$(call -X POST "$API/subscriptions/quote" -H "$(as_bora)" \
  -d "{\"planId\":\"$plan\",\"currency\":\"KRW\",\"region\":\"KR\",\"zone\":\"Asia/Seoul\"}")
expect "$(field consentRequired <<<"$quote")" true "consent is needed before it turns paid"
member=$(call -X POST "$API/subscriptions" -H "$(as_bora)" -H "Idempotency-Key: member-$run" \
  -d "{\"planId\":\"$plan\",\"currency\":\"KRW\",\"paymentMethod\":\"pm_card_visa\",\"region\":\"KR\",\"zone\":\"Asia/Seoul\",\"language\":\"ko\",\"email\":\"bora-$run@example.com\"}")
sub=$(field id <<<"$member")
expect "$(field state <<<"$member")" trialing "subscription"

say "11. A week later the consent that the law asks for is in the inbox"
advance() { call -X POST "$API/dev/clock" -d "{\"advance\":\"$1\"}" | field now; }
mailed() { call "$API/inbox.json?to=bora-$run@example.com" | node -e '
  let t = ""; process.stdin.on("data", d => t += d).on("end", () => {
    const want = process.argv[1], found = (t.match(/"subject":"(?:[^"\\]|\\.)*"/g) || []).filter(s => s.includes(want));
    if (!found.length) { console.error("no mail says " + want); process.exit(1); }
    console.log(" ", JSON.parse("{" + found[0] + "}").subject); })' "$1"; }
advance 168h
mailed "동의가 필요합니다"

say "12. Consent"
notice=$(call "$API/subscriptions/$sub/consent" -H "$(as_bora)")
call -X POST "$API/subscriptions/$sub/consent" -H "$(as_bora)" \
  -d "{\"noticeId\":\"$(field id <<<"$notice")\",\"fingerprint\":\"$(field fingerprint <<<"$notice")\",\"answer\":\"yes\",\"explicit\":true,\"separate\":true}" >/dev/null
expect "$(call "$API/subscriptions/$sub" -H "$(as_bora)" | field answer)" granted "consent"

say "13. The trial becomes a membership, and renews a month later"
advance 192h
mailed "영수증"
advance 840h
mailed "갱신 안내"
expect "$(call "$API/subscriptions/$sub/invoices" -H "$(as_bora)" | node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>console.log(JSON.parse(t).invoices.filter(i=>i.state=="paid").length))')" 2 "paid invoices"

say "14. Subscribe with a card that wants 3-D Secure: nothing begins before the bank has seen the cardholder"
as_carla() { printf 'Authorization: Bearer %s' "$(token "{\"sub\":\"carla-$run\",\"email\":\"carla-$run@example.com\"}")"; }
begun=$(call -X POST "$API/subscriptions" -H "$(as_carla)" -H "Idempotency-Key: secure-$run" \
  -d "{\"planId\":\"$plan\",\"currency\":\"KRW\",\"paymentMethod\":\"pm_card_authenticationRequired\",\"region\":\"KR\",\"zone\":\"Asia/Seoul\",\"language\":\"ko\",\"email\":\"carla-$run@example.com\",\"returnUrl\":\"$API/docs\"}")
secure=$(field id <<<"$begun")
expect "$(field state <<<"$begun")" requires_action "subscription"
curl --silent --show-error -o /dev/null -X POST "$(field redirectUrl <<<"$begun")" -d decision=approve
expect "$(call -X POST "$API/subscriptions/$secure/confirm" -H "$(as_carla)" | field state)" trialing "subscription"

say "15. The shop finds the subscription"
# The clock has moved, so the token of the morning is too old.
boss=$(token '{"sub":"boss-1","groups":["merchant"]}')
expect "$(call "$API/admin/subscriptions?q=bora-$run" -H "Authorization: Bearer $boss" | field id)" "$sub" "found"
say "Done. Mails: $API/inbox"
